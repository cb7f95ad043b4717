/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "batch.h"
#include "exit.h"
#include "line.h"
#include "schema_walk.h"
#include "setfile.h"

#define PATH_LEN	1024

static const char *const verbs[] = { "set ", "delete ", "move " };

struct setfile {
	struct batch	 batch;
	unsigned	 errors;
};

static bool
starts_with_verb(const char *s)
{
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strncmp(s, verbs[i], strlen(verbs[i])) == 0)
			return true;
	return false;
}

bool
setfile_is(const struct buf *b)
{
	const char *p = (const char *)b->data, *end = p + b->len;

	while (p < end && (*p == '#' || *p == '\n' || *p == ' ' || *p == '\r')) {
		if (*p == '#')
			while (p < end && *p != '\n')
				p++;
		else
			p++;
	}
	return (size_t)(end - p) > 8 && starts_with_verb(p);
}

static void
complain(struct setfile *f, const char *text)
{
	fprintf(stderr, "%s:%u: %s\n", f->batch.file, f->batch.line, text);
	f->errors++;
}

/* The first n words after the verb as a path; *ret_used of them are. */
static bool
path_take(const struct setfile *f, const struct line *l, int n, char ret[PATH_LEN], int *ret_used)
{
	return n > 0 && schema_join(f->batch.schema, "", l->words + 1, n, ret, PATH_LEN, ret_used) && *ret_used > 0;
}

static void
set_take(struct setfile *f, const struct line *l)
{
	char path[PATH_LEN];
	int used;

	if (path_take(f, l, l->n - 1, path, &used))
		batch_set(&f->batch, path, l->words + 1 + used, l->n - 1 - used);
	else
		complain(f, "set takes a path of the configuration, then a value");
}

static void
delete_take(struct setfile *f, const struct line *l)
{
	char path[PATH_LEN];
	int used;

	if (path_take(f, l, l->n - 1, path, &used) && used == l->n - 1)
		batch_delete(&f->batch, path);
	else
		complain(f, "delete takes a path of the configuration and nothing more");
}

static void
move_take(struct setfile *f, const struct line *l)
{
	const char *last = l->words[l->n - 1], *before = l->n > 3 ? l->words[l->n - 2] : "";
	bool is_to = strcmp(last, "first") == 0 || strcmp(last, "last") == 0;
	bool is_beside = strcmp(before, "before") == 0 || strcmp(before, "after") == 0;
	int used, n = l->n - 1 - (is_beside ? 2 : 1);
	char path[PATH_LEN];

	if ((is_to || is_beside) && path_take(f, l, n, path, &used) && used == n)
		batch_move(&f->batch, path, is_beside ? before : "to", last);
	else
		complain(f, "move takes a path, then first, last, before ID or after ID");
}

static void
line_take(struct setfile *f, const char *text)
{
	const char *why;
	struct line l;

	if (line_parse(&l, text, &why) != 0 || l.nfilters > 0)
		complain(f, l.nfilters > 0 ? "a \"|\" belongs into quotes" : why);
	else if (l.n == 0)
		;	/* nothing, or a remark */
	else if (strcmp(l.words[0], "set") == 0)
		set_take(f, &l);
	else if (strcmp(l.words[0], "delete") == 0)
		delete_take(f, &l);
	else if (strcmp(l.words[0], "move") == 0 && l.n > 2)
		move_take(f, &l);
	else
		complain(f, "a line starts with set, delete or move");
	line_fini(&l);
}

static void
lines_take(struct setfile *f, const struct buf *b)
{
	const char *p = (const char *)b->data, *end = p + b->len, *stop;
	char *text;
	size_t len;

	for (; p < end; p = stop + 1) {
		f->batch.line++;
		stop = memchr(p, '\n', (size_t)(end - p));
		if (stop == NULL)
			stop = end;
		len = (size_t)(stop - p);
		if (len > 0 && p[len - 1] == '\r')
			len--;
		if ((text = strndup(p, len)) == NULL)
			return;
		line_take(f, text);
		free(text);
	}
}

int
setfile_load(struct ctl *c, const struct buf *text, const char *file, const char *workspace, unsigned *ret_n)
{
	struct setfile f = { .errors = 0 };
	int code;

	if ((code = batch_init(&f.batch, c, file, workspace)) == EXIT_OK) {
		lines_take(&f, text);
		*ret_n = f.batch.n;
		if (f.errors > 0) {
			fprintf(stderr, "nothing was changed\n");
			code = EXIT_INVALID;
		} else if (f.batch.n > 0)
			code = batch_send(c, &f.batch);
	}
	batch_fini(&f.batch);
	return code;
}
