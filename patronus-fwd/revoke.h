/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_REVOKE_H
#define PATRONUS_FWD_REVOKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Connections that were accepted and would not be any more, or would be translated another way: they are ended, and no others.  A connection is
 * ended only when the form before accepts it as it is and the form now does not, whatever the packet's headers say that the kernel's table
 * does not tell (marks, code points, lengths, MAC addresses).  What another connection announced ends with that one; when that has ended before, as it
 * would end by how it was opened.
 */

struct arena;
struct buf;
struct flow;
struct ir;
struct links;
struct routes;

struct revoke {
	const struct ir		*before;
	const struct ir		*now;
	const struct routes	*routes;
	const struct links	*links;
	bool			 is_sender_unknown;	/* which sender the connection was given is not looked at */
};

/* Of what another connection announced this says no; it ends with that other one. */
bool	 revoke_ends(const struct revoke *, const struct flow *);
/*
 * For each connection of the dump that ends, and for those that these, or some that would end but are gone, announced, the deletion.  How many there are;
 * *ret_n were looked at.
 */
uint32_t revoke_dump(const struct revoke *, const uint8_t *, size_t len, struct buf *deletions, uint32_t *ret_n);

#endif
