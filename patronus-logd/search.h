/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_LOGD_SEARCH_H
#define PATRONUS_LOGD_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/*
 * Records that somebody looks for, without a parser: in a line that logd wrote, the text of a member is found by its bytes, since a quote
 * inside a value is always escaped.
 */

struct search {
	const char	*actor;		/* each "" for any; equal */
	const char	*action;
	const char	*object;	/* contained */
	const char	*since;		/* RFC 3339 or its beginning: "2026-11-28" */
	const char	*until;
};

bool	 search_matches(const struct search *, const char *line, size_t len);

/*
 * The newest records before record `before` that match, newest first, as lines; at most `limit`.  It looks at a bounded number of bytes:
 * *ret_next is where to go on, 0 at the beginning of the log.  0 or -errno.
 */
int	 search_run(const struct search *, uint64_t before, uint32_t limit, struct buf *ret, uint64_t *ret_next);

#endif
