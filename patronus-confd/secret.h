/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_SECRET_H
#define PATRONUS_CONFD_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What a document says in the place of a secret: {set: true, fingerprint: "0123456789abcdef"}.  The tree holds the fingerprint alone; the
 * value is somewhere else (vault.h) and never comes near a document.
 */

struct arena;
struct buf;
struct document;
struct node;
struct place;
struct problems;
struct schema;
struct schema_node;

/*
 * The fingerprint as a scalar of its own, from what a text says; NULL when it is not set, or not what can stand here: that is a problem
 * then.  A value that somebody wrote in its place is refused and never repeated.
 */
const struct node *secret_read(const struct place *, const struct node *, struct problems *, struct node *ret);
/* The same the other way: a map that secret_read() takes.  NULL when out of memory. */
struct node	*secret_node(struct arena *, const char *fingerprint);
/* Is this such a map? */
bool		 secret_is_node(const struct node *);
void		 secret_print_json(const char *fingerprint, struct buf *);
void		 secret_print_yaml(const char *fingerprint, struct buf *);

/* Call fn for each secret that is set, with its pointer ("/management/backup/targets/nas/password"). */
void		 secret_each(const struct document *, void (*fn)(const char *pointer, const char *fingerprint, void *arg), void *arg);
/* Does the value fit the place?  Says nothing about the value but its length. */
bool		 secret_check(const struct schema *, const char *pointer, const char *value, unsigned line, struct problems *);
/* Does a pointer lead to a secret of the schema?  *ret_min and *ret_max: bytes that its value may have. */
bool		 secret_at(const struct schema *, const char *pointer, unsigned *ret_min, unsigned *ret_max, bool *ret_multiline);

#endif
