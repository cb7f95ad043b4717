/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions about single nodes of the compiled schema. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "yanggen.h"

const char *
ext_find(const struct lysc_ext_instance *exts, const char *name, unsigned nth)
{
	LY_ARRAY_COUNT_TYPE i;

	LY_ARRAY_FOR(exts, i) {
		if (strcmp(exts[i].def->module->name, "patronus-extensions") != 0 || strcmp(exts[i].def->name, name) != 0)
			continue;
		if (nth-- == 0)
			return exts[i].argument != NULL ? exts[i].argument : "";
	}
	return NULL;
}

const char *
node_ext(const struct lysc_node *node, const char *name)
{
	return ext_find(node->exts, name, 0);
}

const char *
enum_ext(const struct lysc_type_bitenum_item *item, const char *name)
{
	return ext_find(item->exts, name, 0);
}

const struct lysc_node *
child_next(const struct lysc_node *last, const struct lysc_node *parent, const struct lys_module *mod)
{
	return lys_getnext(last, parent, mod != NULL ? mod->compiled : NULL, 0);
}

const struct lysc_type *
leaf_type(const struct lysc_node *node)
{
	if (node->nodetype == LYS_LEAF)
		return ((const struct lysc_node_leaf *)node)->type;
	if (node->nodetype == LYS_LEAFLIST)
		return ((const struct lysc_node_leaflist *)node)->type;
	return NULL;
}

const char *
typedef_name(const struct lysc_node *node)
{
	const struct lysp_node *parsed = node->priv;
	const char *name, *colon;

	if (parsed == NULL || leaf_type(node) == NULL)
		return "";
	if (node->nodetype == LYS_LEAF)
		name = ((const struct lysp_node_leaf *)parsed)->type.name;
	else
		name = ((const struct lysp_node_leaflist *)parsed)->type.name;
	colon = strchr(name, ':');
	return colon != NULL ? colon + 1 : name;
}

const char *
leaf_default(const struct lysc_node *node)
{
	const struct lysc_node_leaf *leaf = (const struct lysc_node_leaf *)node;

	if (node->nodetype != LYS_LEAF || leaf->dflt == NULL)
		return NULL;
	return lyd_value_get_canonical(node->module->ctx, leaf->dflt);
}

const char *
leaf_units(const struct lysc_node *node)
{
	if (node->nodetype == LYS_LEAF)
		return ((const struct lysc_node_leaf *)node)->units;
	return node->nodetype == LYS_LEAFLIST ? ((const struct lysc_node_leaflist *)node)->units : NULL;
}

bool
is_config(const struct lysc_node *node)
{
	return (node->flags & LYS_CONFIG_R) == 0;
}

const struct lysc_node *
list_key(const struct lysc_node *list)
{
	const struct lysc_node *child = lysc_node_child(list);

	return child != NULL && lysc_is_key(child) ? child : NULL;
}

const struct lysc_node *
node_choice(const struct lysc_node *node)
{
	if (node->parent != NULL && node->parent->nodetype == LYS_CASE)
		return node->parent->parent;
	return NULL;
}

char *
node_path(const struct lysc_node *node)
{
	const struct lysc_node *up = node != NULL ? node->parent : NULL;
	char *head, *path;

	if (node == NULL)
		return must_alloc(1, 1);
	while (up != NULL && (up->nodetype & (LYS_CASE | LYS_CHOICE)))
		up = up->parent;
	head = node_path(up);
	if (asprintf(&path, "%s/%s", head, node->name) < 0)
		die("out of memory");
	free(head);
	return path;
}

char *
fold(const char *text)
{
	char *out = must_alloc(strlen(text) + 1, 1), *p = out;

	for (; *text != '\0'; text++) {
		if (!isspace((unsigned char)*text))
			*p++ = *text;
		else if (p > out && p[-1] != ' ')
			*p++ = ' ';
	}
	*p = '\0';
	return out;
}

void
c_name(const char *yang, char *ret, size_t size)
{
	static const char *const keywords[] = { "default", "switch", "register", "static", "if", "for", "int", "auto" };
	size_t i;

	if ((size_t)snprintf(ret, size, "%s", yang) >= size)
		die("name %s is too long", yang);
	for (i = 0; ret[i] != '\0'; i++)
		if (ret[i] == '-' || ret[i] == '.' || ret[i] == ' ')
			ret[i] = '_';
	for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (strcmp(ret, keywords[i]) == 0 && strlen(ret) + 2 <= size)
			memcpy(ret + strlen(keywords[i]), "_", 2);
}
