/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NETD_PROBLEMS_H
#define PATRONUS_NETD_PROBLEMS_H

#include <stdbool.h>

#include "ipc/msg.h"

/*
 * Problems and impacts gathered for a reply: all of them at once, never only the first.  Texts live in the arena.
 */

struct arena;

#define PROBLEMS_MAX	100	/* as many as the message holds */

struct problems {
	struct arena		*arena;
	struct ipc_problem	 items[PROBLEMS_MAX];
	uint32_t		 n;
};

void	problems_init(struct problems *, struct arena *);
/* path and code are constants or live in the arena. */
void	problems_add(struct problems *, const char *path, const char *code, const char *fmt, ...)
	    __attribute__((format(printf, 4, 5)));

#endif
