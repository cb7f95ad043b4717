/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_PLAN_H
#define PATRONUS_CONFD_PLAN_H

#include <stdint.h>

/*
 * What a commit of a workspace would do, told before it is made: what the owners prepared, what this process does itself, and whose
 * connections would end.
 */

struct buf;
struct confd;
struct diff;
struct document;
struct guard;
struct rollout;

struct plan {
	const struct document	*running;
	const struct document	*candidate;
	const struct diff	*diff;
	const struct rollout	*rollout;	/* a dry run that ended well */
	const struct guard	*guard;
};

/* Members of a JSON object, without the braces: "impact", "services", "sessions", "nft", "network", "plan". */
void	 plan_print_members(const struct plan *, struct buf *);
/* All of it for people, a heading for each part that is not empty. */
void	 plan_print_text(const struct plan *, struct buf *);
/* The kernel's rules alone. */
void	 plan_print_nft(const struct plan *, struct buf *);

#endif
