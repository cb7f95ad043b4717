/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/heap.h"
#include "base/log.h"
#include "builtin_text.h"
#include "conf/kind.h"
#include "conf/state.h"
#include "memo.h"
#include "schema.h"
#include "schema_node.h"

#define SECTIONS_MAX	64

struct schema {
	struct ly_ctx		*ctx;
	struct arena		*arena;
	struct schema_node	*sections[SECTIONS_MAX];
	uint32_t		 nsections;
	struct memos		*memos;
};

/* libyang asks for each module and import here; it never looks at files. */
static LY_ERR
import_module(const char *name, const char *revision, const char *submodule, const char *submodule_revision, void *arg,
    LYS_INFORMAT *ret_format, const char **ret_text, void (**ret_free)(void *, void *))
{
	const struct builtin_text *t;

	(void)revision;
	(void)submodule_revision;
	(void)arg;
	*ret_free = NULL;
	*ret_format = LYS_IN_YANG;
	if (submodule != NULL)
		return LY_ENOTFOUND;
	for (t = builtin_modules; t->name != NULL; t++) {
		if (strcmp(t->name, name) != 0)
			continue;
		*ret_text = t->text;
		return LY_SUCCESS;
	}
	return LY_ENOTFOUND;
}

bool
schema_has_found(int error)
{
	if (error == LY_EMEM)
		heap_end_without_memory();
	return error == LY_SUCCESS;
}

static const char *
extension(const struct lysc_ext_instance *exts, const char *name, unsigned nth)
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

/* priv is the parsed node while the annotations are made. */
static const char *
typedef_of(const struct lysc_node *node)
{
	const struct lysp_node *parsed = node->priv;
	const char *name, *colon;

	if (parsed == NULL)
		return "";
	if (node->nodetype == LYS_LEAF)
		name = ((const struct lysp_node_leaf *)parsed)->type.name;
	else
		name = ((const struct lysp_node_leaflist *)parsed)->type.name;
	colon = strchr(name, ':');
	return colon != NULL ? colon + 1 : name;
}

/* "MIN..MAX" */
static void
fill_secret(struct schema_node *s)
{
	const char *bytes = extension(s->node->exts, "secret", 0), *ui = extension(s->node->exts, "ui", 0), *dots;

	if (bytes == NULL || s->node->nodetype != LYS_LEAF)
		return;
	dots = strstr(bytes, "..");
	s->is_secret = s->has_secret = true;
	s->is_multiline = ui != NULL && strcmp(ui, "multiline") == 0;
	s->secret_min = (uint32_t)strtoul(bytes, NULL, 10);
	s->secret_max = dots != NULL ? (uint32_t)strtoul(dots + 2, NULL, 10) : s->secret_min;
}

static void
fill_leaf(struct schema_node *s)
{
	const struct lysc_node_leaf *leaf = (const struct lysc_node_leaf *)s->node;
	const struct lysc_node_leaflist *list = (const struct lysc_node_leaflist *)s->node;

	s->kind = conf_kind_find(typedef_of(s->node));
	fill_secret(s);
	if (s->node->nodetype == LYS_LEAF) {
		s->type = leaf->type;
		s->dflt = leaf->dflt != NULL ? lyd_value_get_canonical(s->node->module->ctx, leaf->dflt) : NULL;
		s->is_mandatory = (s->node->flags & LYS_MAND_TRUE) != 0;
		return;
	}
	s->type = list->type;
	s->min = list->min;
	s->max = list->max == UINT32_MAX ? 0 : list->max;
}

static void
fill(struct schema_node *s)
{
	const struct lysc_node_list *list = (const struct lysc_node_list *)s->node;

	s->item = extension(s->node->exts, "item", 0);
	if (s->item == NULL)
		s->item = s->node->name;
	s->make_key = extension(s->node->exts, "make-key", 0);
	s->is_one_or_many = extension(s->node->exts, "one-or-many", 0) != NULL;
	if (s->node->nodetype & (LYS_LIST | LYS_LEAFLIST))
		s->is_ordered = lysc_is_userordered(s->node);
	if (s->node->parent != NULL && s->node->parent->nodetype == LYS_CASE)
		s->choice = s->node->parent->parent;
	if (s->node->nodetype & (LYS_LEAF | LYS_LEAFLIST)) {
		fill_leaf(s);
	} else if (s->node->nodetype == LYS_LIST) {
		s->min = list->min;
		s->max = list->max == UINT32_MAX ? 0 : list->max;
	} else {
		s->is_presence = (s->node->flags & LYS_PRESENCE) != 0;
	}
}

static bool
is_needed(const struct schema_node *s)
{
	return s->is_mandatory || s->min > 0 || s->is_needy ||
	    (s->choice != NULL && (s->choice->flags & LYS_MAND_TRUE) != 0);
}

static struct schema_node *
annotate(struct schema *schema, const struct lysc_node *node, const struct schema_node *parent)
{
	struct schema_node *s = arena_alloc(schema->arena, 1, sizeof(*s));
	const struct lysc_node *child = NULL;
	uint32_t n = 0;

	if (s == NULL)
		return NULL;
	s->node = node;
	s->json = arena_printf(schema->arena, ",\"%s\":", node->name);
	if (s->json == NULL)
		return NULL;
	s->json_len = strlen(s->json);
	s->parent = parent;
	fill(s);
	while ((child = lys_getnext(child, node, NULL, 0)) != NULL)
		n++;
	s->children = arena_alloc(schema->arena, n + 1, sizeof(s->children[0]));
	if (s->children == NULL)
		return NULL;
	while ((child = lys_getnext(child, node, NULL, 0)) != NULL) {
		s->children[s->nchildren] = annotate(schema, child, s);
		if (s->children[s->nchildren] == NULL)
			return NULL;
		s->children[s->nchildren]->index = s->nchildren;
		if (lysc_is_key(child))
			s->key = s->children[s->nchildren];
		if (is_needed(s->children[s->nchildren]) && node->nodetype == LYS_CONTAINER && !s->is_presence)
			s->is_needy = true;
		s->has_secret = s->has_secret || s->children[s->nchildren]->has_secret;
		s->nchildren++;
	}
	return s;
}

/* From now on priv is the annotation. */
static void
attach(struct schema_node *s)
{
	uint32_t i;

	((struct lysc_node *)(uintptr_t)s->node)->priv = s;
	for (i = 0; i < s->nchildren; i++)
		attach(s->children[i]);
}

/* "/pf:firewall/pf:zones/pf:name" -> the list at /firewall/zones. */
static const struct schema_node *
find_target(const struct schema *schema, const struct lysc_type_leafref *ref)
{
	const char *p = lyxp_get_expr(ref->path), *colon;
	const struct schema_node *s = NULL, *next;
	char name[128];
	size_t len;

	while (*p == '/') {
		len = strcspn(++p, "/");
		colon = memchr(p, ':', len);
		if (colon != NULL) {
			len -= (size_t)(colon + 1 - p);
			p = colon + 1;
		}
		if (len >= sizeof(name))
			return NULL;
		memcpy(name, p, len);
		name[len] = '\0';
		p += len;
		next = schema_child(schema, s, name);
		if (next == NULL)
			return NULL;
		s = next;
	}
	return s != NULL && s->parent != NULL && s->parent->key == s ? s->parent : NULL;
}

/* The type of what a reference refers to; NULL when the type is no reference to a list's key. */
static struct lysc_type *
link_reference(const struct schema *schema, struct schema_node *s, const struct lysc_type *type)
{
	const struct lysc_type_union *un = (const struct lysc_type_union *)type;
	struct lysc_type *real = NULL, *found;
	LY_ARRAY_COUNT_TYPE i;

	if (type->basetype == LY_TYPE_LEAFREF) {
		s->target = find_target(schema, (const struct lysc_type_leafref *)type);
		return s->target != NULL ? ((const struct lysc_type_leafref *)type)->realtype : NULL;
	}
	if (type->basetype != LY_TYPE_UNION)
		return NULL;
	LY_ARRAY_FOR(un->types, i)
		if ((found = link_reference(schema, s, un->types[i])) != NULL)
			real = found;
	LY_ARRAY_FOR(un->types, i)
		if (un->types[i]->basetype == LY_TYPE_ENUM && s->target != NULL)
			s->builtin = (const struct lysc_type_enum *)un->types[i];
	return real;
}

static void
set_type(const struct lysc_node *node, const struct lysc_type *type)
{
	if (node->nodetype == LYS_LEAF)
		((struct lysc_node_leaf *)(uintptr_t)node)->type = (struct lysc_type *)(uintptr_t)type;
	else
		((struct lysc_node_leaflist *)(uintptr_t)node)->type = (struct lysc_type *)(uintptr_t)type;
}

/* Before libyang frees them, its nodes get their own types back. */
static void
restore_types(struct schema_node *s)
{
	uint32_t i;

	if (s->target != NULL)
		set_type(s->node, s->type);
	for (i = 0; i < s->nchildren; i++)
		restore_types(s->children[i]);
}

/* References, and names that mean something builtin where they are referred to: no entry may have them as its key. */
static void
link_references(const struct schema *schema, struct schema_node *s)
{
	const struct lysc_type *real = s->type != NULL ? link_reference(schema, s, s->type) : NULL;
	uint32_t i;

	/*
	 * libyang would store each reference as a union and resolve it by an XPath expression, which is most of what many
	 * rules cost.  judge.c looks the names up in hash tables and tells every dangling one; for libyang they are strings.
	 */
	if (real != NULL)
		set_type(s->node, real);
	s->is_checked = real != NULL || (s->kind != NULL && s->type->basetype == LY_TYPE_STRING);
	if (s->target != NULL && s->builtin != NULL)
		((struct schema_node *)(uintptr_t)s->target)->reserved = s->builtin;
	for (i = 0; i < s->nchildren; i++)
		link_references(schema, s->children[i]);
}

#ifdef PATRONUS_SANITIZED
#include <sanitizer/lsan_interface.h>
#else
#define __lsan_disable()	((void)0)
#define __lsan_enable()		((void)0)
#endif

static bool
load(struct schema *schema)
{
	LY_ERR error;
	unsigned i;

	for (i = 0; builtin_sections[i] != NULL; i++)
		if (ly_ctx_load_module(schema->ctx, builtin_sections[i], NULL, NULL) == NULL)
			return false;
	/* libyang 2.1.30 forgets some patterns of typedefs when it compiles: 402 bytes, once. */
	__lsan_disable();
	error = ly_ctx_compile(schema->ctx);
	__lsan_enable();
	return error == LY_SUCCESS;
}

static bool
annotate_all(struct schema *schema)
{
	const struct lys_module *mod;
	const struct lysc_node *node;
	uint32_t i;

	for (i = 0; builtin_sections[i] != NULL; i++) {
		mod = ly_ctx_get_module_implemented(schema->ctx, builtin_sections[i]);
		for (node = NULL; (node = lys_getnext(node, NULL, mod->compiled, 0)) != NULL;) {
			if (schema->nsections == SECTIONS_MAX)
				return false;
			schema->sections[schema->nsections] = annotate(schema, node, NULL);
			if (schema->sections[schema->nsections] == NULL)
				return false;
			schema->sections[schema->nsections]->index = schema->nsections;
			schema->nsections++;
		}
	}
	if (ly_ctx_unset_options(schema->ctx, LY_CTX_SET_PRIV_PARSED) != LY_SUCCESS)
		return false;
	for (i = 0; i < schema->nsections; i++) {
		attach(schema->sections[i]);
		link_references(schema, schema->sections[i]);
	}
	return true;
}

struct schema *
schema_new(void)
{
	struct schema *schema = calloc(1, sizeof(*schema));
	const struct ly_err_item *e;

	if (schema == NULL)
		return NULL;
	schema->arena = arena_new(0);
	if (schema->arena == NULL || ly_ctx_new(NULL, LY_CTX_NO_YANGLIBRARY | LY_CTX_SET_PRIV_PARSED |
	    LY_CTX_DISABLE_SEARCHDIRS | LY_CTX_EXPLICIT_COMPILE, &schema->ctx) != LY_SUCCESS) {
		schema_free(schema);
		return NULL;
	}
	/* What libyang has to say is read with ly_err_last(), never printed. */
	ly_log_options(LY_LOSTORE_LAST);
	ly_ctx_set_module_imp_clb(schema->ctx, import_module, NULL);
	schema->memos = memos_new();
	if (load(schema) && annotate_all(schema))
		return schema;
	e = ly_err_last(schema->ctx);
	log_errx("schema", "the built-in modules do not compile: %s", e != NULL && e->msg != NULL ? e->msg : "out of memory");
	schema_free(schema);
	return NULL;
}

void
schema_free(struct schema *schema)
{
	uint32_t i;

	if (schema == NULL)
		return;
	for (i = 0; i < schema->nsections; i++)
		restore_types(schema->sections[i]);
	ly_ctx_destroy(schema->ctx);
	arena_free(schema->arena);
	memos_free(schema->memos);
	free(schema);
}

struct ly_ctx *
schema_ctx(const struct schema *schema)
{
	return schema->ctx;
}

struct memos *
schema_memos(const struct schema *schema)
{
	return schema->memos;
}

const char *
schema_owner(unsigned i)
{
	const struct conf_named *n;

	for (n = conf_owners; n->name != NULL; n++)
		if (i-- == 0)
			return n->name;
	return NULL;
}

const struct record *
schema_owner_record(const char *owner)
{
	return conf_owner_record(owner);
}

bool
schema_is_owned(const struct schema *schema, const char *owner, const char *section)
{
	const struct schema_node *s = schema_child(schema, NULL, section);
	const char *name;
	unsigned i;

	if (s == NULL)
		return false;
	name = extension(s->node->exts, "owner", 0);
	if (name != NULL && strcmp(name, owner) == 0)
		return true;
	for (i = 0; (name = extension(s->node->exts, "reader", i)) != NULL; i++)
		if (strcmp(name, owner) == 0)
			return true;
	return false;
}

const char *
schema_section(const struct schema *schema, unsigned i)
{
	return i < schema->nsections ? schema->sections[i]->node->name : NULL;
}

const struct schema_node *
schema_child_at(const struct schema *schema, const struct schema_node *parent, uint32_t i)
{
	if (parent == NULL)
		return i < schema->nsections ? schema->sections[i] : NULL;
	return i < parent->nchildren ? parent->children[i] : NULL;
}

const struct schema_node *
schema_child(const struct schema *schema, const struct schema_node *parent, const char *name)
{
	const struct schema_node *s;
	uint32_t i;

	for (i = 0; (s = schema_child_at(schema, parent, i)) != NULL; i++)
		if (strcmp(s->node->name, name) == 0)
			return s;
	return NULL;
}

bool
schema_enum_has(const struct lysc_type_enum *en, const char *name)
{
	LY_ARRAY_COUNT_TYPE i;

	LY_ARRAY_FOR(en->enums, i)
		if (strcmp(en->enums[i].name, name) == 0)
			return true;
	return false;
}

const struct schema_node *
schema_find_node(const struct schema *schema, const char *path)
{
	const struct schema_node *s = NULL, *next;
	bool is_entry = false;
	char name[128];
	size_t len;

	while (*path == '/' && path[1] != '\0') {
		len = strcspn(++path, "/");
		if (s != NULL && s->node->nodetype == LYS_LIST && !is_entry) {
			is_entry = true;	/* this step is a key */
			path += len;
			continue;
		}
		if (len >= sizeof(name))
			return NULL;
		memcpy(name, path, len);
		name[len] = '\0';
		path += len;
		next = schema_child(schema, s, name);
		if (next == NULL)
			return NULL;
		s = next;
		is_entry = false;
	}
	return s;
}

const struct lysc_node *
schema_find(const struct schema *schema, const char *path)
{
	const struct schema_node *s = schema_find_node(schema, path);

	return s != NULL ? s->node : NULL;
}

const char *
schema_openapi(size_t *ret_len)
{
	*ret_len = builtin_openapi_len;
	return builtin_openapi;
}

const char *
schema_forms(size_t *ret_len)
{
	*ret_len = builtin_forms_len;
	return builtin_forms;
}
