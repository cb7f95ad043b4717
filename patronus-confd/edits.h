/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_EDITS_H
#define PATRONUS_CONFD_EDITS_H

#include "edit.h"

/*
 * Edits as values: they can be kept, and made again on another document.
 */

struct problems;

enum edit_kind {
	EDIT_KIND_INVALID = 0,
	EDIT_KIND_PUT,
	EDIT_KIND_PATCH,
	EDIT_KIND_DELETE,
	EDIT_KIND_APPEND,
	EDIT_KIND_MOVE
};

/* One edit as it was asked for. */
struct edit {
	enum edit_kind		 kind;
	const char		*path;		/* below /configuration; "" is the whole document */
	enum document_format	 format;
	const char		*body;
	size_t			 len;
	unsigned		 flags;		/* EDIT_CREATE, ... of put */
	enum edit_place		 place;		/* of move */
	const char		*ref;		/* of move */
};

/* A copy that owns its texts; 0 or -ENOMEM. */
int	 edit_copy(struct edit *, const struct edit *);
void	 edit_fini(struct edit *);
/* Make it; as the functions of edit.h.  ret_created and ret_key (malloc'd, of an append) may be NULL. */
int	 edit_apply(struct document *, const struct edit *, bool *ret_created, char **ret_key, struct problems *);

#endif
