/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_BOXES_H
#define PATRONUS_FWD_BOXES_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What a rule looks at as a box: an interval in each dimension, the whole of it where the rule does not look.  Two rules whose boxes have no
 * packet in common may change places.
 */

__extension__ typedef unsigned __int128 box_value;

enum box_dim {
	BOX_IIF = 0,
	BOX_OIF,
	BOX_SADDR,
	BOX_DADDR,
	BOX_PROTOCOL,
	BOX_SPORT,
	BOX_DPORT,
	BOX_TYPE,
	BOX_DIMS
};

struct box {
	box_value	lo[BOX_DIMS];
	box_value	hi[BOX_DIMS];
	uint8_t		family;		/* NFPROTO_*; NFPROTO_UNSPEC: both */
	bool		is_free;	/* its dimensions are not those of packets, and have no bounds to be clamped to */
};

#define BOX_LEAF	64

/* A run of a sorted index.  What is searched stands together: a box is five lines of cache, and thousands are asked at each step. */
struct box_leaf {
	uint32_t	  n;
	box_value	  lo[BOX_LEAF];
	struct box	 *items[BOX_LEAF];
};

/* Boxes of which it can be asked whether one of them meets another: sorted by up to two dimensions. */
struct box_index {
	uint8_t		  dim;
	struct box_leaf	**leaves;	/* by lo, none empty */
	uint32_t	  n;
	uint32_t	  cap;
	box_value	  span;		/* of the widest */
};

struct boxes {
	struct box_index  by[2];
	unsigned	  n_by;
};

/* A big-endian number of at most 16 bytes. */
box_value box_value_of(const uint8_t *, unsigned len);
void	 box_init(struct box *);
bool	 box_meets(const struct box *, const struct box *);
/* Bounds that no packet is behind: an IPv4 address has 32 bits, a port 16.  What is taken out of a box is counted within them. */
void	 box_clamp(struct box *);
#define BOX_PARTS	(2 * BOX_DIMS + 1)
/* What is left of a when b, which meets it, is taken out: so many boxes that have no packet in common.  a is clamped. */
unsigned box_subtract(const struct box *a, const struct box *b, struct box ret[BOX_PARTS]);
/* dims: a bit for each dimension in which the boxes to come are bounded. */
void	 boxes_init(struct boxes *, unsigned dims);
void	 boxes_fini(struct boxes *);
/* It is borrowed. */
void	 boxes_add(struct boxes *, struct box *);
/* What comparisons may cost, and what they did. */
struct boxes_budget {
	uint64_t	left;		/* comparisons */
	uint64_t	n_asked;	/* questions */
	uint64_t	most;		/* comparisons that they could have needed, by what came into question */
};

/* Does any of them?  Each comparison takes one off what is left; when it is used up the answer is yes, which is always safe. */
bool	 boxes_meet(const struct boxes *, const struct box *, struct boxes_budget *);
/* Those that do, in no order: the first max of them, and how many there are. */
uint32_t boxes_meeting(const struct boxes *, const struct box *, struct box **ret, uint32_t max);

#endif
