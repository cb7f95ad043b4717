/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * YAML as a configuration language: maps, sequences and scalars.  What makes YAML surprising (references, types by tag,
 * merges, "no" for false) is refused with its line, because two readers would take it for two different things.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <yaml.h>

#include "base/arena.h"
#include "node.h"
#include "problem.h"
#include "strset.h"
#include "yamldoc.h"

struct reader {
	yaml_parser_t	 parser;
	struct arena	*arena;
	struct problems	*problems;
	unsigned	 depth;
	int		 error;
};

static struct node *read_node(struct reader *, yaml_event_t *);

static unsigned
line_of(const yaml_event_t *e)
{
	return (unsigned)e->start_mark.line + 1;
}

static void *
no_memory(struct reader *r)
{
	r->error = -ENOMEM;
	return NULL;
}

/* libyaml's words, with the place it gives; nothing can be read after it. */
static void
syntax_error(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *what = p->problem != NULL ? p->problem : "cannot be read";
	unsigned line = (unsigned)p->problem_mark.line + 1;

	if (p->error == YAML_MEMORY_ERROR) {
		r->error = -ENOMEM;
		return;
	}
	if (strcmp(what, "found character that cannot start any token") == 0)
		problems_add(r->problems, "", "", line, "syntax", "indent with spaces, and put text that starts with @ or ` in quotes",
		    "no YAML value starts with this character, or the line is indented with a tab");
	else if (p->context != NULL)
		problems_add(r->problems, "", "", line, "syntax", "", "%s, %s", p->context, what);
	else
		problems_add(r->problems, "", "", line, "syntax", "", "%s", what);
	r->error = -EINVAL;
}

static bool
next_event(struct reader *r, yaml_event_t *e)
{
	if (r->error != 0)
		return false;
	if (yaml_parser_parse(&r->parser, e) == 1)
		return true;
	syntax_error(r);
	return false;
}

static void
refuse(struct reader *r, const yaml_event_t *e, const char *code, const char *remedy, const char *text)
{
	problems_add(r->problems, "", "", line_of(e), code, remedy, "%s", text);
}

static void
refuse_extras(struct reader *r, const yaml_event_t *e, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor != NULL)
		refuse(r, e, "anchor", "write the value where it is needed", "anchors (&name) are not part of this format");
	if (tag != NULL)
		refuse(r, e, "tag", "leave it out; the schema knows the type", "tags (!name) are not part of this format");
}

static bool
is_one_of(const char *text, const char *const *words, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

static bool
is_null(const char *text)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL" };

	return strlen(text) <= 4 && is_one_of(text, words, sizeof(words) / sizeof(words[0]));
}

static struct node *
read_scalar(struct reader *r, const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value;
	bool is_plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	refuse_extras(r, e, e->data.scalar.anchor, e->data.scalar.tag);
	if (memchr(text, '\0', e->data.scalar.length) != NULL) {
		refuse(r, e, "encoding", "", "a text holds a NUL character");
		return node_scalar(r->arena, NODE_QUOTED, "", 0, line_of(e));
	}
	if (is_plain && is_null(text))
		return node_new(r->arena, NODE_NULL, line_of(e));
	return node_scalar(r->arena, is_plain ? NODE_PLAIN : NODE_QUOTED, text, e->data.scalar.length, line_of(e));
}

/* The key of a member; NULL when it is none (said so) or without memory.  *ret_keep: the first of its name. */
static const char *
read_key(struct reader *r, yaml_event_t *e, struct strset *names, bool *ret_keep)
{
	const struct strset_slot *first;
	struct node *key;
	bool is_merge;
	int added;

	if (e->type != YAML_SCALAR_EVENT) {
		refuse(r, e, "key", "", "a key is a plain word");
		r->error = -EINVAL;
		return NULL;
	}
	key = read_scalar(r, e);
	if (key == NULL)
		return no_memory(r);
	if (key->kind == NODE_NULL)
		key->text = "";
	if (key->style == NODE_PLAIN && node_is_doubtful(key->text))
		problems_add(r->problems, "", "", line_of(e), "doubtful-boolean", "put it in quotes",
		    "\"%s\" is a boolean to some readers of YAML and text to others", key->text);
	is_merge = strcmp(key->text, "<<") == 0 && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	if (is_merge)
		refuse(r, e, "merge-key", "write the members where they are needed",
		    "merge keys (<<) are not part of this format");
	added = strset_add(names, key->text, line_of(e));
	if (added < 0)
		return no_memory(r);
	if (added == 0) {
		first = strset_find(names, key->text);
		problems_add(r->problems, "", "", line_of(e), "duplicate-key", "keep one of the two",
		    "\"%s\" is there twice (first on line %u)", key->text, first->value);
	}
	*ret_keep = added == 1 && !is_merge;
	return key->text;
}

static struct node *
read_map(struct reader *r, const yaml_event_t *start)
{
	struct node *map = node_new(r->arena, NODE_MAP, line_of(start)), *value;
	struct strset names;
	yaml_event_t e;
	const char *key;
	bool is_kept;
	unsigned line;

	if (map == NULL)
		return no_memory(r);
	refuse_extras(r, start, start->data.mapping_start.anchor, start->data.mapping_start.tag);
	strset_init(&names);
	while (next_event(r, &e)) {
		if (e.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&e);
			break;
		}
		line = line_of(&e);
		key = read_key(r, &e, &names, &is_kept);
		yaml_event_delete(&e);
		if (key == NULL || !next_event(r, &e))
			break;
		value = read_node(r, &e);
		if (value == NULL)
			break;
		value->name = key;
		value->line = line;
		if (is_kept)
			node_append(map, value);
	}
	strset_fini(&names);
	return r->error == 0 ? map : NULL;
}

static struct node *
read_seq(struct reader *r, const yaml_event_t *start)
{
	struct node *seq = node_new(r->arena, NODE_SEQ, line_of(start)), *item;
	yaml_event_t e;

	if (seq == NULL)
		return no_memory(r);
	refuse_extras(r, start, start->data.sequence_start.anchor, start->data.sequence_start.tag);
	while (next_event(r, &e)) {
		if (e.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&e);
			break;
		}
		item = read_node(r, &e);
		if (item == NULL)
			break;
		node_append(seq, item);
	}
	return r->error == 0 ? seq : NULL;
}

static struct node *
read_deeper(struct reader *r, const yaml_event_t *e)
{
	struct node *n;

	if (r->depth == NODE_DEPTH_MAX) {
		refuse(r, e, "too-deep", "", "nested more than 32 levels deep");
		r->error = -EINVAL;
		return NULL;
	}
	r->depth++;
	n = e->type == YAML_MAPPING_START_EVENT ? read_map(r, e) : read_seq(r, e);
	r->depth--;
	return n;
}

/* The value that starts with this event, which is deleted. */
static struct node *
read_node(struct reader *r, yaml_event_t *e)
{
	struct node *n;

	if (e->type == YAML_SCALAR_EVENT) {
		n = read_scalar(r, e);
	} else if (e->type == YAML_ALIAS_EVENT) {
		refuse(r, e, "alias", "write the value where it is needed", "aliases (*name) are not part of this format");
		n = node_new(r->arena, NODE_INVALID, line_of(e));
	} else {
		n = read_deeper(r, e);
	}
	yaml_event_delete(e);
	return n != NULL || r->error != 0 ? n : no_memory(r);
}

/* The document's start; directives can change what the rest means. */
static bool
read_start(struct reader *r, yaml_event_t *e, bool *ret_empty)
{
	*ret_empty = e->type == YAML_STREAM_END_EVENT;
	if (*ret_empty)
		return true;
	if (e->data.document_start.version_directive != NULL ||
	    e->data.document_start.tag_directives.start != e->data.document_start.tag_directives.end) {
		refuse(r, e, "directive", "remove the line", "directives (%YAML, %TAG) are not part of this format");
		return false;
	}
	return true;
}

static struct node *
read_stream(struct reader *r)
{
	struct node *root = NULL;
	yaml_event_t e;
	bool is_empty;

	if (!next_event(r, &e))		/* stream start */
		return NULL;
	yaml_event_delete(&e);
	if (!next_event(r, &e))
		return NULL;
	if (!read_start(r, &e, &is_empty) || is_empty) {
		yaml_event_delete(&e);
		return is_empty ? node_new(r->arena, NODE_NULL, 1) : NULL;
	}
	yaml_event_delete(&e);
	if (!next_event(r, &e))
		return NULL;
	root = read_node(r, &e);
	if (root == NULL || !next_event(r, &e))
		return NULL;
	yaml_event_delete(&e);		/* document end */
	if (!next_event(r, &e))
		return NULL;
	if (e.type != YAML_STREAM_END_EVENT) {
		refuse(r, &e, "many-documents", "keep one document in a file", "a second document starts here");
		root = NULL;
	}
	yaml_event_delete(&e);
	return root;
}

int
yamldoc_read(const char *data, size_t len, struct arena *arena, struct problems *problems, struct node **ret)
{
	struct reader r = { .arena = arena, .problems = problems };
	unsigned before = problems_count(problems);
	struct node *root;

	*ret = NULL;
	if (!node_check_text(data, len, NODE_BYTES_MAX, problems))
		return -EINVAL;
	if (yaml_parser_initialize(&r.parser) != 1)
		return -ENOMEM;
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)data, len);
	root = read_stream(&r);
	yaml_parser_delete(&r.parser);
	if (r.error != 0)
		return r.error;
	*ret = root;
	return problems_count(problems) == before ? 0 : -EINVAL;
}
