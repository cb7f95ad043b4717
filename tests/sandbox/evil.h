/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TESTS_EVIL_H
#define PATRONUS_TESTS_EVIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a process that has been taken over tries.  An act returns what the kernel returned: -1 with errno when it failed, anything else
 * when it worked.
 */

struct evil_act {
	const char	*id;		/* H1..H4: the row of the threat model's table */
	const char	*name;
	long		(*act)(void);
	bool		 is_for_network;	/* what a process with a network is there for */
	bool		 is_for_bpf;		/* what a process with capabilities is there for */
};

extern const struct evil_act	evil_acts[];
extern const size_t		evil_nacts;

/* Behave: ask privd for everything that the role may have, and log each answer. */
void	 evil_ask(uint8_t role);

#endif
