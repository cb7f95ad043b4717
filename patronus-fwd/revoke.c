/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/netfilter/nf_conntrack_common.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "net/nlmsg.h"

#include "explain.h"
#include "flow.h"
#include "ir.h"
#include "links.h"
#include "revoke.h"
#include "routes.h"

#define TCP_SYN		0x02

/* Where the kernel leads a connection. */
struct way {
	const char	*in;		/* NULL: from the box */
	const char	*out;		/* NULL: to the box */
};

static bool
find_link(const struct revoke *r, const struct addr *a, const char **ret)
{
	uint32_t link;

	*ret = NULL;
	switch (routes_find(r->routes, a, &link)) {
	case ROUTES_LOCAL:
		return true;
	case ROUTES_LINK:
		*ret = links_by_index(r->links, link);
		return *ret != NULL;
	case ROUTES_UNKNOWN:
		break;
	}
	return false;
}

/* --- one connection under one form */
static struct explain_packet
packet_of(const struct flow *f, const struct way *w, uint8_t state, bool unknown_holds)
{
	struct explain_packet p = {
		.in_link = w->in, .out_link = w->out, .source = f->original.source, .destination = f->original.destination, .protocol = f->protocol,
		.icmp_type = f->icmp_type, .source_port = f->original.source_port, .destination_port = f->original.destination_port,
		.called_port = f->original.destination_port, .tcp_flags = TCP_SYN, .ct_state = state, .has_way_back = true, .has_any_way_back = true,
		.is_partly_known = true, .unknown_holds = unknown_holds, .is_to_box = w->in != NULL && w->out == NULL, .chosen = f->reply.source
	};

	return p;
}

static bool
is_led_away(const struct flow *f)
{
	return !addr_equal(&f->original.destination, &f->reply.source) || f->original.destination_port != f->reply.source_port;
}

/* The host and port that answer are those of the translation. */
static bool
same_target(const struct flow *f, const struct explain_verdict *v)
{
	struct addr to = { .family = f->original.source.family };
	uint16_t port = v->nat.port != 0 ? v->nat.port : f->original.destination_port;

	memcpy(to.bytes, v->nat.addr, addr_len(&to));
	return addr_equal(&to, &f->reply.source) && port == f->reply.source_port;
}

/* false: its packets would be led elsewhere, or dropped before routing. */
static bool
passes_before_routing(const struct ir *ir, const struct flow *f, struct explain_packet *p)
{
	struct explain_verdict v;

	explain_hook(ir, p->in_link != NULL ? IR_HOOK_PREROUTING : IR_HOOK_OUTPUT, p, &v);
	if (v.action == IR_ACTION_DROP || v.action == IR_ACTION_REJECT)
		return false;
	*p = v.after;
	/* The box's own connections are led nowhere by us. */
	if (p->in_link != NULL && p->ct_state == IR_CT_NEW && (v.action == IR_ACTION_TRANSLATE ? !same_target(f, &v) : is_led_away(f)))
		return false;
	p->is_translated = is_led_away(f);
	p->destination = f->reply.source;
	p->destination_port = f->reply.source_port;
	return true;
}

static bool
in_range(const uint8_t *a, const struct ir_nat *n, unsigned len)
{
	return memcmp(a, n->addr, len) >= 0 && memcmp(a, n->last, len) <= 0;
}

/* The source that the other side sees is one that the translation could have given. */
static bool
same_sender(const struct revoke *r, const struct flow *f, const struct ir_stmt *s)
{
	uint32_t link;
	bool is_hidden;

	is_hidden = !addr_equal(&f->original.source, &f->reply.destination);
	if (s == NULL)
		return !is_hidden;
	if (s->kind == IR_SNAT)
		return in_range(f->reply.destination.bytes, &s->nat, addr_len(&f->reply.destination));
	return routes_find(r->routes, &f->reply.destination, &link) == ROUTES_LOCAL;
}

static bool
passes_after_routing(const struct revoke *r, const struct ir *ir, const struct flow *f, struct explain_packet *p)
{
	struct explain_verdict v;

	if (p->out_link == NULL || p->ct_state != IR_CT_NEW || r->is_sender_unknown)
		return true;
	explain_hook(ir, IR_HOOK_POSTROUTING, p, &v);
	return same_sender(r, f, v.sender);
}

static bool
passes(const struct revoke *r, const struct ir *ir, const struct flow *f, struct explain_packet p)
{
	struct explain_verdict v;

	if (!passes_before_routing(ir, f, &p))
		return false;
	if (p.in_link != NULL) {
		explain_hook(ir, p.out_link != NULL ? IR_HOOK_FORWARD : IR_HOOK_INPUT, &p, &v);
		if (v.action != IR_ACTION_ACCEPT)
			return false;
		p = v.after;
	}
	return passes_after_routing(r, ir, f, &p);
}

/* Its packets now, and the one that would open it anew. */
static bool
is_accepted(const struct revoke *r, const struct ir *ir, const struct flow *f, const struct way *w, bool unknown_holds)
{
	return passes(r, ir, f, packet_of(f, w, IR_CT_NEW, unknown_holds)) &&
	    passes(r, ir, f, packet_of(f, w, IR_CT_ESTABLISHED, unknown_holds));
}

bool
revoke_ends(const struct revoke *r, const struct flow *f)
{
	struct way w;

	/* What another connection announced was accepted on its account, and ends on it. */
	if ((f->status & IPS_EXPECTED) != 0 || !find_link(r, &f->original.source, &w.in) || !find_link(r, &f->reply.source, &w.out) ||
	    (w.in == NULL && w.out == NULL))
		return false;
	if (is_accepted(r, r->now, f, &w, true) || is_accepted(r, r->now, f, &w, false))
		return false;
	return is_accepted(r, r->before, f, &w, true) || is_accepted(r, r->before, f, &w, false);
}

/* --- on account of one that has ended before */

/* Where the form before led it. */
static bool
lead(const struct revoke *r, struct flow *f)
{
	struct explain_verdict v;
	struct explain_packet p;
	struct way w;

	f->reply = (struct flow_end){ f->original.destination, f->original.source, f->original.destination_port, f->original.source_port };
	if (!find_link(r, &f->original.source, &w.in) || !find_link(r, &f->original.destination, &w.out))
		return false;
	/* The box's own connections are led nowhere by us. */
	if (w.in == NULL)
		return true;
	p = packet_of(f, &w, IR_CT_NEW, true);
	p.chosen = (struct addr){ .family = ADDR_NONE };
	explain_hook(r->before, IR_HOOK_PREROUTING, &p, &v);
	if (v.action != IR_ACTION_TRANSLATE)
		return true;
	f->reply.source.family = f->original.source.family;
	memcpy(f->reply.source.bytes, v.nat.addr, addr_len(&f->reply.source));
	f->reply.source_port = v.nat.port != 0 ? v.nat.port : f->original.destination_port;
	return true;
}

/* The kernel tells of a master that has ended how it was opened, and not how it was translated. */
static bool
has_lost_its_reason(const struct revoke *r, const struct flow *child)
{
	struct revoke q = *r;
	struct flow master = { .protocol = child->master_protocol, .original = child->master, .has_zone = child->has_zone, .zone = child->zone };

	q.is_sender_unknown = true;
	return lead(r, &master) && revoke_ends(&q, &master);
}

/* --- all of them */

/* A connection as who opened it knows it. */
struct key {
	struct flow_end	end;
	uint16_t	zone;
	uint8_t		protocol;
	uint8_t		unused;		/* compared as bytes */
};

static struct key
key_of(const struct flow_end *e, uint8_t protocol, uint16_t zone)
{
	return (struct key){ .end = *e, .zone = zone, .protocol = protocol };
}

static int
key_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct key));
}

static void
key_put(struct buf *keys, const struct flow *f)
{
	const struct key k = key_of(&f->original, f->protocol, f->zone);

	buf_put(keys, &k, sizeof(k));
}

static bool
key_has(const struct buf *keys, const struct key *k)
{
	return keys->len > 0 && bsearch(k, keys->data, keys->len / sizeof(*k), sizeof(*k), key_compare) != NULL;
}

static void
end(struct buf *deletions, struct buf *keys, const struct flow *f)
{
	flow_put_delete(deletions, f);
	key_put(keys, f);
}

/* Which masters of the table's connections are in it. */
static void
find_masters(const uint8_t *data, size_t len, struct buf *present)
{
	struct nl_reader reader;
	struct nl_msg m;
	struct flow f;
	struct key own;
	struct buf wanted;

	buf_init(&wanted, 0);
	nlmsg_reader_init(&reader, data, len);
	while (nlmsg_next(&reader, &m) == 1) {
		if (!flow_read(&m, &f) || !f.has_master)
			continue;
		own = key_of(&f.master, f.master_protocol, f.zone);
		buf_put(&wanted, &own, sizeof(own));
	}
	if (wanted.len > 0)
		qsort(wanted.data, wanted.len / sizeof(own), sizeof(own), key_compare);
	nlmsg_reader_init(&reader, data, len);
	while (nlmsg_next(&reader, &m) == 1) {
		if (!flow_read(&m, &f))
			continue;
		own = key_of(&f.original, f.protocol, f.zone);
		if (key_has(&wanted, &own))
			key_put(present, &f);
	}
	if (present->len > 0)
		qsort(present->data, present->len / sizeof(own), sizeof(own), key_compare);
	if (buf_failed(&wanted))
		present->failed = true;
	buf_fini(&wanted);
}

/* Those whose master has ended by itself, and would not be let in any more: how many. */
static uint32_t
end_orphans(const struct revoke *r, const uint8_t *data, size_t len, struct buf *deletions, struct buf *ended)
{
	struct nl_reader reader;
	struct nl_msg m;
	struct flow f;
	struct key master;
	struct buf present;
	uint32_t n = 0;

	buf_init(&present, 0);
	find_masters(data, len, &present);
	nlmsg_reader_init(&reader, data, len);
	while (nlmsg_next(&reader, &m) == 1) {
		if (!flow_read(&m, &f) || !f.has_master)
			continue;
		master = key_of(&f.master, f.master_protocol, f.zone);
		if (key_has(&present, &master) || !has_lost_its_reason(r, &f))
			continue;
		end(deletions, ended, &f);
		n++;
	}
	if (buf_failed(&present))
		deletions->failed = true;
	buf_fini(&present);
	return n;
}

/* Those that ended ones announced, and have not ended yet: how many. */
static uint32_t
end_announced(const uint8_t *data, size_t len, struct buf *deletions, struct buf *ended)
{
	struct nl_reader reader;
	struct nl_msg m;
	struct flow f;
	struct key own, master;
	struct buf more;
	uint32_t n = 0;

	buf_init(&more, 0);
	qsort(ended->data, ended->len / sizeof(own), sizeof(own), key_compare);
	nlmsg_reader_init(&reader, data, len);
	while (nlmsg_next(&reader, &m) == 1) {
		if (!flow_read(&m, &f) || !f.has_master)
			continue;
		own = key_of(&f.original, f.protocol, f.zone);
		master = key_of(&f.master, f.master_protocol, f.zone);
		if (!key_has(ended, &master) || key_has(ended, &own))
			continue;
		end(deletions, &more, &f);
		n++;
	}
	buf_put(ended, more.data, more.len);
	buf_fini(&more);
	return n;
}

uint32_t
revoke_dump(const struct revoke *r, const uint8_t *data, size_t len, struct buf *deletions, uint32_t *ret_n)
{
	struct nl_reader reader;
	struct nl_msg m;
	struct flow f;
	struct buf ended;
	uint32_t n = 0, announced = 0, more;

	*ret_n = 0;
	buf_init(&ended, 0);
	nlmsg_reader_init(&reader, data, len);
	while (nlmsg_next(&reader, &m) == 1) {
		if (!flow_read(&m, &f))
			continue;
		(*ret_n)++;
		announced += f.has_master;
		if (!revoke_ends(r, &f))
			continue;
		end(deletions, &ended, &f);
		n++;
	}
	if (announced > 0)
		n += end_orphans(r, data, len, deletions, &ended);
	/* What they announced, and what that did: H.323 has three of them. */
	while (n > 0 && announced > 0 && (more = end_announced(data, len, deletions, &ended)) > 0) {
		n += more;
		announced -= more;
	}
	/* Without memory for that, another time. */
	if (buf_failed(&ended))
		deletions->failed = true;
	buf_fini(&ended);
	return n;
}
