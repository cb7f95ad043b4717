/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NET_ADDRDB_H
#define PATRONUS_NET_ADDRDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a database says of addresses: of which country they are, or of which autonomous system.  Packed ranges, sorted, no two of which overlap.  One is its
 * first address, its last one (in network order) and what is said of it: two letters of ISO 3166-1, or the number (RFC 6793) in network order.  What is
 * kept, sent and looked up is this; nobody takes it apart into anything else.
 */

struct addr;

enum addrdb_kind {
	ADDRDB_COUNTRIES = 0,
	ADDRDB_SYSTEMS,
	ADDRDB_KIND_MAX
};

#define ADDRDB_VALUE_MAX	4u		/* bytes of what is said */
#define ADDRDB_RANGE_MAX	36u		/* bytes of a range */
#define ADDRDB_MAX		1000000u	/* ranges of one family, of any kind */

struct addrdb {
	enum addrdb_kind kind;
	uint32_t	 n4;
	uint32_t	 n6;
	const uint8_t	*v4;
	const uint8_t	*v6;
};

/* Bytes of what is said, and of a range whose addresses have so many bytes. */
unsigned	 addrdb_value_len(enum addrdb_kind);
size_t		 addrdb_range_len(enum addrdb_kind, unsigned addr_len);
/* How many ranges of one family there may be. */
uint32_t	 addrdb_max(enum addrdb_kind);
/* Bytes that may be ranges of that kind; false: they do not end where a range ends. */
bool		 addrdb_from_bytes(enum addrdb_kind, const uint8_t *v4, size_t len4, const uint8_t *v6, size_t len6, struct addrdb *ret);
/* Is it as said above?  Whoever gets it from another process asks. */
bool		 addrdb_is_sound(const struct addrdb *);
/* What is said, or NULL when nothing is. */
const uint8_t	*addrdb_find(const struct addrdb *, const struct addr *);

/* What no country is called by is none in a database: two capital letters or digits (A1, T1: others' own codes). */
bool		 addrdb_is_country(const char code[2]);
/* "64496" or "AS64496", as the value of a range.  false: it is no number, or reserved as the first and the last one are. */
bool		 addrdb_system_parse(const char *text, uint8_t ret[4]);
uint32_t	 addrdb_system_number(const uint8_t value[4]);
void		 addrdb_system_value(uint32_t number, uint8_t ret[4]);

#endif
