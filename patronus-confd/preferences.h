/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_PREFERENCES_H
#define PATRONUS_CONFD_PREFERENCES_H

#include <stdbool.h>

/*
 * How each user wants the pages: language, colours, the widgets of the dashboard (docs/adr/0173).  Kept in a file of its own beside the store: no
 * commit waits for it, no revision and no backup has it, and losing it loses nothing else.  It leaves with its user.
 */

struct arena;
struct buf;
struct confd;
struct node;
struct preferences;
struct problems;

#define PREFERENCES_MAX		4096	/* bytes, of one user */

/* NULL: they cannot be kept, which was logged. */
struct preferences	*preferences_open(const char *dir);
void		 preferences_close(struct preferences *);	/* NULL is fine */

/* What was kept of a user, "{}" when there is nothing.  0, or -EIO when it cannot be kept. */
int		 preferences_get(struct preferences *, const char *user, char ret[PREFERENCES_MAX + 1]);
int		 preferences_put(struct preferences *, const char *user, const char *text);
/* Users came or went: what is of nobody in running and kept goes. */
void		 preferences_sweep(const struct confd *);

/* Is this an object that can be kept?  Its canonical text is added to the buffer; false with problems when not. */
bool		 preferences_check(const struct node *, struct buf *, struct problems *);

#endif
