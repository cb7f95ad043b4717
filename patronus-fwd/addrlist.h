/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_ADDRLIST_H
#define PATRONUS_FWD_ADDRLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/addr.h"

/*
 * A long list of addresses of one family, as what it means: sorted intervals that neither overlap nor touch, packed into arrays of 4 or 16
 * bytes; or its hosts, when nearly all of the intervals are one.  Two lists with the same addresses are the same bytes, however they were
 * written.  A list never changes; it is shared and counted.
 */

/* Intervals that stand together: from a key that begins one to the next such key.  Where those are follows from the keys, in a process. */
struct addrlist_piece {
	uint32_t	 at;		/* its first one */
	uint64_t	 digest;	/* hash_secret(): those with one digest are the same */
};

struct addrlist {
	uint32_t	 refs;
	uint32_t	 n;		/* intervals */
	uint8_t		 len;		/* of a key: 4 or 16 */
	bool		 has_ranges;	/* else each is one host, and last is first */
	uint64_t	 digest;	/* of the addresses */
	uint8_t		*first;		/* n keys in network order */
	uint8_t		*last;		/* inclusive */
	struct addrlist_piece *pieces;	/* a last one without intervals stands behind them */
	uint32_t	 n_pieces;	/* without that */
};

/* Intervals being collected, in any order. */
struct addrlist_draft {
	uint8_t		*pairs;		/* first and last of each */
	uint32_t	 n;
	uint32_t	 cap;
	uint8_t		 len;
};

void		 addrlist_draft_init(struct addrlist_draft *, uint8_t len);
void		 addrlist_draft_add(struct addrlist_draft *, const uint8_t *first, const uint8_t *last);
/* The network of the prefix; those of the other family are left out. */
void		 addrlist_draft_prefix(struct addrlist_draft *, const struct prefix *);
/* What was collected is dropped. */
void		 addrlist_draft_fini(struct addrlist_draft *);
/* The draft is used up. */
struct addrlist	*addrlist_make(struct addrlist_draft *);

struct addrlist	*addrlist_ref(struct addrlist *);
void		 addrlist_unref(struct addrlist *);	/* NULL is fine */
bool		 addrlist_equal(const struct addrlist *, const struct addrlist *);
bool		 addrlist_has(const struct addrlist *, const uint8_t *key);
/* What a has and b has not, of one family; NULL when that is more than max intervals. */
struct addrlist	*addrlist_minus(const struct addrlist *a, const struct addrlist *b, uint32_t max);
/* What either has. */
struct addrlist	*addrlist_plus(const struct addrlist *a, const struct addrlist *b);
/* The i-th interval. */
const uint8_t	*addrlist_first(const struct addrlist *, uint32_t i);
const uint8_t	*addrlist_last(const struct addrlist *, uint32_t i);
/* The key after this one, and before it; false when there is none. */
bool		 addrlist_after(uint8_t *ret, const uint8_t *key, unsigned len);
bool		 addrlist_before(uint8_t *ret, const uint8_t *key, unsigned len);

#endif
