/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "document.h"
#include "document_tree.h"
#include "path.h"
#include "problem.h"
#include "schema.h"
#include "schema_node.h"
#include "value.h"

const struct place *
path_last(const struct path *p)
{
	return p->n > 0 ? &p->steps[p->n - 1] : NULL;
}

struct lyd_node *
path_parent(const struct path *p)
{
	return p->n > 1 ? p->nodes[p->n - 2] : NULL;
}

struct lyd_node *
path_node(const struct path *p)
{
	return p->n > 0 ? p->nodes[p->n - 1] : NULL;
}

static int
no_member(const struct schema *schema, const struct place *up, const char *name, struct problems *problems)
{
	const struct schema_node *parent = up != NULL ? up->s : NULL, *s;
	struct nearest near;
	char remedy[320];
	uint32_t i;

	nearest_init(&near, name);
	for (i = 0; (s = schema_child_at(schema, parent, i)) != NULL; i++)
		nearest_try(&near, s->node->name);
	place_problem_at(up, name, problems, 0, "unknown-member", nearest_remedy(&near, remedy, sizeof(remedy)),
	    parent == NULL ? "there is no section \"%.100s\"" : "there is no \"%.100s\" here", name);
	return -ENOENT;
}

static int
no_entry(const struct place *at, struct lyd_node *siblings, struct problems *problems)
{
	struct nearest near;
	struct lyd_node *n;
	char remedy[320];

	nearest_init(&near, at->key);
	LY_LIST_FOR(siblings, n)
		if (n->schema == at->s->node)
			nearest_try(&near, lyd_get_value(lyd_child(n)));
	place_problem(at, problems, 0, "not-found", nearest_remedy(&near, remedy, sizeof(remedy)),
	    "there is no %s \"%.100s\"", at->s->item, at->key);
	return -ENOENT;
}

struct lyd_node *
path_find_entry(struct lyd_node *siblings, const struct schema_node *s, const char *key)
{
	const char *quote = strchr(key, '\'') == NULL ? "'" : "\"";
	char predicate[512];
	struct lyd_node *n;
	LY_ERR error;

	/*
	 * By hash where the key can be written as a predicate: long lists are edited entry by entry.  That a key is not valid is also what libyang
	 * says when it had no memory to read the predicate; the walk below needs none.
	 */
	if (strchr(key, '"') == NULL && strlen(key) + strlen(s->key->node->name) + 8 < sizeof(predicate)) {
		(void)snprintf(predicate, sizeof(predicate), "[%s=%s%s%s]", s->key->node->name, quote, key, quote);
		error = lyd_find_sibling_val(siblings, s->node, predicate, 0, &n);
		if (schema_has_found(error))
			return strcmp(lyd_get_value(lyd_child(n)), key) == 0 ? n : NULL;
		if (error == LY_ENOTFOUND)
			return NULL;
	}
	LY_LIST_FOR(siblings, n)
		if (n->schema == s->node && strcmp(lyd_get_value(lyd_child(n)), key) == 0)
			return n;
	return NULL;
}

static struct lyd_node *
find(struct lyd_node *siblings, const struct place *at)
{
	if (siblings != NULL && at->key != NULL)
		return path_find_entry(siblings, at->s, at->key);
	return document_first(siblings, at->s->node);
}

/* The next word of the path, cut off in place; NULL at its end. */
static char *
next_word(char **at)
{
	char *word;

	while (**at == '/')
		*(*at)++ = '\0';
	if (**at == '\0')
		return NULL;
	word = *at;
	*at += strcspn(word, "/");
	if (**at != '\0')
		*(*at)++ = '\0';
	return word;
}

int
path_resolve(struct path *p, const struct document *d, const char *text, struct problems *problems)
{
	const struct schema *schema = document_schema(d);
	struct lyd_node *siblings = document_tree(d);
	const struct place *up = NULL;
	const struct schema_node *s;
	char *at = p->text, *word;

	p->n = 0;
	if (str_copy(p->text, text, sizeof(p->text)) >= sizeof(p->text))
		return -ENOENT;
	while ((word = next_word(&at)) != NULL) {
		s = schema_child(schema, up != NULL ? up->s : NULL, word);
		if (s == NULL || p->n == PLACE_STEPS)
			return no_member(schema, up, word, problems);
		p->steps[p->n] = (struct place){ up, s, NULL };
		if (s->node->nodetype == LYS_LIST)
			p->steps[p->n].key = next_word(&at);
		up = &p->steps[p->n];
		p->nodes[p->n] = find(siblings, up);
		p->n++;
		if (up->key != NULL && p->nodes[p->n - 1] == NULL && at[strspn(at, "/")] != '\0')
			return no_entry(up, siblings, problems);
		siblings = p->nodes[p->n - 1] != NULL ? lyd_child(p->nodes[p->n - 1]) : NULL;
	}
	return 0;
}
