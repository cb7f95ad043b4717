/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_IMPORT_MATCH_H
#define PATRONUS_IMPORT_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "net/addr.h"

/*
 * What a rule of another firewall asks of a packet: conditions that all must hold.  Links are bits, one for each interface that is known,
 * so a policy has at most MATCH_LINKS of them.
 */

struct arena;

#define MATCH_LINKS	64
#define MATCH_ANY_LINK	(~0ull)
#define MATCH_ADDRS	4096		/* of a side */
#define MATCH_GROUPS	4
#define MATCH_PROTOCOLS	8
#define MATCH_UNLESS	2

enum match_state {
	MATCH_NEW = 0x01,
	MATCH_ESTABLISHED = 0x02,
	MATCH_RELATED = 0x04,
	MATCH_INVALID = 0x08,
	MATCH_UNTRACKED = 0x10,
};

struct match_addrs {
	struct prefix	*items;
	unsigned	 n;
};

/* The sender or the receiver. */
struct match_side {
	bool			 has_addrs;	/* one of addrs; an empty list is nobody */
	struct match_addrs	 addrs;
	struct match_addrs	 not;
	const char		*group[MATCH_GROUPS];		/* in one of these, */
	unsigned		 ngroups;
	const char		*not_group[MATCH_GROUPS];	/* and in none of these */
	unsigned		 nnot_groups;
	const char		*network[MATCH_GROUPS];		/* in the networks that are attached to one of these interfaces */
	unsigned		 nnetworks;
	const char		*not_network[MATCH_GROUPS];
	unsigned		 nnot_networks;
	const char		*mac_group;			/* has such a MAC address; the sender alone is asked for it */
};

struct match_ports {
	uint8_t	bits[8192];
};

struct match_limit {
	const char	*rate;		/* "10/minute"; NULL: none */
	uint32_t	 burst;
	const char	*per;		/* "source", "destination" or NULL */
};

struct match {
	uint8_t				 family;	/* enum addr_family; ADDR_NONE: both */
	uint64_t			 in, out;	/* links */
	struct match_side		 source, destination;
	uint8_t				 protocols[MATCH_PROTOCOLS];
	unsigned			 nprotocols;	/* 0: any */
	const struct match_ports	*sports, *dports;	/* NULL: any */
	const char			*icmp;		/* name of the type, or of several with blanks between; NULL: any */
	uint8_t				 states;	/* enum match_state; 0: any */
	const char			*mac;
	uint32_t			 mark, mark_mask;	/* mask 0: any */
	uint32_t			 cmark, cmark_mask;
	uint8_t				 flags, flags_mask;	/* of TCP */
	const char			*dscp;
	const char			*length;	/* "100-200" */
	const char			*schedule;
	struct match_limit		 limit;
	struct match_limit		 connections;	/* rate: the number */
	const struct match		*unless[MATCH_UNLESS];	/* not what one of these asks */
	unsigned			 nunless;
	bool				 is_dst_local;	/* the receiver is the box itself, before translation */
	const char			*lost;		/* what cannot be said here, in words; NULL */
	const char			*unsure;	/* whether packets come here at all is not known, because of this; NULL */
};

void	 match_init(struct match *);
/* Both must hold: *a becomes that.  False when nothing can be both. */
bool	 match_and(struct match *a, const struct match *b, struct arena *);
/* Does it ask for nothing? */
bool	 match_is_all(const struct match *);
/* Nothing but links, family and states? */
bool	 match_is_links(const struct match *);
/* Does it count (limits), so that it may be asked only once for a packet? */
bool	 match_counts(const struct match *);
/* Say "not b" within *a without help of marks; false when that cannot be. */
bool	 match_and_not(struct match *a, const struct match *b, struct arena *);

/* Ports lo to hi; the set that holds them besides those of old (may be NULL). */
struct match_ports *match_ports_add(struct arena *, const struct match_ports *old, unsigned lo, unsigned hi);
struct match_ports *match_ports_invert(struct arena *, const struct match_ports *);
/* The next range at or after *at; false when there is none. */
bool	 match_ports_next(const struct match_ports *, unsigned *at, unsigned *ret_lo, unsigned *ret_hi);

/* False when there are too many, or no memory. */
bool	 match_addrs_add(struct match_addrs *, const struct prefix *, struct arena *);
/* The prefixes that make up first to last of one family. */
bool	 match_addrs_range(struct match_addrs *, const struct addr *first, const struct addr *last, struct arena *);

#endif
