/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_COUNTRYTEXT_H
#define PATRONUS_CONFD_COUNTRYTEXT_H

#include <stddef.h>
#include <stdint.h>

#include "net/addrdb.h"

/*
 * Databases about addresses as others publish them: a file in MaxMind's format (mmdb.h), or text.  A line has the first address, the last and what is said of
 * them; both families may stand in one file.  Of countries that is tor's text ("16777216,16777471,AU", "2001:db8::,2001:db8::ff,DE").  Of autonomous systems
 * a comma or a tab parts the fields, more may follow, and a network may stand for the first two ("198.51.100.0/24,64496,Example"): so publish MaxMind (CSV) and
 * iptoasn.com.  They are from outside and are read by patronus-parse; confd believes nothing of the answer that it has not looked at (dbtext_unpack).
 */

struct buf;

struct dbtext {
	uint32_t		 nlines;	/* lines, or ranges of a tree */
	uint32_t		 nbad;		/* of them that cannot be used: no range, or in another one */
	uint32_t		 first_bad;	/* number of the first such line; 0: none */
	struct addrdb		 db;
};

/* A database, of whichever kind, into a packed answer.  One that cannot be read at all has no ranges. */
void	 dbtext_pack(enum addrdb_kind, const uint8_t *data, size_t len, struct buf *ret);
/* One range of a family (addresses of len bytes) as a line of text. */
void	 dbtext_print(enum addrdb_kind, const uint8_t *range, unsigned len, struct buf *);
/* All of them as such an answer. */
void	 dbtext_pack_ranges(const struct addrdb *, struct buf *ret);
/* Points into data.  0, or -EPROTO when it is none. */
int	 dbtext_unpack(enum addrdb_kind, const uint8_t *data, size_t len, struct dbtext *ret);

#endif
