/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_DOCUMENT_H
#define PATRONUS_CONFD_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One whole configuration.  A document that was loaded has correct types everywhere; whether its references hold and
 * its cross-field rules are kept, document_validate() says.
 */

struct buf;
struct lyd_node;
struct problems;
struct schema;
struct document;

enum document_format {
	DOCUMENT_INVALID = 0,
	DOCUMENT_YAML,
	DOCUMENT_JSON,
	DOCUMENT_NODES		/* only read: what patronus-parse made of a text from outside (nodes.h) */
};

#define DOCUMENT_FULL		0x01	/* print defaults too; YAML marks them with a comment "# default" */
#define DOCUMENT_WITHOUT_LISTS	0x02	/* JSON: without entries of lists */

/* An empty document.  NULL when out of memory. */
struct document	*document_new(const struct schema *);
struct document	*document_dup(const struct document *);
void		 document_free(struct document *);

/*
 * Read a text and check the type of everything in it.  0 and *ret, -EINVAL with at least one problem (every one that
 * could be found, with its line), or -ENOMEM.  A syntax error is one problem with code "syntax"; a document over 4 MiB
 * has code "too-large".
 */
int		 document_load(const struct schema *, enum document_format, const char *data, size_t len, struct problems *,
		    struct document **ret);
/*
 * Check references, mandatory nodes and cross-field rules.  0, or -EINVAL with all problems (at most PROBLEMS_MAX);
 * they have lines while the document is as it was loaded and was not found valid.  What the document says does not change.
 */
int		 document_validate(struct document *, struct problems *);

/*
 * document_validate() for a document that was valid before the edits at these paths ("/firewall/rules/web-in", n of them) were made:
 * judges only what they can affect where the schema says that nothing else looks at it (an entry of a list that no leafref, must or
 * when of another place refers to: the entries that were not touched need not be judged again), and everything otherwise.
 * The same answer as document_validate(); one rule of 10,000 in a few milliseconds.
 */
int		 document_validate_touched(struct document *, const char *const *paths, size_t n, struct problems *);

/*
 * load and validate in one go: also the problems of the second kind for what could be read when there are problems of
 * the first kind.  This is what "validate" of a file should call.
 */
int		 document_check(const struct schema *, enum document_format, const char *data, size_t len, struct problems *,
		    struct document **ret);

/* Canonical text: the same for equal documents; print, load, print gives the same bytes.  0 or -ENOMEM. */
int		 document_print(const struct document *, enum document_format, unsigned flags, struct buf *);
/* 64 hex digits and NUL: SHA-256 of the canonical YAML; the same for equal documents.  0 or -ENOMEM. */
int		 document_digest(const struct document *, char ret[65]);

/*
 * The subtree of an owner in wire form, for CONF_PREPARE; malloc'd, the caller frees.  The document must be valid.
 * 0, -ENOENT (no such owner), -EPROTO (over a bound; logged) or -ENOMEM.
 */
int		 document_encode(const struct document *, const char *owner, uint8_t **ret, size_t *ret_len);

/*
 * A leaf's value as text, with its default when it is not set: "/management/web/port".  The text belongs to the
 * document (or schema) until it changes; NULL when there is none.
 */
const char	*document_value(const struct document *, const char *path);
/* Call fn for each entry of a list ("/users") or value of a leaf-list with its key or value. */
void		 document_each(const struct document *, const char *path, void (*fn)(const char *key, void *arg), void *arg);

/* Is there a value of a leaf-list of this name, wherever it is?  The name is a constant: its address stands for it. */
bool		 document_has(const struct document *, const char *leaf_list);

/* For this program's own files that walk the tree (edit.c, diff.c, reach.c, sight.c): the first top-level node, or NULL. */
struct lyd_node	*document_tree(const struct document *);
/* The node at a path; of a list its first entry.  NULL when it is not there. */
const struct lyd_node *document_find(const struct document *, const char *path);
const struct schema *document_schema(const struct document *);

#endif
