/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_GUARD_H
#define PATRONUS_CONFD_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/ids.h"

/*
 * The lock-out guard: connections of people, judged by what the owners have prepared.  netd says whether the address and the way back
 * stay, fwd whether the ruleset accepts, this process whether somebody listens.  Nothing changes by asking.
 */

struct buf;
struct document;
struct guard;
struct owners;

#define GUARD_FLOWS_MAX	128

struct guard_flow {
	char			user[65];
	char			origin[65];	/* "192.0.2.10:53122" */
	char			local[65];
	bool			is_callers;	/* who asks; the first */
	enum flow_verdict	verdict;
	char			rule[129];
	char			path[513];
	char			text[513];	/* what cuts it, or why nobody knows */
	char			remedy[257];
};

struct guard	*guard_new(struct owners *);
void		 guard_free(struct guard *);
/* Connections over GUARD_FLOWS_MAX are not judged. */
void		 guard_add(struct guard *, const char *user, const char *origin, const char *local, bool is_callers);
unsigned	 guard_count(const struct guard *);
const struct guard_flow *guard_get(const struct guard *, unsigned i);
/* The caller's own, or NULL. */
const struct guard_flow *guard_caller(const struct guard *);
/*
 * The caller's connection, when it is a reason to ask him: it would be cut, or nobody knows and it could be, since the change does
 * something to packets (has_effect) or is about management.  NULL: no reason.  guard may be NULL.
 */
const struct guard_flow *guard_worry(const struct guard *, bool has_effect, bool is_management);
/*
 * Judge them all by what was prepared under this number.  on_end is called later, or before this returns; an owner that does not
 * answer leaves FLOW_UNKNOWN.
 */
void		 guard_judge(struct guard *, uint32_t number, const struct document *running, const struct document *candidate,
		    void (*on_end)(void *), void *arg);
/* {"user", "origin", "verdict", ...} of one. */
void		 guard_print(const struct guard_flow *, struct buf *);

#endif
