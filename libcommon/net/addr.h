/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NET_ADDR_H
#define PATRONUS_NET_ADDR_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Addresses, prefixes, ports and rates as values: fixed size, no pointers, comparable with the functions below.
 * Text forms: RFC 4291/5952 for IPv6, dotted quad for IPv4 (no shorthand, no octal).
 */

enum addr_family {
	ADDR_NONE = 0,
	ADDR_V4 = 4,
	ADDR_V6 = 6
};

struct addr {
	uint8_t		family;		/* enum addr_family; ADDR_NONE means absent */
	uint8_t		bytes[16];	/* network order; IPv4 in the first four, the rest 0 */
};

struct prefix {
	struct addr	addr;
	uint8_t		len;		/* bits: 0..32 or 0..128 */
};

struct mac {
	uint8_t		bytes[6];
};

struct ports {
	uint16_t	low;
	uint16_t	high;		/* >= low */
};

struct rate {
	uint32_t	count;
	uint32_t	seconds;	/* 1, 60, 3600 or 86400 */
};

#define ADDR_STRLEN	46		/* with the NUL */
#define PREFIX_STRLEN	50
#define MAC_STRLEN	18
#define PORTS_STRLEN	12

/* Parsers return 0, or -EINVAL and leave *ret alone. */
int	 addr_parse(const char *, struct addr *ret);
/* "192.0.2.1/24": the length is required; host bits are kept. */
int	 prefix_parse(const char *, struct prefix *ret);
/* As prefix_parse; without "/n" it is a host (/32 or /128). */
int	 prefix_parse_host(const char *, struct prefix *ret);
int	 mac_parse(const char *, struct mac *ret);
/* "80" or "8000-8010". */
int	 ports_parse(const char *, struct ports *ret);
/* "100/second", "5/minute", "/hour", "/day". */
int	 rate_parse(const char *, struct rate *ret);

/* Formatters write at most size bytes with the NUL and return buf. */
const char *addr_format(const struct addr *, char *buf, unsigned size);
const char *prefix_format(const struct prefix *, char *buf, unsigned size);
const char *mac_format(const struct mac *, char *buf, unsigned size);
const char *ports_format(const struct ports *, char *buf, unsigned size);
const char *rate_format(const struct rate *, char *buf, unsigned size);

/* 4 or 16; 0 for ADDR_NONE. */
unsigned addr_len(const struct addr *);
bool	 addr_equal(const struct addr *, const struct addr *);
bool	 prefix_equal(const struct prefix *, const struct prefix *);
/* The prefix with its host bits cleared. */
struct prefix prefix_network(const struct prefix *);
bool	 prefix_contains(const struct prefix *, const struct addr *);
bool	 prefix_covers(const struct prefix *outer, const struct prefix *inner);

#endif
