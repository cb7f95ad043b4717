/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_BATCH_H
#define PATRONUS_CONFD_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "edits.h"
#include "rights.h"

/*
 * Several edits, made in order, all of them or none.
 */

struct buf;
struct problems;
struct workspace;
struct workspaces;

#define BATCH_MAX	20000	/* operations */

struct operation {
	struct edit	 edit;
	const char	*if_match;	/* an ETag with or without quotes, or "*"; NULL: whatever is there */
	unsigned	 line;		/* of the request's body */
	bool		 is_new;	/* out: it made something */
	char		*key;		/* out: of an entry that was appended; malloc'd */
};

/*
 * Make them.  0; otherwise the workspace is as it was: -EACCES, -ENOMEM, or -EINVAL with the problems of every operation that could not
 * be made (they say which).
 */
int	 batch_apply(struct workspaces *, struct workspace *, const struct rights *, struct operation *, size_t n, struct problems *);
/* {"results": [{"path", "status": 200|201|204}, ...]} in their order. */
void	 batch_print(const struct operation *, size_t n, struct buf *);
void	 batch_free(struct operation *, size_t n);

#endif
