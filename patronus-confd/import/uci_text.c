/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The language of UCI: config TYPE [NAME], option NAME VALUE, list NAME VALUE, with single and double quotes. */
#include <string.h>

#include "base/arena.h"

#include "import/uci.h"

#define WORDS		3
#define SECTIONS_MAX	10000

/* One line into words; false when a quote does not end or there are too many. */
static bool
split(char *line, char *word[WORDS + 1], unsigned *ret_n)
{
	char *from = line, *to, quote;

	*ret_n = 0;
	for (;;) {
		while (*from == ' ' || *from == '\t' || *from == '\r')
			from++;
		if (*from == '\0' || *from == '#')
			return true;
		if (*ret_n == WORDS)
			return false;
		word[(*ret_n)++] = to = from;
		while (*from != '\0' && *from != ' ' && *from != '\t' && *from != '\r') {
			if (*from != '\'' && *from != '"') {
				if (*from == '\\' && from[1] != '\0')
					from++;
				*to++ = *from++;
				continue;
			}
			for (quote = *from++; *from != '\0' && *from != quote; from++) {
				if (quote == '"' && *from == '\\' && from[1] != '\0')
					from++;
				*to++ = *from;
			}
			if (*from == '\0')
				return false;
			from++;
		}
		if (*from != '\0')
			from++;
		*to = '\0';
	}
}

static void
start_section(struct uci *u, char *word[], unsigned n, unsigned line)
{
	struct uci_section *s = arena_alloc(u->d->arena, 1, sizeof(*s));

	if (s == NULL || n < 2) {
		draft_fail(u->d, s == NULL ? NULL : arena_printf(u->d->arena, "line %u: a section without a type", line));
		return;
	}
	*s = (struct uci_section){ .type = word[1], .name = n > 2 ? word[2] : "", .line = line };
	if (u->last != NULL)
		u->last->next = s;
	else
		u->first = s;
	u->last = s;
}

static void
add_option(struct uci *u, char *word[], unsigned n, unsigned line)
{
	struct uci_option *o = arena_alloc(u->d->arena, 1, sizeof(*o));

	if (o == NULL || n < 3 || u->last == NULL) {
		draft_fail(u->d, o == NULL ? NULL : arena_printf(u->d->arena, "line %u: an option without section, name or value", line));
		return;
	}
	*o = (struct uci_option){ .name = word[1], .value = word[2] };
	if (u->last->last != NULL)
		u->last->last->next = o;
	else
		u->last->first = o;
	u->last->last = o;
}

void
uci_parse(struct uci *u, const char *text)
{
	unsigned line, n, sections = 0;
	char *copy, *word[WORDS + 1];
	size_t len;

	for (line = 1; *text != '\0' && !u->d->failed; line++, text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		copy = arena_strndup(u->d->arena, text, len);
		if (copy == NULL || !split(copy, word, &n)) {
			draft_fail(u->d, copy == NULL ? NULL : arena_printf(u->d->arena, "line %u has a quote that does not end, or too many words", line));
			return;
		}
		if (n == 0 || strcmp(word[0], "package") == 0)
			continue;
		if (strcmp(word[0], "config") == 0 && ++sections <= SECTIONS_MAX)
			start_section(u, word, n, line);
		else if (strcmp(word[0], "option") == 0 || strcmp(word[0], "list") == 0)
			add_option(u, word, n, line);
		else
			draft_fail(u->d, arena_printf(u->d->arena, "line %u is no line of UCI, or one section too many", line));
	}
}

const char *
uci_get(const struct uci_section *s, const char *name)
{
	const struct uci_option *o;

	for (o = s != NULL ? s->first : NULL; o != NULL; o = o->next)
		if (strcmp(o->name, name) == 0)
			return o->value;
	return "";
}

bool
uci_flag(const struct uci_section *s, const char *name, bool missing)
{
	const char *v = uci_get(s, name);

	if (v[0] == '\0')
		return missing;
	return strcmp(v, "1") == 0 || strcmp(v, "yes") == 0 || strcmp(v, "true") == 0 || strcmp(v, "on") == 0 || strcmp(v, "enabled") == 0;
}

bool
uci_next(struct uci_words *w)
{
	size_t len;

	for (;;) {
		if (w->pos != NULL) {
			w->pos += strspn(w->pos, " \t");
			if (*w->pos != '\0')
				break;
		}
		for (w->at = w->at == NULL ? w->s->first : w->at->next; w->at != NULL && strcmp(w->at->name, w->name) != 0; w->at = w->at->next)
			;
		if (w->at == NULL)
			return false;
		w->pos = w->at->value;
	}
	len = strcspn(w->pos, " \t");
	memcpy(w->word, w->pos, len < sizeof(w->word) ? len : sizeof(w->word) - 1);
	w->word[len < sizeof(w->word) ? len : sizeof(w->word) - 1] = '\0';
	w->pos += len;
	return true;
}

bool
uci_is_type(const struct uci_section *s, const char *type)
{
	return strcmp(s->type, type) == 0;
}
