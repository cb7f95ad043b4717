/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUSCTL_FILTER_H
#define PATRONUSCTL_FILTER_H

#include <stdbool.h>

#include "line.h"

/*
 * What the shell does with the lines of a command's output: match, except, count, last, save.  json and no-more are told to the command
 * itself.
 */

struct filters;

/* NULL after telling what is wrong. */
struct filters	*filters_new(const struct line *);
/* Read lines from fd until it ends, and print what is left of them. */
void		 filters_run(struct filters *, int fd);
void		 filters_free(struct filters *);
bool		 filters_want_json(const struct line *);

/* "match except ...": for completion. */
extern const char filter_names[];

#endif
