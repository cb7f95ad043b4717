/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUSCTL_COMPLETE_H
#define PATRONUSCTL_COMPLETE_H

#include <stddef.h>

struct ctl;

/* Candidates for the last of the words of a command line, as patronusctl __complete prints them. */
void	complete_line(struct ctl *, const char *const *words, int n);
/* From now on the first n bytes of candidates are left out: the shell has them as words before. */
void	complete_strip(size_t n);
/* Print the word when it starts with what was typed. */
void	complete_candidate(const char *partial, const char *word, size_t len, const char *text);
/* Paths of what the configuration holds. */
void	complete_path(struct ctl *, const char *partial);
/* Paths of what it could hold, by the schema; entries of lists are those that are there. */
void	complete_schema_path(struct ctl *, const char *partial);
/* Values that the schema knows for a path: choices, truth values, names of other objects. */
void	complete_schema_value(struct ctl *, const char *path, const char *partial);

#endif
