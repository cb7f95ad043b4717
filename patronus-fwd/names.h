/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_NAMES_H
#define PATRONUS_FWD_NAMES_H

#include <stdint.h>

/* Names to things, for as long as an arena lives.  Start with a zeroed struct; names are borrowed. */

struct arena;

struct names {
	void		**items;
	const char	**names;
	uint32_t	 *hashes;
	uint32_t	  size;
	uint32_t	  n;
};

/* The name must not be there yet and the item not be NULL. */
void	 names_put(struct arena *, struct names *, const char *name, void *item);
/* The same when it is not there; else what is there, and nothing is put. */
void	*names_add(struct arena *, struct names *, const char *name, void *item);
/* The name is there. */
void	 names_remove(struct names *, const char *name);
/* A table as large for the same names, without a question asked: twin() gives the item and its name of the copy. */
void	 names_copy(struct arena *, struct names *to, const struct names *from, void *(*twin)(const void *item, void *arg, const char **ret_name),
	    void *arg);
void	*names_get(const struct names *, const char *name);

#endif
