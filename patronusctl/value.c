/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/str.h"
#include "value.h"

/* Booleans to some readers of YAML, and refused in documents for that; here it is a person's word for one leaf, who has typed no YAML. */
static bool
is_doubtful(const char *s)
{
	static const char *const words[] = { "yes", "no", "on", "off", "y", "n", "true", "false" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(s, words[i]) == 0)
			return strcmp(s, "true") != 0 && strcmp(s, "false") != 0;
	return false;
}

/* A plain scalar that YAML reads as it is written. */
static bool
is_plain(const char *s)
{
	const char *p;

	if (is_doubtful(s))
		return false;
	if (s[0] == '\0' || strchr("-?:,[]{}#&*!|>'\"%@`~", s[0]) != NULL)
		return false;
	for (p = s; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("._:/@%+-", *p) == NULL)
			return false;
	return p[-1] != ':';
}

void
value_put_quoted(struct buf *b, const char *s)
{
	buf_putc(b, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			buf_putc(b, '\\');
		if (*s == '\n')
			buf_puts(b, "\\n");
		else if (*s == '\t')
			buf_puts(b, "\\t");
		else
			buf_putc(b, *s);
	}
	buf_putc(b, '"');
}

static void
put_scalar(struct buf *b, const char *s)
{
	if (is_plain(s))
		buf_puts(b, s);
	else
		value_put_quoted(b, s);
}

static void
list_put(struct buf *b, const char *const *words, int n)
{
	int i;

	buf_putc(b, '[');
	for (i = 0; i < n; i++) {
		buf_puts(b, i > 0 ? ", " : "");
		put_scalar(b, words[i]);
	}
	buf_putc(b, ']');
}

void
value_put(struct buf *b, const char *const *words, int n)
{
	/* As set-commands print a list: [ a b ] */
	if (n > 1 && strcmp(words[0], "[") == 0 && strcmp(words[n - 1], "]") == 0) {
		list_put(b, words + 1, n - 2);
		return;
	}
	if (n == 1 && (words[0][0] == '[' || words[0][0] == '{')) {
		buf_puts(b, words[0]);
		return;
	}
	if (n == 1) {
		put_scalar(b, words[0]);
		return;
	}
	list_put(b, words, n);
}

uint64_t
value_seconds(const char *text)
{
	static const struct {
		char		unit;
		uint64_t	seconds;
	} units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };
	char number[16];
	size_t len = strlen(text), i;
	uint64_t n;

	if (len < 2 || len > sizeof(number))
		return 0;
	(void)str_copy(number, text, len);
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (text[len - 1] == units[i].unit && str_u64(number, 1, 400 * 86400, &n) == 0)
			return n * units[i].seconds;
	return 0;
}
