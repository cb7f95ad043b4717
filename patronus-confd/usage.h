/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_USAGE_H
#define PATRONUS_CONFD_USAGE_H

/*
 * Who refers to an entry of a list: each value of a document that the schema makes a reference (leafref) to that list, and that names the entry.
 */

struct document;
struct place;
struct problems;

typedef void usage_each(const struct place *, void *arg);

/*
 * Calls fn for each of them in the order of the document.  path is one of the API below /configuration, "/firewall/groups/admins".  0, -ENOENT when
 * there is no such entry, or -EINVAL when the path leads to something else than an entry; problems says what.
 */
int	 usage_find(const struct document *, const char *path, struct problems *, usage_each *fn, void *arg);

typedef void usage_count(const char *name, unsigned n, void *arg);

/* How often each entry of a list is referred to, by name; those that nothing refers to are left out.  0, -EINVAL, or -ENOMEM. */
int	 usage_counts(const struct document *, const char *path, struct problems *, usage_count *fn, void *arg);

#endif
