/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_MERGE_H
#define PATRONUS_CONFD_MERGE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A workspace whose base has moved: three documents (base, ours, theirs), compared by object.  An object is the outermost list entry
 * that a place is in, or the place itself where there is no list.  Two changes of one object are a conflict, unless both made the same of
 * it or somebody has decided.
 */

struct buf;
struct rights;
struct workspace;
struct workspaces;

/* What shall become of an object that both changed. */
struct merge_choice {
	const char	*path;		/* NULL: of all that have no choice of their own */
	bool		 is_ours;	/* else theirs */
	bool		 was_used;
};

/*
 * Bring the workspace onto the running revision: 0 when it stands there now.  -EBUSY: nothing was done, and ret_conflicts has the objects
 * nobody has decided about, JSON objects {"path", "base", "ours", "theirs"} with commas (a value that is not there, or that the caller may not read, is null).
 * -ENOENT: nothing was done, because a choice was not used: there is no conflict about its path.
 */
int	 merge_workspace(struct workspaces *, struct workspace *, const struct rights *, struct merge_choice *, size_t nchoices,
	    struct buf *ret_conflicts);

#endif
