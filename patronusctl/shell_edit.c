/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configure mode: the same edits as "patronusctl set" and the others make, but from within the tree, word by word. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "complete.h"
#include "ctl.h"
#include "exit.h"
#include "line.h"
#include "schema_walk.h"
#include "shell.h"

enum after {
	AFTER_NOTHING = 0,
	AFTER_PATH,		/* a path below the level, then values */
	AFTER_EXISTING,		/* a path of what is there */
	AFTER_COMMAND,		/* of the other mode */
	AFTER_WORDS,		/* those of the row */
	AFTER_TABLE,		/* what the command of the same name takes */
};

struct edit_command {
	const char	*word;
	const char	*help;
	void		(*run)(struct shell *, struct line *);
	enum after	 after;
	const char	*words;
};

static void	 edit_set(struct shell *, struct line *);
static void	 edit_delete(struct shell *, struct line *);
static void	 edit_move(struct shell *, struct line *);
static void	 edit_annotate(struct shell *, struct line *);
static void	 edit_edit(struct shell *, struct line *);
static void	 edit_up(struct shell *, struct line *);
static void	 edit_top(struct shell *, struct line *);
static void	 edit_show(struct shell *, struct line *);
static void	 edit_compare(struct shell *, struct line *);
static void	 edit_commit(struct shell *, struct line *);
static void	 edit_run(struct shell *, struct line *);
static void	 edit_same(struct shell *, struct line *);
static void	 edit_exit(struct shell *, struct line *);
static void	 edit_help(struct shell *, struct line *);

static const struct edit_command table[] = {
	{ "annotate", "describe an object: annotate PATH TEXT", edit_annotate, AFTER_PATH, "" },
	{ "cancel", "take back the revision that waits for confirmation", edit_same, AFTER_TABLE, "" },
	{ "commit", "make it what runs: commit [check | confirmed TIME] [comment TEXT]", edit_commit, AFTER_WORDS, "check confirmed comment" },
	{ "compare", "what the edits change: compare [tree | set | nft | plan]", edit_compare, AFTER_WORDS, "tree set nft plan" },
	{ "confirm", "keep the revision that waits for it", edit_same, AFTER_TABLE, "" },
	{ "delete", "remove a value or an object", edit_delete, AFTER_EXISTING, "" },
	{ "discard", "forget what was edited", edit_same, AFTER_TABLE, "" },
	{ "edit", "go into an object: what follows is below it", edit_edit, AFTER_PATH, "" },
	{ "exit", "one level up, and at the top out of the mode", edit_exit, AFTER_NOTHING, "" },
	{ "help", "these commands", edit_help, AFTER_NOTHING, "" },
	{ "load", "put a document or set-commands into the workspace", edit_same, AFTER_TABLE, "" },
	{ "move", "move a rule: move PATH first, last, before ID, after ID", edit_move, AFTER_EXISTING, "" },
	{ "quit", "out of the mode; what was edited stays in the workspace", edit_exit, AFTER_NOTHING, "" },
	{ "rollback", "load an earlier revision", edit_same, AFTER_TABLE, "" },
	{ "run", "a command of the other mode", edit_run, AFTER_COMMAND, "" },
	{ "set", "change a value or make an object", edit_set, AFTER_PATH, "" },
	{ "show", "the edited configuration, here or at PATH", edit_show, AFTER_EXISTING, "" },
	{ "status", "how the box is", edit_same, AFTER_TABLE, "" },
	{ "top", "to the top", edit_top, AFTER_NOTHING, "" },
	{ "up", "one level up", edit_up, AFTER_NOTHING, "" },
	{ "validate", "what a commit would say", edit_same, AFTER_TABLE, "" },
};
#define NTABLE	(sizeof(table) / sizeof(table[0]))

const json_t *
shell_schema(struct shell *sh)
{
	struct reply r;

	if (sh->schema == NULL && api_get(sh->ctl, "/schema", "", &r) == EXIT_OK) {
		sh->schema = json_incref(r.json);
		reply_fini(&r);
	}
	return sh->schema;
}

/* --- words to paths --- */

/* The words from `from` on as a path below the level; *ret_at is the first that is none of it.  false after telling why. */
static bool
path_take(struct shell *sh, const struct line *l, int from, char *ret, size_t size, int *ret_at)
{
	const json_t *schema = shell_schema(sh);
	int used;

	if (schema == NULL)
		return false;
	if (!schema_join(schema, sh->level, l->words + from, l->n - from, ret, size, &used)) {
		fprintf(stderr, "the path is too long\n");
		return false;
	}
	*ret_at = from + used;
	return true;
}

static void
usage(const char *text)
{
	fprintf(stderr, "%s\n", text);
}

/* VERB -- PATH REST...; "--" because a value may begin with a hyphen. */
static void
verb_run(struct shell *sh, struct line *l, const char *verb, int from)
{
	const char *words[LINE_WORDS + 4];
	char path[SHELL_PATH];
	int at, n = 0;

	if (!path_take(sh, l, from, path, sizeof(path), &at)) {
		sh->code = EXIT_USAGE;
		return;
	}
	words[n++] = verb;
	words[n++] = "--";
	words[n++] = path;
	while (at < l->n && n < LINE_WORDS)
		words[n++] = l->words[at++];
	sh->code = shell_run(sh, words, n, l);
}

static void
edit_set(struct shell *sh, struct line *l)
{
	char path[SHELL_PATH];
	const char *words[] = { "set", "--", path, "{}" };
	int at;

	if (l->n < 2)
		usage("set what? set PATH VALUE, such as: set system hostname edge1");
	else if (path_take(sh, l, 1, path, sizeof(path), &at) && at == l->n)
		sh->code = shell_run(sh, words, 4, l);	/* an object without a value of its own is made empty */
	else
		verb_run(sh, l, "set", 1);
}

static void
edit_delete(struct shell *sh, struct line *l)
{
	if (l->n < 2 && sh->level[0] == '\0')
		usage("delete what? delete PATH; discard forgets all edits");
	else
		verb_run(sh, l, "delete", 1);
}

/* The place is the last one or two words: a path could go on with any word. */
static void
edit_move(struct shell *sh, struct line *l)
{
	static const char *const places[] = { "first", "last", "before", "after" };
	const char *words[6] = { "move", "--" };
	char path[SHELL_PATH];
	int at, n = l->n, place = 0, used, i;

	for (at = 1; at < n && place == 0; at++)
		for (i = 0; i < 4; i++)
			if (strcmp(l->words[at], places[i]) == 0)
				place = at;
	if (place < 2 || shell_schema(sh) == NULL ||
	    !schema_join(sh->schema, sh->level, l->words + 1, place - 1, path, sizeof(path), &used)) {
		usage("say where to: move PATH first, last, before ID or after ID");
		sh->code = EXIT_USAGE;
		return;
	}
	words[2] = path;
	words[3] = l->words[place];
	if (place + 1 < n)
		words[4] = l->words[place + 1];
	sh->code = shell_run(sh, words, place + 1 < n ? 5 : 4, l);
}

static void
edit_annotate(struct shell *sh, struct line *l)
{
	const char *words[4] = { "set", "--", NULL, NULL };
	char path[SHELL_PATH + 16];
	int used;

	if (l->n < 2 || shell_schema(sh) == NULL) {
		usage("annotate PATH TEXT");
		return;
	}
	if (!schema_join(sh->schema, sh->level, l->words + 1, l->n - 2, path, SHELL_PATH, &used) || used != l->n - 2) {
		usage("annotate PATH TEXT; put quotes around a text of several words");
		sh->code = EXIT_USAGE;
		return;
	}
	(void)strncat(path, "/description", sizeof(path) - strlen(path) - 1);
	words[2] = path;
	words[3] = l->words[l->n - 1];
	sh->code = shell_run(sh, words, 4, l);
}

/* --- where we are --- */

static void
edit_edit(struct shell *sh, struct line *l)
{
	const json_t *node, *children;
	char path[SHELL_PATH];
	bool at_list;
	int at;

	if (l->n < 2) {
		usage("edit what? edit PATH, such as: edit firewall rules web-in");
		return;
	}
	if (!path_take(sh, l, 1, path, sizeof(path), &at))
		return;
	if (at < l->n || !schema_walk(sh->schema, path, &node, &children, &at_list) || (children == NULL && !at_list)) {
		fprintf(stderr, "there is nothing to go into at %s\n", at < l->n ? l->words[at] : path + 1);
		sh->code = EXIT_NOT_FOUND;
		return;
	}
	(void)snprintf(sh->level, sizeof(sh->level), "%s", path);
	sh->code = EXIT_OK;
}

static void
edit_up(struct shell *sh, struct line *l)
{
	char *slash = strrchr(sh->level, '/');

	(void)l;
	if (slash != NULL)
		*slash = '\0';
}

static void
edit_top(struct shell *sh, struct line *l)
{
	(void)l;
	sh->level[0] = '\0';
}

static void
edit_exit(struct shell *sh, struct line *l)
{
	if (strcmp(l->words[0], "exit") == 0 && sh->level[0] != '\0')
		edit_up(sh, l);
	else {
		sh->is_editing = false;
		sh->level[0] = '\0';
	}
}

/* --- looking and committing --- */

static void
edit_show(struct shell *sh, struct line *l)
{
	const char *words[] = { "show", "configuration", "--candidate", "--", NULL };
	char path[SHELL_PATH];
	int at;

	if (!path_take(sh, l, 1, path, sizeof(path), &at))
		return;
	words[4] = path;
	sh->code = shell_run(sh, words, path[0] != '\0' ? 5 : 3, l);
}

static void
edit_compare(struct shell *sh, struct line *l)
{
	const char *words[] = { "diff", "--as", l->n > 1 ? l->words[1] : NULL };

	sh->code = shell_run(sh, words, l->n > 1 ? 3 : 1, l);
}

/* "commit confirmed 5m comment 'new uplink'" is "patronusctl commit --confirm 5m --comment ...". */
static void
edit_commit(struct shell *sh, struct line *l)
{
	const char *words[8] = { "commit" };
	int at, n = 1;

	if (l->n == 2 && strcmp(l->words[1], "check") == 0) {
		words[0] = "validate";
		sh->code = shell_run(sh, words, 1, l);
		return;
	}
	for (at = 1; at + 1 < l->n && n < 6; at += 2) {
		if (strcmp(l->words[at], "confirmed") == 0)
			words[n++] = "--confirm";
		else if (strcmp(l->words[at], "comment") == 0)
			words[n++] = "--comment";
		else
			break;
		words[n++] = l->words[at + 1];
	}
	if (at < l->n) {
		usage("commit [check | confirmed TIME] [comment TEXT], such as: commit confirmed 60s comment 'new uplink'");
		sh->code = EXIT_USAGE;
		return;
	}
	sh->code = shell_run(sh, words, n, l);
}

static void
edit_run(struct shell *sh, struct line *l)
{
	char names[512];

	if (l->n < 2) {
		usage("run what? run COMMAND, such as: run show interfaces");
		return;
	}
	memmove(l->words, l->words + 1, (size_t)l->n * sizeof(l->words[0]));
	l->n--;
	if (!line_expand(l, names, sizeof(names)))
		fprintf(stderr, "ambiguous: %s\n", names);
	else
		sh->code = shell_run(sh, l->words, l->n, l);
}

static void
edit_same(struct shell *sh, struct line *l)
{
	sh->code = shell_run(sh, l->words, l->n, l);
}

static void
edit_help(struct shell *sh, struct line *l)
{
	size_t i;

	(void)sh;
	(void)l;
	for (i = 0; i < NTABLE; i++)
		printf("  %-10s %s\n", table[i].word, table[i].help);
}

/* The row of a word that may be cut short; NULL when there is none, *ret_n how many fit. */
static const struct edit_command *
row_find(const char *word, unsigned *ret_n)
{
	const struct edit_command *found = NULL;
	size_t i, len = strlen(word);

	*ret_n = 0;
	for (i = 0; i < NTABLE; i++) {
		if (strcmp(table[i].word, word) == 0) {
			*ret_n = 1;
			return &table[i];
		}
		if (strncmp(table[i].word, word, len) == 0 && (*ret_n)++ == 0)
			found = &table[i];
	}
	return *ret_n == 1 ? found : NULL;
}

void
shell_edit(struct shell *sh, struct line *l)
{
	const struct edit_command *row;
	unsigned n;

	row = row_find(l->words[0], &n);
	if (row != NULL) {
		l->words[0] = row->word;
		sh->code = EXIT_OK;
		row->run(sh, l);
		return;
	}
	sh->code = EXIT_USAGE;
	if (n > 1)
		fprintf(stderr, "\"%s\" is ambiguous here; ? shows what there is\n", l->words[0]);
	else
		fprintf(stderr, "there is no command \"%s\" in this mode; ? shows what there is, run COMMAND takes those of the other mode\n",
		    l->words[0]);
}

/* --- completion --- */

static void
table_candidates(const char *partial)
{
	size_t i;

	for (i = 0; i < NTABLE; i++)
		complete_candidate(partial, table[i].word, strlen(table[i].word), table[i].help);
}

/* What a value at a leaf may be, for "?" when the schema has no list of them. */
static void
leaf_tell(const json_t *node)
{
	const char *example = json_text(node, "example");

	printf("<%s>\t%s%s%s%s\n", json_text(node, "type")[0] != '\0' ? json_text(node, "type") : "value", json_text(node, "description"),
	    example[0] != '\0' ? " (such as " : "", example, example[0] != '\0' ? ")" : "");
}

static void
path_candidates(struct shell *sh, const char *const *words, int n, bool is_schema)
{
	const json_t *node, *children;
	char path[SHELL_PATH], whole[SHELL_PATH + 256];
	const char *partial = words[n - 1];
	bool at_list;
	int used;

	if (shell_schema(sh) == NULL || !schema_join(sh->schema, sh->level, words, n - 1, path, sizeof(path), &used))
		return;
	if (used == n - 1 && schema_walk(sh->schema, path, &node, &children, &at_list) && (children != NULL || at_list)) {
		(void)snprintf(whole, sizeof(whole), "%s/%s", path, partial);
		complete_strip(strlen(path));	/* "firewall/rules/": as long as it is with the slash before */
		if (is_schema)
			complete_schema_path(sh->ctl, whole + 1);
		else
			complete_path(sh->ctl, whole + 1);
		complete_strip(0);
	} else if (is_schema && schema_walk(sh->schema, path, &node, &children, &at_list) && node != NULL) {
		complete_schema_value(sh->ctl, path + 1, partial);
		if (partial[0] == '\0')
			leaf_tell(node);
	}
}

void
shell_edit_complete(struct shell *sh, const char *const *words, int n)
{
	const struct edit_command *row;
	const char *w;
	unsigned found;
	size_t len;

	if (n <= 1) {
		table_candidates(n == 1 ? words[0] : "");
		return;
	}
	if ((row = row_find(words[0], &found)) == NULL)
		return;
	if (row->after == AFTER_PATH || row->after == AFTER_EXISTING)
		path_candidates(sh, words + 1, n - 1, row->after == AFTER_PATH);
	else if (row->after == AFTER_COMMAND)
		complete_line(sh->ctl, words + 1, n - 1);
	else if (row->after == AFTER_TABLE)
		complete_line(sh->ctl, words, n);
	for (w = row->words; row->after == AFTER_WORDS && *w != '\0'; w += len, w += strspn(w, " ")) {
		len = strcspn(w, " ");
		complete_candidate(words[n - 1], w, len, "");
	}
}
