/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_VERIFY_H
#define PATRONUS_FWD_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ir.h"

/*
 * Does the kernel have what the intermediate form says?  Table, chains, each rule's id and expressions in order, sets and their elements.
 * Dynamic sets are compared by definition only.
 */

struct verify_dumps {
	struct { const uint8_t *data; size_t len; } tables, chains, rules, sets, elems;	/* sets with the named objects */
	bool	 has_tables;	/* false: the table is not looked at, */
	bool	 has_elems;	/* elements are not compared */
	const struct ir *coming;	/* whose lists may be there before their time; NULL: none */
};

struct verify_difference {
	const char	*path;		/* of what asks for the object; "" when nothing does */
	const char	*object;	/* "rule web-in" */
	const char	*detail;	/* what is different */
	bool		 is_idle;	/* no packet meets it */
};
typedef void verify_report(const struct verify_difference *, void *arg);

/*
 * The number of differences.  On the way rules get their handles, and the counters that the kernel has for those that are as they should
 * be, so that a table that is sent anew goes on counting.
 */
uint32_t verify_compare(struct ir *, const struct verify_dumps *, verify_report *, void *arg);

/* The number of tables beside ours (beside.h) in a dump of tables; each is a difference for report, unless that is NULL. */
uint32_t verify_beside(const uint8_t *tables, size_t len, verify_report *, void *arg);

/*
 * The kernel's echo of a batch: handles for the rules that were added, in their order.  false when it is not what was sent.
 */
struct nft_batch;
bool	 verify_echo(const struct nft_batch *, const uint8_t *replies, size_t len);

#endif
