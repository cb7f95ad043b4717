/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_COUNTRYRANGES_H
#define PATRONUS_CONFD_COUNTRYRANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/addrdb.h"

/* Ranges of one family while a database is read. */

struct buf;

struct dbranges {
	uint8_t		*data;		/* packed as in net/addrdb.h */
	uint32_t	 n;
	uint32_t	 cap;
	unsigned	 len;		/* of an address: 4 or 16 */
	enum addrdb_kind kind;
};

/* One that touches the last one and says the same makes that longer.  false: there are too many. */
bool	 dbranges_add(struct dbranges *, const uint8_t *lo, const uint8_t *hi, const uint8_t *value);
/* Sort, and leave out what overlaps another one: how many. */
uint32_t dbranges_seal(struct dbranges *);
void	 dbranges_free(struct dbranges *);

#endif
