/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NET_POLICY_H
#define PATRONUS_NET_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A policy says which attributes a netlink message may carry and what may be in them, to any depth.  What it does not name is
 * refused: an attribute that we do not know can do what we do not know.  Pure: bytes in, verdict and offset out.
 */

struct nl_attr;
struct nl_reader;
struct policy;

#define POLICY_DEPTH_MAX	10
#define POLICY_DIGITS_MAX	10

/* Where and why a walk stopped. */
struct refusal {
	uint32_t	 offset;	/* in the bytes that were walked */
	uint32_t	 message;	/* number of the message, from 0 */
	const char	*reason;	/* a constant */
	uint16_t	 attr;		/* attribute type, or message type */
};

enum policy_kind {
	POLICY_REFUSED = 0,	/* also what a hole in a table is */
	POLICY_U8,		/* numbers: min..max */
	POLICY_U16,
	POLICY_U32,		/* host order */
	POLICY_BE16,
	POLICY_BE32,
	POLICY_BE64,
	POLICY_BITS32,		/* host order: no bits but those of max */
	POLICY_BEBITS32,	/* big-endian: no bits but those of max */
	POLICY_BYTES,		/* length min..max */
	POLICY_NAME,		/* printable ASCII, NUL-terminated, length 1..max without the NUL */
	POLICY_NUMBERED,	/* the string in text, NUL-terminated, or that, a dot and up to ten digits */
	POLICY_NEST,		/* attributes by the policy nested */
	POLICY_LIST,		/* any number of attributes, each of type min, each a nest of the policy nested */
	POLICY_CUSTOM,		/* check alone decides */
	POLICY_KIND_MAX
};

struct policy_walk {
	struct refusal	*ret;
	unsigned	 depth;
	bool		 is_narrow;	/* the checks of some policies then allow less (nftwalk.c) */
};

/* 0, or -EPERM after policy_refuse(). */
typedef int policy_check(struct policy_walk *, const struct nl_attr *);

struct policy_attr {
	uint8_t			 kind;
	bool			 is_required;
	uint32_t		 min;
	uint32_t		 max;
	const char		*text;
	const struct policy	*nested;
	policy_check		*check;		/* after kind has been satisfied; may be NULL */
};

struct policy {
	const struct policy_attr	*attrs;	/* indexed by attribute type */
	uint16_t			 n;	/* at most 64 */
	/* Looks at all attributes together once each is known to be good; may be NULL. */
	int				(*check)(struct policy_walk *, const struct nl_reader *);
};

#define POLICY(table)	{ table, sizeof(table) / sizeof((table)[0]), NULL }

/* 0, or -EPERM and the refusal filled. */
int	 policy_walk_attrs(struct policy_walk *, struct nl_reader, const struct policy *);
/* One attribute by itself, as far as its kind goes. */
int	 policy_check_attr(struct policy_walk *, const struct nl_attr *, const struct policy_attr *);
/* The string is text, a dot and up to ten digits. */
bool	 policy_is_numbered(const char *, const char *text);
/* Returns -EPERM. */
int	 policy_refuse(struct policy_walk *, size_t offset, uint16_t attr, const char *reason);

#endif
