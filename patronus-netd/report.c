/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What netd tells: live state on request, counters each second. */
#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "conf/generated.h"
#include "daemon/daemon.h"
#include "ipc/ids.h"
#include "actual.h"
#include "desired.h"
#include "kernel.h"
#include "netd.h"
#include "plan_steps.h"
#include "revision.h"

#define STATE_MAX	(32u << 20)
#define EVENT_MAX	60000

static const struct desired *
applied(const struct netd *n)
{
	static const struct desired nothing;

	return n->applied != NULL ? &n->applied->desired : &nothing;
}

static void *
must(void *p)
{
	if (p == NULL)
		fatalx("netd", "out of memory");
	return p;
}

/* --- interfaces --- */

static void
fill_addresses(struct state_interface *s, const struct actual *a, uint32_t index, struct arena *arena)
{
	uint32_t i;

	s->addresses.items = must(arena_alloc(arena, a->naddrs + 1, sizeof(s->addresses.items[0])));
	for (i = 0; i < a->naddrs && s->addresses.n < 4096; i++)
		if (a->addrs[i].index == index)
			s->addresses.items[s->addresses.n++] = a->addrs[i].prefix;
}

static void
fill_link(struct state_interface *s, const struct link *l, const struct want_link *w)
{
	s->name = w != NULL ? w->name : "";
	s->description = w != NULL && w->description[0] != '\0' ? w->description : NULL;
	s->kernel_name = l->name;
	s->index = l->index;
	s->present = true;
	s->admin_up = (l->flags & IFF_UP) != 0;
	s->link_up = (l->flags & IFF_LOWER_UP) != 0 && s->admin_up;
	s->mtu = l->mtu;
	s->has_mac = l->has_mac;
	s->mac = l->mac;
	s->rx_bytes = l->rx_bytes;
	s->tx_bytes = l->tx_bytes;
	s->rx_packets = l->rx_packets;
	s->tx_packets = l->tx_packets;
	s->rx_errors = l->rx_errors;
	s->tx_errors = l->tx_errors;
	s->rx_dropped = l->rx_dropped;
	s->tx_dropped = l->tx_dropped;
}

static const struct want_link *
wanted_link(const struct desired *d, uint32_t index)
{
	return desired_link_by_index(d, index);
}

/* The configured ones first, in the order of the configuration; then the others as the kernel numbers them. */
static void
fill_interfaces(struct state_interfaces *s, const struct desired *d, const struct actual *a, struct arena *arena)
{
	struct state_interface *item;
	const struct link *l;
	uint32_t i;

	s->interfaces.items = must(arena_alloc(arena, d->nlinks + a->nlinks + 1, sizeof(*item)));
	for (i = 0; i < d->nlinks; i++) {
		item = &s->interfaces.items[s->interfaces.n++];
		l = actual_link(a, d->links[i].index);
		if (l != NULL) {
			fill_link(item, l, &d->links[i]);
			fill_addresses(item, a, l->index, arena);
			continue;
		}
		item->name = d->links[i].name;
		item->kernel_name = "";
		item->description = d->links[i].description[0] != '\0' ? d->links[i].description : NULL;
	}
	for (i = 0; i < a->nlinks; i++) {
		if (wanted_link(d, a->links[i].index) != NULL)
			continue;
		item = &s->interfaces.items[s->interfaces.n++];
		fill_link(item, &a->links[i], NULL);
		fill_addresses(item, a, a->links[i].index, arena);
	}
}

/* --- routes --- */

static const char *
protocol_name(uint8_t protocol, struct arena *arena)
{
	static const struct {
		uint8_t		 number;
		const char	*name;
	} names[] = {
		{ RTPROT_PATRONUS, "patronus" }, { RTPROT_KERNEL, "kernel" }, { RTPROT_BOOT, "boot" }, { RTPROT_STATIC, "static" },
		{ RTPROT_RA, "ra" }, { RTPROT_DHCP, "dhcp" }, { RTPROT_REDIRECT, "redirect" }, { RTPROT_BGP, "bgp" },
		{ RTPROT_OSPF, "ospf" }, { RTPROT_ISIS, "isis" }, { RTPROT_RIP, "rip" }, { RTPROT_BIRD, "bird" },
		{ RTPROT_ZEBRA, "zebra" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == protocol)
			return names[i].name;
	return must(arena_printf(arena, "%u", protocol));
}

static int
by_key(const void *a, const void *b)
{
	const struct want_route *x = *(const struct want_route *const *)a, *y = *(const struct want_route *const *)b;
	int n = memcmp(&x->destination, &y->destination, sizeof(x->destination));

	return n != 0 ? n : x->metric < y->metric ? -1 : x->metric > y->metric;
}

static const struct want_route **
sorted_routes(const struct desired *d, struct arena *arena)
{
	const struct want_route **sorted = must(arena_alloc(arena, d->nroutes + 1, sizeof(*sorted)));
	uint32_t i;

	for (i = 0; i < d->nroutes; i++)
		sorted[i] = &d->routes[i];
	qsort(sorted, d->nroutes, sizeof(*sorted), by_key);
	return sorted;
}

static const char *
route_name(const struct want_route *const *sorted, uint32_t n, const struct route *r)
{
	struct want_route key = { .destination = r->destination, .metric = r->metric };
	const struct want_route *k = &key, *const *found;

	if (!plan_route_is_ours(r))
		return NULL;
	found = bsearch(&k, sorted, n, sizeof(*sorted), by_key);
	return found != NULL ? (*found)->name : NULL;
}

static void
fill_routes(struct state_routes *s, const struct desired *d, const struct actual *a, struct arena *arena)
{
	const struct want_route **sorted = sorted_routes(d, arena);
	const struct want_link *w;
	struct state_route *item;
	const struct route *r;
	uint32_t i;

	s->routes.items = must(arena_alloc(arena, a->nroutes + 1, sizeof(*item)));
	for (i = 0; i < a->nroutes; i++) {
		r = &a->routes[i];
		/* The kernel's own bookkeeping of its addresses says nothing about ways. */
		if (r->table == RT_TABLE_LOCAL || r->type == RTN_LOCAL || r->type == RTN_BROADCAST || r->type == RTN_MULTICAST ||
		    r->type == RTN_ANYCAST)
			continue;
		item = &s->routes.items[s->routes.n++];
		item->destination = r->destination;
		item->via = r->via;
		w = wanted_link(d, r->oif);
		item->interface = w != NULL ? w->name : r->oif != 0 ? actual_link_name(a, r->oif) : NULL;
		item->table = r->table;
		item->protocol = protocol_name(r->protocol, arena);
		item->metric = r->metric;
		item->owned = plan_route_is_ours(r);
		item->name = route_name(sorted, d->nroutes, r);
	}
}

/* --- replies --- */

static void
reply_record(struct channel *c, struct message *m, const struct record *record, const void *state)
{
	struct state_get_rep rep;
	struct codec_error err;
	uint8_t *data;
	size_t len;
	int error;

	error = codec_encode(record, state, STATE_MAX, &data, &len, &err);
	if (error != 0) {
		log_errx("state", "%s cannot be encoded: %s: %s", record->name, err.path, err.reason);
		(void)channel_reply_error(c, &m->header, error, 0, "the state is too large");
		return;
	}
	rep.record.data = data;
	rep.record.len = (uint32_t)len;
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
	free(data);
}

static void
answer_state(struct netd *n, struct channel *c, struct message *m, bool is_routes, struct arena *arena)
{
	const struct state_get_req *req = m->body;
	struct state_interfaces interfaces = { 0 };
	struct state_routes routes = { 0 };
	struct actual a;

	if (kernel_read(&a, arena, KERNEL_LINKS | (is_routes ? KERNEL_ROUTES : KERNEL_ADDRS)) != 0)
		(void)channel_reply_error(c, &m->header, EIO, 0, "the kernel cannot be read");
	else if (is_routes) {
		fill_routes(&routes, applied(n), &a, arena);
		if (req->limit != 0 && routes.routes.n > req->limit)
			routes.routes.n = req->limit;
		reply_record(c, m, &state_routes_record, &routes);
	} else {
		fill_interfaces(&interfaces, applied(n), &a, arena);
		if (req->limit != 0 && interfaces.interfaces.n > req->limit)
			interfaces.interfaces.n = req->limit;
		reply_record(c, m, &state_interfaces_record, &interfaces);
	}
}

void
report_state(struct netd *n, struct channel *c, struct message *m)
{
	const struct state_get_req *req = m->body;
	bool is_routes = strcmp(req->name, "routes") == 0;
	struct arena *arena;

	if (!is_routes && strcmp(req->name, "interfaces") != 0) {
		(void)channel_reply_error(c, &m->header, ENOENT, 0, "there is no state \"%s\" here", req->name);
		return;
	}
	/* Not the message's arena: that one is bounded by the length of the question. */
	arena = must(arena_new(0));
	answer_state(n, c, m, is_routes, arena);
	arena_free(arena);
}

/* --- events --- */

#define LINKS_PER_EVENT	500	/* an event has a bound; what does not fit goes into the next */

static void
send_counters(struct channel *c, const struct event_interfaces *e)
{
	struct event_req req = { .topic = "interfaces" };
	struct codec_error err;
	uint8_t *data;
	size_t len;

	if (codec_encode(&event_interfaces_record, e, EVENT_MAX, &data, &len, &err) != 0) {
		log_debug("state", "counters cannot be encoded: %s: %s", err.path, err.reason);
		return;
	}
	req.record.data = data;
	req.record.len = (uint32_t)len;
	(void)channel_send(c, MSG_EVENT, 0, &req, NULL, 0);
	free(data);
}

static void
fill_counters(struct event_interface *item, const struct desired *d, const struct link *l)
{
	const struct want_link *w = wanted_link(d, l->index);

	item->name = w != NULL ? w->name : l->name;
	item->rx_bytes = l->rx_bytes;
	item->tx_bytes = l->tx_bytes;
	item->rx_packets = l->rx_packets;
	item->tx_packets = l->tx_packets;
	item->link_up = (l->flags & IFF_LOWER_UP) != 0 && (l->flags & IFF_UP) != 0;
}

void
report_counters(struct netd *n, const struct actual *a)
{
	struct channel *c = daemon_channel(ROLE_CONFD, PEER_MAIN);
	struct event_interface items[LINKS_PER_EVENT];
	struct event_interfaces e = { .interfaces = { items, 0 } };
	uint32_t i;

	for (i = 0; c != NULL && i < a->nlinks; i++) {
		if (a->links[i].flags & IFF_LOOPBACK)
			continue;
		fill_counters(&items[e.interfaces.n++], applied(n), &a->links[i]);
		if (e.interfaces.n == LINKS_PER_EVENT) {
			send_counters(c, &e);
			e.interfaces.n = 0;
		}
	}
	if (e.interfaces.n > 0)
		send_counters(c, &e);
}
