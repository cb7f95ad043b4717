/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUSCTL_TABLE_H
#define PATRONUSCTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Rows for people and for scripts: aligned columns on a terminal, tab-separated values without alignment anywhere else.  Tabs and
 * control characters in a cell become spaces, so that a row is a row.
 */

#define TABLE_COLUMNS	12

struct table;

/* Titles are constants; one that starts with ">" is of a column of numbers, to the right. */
struct table	*table_new(const char *const *titles, size_t n);
void		 table_free(struct table *);
/* A cell, in order; the row is complete with its last. */
void		 table_cell(struct table *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Drop rows in which no cell contains the filter (small or capital letters alike); NULL and "" keep all. */
void		 table_filter(struct table *, const char *filter);
size_t		 table_rows(const struct table *);
/* Whether standard output is a terminal decides the form, unless is_aligned says so. */
void		 table_print(const struct table *, bool is_aligned, const char *indent);

#endif
