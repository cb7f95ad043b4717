/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_RESTORED_H
#define PATRONUS_CONFD_RESTORED_H

#include <stdint.h>

/*
 * What a restore brought beside the document of its workspace (backup_contents.h), until that is committed: in memory, as workspaces are.  A list that is
 * new has its entries before its rules are in force; one that is there gets them, and the database of countries is replaced, when the revision is kept.
 */

struct backup_contents;
struct confd;
struct restored;

#define RESTORED_MAX		8
#define RESTORED_BYTES_MAX	(192u << 20)	/* of all together */

struct restored	*restored_new(struct confd *);
void		 restored_free(struct restored *);	/* NULL is fine */
/* It is taken with 0; -ENOBUFS: too much waits already. */
int		 restored_put(struct restored *, const char *workspace, const char *user, struct backup_contents *);
/* The workspace is no more, and nothing came of it. */
void		 restored_drop(struct restored *, const char *workspace);
/* It is about to be committed: what the next revision needs is there before.  0 or -errno, and then nothing is. */
int		 restored_place(struct restored *, const char *workspace);
/* It was not committed: all of it waits again. */
void		 restored_unplace(struct restored *, const char *workspace);
/* It is this revision now. */
void		 restored_committed(struct restored *, const char *workspace, uint32_t revision);
/* Another revision runs, or is kept. */
void		 restored_changed(struct restored *);

#endif
