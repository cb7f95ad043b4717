/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_MIRROR_H
#define PATRONUS_CONFD_MIRROR_H

#include <stddef.h>
#include <stdint.h>

/*
 * running.yaml beside the database: the kept revision for people to read, and what the database is rebuilt from when it is
 * lost.  Written shortly after a revision was kept, off the path of the commit: the database is the truth.
 */

struct confd;
struct mirror;

struct mirror	*mirror_new(struct confd *);
/* Writes what is still to be written. */
void		 mirror_free(struct mirror *);
void		 mirror_changed(struct mirror *);

/* The revision that a text says it is, 0 when it does not. */
uint32_t	 mirror_number(const char *text, size_t len);

#endif
