/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_SNAPSHOT_H
#define PATRONUS_CONFD_SNAPSHOT_H

#include <stdint.h>

#include "digest.h"

/*
 * One revision in memory: a document that nobody changes any more.  Shared by reference count between the running and the
 * kept pointer, workspaces that stand on it, and a commit that is under way.
 */

struct document;

struct snapshot {
	unsigned	 refs;
	uint32_t	 number;
	char		 digest[DIGEST_STRLEN];
	struct document	*doc;
};

/* Takes the document, also when it fails (NULL). */
struct snapshot	*snapshot_new(uint32_t number, const char *digest, struct document *);
struct snapshot	*snapshot_ref(struct snapshot *);
/* The document becomes the caller's; whoever still holds the snapshot may not look at it again. */
struct document	*snapshot_release(struct snapshot *);
void		 snapshot_unref(struct snapshot *);	/* NULL is fine */

#endif
