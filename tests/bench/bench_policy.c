/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "conf/generated.h"

#include "bench_policy.h"
#include "yaml_record.h"

static const char *const lan[] = { "lan" }, *const wan[] = { "wan" }, *const dmz[] = { "dmz" };
static const char *const ssh[] = { "ssh" }, *const dns[] = { "dns" }, *const https[] = { "https" };

static struct prefix
host4(unsigned a, unsigned b, unsigned c, unsigned d)
{
	struct prefix p = { .addr = { .family = ADDR_V4, .bytes = { (uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d } }, .len = 32 };

	return p;
}

static void
set_zones(struct conf_rule *r, const char *const *from, const char *const *to)
{
	r->from.items = (const char **)from;
	r->from.n = 1;
	r->to.items = (const char **)to;
	r->to.n = 1;
}

static struct conf_endpoint *
endpoint(struct arena *a, struct prefix p)
{
	struct conf_endpoint *e;

	e = arena_alloc(a, 1, sizeof(*e));
	e->addresses.items = arena_alloc(a, 1, sizeof(p));
	e->addresses.items[0] = p;
	e->addresses.n = 1;
	return e;
}

static void
make_rule(struct conf_rule *r, unsigned i, struct arena *a)
{
	struct prefix six = { .addr = { .family = ADDR_V6, .bytes = { 0x20, 0x01, 0x0d, 0xb8 } }, .len = 128 };
	unsigned x, y;

	x = i / 250 % 250;
	y = i % 250 + 1;
	r->id = arena_printf(a, "rule-%u", i);
	r->enabled = true;
	r->reject_with = CONF_RULE_REJECT_WITH_ADMIN_PROHIBITED;
	r->source = arena_alloc(a, 1, sizeof(*r->source));
	r->destination = arena_alloc(a, 1, sizeof(*r->destination));
	r->action = i % 4 == 2 ? CONF_RULE_ACTION_DROP : CONF_RULE_ACTION_ACCEPT;
	if (i % 4 == 0) {
		set_zones(r, lan, wan);
		r->source = endpoint(a, host4(192, 0, 2, y % 120 + 1));
		r->destination = endpoint(a, host4(198, 18, x, y));
		r->service.items = (const char **)ssh;
	} else if (i % 4 == 1) {
		set_zones(r, lan, dmz);
		r->destination = endpoint(a, host4(198, 19, i >> 8 & 255, i & 252));
		r->destination->addresses.items[0].len = 30;
		r->service.items = (const char **)dns;
	} else if (i % 4 == 2) {
		set_zones(r, wan, dmz);
		r->source = endpoint(a, host4(198, 18, x, y));
	} else {
		set_zones(r, dmz, wan);
		six.addr.bytes[14] = (uint8_t)x;
		six.addr.bytes[15] = (uint8_t)y;
		r->destination = endpoint(a, six);
		r->service.items = (const char **)https;
	}
	r->service.n = i % 4 != 2;
}

/* What has a default is read from a document, which knows them all. */
static struct conf_fwd *
make_frame(struct arena *a)
{
	static const char text[] = "interfaces:\n  wan: {match: {name: eth0}}\n  lan: {match: {name: eth1}}\n  dmz: {match: {name: eth2}}\n"
	    "firewall:\n  zones: {wan: {interfaces: [wan]}, lan: {interfaces: [lan]}, dmz: {interfaces: [dmz]}}\n";
	char file[] = "/tmp/bench-firewall-XXXXXX";
	struct conf_fwd *c;
	int fd = mkstemp(file);

	if (fd == -1 || write(fd, text, sizeof(text) - 1) != (ssize_t)sizeof(text) - 1 || close(fd) != 0)
		err(1, "%s", file);
	c = yaml_record_read(file, &conf_fwd_record, a);
	(void)unlink(file);
	return c;
}

static void
set_group(struct conf_endpoint *e, const char *const *name)
{
	e->addresses.n = 0;
	e->group.items = (const char **)name;
	e->group.n = 1;
}

static void
make_group(struct conf_group *g, const char *name, unsigned c, unsigned n, struct arena *a)
{
	unsigned i;

	g->name = name;
	g->addresses.items = arena_alloc(a, n, sizeof(struct prefix));
	g->addresses.n = n;
	for (i = 0; i < n; i++)
		g->addresses.items[i] = host4(198, 18, c + i / 250, i % 250 + 1);
}

/* Two groups that rules of the first shape have as their senders. */
static void
make_groups(struct conf_firewall *f, const struct bench_variant *v, struct arena *a)
{
	static const char *const many[] = { "many" }, *const few[] = { "few" };
	unsigned i;

	if (v->members == 0)
		return;
	f->groups.items = arena_alloc(a, 2, sizeof(*f->groups.items));
	f->groups.n = 2;
	make_group(&f->groups.items[0], few[0], 254, v->few, a);
	make_group(&f->groups.items[1], many[0], 251, v->members, a);
	for (i = 0; i < v->n; i += 20)
		set_group(f->rules.items[i].source, i % 1000 == 980 ? few : many);
}

static void
make_forwards(struct conf_fwd *c, const struct bench_variant *v, struct arena *a)
{
	struct conf_port_forward *f;
	unsigned i;

	if (v->forwards == 0)
		return;
	c->nat = arena_alloc(a, 1, sizeof(*c->nat));
	c->nat->port_forwards.items = arena_alloc(a, v->forwards, sizeof(*f));
	c->nat->port_forwards.n = v->forwards;
	for (i = 0; i < v->forwards; i++) {
		f = &c->nat->port_forwards.items[i];
		f->id = arena_printf(a, "forward-%u", i);
		f->enabled = true;
		f->zone = "wan";
		f->address = host4(203, 0, 113, i / 250 + 1).addr;
		f->service.items = (const char **)ssh;
		f->service.n = 1;
		f->to = host4(198, 19, i / 250, i % 250 + 1).addr;
		f->has_to_port = true;
		f->to_port = (uint16_t)(1000 + i + (v->moved != 0 && i == v->moved));
		f->balance_by = CONF_PORT_FORWARD_BALANCE_BY_TURN;
		f->source = endpoint(a, host4(198, 18, i / 250, i % 250 + 1));
	}
}

struct policy_bytes
bench_policy_variant(const struct bench_variant *v)
{
	struct policy_bytes p;
	struct codec_error e;
	struct conf_fwd *c;
	struct arena *a;
	unsigned i;

	a = arena_new(0);
	c = make_frame(a);
	c->firewall->rules.items = arena_alloc(a, v->n, sizeof(*c->firewall->rules.items));
	c->firewall->rules.n = v->n;
	for (i = 0; i < v->n; i++)
		make_rule(&c->firewall->rules.items[i], i, a);
	if (v->changed < v->n)
		c->firewall->rules.items[v->changed].action = CONF_RULE_ACTION_REJECT;
	if (v->accepting != 0)
		c->firewall->rules.items[v->accepting].action = CONF_RULE_ACTION_ACCEPT;
	make_groups(c->firewall, v, a);
	make_forwards(c, v, a);
	if (codec_encode(&conf_fwd_record, c, 64u << 20, &p.data, &p.len, &e) != 0)
		errx(1, "%s: %s", e.path, e.reason);
	arena_free(a);
	return p;
}

struct policy_bytes
bench_policy(unsigned n, unsigned changed)
{
	return bench_policy_variant(&(struct bench_variant){ .n = n, .changed = changed });
}
