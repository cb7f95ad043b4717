/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What became of each object of the source. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"

#include "import/draft.h"

#define TEXT_MAX	240
#define NOTE_MAX	400

const char *
draft_line(struct draft *d, const char *text, size_t max)
{
	size_t len = strlen(text), i;
	char *copy;

	/* No character is cut in two. */
	if (len > max)
		for (len = max; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80; len--)
			;
	if ((copy = arena_strndup(d->arena, text, len)) == NULL) {
		draft_fail(d, NULL);
		return "";
	}
	for (i = 0; i < len; i++)
		if ((unsigned char)copy[i] < 0x20 || copy[i] == 0x7f)
			copy[i] = ' ';
	str_clean(copy);
	/* C1 controls are control characters of Unicode, too (U+0080 to U+009F): none of them is text. */
	for (i = 0; i + 1 < len; i++)
		if ((unsigned char)copy[i] == 0xc2 && (unsigned char)copy[i + 1] < 0xa0) {
			copy[i] = ' ';
			copy[i + 1] = ' ';
		}
	return copy;
}

struct entry *
entry_add(struct draft *d, unsigned line, const char *place, const char *text, size_t len)
{
	struct entry *e = arena_alloc(d->arena, 1, sizeof(*e));
	char *copy = arena_strndup(d->arena, text, len > 4 * TEXT_MAX ? 4 * TEXT_MAX : len);

	if (e == NULL || copy == NULL) {
		draft_fail(d, NULL);
		return NULL;
	}
	e->line = line;
	e->place = draft_line(d, place, TEXT_MAX);
	e->text = draft_line(d, copy, TEXT_MAX);
	e->outcome = OUTCOME_DONE;
	if (d->last != NULL)
		d->last->next = e;
	else
		d->first = e;
	d->last = e;
	return e;
}

void
entry_note(struct draft *d, struct entry *e, enum outcome outcome, const char *fmt, ...)
{
	char text[NOTE_MAX];
	va_list ap;
	unsigned i;

	if (e == NULL)
		return;
	if (outcome > e->outcome)
		e->outcome = outcome;
	if (fmt == NULL || e->nnotes == DRAFT_NOTES)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (i = 0; i < e->nnotes; i++)
		if (strcmp(e->notes[i], text) == 0)
			return;
	e->notes[e->nnotes++] = draft_line(d, text, NOTE_MAX);
}

void
entry_object(struct draft *d, struct entry *e, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	if (e == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (e->nobjects < DRAFT_OBJECTS)
		e->objects[e->nobjects] = draft_line(d, text, sizeof(text));
	e->nobjects++;
}
