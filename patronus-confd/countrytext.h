/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_COUNTRYTEXT_H
#define PATRONUS_CONFD_COUNTRYTEXT_H

#include <stddef.h>
#include <stdint.h>

#include "net/countries.h"

/*
 * Databases of countries as others publish them: tor's text (a line has the first address, the last and the country, "16777216,16777471,AU" or
 * "2001:db8::,2001:db8::ff,DE"; both families may stand in one file), or a file in MaxMind's format (mmdb.h).  They are from outside and are read by
 * patronus-parse; confd believes nothing of the answer that it has not looked at (countrytext_unpack).
 */

struct buf;

struct countrytext {
	uint32_t		 nlines;	/* lines, or ranges of a tree */
	uint32_t		 nbad;		/* of them that cannot be used: no range, or in another one */
	uint32_t		 first_bad;	/* number of the first such line; 0: none */
	struct countries	 countries;
};

/* A database, of whichever kind, into a packed answer.  One that cannot be read at all has no ranges. */
void	 countrytext_pack(const uint8_t *data, size_t len, struct buf *ret);
/* One range of a family (addresses of len bytes) as a line of tor's text. */
void	 countrytext_print(const uint8_t *range, unsigned len, struct buf *);
/* All of them as such an answer. */
void	 countrytext_pack_ranges(const struct countries *, struct buf *ret);
/* Points into data.  0, or -EPROTO when it is none. */
int	 countrytext_unpack(const uint8_t *data, size_t len, struct countrytext *ret);

#endif
