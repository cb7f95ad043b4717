/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUSCTL_BATCH_H
#define PATRONUSCTL_BATCH_H

#include <jansson.h>

#include "base/buf.h"

/*
 * Edits that are made together or not at all (POST /batch).  Entries of lists that a path goes through and that are not there yet are made
 * first: who sets a member of a rule means that there is such a rule.
 */

struct ctl;

struct batch {
	const char	*file;		/* for messages; NULL: a command line */
	const char	*workspace;
	const json_t	*schema;
	json_t		*known;		/* paths of all entries that are there or will be */
	struct buf	 body;
	unsigned	*lines;		/* of each operation */
	unsigned	 n;
	unsigned	 line;		/* of what is added now */
};

/* Reads schema and what the workspace holds.  An exit code; batch_fini in any case. */
int	 batch_init(struct batch *, struct ctl *, const char *file, const char *workspace);
void	 batch_fini(struct batch *);
/* Paths are "/firewall/rules/web-in/action"; words are a value as set takes it, none for an empty object. */
void	 batch_set(struct batch *, const char *path, const char *const *words, int n);
void	 batch_delete(struct batch *, const char *path);
/* how is "to", "before" or "after". */
void	 batch_move(struct batch *, const char *path, const char *how, const char *where);
/* An exit code; each error is told, with its line when there is a file. */
int	 batch_send(struct ctl *, struct batch *);

#endif
