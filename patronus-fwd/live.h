/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_LIVE_H
#define PATRONUS_FWD_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/addrdb.h"

/*
 * What stands in groups beside the configuration.  Members for a time end by the kernel's clock: the monotonic one, which nobody sets.
 */

struct arena;
struct addr;
struct ipc_content;
struct ipc_temporary;

/* Addresses of one family, from the first to the last. */
struct live_range {
	uint8_t		 family;	/* NFPROTO_IPV4, NFPROTO_IPV6 */
	uint8_t		 lo[16];
	uint8_t		 hi[16];
	uint64_t	 expires_ms;	/* monotonic; 0: never */
};

struct live_ranges {
	struct live_range	*items;
	uint32_t		 n;
	uint32_t		 cap;
};

struct live;

struct live	*live_new(void);
void		 live_free(struct live *);
/* Becomes another number whenever something in it changes. */
uint32_t	 live_generation(const struct live *);

/*
 * All members for a time, instead of those before; an entry whose id is known keeps its end, unless the two are more than a clock's error
 * apart.  0, or -EINVAL and nothing has changed.  The copy of before is for live_restore().
 */
int		 live_temporary_set(struct live *, const struct ipc_temporary *, uint32_t n, uint64_t now_ms);
/* What the last live_temporary_set() replaced is there again. */
void		 live_restore(struct live *);
/* Members whose time is over go; true when there were some. */
bool		 live_purge(struct live *, uint64_t now_ms);
/* When the next member ends; 0: none does. */
uint64_t	 live_next_end(const struct live *);
/* When the last one did; 0: none has. */
uint64_t	 live_last_end(const struct live *);
/*
 * What one list or name has, instead of what it had; live_content_back() undoes just that.  0; -EINVAL: it is not sorted; -E2BIG: all together
 * are too many; and nothing has changed.
 */
int		 live_content_set(struct live *, const struct ipc_content *);
void		 live_content_back(struct live *);
/* Append what there is of it: live_add_content(l, "name/", "www.example.org", ...). */
void		 live_add_content(const struct live *, const char *kind, const char *name, struct arena *, struct live_ranges *);
/* What a database says of addresses, instead of what it said; live_database_back() undoes just that.  0, or -EINVAL. */
int		 live_database_set(struct live *, const struct addrdb *);
void		 live_database_back(struct live *, enum addrdb_kind);
/* It stays: there is no way back any more. */
void		 live_database_settle(struct live *, enum addrdb_kind);
/* Append the addresses of which it says this: addrdb_value_len() bytes. */
void		 live_add_said(const struct live *, enum addrdb_kind, const uint8_t *value, struct arena *, struct live_ranges *);
/* The country of an address, or NULL when it is not known. */
const char	*live_country_of(const struct live *, const struct addr *, struct arena *);
/* The number of its autonomous system, or 0. */
uint32_t	 live_system_of(const struct live *, const struct addr *);
/* Append what a group has for a time. */
void		 live_add_temporary(const struct live *, const char *group, struct arena *, struct live_ranges *);

/* In the arena: grown as needed. */
void		 live_ranges_add(struct arena *, struct live_ranges *, const struct live_range *);
/* Room for so many more at once: what is doubled on the way to a million stays in the arena. */
void		 live_ranges_reserve(struct arena *, struct live_ranges *, uint32_t n);
/*
 * Sorted, and no two overlap: where several did, what ends last counts.  In place of what was there.
 */
void		 live_ranges_flatten(struct arena *, struct live_ranges *);

#endif
