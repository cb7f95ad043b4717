/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_HANDOVER_H
#define PATRONUS_CONFD_HANDOVER_H

/*
 * A session that goes on at another address of the box: its cookie belongs to the address where it was made.  Who is there gets a ticket,
 * and who shows it at the new address gets the session's cookie for that.  A ticket is good once, for the longest trial of a commit, and
 * from the address that asked for it: a link with somebody else's ticket signs nobody in as him.
 */

#define HANDOVER_TICKET		65	/* 256 random bits in hexadecimal */
#define HANDOVER_SECONDS	660

struct handovers;

struct handovers	*handovers_new(void);
void			 handovers_free(struct handovers *);

/* A ticket for the session of this token; an earlier one for it is worth nothing any more. */
void			 handover_make(struct handovers *, const char *token, const char *source, char ret[HANDOVER_TICKET]);
/* The token of whose ticket it is, until the next call; NULL when it is nobody's, too old, or shown from elsewhere.  It is spent. */
const char		*handover_take(struct handovers *, const char *ticket, const char *source);

#endif
