/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Candidates for the last word of a command line, one per line: the word, a tab, what it is.  A candidate that ends with "/" goes on.
 * The line ":files" asks the shell for file names.  The shells' scripts only hand over what they have.
 */
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "client.h"
#include "complete.h"
#include "ctl.h"
#include "exit.h"
#include "run.h"

#define CONNECT_MS	1000	/* a shell that waits is worse than one that does not know */

static void
complete_words(const char *words, const char *partial)
{
	size_t len;

	for (; *words != '\0'; words += strspn(words, " ")) {
		len = strcspn(words, " ");
		complete_candidate(partial, words, len, "");
		words += len;
	}
}

/* --- values from the box --- */

static void
complete_list(struct ctl *c, const char *path, const char *list, const char *key, const char *text, const char *partial)
{
	const json_t *rows, *o;
	char word[64];
	struct reply r;
	size_t i;

	if (api_get(c, path, "", &r) != EXIT_OK)
		return;
	rows = json_object_get(r.json, list);
	for (i = 0; i < json_array_size(rows); i++) {
		o = json_array_get(rows, i);
		if (json_is_string(json_object_get(o, key)))
			(void)snprintf(word, sizeof(word), "%s", json_text(o, key));
		else
			(void)snprintf(word, sizeof(word), "%lld", (long long)json_number(o, key));
		complete_candidate(partial, word, strlen(word), json_text(o, text));
	}
	reply_fini(&r);
}

static void
complete_values(struct ctl *c, enum values values, const char *words, const char *first, const char *partial)
{
	switch (values) {
	case VALUES_NONE:
		break;
	case VALUES_FILE:
		printf(":files\n");
		break;
	case VALUES_PATH:
	case VALUES_RULE:
		complete_path(c, partial);
		break;
	case VALUES_SCHEMA_PATH:
		complete_schema_path(c, partial);
		break;
	case VALUES_SCHEMA_VALUE:
		complete_schema_value(c, first, partial);
		break;
	case VALUES_REVISION:
		complete_list(c, "/revisions", "revisions", "number", "comment", partial);
		break;
	case VALUES_WORKSPACE:
		complete_list(c, "/workspaces", "workspaces", "id", "owner", partial);
		break;
	case VALUES_DIFFERENCE:
		complete_list(c, "/drift", "differences", "id", "object", partial);
		break;
	case VALUES_TEMPORARY:
		complete_list(c, "/temporary-members", "entries", "id", "address", partial);
		break;
	case VALUES_WORDS:
		complete_words(words, partial);
		break;
	}
}

/* --- words, options and arguments --- */

static void
complete_options(const struct option *o, const char *partial)
{
	char word[64];

	for (; o->name != NULL; o++) {
		(void)snprintf(word, sizeof(word), "--%s", o->name);
		complete_candidate(partial, word, strlen(word), o->help);
	}
}

/* The next words of the commands below a group, each once. */
static void
complete_commands(const char *group, const char *partial)
{
	const char *next, *before;
	size_t i, j, len, n;
	bool is_last;

	for (i = 0; i < commands_n; i++) {
		if (commands[i].is_hidden || !command_next_word(&commands[i], group, &next, &len))
			continue;
		for (j = 0; j < i; j++)
			if (!commands[j].is_hidden && command_next_word(&commands[j], group, &before, &n) && n == len &&
			    memcmp(before, next, n) == 0)
				break;
		is_last = next[len] == '\0';
		if (j == i)
			complete_candidate(partial, next, len, is_last ? commands[i].summary : "");
	}
}

static const struct option *
option_of(const struct command *c, const char *word)
{
	const struct option *lists[2] = { global_options, c != NULL ? c->options : NULL }, *o;
	size_t i;

	for (i = 0; i < 2; i++)
		for (o = lists[i]; o != NULL && o->name != NULL; o++)
			if ((word[0] == '-' && word[1] == '-' && strcmp(word + 2, o->name) == 0) ||
			    (word[0] == '-' && word[1] == o->letter && word[1] != '\0' && word[2] == '\0'))
				return o;
	return NULL;
}

/* What the words before the last one were. */
struct context {
	const struct command	*command;
	const struct option	*open;		/* an option that waits for its value */
	char			 group[256];
	const char		*first;		/* argument of the command */
	int			 nargs;
};

static void
take_word(struct ctl *c, struct context *x, const char *word)
{
	char words[320];
	size_t i;

	if (x->open != NULL) {
		/* The candidates come from the box and workspace that the line names. */
		if (strcmp(x->open->name, "socket") == 0)
			c->socket = word;
		else if (strcmp(x->open->name, "workspace") == 0)
			c->workspace = word;
		x->open = NULL;
		return;
	}
	if (word[0] == '-' && word[1] != '\0') {
		x->open = option_of(x->command, word);
		if (x->open != NULL && x->open->arg == NULL)
			x->open = NULL;
		return;
	}
	if (x->command != NULL) {
		if (x->nargs++ == 0)
			x->first = word;
		return;
	}
	(void)snprintf(words, sizeof(words), "%s%s%s", x->group, x->group[0] != '\0' ? " " : "", word);
	(void)snprintf(x->group, sizeof(x->group), "%s", words);
	for (i = 0; i < commands_n; i++)
		if (strcmp(commands[i].words, x->group) == 0)
			x->command = &commands[i];
}

static const struct argument *
argument_at(const struct command *c, int n)
{
	const struct argument *a = c->args;

	for (; a->name != NULL; a++, n--)
		if (n == 0 || a->is_many)
			return a;
	return NULL;
}

void
complete_line(struct ctl *c, const char *const *words, int n)
{
	const char *partial = n > 0 ? words[n - 1] : "";
	struct context x = { .first = "" };
	const struct argument *a;
	int i;

	c->timeout_ms = CONNECT_MS;
	c->format = FORMAT_TEXT;
	for (i = 0; i + 1 < n; i++)
		take_word(c, &x, words[i]);
	if (x.open != NULL)
		complete_values(c, x.open->values, x.open->words != NULL ? x.open->words : "", x.first, partial);
	else if (partial[0] == '-') {
		if (x.command != NULL)
			complete_options(x.command->options, partial);
		complete_options(global_options, partial);
	} else if (x.command == NULL)
		complete_commands(x.group, partial);
	else if ((a = argument_at(x.command, x.nargs)) != NULL)
		complete_values(c, a->values, a->words != NULL ? a->words : "", x.first, partial);
}

int
run_complete(struct ctl *c)
{
	/* Nobody reads messages in the middle of a line that is being typed. */
	if (freopen("/dev/null", "w", stderr) == NULL)
		return EXIT_FAILED;
	complete_line(c, c->args, c->nargs);
	return EXIT_OK;
}
