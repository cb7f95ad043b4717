/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The description of the forms: the tree of the configuration with types, defaults, help and hints, from which the page
 * draws its forms and other clients their help.
 */
#include <stdlib.h>
#include <string.h>

#include "yanggen.h"

static json_t *node_form(const struct lysc_node *);

/* "/pf:firewall/pf:zones/pf:name" -> "/firewall/zones" */
static json_t *
reference_form(const struct lysc_type_leafref *ref)
{
	const char *expr = lyxp_get_expr(ref->path), *p;
	char *path = must_alloc(strlen(expr) + 1, 1), *out = path, *slash;
	json_t *j;

	for (p = expr; *p != '\0'; p++) {
		if (*p == ':') {
			while (out > path && out[-1] != '/')
				out--;
			continue;
		}
		*out++ = *p;
	}
	*out = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL)
		*slash = '\0';
	j = json_string(path);
	free(path);
	return j;
}

static json_t *
choices_form(const struct lysc_type_enum *en)
{
	json_t *all = json_array();
	LY_ARRAY_COUNT_TYPE i;

	LY_ARRAY_FOR(en->enums, i)
		json_array_append_new(all, json_pack("{s:s, s:o, s:s*}", "value", en->enums[i].name, "description",
		    json_text(en->enums[i].dsc), "matches", enum_ext(&en->enums[i], "matches")));
	return all;
}

/* Where values come from: fixed choices, references, or both. */
static void
add_sources(json_t *form, const struct lysc_type *type)
{
	const struct lysc_type_union *un = (const struct lysc_type_union *)type;
	LY_ARRAY_COUNT_TYPE i;

	if (type->basetype == LY_TYPE_ENUM)
		json_object_set_new(form, "choices", choices_form((const struct lysc_type_enum *)type));
	else if (type->basetype == LY_TYPE_LEAFREF)
		json_object_set_new(form, "references", reference_form((const struct lysc_type_leafref *)type));
	else if (type->basetype == LY_TYPE_UNION)
		LY_ARRAY_FOR(un->types, i)
			add_sources(form, un->types[i]);
}

static const char *
type_name(const struct lysc_node *node)
{
	const struct lysc_type *type = leaf_type(node);

	switch (type->basetype) {
	case LY_TYPE_BOOL:
		return "boolean";
	case LY_TYPE_ENUM:
		return "choice";
	case LY_TYPE_LEAFREF:
	case LY_TYPE_UNION:
		return strcmp(typedef_name(node), "address") == 0 ? "address" : "reference";
	case LY_TYPE_STRING:
		return strcmp(typedef_name(node), "string") == 0 ? "text" : typedef_name(node);
	default:
		return "number";
	}
}

static json_t *
default_form(const struct lysc_node *node)
{
	const char *text = leaf_default(node);

	switch (leaf_type(node)->basetype) {
	case LY_TYPE_BOOL:
		return json_boolean(strcmp(text, "true") == 0);
	case LY_TYPE_UINT8:
	case LY_TYPE_UINT16:
	case LY_TYPE_UINT32:
		return json_integer((json_int_t)strtoll(text, NULL, 10));
	default:
		return json_string(text);
	}
}

static void
add_leaf(json_t *form, const struct lysc_node *node)
{
	const char *example = node_ext(node, "example"), *units = leaf_units(node);

	json_object_set_new(form, "type", json_string(type_name(node)));
	json_object_set_new(form, "schema", value_schema(node, leaf_type(node)));
	add_sources(form, leaf_type(node));
	if (leaf_default(node) != NULL)
		json_object_set_new(form, "default", default_form(node));
	if (units != NULL)
		json_object_set_new(form, "units", json_string(units));
	if (example != NULL)
		json_object_set_new(form, "example", json_string(example));
	if (node_ext(node, "secret") != NULL)
		json_object_set_new(form, "secret", json_string(node_ext(node, "secret")));
	if (lysc_is_key(node))
		json_object_set_new(form, "key", json_true());
}

static void
add_bounds(json_t *form, uint32_t min, uint32_t max)
{
	if (min > 0)
		json_object_set_new(form, "min-elements", json_integer(min));
	if (max != 0 && max != UINT32_MAX)
		json_object_set_new(form, "max-elements", json_integer(max));
}

static void
add_collection(json_t *form, const struct lysc_node *node)
{
	const struct lysc_node_list *list = (const struct lysc_node_list *)node;
	const struct lysc_node_leaflist *leaflist = (const struct lysc_node_leaflist *)node;
	const char *item = node_ext(node, "item");

	json_object_set_new(form, "ordered", json_boolean(lysc_is_userordered(node)));
	if (node->nodetype == LYS_LEAFLIST) {
		add_bounds(form, leaflist->min, leaflist->max);
		if (node_ext(node, "one-or-many") != NULL)
			json_object_set_new(form, "one-or-many", json_true());
		return;
	}
	add_bounds(form, list->min, list->max);
	if (list_key(node) != NULL)
		json_object_set_new(form, "key-name", json_string(list_key(node)->name));
	if (item != NULL)
		json_object_set_new(form, "item", json_string(item));
	if (node_ext(node, "make-key") != NULL)
		json_object_set_new(form, "key-is-made", json_true());
}

/* impact holds for what is below too. */
static const char *
impact_of(const struct lysc_node *node)
{
	const char *impact;

	for (; node != NULL; node = node->parent)
		if ((impact = node_ext(node, "impact")) != NULL)
			return impact;
	return "hot";
}

static void
add_children(json_t *form, const struct lysc_node *node)
{
	json_t *children = json_array();
	const struct lysc_node *child = NULL;

	while ((child = child_next(child, node, NULL)) != NULL)
		json_array_append_new(children, node_form(child));
	json_object_set_new(form, "children", children);
}

static json_t *
node_form(const struct lysc_node *node)
{
	const char *ui = node_ext(node, "ui"), *owner = node_ext(node, "owner");
	const struct lysc_node *choice = node_choice(node);
	const char *kind = node->nodetype == LYS_CONTAINER ? "container" : node->nodetype == LYS_LIST ? "list" :
	    node->nodetype == LYS_LEAF ? "leaf" : "leaf-list";
	char *path = node_path(node);
	json_t *form = json_pack("{s:s, s:s, s:s, s:o, s:s}", "name", node->name, "path", path, "kind", kind,
	    "description", json_text(node->dsc), "impact", impact_of(node));

	free(path);
	if (owner != NULL)
		json_object_set_new(form, "owner", json_string(owner));
	if (ui != NULL)
		json_object_set_new(form, "ui", json_string(ui));
	if (choice != NULL)
		json_object_set_new(form, "choice", json_pack("{s:s, s:b, s:o}", "name", choice->name, "mandatory",
		    (choice->flags & LYS_MAND_TRUE) != 0, "description", json_text(choice->dsc)));
	if (node->nodetype == LYS_LEAF && (node->flags & LYS_MAND_TRUE))
		json_object_set_new(form, "mandatory", json_true());
	if (node->nodetype == LYS_CONTAINER && (node->flags & LYS_PRESENCE))
		json_object_set_new(form, "presence", json_true());
	if (node->nodetype & (LYS_LEAF | LYS_LEAFLIST))
		add_leaf(form, node);
	if (node->nodetype & (LYS_LIST | LYS_LEAFLIST))
		add_collection(form, node);
	if (node->nodetype & (LYS_CONTAINER | LYS_LIST))
		add_children(form, node);
	return form;
}

json_t *
forms_make(const struct gen *g)
{
	json_t *sections = json_array();
	const struct lysc_node *node;
	unsigned i;

	for (i = 0; i < g->nmodules; i++)
		for (node = NULL; (node = child_next(node, NULL, g->modules[i])) != NULL;)
			if (is_config(node))
				json_array_append_new(sections, node_form(node));
	return json_pack("{s:o}", "sections", sections);
}

void
forms_write(const struct gen *g, FILE *f)
{
	json_t *j = forms_make(g);

	if (json_dumpf(j, f, JSON_INDENT(1)) != 0)
		die("cannot write JSON");
	fputc('\n', f);
	json_decref(j);
}
