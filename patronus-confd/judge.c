/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libyang stops at the first fault.  A valid tree costs one validation and one walk along the references.  For a tree
 * that is not, a copy is made; all missing members and dangling references are found in one walk each and cut out of it;
 * what is left is found by validating, noting, cutting the named node and validating again.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "judge.h"
#include "members.h"
#include "node.h"
#include "place.h"
#include "problem.h"
#include "schema.h"
#include "schema_node.h"
#include "strset.h"
#include "value.h"

#define GATHER_MS	2000	/* each round validates everything; a person waits for the answer */

#define TARGETS_MAX	32	/* lists that can be referred to */

struct names {
	const struct schema_node	*list;
	struct strset			 keys;
};

struct judge {
	const struct schema	*schema;
	struct lyd_node		*tree;		/* the copy */
	const struct node	*source;
	struct problems		*problems;
	unsigned		 known;		/* problems before this round */
	unsigned		 nnames;
	struct names		 names[TARGETS_MAX];
	unsigned		 ndoomed;
	struct lyd_node		*doomed[PROBLEMS_MAX];	/* entries that libyang could not name when it refuses them */
};

static int
validate(const struct judge *j, struct lyd_node **tree)
{
	LY_ERR error;

	ly_err_clean(schema_ctx(j->schema), NULL);
	error = lyd_validate_all(tree, schema_ctx(j->schema), LYD_VALIDATE_NO_STATE, NULL);
	return error == LY_SUCCESS ? 0 : error == LY_EMEM ? -ENOMEM : -EINVAL;
}

static void
cut(struct judge *j, struct lyd_node *node)
{
	if (j->tree == node)
		j->tree = node->next;
	lyd_free_tree(node);
}

/* Something about this place, or about a thing below it, was said already. */
static bool
is_told(const struct judge *j, const struct place *p)
{
	char pointer[PLACE_LEN];

	place_pointer(p, pointer);
	return problems_below(j->problems, pointer);
}

/* --- what is missing --- */

static const struct lyd_node *
find_child(const struct lyd_node *parent, const struct schema_node *s)
{
	const struct lyd_node *c;

	LY_LIST_FOR(lyd_child(parent), c)
		if (c->schema == s->node)
			return c;
	return NULL;
}

/* "a zone, any or local" / "accept, drop or reject" / "" */
static void
describe_choices(const struct schema_node *s, char *buf, size_t size)
{
	const struct lysc_type_enum *en = s->builtin != NULL ? s->builtin : (const struct lysc_type_enum *)s->type;
	LY_ARRAY_COUNT_TYPE i, n;
	size_t at = 0;

	buf[0] = '\0';
	if (s->target != NULL)
		at = (size_t)snprintf(buf, size, "the name of a %s", s->target->item);
	if (s->type == NULL || (s->builtin == NULL && s->type->basetype != LY_TYPE_ENUM))
		return;
	n = LY_ARRAY_COUNT(en->enums);
	if (n > 6)
		return;
	LY_ARRAY_FOR(en->enums, i)
		if (at < size)
			at += (size_t)snprintf(buf + at, size - at, "%s%s", at == 0 ? "" : i + 1 == n ? " or " : ", ",
			    en->enums[i].name);
}

static void
report_missing(struct judge *j, const struct place *up, const struct schema_node *s)
{
	struct place p = { up, s, NULL };
	char choices[256], remedy[300] = "";

	if (is_told(j, &p))
		return;
	describe_choices(s, choices, sizeof(choices));
	if (choices[0] != '\0')
		(void)snprintf(remedy, sizeof(remedy), "give %s", choices);
	place_problem(&p, j->problems, place_line(up, j->source, NULL), "missing", remedy, "is missing");
}

/* "name, mac or path" of a mandatory choice of which nothing is there. */
static void
report_choice(struct judge *j, const struct place *up, const struct schema_node *parent, const struct lysc_node *choice)
{
	char names[256] = "", remedy[300];
	size_t at = 0;
	uint32_t i, n = 0, k = 0;

	if (is_told(j, up))
		return;
	for (i = 0; i < parent->nchildren; i++)
		n += parent->children[i]->choice == choice;
	for (i = 0; i < parent->nchildren; i++) {
		if (parent->children[i]->choice != choice || at >= sizeof(names))
			continue;
		k++;
		at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%s", k == 1 ? "" : k == n ? " or " : ", ",
		    parent->children[i]->node->name);
	}
	(void)snprintf(remedy, sizeof(remedy), "give %s", names);
	place_problem(up, j->problems, place_line(up, j->source, NULL), "missing", remedy, "is not complete");
}

static bool
has_case(const struct lyd_node *data, const struct schema_node *parent, const struct lysc_node *choice)
{
	const struct lyd_node *c;
	uint32_t i;

	if (data == NULL)
		return false;
	for (i = 0; i < parent->nchildren; i++)
		if (parent->children[i]->choice == choice && (c = find_child(data, parent->children[i])) != NULL)
			return true;
	return false;
}

/*
 * Members of one container or entry that must be there; data is NULL for a container that is not written.  Is one missing,
 * told or not?
 */
static bool
check_missing(struct judge *j, const struct place *p, const struct schema_node *parent, const struct lyd_node *data)
{
	const struct lysc_node *choice = NULL;
	const struct schema_node *s;
	struct place below;
	bool is_missing = false;
	uint32_t i;

	for (i = 0; i < parent->nchildren; i++) {
		s = parent->children[i];
		if (s->choice != NULL) {
			if (s->choice != choice && (s->choice->flags & LYS_MAND_TRUE) && !has_case(data, parent, s->choice)) {
				report_choice(j, p, parent, s->choice);
				is_missing = true;
			}
			choice = s->choice;
		} else if ((s->is_mandatory || (s->min > 0 && s != parent->key)) && s != parent->key &&
		    (data == NULL || find_child(data, s) == NULL)) {
			report_missing(j, p, s);
			is_missing = true;
		} else if (s->is_needy && (data == NULL || find_child(data, s) == NULL)) {
			below = (struct place){ p, s, NULL };
			is_missing |= check_missing(j, &below, s, NULL);
		}
	}
	return is_missing;
}

/*
 * For what is missing libyang often has a place in the schema only; the entry around it must go before the rest can be
 * judged.
 */
static void
doom(struct judge *j, struct lyd_node *n)
{
	struct lyd_node *outer;
	unsigned i;

	/* The outermost entry: one that is in it cannot be cut twice. */
	for (outer = NULL; n != NULL; n = lyd_parent(n))
		if (n->schema->nodetype == LYS_LIST)
			outer = n;
	n = outer;
	for (i = 0; i < j->ndoomed; i++)
		if (j->doomed[i] == n)
			return;
	if (n != NULL && j->ndoomed < PROBLEMS_MAX)
		j->doomed[j->ndoomed++] = n;
}

static void
walk_missing(struct judge *j, struct lyd_node *first)
{
	struct place steps[PLACE_STEPS];
	struct lyd_node *n;

	LY_LIST_FOR(first, n) {
		if (!(n->schema->nodetype & (LYS_CONTAINER | LYS_LIST)))
			continue;
		if (check_missing(j, place_of_data(n, steps), schema_node_of(n), n))
			doom(j, n);
		walk_missing(j, lyd_child_no_keys(n));
	}
}

/* --- references that lead nowhere --- */

static const struct lyd_node *
first_of(const struct judge *j, const struct schema_node *list)
{
	const struct lyd_node *parent, *n;

	if (list->parent == NULL) {
		LY_LIST_FOR(j->tree, n)
			if (n->schema == list->node)
				return n;
		return NULL;
	}
	/* A list that can be referred to is below containers only. */
	parent = first_of(j, list->parent);
	return parent != NULL ? find_child(parent, list) : NULL;
}

static void
report_reference(struct judge *j, const struct lyd_node *node)
{
	const struct schema_node *s = schema_node_of(node);
	const char *value = lyd_get_value(node);
	struct place steps[PLACE_STEPS];
	const struct place *p = place_of_data(node, steps);
	const struct lyd_node *n;
	struct nearest near;
	LY_ARRAY_COUNT_TYPE i;
	char remedy[320];

	nearest_init(&near, value);
	for (n = first_of(j, s->target); n != NULL && n->schema == s->target->node; n = n->next)
		nearest_try(&near, lyd_get_value(lyd_child(n)));
	if (s->builtin != NULL)
		LY_ARRAY_FOR(s->builtin->enums, i)
			nearest_try(&near, s->builtin->enums[i].name);
	place_problem(p, j->problems, place_line(p, j->source, value), "unknown-reference",
	    nearest_remedy(&near, remedy, sizeof(remedy)), "there is no %s \"%.200s\"", s->target->item, value);
}

static bool
fill_names(const struct judge *j, struct names *names, const struct schema_node *list)
{
	const struct lyd_node *n;

	names->list = list;
	strset_init(&names->keys);
	for (n = first_of(j, list); n != NULL && n->schema == list->node; n = n->next)
		if (strset_add(&names->keys, lyd_get_value(lyd_child(n)), 0) < 0)
			return false;
	return true;
}

/* The keys of a list, gathered at the first question. */
static const struct strset *
names_of(struct judge *j, const struct schema_node *list)
{
	unsigned i;

	for (i = 0; i < j->nnames; i++)
		if (j->names[i].list == list)
			return &j->names[i].keys;
	if (i == TARGETS_MAX || !fill_names(j, &j->names[i], list))
		return NULL;
	j->nnames++;
	return &j->names[i].keys;
}

static bool
is_dangling(struct judge *j, const struct lyd_node *node)
{
	const struct schema_node *s = schema_node_of(node);
	const char *value = lyd_get_value(node);
	const struct strset *keys;

	if (s->target == NULL || (s->builtin != NULL && schema_enum_has(s->builtin, value)))
		return false;
	keys = names_of(j, s->target);
	return keys != NULL && strset_find(keys, value) == NULL;
}

static void
walk_dangling(struct judge *j, struct lyd_node *first, bool is_silent)
{
	struct lyd_node *n, *next;

	LY_LIST_FOR_SAFE(first, next, n) {
		if (n->schema->nodetype & (LYS_CONTAINER | LYS_LIST)) {
			walk_dangling(j, lyd_child_no_keys(n), is_silent);
		} else if (is_dangling(j, n)) {
			if (!is_silent)
				report_reference(j, n);
			cut(j, n);
		}
	}
}

static bool
find_dangling(struct judge *j, const struct lyd_node *first)
{
	const struct lyd_node *n;

	LY_LIST_FOR(first, n)
		if (n->schema->nodetype & (LYS_CONTAINER | LYS_LIST) ? find_dangling(j, lyd_child_no_keys(n)) :
		    is_dangling(j, n))
			return true;
	return false;
}

static void
forget_names(struct judge *j)
{
	unsigned i;

	for (i = 0; i < j->nnames; i++)
		strset_fini(&j->names[i].keys);
	j->nnames = 0;
}

/* Cut references to nothing out; silently when they lead to what was cut before. */
static void
cut_dangling(struct judge *j, bool is_silent)
{
	walk_dangling(j, j->tree, is_silent);
	forget_names(j);
}

/* --- the rest, one after the other --- */

/* "text; remedy" in a module's error-message */
static void
split_message(const char *message, char *text, size_t text_size, char *remedy, size_t remedy_size)
{
	const char *semicolon = strstr(message, "; ");

	(void)str_copy(text, message, text_size);
	remedy[0] = '\0';
	if (semicolon == NULL || (size_t)(semicolon - message) >= text_size)
		return;
	text[semicolon - message] = '\0';
	(void)str_copy(remedy, semicolon + 2, remedy_size);
}

/*
 * Unique data leaf(s) "match/by/name/name" not satisfied in "/...[name='lan']" and "/...[name='dmz']".  The names between the
 * first and the last are of choices.
 */
static const char *
unique_message(const struct lyd_node *node, const char *message, char *buf, size_t size)
{
	const char *leaf = strchr(message, '"'), *key, *own = members_key(node);
	char other[64] = "";
	size_t len, first;

	for (key = message; (key = strstr(key, "='")) != NULL; key += len) {
		key += 2;
		len = strcspn(key, "'");
		if (len != strlen(own) || strncmp(key, own, len) != 0)
			(void)str_copy(other, key, len + 1 < sizeof(other) ? len + 1 : sizeof(other));
	}
	if (leaf == NULL || other[0] == '\0')
		return "another entry is the same";
	len = strcspn(++leaf, "\"");
	first = strcspn(leaf, "/\"");
	while (len > first && leaf[len - 1] != '/')
		len--;
	if (len > first)
		(void)snprintf(buf, size, "has the same %.*s %.*s as \"%s\"; give each its own", (int)first, leaf,
		    (int)strcspn(leaf + len, "\""), leaf + len, other);
	else
		(void)snprintf(buf, size, "has the same %.*s as \"%s\"; give each its own", (int)first, leaf, other);
	return buf;
}

static void
report_rule(struct judge *j, const struct place *p, const struct lyd_node *node, const struct ly_err_item *e)
{
	const char *value = NULL, *message = e->msg != NULL ? e->msg : "is not valid";
	char text[512], remedy[300], unique[256];

	if (node != NULL && (node->schema->nodetype & (LYS_LEAF | LYS_LEAFLIST)))
		value = lyd_get_value(node);
	if (node != NULL && strncmp(message, "Unique data leaf", 16) == 0)
		message = unique_message(node, message, unique, sizeof(unique));
	split_message(message, text, sizeof(text), remedy, sizeof(remedy));
	place_problem(p, j->problems, place_line(p, j->source, value), e->apptag != NULL ? e->apptag : "rule", remedy, "%s",
	    text);
}

static bool
is_told_at(const struct judge *j, const struct place *p)
{
	char pointer[PLACE_LEN];

	place_pointer(p, pointer);
	return j->known > 0 && problems_below(j->problems, pointer);
}

/*
 * The data node that an error is about.  Errors with words of a module carry their path in a sentence:
 * Schema location "/x:y", data location "/x:y[z='1']".
 */
static struct lyd_node *
find_fault(const struct judge *j, const char *place)
{
	const char *start = strstr(place, "ata location \""), *end;
	struct lyd_node *node = NULL;
	char path[2 * PLACE_LEN];
	size_t len = strlen(place);

	if (start != NULL) {
		place = start + strlen("ata location \"");
		end = strrchr(place, '"');
		len = end != NULL ? (size_t)(end - place) : strlen(place);
	}
	if (j->tree == NULL || len >= sizeof(path) || place[0] != '/')
		return NULL;
	memcpy(path, place, len);
	path[len] = '\0';
	return schema_has_found(lyd_find_path(j->tree, path, 0, &node)) ? node : NULL;
}

/* Note the fault that libyang found last and cut its node out.  False when there is nothing to cut. */
static bool
note_fault(struct judge *j)
{
	const struct ly_err_item *e = ly_err_last(schema_ctx(j->schema));
	struct place steps[PLACE_STEPS];
	const struct place *p;
	struct lyd_node *node;
	bool is_entry;

	if (e == NULL)
		return false;
	node = e->path != NULL ? find_fault(j, e->path) : NULL;
	/* What is missing has no place in the tree: walk_missing() told about it, or it went with a fault that was told. */
	if (node == NULL && problems_count(j->problems) > 0)
		return false;
	p = node != NULL ? place_of_data(node, steps) : NULL;
	if (p == NULL || !is_told_at(j, p))
		report_rule(j, p, node, e);
	if (node == NULL)
		return false;
	is_entry = node->schema->nodetype == LYS_LIST;
	cut(j, node);
	if (is_entry)
		cut_dangling(j, true);
	return true;
}

static int
gather(struct judge *j)
{
	uint64_t until = clock_mono_ms() + GATHER_MS;
	unsigned i;
	int error;

	walk_missing(j, j->tree);
	cut_dangling(j, false);
	for (i = 0; i < j->ndoomed; i++)
		cut(j, j->doomed[i]);
	if (j->ndoomed > 0)
		cut_dangling(j, true);
	for (;;) {
		j->known = problems_count(j->problems);
		error = validate(j, &j->tree);
		if (error != -EINVAL || problems_count(j->problems) == PROBLEMS_MAX)
			break;
		if (!note_fault(j))
			break;
		if (clock_mono_ms() >= until) {
			problems_add(j->problems, "", "", 0, "more", "correct these and try again",
			    "there are more problems than could be gathered in time");
			break;
		}
	}
	return error == -ENOMEM ? error : -EINVAL;
}

int
judge(const struct schema *schema, struct lyd_node **tree, const struct node *source, struct problems *problems)
{
	struct judge j = { .schema = schema, .tree = *tree, .source = source, .problems = problems };
	int error = validate(&j, &j.tree);
	bool dangles;

	*tree = j.tree;
	if (error == -ENOMEM)
		return error;
	dangles = error == 0 && find_dangling(&j, j.tree);
	forget_names(&j);
	if (error == 0 && !dangles)
		return 0;
	j.tree = NULL;
	if (*tree != NULL && lyd_dup_siblings(*tree, NULL, LYD_DUP_RECURSIVE, &j.tree) != LY_SUCCESS)
		return -ENOMEM;
	error = gather(&j);
	lyd_free_all(j.tree);
	if (error == -EINVAL && problems_count(problems) == 0)
		problems_add(problems, "", "", 0, "rule", "", "the configuration is not valid");
	return error;
}
