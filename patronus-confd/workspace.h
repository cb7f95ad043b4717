/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_WORKSPACE_H
#define PATRONUS_CONFD_WORKSPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "document.h"
#include "edits.h"
#include "rights.h"

/*
 * Candidates: a base revision and the edits that were made on it.  The tree is copied at the first edit; what changed is known from
 * the list of edits, without comparing trees.  In memory only: a restart of confd loses what was not committed.
 */

struct breach;
struct buf;
struct confd;
struct problems;
struct snapshot;
struct workspaces;

#define WORKSPACES_MAX		32
#define WORKSPACES_PER_OWNER	16
#define WORKSPACE_IDLE_MS	(24ull * 3600 * 1000)
#define WORKSPACE_EDIT_BYTES	(8u << 20)	/* of bodies kept for a rebase */
#define WORKSPACE_SECTIONS	32

struct workspace {
	char			 id[17];	/* "": free */
	char			 owner[65];
	struct snapshot		*base;
	struct document		*doc;		/* NULL until the first edit */
	struct edit		*edits;		/* replayable, in order */
	unsigned		 nedits;
	size_t			 edit_bytes;
	bool			 is_whole;	/* the document was replaced, or too much was edited to remember it */
	uint32_t		 sections;	/* bits of schema_section(): touched by an edit */
	unsigned		 changes;
	uint64_t		 created_ms;	/* wall clock */
	uint64_t		 used_ms;	/* monotonic */
	bool			 is_busy;	/* a commit or validation of it is under way */
};

struct workspaces *workspaces_new(struct confd *);
void		 workspaces_free(struct workspaces *);

/* doc (taken) is what it starts with, NULL: its base.  NULL when there are too many (*ret_error -ENOBUFS) or no memory. */
struct workspace *workspace_new(struct workspaces *, const char *owner, struct document *doc, int *ret_error);
struct workspace *workspace_find(struct workspaces *, const char *id);
void		 workspace_free(struct workspaces *, struct workspace *);
/* The i-th that exists, or NULL. */
struct workspace *workspace_get(struct workspaces *, unsigned i);
/* What reads see: the candidate, or its base while there is none. */
const struct document *workspace_document(const struct workspace *);
/* Does an admin, or the person who made it, ask? */
bool		 workspace_may(const struct workspace *, const char *user, const struct rights *);

/*
 * Make one edit; the errors are those of edit.h, and -EACCES when it would change what the caller may not.
 * ret_created and ret_key (malloc'd, of an append) may be NULL.
 */
int		 workspace_edit(struct workspaces *, struct workspace *, const struct rights *, const struct edit *, bool *ret_created,
		    char **ret_key, struct problems *);

/* What a workspace was before several edits that belong together. */
struct workspace_mark {
	struct document	*doc;		/* a copy, when that is needed to go back */
	bool		 had_doc;
	bool		 is_copied;
	unsigned	 nedits;
	unsigned	 changes;
	uint32_t	 sections;
};

/* more: bytes of the bodies of the edits to come.  0, or -ENOMEM; then one of the other two follows: go back to the mark, or forget it. */
int		 workspace_mark(const struct workspace *, size_t more, struct workspace_mark *ret);
void		 workspace_back(struct workspaces *, struct workspace *, struct workspace_mark *);
void		 workspace_unmark(struct workspace_mark *);

/*
 * Is the candidate valid?  As document_validate(); only what was touched is judged when the edits are known one by one.  The base must
 * be the running revision, which is valid.
 */
int		 workspace_check(struct workspace *, struct problems *);

/* For merge.c: who it belongs to; note an edit that was made (key: of an entry that was appended), and count the changes of a document that was replaced. */
struct confd	*workspaces_confd(const struct workspaces *);
void		 workspace_remember(struct workspace *, const struct edit *, const char *key);
int		 workspace_measure(struct workspaces *, struct workspace *);

/* Owners (bits) of the sections it touches. */
uint32_t	 workspace_owners(const struct workspaces *, const struct workspace *);
/* Where the caller's rights ended in the last edit that was refused with -EACCES. */
const struct breach *workspaces_breach(const struct workspaces *);
/* The first section that it touches and whose changes are guarded by a fresh second factor, or NULL. */
const char	*workspace_guarded(const struct workspaces *, const struct workspace *);
/* Which section a path is in: its bit, or all for the whole document, or 0 for none. */
uint32_t	 workspace_section_bit(const struct confd *, const char *path);

/*
 * The workspace was committed and is forgotten.  Its edits and its base are kept until nobody needs the base any more: the same
 * edits make of that old tree a second copy of the new one, and the next workspace starts with it instead of copying.
 */
void		 workspace_committed(struct workspaces *, struct workspace *, uint32_t number);
/* Running or kept became another revision: make the spare copy, or give it up. */
void		 workspaces_settle(struct workspaces *);
/* Now and then: a spare copy that nobody wanted for a while goes, and workspaces that were idle for too long. */
void		 workspaces_tidy(struct workspaces *);

void		 workspace_print(const struct workspace *, struct buf *);

#endif
