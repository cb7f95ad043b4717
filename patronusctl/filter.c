/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "filter.h"

#define LAST_MAX	10000

const char filter_names[] = "count except json last match no-more save";

enum kind {
	KIND_INVALID = 0,
	KIND_MATCH,
	KIND_EXCEPT,
	KIND_COUNT,
	KIND_LAST,
	KIND_SAVE,
	KIND_NOTHING,		/* json, no-more */
};

struct filter {
	enum kind	 kind;
	regex_t		 re;
	bool		 has_re;
	uint64_t	 n;		/* count so far; how many last lines */
	char		**ring;
	FILE		*file;
};

struct filters {
	struct filter	 filter[LINE_FILTERS];
	unsigned	 n;
};

static const struct {
	const char	*name;
	enum kind	 kind;
	bool		 has_arg;
} kinds[] = {
	{ "match", KIND_MATCH, true }, { "except", KIND_EXCEPT, true }, { "count", KIND_COUNT, false }, { "last", KIND_LAST, true },
	{ "save", KIND_SAVE, true }, { "json", KIND_NOTHING, false }, { "no-more", KIND_NOTHING, false },
};

static bool
complain(const char *name, const char *text)
{
	fprintf(stderr, "| %s: %s\n", name, text);
	return false;
}

static bool
kind_set(struct filter *f, const struct filter_spec *s)
{
	char why[128];
	size_t i;
	int error;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, s->name) == 0)
			break;
	if (i == sizeof(kinds) / sizeof(kinds[0]))
		return complain(s->name, "there is no such filter; there are match, except, count, last, save, json and no-more");
	if (kinds[i].has_arg != (s->arg[0] != '\0'))
		return complain(s->name, kinds[i].has_arg ? "it needs a word" : "it takes no word");
	f->kind = kinds[i].kind;
	if (f->kind == KIND_MATCH || f->kind == KIND_EXCEPT) {
		if ((error = regcomp(&f->re, s->arg, REG_EXTENDED | REG_ICASE | REG_NOSUB)) != 0) {
			(void)regerror(error, &f->re, why, sizeof(why));
			return complain(s->name, why);
		}
		f->has_re = true;
	}
	if (f->kind == KIND_LAST && (str_u64(s->arg, 1, LAST_MAX, &f->n) != 0 || (f->ring = calloc(f->n, sizeof(*f->ring))) == NULL))
		return complain(s->name, "it takes a number from 1 to 10000");
	if (f->kind == KIND_SAVE && (f->file = fopen(s->arg, "we")) == NULL)
		return complain(s->name, strerror(errno));
	return true;
}

struct filters *
filters_new(const struct line *l)
{
	struct filters *fs = calloc(1, sizeof(*fs));
	unsigned i;

	for (i = 0; fs != NULL && i < l->nfilters; i++) {
		fs->n++;
		if (!kind_set(&fs->filter[i], &l->filters[i])) {
			filters_free(fs);
			return NULL;
		}
	}
	return fs;
}

bool
filters_want_json(const struct line *l)
{
	unsigned i;

	for (i = 0; i < l->nfilters; i++)
		if (strcmp(l->filters[i].name, "json") == 0)
			return true;
	return false;
}

/* A line at filter number `at`, and what becomes of it further on. */
static void
line_pass(struct filters *fs, unsigned at, const char *line)
{
	struct filter *f;

	for (; at < fs->n; at++) {
		f = &fs->filter[at];
		if (f->has_re && (regexec(&f->re, line, 0, NULL, 0) == 0) != (f->kind == KIND_MATCH))
			return;
		if (f->kind == KIND_COUNT) {
			f->n++;
			return;
		}
		if (f->kind == KIND_LAST) {
			free(f->ring[0]);
			memmove(f->ring, f->ring + 1, (f->n - 1) * sizeof(*f->ring));
			f->ring[f->n - 1] = strdup(line);
			return;
		}
		if (f->kind == KIND_SAVE) {
			fprintf(f->file, "%s\n", line);
			return;
		}
	}
	printf("%s\n", line);
}

/* The end of the output: filters that waited for it speak, the first one first. */
static void
end_pass(struct filters *fs)
{
	struct filter *f;
	unsigned at, i;
	char number[32];

	for (at = 0; at < fs->n; at++) {
		f = &fs->filter[at];
		if (f->kind == KIND_COUNT) {
			(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)f->n);
			line_pass(fs, at + 1, number);
		}
		for (i = 0; f->kind == KIND_LAST && i < f->n; i++)
			if (f->ring[i] != NULL)
				line_pass(fs, at + 1, f->ring[i]);
	}
}

void
filters_run(struct filters *fs, int fd)
{
	FILE *in = fdopen(fd, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	if (in == NULL) {
		(void)close(fd);
		return;
	}
	while ((n = getline(&line, &size, in)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		line_pass(fs, 0, line);
		(void)fflush(stdout);
	}
	free(line);
	(void)fclose(in);
	end_pass(fs);
	(void)fflush(stdout);
}

void
filters_free(struct filters *fs)
{
	struct filter *f;
	uint64_t i;

	if (fs == NULL)
		return;
	for (f = fs->filter; f < fs->filter + fs->n; f++) {
		if (f->has_re)
			regfree(&f->re);
		for (i = 0; f->ring != NULL && i < f->n; i++)
			free(f->ring[i]);
		free(f->ring);
		if (f->file != NULL && fclose(f->file) != 0)
			fprintf(stderr, "| save: %s\n", strerror(errno));
	}
	free(fs);
}
