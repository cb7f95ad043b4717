/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/netfilter.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"

#include "grafting.h"
#include "ir_field.h"
#include "mem.h"

/*
 * What must hold for one rule to come or go without a look at all others:
 *
 *   chains and sets	those that it needs are there, made for a rule before it; none that is there was made for it
 *   groups		its parts join groups that began before them, or leave groups that began before them and go on
 *   other rules	what is dealt behind it and meets it would have been dealt to the same place
 *   comparisons	are so few that the budget of the chain cannot have been used up, before as after
 *
 * A rule that changes and looks at what it looked at before stays where it is, whoever meets it; one that looks at other values of the same fields does when
 * dealing would put it there.
 */

#define BOXES_BYTES	(64u << 10)

/* --- sets */
bool
grafting_same_kind(const struct ir_set *a, const struct ir_set *b)
{
	return a->flags == b->flags && a->nfields == b->nfields && memcmp(a->fields, b->fields, sizeof(a->fields)) == 0 &&
	    a->is_interned == b->is_interned && a->timeout_ms == b->timeout_ms && a->size == b->size && strcmp(a->path, b->path) == 0;
}

bool
grafting_same_set(const struct ir_set *a, const struct ir_set *b)
{
	uint32_t i;

	if (a->hash != b->hash || a->n != b->n || !grafting_same_kind(a, b))
		return false;
	for (i = 0; i < a->n; i++)
		if (ir_elem_compare(a, &a->elems[i], &b->elems[i]) != 0)
			return false;
	return true;
}

const struct ir_set *
grafting_next_made(const struct ir_set *s, uint32_t made)
{
	while (s != NULL && s->made != made)
		s = s->next;
	return s;
}

/* The sets of the rule alone are there, made before it or, in their order, for it; and none else was made for it. */
bool
grafting_has_sets(const struct graft *g, const struct ir *alone)
{
	const struct ir_set *s, *own = grafting_next_made(g->ir->sets, g->made), *need;

	for (need = alone->sets; need != NULL; need = need->next) {
		s = ir_set_find(g->ir, need->name);
		if (s == NULL || s->made == 0 || s->made > g->made || !grafting_same_set(s, need) || (s->made == g->made && s != own))
			return false;
		if (s == own)
			own = grafting_next_made(own->next, g->made);
	}
	return own == NULL;
}

/* --- who meets whom */
struct bounds {
	bool	 is_bound;	/* else everything */
	unsigned at;
	unsigned len;
	uint8_t	 lo[IR_VALUE_MAX];
	uint8_t	 hi[IR_VALUE_MAX];
};

static void
put_value(uint8_t *p, box_value v, unsigned len)
{
	unsigned i;

	for (i = len; i > 0; i--, v >>= 8)
		p[i - 1] = (uint8_t)v;
}

/* A box as the keys of a look-up have it. */
static void
bounds_of(struct bounds b[BOX_DIMS], const struct deal_shape *key, const struct box *box, uint16_t dims)
{
	unsigned d, at, len;

	memset(b, 0, BOX_DIMS * sizeof(*b));
	for (d = 0, at = 0; d < BOX_DIMS; d++) {
		if ((key->dims & 1u << d) == 0)
			continue;
		len = ir_field_info(key->fields[d])->len;
		b[d].at = at;
		b[d].len = len;
		b[d].is_bound = (dims & 1u << d) != 0;
		put_value(b[d].lo, box->lo[d], len);
		put_value(b[d].hi, box->hi[d], len);
		at += (len + 3u) & ~3u;
	}
}

static bool
elem_meets(const struct bounds b[BOX_DIMS], const struct ir_elem *e)
{
	/* What tells most apart comes first. */
	static const uint8_t order[BOX_DIMS] = { BOX_DADDR, BOX_SADDR, BOX_DPORT, BOX_SPORT, BOX_TYPE, BOX_OIF, BOX_IIF, BOX_PROTOCOL };
	const struct bounds *k;
	unsigned i;

	for (i = 0; i < BOX_DIMS; i++) {
		k = &b[order[i]];
		if (k->is_bound && (memcmp(e->lo + k->at, k->hi, k->len) > 0 || memcmp(e->hi + k->at, k->lo, k->len) < 0))
			return false;
	}
	return true;
}

const struct ir_origin *
grafting_elem_origin(const struct ir *ir, const struct ir_elem *e)
{
	return e->rule != NULL ? e->rule->origin : ir_chain_find(ir, e->chain)->first->origin;
}

static struct box
elem_box(const struct deal_shape *s, const struct ir_elem *e)
{
	unsigned d, at, len;
	struct box b;

	box_init(&b);
	b.family = s->family;
	for (d = 0, at = 0; d < BOX_DIMS; d++) {
		if ((s->dims & 1u << d) == 0)
			continue;
		len = ir_field_info(s->fields[d])->len;
		b.lo[d] = box_value_of(e->lo + at, len);
		b.hi[d] = box_value_of(e->hi + at, len);
		at += (len + 3u) & ~3u;
	}
	return b;
}

static bool
same_family(uint8_t a, uint8_t b)
{
	return a == NFPROTO_UNSPEC || b == NFPROTO_UNSPEC || a == b;
}

/* Whom these meet. */
struct boxes_asked {
	const struct box	*boxes;
	unsigned		 n;
	uint16_t		 dims;		/* that are bounded */
};

typedef bool meet_fn(struct graft *, const struct meeting *);

/* Of one box those of a look-up that meet it, and were not made for the rule at hand; false: as soon as the function says so. */
static bool
each_of_map(struct graft *g, struct meeting *m, const struct box *b, uint16_t dims, meet_fn *f)
{
	const struct deal_group *k = &g->chain->deal->groups[m->group];
	struct bounds bounds[BOX_DIMS];
	uint32_t i;

	if (!same_family(k->shape.family, b->family))
		return true;
	bounds_of(bounds, &k->shape, b, dims);
	for (i = 0; i < k->set->n; i++) {
		if (!elem_meets(bounds, &k->set->elems[i]))
			continue;
		m->made = grafting_elem_origin(g->ir, &k->set->elems[i])->made;
		m->box = elem_box(&k->shape, &k->set->elems[i]);
		if (m->made != g->made && !f(g, m))
			return false;
	}
	return true;
}

/* Boxes of others, one after the other. */
static struct arena *
renew(struct arena *a)
{
	if (a != NULL && arena_used(a) < BOXES_BYTES)
		return a;
	arena_discard(a);
	a = arena_new(0);
	if (a == NULL)
		fatalx("graft", "out of memory");
	return a;
}

static bool
each_of_rule(struct graft *g, struct meeting *m, const struct ir_rule *r, const struct boxes_asked *q, meet_fn *f)
{
	struct rule_boxes what;
	unsigned i, k;

	g->others = renew(g->others);
	rule_boxes_make(&what, r, g->others);
	m->made = r->origin->made;
	for (i = 0; i < what.n; i++) {
		m->box = what.boxes[i];
		for (k = 0; k < q->n; k++)
			if (box_meets(&what.boxes[i], &q->boxes[k]) && !f(g, m))
				return false;
	}
	return true;
}

/* group UINT32_MAX: of all. */
static bool
each_meeting(struct graft *g, uint32_t part, uint32_t group, const struct boxes_asked *q, meet_fn *f)
{
	const struct deal *d = g->chain->deal;
	struct meeting m = { .part = part };
	struct ir_rule *r;
	unsigned k;

	for (r = g->chain->first; r != NULL; r = r->next) {
		m.group = r->group;
		if (group != UINT32_MAX && m.group != group)
			continue;
		if (d->groups[m.group].set == NULL) {
			if (r->origin->made != g->made && !each_of_rule(g, &m, r, q, f))
				return false;
			continue;
		}
		for (k = 0; k < q->n; k++)
			if (!each_of_map(g, &m, &q->boxes[k], q->dims, f))
				return false;
	}
	return true;
}

static bool
note_meeting(struct graft *g, const struct meeting *m)
{
	if (g->n_meetings == MEETINGS_MAX)
		return false;
	g->meetings[g->n_meetings++] = *m;
	return true;
}

static bool
find_meetings(struct graft *g)
{
	const struct rule_boxes *r;
	uint32_t i;

	for (i = 0; i < g->n; i++) {
		r = &g->parts[i].what;
		if (!each_meeting(g, i, UINT32_MAX, &(const struct boxes_asked){ r->boxes, r->n, r->dims }, note_meeting))
			return false;
	}
	return true;
}

static bool
meet_each_other(const struct graft *g)
{
	const struct rule_boxes *a, *b;
	uint32_t i, k;
	unsigned x, y;

	for (i = 0; i < g->n; i++) {
		for (k = i + 1; k < g->n; k++) {
			a = &g->parts[i].what;
			b = &g->parts[k].what;
			for (x = 0; x < a->n; x++)
				for (y = 0; y < b->n; y++)
					if (box_meets(&a->boxes[x], &b->boxes[y]))
						return true;
		}
	}
	return false;
}

/* --- comparisons */
/* Whoever meets it may have been asked more than before for each of its boxes. */
static bool
is_affordable(struct graft *g, uint32_t n_boxes)
{
	struct deal *d = g->chain->deal;

	d->most += (uint64_t)g->n_meetings * RULE_BOXES_MAX * (d->n_boxes + n_boxes);
	return d->most < DEAL_BUDGET;
}

static void
widen(struct deal *d, struct deal_group *k, const struct rule_boxes *r)
{
	struct boxes s;
	box_value span;
	unsigned i, n;

	boxes_init(&s, r->dims);
	for (i = 0; i < s.n_by; i++) {
		for (n = 0; n < r->n; n++) {
			span = r->boxes[n].hi[s.by[i].dim] - r->boxes[n].lo[s.by[i].dim];
			if (span <= k->span[i])
				continue;
			/* Any question may have come to all of the group. */
			k->span[i] = span;
			d->most += d->n_asked * k->n_boxes;
		}
	}
	boxes_fini(&s);
}

/* --- groups */
static uint32_t
count_before(const struct graft *g)
{
	const struct deal *d = g->chain->deal;
	uint32_t n;

	for (n = d->n; n > 0 && d->groups[n - 1].first >= g->made; n--)
		;
	return n;
}

/* Where dealing puts a part when there are the first groups up to at; UINT32_MAX: into a group of its own. */
static uint32_t
find_group(const struct graft *g, uint32_t part, uint32_t at)
{
	const struct deal *d = g->chain->deal;
	uint32_t m;
	unsigned n;

	if (g->parts[part].shape.dims == 0)
		return UINT32_MAX;
	for (n = 0; at > 0 && n < DEAL_LOOK_BACK; at--, n++) {
		for (m = 0; m < g->n_meetings; m++)
			if (g->meetings[m].part == part && g->meetings[m].group == at - 1 && g->meetings[m].made < g->made)
				return UINT32_MAX;
		if (deal_shape_equal(&d->groups[at - 1].shape, &g->parts[part].shape))
			return at - 1;
	}
	return UINT32_MAX;
}

/* What comes behind a part and meets it has not passed over its group on the way back. */
static bool
is_passed_over(const struct graft *g)
{
	const struct meeting *m;

	for (m = g->meetings; m < g->meetings + g->n_meetings; m++)
		if (m->made > g->made && m->group <= g->parts[m->part].group)
			return true;
	return false;
}

/* Each question may be asked of so many boxes more, and each of the part's of all that there are. */
static void
count_questions(const struct graft *g, const struct part *p)
{
	struct deal *d = g->chain->deal;

	d->most += d->n_asked * p->what.n + (uint64_t)p->what.n * (d->n_boxes + p->what.n);
	d->n_asked += (uint64_t)p->what.n * DEAL_LOOK_BACK;
	widen(d, &d->groups[p->group], &p->what);
}

bool
grafting_find_groups(struct graft *g)
{
	uint32_t i;

	if (meet_each_other(g) || !find_meetings(g))
		return false;
	for (i = 0; i < g->n; i++) {
		g->parts[i].group = find_group(g, i, count_before(g));
		if (g->parts[i].group == UINT32_MAX)
			return false;
		count_questions(g, &g->parts[i]);
	}
	return !is_passed_over(g) && is_affordable(g, 0);
}

/* --- what is there of the rule */
static const struct ir_elem *
find_elem(const struct ir_set *s, const struct ir_elem *key)
{
	unsigned len = ir_set_keylen(s);
	uint32_t low, high, middle;
	int r;

	for (low = 0, high = s->n; low < high;) {
		middle = low + (high - low) / 2;
		r = memcmp(s->elems[middle].lo, key->lo, len);
		if (r == 0)
			r = (s->flags & IR_SET_INTERVAL) != 0 ? memcmp(s->elems[middle].hi, key->hi, len) : 0;
		if (r == 0)
			return &s->elems[middle];
		if (r < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool
is_in_map(const struct graft *g, const struct deal_group *k, const struct part *p)
{
	struct ir_elem key = { .expires_ms = 0 };
	const struct ir_elem *e;

	if (k->set == NULL || !deal_shape_equal(&k->shape, &p->shape))
		return false;
	rule_boxes_key(&p->what, &p->what.boxes[0], &key);
	e = find_elem(k->set, &key);
	return e != NULL && grafting_elem_origin(g->ir, e) == g->origin;
}

/* The groups of the parts that are in look-ups; those that are rules of the chain are the others, in their order. */
bool
grafting_locate(struct graft *g)
{
	const struct deal *d = g->chain->deal;
	const struct ir_rule *r;
	uint32_t i, k;

	for (i = 0; i < g->n; i++) {
		g->parts[i].group = UINT32_MAX;
		for (k = 0; d != NULL && k < d->n && g->parts[i].group == UINT32_MAX; k++)
			if (is_in_map(g, &d->groups[k], &g->parts[i]))
				g->parts[i].group = k;
	}
	for (r = g->chain->first; r != NULL; r = r->next) {
		if (r->origin != g->origin)
			continue;
		for (i = 0; i < g->n && !(g->parts[i].group == UINT32_MAX && (d == NULL ||
		    deal_shape_equal(&d->groups[r->group].shape, &g->parts[i].shape))); i++)
			;
		if (i == g->n)
			return false;
		g->parts[i].group = r->group;
	}
	for (i = 0; i < g->n; i++)
		if (g->parts[i].group == UINT32_MAX)
			return false;
	return true;
}

/* Does another rule of the group meet it, dealt before the one that is noted last? */
static bool
is_no_earlier(struct graft *g, const struct meeting *m)
{
	return m->made >= g->meetings[g->n_meetings - 1].made;
}

/* What began a group behind the rule, since it met it, would still begin one: it meets another rule of the same group. */
static bool
would_begin(struct graft *g, const struct meeting *m)
{
	const struct part *p = &g->parts[m->part];
	const struct deal_group *k = &g->chain->deal->groups[m->group];
	bool is_stopped;

	if (k->first != m->made || k->shape.dims == 0)
		return true;
	if (g->n_meetings == MEETINGS_MAX)
		return false;
	g->meetings[g->n_meetings++] = *m;
	is_stopped = !each_meeting(g, m->part, p->group, &(const struct boxes_asked){ &m->box, 1, k->shape.dims }, is_no_earlier);
	g->n_meetings--;
	return is_stopped;
}

bool
grafting_may_leave(struct graft *g)
{
	const struct deal *d = g->chain->deal;
	uint32_t i;

	if (!find_meetings(g))
		return false;
	for (i = 0; i < g->n; i++)
		if (d->groups[g->parts[i].group].first >= g->made)
			return false;
	for (i = 0; i < g->n_meetings; i++)
		if (g->meetings[i].made > g->made && !would_begin(g, &g->meetings[i]))
			return false;
	return is_affordable(g, 0);
}

/* --- other boxes at the same place */
/* The groups of which a part was the first one come behind those that there were, and the parts before it may have begun some. */
static bool
would_come_here(const struct graft *g, uint32_t part)
{
	const struct deal *d = g->chain->deal;
	uint32_t group = g->parts[part].group, at = count_before(g), i;
	bool begins = d->groups[group].first == g->made;

	for (i = 0; i < part; i++) {
		begins = begins && g->parts[i].group != group;
		if (d->groups[g->parts[i].group].first == g->made && g->parts[i].group >= at)
			at = g->parts[i].group + 1;
	}
	return find_group(g, part, at) == (begins ? UINT32_MAX : group);
}

static bool
part_meets(const struct part *p, const struct box *b)
{
	unsigned i;

	for (i = 0; i < p->what.n; i++)
		if (box_meets(&p->what.boxes[i], b))
			return true;
	return false;
}

/* What comes behind the rule and met it still does, or would begin a group all the same. */
static bool
is_missed(struct graft *from, const struct graft *to)
{
	const struct meeting *m;

	for (m = from->meetings; m < from->meetings + from->n_meetings; m++)
		if (m->made > from->made && !part_meets(&to->parts[m->part], &m->box) && !would_begin(from, m))
			return true;
	return false;
}

bool
grafting_may_stay(struct graft *from, struct graft *to)
{
	uint32_t i;

	if (from->chain != to->chain || from->n != to->n)
		return false;
	for (i = 0; i < to->n; i++) {
		to->parts[i].group = from->parts[i].group;
		if (!deal_shape_equal(&from->parts[i].shape, &to->parts[i].shape))
			return false;
	}
	if (to->chain->deal == NULL)
		return true;
	if (meet_each_other(from) || meet_each_other(to) || !find_meetings(from) || !find_meetings(to))
		return false;
	for (i = 0; i < to->n; i++) {
		if (!would_come_here(to, i))
			return false;
		count_questions(to, &to->parts[i]);
	}
	return !is_passed_over(to) && !is_missed(from, to) && is_affordable(to, 0);
}
