/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Delta debugging: whatever can be left out while the case still fails is left out. */
#include <string.h>

#include "base/buf.h"

#include "case.h"
#include "policy_nat.h"

struct minimiser {
	const struct form	*form;
	struct world		*world;
	struct proof_case	*best;
};

static bool
fails(const struct minimiser *m, const struct proof_case *c)
{
	struct tally t = { 0 };
	struct buf text;
	bool ok;

	buf_init(&text, 0);
	ok = case_run(c, m->form, m->world, &t, &text);
	buf_fini(&text);
	return !ok;
}

/* A copy whose policy and lists may be changed. */
static struct proof_case
copy(const struct proof_case *c)
{
	struct proof_case n = *c;
	struct fw_policy *p = arena_alloc(c->arena, 1, sizeof(*p));

	*p = *c->policy;
	p->rules = arena_alloc(c->arena, p->n_rules + 1, sizeof(*p->rules));
	memcpy(p->rules, c->policy->rules, p->n_rules * sizeof(*p->rules));
	p->forwards = arena_alloc(c->arena, p->n_forwards + 1, sizeof(*p->forwards));
	memcpy(p->forwards, c->policy->forwards, p->n_forwards * sizeof(*p->forwards));
	n.packets = arena_alloc(c->arena, c->n + 1, sizeof(*n.packets));
	memcpy(n.packets, c->packets, c->n * sizeof(*n.packets));
	n.policy = p;
	return n;
}

static bool
try(const struct minimiser *m, const struct proof_case *c)
{
	if (!fails(m, c))
		return false;
	*m->best = *c;
	return true;
}

/* Ever smaller pieces. */
static void
drop_packets(const struct minimiser *m)
{
	struct proof_case c;
	unsigned size, at;

	for (size = m->best->n / 2; size > 0; size /= 2) {
		for (at = 0; at + size <= m->best->n;) {
			c = copy(m->best);
			memmove(c.packets + at, c.packets + at + size, (c.n - at - size) * sizeof(*c.packets));
			c.n -= size;
			if (c.n == 0 || !try(m, &c))
				at += size;
		}
	}
}

static bool
drop_rules(const struct minimiser *m)
{
	struct proof_case c;
	bool is_less = false;
	uint32_t i;

	for (i = m->best->policy->n_rules; i > 0; i--) {
		c = copy(m->best);
		memmove(&c.policy->rules[i - 1], &c.policy->rules[i], (c.policy->n_rules - i) * sizeof(*c.policy->rules));
		c.policy->n_rules--;
		is_less |= try(m, &c);
	}
	for (i = m->best->policy->n_forwards; i > 0; i--) {
		c = copy(m->best);
		memmove(&c.policy->forwards[i - 1], &c.policy->forwards[i], (c.policy->n_forwards - i) * sizeof(*c.policy->forwards));
		c.policy->n_forwards--;
		is_less |= try(m, &c);
	}
	return is_less;
}

static void
drop_fields(const struct minimiser *m)
{
	struct proof_case c;
	uint32_t i;
	unsigned f;

	for (i = 0; i < m->best->policy->n_rules; i++) {
		for (f = 0; f < n_rule_fields; f++) {
			c = copy(m->best);
			rule_fields[f].clear(&c.policy->rules[i]);
			(void)try(m, &c);
		}
		c = copy(m->best);
		c.policy->rules[i].rate.count = 0;
		c.policy->rules[i].is_logged = false;
		(void)try(m, &c);
		c = copy(m->best);
		c.policy->rules[i].syn = NULL;
		(void)try(m, &c);
	}
}

static void
drop_settings(const struct minimiser *m)
{
	struct proof_case c = copy(m->best);

	c.policy->web.port = c.policy->ssh.port = 0;
	(void)try(m, &c);
	c = copy(m->best);
	c.policy->drops_spoofed = c.policy->logs_spoofed = c.policy->logs_invalid = c.policy->logs_unmatched = false;
	(void)try(m, &c);
	c = copy(m->best);
	c.policy->bogons = NULL;
	(void)try(m, &c);
}

void
case_minimise(struct proof_case *c, const struct form *form, struct world *w)
{
	struct minimiser m = { form, w, c };

	drop_packets(&m);
	while (drop_rules(&m))
		;
	drop_settings(&m);
	drop_fields(&m);
	drop_packets(&m);
}
