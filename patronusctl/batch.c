/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/ids.h"
#include "api.h"
#include "batch.h"
#include "ctl.h"
#include "exit.h"
#include "schema_walk.h"
#include "value.h"

#define BATCH_MAX	(4u << 20)	/* of the API */
#define PATH_LEN	1024

/* --- which entries there are --- */

static void
entries_note(json_t *known, const json_t *node, const char *path)
{
	char below[PATH_LEN];
	const char *name, *key;
	json_t *child;
	size_t i;

	if (json_is_array(node)) {
		for (i = 0; i < json_array_size(node); i++) {
			child = json_array_get(node, i);
			key = json_object_get(child, "id") != NULL ? json_text(child, "id") : json_text(child, "name");
			if (!json_is_object(child) || (size_t)snprintf(below, sizeof(below), "%s/%s", path, key) >= sizeof(below))
				continue;
			(void)json_object_set_new(known, below, json_true());
			entries_note(known, child, below);
		}
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)node, name, child)
		if ((size_t)snprintf(below, sizeof(below), "%s/%s", path, name) < sizeof(below))
			entries_note(known, child, below);
}

static int
entries_read(struct batch *b, struct ctl *c)
{
	struct mgmt_req req = { .method = MGMT_GET, .path = "/configuration", .accept = "application/json", .workspace = b->workspace };
	struct reply r;
	int code;

	if ((code = api_call(c, &req, &r)) != EXIT_OK)
		return code;
	entries_note(b->known, r.json, "");
	reply_fini(&r);
	return EXIT_OK;
}

int
batch_init(struct batch *b, struct ctl *c, const char *file, const char *workspace)
{
	struct reply r;
	int code;

	memset(b, 0, sizeof(*b));
	b->file = file;
	b->workspace = workspace;
	buf_init(&b->body, BATCH_MAX);
	buf_puts(&b->body, "{\"operations\":[");
	b->known = json_object();
	if ((code = api_get(c, "/schema", "", &r)) != EXIT_OK)
		return code;
	b->schema = json_incref(r.json);
	reply_fini(&r);
	return entries_read(b, c);
}

void
batch_fini(struct batch *b)
{
	buf_fini(&b->body);
	json_decref(b->known);
	json_decref((json_t *)(uintptr_t)b->schema);
	free(b->lines);
}

/* --- operations --- */

/* JSON tells numbers and truth values from texts; which one it is the schema says. */
static void
json_put(struct buf *b, const char *type, const char *word)
{
	bool is_number = word[0] != '\0' && word[strspn(word, "0123456789")] == '\0';

	if ((is_number && (strcmp(type, "number") == 0 || strcmp(type, "ports") == 0)) ||
	    (strcmp(type, "boolean") == 0 && (strcmp(word, "true") == 0 || strcmp(word, "false") == 0)))
		buf_puts(b, word);
	else
		value_put_quoted(b, word);
}

/*
 * A word that is JSON by itself, for what is no text.  It is read and written again: a text that only begins like one would end its place in the
 * request, and go on with operations of its own.
 */
static bool
json_put_whole(struct buf *b, const json_t *node, const char *type, const char *word)
{
	char *text = NULL;
	bool is_json;
	json_t *value;

	if ((word[0] != '{' && word[0] != '[') ||
	    (node != NULL && strcmp(json_text(node, "kind"), "leaf") == 0 && strcmp(type, "secret") != 0))
		return false;
	if ((value = json_loads(word, JSON_REJECT_DUPLICATES, NULL)) != NULL)
		text = json_dumps(value, JSON_COMPACT);
	if ((is_json = text != NULL))
		buf_puts(b, text);
	free(text);
	json_decref(value);
	return is_json;
}

static void
json_put_words(struct buf *b, const json_t *node, const char *const *words, int n)
{
	bool is_list = node != NULL && strcmp(json_text(node, "kind"), "leaf-list") == 0;
	const char *type = node != NULL ? json_text(node, "type") : "";
	int i;

	if (n > 1 && strcmp(words[0], "[") == 0 && strcmp(words[n - 1], "]") == 0) {
		is_list = true;
		words++;
		n -= 2;
	}
	if (n == 1 && json_put_whole(b, node, type, words[0]))
		return;
	if (!is_list && n == 1) {
		json_put(b, type, words[0]);
		return;
	}
	for (i = 0; i < n; i++) {
		buf_putc(b, i == 0 ? '[' : ',');
		json_put(b, type, words[i]);
	}
	buf_puts(b, n == 0 ? "[]" : "]");
}

static void
op_begin(struct batch *b, const char *op, const char *path)
{
	unsigned *more = reallocarray(b->lines, b->n + 1, sizeof(*more));

	if (more != NULL) {
		b->lines = more;
		b->lines[b->n++] = b->line;
	}
	buf_printf(&b->body, "%s{\"op\":\"%s\",\"path\":", b->n > 1 ? "," : "", op);
	value_put_quoted(&b->body, path);
}

static void
entry_make(struct batch *b, const char *path)
{
	if (json_object_get(b->known, path) != NULL)
		return;
	(void)json_object_set_new(b->known, path, json_true());
	op_begin(b, "create", path);
	buf_puts(&b->body, ",\"value\":{}}");
}

/* Every entry of a list on the way. */
static void
entries_make(struct batch *b, const char *path)
{
	const json_t *node, *children;
	char part[PATH_LEN];
	const char *slash = path;
	bool at_list, is_key = false;

	while (*slash != '\0') {
		slash += 1 + strcspn(slash + 1, "/");
		if ((size_t)(slash - path) >= sizeof(part))
			return;
		memcpy(part, path, (size_t)(slash - path));
		part[slash - path] = '\0';
		if (is_key && *slash != '\0')
			entry_make(b, part);
		is_key = schema_walk(b->schema, part, &node, &children, &at_list) && at_list;
	}
}

void
batch_set(struct batch *b, const char *path, const char *const *words, int n)
{
	const json_t *node = NULL, *children;
	bool at_list;

	entries_make(b, path);
	(void)schema_walk(b->schema, path, &node, &children, &at_list);
	(void)json_object_set_new(b->known, path, json_true());
	op_begin(b, "put", path);
	buf_puts(&b->body, ",\"value\":");
	if (n > 0)
		json_put_words(&b->body, node, words, n);
	else
		buf_puts(&b->body, "{}");
	buf_putc(&b->body, '}');
}

void
batch_delete(struct batch *b, const char *path)
{
	(void)json_object_del(b->known, path);
	op_begin(b, "delete", path);
	buf_putc(&b->body, '}');
}

void
batch_move(struct batch *b, const char *path, const char *how, const char *where)
{
	op_begin(b, "move", path);
	buf_printf(&b->body, ",\"%s\":", how);
	value_put_quoted(&b->body, where);
	buf_putc(&b->body, '}');
}

/* --- sending --- */

/* Errors of the API name the operation; people know its line. */
static int
refusal_tell(struct ctl *c, const struct batch *b, const struct reply *r)
{
	const json_t *errors = json_object_get(r->json, "errors"), *e;
	json_int_t op;
	size_t i;

	if (b->file == NULL || c->format == FORMAT_JSON || json_array_size(errors) == 0)
		return api_fail(c, r, b->file);
	for (i = 0; i < json_array_size(errors); i++) {
		e = json_array_get(errors, i);
		op = json_number(e, "operation");
		fprintf(stderr, "%s:%u: ", b->file, op >= 0 && op < b->n ? b->lines[op] : 0);
		api_print_error(e);
	}
	fprintf(stderr, "nothing was changed\n");
	return api_exit_code(r->rep->status);
}

int
batch_send(struct ctl *c, struct batch *b)
{
	struct mgmt_req req = { .method = MGMT_POST, .path = "/batch", .workspace = b->workspace, .content_type = "application/json" };
	struct reply r;
	int code;

	buf_puts(&b->body, "]}");
	if (buf_failed(&b->body)) {
		fprintf(stderr, "%s: too much at once; load a document, or divide it\n", b->file != NULL ? b->file : "patronusctl");
		return EXIT_INVALID;
	}
	req.body.data = b->body.data;
	req.body.len = (uint32_t)b->body.len;
	if ((code = api_try(c, &req, &r)) != EXIT_OK)
		return code;
	if (r.rep->status >= 400)
		code = refusal_tell(c, b, &r);
	else if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	reply_fini(&r);
	return code;
}
