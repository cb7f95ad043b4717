/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_VALUE_H
#define PATRONUS_CONFD_VALUE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Single values: is this text one, what is its canonical form, and if it is none, what does a person need to hear.
 */

struct node;
struct schema_node;

#define VALUE_LEN	64

struct value_fault {
	const char	*code;
	char		 text[640];
	char		 remedy[320];
};

/*
 * The canonical text of a scalar for a leaf or leaf-list: in n itself or in buf.  NULL with *ret_fault filled when it is
 * no such value.  Patterns of strings and references are not judged here but by the schema.
 */
const char	*value_read(const struct schema_node *, const struct node *n, char buf[VALUE_LEN], struct value_fault *ret_fault);
/* What to say when the schema refused the text; message is the schema's own, may be NULL. */
void		 value_refused(const struct schema_node *, const char *text, const char *message, struct value_fault *ret_fault);

/*
 * Remembers the candidate that is spelled most like a word.
 */
struct nearest {
	const char	*word;
	const char	*best;
	unsigned	 distance;
};

void		 nearest_init(struct nearest *, const char *word);
void		 nearest_try(struct nearest *, const char *candidate);
/* did you mean "dmz"?  or "" when nothing is near. */
const char	*nearest_remedy(const struct nearest *, char *buf, size_t size);

#endif
