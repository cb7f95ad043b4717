/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_NODE_H
#define PATRONUS_CONFD_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a YAML or JSON text says before the schema has judged it: maps, sequences and scalars that know their line.
 * The readers (yamldoc.h, jsondoc.h) make such trees in an arena and refuse everything that two readers could
 * understand differently.
 */

struct arena;
struct buf;
struct problems;

#define NODE_DEPTH_MAX	32
#define NODE_BYTES_MAX	(4u << 20)	/* of a document */
#define NODE_BACKUP_MAX	(16u << 20)	/* of a backup */

enum node_kind {
	NODE_INVALID = 0,	/* what was refused; nothing more is said about it */
	NODE_NULL,
	NODE_SCALAR,
	NODE_MAP,
	NODE_SEQ
};

enum node_style {
	NODE_PLAIN = 0,		/* YAML plain scalar: may be a boolean or a number */
	NODE_QUOTED,		/* a string for certain (YAML quotes, JSON string) */
	NODE_NUMBER,		/* JSON number */
	NODE_BOOL		/* JSON true, false */
};

struct node {
	uint8_t			 kind;		/* enum node_kind */
	uint8_t			 style;		/* enum node_style, of scalars */
	unsigned		 line;		/* of the key for members of a map, else of the value; from 1 */
	uint32_t		 n;		/* children */
	uint32_t		 len;		/* of text */
	const char		*name;		/* the key in a map, else NULL */
	const char		*text;		/* of scalars; NUL-terminated, UTF-8, no NUL inside */
	struct node		*first;
	struct node		*last;
	struct node		*next;
};

/*
 * Is this a text at all: at most max bytes, UTF-8 without NUL?  Adds a problem with its line when it is not.
 */
bool		 node_check_text(const char *data, size_t len, size_t max, struct problems *);

/* Words that YAML 1.1 takes for booleans and YAML 1.2 for text, when they are not in quotes. */
bool		 node_is_doubtful(const char *text);

struct node	*node_new(struct arena *, enum node_kind, unsigned line);
struct node	*node_scalar(struct arena *, enum node_style, const char *text, size_t len, unsigned line);
void		 node_append(struct node *parent, struct node *child);
/* The member of a map by its name, or NULL. */
struct node	*node_member(const struct node *map, const char *name);
/* The text of a scalar member that is a string, or NULL. */
const char	*node_member_text(const struct node *map, const char *name);
/* A deep copy; NULL when out of memory. */
struct node	*node_dup(struct arena *, const struct node *);
/* RFC 7396: changes target (a map) in place; what patch holds is copied.  0 or -ENOMEM. */
int		 node_merge(struct arena *, struct node *target, const struct node *patch);

/* As JSON text, without blanks.  What a YAML document leaves open (plain scalars) is written as a string. */
void		 node_print_json(const struct node *, struct buf *);

#endif
