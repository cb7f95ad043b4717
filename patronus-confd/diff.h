/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_DIFF_H
#define PATRONUS_CONFD_DIFF_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What changes between two documents of one schema, cheap where they are equal.
 */

struct buf;
struct document;

enum diff_op {
	DIFF_INVALID = 0,
	DIFF_CREATE,
	DIFF_DELETE,
	DIFF_REPLACE,
	DIFF_MOVE		/* new_json is {"after": "key"} or {"to": "first"}, old_json the same of before */
};

struct diff_change {
	enum diff_op	 op;
	const char	*path;		/* "/firewall/rules/web-in/to" */
	const char	*old_json;	/* the value as JSON text; NULL for create */
	const char	*new_json;	/* NULL for delete */
	const char	*place_json;	/* of an entry that is new in an ordered list, and not its last: as new_json of a move; else NULL */
};

struct diff;

/* The changes that make b of a.  0 and *ret, or -ENOMEM. */
int		 diff_documents(const struct document *a, const struct document *b, struct diff **ret);
void		 diff_free(struct diff *);
size_t		 diff_count(const struct diff *);
const struct diff_change *diff_get(const struct diff *, size_t i);
/* Does a top-level section ("firewall") change? */
bool		 diff_touches(const struct diff *, const char *section);

/* The array "changes" of the API. */
void		 diff_print_json(const struct diff *, struct buf *);
/* For people, a line each: "- set firewall rules web-in to dmz" / "+ set ...". */
void		 diff_print_text(const struct diff *, struct buf *);
/* The same as part of the document. */
void		 diff_print_tree(const struct diff *, struct buf *);
/* The commands that make it: "set firewall rules web-in to dmz", "delete ...", "move ...". */
void		 diff_print_commands(const struct diff *, struct buf *);

#endif
