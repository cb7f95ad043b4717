/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_PRIVD_GRANTS_H
#define PATRONUS_PRIVD_GRANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Who may ask for what: one const array.  What it does not list is a violation; so are arguments that the policy of the line does not
 * allow.  The policy is a pure function of the decoded request.
 */

#define GRANTS_MAX	40

struct message;
struct peer;

#define GRANT_BEFORE_HELLO	0x01
#define GRANT_AFTER_HELLO	0x02

/* true when the arguments are allowed; otherwise *ret_why is a constant. */
typedef bool grant_policy(const void *req, const char **ret_why);
/* Acts and answers.  false with *ret_why: what only the act could see makes it a violation; with NULL: it is no fault of the child, which ends. */
typedef bool grant_handler(struct peer *, struct message *, const char **ret_why);

struct grant {
	uint8_t		 role;		/* 0: every process of the table */
	uint16_t	 type;
	uint8_t		 phase;
	uint32_t	 per_s;		/* sustained; above it the peer waits */
	uint32_t	 burst;
	uint32_t	 ids;		/* those that the first field, an id, may have, as bits; 0: it is no id, or the policy says */
	grant_policy	*policy;	/* of the other arguments; NULL: none that matter */
	grant_handler	*handler;
};

extern const struct grant	grants[];
extern const size_t		ngrants;

/* The line for it, or NULL. */
const struct grant	*grant_find(uint8_t role, uint16_t type, bool is_ready);

/* Are the arguments allowed?  Otherwise *ret_why is a constant. */
bool			 grant_allows(const struct grant *, const void *req, const char **ret_why);

/* A token bucket; the zeroed one is full. */
struct bucket {
	uint64_t	at_us;
	uint64_t	used;		/* in micro-tokens */
};
/* 0: go; otherwise how many microseconds to wait. */
uint64_t	 bucket_take(struct bucket *, const struct grant *, uint64_t now_us);

#endif
