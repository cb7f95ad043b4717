/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The model: which records there are, and of which kind each of their fields is. */
#include <stdlib.h>
#include <string.h>

#include "conf/kind.h"
#include "yanggen.h"

#define LIST_MAX	100000		/* of a list without max-elements */

struct gen_record *
model_record(const struct gen *g, const char *cname)
{
	struct gen_record *r;

	for (r = g->records; r != NULL; r = r->next)
		if (strcmp(r->cname, cname) == 0)
			return r;
	return NULL;
}

static struct gen_enum *
find_enum(struct gen *g, const char *cname)
{
	struct gen_enum *e;

	for (e = g->enums; e != NULL; e = e->next)
		if (strcmp(e->cname, cname) == 0)
			return e;
	return NULL;
}

static struct gen_enum *
add_enum(struct gen *g, const char *cname, const struct lysc_type_enum *type)
{
	struct gen_enum *e = find_enum(g, cname);

	if (e != NULL)
		return e;
	e = must_alloc(1, sizeof(*e));
	c_name(cname, e->cname, sizeof(e->cname));
	e->type = type;
	*g->enums_end = e;
	g->enums_end = &e->next;
	return e;
}

/* "conf", "state" or "event": how the names of C structs start below this top-level node. */
static const char *
area(const struct lysc_node *node)
{
	while (node->parent != NULL)
		node = node->parent;
	if (is_config(node))
		return "conf";
	return strcmp(node->name, "events") == 0 ? "event" : "state";
}

/* Enumerations that have a name of their own. */
static void
add_typedefs(struct gen *g, const struct lys_module *mod)
{
	const struct lysp_tpdf *t;
	char name[2 * NAME_LEN], cname[NAME_LEN];
	LY_ARRAY_COUNT_TYPE i;

	if (mod->parsed == NULL || strncmp(mod->name, "patronus-", 9) != 0)
		return;
	t = mod->parsed->typedefs;
	LY_ARRAY_FOR(t, i) {
		if (t[i].type.compiled == NULL || t[i].type.compiled->basetype != LY_TYPE_ENUM)
			continue;
		snprintf(name, sizeof(name), "%s_%s", strcmp(mod->name, "patronus-state") == 0 ? "state" : "conf", t[i].name);
		c_name(name, cname, sizeof(cname));
		(void)add_enum(g, cname, (const struct lysc_type_enum *)t[i].type.compiled);
	}
}

static uint32_t
string_max(const struct lysc_type *type)
{
	const struct lysc_type_union *un = (const struct lysc_type_union *)type;
	const struct lysc_type_str *str = (const struct lysc_type_str *)type;
	const struct lysc_type_enum *en = (const struct lysc_type_enum *)type;
	LY_ARRAY_COUNT_TYPE i;
	uint32_t max = 0, n;

	switch (type->basetype) {
	case LY_TYPE_STRING:
		if (str->length == NULL)
			return 1024;
		n = (uint32_t)str->length->parts[LY_ARRAY_COUNT(str->length->parts) - 1].max_u64;
		return n > 16000 ? 64000 : 4 * n;	/* YANG counts characters, the codec bytes of UTF-8 */
	case LY_TYPE_ENUM:
		LY_ARRAY_FOR(en->enums, i)
			max = strlen(en->enums[i].name) > max ? (uint32_t)strlen(en->enums[i].name) : max;
		return max;
	case LY_TYPE_LEAFREF:
		return string_max(((const struct lysc_type_leafref *)type)->realtype);
	case LY_TYPE_UNION:
		LY_ARRAY_FOR(un->types, i) {
			n = string_max(un->types[i]);
			max = n > max ? n : max;
		}
		return max;
	default:
		die("a type of base %d cannot be part of a string", type->basetype);
	}
}

static enum field_kind
number_kind(const struct lysc_type *type, uint32_t *ret_max)
{
	const struct lysc_type_num *num = (const struct lysc_type_num *)type;
	static const struct {
		LY_DATA_TYPE	base;
		enum field_kind	kind;
		uint64_t	max;
	} kinds[] = {
		{ LY_TYPE_UINT8, FIELD_U8, UINT8_MAX }, { LY_TYPE_UINT16, FIELD_U16, UINT16_MAX },
		{ LY_TYPE_UINT32, FIELD_U32, UINT32_MAX }, { LY_TYPE_UINT64, FIELD_U64, UINT64_MAX },
		{ LY_TYPE_INT8, FIELD_I64, 0 }, { LY_TYPE_INT16, FIELD_I64, 0 }, { LY_TYPE_INT32, FIELD_I64, 0 },
		{ LY_TYPE_INT64, FIELD_I64, 0 },
	};
	uint64_t max;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].base != type->basetype)
			continue;
		*ret_max = 0;
		if (num->range != NULL && kinds[i].kind != FIELD_I64) {
			max = num->range->parts[LY_ARRAY_COUNT(num->range->parts) - 1].max_u64;
			if (max < kinds[i].max && max <= UINT32_MAX)
				*ret_max = (uint32_t)max;
		}
		return kinds[i].kind;
	}
	die("no kind for a type of base %d", type->basetype);
}

static enum field_kind
value_kind(struct gen *g, const struct gen_record *r, struct gen_field *f, uint32_t *ret_max)
{
	const struct lysc_type *type = leaf_type(f->node);
	const struct conf_kind *kind = conf_kind_find(typedef_name(f->node));
	char name[2 * NAME_LEN], cname[NAME_LEN];
	struct gen_enum *e;

	*ret_max = 0;
	if (node_ext(f->node, "milliseconds") != NULL) {
		f->is_time = true;
		return FIELD_U64;
	}
	if (kind != NULL)
		return kind->kind;
	if (type->basetype == LY_TYPE_BOOL)
		return FIELD_BOOL;
	if (type->basetype == LY_TYPE_ENUM) {
		snprintf(name, sizeof(name), "%s_%s", area(f->node), typedef_name(f->node));
		c_name(name, cname, sizeof(cname));
		e = find_enum(g, cname);
		if (e == NULL && strncmp(cname, "event_", 6) == 0) {
			snprintf(name, sizeof(name), "state_%s", typedef_name(f->node));
			c_name(name, cname, sizeof(cname));
			e = find_enum(g, cname);
		}
		if (e == NULL) {
			snprintf(name, sizeof(name), "%s_%s", r->cname, f->cname);
			c_name(name, cname, sizeof(cname));
			e = add_enum(g, cname, (const struct lysc_type_enum *)type);
		}
		f->en = e;
		*ret_max = (uint32_t)LY_ARRAY_COUNT(e->type->enums);
		return FIELD_ENUM;
	}
	if (type->basetype == LY_TYPE_STRING || type->basetype == LY_TYPE_LEAFREF || type->basetype == LY_TYPE_UNION) {
		*ret_max = string_max(type);
		return FIELD_STRING;
	}
	return number_kind(type, ret_max);
}

static uint32_t
bounded(uint32_t max_elements)
{
	return max_elements == 0 || max_elements == UINT32_MAX ? LIST_MAX : max_elements;
}

static bool
is_absent_without_flag(enum field_kind kind)
{
	return kind == FIELD_STRING || kind == FIELD_ADDR || kind == FIELD_PREFIX || kind == FIELD_ENUM || kind == FIELD_RATE ||
	    kind == FIELD_RECORD;
}

static struct gen_record *make_record(struct gen *, const struct lysc_node *);

static void
fill_field(struct gen *g, const struct gen_record *r, struct gen_field *f, const struct lysc_node *node)
{
	f->node = node;
	c_name(node->name, f->cname, sizeof(f->cname));
	switch (node->nodetype) {
	case LYS_CONTAINER:
		f->kind = FIELD_RECORD;
		f->is_optional = (node->flags & LYS_PRESENCE) != 0;
		f->rec = make_record(g, node);
		break;
	case LYS_LIST:
		f->kind = FIELD_LIST;
		f->elem = FIELD_RECORD;
		f->max = bounded(((const struct lysc_node_list *)node)->max);
		f->rec = make_record(g, node);
		break;
	case LYS_LEAFLIST:
		f->kind = FIELD_LIST;
		f->elem = value_kind(g, r, f, &f->elem_max);
		f->max = bounded(((const struct lysc_node_leaflist *)node)->max);
		break;
	case LYS_LEAF:
		f->kind = value_kind(g, r, f, &f->max);
		f->is_optional = (node->flags & LYS_MAND_TRUE) == 0 && leaf_default(node) == NULL && !lysc_is_key(node);
		break;
	default:
		die("%s: no C form for a node of this type", node->name);
	}
	f->has_flag = f->is_optional && !is_absent_without_flag(f->kind);
}

static void
record_name(const struct lysc_node *node, char *ret, size_t size)
{
	const char *given = node_ext(node, "struct"), *item = node_ext(node, "item");
	char name[2 * NAME_LEN];

	if (given == NULL)
		snprintf(name, sizeof(name), "%s_%s", area(node), item != NULL ? item : node->name);
	else
		snprintf(name, sizeof(name), "%s", given);
	c_name(name, ret, size);
}

struct gen_record *
model_record_of(const struct gen *g, const struct lysc_node *node)
{
	char name[NAME_LEN];

	record_name(node, name, sizeof(name));
	return model_record(g, name);
}

static bool
is_same(const struct gen_record *a, const struct gen_record *b)
{
	unsigned i;

	if (a->nfields != b->nfields)
		return false;
	for (i = 0; i < a->nfields; i++) {
		const struct gen_field *x = &a->fields[i], *y = &b->fields[i];

		if (strcmp(x->cname, y->cname) != 0 || x->kind != y->kind || x->elem != y->elem || x->max != y->max ||
		    x->elem_max != y->elem_max || x->is_optional != y->is_optional || x->rec != y->rec)
			return false;
	}
	return true;
}

/* Post-order: a record comes after all that it contains. */
static struct gen_record *
add_record(struct gen *g, struct gen_record *r)
{
	struct gen_record *old = model_record(g, r->cname);

	if (old == NULL) {
		*g->records_end = r;
		g->records_end = &r->next;
		return r;
	}
	if (!is_same(old, r))
		die("two different nodes are both struct %s: give one a px:struct", r->cname);
	return old;
}

static struct gen_record *
make_record(struct gen *g, const struct lysc_node *node)
{
	struct gen_record *r = must_alloc(1, sizeof(*r));
	const struct lysc_node *child = NULL;
	unsigned n = 0;

	record_name(node, r->cname, sizeof(r->cname));
	r->node = node;
	while ((child = child_next(child, node, NULL)) != NULL)
		n++;
	r->fields = must_alloc(n + 1, sizeof(r->fields[0]));
	while ((child = child_next(child, node, NULL)) != NULL)
		fill_field(g, r, &r->fields[r->nfields++], child);
	return add_record(g, r);
}

static bool
is_for(const struct lysc_node *node, const char *owner)
{
	const char *name;
	unsigned i;

	name = node_ext(node, "owner");
	if (name != NULL && strcmp(name, owner) == 0)
		return true;
	for (i = 0; (name = ext_find(node->exts, "reader", i)) != NULL; i++)
		if (strcmp(name, owner) == 0)
			return true;
	return false;
}

static void
make_root(struct gen *g, const char *owner)
{
	struct gen_record *r = must_alloc(1, sizeof(*r));
	const struct lysc_node *node;
	unsigned i;

	snprintf(r->cname, sizeof(r->cname), "conf_%s", owner);
	r->fields = must_alloc(64, sizeof(r->fields[0]));
	for (i = 0; i < g->nmodules; i++) {
		for (node = NULL; (node = child_next(node, NULL, g->modules[i])) != NULL;) {
			if (!is_config(node) || !is_for(node, owner))
				continue;
			if (r->nfields == 64)
				die("owner %s has more than 64 sections", owner);
			fill_field(g, r, &r->fields[r->nfields++], node);
		}
	}
	(void)add_record(g, r);
}

/* Descriptions become help, forms and the manual: a node without one would leave a hole in all of them. */
static void
check_descriptions(const struct lysc_node *node)
{
	const struct lysc_type_enum *en = (const struct lysc_type_enum *)leaf_type(node);
	const struct lysc_node *child = NULL;
	LY_ARRAY_COUNT_TYPE i;
	char *path;

	path = node_path(node);
	if (node->dsc == NULL || node->dsc[0] == '\0')
		die("%s has no description", path);
	if (en != NULL && en->basetype == LY_TYPE_ENUM)
		LY_ARRAY_FOR(en->enums, i)
			if (en->enums[i].dsc == NULL)
				die("%s: the value %s has no description", path, en->enums[i].name);
	free(path);
	while ((child = child_next(child, node, NULL)) != NULL)
		check_descriptions(child);
}

void
model_build(struct gen *g)
{
	const struct lysc_node *node, *child;
	const struct lys_module *mod;
	const char *owner;
	char name[NAME_LEN];
	uint32_t index = 0;
	unsigned i;

	g->records_end = &g->records;
	g->enums_end = &g->enums;
	while ((mod = ly_ctx_get_module_iter(g->ctx, &index)) != NULL)
		add_typedefs(g, mod);
	for (i = 0; i < g->nmodules; i++) {
		for (node = NULL; (node = child_next(node, NULL, g->modules[i])) != NULL;) {
			check_descriptions(node);
			if (!is_config(node)) {
				for (child = NULL; (child = child_next(child, node, NULL)) != NULL;)
					(void)make_record(g, child);
				continue;
			}
			owner = node_ext(node, "owner");
			if (owner == NULL)
				die("section %s has no owner", node->name);
			snprintf(name, sizeof(name), "conf_%s", owner);
			if (strcmp(owner, "confd") != 0 && model_record(g, name) == NULL)
				make_root(g, owner);
			if (model_record(g, name) == NULL)
				(void)make_record(g, node);
		}
	}
}
