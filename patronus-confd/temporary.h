/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_TEMPORARY_H
#define PATRONUS_CONFD_TEMPORARY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Members that groups have for a time, without a commit (docs/adr/0160).  They are kept in the store and told to fwd; their end is the
 * kernel's work.  Within one boot the end is a moment of the monotonic clock, which nobody sets; after a reboot what is left is counted by the
 * clock on the wall, and is never more than was given.
 */

struct buf;
struct confd;
struct rights;
struct store_temporary;
struct temporary;

#define TEMPORARY_MAX		1024

struct temporary	*temporary_new(struct confd *);
void		 temporary_free(struct temporary *);
/* fwd is there: it gets them before anything else. */
void		 temporary_fwd_ready(struct temporary *);
/* Those whose time is over, and those whose group takes none any more, go. */
void		 temporary_tick(struct temporary *);

/* error 0: done.  -EAGAIN: fwd is away; else what it said, as text. */
typedef void temporary_end(int error, const char *text, void *arg);

/*
 * Let an address into a group, or set a new end when it has one.  what says group, address, author, origin and reason; *ret_id is its id from
 * now on.  0 and on_end is called later, -ENOSPC or -ENOMEM.
 */
int		 temporary_grant(struct temporary *, const struct store_temporary *what, uint64_t life_ms, temporary_end *on_end, void *arg,
		    uint64_t *ret_id);
/* 0 and on_end is called later; -ENOENT; or the store's error. */
int		 temporary_revoke(struct temporary *, uint64_t id, const char *actor, const char *origin, temporary_end *on_end, void *arg);
/* Its entry; NULL when it is over or there is none. */
const struct store_temporary *temporary_find(const struct temporary *, uint64_t id);
uint64_t	 temporary_left_ms(const struct temporary *, const struct store_temporary *);

/* May the group of this name have members for a time, now?  *ret_minutes: for how long at most. */
bool		 temporary_is_allowed(const struct confd *, const char *group, uint64_t *ret_minutes);

/* One as an object; all that the caller may see, with commas between. */
void		 temporary_print_one(const struct temporary *, const struct store_temporary *, struct buf *);
void		 temporary_print(const struct temporary *, const struct rights *, struct buf *);

struct ipc_temporary;
/* As they are now, for messages, with those that have just ended; at most TEMPORARY_MAX.  The texts are the entries' own. */
uint32_t	 temporary_list(const struct temporary *, struct ipc_temporary *ret);

#endif
