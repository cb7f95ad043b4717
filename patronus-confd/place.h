/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_PLACE_H
#define PATRONUS_CONFD_PLACE_H

#include <stddef.h>

/*
 * Where in a document something is: steps from the top, linked towards it, usually on the stack.  The same place has two
 * spellings: the pointer of the API and the path that people read.
 */

struct lyd_node;
struct node;
struct problems;
struct schema;
struct schema_node;

#define PLACE_LEN	1024
#define PLACE_STEPS	64

struct place {
	const struct place		*up;
	const struct schema_node	*s;
	const char			*key;	/* of a list's entry; NULL for the list itself and for all others */
};

/* "/firewall/rules/web-in/to" */
void	 place_pointer(const struct place *, char ret[PLACE_LEN]);
/* "firewall.rules[web-in].to" */
void	 place_path(const struct place *, char ret[PLACE_LEN]);

/* The steps to a data node; they live in steps, the last is returned. */
const struct place *place_of_data(const struct lyd_node *, struct place steps[PLACE_STEPS]);

/*
 * The line of a place in the text that a document was loaded from: of the member itself, or of the nearest thing above it
 * that is there.  value chooses among the values of a leaf-list; may be NULL.
 */
unsigned place_line(const struct place *, const struct node *source, const char *value);

/* Add a problem here. */
void	 place_problem(const struct place *, struct problems *, unsigned line, const char *code, const char *remedy,
	    const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* The same at a member that has no place of its own because the schema does not know it. */
void	 place_problem_at(const struct place *, const char *member, struct problems *, unsigned line, const char *code,
	    const char *remedy, const char *fmt, ...) __attribute__((format(printf, 7, 8)));

#endif
