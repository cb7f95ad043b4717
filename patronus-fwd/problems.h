/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_PROBLEMS_H
#define PATRONUS_FWD_PROBLEMS_H

#include <stdint.h>

#include "ipc/msg.h"

/* What is wrong with a configuration, or what the kernel refused: a bounded list for replies to confd. */

#define PROBLEMS_MAX	100

struct arena;

struct problems {
	struct arena		*arena;
	struct ipc_problem	 items[PROBLEMS_MAX];
	uint32_t		 n;		/* may be asked for after more than PROBLEMS_MAX were added */
};

void	 problems_init(struct problems *, struct arena *);
void	 problems_add(struct problems *, const char *path, const char *code, const char *fmt, ...)
	    __attribute__((format(printf, 4, 5)));

#endif
