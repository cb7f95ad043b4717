/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <string.h>

#include "ipc/ids.h"

#include "diff.h"
#include "impact.h"
#include "mem.h"
#include "names.h"


/* All changes of one object. */
struct tally {
	const char	*object;
	uint32_t	 added, removed, changed, moved;
	bool		 is_set;
	bool		 is_whole;	/* it was not there before, or will not be there afterwards */
};

struct tallies {
	struct arena	 *arena;
	struct names	  by_key;
	struct tally	**items;
	uint32_t	  n;
	unsigned	  cap;
};

/* "port-forward:web" -> "port-forward web", "web-in" -> "rule web-in"; jumps and other structure have one name together. */
static const char *
rule_object(struct arena *a, const struct ir_origin *o)
{
	const char *colon = strchr(o->id, ':');

	if (colon == NULL)
		return mem_printf(a, "rule %.128s", o->id);
	if (o->action == IR_ACTION_NONE)
		return "structure of the ruleset";
	return mem_printf(a, "built-in %.*s %.128s", (int)(colon - o->id), o->id, colon + 1);
}

/* "group.admins.host4" -> "group admins", "zone.lan.net6" -> "networks of lan"; the rest are ours. */
static const char *
set_object(struct arena *a, const struct ir_set *s)
{
	if (strncmp(s->name, "group.", 6) == 0)
		return mem_printf(a, "group %.*s", (int)strcspn(s->name + 6, "."), s->name + 6);
	if (strncmp(s->name, "zone.", 5) == 0)
		return mem_printf(a, "networks of %.*s", (int)strcspn(s->name + 5, "."), s->name + 5);
	return mem_printf(a, "set %.128s", s->name);
}

static struct tally *
tally_get(struct tallies *t, const char *object, bool is_set)
{
	struct tally *tally = names_get(&t->by_key, object);

	if (tally != NULL)
		return tally;
	tally = mem_alloc(t->arena, 1, sizeof(*tally));
	tally->object = object;
	tally->is_set = is_set;
	tally->is_whole = true;
	t->items = mem_grow(t->arena, t->items, t->n, sizeof(struct tally *), &t->cap);
	t->items[t->n++] = tally;
	names_put(t->arena, &t->by_key, tally->object, tally);
	return tally;
}

static struct tally *
of_rule(struct tallies *t, const struct ir_rule *r, const struct ir *other)
{
	struct tally *tally = tally_get(t, rule_object(t->arena, r->origin), false);

	tally->is_whole = tally->is_whole && r->origin->action != IR_ACTION_NONE && (other == NULL || ir_origin_find(other, r->origin->id) == NULL);
	return tally;
}

static struct tally *
of_set(struct tallies *t, const struct ir_set *s, const struct ir *other)
{
	struct tally *tally = tally_get(t, set_object(t->arena, s), true);

	tally->is_whole = tally->is_whole && (other == NULL || ir_set_find(other, s->name) == NULL);
	return tally;
}

/* What passes made: people know the rules in it. */
static bool
is_look_up(const struct change *c)
{
	if (c->set != NULL)
		return strncmp(c->set->name, "map.", 4) == 0;
	return (c->kind == CHANGE_CHAIN_ADD || c->kind == CHANGE_CHAIN_REMOVE) && strncmp(c->chain->name, "rule.", 5) == 0;
}

/* Rules that come or go are told by themselves; one that was there and stays looks at something else now. */
static void
count_look_up(struct tallies *t, const struct change *c, const struct ir *old, const struct ir *next)
{
	const struct ir_chain *chain;
	struct tally *tally;

	if (c->elem != NULL && c->elem->rule != NULL) {
		if (c->kind == CHANGE_ELEM_ADD)
			of_rule(t, c->elem->rule, old)->added++;
		else
			of_rule(t, c->elem->rule, next)->removed++;
		return;
	}
	if (c->elem == NULL || c->elem->chain == NULL || old == NULL || ir_chain_find(old, c->elem->chain) == NULL)
		return;
	chain = ir_chain_find(next, c->elem->chain);
	if (chain == NULL || chain->first == NULL)
		return;
	tally = tally_get(t, rule_object(t->arena, chain->first->origin), false);
	tally->is_whole = false;
	tally->changed++;
}

static void
count(struct tallies *t, const struct change *c, const struct ir *old, const struct ir *next)
{
	struct tally *structure;

	if (c->set != NULL && strcmp(c->set->name, IR_OFFLOAD_SET) == 0)	/* it changes with the flowtable, whose name it has */
		return;
	if (is_look_up(c)) {
		count_look_up(t, c, old, next);
		return;
	}
	switch ((enum change_kind)c->kind) {
	case CHANGE_RULE_ADD:
		of_rule(t, c->rule, old)->added += !c->is_move;
		of_rule(t, c->rule, old)->moved += c->is_move;
		break;
	case CHANGE_RULE_REPLACE:
		of_rule(t, c->rule, old)->changed++;
		break;
	case CHANGE_RULE_REMOVE:
		/* The removal of a move was counted where it goes to. */
		of_rule(t, c->old, next)->removed += !c->is_move;
		break;
	case CHANGE_SET_ADD:
	case CHANGE_ELEM_ADD:
		of_set(t, c->set, old)->added += c->kind == CHANGE_ELEM_ADD;
		break;
	case CHANGE_SET_REMOVE:
	case CHANGE_ELEM_REMOVE:
		of_set(t, c->set, next)->removed++;
		break;
	case CHANGE_FLOWTABLE_ADD:
	case CHANGE_FLOWTABLE_REMOVE:
		structure = tally_get(t, "flow offload", false);
		structure->added += c->kind == CHANGE_FLOWTABLE_ADD;
		structure->removed += c->kind == CHANGE_FLOWTABLE_REMOVE;
		structure->is_whole = old == NULL || old->flowtable == NULL || next->flowtable == NULL;
		break;
	case CHANGE_TABLE_ADD:
	case CHANGE_TABLE_REMOVE:
	case CHANGE_OBJECT_ADD:
	case CHANGE_OBJECT_REMOVE:
	case CHANGE_CHAIN_ADD:
	case CHANGE_CHAIN_SET:
	case CHANGE_CHAIN_REMOVE:
		structure = tally_get(t, "structure of the ruleset", false);
		structure->changed++;
		structure->is_whole = false;
		break;
	case CHANGE_ELEM_GONE:	/* a rule's: it was counted as such */
	case CHANGE_INVALID:
		break;
	}
}

static const char *
text_of(struct arena *a, const struct tally *t)
{
	if (t->is_whole && t->removed == 0)
		return mem_printf(a, "%s is added", t->object);
	if (t->is_whole)
		return mem_printf(a, "%s is removed", t->object);
	if (t->is_set && t->removed == 0)
		return mem_printf(a, "%s gets %u element%s", t->object, t->added, t->added == 1 ? "" : "s");
	if (t->is_set)
		return mem_printf(a, "%s gets %u element%s and loses %u", t->object, t->added, t->added == 1 ? "" : "s", t->removed);
	if (t->moved > 0 && t->added == 0 && t->removed == 0 && t->changed == 0)
		return mem_printf(a, "%s moves", t->object);
	return mem_printf(a, "%s changes", t->object);
}

uint32_t
impact_list(const struct diff *d, const struct ir *old, const struct ir *next, struct arena *a, struct ipc_impact **ret)
{
	struct tallies t = { .arena = a };
	struct ipc_impact *items;
	uint32_t i, n = 0;

	items = *ret = mem_alloc(a, IMPACTS_MAX, sizeof(*items));
	if (old != NULL && d->is_impossible)
		items[n++] = (struct ipc_impact){ .impact = IMPACT_RELOAD, .object = "ruleset",
		    .text = "the ruleset is loaded anew in one step: its counters start again, connections stay" };
	for (i = 0; i < d->n; i++)
		count(&t, &d->items[i], old, next);
	for (i = 0; i < t.n && n < IMPACTS_MAX; i++)
		items[n++] = (struct ipc_impact){ .impact = IMPACT_HOT, .object = t.items[i]->object, .text = text_of(a, t.items[i]) };
	if (i < t.n)
		items[n - 1] = (struct ipc_impact){ .impact = IMPACT_HOT, .object = "more",
		    .text = mem_printf(a, "%u objects more change", t.n - i + 1) };
	for (i = 0; i < n; i++)
		items[i].owner = "fwd";
	return n;
}
