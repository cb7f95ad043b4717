/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_MMDB_H
#define PATRONUS_CONFD_MMDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Databases in MaxMind's format (https://maxmind.github.io/MaxMind-DB/, version 2): a tree of addresses whose leaves say something about networks.
 * Only one thing is taken.  Of countries: country.iso_code, else registered_country.iso_code, else country_code, else a country that is two letters.  Of
 * autonomous systems: autonomous_system_number, else asn, a number or "AS64496".
 */

struct dbranges;

/* By its metadata. */
bool	 mmdb_is_one(const uint8_t *data, size_t len);
/* 0; -EBADMSG: it is damaged, or not of a kind that is understood; -E2BIG: its tree says more than there can be. */
int	 mmdb_read(const uint8_t *data, size_t len, struct dbranges *v4, struct dbranges *v6);

#endif
