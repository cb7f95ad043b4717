/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "document_tree.h"
#include "node.h"
#include "place.h"
#include "problem.h"
#include "schema_node.h"
#include "secret.h"

#define FINGERPRINT_LEN	16

static bool
is_fingerprint(const struct node *n)
{
	return n != NULL && n->kind == NODE_SCALAR && n->len == FINGERPRINT_LEN && n->text[strspn(n->text, "0123456789abcdef")] == '\0';
}

static bool
is_bool(const struct node *n, const char *text)
{
	return n != NULL && n->kind == NODE_SCALAR && n->style != NODE_QUOTED && strcmp(n->text, text) == 0;
}

bool
secret_is_node(const struct node *n)
{
	return n->kind == NODE_MAP && n->n == 2 && is_bool(node_member(n, "set"), "true") && is_fingerprint(node_member(n, "fingerprint"));
}

const struct node *
secret_read(const struct place *p, const struct node *n, struct problems *problems, struct node *ret)
{
	const struct node *print;

	if (n->kind != NODE_MAP) {
		place_problem(p, problems, n->line, "secret", "leave it out here, and give it with patronusctl secret set",
		    "is a secret: its value is not written into a document");
		return NULL;
	}
	if (n->n == 1 && is_bool(node_member(n, "set"), "false"))
		return NULL;
	if (!secret_is_node(n)) {
		place_problem(p, problems, n->line, "secret", "leave it out here, and give it with patronusctl secret set",
		    "is a secret: it is written as {set: true, fingerprint: \"16 hexadecimal digits\"}, as show configuration does");
		return NULL;
	}
	print = node_member(n, "fingerprint");
	*ret = *print;
	/* Digits alone may look like a number. */
	ret->style = NODE_QUOTED;
	return ret;
}

struct node *
secret_node(struct arena *arena, const char *fingerprint)
{
	struct node *map = node_new(arena, NODE_MAP, 0), *set = node_scalar(arena, NODE_BOOL, "true", 4, 0);
	struct node *print = node_scalar(arena, NODE_QUOTED, fingerprint, strlen(fingerprint), 0);

	if (map == NULL || set == NULL || print == NULL)
		return NULL;
	set->name = "set";
	print->name = "fingerprint";
	node_append(map, set);
	node_append(map, print);
	return map;
}

void
secret_print_json(const char *fingerprint, struct buf *b)
{
	buf_printf(b, "{\"set\":true,\"fingerprint\":\"%s\"}", fingerprint);
}

void
secret_print_yaml(const char *fingerprint, struct buf *b)
{
	buf_printf(b, "{ set: true, fingerprint: \"%s\" }", fingerprint);
}

/* --- all of them --- */

struct walk {
	void	(*fn)(const char *pointer, const char *fingerprint, void *arg);
	void	*arg;
};

/* Whole subtrees without a secret in their schema are passed over: ten thousand rules cost nothing. */
static void
each(const struct walk *w, const struct lyd_node *siblings)
{
	struct place steps[PLACE_STEPS];
	const struct schema_node *s;
	const struct lyd_node *n;
	char pointer[PLACE_LEN];

	LY_LIST_FOR(siblings, n) {
		s = schema_node_of(n);
		if (!s->has_secret)
			continue;
		if (!s->is_secret) {
			each(w, lyd_child(n));
			continue;
		}
		place_pointer(place_of_data(n, steps), pointer);
		w->fn(pointer, lyd_get_value(n), w->arg);
	}
}

void
secret_each(const struct document *d, void (*fn)(const char *pointer, const char *fingerprint, void *arg), void *arg)
{
	struct walk w = { fn, arg };

	each(&w, document_tree(d));
}

bool
secret_at(const struct schema *schema, const char *pointer, unsigned *ret_min, unsigned *ret_max, bool *ret_multiline)
{
	const struct schema_node *s = schema_find_node(schema, pointer);

	if (s == NULL || !s->is_secret)
		return false;
	*ret_min = s->secret_min;
	*ret_max = s->secret_max;
	*ret_multiline = s->is_multiline;
	return true;
}

bool
secret_check(const struct schema *schema, const char *pointer, const char *value, unsigned line, struct problems *problems)
{
	unsigned min, max;
	bool multiline;
	size_t len = strlen(value);
	const char *p;

	if (!secret_at(schema, pointer, &min, &max, &multiline)) {
		problems_add(problems, pointer, NULL, line, "not-a-secret", "", "there is no secret at %.200s", pointer);
		return false;
	}
	if (len < min || len > max) {
		problems_add(problems, pointer, NULL, line, "length", "", "the value has %zu bytes; it may have %u to %u", len, min, max);
		return false;
	}
	for (p = value; *p != '\0'; p++)
		if (((unsigned char)*p < 0x20 || *p == 0x7f) && !(multiline && (*p == '\n' || *p == '\t'))) {
			problems_add(problems, pointer, NULL, line, "control-character", "", "the value holds a control character");
			return false;
		}
	return true;
}
