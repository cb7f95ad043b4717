/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_PROBLEM_H
#define PATRONUS_CONFD_PROBLEM_H

#include <stdbool.h>

/*
 * What is wrong with a document or an edit, gathered so that a person sees everything in one run.  The words are the
 * product's: the same in the CLI, the API and the page.
 */

struct buf;

#define PROBLEMS_MAX	100

struct problem {
	const char	*pointer;	/* "/firewall/rules/web-in/to"; "" for the whole document */
	const char	*path;		/* "firewall.rules[web-in].to" */
	const char	*code;		/* a stable slug: "unknown-reference" */
	const char	*text;		/* there is no zone "dmx" */
	const char	*remedy;	/* did you mean "dmz"?  "" when there is none */
	unsigned	 line;		/* of the document; 0 when there is no document */
	unsigned	 operation;	/* of a batch, from 1; 0: none */
};

struct problems;

struct problems	*problems_new(void);
void		 problems_free(struct problems *);
/*
 * Add one; everything is copied.  Silently dropped over PROBLEMS_MAX, and when the same pointer, code and text
 * were added before.  path may be NULL: it is then written from the pointer (every step after a dot).
 */
void		 problems_add(struct problems *, const char *pointer, const char *path, unsigned line, const char *code,
		    const char *remedy, const char *fmt, ...) __attribute__((format(printf, 7, 8)));
unsigned	 problems_count(const struct problems *);
const struct problem *problems_get(const struct problems *, unsigned i);
/* What is added from now on belongs to this operation of a batch (from 1; 0: to none again), which stands in this line. */
void		 problems_in_operation(struct problems *, unsigned operation, unsigned line);
/* Is there a problem at this pointer or at one below it? */
bool		 problems_below(const struct problems *, const char *pointer);
/* By line, then in the order they were found. */
void		 problems_sort(struct problems *);

/* The array "errors" of a problem+json body. */
void		 problems_print_json(const struct problems *, struct buf *);
/* "lab.yaml:41: firewall.rules[web-in].to: there is no zone "dmx"; did you mean "dmz"?" a line each; file may be NULL. */
void		 problems_print_text(const struct problems *, const char *file, struct buf *);

#endif
