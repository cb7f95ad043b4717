/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "line.h"

struct scan {
	const char	*p;
	char		*out;
};

/* One word at p into out; false when a quote does not end. */
static bool
word_take(struct scan *s)
{
	char quote = 0;

	for (; *s->p != '\0'; s->p++) {
		if (quote == 0 && (*s->p == ' ' || *s->p == '\t' || *s->p == '|'))
			break;
		if (*s->p == quote) {
			quote = 0;
			continue;
		}
		if (quote == 0 && (*s->p == '"' || *s->p == '\'')) {
			quote = *s->p;
			continue;
		}
		if (*s->p == '\\' && quote != '\'' && s->p[1] != '\0') {
			s->p++;
			*s->out++ = quote == '"' && *s->p == 'n' ? '\n' : *s->p;
			continue;
		}
		*s->out++ = *s->p;
	}
	*s->out++ = '\0';
	return quote == 0;
}

static int
filters_take(struct line *l, struct scan *s, const char **ret_why)
{
	struct filter_spec *f;

	while (*s->p == '|') {
		if (l->nfilters == LINE_FILTERS) {
			*ret_why = "too many filters";
			return -1;
		}
		f = &l->filters[l->nfilters++];
		s->p += 1 + strspn(s->p + 1, " \t");
		f->name = s->out;
		if (!word_take(s))
			l->is_open = true;
		s->p += strspn(s->p, " \t");
		f->arg = s->out;
		if (!word_take(s))
			l->is_open = true;
		s->p += strspn(s->p, " \t");
	}
	if (*s->p == '\0')
		return 0;
	*ret_why = "a filter takes one word; put quotes around several";
	return -1;
}

int
line_parse(struct line *l, const char *text, const char **ret_why)
{
	struct scan s;
	size_t len = strlen(text);

	memset(l, 0, sizeof(*l));
	/* A word is never longer than it was typed, but for its end; filters have two, of which one may be empty. */
	if ((l->text = malloc(2 * len + 2 * LINE_FILTERS + 2)) == NULL) {
		*ret_why = "no memory";
		return -1;
	}
	s = (struct scan){ text + strspn(text, " \t"), l->text };
	l->is_open = len == 0 || strchr(" \t", text[len - 1]) != NULL;
	while (*s.p != '\0' && *s.p != '|' && (*s.p != '#' || l->n > 0)) {
		if (l->n == LINE_WORDS) {
			*ret_why = "too many words";
			return -1;
		}
		l->words[l->n++] = s.out;
		if (!word_take(&s)) {
			*ret_why = "a quote does not end";
			return -1;
		}
		s.p += strspn(s.p, " \t");
	}
	return *s.p == '|' ? filters_take(l, &s, ret_why) : 0;
}

void
line_fini(struct line *l)
{
	free(l->text);
	l->text = NULL;
}

/* --- words cut short --- */

/* The words of commands that go on from group with this beginning; *ret_n different ones, the first in *ret. */
static void
next_words(const char *group, const char *partial, const char **ret, size_t *ret_len, unsigned *ret_n, char *names, size_t size)
{
	const char *next = "";
	size_t i, len = 0, at = 0, partial_len = strlen(partial);

	*ret_n = 0;
	names[0] = '\0';
	for (i = 0; i < commands_n; i++) {
		/* "sh" is show: there is no shell in a shell. */
		if (commands[i].is_hidden || strcmp(commands[i].words, "shell") == 0 ||
		    !command_next_word(&commands[i], group, &next, &len) || len < partial_len || memcmp(next, partial, partial_len) != 0)
			continue;
		if (*ret_n > 0 && len == *ret_len && memcmp(next, *ret, len) == 0)
			continue;
		if (len == partial_len) {	/* a whole word is itself */
			*ret = next;
			*ret_len = len;
			*ret_n = 1;
			return;
		}
		at += (size_t)snprintf(names + at, at < size ? size - at : 0, "%s%.*s", *ret_n > 0 ? ", " : "", (int)len, next);
		if ((*ret_n)++ == 0) {
			*ret = next;
			*ret_len = len;
		}
	}
}

/* Constant memory for a word: the table has it at the end of some command or before a space, so it is copied once. */
static const char *
word_keep(const char *word, size_t len)
{
	static char pool[512];
	static size_t used;
	char *p;

	if (used + len + 1 > sizeof(pool))
		used = 0;	/* of lines long gone */
	p = pool + used;
	memcpy(p, word, len);
	p[len] = '\0';
	used += len + 1;
	return p;
}

bool
line_expand(struct line *l, char *ret, size_t size)
{
	char group[256] = "";
	const char *next = "";
	size_t len = 0, at = 0;
	unsigned n;
	int i;

	for (i = 0; i < l->n; i++) {
		next_words(group, l->words[i], &next, &len, &n, ret, size);
		if (n == 0)
			return true;	/* an argument, or a command that the parser will not know either */
		if (n > 1)
			return false;
		l->words[i] = word_keep(next, len);
		at += (size_t)snprintf(group + at, at < sizeof(group) ? sizeof(group) - at : 0, "%s%s", i > 0 ? " " : "", l->words[i]);
	}
	return true;
}
