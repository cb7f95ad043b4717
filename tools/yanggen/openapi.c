/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The OpenAPI 3.1 document: what is no schema (sessions, workspaces, commits, ...) from a fixed document, and paths and
 * shapes of configuration and state from the YANG modules.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "yanggen.h"

#define COMPONENT	"#/components/"

static json_t *
ref(const char *kind, const char *name)
{
	return json_pack("{s:s+++}", "$ref", COMPONENT, kind, "/", name);
}

/* "conf_rule" -> "Rule", "state_log_event" -> "StateLogEvent" */
static const char *
shape_name(const struct gen_record *r)
{
	static char name[NAME_LEN];
	const char *p = strncmp(r->cname, "conf_", 5) == 0 ? r->cname + 5 : r->cname;
	bool is_upper = true;
	size_t n = 0;

	for (; *p != '\0'; p++) {
		if (*p == '_') {
			is_upper = true;
			continue;
		}
		name[n++] = (char)(is_upper ? toupper((unsigned char)*p) : *p);
		is_upper = false;
	}
	name[n] = '\0';
	return name;
}

/* --- shapes --- */

static json_t *
default_value(const struct lysc_node *node)
{
	const char *text = leaf_default(node);
	json_t *value;

	switch (leaf_type(node)->basetype) {
	case LY_TYPE_BOOL:
	case LY_TYPE_UINT8:
	case LY_TYPE_UINT16:
	case LY_TYPE_UINT32:
		value = json_loads(text, JSON_DECODE_ANY, NULL);
		break;
	default:
		value = json_string(text);
	}
	if (value == NULL)
		die("default %s is not JSON", text);
	return value;
}

static json_t *
array_of(json_t *items, uint32_t min, uint32_t max)
{
	json_t *array = json_pack("{s:s, s:o}", "type", "array", "items", items);

	if (min > 0)
		json_object_set_new(array, "minItems", json_integer(min));
	if (max != 0 && max != UINT32_MAX)
		json_object_set_new(array, "maxItems", json_integer(max));
	return array;
}

static json_t *
field_shape(const struct gen_field *f)
{
	const struct lysc_node_list *list = (const struct lysc_node_list *)f->node;
	const struct lysc_node_leaflist *leaflist = (const struct lysc_node_leaflist *)f->node;
	json_t *shape;

	switch (f->node->nodetype) {
	case LYS_CONTAINER:
		return ref("schemas", shape_name(f->rec));
	case LYS_LIST:
		shape = array_of(ref("schemas", shape_name(f->rec)), list->min, list->max);
		break;
	case LYS_LEAFLIST:
		shape = array_of(value_schema(f->node, leaf_type(f->node)), leaflist->min, leaflist->max);
		if (is_config(f->node))
			json_object_set_new(shape, "uniqueItems", json_true());
		/* One value may stand without brackets. */
		if (node_ext(f->node, "one-or-many") != NULL)
			shape = json_pack("{s:[o, o]}", "anyOf", shape, value_schema(f->node, leaf_type(f->node)));
		break;
	default:
		shape = value_schema(f->node, leaf_type(f->node));
		if (leaf_default(f->node) != NULL)
			json_object_set_new(shape, "default", default_value(f->node));
	}
	json_object_set_new(shape, "description", json_text(f->node->dsc));
	if (node_ext(f->node, "example") != NULL && f->kind == FIELD_STRING)
		json_object_set_new(shape, "examples", json_pack("[s]", node_ext(f->node, "example")));
	return shape;
}

/* Exactly one member, when the record is nothing but a mandatory choice. */
static void
add_choice(json_t *shape, const struct gen_record *r)
{
	unsigned i;

	for (i = 0; i < r->nfields; i++)
		if (node_choice(r->fields[i].node) == NULL || (node_choice(r->fields[i].node)->flags & LYS_MAND_TRUE) == 0)
			return;
	json_object_set_new(shape, "minProperties", json_integer(1));
	json_object_set_new(shape, "maxProperties", json_integer(1));
}

static bool
is_required(const struct gen_field *f)
{
	if (f->node->nodetype == LYS_LEAF)
		return lysc_is_key(f->node) || (f->node->flags & LYS_MAND_TRUE) != 0;
	/* What is empty in state is there, as an empty array. */
	return !is_config(f->node) && (f->node->nodetype & (LYS_LIST | LYS_LEAFLIST)) != 0;
}

static json_t *
record_shape(const struct gen_record *r)
{
	json_t *properties = json_object(), *required = json_array(), *shape;
	unsigned i;

	for (i = 0; i < r->nfields; i++) {
		json_object_set_new(properties, r->fields[i].node->name, field_shape(&r->fields[i]));
		if (is_required(&r->fields[i]))
			json_array_append_new(required, json_string(r->fields[i].node->name));
	}
	shape = json_pack("{s:s, s:o, s:b}", "type", "object", "properties", properties, "additionalProperties", 0);
	if (r->node != NULL)
		json_object_set_new(shape, "description", json_text(r->node->dsc));
	if (json_array_size(required) > 0)
		json_object_set(shape, "required", required);
	json_decref(required);
	if (r->node != NULL && r->nfields > 0)
		add_choice(shape, r);
	return shape;
}

/* The section as a field of a root record: every section is in one, or is described alone. */
static const struct gen_record *
record_of(const struct gen *g, const struct lysc_node *node)
{
	const struct gen_record *r;
	unsigned i;

	for (r = g->records; r != NULL; r = r->next) {
		if (r->node == node)
			return r;
		for (i = 0; i < r->nfields; i++)
			if (r->fields[i].node == node)
				return r->fields[i].rec;
	}
	/* Below a node that shares its struct with another one, the record was made from that one. */
	r = model_record_of(g, node);
	if (r == NULL)
		die("no record for %s", node->name);
	return r;
}

static json_t *
node_shape(const struct gen *g, const struct lysc_node *node)
{
	struct gen_field f = { .node = node };

	if (node->nodetype & (LYS_CONTAINER | LYS_LIST))
		f.rec = record_of(g, node);
	return field_shape(&f);
}

/* --- operations --- */

static json_t *
content(json_t *schema)
{
	/* Both name the same shape; the reference to it is consumed. */
	return json_pack("{s:{s:O}, s:{s:o}}", "application/json", "schema", schema, "application/yaml", "schema", schema);
}

static json_t *
answer(const char *text, json_t *schema)
{
	json_t *j = json_pack("{s:s, s:{s:o}}", "description", text, "headers", "ETag", ref("headers", "ETag"));

	json_object_set_new(j, "content", content(schema));
	return j;
}

static json_t *
operation(const char *verb, const char *path, const char *summary)
{
	char id[512];
	size_t n;
	const char *p;

	n = (size_t)snprintf(id, sizeof(id), "%s", verb);
	for (p = path; *p != '\0' && n + 1 < sizeof(id); p++)
		if (isalnum((unsigned char)*p))
			id[n++] = (char)(p > path && !isalnum((unsigned char)p[-1]) ? toupper((unsigned char)*p) : *p);
	id[n] = '\0';
	return json_pack("{s:s, s:[s], s:s, s:[], s:{s:o}}", "operationId", id, "tags", "configuration", "summary", summary,
	    "parameters", "responses", "default", ref("responses", "Problem"));
}

static void
add_parameter(json_t *op, const char *name)
{
	json_array_append_new(json_object_get(op, "parameters"), ref("parameters", name));
}

static void
add_answer(json_t *op, const char *status, json_t *response)
{
	json_object_set_new(json_object_get(op, "responses"), status, response);
}

static json_t *
write_operation(const char *verb, const char *path, const char *summary, bool has_conditions)
{
	json_t *op = operation(verb, path, summary);

	add_parameter(op, "EditWorkspace");
	add_parameter(op, "Comment");
	add_parameter(op, "ConfirmTimeout");
	add_parameter(op, "Force");
	add_answer(op, "202", ref("responses", "Pending"));
	if (has_conditions)
		add_parameter(op, "IfMatch");
	add_parameter(op, "Csrf");
	return op;
}

static void
add_body(json_t *op, json_t *schema)
{
	json_object_set_new(op, "requestBody", json_pack("{s:b, s:o}", "required", 1, "content", content(schema)));
}

static json_t *
read_operation(const char *path, const char *summary, json_t *shape)
{
	json_t *op = operation("get", path, summary);

	add_parameter(op, "Workspace");
	add_parameter(op, "Full");
	add_parameter(op, "Lists");
	add_answer(op, "200", answer("The node.", json_incref(shape)));
	return op;
}

/* An item of a list, or with fields= a part of it: nothing is required there. */
static json_t *
item_or_part(const struct gen_record *r)
{
	json_t *properties = json_object();
	char path[2 * NAME_LEN];
	unsigned i;

	for (i = 0; i < r->nfields; i++) {
		snprintf(path, sizeof(path), "%s/properties/%s", shape_name(r), r->fields[i].node->name);
		json_object_set_new(properties, r->fields[i].node->name, ref("schemas", path));
	}
	return json_pack("{s:[o, {s:s, s:o, s:b}]}", "anyOf", ref("schemas", shape_name(r)), "type", "object", "properties", properties,
	    "additionalProperties", 0);
}

/* The same of a state: the first list of its record is the one that is searched. */
static json_t *
state_or_part(const struct gen_record *r)
{
	json_t *properties = json_object();
	char path[2 * NAME_LEN];
	bool is_list, had_list = false;
	unsigned i;

	for (i = 0; i < r->nfields; i++) {
		is_list = r->fields[i].node->nodetype == LYS_LIST && !had_list;
		had_list |= is_list;
		snprintf(path, sizeof(path), "%s/properties/%s", shape_name(r), r->fields[i].node->name);
		json_object_set_new(properties, r->fields[i].node->name,
		    is_list ? array_of(item_or_part(r->fields[i].rec), 0, 0) : ref("schemas", path));
	}
	return json_pack("{s:[o, {s:s, s:o, s:b}]}", "anyOf", ref("schemas", shape_name(r)), "type", "object", "properties", properties,
	    "additionalProperties", 0);
}

/* What searches and pages a list. */
static void
add_collection(json_t *op, const char *limit)
{
	static const char *const names[] = { "Search", "Filter", "Sort", "Fields", "Cursor", "Count" };
	json_t *headers = json_object_get(json_object_get(json_object_get(op, "responses"), "200"), "headers");
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		add_parameter(op, names[i]);
	add_parameter(op, limit);
	json_object_set_new(headers, "Link", ref("headers", "Link"));
	json_object_set_new(headers, "Patronus-Count", ref("headers", "Count"));
}

static json_t *
put_operation(const char *path, json_t *shape)
{
	json_t *op = write_operation("put", path, "Create or replace.", true);

	add_parameter(op, "IfNoneMatch");
	add_body(op, json_incref(shape));
	add_answer(op, "200", answer("Replaced.", json_incref(shape)));
	add_answer(op, "201", answer("Created.", json_incref(shape)));
	add_answer(op, "204", ref("responses", "Nothing"));
	return op;
}

/* is_object: there are members to change; a value or a list is replaced. */
static json_t *
patch_operation(const char *path, json_t *shape, bool is_object)
{
	json_t *op = write_operation("patch", path, "Change members (RFC 7396).", true);
	json_t *body = is_object ? json_pack("{s:s}", "type", "object") : json_object();

	json_object_set_new(op, "requestBody", json_pack("{s:b, s:{s:{s:O}, s:{s:o}}}", "required", 1, "content",
	    "application/merge-patch+json", "schema", body, "application/json", "schema", body));
	add_answer(op, "200", answer("Changed.", json_incref(shape)));
	add_answer(op, "204", ref("responses", "Nothing"));
	return op;
}

static json_t *
delete_operation(const char *path)
{
	json_t *op = write_operation("delete", path, "Remove.", true);

	add_answer(op, "204", json_pack("{s:s}", "description", "Removed."));
	return op;
}

static json_t *
append_operation(const char *path, const struct lysc_node *list, const char *shape)
{
	json_t *op = write_operation("post", path, "Append an entry.", false), *body = ref("schemas", shape), *response;

	add_parameter(op, "IdempotencyKey");
	/* The key may be left out where one is made. */
	if (node_ext(list, "make-key") != NULL) {
		json_decref(body);
		body = json_pack("{s:s}", "type", "object");
	}
	add_body(op, body);
	response = answer("Appended.", ref("schemas", shape));
	json_object_set_new(json_object_get(response, "headers"), "Location",
	    json_pack("{s:s, s:{s:s}}", "description", "Where it is.", "schema", "type", "string"));
	add_answer(op, "201", response);
	return op;
}

static json_t *
move_operation(const char *path)
{
	json_t *op = write_operation("post", path, "Move the entry.", false);

	add_parameter(op, "IdempotencyKey");
	json_object_set_new(op, "requestBody", json_pack("{s:b, s:{s:{s:{s:s, s:{s:{s:s}, s:{s:s}, s:{s:[s,s]}}, s:i, s:i, s:b}}}}",
	    "required", 1, "content", "application/json", "schema", "type", "object", "properties", "before", "type", "string",
	    "after", "type", "string", "to", "enum", "first", "last", "minProperties", 1, "maxProperties", 1,
	    "additionalProperties", 0));
	add_answer(op, "200", json_pack("{s:s}", "description", "Moved."));
	return op;
}

/* --- paths --- */

struct paths {
	const struct gen	*g;
	json_t			*all;
};

static void	 add_children(struct paths *, const struct lysc_node *parent, const char *path, json_t *parameters);

static void
add_path(struct paths *p, const char *path, json_t *item, json_t *parameters)
{
	if (json_array_size(parameters) > 0)
		json_object_set_new(item, "parameters", json_deep_copy(parameters));
	json_object_set_new(p->all, path, item);
}

static void
add_entry(struct paths *p, const struct lysc_node *list, const char *path, json_t *parameters)
{
	char *noun = fold(node_ext(list, "item") != NULL ? node_ext(list, "item") : list->name), *blank;
	const struct lysc_node *key = list_key(list);
	json_t *inner = json_deep_copy(parameters), *item = json_object(), *shape;
	char entry[1024], move[1100];

	/* "health check" is health-check in a path. */
	while ((blank = strchr(noun, ' ')) != NULL)
		*blank = '-';
	shape = ref("schemas", shape_name(record_of(p->g, list)));
	if ((size_t)snprintf(entry, sizeof(entry), "%s/{%s}", path, noun) >= sizeof(entry))
		die("path %s is too long", path);
	json_array_append_new(inner, json_pack("{s:s, s:s, s:b, s:o, s:o}", "name", noun, "in", "path", "required", 1,
	    "description", json_text(key->dsc), "schema", value_schema(key, leaf_type(key))));
	json_object_set_new(item, "get", read_operation(entry, list->dsc, shape));
	json_object_set_new(item, "put", put_operation(entry, shape));
	json_object_set_new(item, "patch", patch_operation(entry, shape, true));
	json_object_set_new(item, "delete", delete_operation(entry));
	add_path(p, entry, item, inner);
	if (lysc_is_userordered(list)) {
		snprintf(move, sizeof(move), "%s/move", entry);
		add_path(p, move, json_pack("{s:o}", "post", move_operation(move)), inner);
	}
	add_children(p, list, entry, inner);
	json_decref(shape);
	json_decref(inner);
	free(noun);
}

static void
add_node(struct paths *p, const struct lysc_node *node, const char *up, json_t *parameters)
{
	json_t *item = json_object(), *shape = node_shape(p->g, node), *page;
	char path[1024];
	char *summary = fold(node->dsc != NULL ? node->dsc : "");

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", up, node->name) >= sizeof(path))
		die("path %s is too long", up);
	if (node->nodetype == LYS_LIST) {
		page = array_of(item_or_part(record_of(p->g, node)), 0, 0);
		json_object_set_new(item, "get", read_operation(path, summary, page));
		add_collection(json_object_get(item, "get"), "PageLimit");
		json_decref(page);
	} else
		json_object_set_new(item, "get", read_operation(path, summary, shape));
	json_object_set_new(item, "put", put_operation(path, shape));
	json_object_set_new(item, "patch", patch_operation(path, shape, node->nodetype == LYS_CONTAINER));
	if (node->nodetype == LYS_LIST)
		json_object_set_new(item, "post", append_operation(path, node, shape_name(record_of(p->g, node))));
	json_object_set_new(item, "delete", delete_operation(path));
	add_path(p, path, item, parameters);
	if (node->nodetype == LYS_LIST)
		add_entry(p, node, path, parameters);
	else if (node->nodetype == LYS_CONTAINER)
		add_children(p, node, path, parameters);
	json_decref(shape);
	free(summary);
}

static void
add_children(struct paths *p, const struct lysc_node *parent, const char *path, json_t *parameters)
{
	const struct lysc_node *child = NULL;

	while ((child = child_next(child, parent, NULL)) != NULL)
		if (!lysc_is_key(child))
			add_node(p, child, path, parameters);
}

static void
add_root(struct paths *p)
{
	json_t *shape = ref("schemas", "Configuration"), *item = json_object();

	json_object_set_new(item, "get", read_operation("/configuration", "The whole configuration.", shape));
	json_object_set_new(item, "put", put_operation("/configuration", shape));
	json_object_set_new(item, "patch", patch_operation("/configuration", shape, true));
	json_object_set_new(p->all, "/configuration", item);
	json_decref(shape);
}

static void
add_state(struct paths *p, const struct lysc_node *node)
{
	char path[256];
	json_t *item, *own;
	json_t *op = json_pack("{s:s+, s:[s], s:o, s:[], s:{s:{s:s, s:{}, s:{s:{s:o}}}, s:o}}", "operationId", "state-", node->name,
	    "tags", "state", "summary", json_text(node->dsc), "parameters", "responses", "200", "description", "What is now.",
	    "headers", "content", "application/json", "schema", state_or_part(record_of(p->g, node)),
	    "default", ref("responses", "Problem"));

	if (strcmp(node->name, "history") == 0)		/* it is a plot, and no list to search */
		json_array_append_new(json_object_get(op, "parameters"), json_pack("{s:s, s:s, s:s, s:{s:s, s:[i, i], s:i}}", "name", "step", "in", "query",
		    "description", "Seconds between two values.", "schema", "type", "integer", "enum", 1, 60, "default", 1));
	else
		add_collection(op, strcmp(node->name, "firewall-log") == 0 ? "LogLimit" : "PageLimit");
	snprintf(path, sizeof(path), "/state/%s", node->name);
	/* One that takes other parameters says so in the fixed document, and what else can be done with it. */
	if ((item = json_object_get(p->all, path)) == NULL)
		json_object_set_new(p->all, path, item = json_object());
	else if ((own = json_object_get(json_object_get(item, "get"), "parameters")) != NULL)
		json_object_set(op, "parameters", own);
	json_object_set_new(item, "get", op);
}

static void
add_paths(const struct gen *g, json_t *paths, json_t *sections)
{
	struct paths p = { g, paths };
	json_t *none = json_array();
	const struct lysc_node *node, *child;
	unsigned i;

	add_root(&p);
	for (i = 0; i < g->nmodules; i++) {
		for (node = NULL; (node = child_next(node, NULL, g->modules[i])) != NULL;) {
			if (is_config(node)) {
				add_node(&p, node, "/configuration", none);
				json_object_set_new(sections, node->name, node_shape(g, node));
				continue;
			}
			for (child = NULL; strcmp(node->name, "state") == 0 &&
			    (child = child_next(child, node, NULL)) != NULL;)
				add_state(&p, child);
		}
	}
	json_decref(none);
}

/* Whatever fails is a problem; some readers want to hear of the client's failures by themselves. */
static void
add_failures(json_t *item)
{
	const char *verb;
	json_t *op;

	json_object_foreach(item, verb, op)
		if (json_object_get(op, "responses") != NULL)
			json_object_set_new(json_object_get(op, "responses"), "4XX", ref("responses", "Problem"));
}

json_t *
openapi_make(const struct gen *g)
{
	const struct gen_record *r;
	json_error_t e;
	json_t *doc = json_load_file(g->fixed, 0, &e), *schemas, *sections = json_object(), *item;
	const char *path;

	if (doc == NULL)
		die("%s:%d: %s", g->fixed, e.line, e.text);
	schemas = json_object_get(json_object_get(doc, "components"), "schemas");
	for (r = g->records; r != NULL; r = r->next)
		if (r->node != NULL)
			json_object_set_new(schemas, shape_name(r), record_shape(r));
	add_paths(g, json_object_get(doc, "paths"), sections);
	json_object_foreach(json_object_get(doc, "paths"), path, item)
		add_failures(item);
	json_object_set_new(schemas, "Configuration", json_pack("{s:s, s:s, s:o, s:b}", "type", "object", "description",
	    "The whole configuration of one box.", "properties", sections, "additionalProperties", 0));
	return doc;
}

void
openapi_write(const struct gen *g, FILE *f)
{
	json_t *j = openapi_make(g);

	if (json_dumpf(j, f, JSON_INDENT(1)) != 0)
		die("cannot write JSON");
	fputc('\n', f);
	json_decref(j);
}
