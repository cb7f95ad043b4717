/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "term.h"

struct table {
	const char *const	 *titles;
	size_t			  columns;
	char			**cells;	/* row by row */
	size_t			  n;
	size_t			  cap;
};

static void
no_memory(void)
{
	fprintf(stderr, "patronusctl: out of memory\n");
	exit(1);
}

struct table *
table_new(const char *const *titles, size_t n)
{
	struct table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		no_memory();
	t->titles = titles;
	t->columns = n < TABLE_COLUMNS ? n : TABLE_COLUMNS;
	return t;
}

void
table_free(struct table *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t);
}

void
table_cell(struct table *t, const char *fmt, ...)
{
	char *s, *p;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n == -1)
		no_memory();
	for (p = s; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	if (t->n == t->cap) {
		t->cap = t->cap > 0 ? 2 * t->cap : 64;
		t->cells = reallocarray(t->cells, t->cap, sizeof(t->cells[0]));
		if (t->cells == NULL)
			no_memory();
	}
	t->cells[t->n++] = s;
}

void
table_filter(struct table *t, const char *filter)
{
	size_t row, column, kept = 0;
	bool matches;

	if (filter == NULL || filter[0] == '\0')
		return;
	for (row = 0; row < table_rows(t); row++) {
		matches = false;
		for (column = 0; column < t->columns; column++)
			matches = matches || strcasestr(t->cells[row * t->columns + column], filter) != NULL;
		for (column = 0; column < t->columns; column++)
			if (matches)
				t->cells[kept++] = t->cells[row * t->columns + column];
			else
				free(t->cells[row * t->columns + column]);
	}
	t->n = kept;
}

size_t
table_rows(const struct table *t)
{
	return t->n / t->columns;
}

/* Columns that a cell takes: characters, as each byte of UTF-8 but the first of one continues it. */
static size_t
width(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static const char *
title(const struct table *t, size_t column, bool *ret_right)
{
	*ret_right = t->titles[column][0] == '>';
	return t->titles[column] + (*ret_right ? 1 : 0);
}

/* Blanks that are owed are paid before the next character, so that no line ends with them. */
static void
print_cell(const char *s, size_t wide, bool is_right, size_t *owed)
{
	size_t pad = wide - width(s);

	if (is_right)
		*owed += pad;
	if (s[0] != '\0') {
		printf("%*s%s", (int)*owed, "", s);
		*owed = 0;
	}
	*owed += (is_right ? 0 : pad) + 2;
}

static void
print_aligned(const struct table *t, const char *indent)
{
	size_t wide[TABLE_COLUMNS], row, column, owed;
	bool is_right;

	for (column = 0; column < t->columns; column++) {
		wide[column] = width(title(t, column, &is_right));
		for (row = 0; row < table_rows(t); row++)
			if (width(t->cells[row * t->columns + column]) > wide[column])
				wide[column] = width(t->cells[row * t->columns + column]);
	}
	owed = 0;
	printf("%s%s", indent, term_bold());
	for (column = 0; column < t->columns; column++) {
		const char *text = title(t, column, &is_right);

		print_cell(text, wide[column], is_right, &owed);
	}
	printf("%s\n", term_plain());
	for (row = 0; row < table_rows(t); row++) {
		owed = 0;
		fputs(indent, stdout);
		for (column = 0; column < t->columns; column++) {
			(void)title(t, column, &is_right);
			print_cell(t->cells[row * t->columns + column], wide[column], is_right, &owed);
		}
		putchar('\n');
	}
}

void
table_print(const struct table *t, bool is_aligned, const char *indent)
{
	size_t row, column;

	if (is_aligned || term_is_tty()) {
		print_aligned(t, indent);
		return;
	}
	for (row = 0; row < table_rows(t); row++)
		for (column = 0; column < t->columns; column++)
			printf("%s%c", t->cells[row * t->columns + column], column == t->columns - 1 ? '\n' : '\t');
}
