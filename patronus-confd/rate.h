/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_RATE_H
#define PATRONUS_CONFD_RATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How many requests a minute: a bucket for each user ("requests") and for each address that signs in ("sign-ins"), as large as
 * what may come in a minute and filled evenly.  Against scripts that run wild; guesses at passwords are counted by authd.
 */

struct confd;
struct rates;

#define RATE_PRINCIPALS	256	/* whoever was quiet for the longest time is forgotten, which costs him nothing */

struct rate_verdict {
	char		policy[48];	/* "\"requests\";q=60000;w=60" */
	char		rate[48];	/* "\"requests\";r=59999;t=1" */
	uint32_t	retry_after_s;	/* 0: go on */
};

struct rates	*rates_new(void);
void		 rates_free(struct rates *);

/* One request more.  false: management.web.rate-limit sets no bound. */
bool		 rate_take(struct confd *, const char *policy, const char *principal, struct rate_verdict *ret);

#endif
