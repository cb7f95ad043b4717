/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changes of several routes, against a small kernel that does one message at a time.  In many random worlds (foreign routes, nested
 * prefixes, metrics, unreachable ones): after each message every lookup finds what it found before, or every lookup finds what it will find;
 * and whoever ends between two messages, what is left is brought to one of the two, at one instant.
 * A lookup that has read the rule before it was taken away finds the right way after each message, too.
 */
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "ipc/ids.h"
#include "net/rtnlwalk.h"
#include "actual.h"
#include "bind.h"
#include "desired.h"
#include "encode.h"
#include "flip.h"
#include "memory.h"
#include "plan.h"
#include "plan_steps.h"

#define WORLDS		150
#define WORLDS_SOAK	4000	/* PATRONUS_SOAK=1 */
#define KILLS		3	/* ends after each third step or so; in the long form after each */
#define ROUTES_MAX	400
#define WANTED_MAX	12
#define PROBES		32	/* addresses of one family: the last five bits */
#define NOWHERE		0

/* What the kernel holds; rules by family. */
struct kernel {
	struct route	routes[ROUTES_MAX];
	uint32_t	n;
	bool		has_rule[7];
};

/* What each address is answered with: a number that stands for a way, or NOWHERE. */
struct answers {
	uint32_t	way[2][PROBES];
};

static uint64_t	seed;
static bool	is_soak;

static uint32_t
random_below(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % n;
}

/* --- the kernel --- */

static bool
same_key(const struct route *a, const struct route *b)
{
	return a->table == b->table && a->metric == b->metric && a->tos == b->tos && prefix_equal(&a->destination, &b->destination);
}

static struct route
route_of(const struct op *op)
{
	return (struct route){ .destination = op->prefix, .via = op->via, .oif = op->index, .table = op->table, .metric = op->metric,
	    .type = op->type, .tos = op->tos, .protocol = RTPROT_PATRONUS };
}

/* One message, as the kernel takes it: a creation is exclusive, a deletion finds what is there and ours. */
static void
kernel_do(struct kernel *k, const struct op *op)
{
	struct route r = route_of(op);
	uint32_t i;

	if (op->kind == OP_RULE_ADD || op->kind == OP_RULE_REMOVE) {
		assert_int_equal(k->has_rule[op->prefix.addr.family], op->kind == OP_RULE_REMOVE);
		k->has_rule[op->prefix.addr.family] = op->kind == OP_RULE_ADD;
		return;
	}
	for (i = 0; i < k->n; i++)
		if (same_key(&k->routes[i], &r))
			break;
	if (op->kind == OP_ROUTE_REMOVE || op->kind == OP_SHADOW_REMOVE) {
		assert_true(i < k->n && k->routes[i].protocol == RTPROT_PATRONUS && k->routes[i].type == op->type);
		k->routes[i] = k->routes[--k->n];
	} else if (op->kind == OP_ROUTE_REPLACE) {
		assert_true(i < k->n && k->routes[i].protocol == RTPROT_PATRONUS);
		k->routes[i] = r;
	} else {
		assert_true(op->kind == OP_ROUTE_ADD || op->kind == OP_SHADOW_ADD);
		assert_int_equal(i, k->n);
		assert_true(k->n < ROUTES_MAX);
		k->routes[k->n++] = r;
	}
}

static const struct route *
look_in(const struct kernel *k, uint32_t table, const struct addr *a)
{
	const struct route *best = NULL, *r;
	uint32_t i;

	for (i = 0; i < k->n; i++) {
		r = &k->routes[i];
		if (r->table == table && prefix_contains(&r->destination, a) && (best == NULL || r->destination.len > best->destination.len ||
		    (r->destination.len == best->destination.len && r->metric < best->metric)))
			best = r;
	}
	return best;
}

static struct addr
probe(uint8_t family, uint32_t i)
{
	struct addr a = { .family = family };

	memcpy(a.bytes, family == ADDR_V4 ? "\xcb\x00\x71" : "\x20\x01\x0d", 3);
	a.bytes[3] = (uint8_t)i;
	return a;
}

/* is_late: it began while there was a rule. */
static uint32_t
look(const struct kernel *k, uint8_t family, uint32_t i, bool is_late)
{
	struct addr a = probe(family, i);
	const struct route *r = k->has_rule[family] || is_late ? look_in(k, RTNLWALK_SHADOW, &a) : NULL;

	if (r == NULL || r->type == RTN_THROW)
		r = look_in(k, RT_TABLE_MAIN, &a);
	return r == NULL || r->type != RTN_UNICAST ? NOWHERE : r->oif << 16 | (uint32_t)r->via.bytes[3] << 8 | r->via.family;
}

static struct answers
ask(const struct kernel *k)
{
	struct answers a;
	uint32_t i;

	for (i = 0; i < PROBES; i++) {
		a.way[0][i] = look(k, ADDR_V4, i, false);
		a.way[1][i] = look(k, ADDR_V6, i, false);
	}
	return a;
}

/* --- worlds --- */

static struct prefix
random_prefix(uint8_t family)
{
	/* The default, or something of the probes' five bits. */
	struct prefix p = { .addr = probe(family, random_below(PROBES)), .len = (uint8_t)(random_below(6) == 0 ? 0 : 27 + random_below(6)) };

	return prefix_network(&p);
}

static void
random_via(struct addr *via, uint8_t family)
{
	if (random_below(4) == 0)
		return;
	*via = probe(family, 100 + random_below(20));
}

static void
add_foreign(struct kernel *k)
{
	static const uint8_t protocols[] = { RTPROT_KERNEL, RTPROT_STATIC, RTPROT_BGP };
	uint8_t family = random_below(2) ? ADDR_V4 : ADDR_V6;
	struct route r = { .destination = random_prefix(family), .oif = 2 + random_below(2), .table = RT_TABLE_MAIN,
	    .type = random_below(5) == 0 ? RTN_UNREACHABLE : RTN_UNICAST, .protocol = protocols[random_below(3)],
	    .metric = random_below(4) == 0 ? FLIP_STAND_IN : 1 + random_below(3) };
	uint32_t i;

	random_via(&r.via, family);
	for (i = 0; i < k->n; i++)
		if (same_key(&k->routes[i], &r))
			return;
	k->routes[k->n++] = r;
}

/* Metrics 4 to 6, between those of others: ours and theirs stand at one prefix, in every order. */
static uint32_t
random_wanted(struct want_route *w)
{
	uint32_t n = 0, i, k, want = random_below(WANTED_MAX + 1);
	uint8_t family;

	for (i = 0; i < want; i++) {
		family = random_below(2) ? ADDR_V4 : ADDR_V6;
		w[n] = (struct want_route){ .name = "r", .path = "/routing/static/r", .destination = random_prefix(family), .interface =
		    random_below(2) ? "wan" : "lan", .metric = random_below(3) == 0 ? 6 : random_below(2), .type = RTN_UNICAST };
		if (family == ADDR_V6 && w[n].metric == 0)
			w[n].metric = 1024;
		random_via(&w[n].via, family);
		for (k = 0; k < n; k++)
			if (w[k].metric == w[n].metric && prefix_equal(&w[k].destination, &w[n].destination))
				break;
		n += k == n;
	}
	return n;
}

struct change {
	struct arena	*arena;
	struct actual	 actual;
	struct plan	 plan;
	struct plan	 steps;		/* both phases, one after the other */
};

static void
actual_of(struct actual *a, struct kernel *k, struct arena *arena)
{
	static struct link links[] = { { .index = 2, .name = "eth0", .flags = IFF_UP, .kind = "", .path = "" },
	    { .index = 3, .name = "eth1", .flags = IFF_UP, .kind = "", .path = "" } };
	static struct rule rules[2];

	*a = (struct actual){ .arena = arena, .links = links, .nlinks = 2, .routes = k->routes, .nroutes = k->n, .rules = rules };
	if (k->has_rule[ADDR_V4])
		rules[a->nrules++].family = ADDR_V4;
	if (k->has_rule[ADDR_V6])
		rules[a->nrules++].family = ADDR_V6;
}

static void
change_to(struct change *c, struct kernel *k, struct want_route *wanted, uint32_t n)
{
	static struct want_link links[] = { { .name = "wan", .path = "/", .match.name = "eth0", .enabled = true },
	    { .name = "lan", .path = "/", .match.name = "eth1", .enabled = true } };
	struct desired d = { .links = links, .nlinks = 2, .routes = wanted, .nroutes = n };
	struct memory *memory = memory_new();
	struct planner p = { .desired = &d, .actual = &c->actual, .memory = memory, .plan = &c->plan };

	c->arena = arena_new(0);
	actual_of(&c->actual, k, c->arena);
	bind_links(&d, &c->actual, true, NULL);
	plan_init(&c->plan, c->arena);
	plan_init(&c->steps, c->arena);
	plan_routes(&p);
	plan_sort(&c->plan);
	flip_expand(&c->plan, COMMIT_APPLY, &c->actual, &c->steps);
	flip_expand(&c->plan, COMMIT_REMOVE, &c->actual, &c->steps);
	memory_free(memory);
}

/* The routes of a world where nobody wants more than it has. */
static void
expect_settled(struct kernel *k, struct want_route *wanted, uint32_t n)
{
	struct change c;

	change_to(&c, k, wanted, n);
	if (c.plan.n > 0)
		fail_msg("left to do: %s: %s", c.plan.ops[0].object, c.plan.ops[0].detail);
	arena_free(c.arena);
}

static void
expect_walked(const struct op *op)
{
	struct refusal why;
	struct buf b;
	uint32_t n;

	buf_init(&b, 0);
	assert_int_equal(encode_op(op, 1, &b), 0);
	if (rtnlwalk_batch(b.data, b.len, &n, &why) != 0)
		fail_msg("%s: privd refuses: %s", op->object, why.reason);
	buf_fini(&b);
}

/* Which of two the answers of a family are: 1 before, 2 after, 3 both; 0 neither. */
static unsigned
which(const struct answers *now, const struct answers *before, const struct answers *after, unsigned family)
{
	return (memcmp(now->way[family], before->way[family], sizeof(now->way[0])) == 0 ? 1u : 0u) |
	    (memcmp(now->way[family], after->way[family], sizeof(now->way[0])) == 0 ? 2u : 0u);
}

/* A family of which the rule was taken away: those that still read the shadow. */
static void
expect_late(const struct kernel *k, const bool *was_turned, const struct answers *after, const struct op *op)
{
	uint8_t family = op->prefix.addr.family;
	unsigned at = family == ADDR_V6;
	uint32_t i;

	for (i = 0; was_turned[at] && i < PROBES; i++)
		if (look(k, family, i, true) != after->way[at][i])
			fail_msg("%s, metric %u: late lookups are led astray", op->object, op->metric);
}

static void
note_turn(bool *was_turned, const struct op *op)
{
	if (op->kind == OP_RULE_REMOVE)
		was_turned[op->prefix.addr.family == ADDR_V6] = true;
}

/* Carried out by somebody else from here. */
static void
recover(struct kernel *k, const struct answers *before, const struct answers *after, unsigned *seen,
    const bool *had_turned)
{
	struct arena *arena = arena_new(0);
	struct answers now;
	struct actual a;
	struct plan steps;
	uint32_t i, family;
	bool was_turned[2] = { had_turned[0], had_turned[1] };
	unsigned w;

	actual_of(&a, k, arena);
	plan_init(&steps, arena);
	flip_recover(&a, &steps);
	assert_int_equal(flip_is_left(&a), steps.n > 0);
	for (i = 0; i < steps.n; i++) {
		expect_walked(&steps.ops[i]);
		kernel_do(k, &steps.ops[i]);
		note_turn(was_turned, &steps.ops[i]);
		expect_late(k, was_turned, after, &steps.ops[i]);
		now = ask(k);
		for (family = 0; family < 2; family++) {
			w = which(&now, before, after, family);
			if ((w & seen[family]) == 0)
				fail_msg("recovery, step %u of %u (%s): lookups are %u, were %u", i, steps.n, steps.ops[i].object, w, seen[family]);
		}
	}
	actual_of(&a, k, arena);
	assert_false(flip_is_left(&a));
	arena_free(arena);
}

/* Every step, and the end of whoever does them after it. */
static void
go(struct kernel *k, const struct plan *steps, const struct answers *before, const struct answers *after, struct want_route *wanted, uint32_t n)
{
	struct kernel dead;
	struct answers now;
	unsigned seen[2] = { 3, 3 }, w;
	bool was_turned[2] = { false };
	uint32_t i, family;
	struct change c;

	for (i = 0; i < steps->n; i++) {
		expect_walked(&steps->ops[i]);
		kernel_do(k, &steps->ops[i]);
		note_turn(was_turned, &steps->ops[i]);
		expect_late(k, was_turned, after, &steps->ops[i]);
		now = ask(k);
		for (family = 0; family < 2; family++) {
			w = which(&now, before, after, family);
			if (w == 0)
				fail_msg("step %u of %u (%s): lookups are mixed", i, steps->n, steps->ops[i].object);
			if (w == 1 && seen[family] == 2)
				fail_msg("step %u of %u (%s): lookups went back", i, steps->n, steps->ops[i].object);
			seen[family] = w == 3 ? seen[family] : w;
		}
		if (!is_soak && random_below(KILLS) != 0)
			continue;
		dead = *k;
		recover(&dead, before, after, seen, was_turned);
		/* And from there to what is wanted. */
		change_to(&c, &dead, wanted, n);
		for (w = 0; w < c.steps.n; w++)
			kernel_do(&dead, &c.steps.ops[w]);
		expect_settled(&dead, wanted, n);
		arena_free(c.arena);
	}
}

static void
lookups_are_never_mixed(void **state)
{
	struct want_route first[WANTED_MAX], second[WANTED_MAX];
	uint32_t nfirst, nsecond, world, i, steps = 0, flips = 0;
	struct answers before, after;
	struct kernel k, end;
	struct change c;

	(void)state;
	for (world = 0; world < (is_soak ? WORLDS_SOAK : WORLDS); world++) {
		seed = world;
		memset(&k, 0, sizeof(k));
		for (i = random_below(12); i > 0; i--)
			add_foreign(&k);
		nfirst = random_wanted(first);
		nsecond = random_wanted(second);
		change_to(&c, &k, first, nfirst);
		for (i = 0; i < c.steps.n; i++)
			kernel_do(&k, &c.steps.ops[i]);
		arena_free(c.arena);
		expect_settled(&k, first, nfirst);
		change_to(&c, &k, second, nsecond);
		before = ask(&k);
		end = k;
		for (i = 0; i < c.steps.n; i++)
			kernel_do(&end, &c.steps.ops[i]);
		after = ask(&end);
		steps += c.steps.n;
		for (i = 0; i < c.steps.n; i++)
			flips += c.steps.ops[i].kind == OP_RULE_ADD;
		/* The plan borrows the kernel's routes: it goes on in a copy. */
		end = k;
		go(&end, &c.steps, &before, &after, second, nsecond);
		expect_settled(&end, second, nsecond);
		arena_free(c.arena);
	}
	print_message("%u worlds, %u changes through a shadow table, %u messages\n", world, flips, steps);
	assert_true(flips > world / 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(lookups_are_never_mixed) };

	is_soak = getenv("PATRONUS_SOAK") != NULL;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
