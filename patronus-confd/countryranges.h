/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_COUNTRYRANGES_H
#define PATRONUS_CONFD_COUNTRYRANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ranges of one family while a database is read. */

struct buf;

struct countryranges {
	uint8_t		*data;		/* packed as in net/countries.h */
	uint32_t	 n;
	uint32_t	 cap;
	unsigned	 len;		/* of an address: 4 or 16 */
};

/* One that touches the last one and is of the same country makes that longer.  false: there are too many. */
bool	 countryranges_add(struct countryranges *, const uint8_t *lo, const uint8_t *hi, const char country[2]);
/* Sort, and leave out what overlaps another one: how many. */
uint32_t countryranges_seal(struct countryranges *);
void	 countryranges_free(struct countryranges *);

#endif
