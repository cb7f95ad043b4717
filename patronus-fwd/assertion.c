/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>
#include <string.h>

#include "conf/builtin.h"

#include "assertion.h"
#include "mem.h"
#include "problems.h"

#define CLIENT_PORT	40000
#define TCP_SYN		0x02
#define ECHO4		8
#define ECHO6		128

/* --- from the configuration --- */

static bool
has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP || protocol == IPPROTO_DCCP || protocol == IPPROTO_UDPLITE;
}

static void
check(const struct assertion *t, struct problems *problems)
{
	bool is_six = t->source.family == ADDR_V6;

	if (t->source.family != t->destination.family)
		problems_add(problems, t->path, "families", "source and destination are of two families; give two addresses of one");
	if (has_ports(t->protocol) && t->port == 0)
		problems_add(problems, t->path, "incomplete", "a packet of this protocol has a port; give the port that is called");
	if (!has_ports(t->protocol) && t->port != 0)
		problems_add(problems, t->path, "ports-without-meaning", "this protocol has no ports; remove the port");
	if (t->protocol == (is_six ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		problems_add(problems, t->path, "families", "this ICMP does not go with these addresses; it is %s", is_six ? "icmpv6" : "icmp");
	if (strcmp(t->from, "any") == 0 || strcmp(t->to, "any") == 0)
		problems_add(problems, t->path, "any", "a packet comes from one zone and goes to one; \"any\" is none");
	if (strcmp(t->from, "local") == 0 && strcmp(t->to, "local") == 0)
		problems_add(problems, t->path, "local", "what the box sends to itself is not filtered");
}

struct assertion *
assertions_from_conf(const struct conf_firewall *f, struct arena *a, struct problems *problems, uint32_t *ret_n)
{
	struct assertion *all = mem_alloc(a, f->assertions.n, sizeof(*all)), *t;
	const struct conf_assertion *c;
	uint32_t i;

	for (i = 0; i < f->assertions.n; i++) {
		c = &f->assertions.items[i];
		t = &all[i];
		t->name = c->name;
		t->path = mem_printf(a, "/firewall/assertions/%s", c->name);
		t->from = c->from;
		t->to = c->to;
		t->source = c->source;
		t->destination = c->destination;
		t->protocol = conf_protocol_ip_number(c->protocol);
		t->port = c->has_port ? c->port : 0;
		t->must_pass = c->expect == CONF_ASSERTION_EXPECT_PASS;
		t->is_warning = c->severity == CONF_ASSERTION_SEVERITY_WARNING;
		check(t, problems);
	}
	*ret_n = f->assertions.n;
	return all;
}

struct assertion *
assertions_copy(const struct assertion *from, uint32_t n, struct arena *a)
{
	struct assertion *all = mem_alloc(a, n, sizeof(*all));
	uint32_t i;

	for (i = 0; i < n; i++) {
		all[i] = from[i];
		all[i].name = mem_strdup(a, from[i].name);
		all[i].path = mem_strdup(a, from[i].path);
		all[i].from = mem_strdup(a, from[i].from);
		all[i].to = mem_strdup(a, from[i].to);
	}
	return all;
}

/* --- against a form --- */

static struct journey
journey_of(const struct assertion *t, const char *from, const char *to)
{
	bool is_icmp = t->protocol == IPPROTO_ICMP || t->protocol == IPPROTO_ICMPV6;
	struct journey j = { .from = from, .to = to };

	j.packet = (struct explain_packet){ .source = t->source, .destination = t->destination, .protocol = t->protocol,
	    .source_port = is_icmp ? 0 : CLIENT_PORT, .destination_port = t->port, .tcp_flags = t->protocol == IPPROTO_TCP ? TCP_SYN : 0,
	    .icmp_type = t->protocol == IPPROTO_ICMP ? ECHO4 : t->protocol == IPPROTO_ICMPV6 ? ECHO6 : 0, .length = 60, .ct_state = IR_CT_NEW };
	return j;
}

/* It passes, and to where it was to go. */
static bool
arrives(const struct journey *j, const struct assertion *t)
{
	if (j->action != IR_ACTION_ACCEPT)
		return false;
	return strcmp(t->to, "local") == 0 ? j->packet.is_to_box : j->out != NULL && journey_place_is(j->out, t->to);
}

static void
judge(const struct assertion *t, const struct journey *j, const char *why, struct assertion_verdict *v, struct arena *a)
{
	bool passes = why == NULL && arrives(j, t);

	v->holds = why == NULL && passes == t->must_pass;
	if (why != NULL || (j->action == IR_ACTION_ACCEPT && !passes)) {
		v->text = why != NULL ? why : mem_printf(a, "%s, but it does not go to %s: it is %s%s%s", journey_text(j, a), t->to,
		    j->is_led ? "led to another receiver" : j->packet.is_to_box ? "for the box itself" : "for zone ",
		    !j->is_led && !j->packet.is_to_box && j->out->zone != NULL ? j->out->zone : "", "");
	} else {
		v->text = journey_text(j, a);
	}
	v->rule = j->origin != NULL ? j->origin->id : j->chain != NULL ? j->chain : "";
	v->path = j->origin != NULL && j->origin->path != NULL ? j->origin->path : "";
}

/* The interfaces that a zone's packets come through, in turn: the box has none. */
static const char *
place_of(const struct journey_places *all, const char *zone, uint32_t *i)
{
	if (strcmp(zone, "local") == 0)
		return (*i)++ == 0 ? "local" : NULL;
	for (; *i < all->n; (*i)++)
		if (journey_place_is(&all->items[*i], zone))
			return all->items[(*i)++].ifname;
	return NULL;
}

struct assertion_verdict
assertion_check(const struct assertion *t, const struct ir *ir, const struct journey_places *all, struct arena *a)
{
	struct assertion_verdict v = { .assertion = t, .holds = true, .rule = "", .path = "", .text = "" };
	const char *from, *to, *why;
	uint32_t i = 0, k, n = 0;
	struct journey j;

	while ((from = place_of(all, t->from, &i)) != NULL) {
		for (k = 0; (to = place_of(all, t->to, &k)) != NULL && v.holds; n++) {
			j = journey_of(t, from, to);
			why = journey_run(&j, ir, all, NULL, NULL, a);
			judge(t, &j, why, &v, a);
		}
	}
	if (n == 0) {
		v.holds = !t->must_pass;
		v.text = mem_printf(a, "zone \"%s\" or \"%s\" has no interface, and so nothing passes", t->from, t->to);
	}
	return v;
}
