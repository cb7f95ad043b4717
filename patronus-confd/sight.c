/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"

#include "confd.h"
#include "document.h"
#include "document_tree.h"
#include "jsondoc.h"
#include "members.h"
#include "node.h"
#include "place.h"
#include "problem.h"
#include "record_json.h"
#include "request.h"
#include "schema_node.h"
#include "sight.h"
#include "snapshot.h"
#include "stamp.h"
#include "workspace.h"

#define WORDS_MAX	(64u << 20)
#define TEXT_MAX	1024
#define HIDDEN		"\xe2\x80\xa6"	/* an ellipsis */

/* --- documents --- */

struct pruning {
	const struct rights	*rights;
	enum right		 right;
	struct lyd_node		*top;
};

static bool	 prune(struct pruning *, struct lyd_node *first, const char *path);

/* Does anything of this node stay? */
static bool
keeps(struct pruning *p, struct lyd_node *node, const char *path)
{
	switch (rights_extent(p->rights, p->right, path)) {
	case EXTENT_EVERYTHING:
		return (true);
	case EXTENT_NOTHING:
		return (false);
	case EXTENT_SOMETHING:
		break;
	}
	if ((node->schema->nodetype & (LYS_LEAF | LYS_LEAFLIST)) != 0)
		return (rights_may(p->rights, p->right, path));
	/* An entry that is above something he may read stays with its key. */
	return (prune(p, lyd_child_no_keys(node), path) || rights_may(p->rights, p->right, path));
}

/* Siblings below path; false when none of them is left. */
static bool
prune(struct pruning *p, struct lyd_node *first, const char *path)
{
	struct lyd_node *node, *next;
	char below[PLACE_LEN];
	bool is_left = false;

	for (node = first; node != NULL; node = next) {
		next = node->next;
		if (node->schema->nodetype == LYS_LIST)
			(void)snprintf(below, sizeof(below), "%s/%s/%s", path, node->schema->name, members_key(node));
		else
			(void)snprintf(below, sizeof(below), "%s/%s", path, node->schema->name);
		if (keeps(p, node, below)) {
			is_left = true;
			continue;
		}
		if (node == p->top)
			p->top = next;
		lyd_free_tree(node);
	}
	return (is_left);
}

const struct document *
sight_of(const struct rights *rights, enum right right, const struct document *doc, struct document **ret_owned)
{
	struct pruning p = { .rights = rights, .right = right };
	struct document *copy;

	*ret_owned = NULL;
	if (rights_extent(rights, right, "") == EXTENT_EVERYTHING)
		return (doc);
	if ((copy = document_dup(doc)) == NULL)
		fatalx("sight", "no memory");
	p.top = document_tree(copy);
	stamp_clear_all(p.top);		/* entries lose members */
	(void)prune(&p, p.top, "");
	document_set_tree(copy, p.top);
	return (*ret_owned = copy);
}

const struct document *
sight_document(struct request *req, enum right right, const struct document *doc)
{
	struct document *owned;
	const struct document *seen = sight_of(&req->rights, right, doc, &owned);

	if (owned == NULL)
		return (seen);
	if (req->nsights == sizeof(req->sights) / sizeof(req->sights[0]))
		fatalx("sight", "too many documents for one request");
	return (req->sights[req->nsights++] = owned);
}

/* --- words --- */

/* All that somebody may know the names of: what he may read, of what runs and of his own drafts. */
static void
gather_words(struct request *req, struct buf *words)
{
	struct document *owned;
	struct workspace *w;
	unsigned i;

	buf_init(words, WORDS_MAX);
	(void)document_print(sight_of(&req->rights, RIGHT_CONFIG_READ, req->confd->running->doc, &owned), DOCUMENT_JSON, 0, words);
	document_free(owned);
	for (i = 0; (w = workspace_get(req->confd->workspaces, i)) != NULL; i++) {
		/* A document that is being committed has been handed on. */
		if (strcmp(w->owner, req->user) != 0 || w->doc == NULL)
			continue;
		(void)document_print(sight_of(&req->rights, RIGHT_CONFIG_READ, w->doc, &owned), DOCUMENT_JSON, 0, words);
		document_free(owned);
	}
}

static bool
is_letter(char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_');
}

/* Is it there, and no part of a longer word? */
static bool
has_word(const void *data, size_t data_len, const char *word, size_t len)
{
	const char *text = data, *end = text + data_len, *at = text;

	while (at < end && (at = memmem(at, (size_t)(end - at), word, len)) != NULL) {
		if ((at == text || !is_letter(at[-1])) && (at + len == end || !is_letter(at[len])))
			return (true);
		at++;
	}
	return (false);
}

static bool
is_known(const struct request *req, const struct buf *words, const char *word, size_t len)
{
	return (len == 0 || (req->in->body.len > 0 && has_word(req->in->body.data, req->in->body.len, word, len)) ||
	    has_word(req->in->path, strlen(req->in->path), word, len) ||
	    (!buf_failed(words) && words->len > 0 && has_word(words->data, words->len, word, len)));
}

/* The text with an ellipsis for each name in quotes that he does not know.  True when there was one. */
static bool
blank(const struct request *req, const struct buf *words, const char *text, char *ret, size_t size)
{
	const char *open, *close;
	bool has_blank = false;
	size_t at = 0;

	ret[0] = '\0';
	while ((open = strchr(text, '"')) != NULL && (close = strchr(open + 1, '"')) != NULL && at < size) {
		if (is_known(req, words, open + 1, (size_t)(close - open - 1)))
			at += (size_t)snprintf(ret + at, size - at, "%.*s", (int)(close + 1 - text), text);
		else {
			at += (size_t)snprintf(ret + at, size - at, "%.*s\"" HIDDEN "\"", (int)(open - text), text);
			has_blank = true;
		}
		text = close + 1;
	}
	if (at < size)
		(void)snprintf(ret + at, size - at, "%s", text);
	return (has_blank);
}

/* --- problems --- */

static void
tell(struct request *req, const struct buf *words, const struct problem *p, struct problems *ret)
{
	char text[TEXT_MAX], remedy[TEXT_MAX];

	if (!rights_may(&req->rights, RIGHT_CONFIG_READ, p->pointer) && p->pointer[0] == '/') {
		problems_add(ret, "", "", 0, p->code, "ask somebody who may read all of it",
		    "something that you may not read would not be valid with it");
		return;
	}
	(void)blank(req, words, p->text, text, sizeof(text));
	/* Advice with a gap is none. */
	if (blank(req, words, p->remedy, remedy, sizeof(remedy)))
		remedy[0] = '\0';
	problems_add(ret, p->pointer, p->path, p->line, p->code, remedy, "%s", text);
}

struct problems *
sight_problems(struct request *req, const struct problems *problems)
{
	const struct problem *p;
	struct problems *ret;
	struct buf words;
	unsigned i;

	if (problems == NULL || problems_count(problems) == 0 || req->rights.role == NULL || rights_reads_all(&req->rights))
		return (NULL);
	if ((ret = problems_new()) == NULL)
		fatalx("sight", "no memory");
	gather_words(req, &words);
	for (i = 0; i < problems_count(problems); i++) {
		p = problems_get(problems, i);
		problems_in_operation(ret, p->operation, p->line);
		tell(req, &words, p, ret);
	}
	problems_in_operation(ret, 0, 0);
	buf_fini(&words);
	return (ret);
}

/* --- impacts --- */

static void
put_member(struct buf *b, const char *name, const char *text)
{
	buf_printf(b, ",\"%s\":", name);
	record_json_string(text, strlen(text), b);
}

static const char *
text_at(const struct node *n, const char *name)
{
	const struct node *member = node_member(n, name);

	return (member != NULL && member->kind == NODE_SCALAR ? member->text : "");
}

static void
tell_impact(struct request *req, const struct buf *words, const struct node *n, bool is_first, struct buf *b)
{
	const char *object = text_at(n, "object");
	char text[TEXT_MAX];

	buf_puts(b, is_first ? "{\"owner\":" : ",{\"owner\":");
	record_json_string(text_at(n, "owner"), strlen(text_at(n, "owner")), b);
	put_member(b, "impact", text_at(n, "impact"));
	if (object[0] == '/' && rights_may(&req->rights, RIGHT_CONFIG_READ, object)) {
		(void)blank(req, words, text_at(n, "text"), text, sizeof(text));
		put_member(b, "object", object);
		put_member(b, "text", text);
	} else
		put_member(b, "text", "something that you may not read");
	buf_putc(b, '}');
}

void
sight_impacts(struct request *req, const char *json, size_t len, struct buf *b)
{
	struct problems *problems;
	struct node *root = NULL, *n;
	struct buf text, words;
	struct arena *arena;

	if (len == 0 || rights_reads_all(&req->rights)) {
		buf_put(b, json, len);
		return;
	}
	problems = problems_new();
	arena = arena_new(0);
	if (problems == NULL || arena == NULL)
		fatalx("sight", "no memory");
	buf_init(&text, WORDS_MAX);
	buf_puts(&text, "{\"all\":[");
	buf_put(&text, json, len);
	buf_puts(&text, "]}");
	gather_words(req, &words);
	if (!buf_failed(&text) && jsondoc_read((const char *)text.data, text.len, arena, problems, &root) == 0 && root != NULL &&
	    (root = node_member(root, "all")) != NULL)
		for (n = root->first; n != NULL; n = n->next)
			tell_impact(req, &words, n, n == root->first, b);
	buf_fini(&words);
	buf_fini(&text);
	arena_free(arena);
	problems_free(problems);
}
