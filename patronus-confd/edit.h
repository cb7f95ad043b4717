/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_EDIT_H
#define PATRONUS_CONFD_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "document.h"

/*
 * Edits of a document by API path: what follows /configuration, decoded, list entries by key ("" or "/" is the whole
 * document).  Each edit happens wholly or not at all.  Types are checked at once; references and cross-field
 * rules are not (document_validate does).
 *
 * Common results: 0; -ENOENT: there is no such path in the schema, or no such object (problems says which);
 * -EINVAL: the body is wrong (problems); -EEXIST; -ENOTSUP: the node knows no such edit; -ENOMEM.
 */

/* The node as text, in the shape that edit_put takes.  -ENOENT when it is not there. */
int	 edit_get(const struct document *, const char *path, enum document_format, unsigned flags, struct buf *);
/*
 * A list as JSON, without the entries of which no value has this text in it, whatever its case; a few of those may be there all the same.
 * -ENOTSUP: it is no list, or one in another, or the text is written in another way in JSON.
 */
int	 edit_find(const struct document *, const char *path, const char *text, struct buf *);
/* Does the path name something that is there? */
bool	 edit_exists(const struct document *, const char *path);

#define EDIT_CREATE	0x01	/* If-None-Match: *  -> -EEXIST when it is there already */
#define EDIT_REPLACE	0x02	/* -ENOENT when it is not there yet */

/* Create or replace; *ret_created tells which (may be NULL).  The parent list entry must exist; containers are made. */
int	 edit_put(struct document *, const char *path, enum document_format, const char *body, size_t len, unsigned flags,
	    bool *ret_created, struct problems *);
/* RFC 7396 merge patch.  Mapping-shaped lists ({"zones": {"dmz": {...}}}) merge by key; arrays replace. */
int	 edit_patch(struct document *, const char *path, enum document_format, const char *body, size_t len,
	    struct problems *);
int	 edit_delete(struct document *, const char *path, struct problems *);
/*
 * Append an entry to a list; the key may be missing where the schema can make one.  *ret_key is malloc'd; the caller
 * frees it.  -EEXIST when the key is taken.
 */
int	 edit_append(struct document *, const char *path, enum document_format, const char *body, size_t len, char **ret_key,
	    struct problems *);

enum edit_place {
	EDIT_PLACE_INVALID = 0,
	EDIT_FIRST,
	EDIT_LAST,
	EDIT_BEFORE,
	EDIT_AFTER
};

/* Move an entry of an ordered list; ref is the key for BEFORE and AFTER, else NULL. */
int	 edit_move(struct document *, const char *path, enum edit_place, const char *ref, struct problems *);

/* The ETag of a node: 32 hex digits and NUL over its canonical JSON.  -ENOENT when it is not there. */
int	 edit_etag(const struct document *, const char *path, char ret[33]);

#endif
