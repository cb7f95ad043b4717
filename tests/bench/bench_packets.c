/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a packet costs that no rule wants, through N rules: as they are compiled, and as look-ups (rows P1 and P2 of the goals).  In a network
 * namespace of this process, in one run, the variants in turn; medians of CPU time.  A packet is written to one tun device and has passed every hook
 * when the write returns, so a round is its time over its packets.
 *
 *   exact      each rule accepts one address, protocol and port
 *   mixed      one in four of them a network, one a range of ports, one of IPv6
 *   forwards   port forwards instead of rules
 */
#include <err.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/log.h"

#include "compile.h"
#include "nft_encode.h"
#include "pass.h"
#include "policy_nat.h"
#include "policy_random.h"
#include "world.h"
#include "zoneset.h"

#define ROUNDS_MAX	31
#define PACKETS		4000
#define PACKETS_SLOW	200	/* through ten thousand rules one by one */

enum shape {
	EXACT = 0,
	MIXED,
	FORWARDS
};

struct variant {
	const char	*name;
	enum shape	 shape;
	unsigned	 n;
	bool		 is_straight;
	uint64_t	 ns[ROUNDS_MAX];
};

static struct variant variants[] = {
	{ .name = "no rules", .n = 0 },
	{ .name = "exact, look-ups", .n = 10 },
	{ .name = "exact, look-ups", .n = 1000 },
	{ .name = "exact, look-ups", .n = 10000 },
	{ .name = "exact, rule by rule", .n = 10000, .is_straight = true },
	{ .name = "mixed, look-ups", .shape = MIXED, .n = 40 },
	{ .name = "mixed, look-ups", .shape = MIXED, .n = 10000 },
	{ .name = "mixed, rule by rule", .shape = MIXED, .n = 10000, .is_straight = true },
	{ .name = "port forwards, look-ups", .shape = FORWARDS, .n = 10 },
	{ .name = "port forwards, look-ups", .shape = FORWARDS, .n = 10000 },
	{ .name = "port forwards, rule by rule", .shape = FORWARDS, .n = 10000, .is_straight = true },
};
#define N_VARIANTS	(sizeof(variants) / sizeof(variants[0]))

static struct arena *arena;

static void *
make(size_t n, size_t size)
{
	return arena_alloc(arena, n, size);
}

static struct fw_policy *
frame(void)
{
	struct fw_policy *p = make(1, sizeof(*p));
	uint32_t i;

	p->n_zones = 3;
	p->n_interfaces = 2;
	p->zones = make(3, sizeof(*p->zones));
	p->interfaces = make(2, sizeof(*p->interfaces));
	for (i = 0; i < 3; i++) {
		p->zones[i].name = i == POLICY_LOCAL ? "local" : i == 1 ? "in" : "out";
		p->zones[i].path = "";
		p->zones[i].action = POLICY_DROP;
		p->zones[i].interfaces = make(1, sizeof(uint32_t));
		p->zones[i].n_interfaces = i != POLICY_LOCAL;
	}
	for (i = 0; i < 2; i++) {
		p->interfaces[i].name = p->interfaces[i].ifname = i == 0 ? "eth0" : "eth1";
		p->interfaces[i].path = "";
		p->interfaces[i].zone = i + 1;
		p->zones[i + 1].interfaces[0] = i;
	}
	p->log_rate = (struct rate){ 1, 1 };
	return p;
}

static struct policy_service *
service(uint8_t protocol, unsigned low, unsigned high)
{
	struct policy_service *s = make(1, sizeof(*s));

	s->protocol = protocol;
	s->ports = make(1, sizeof(*s->ports));
	s->ports[0] = (struct ports){ (uint16_t)low, (uint16_t)high };
	s->n_ports = 1;
	return s;
}

static struct prefix
target(unsigned i, unsigned kind)
{
	struct prefix p = { .addr = { .family = ADDR_V4, .bytes = { 198, (uint8_t)(18 + kind % 2), (uint8_t)(i >> 8), (uint8_t)i } }, .len = 32 };

	if (kind == 1) {
		p.addr.bytes[2] = (uint8_t)(i >> 4);
		p.addr.bytes[3] = (uint8_t)(i << 4);
		p.len = 28;
	} else if (kind == 3) {
		p.addr = (struct addr){ .family = ADDR_V6, .bytes = { 0x20, 1, 0x0d, 0xb8, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i } };
		p.len = 128;
	}
	return p;
}

static void
add_rule(struct fw_policy *p, struct policy_rule *r, unsigned i, enum shape shape)
{
	unsigned kind = shape == MIXED ? i % 4 : 0;

	r->id = arena_printf(arena, "r%u", i);
	r->path = "";
	r->from = zoneset_new(arena, p);
	r->to = zoneset_new(arena, p);
	zoneset_add(r->from, 1);
	zoneset_add(r->to, 2);
	r->destination.n = 1;
	r->destination.criteria = make(1, sizeof(struct policy_addresses));
	r->destination.criteria[0].path = "";
	r->destination.criteria[0].n = 1;
	r->destination.criteria[0].items = make(1, sizeof(struct prefix));
	r->destination.criteria[0].items[0] = target(shape == MIXED ? i / 4 : i, kind);
	r->services = kind == 2 ? service(IPPROTO_UDP, 2000, 2100) : service(IPPROTO_TCP, 22, 22);
	r->n_services = 1;
	r->action = POLICY_ACCEPT;
	r->section = POLICY_MAIN;
}

static void
add_forward(struct policy_forward *f, unsigned i)
{
	struct prefix called = target(i, 0);

	f->id = arena_printf(arena, "f%u", i);
	f->path = "";
	f->zone = 1;
	f->addresses = make(1, sizeof(*f->addresses));
	f->addresses[0] = called.addr;
	f->n_addresses = 1;
	f->services = service(IPPROTO_TCP, 22, 22);
	f->n_services = 1;
	f->to = addr_in_block(ADDR_V4, 1, i % RANDOM_HOSTS);
}

static struct ir *
form(const struct variant *v)
{
	struct fw_policy *p = frame();
	struct ir *ir;
	unsigned i;

	p->rules = make(v->n + 1, sizeof(*p->rules));
	p->forwards = make(v->n + 1, sizeof(*p->forwards));
	for (i = 0; i < v->n; i++) {
		if (v->shape == FORWARDS)
			add_forward(&p->forwards[p->n_forwards++], i);
		else
			add_rule(p, &p->rules[p->n_rules++], i, v->shape);
	}
	ir = compile(p, NULL);
	if (!v->is_straight)
		passes(ir);
	return ir;
}

static void
load(struct world *w, const struct variant *v)
{
	struct nft_batch b;
	struct ir *ir;
	int r;

	arena = arena_new(0);
	ir = form(v);
	nft_batch_init(&b);
	nft_put_all(&b, ir);
	r = nft_kernel_batch(&w->kernel, b.out.data, b.out.len, 0, false, NULL);
	if (r != 0)
		errx(1, "%s, %u: %s", v->name, v->n, w->kernel.reason != NULL ? w->kernel.reason : strerror(-r));
	nft_batch_fini(&b);
	ir_free(ir);
	arena_free(arena);
}

/* The hooks run in the write: what others do on the machine meanwhile is not counted. */
static uint64_t
cpu_ns(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0)
		err(1, "clock");
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Each opens a flow, which no rule wants: it is dropped behind the last of them. */
static uint64_t
round_of(struct world *w, const struct variant *v)
{
	struct packet k = { .in = 1, .out = 2, .protocol = IPPROTO_TCP, .source = addr_in_block(ADDR_V4, 0, 0),
	    .destination = addr_in_block(ADDR_V4, 1, 0), .length = 60, .destination_port = 23, .tcp_flags = 2 };
	unsigned n = v->is_straight ? PACKETS_SLOW : PACKETS, i;
	uint64_t start = cpu_ns();

	for (i = 0; i < n; i++) {
		k.source_port = (uint16_t)(1024 + i);
		(void)world_send(w, &k, i);
	}
	return (cpu_ns() - start) / n;
}

static int
order(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
report(unsigned rounds)
{
	const struct variant *v, *few = NULL;
	double ns, fast = 0;
	unsigned i;

	for (i = 0; i < N_VARIANTS; i++)
		qsort(variants[i].ns, rounds, sizeof(uint64_t), order);
	printf("%-28s %6s %12s %14s %16s\n", "a packet through", "rules", "ns", "to the fewest", "to the look-ups");
	for (i = 0; i < N_VARIANTS; i++) {
		v = &variants[i];
		if (i == 0 || v->shape != v[-1].shape || v[-1].n == 0)
			few = v;
		ns = (double)v->ns[rounds / 2];
		fast = v->n == 10000 && !v->is_straight ? ns : fast;
		printf("%-28s %6u %12.0f %13.2fx", v->name, v->n, ns, ns / (double)few->ns[rounds / 2]);
		if (v->is_straight)
			printf(" %15.1fx", ns / fast);
		putchar('\n');
	}
}

int
main(int argc, char **argv)
{
	struct world w;
	unsigned rounds, i, n;

	rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 7;
	if (rounds < 1 || rounds > ROUNDS_MAX)
		errx(2, "usage: bench_packets [ROUNDS]");
	log_init("bench", LOG_LEVEL_WARN);
	if (world_open(&w) != 0)
		errx(77, "needs to be root and to have /dev/net/tun");
	for (n = 0; n < rounds; n++) {
		for (i = 0; i < N_VARIANTS; i++) {
			load(&w, &variants[i]);
			world_forget(&w);
			(void)round_of(&w, &variants[i]);
			world_forget(&w);
			variants[i].ns[n] = round_of(&w, &variants[i]);
		}
	}
	report(rounds);
	return 0;
}
