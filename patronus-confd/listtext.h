/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_LISTTEXT_H
#define PATRONUS_CONFD_LISTTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Lists of addresses as others publish them: in a line an address, a network (192.0.2.0/24) or a range (192.0.2.1-192.0.2.9), and what stands
 * behind it does not count; comments after # and ;, and JSON objects with a member "cidr" (Spamhaus DROP).  The text is from outside and is read
 * by patronus-parse; confd believes nothing of the answer that it has not looked at (listtext_unpack).
 */

struct buf;

#define LISTTEXT_MAX	1000000u	/* ranges of a family */

/* What is wrong with a line. */
enum listtext_fault {
	LISTTEXT_GOOD = 0,
	LISTTEXT_UNKNOWN,	/* no address, network or range */
	LISTTEXT_LENGTH,	/* the length of its prefix is none */
	LISTTEXT_WIDE,
	LISTTEXT_BACKWARDS,	/* a range that ends before it begins, or in the other family */
	LISTTEXT_TOO_LONG,
	LISTTEXT_TOO_MANY,
	LISTTEXT_FAULT_MAX
};

/* Sorted, and overlapping or touching ranges made one: first and last address of each, in network order. */
struct listtext {
	uint32_t	 nlines;	/* that say something, */
	uint32_t	 nbad;		/* and those of them that cannot be used */
	uint32_t	 first_bad;	/* number of the first such line; 0: none */
	enum listtext_fault fault;	/* of that one */
	uint32_t	 n4;
	uint32_t	 n6;
	const uint8_t	*v4;		/* n4 times 2 * 4 bytes */
	const uint8_t	*v6;		/* n6 times 2 * 16 bytes */
};

/* A text into a packed answer.  Networks that are wider than /8 (IPv6: /16) cannot be used: no list means them. */
void	 listtext_pack(const char *text, size_t len, struct buf *ret);
/* Points into data.  0, or -EPROTO when it is none, or is not sorted. */
int	 listtext_unpack(const uint8_t *data, size_t len, struct listtext *ret);
/* "is no address, ..." */
const char *listtext_fault_text(enum listtext_fault);

/* Two such arrays of addresses of len bytes as one: malloc'd, of *ret_n ranges.  NULL: no memory. */
uint8_t	*listtext_merge(const uint8_t *a, uint32_t na, const uint8_t *b, uint32_t nb, unsigned len, uint32_t *ret_n);
/* All takes in more; false: it has more than LISTTEXT_MAX now. */
bool	 listtext_add(uint8_t **all, uint32_t *n, const uint8_t *more, uint32_t nmore, unsigned len);
/* One range as networks that add up to it, one in a line. */
void	 listtext_print(const uint8_t *range, unsigned len, struct buf *);

#endif
