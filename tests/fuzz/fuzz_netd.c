/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "ipc/ids.h"
#include "net/policy.h"
#include "net/rtnlwalk.h"
#include "actual.h"
#include "bind.h"
#include "desired.h"
#include "encode.h"
#include "flip.h"
#include "memory.h"
#include "plan.h"
#include "plan_steps.h"

/*
 * Any bytes as the kernel's dumps: they are read or refused, and whatever they say, the plan for a fixed configuration removes nothing
 * that is not ours, and each of its messages passes privd's walker; so do those of the way through the shadow table, and out of it.
 */

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct prefix
prefix(const char *text)
{
	struct prefix p;

	if (prefix_parse(text, &p) != 0)
		abort();
	return p;
}

static void
check_remove(const struct actual *a, const struct op *op)
{
	uint32_t i;

	for (i = 0; op->kind == OP_ADDR_REMOVE && i < a->naddrs; i++)
		if (a->addrs[i].index == op->index && prefix_equal(&a->addrs[i].prefix, &op->prefix) && a->addrs[i].has_proto &&
		    a->addrs[i].proto == IFAPROT_PATRONUS)
			return;
	for (i = 0; op->kind == OP_ROUTE_REMOVE && i < a->nroutes; i++)
		if (a->routes[i].protocol == RTPROT_PATRONUS && prefix_equal(&a->routes[i].destination, &op->prefix))
			return;
	if (op->kind == OP_ADDR_REMOVE || op->kind == OP_ROUTE_REMOVE)
		abort();
}

static void
check_plan(const struct actual *a, const struct plan *plan)
{
	struct refusal why;
	struct buf b;
	uint32_t i, n;

	for (i = 0; i < plan->n; i++) {
		check_remove(a, &plan->ops[i]);
		buf_init(&b, 0);
		if (encode_op(&plan->ops[i], i + 1, &b) != 0)
			abort();
		/* A dump may claim ours in places where privd lets nobody touch anything; a plan may fail there, and nowhere else. */
		if (rtnlwalk_batch(b.data, b.len, &n, &why) != 0 && plan->ops[i].kind != OP_ROUTE_REMOVE && plan->ops[i].kind != OP_SHADOW_REMOVE &&
		    plan->ops[i].kind != OP_ADDR_REMOVE)
			abort();
		buf_fini(&b);
	}
}

static void
check_steps(const struct actual *a, const struct plan *plan)
{
	struct plan steps;

	plan_init(&steps, a->arena);
	flip_expand(plan, COMMIT_APPLY, a, &steps);
	flip_expand(plan, COMMIT_REMOVE, a, &steps);
	check_plan(a, &steps);
	plan_init(&steps, a->arena);
	flip_recover(a, &steps);
	check_plan(a, &steps);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct prefix addrs[] = { prefix("192.0.2.1/25"), prefix("2001:db8:2::1/64") };
	struct want_link link = { .name = "lan", .path = "/interfaces/lan", .description = "", .match.name = "eth1", .enabled = true,
	    .addrs = addrs, .naddrs = 2, .mtu = 1400 };
	struct want_route routes[] = { { .name = "d", .path = "/routing/static/d", .destination = prefix("0.0.0.0/0"),
	    .via = prefix("192.0.2.9/32").addr, .type = RTN_UNICAST }, { .name = "e", .path = "/routing/static/e",
	    .destination = prefix("198.51.100.0/24"), .interface = "lan", .type = RTN_UNICAST } };
	struct desired desired = { .links = &link, .nlinks = 1, .routes = routes, .nroutes = 2 };
	struct arena *arena = arena_new(64u << 20);
	struct memory *memory = memory_new();
	struct actual actual;
	struct plan plan;
	struct planner p = { .desired = &desired, .actual = &actual, .memory = memory, .plan = &plan };

	actual_init(&actual, arena);
	if (actual_read(&actual, data, len) == 0) {
		desired.arena = arena;
		bind_links(&desired, &actual, false, NULL);
		plan_init(&plan, arena);
		plan_interfaces(&p);
		plan_routes(&p);
		plan_sort(&plan);
		check_plan(&actual, &plan);
		check_steps(&actual, &plan);
	}
	memory_free(memory);
	arena_free(arena);
	return 0;
}
