/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_PRIVD_PROCESSES_H
#define PATRONUS_PRIVD_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The process table: what privd starts, in this order.  A row is named by its number to the spawner; everything about its confinement is
 * in the row of its role in libcommon/sandbox/profiles.c.
 */

#define PROCESSES_MAX	16

struct process_row {
	uint8_t		role;
	bool		is_helper;	/* one-shot, started on request; never restarted */
};

extern const struct process_row	processes[];
extern const size_t		nprocesses;

/* Who talks to whom, beside everybody's own channel to privd. */
struct edge {
	uint8_t		a;
	uint8_t		b;
	uint8_t		purpose;	/* enum peer_purpose */
};

extern const struct edge	topology[];
extern const size_t		ntopology;

#endif
