/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_EVIDENCE_H
#define PATRONUS_CONFD_EVIDENCE_H

#include <stdbool.h>

/*
 * What fwd has found out about its rules (how often they decided something, and when), kept over its restarts and reboots in a file of its own
 * beside the store: a commit does not wait for it, and losing it loses nothing else.
 */

struct channel;
struct evidence;
struct evidence_req;

/* boot: whose counters those of this boot's kernel are.  NULL: it cannot be kept, which was logged. */
struct evidence	*evidence_open(const char *dir, const char *boot);
void		 evidence_close(struct evidence *);	/* NULL is fine */
/* fwd is there: all that is known. */
void		 evidence_send(struct evidence *, struct channel *);
void		 evidence_take(struct evidence *, const struct evidence_req *);

#endif
