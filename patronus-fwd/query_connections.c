/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of connections: a page of it, or the end of some. */
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <netinet/in.h>
#include <string.h>

#include "base/buf.h"
#include "conf/generated.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"
#include "net/nlmsg.h"

#include "flow_search.h"
#include "fwd.h"
#include "links.h"
#include "live.h"
#include "mem.h"
#include "nflog.h"
#include "query.h"
#include "revision.h"
#include "routes.h"

#define DELETIONS_MAX	(256u << 20)

/* A question about the table, with what the kernel says. */
struct table {
	struct query		*query;
	struct flow_search	*search;
	struct routes		*routes;	/* NULL until a zone is asked for */
	const uint8_t		*data;
	size_t			 len;
};

/* --- zones --- */

static void
read_routes(struct table *t)
{
	struct privcall_error e;
	const uint8_t *data;
	size_t len;

	fwd_links_refresh(t->query->fwd);
	if (privcall_dump(NL_DUMP_ROUTES, &data, &len, NULL, &e) != 0) {
		t->routes = routes_read(NULL, 0, t->query->arena);
		return;
	}
	t->routes = routes_read(data, len, t->query->arena);
	privcall_dump_free(data, len);
}

static const char *
zone_of(const struct addr *a, void *arg)
{
	const struct revision_interface *i;
	struct table *t = arg;
	const struct fwd *f = t->query->fwd;
	const char *link;
	uint32_t index;

	if (t->routes == NULL)
		read_routes(t);
	switch (routes_find(t->routes, a, &index)) {
	case ROUTES_LOCAL:
		return "local";
	case ROUTES_LINK:
		link = links_by_index(f->links, index);
		i = link != NULL && f->applied != NULL ? names_get(&f->applied->interfaces, link) : NULL;
		return i != NULL ? i->zone : NULL;
	case ROUTES_UNKNOWN:
		break;
	}
	return NULL;
}

/* --- one connection for people --- */

static bool
has_ports(const struct flow *f)
{
	return f->protocol != IPPROTO_ICMP && f->protocol != IPPROTO_ICMPV6 && (f->original.source_port != 0 || f->original.destination_port != 0);
}

static void
describe_translation(const struct flow *f, struct state_connection *s)
{
	bool is_hidden = !addr_equal(&f->original.source, &f->reply.destination) || f->original.source_port != f->reply.destination_port;
	bool is_led = !addr_equal(&f->original.destination, &f->reply.source) || f->original.destination_port != f->reply.source_port;

	if (is_hidden)
		s->translated_source = f->reply.destination;
	s->has_translated_source_port = is_hidden && has_ports(f);
	s->translated_source_port = f->reply.destination_port;
	if (is_led)
		s->translated_destination = f->reply.source;
	s->has_translated_destination_port = is_led && has_ports(f);
	s->translated_destination_port = f->reply.source_port;
}

static void
describe_counters(const struct flow *f, struct state_connection *s)
{
	s->has_packets = s->has_bytes = s->has_reply_packets = s->has_reply_bytes = f->has_counters;
	s->packets = f->packets[0];
	s->bytes = f->bytes[0];
	s->reply_packets = f->packets[1];
	s->reply_bytes = f->bytes[1];
}

static void
describe(const struct table *t, const struct flow *f, struct state_connection *s)
{
	char number[4];

	s->id = f->id;
	s->protocol = mem_strdup(t->query->arena, nflog_protocol_name(f->protocol, number));
	s->state = flow_state_name(f);
	s->source = f->original.source;
	s->destination = f->original.destination;
	s->has_source_port = s->has_destination_port = has_ports(f);
	s->source_port = f->original.source_port;
	s->destination_port = f->original.destination_port;
	s->has_icmp_type = f->protocol == IPPROTO_ICMP || f->protocol == IPPROTO_ICMPV6;
	s->icmp_type = f->icmp_type;
	s->from = flow_search_from(t->search, f);
	s->to = flow_search_to(t->search, f);
	s->source_country = live_country_of(t->query->fwd->live, &f->original.source, t->query->arena);
	s->destination_country = live_country_of(t->query->fwd->live, &f->reply.source, t->query->arena);
	s->source_autonomous_system = live_system_of(t->query->fwd->live, &f->original.source);
	s->has_source_autonomous_system = s->source_autonomous_system != 0;
	s->destination_autonomous_system = live_system_of(t->query->fwd->live, &f->reply.source);
	s->has_destination_autonomous_system = s->destination_autonomous_system != 0;
	s->mark = f->mark;
	s->assured = (f->status & IPS_ASSURED) != 0;
	s->timeout = f->timeout;
	describe_translation(f, s);
	describe_counters(f, s);
}

/* --- questions --- */

static int
table_open(struct table *t, struct query *q)
{
	struct flow_places places = { .zone = zone_of, .arg = t };
	struct privcall_error e;
	int error;

	*t = (struct table){ .query = q };
	if ((t->search = flow_search_new(q->req->terms.items, q->req->terms.n, &places, q->arena, &q->why)) == NULL)
		return -EINVAL;
	if ((error = privcall_dump(NL_DUMP_CT, &t->data, &t->len, NULL, &e)) != 0)
		q->why = mem_printf(q->arena, "the kernel's connections cannot be read: %s", e.text);
	return error;
}

int
query_connections(struct query *q, void **ret)
{
	struct state_connection_table *s = mem_alloc(q->arena, 1, sizeof(*s));
	const struct flow *f;
	struct table t;
	int error;

	if ((error = table_open(&t, q)) != 0)
		return error;
	flow_search_run(t.search, t.data, t.len);
	privcall_dump_free(t.data, t.len);
	s->total = flow_search_total(t.search);
	s->matched = flow_search_matched(t.search);
	s->next = flow_search_next(t.search);
	s->connections.items = mem_alloc(q->arena, FLOW_SEARCH_LIMIT_MAX, sizeof(*s->connections.items));
	while ((f = flow_search_get(t.search, s->connections.n)) != NULL)
		describe(&t, f, &s->connections.items[s->connections.n++]);
	*ret = s;
	return 0;
}

static void
put_deletions(const struct table *t, struct state_connection_table *s, struct buf *deletions)
{
	struct nl_reader reader;
	struct nl_msg m;
	struct flow f;

	nlmsg_reader_init(&reader, t->data, t->len);
	while (nlmsg_next(&reader, &m) == 1) {
		if (!flow_read(&m, &f))
			continue;
		s->total++;
		if (!flow_search_takes(t->search, &f))
			continue;
		s->matched++;
		flow_put_delete(deletions, &f);
	}
}

/* Without a filter none ends: who means all of them says so with a filter that all of them pass. */
int
query_connections_end(struct query *q, void **ret)
{
	struct state_connection_table *s = mem_alloc(q->arena, 1, sizeof(*s));
	struct buf deletions;
	struct table t;
	int error;

	if ((error = table_open(&t, q)) != 0)
		return error;
	if (!flow_search_has_filter(t.search)) {
		q->why = "say which connections end, with a filter: filter[id]=..., filter[address]=...";
		privcall_dump_free(t.data, t.len);
		return -EINVAL;
	}
	buf_init(&deletions, DELETIONS_MAX);
	put_deletions(&t, s, &deletions);
	privcall_dump_free(t.data, t.len);
	s->has_ended = true;
	error = buf_failed(&deletions) ? -ENOMEM : s->matched > 0 ? revocation_delete(&deletions, &s->ended) : 0;
	buf_fini(&deletions);
	*ret = s;
	return error;
}
