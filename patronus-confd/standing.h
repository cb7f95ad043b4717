/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_STANDING_H
#define PATRONUS_CONFD_STANDING_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Differences between the box and its configuration that stand: what the owners tell of them, and those that somebody has accepted
 * (docs/adr/0104).  An acceptance is kept in the store until its time is over, somebody takes it back, or a commit that is kept touches
 * what it is about.
 */

struct buf;
struct channel;
struct confd;
struct document;
struct drift_standing_req;
struct owner;
struct standing;

#define STANDING_ID	17	/* 16 hex digits and a NUL */

/* One difference, as an owner told it or as it was accepted. */
struct standing_item {
	char		 id[STANDING_ID];
	char		 owner[17];
	char		 path[513];
	char		 object[257];
	char		 detail[513];
	char		 class[17];
	char		 action[33];	/* "reported", "accepted", "failed" */
	uint64_t	 since_ms;
};

struct standing	*standing_new(struct confd *);
void		 standing_free(struct standing *);

/* What an owner has now, instead of what it had. */
void		 standing_take(struct standing *, const struct owner *, const struct drift_standing_req *);
/* The owner's channel is new: what is accepted comes before anything else. */
void		 standing_owner_ready(struct standing *, const struct owner *);
void		 standing_owner_gone(struct standing *, const struct owner *);

/* By its id; NULL when nothing like that stands (_find) or is accepted (_accepted). */
const struct standing_item *standing_find(const struct standing *, const char *id);
const struct standing_item *standing_accepted(const struct standing *, const char *id);
/* 0; -EPERM: differences of this owner cannot be accepted; -ENOSPC; or the store's error. */
int		 standing_accept(struct standing *, const struct standing_item *, const char *actor, const char *origin, const char *comment,
		    uint64_t until_ms);
/* 0, -ENOENT or the store's error. */
int		 standing_take_back(struct standing *, const char *id, const char *actor, const char *origin);
/* Acceptances whose time is over go. */
void		 standing_tick(struct standing *);
/* A revision is kept: acceptances of what it touches go. */
void		 standing_kept(struct standing *, const struct document *before, const struct document *after, uint32_t revision);

/* {"differences": [...], "total": n}; those first that stand. */
void		 standing_print(const struct standing *, struct buf *);
/* The i-th that stands and is not accepted; NULL after the last. */
const struct standing_item *standing_open(const struct standing *, unsigned i);

#endif
