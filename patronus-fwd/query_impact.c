/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom a candidate would cut off, and whom it would let in: connections of the last day and logged denials, judged by both rulesets. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/clock.h"
#include "conf/generated.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"

#include "flowlog.h"
#include "fwd.h"
#include "hash.h"
#include "journey.h"
#include "links.h"
#include "logring.h"
#include "mem.h"
#include "nflog.h"
#include "query.h"
#include "revision.h"
#include "revoke.h"
#include "routes.h"

#define SAMPLE_MS	20000	/* well below the time for which the kernel keeps what has ended */
#define SAMPLE_REST	100
#define SAMPLE_MAX	200000	/* connections: reading more of them unasked would keep commits waiting */
#define ENTRIES_MAX	1000	/* of each list; the rest is counted */
#define TCP_SYN		0x02
#define ECHO4		8
#define ECHO6		128
#define CLIENT_PORT	40000
#define LENGTH		60

struct preview {
	struct query	*query;
	const struct ir	*before;
	const struct ir	*now;
	const struct journey_places *places_before;
	const struct journey_places *places;
	struct routes	*routes;
};

/* --- the kernel's table, into the memory of the last day --- */

void
impact_sample(struct fwd *f, bool is_now)
{
	const uint64_t start = clock_mono_ms();
	struct state_connections table = { 0 };
	struct privcall_error e;
	const uint8_t *data;
	size_t len;

	if (!is_now && start < f->flows_due_ms)
		return;
	report_connections(&table);
	if ((is_now || table.current <= SAMPLE_MAX) && privcall_dump(NL_DUMP_CT, &data, &len, NULL, &e) == 0) {
		flowlog_take(f->flows, data, len, clock_wall_ms());
		privcall_dump_free(data, len);
	}
	/* A table that takes long to read is read less often. */
	f->flows_due_ms = start + SAMPLE_MS + (clock_mono_ms() - start) * SAMPLE_REST;
}

/* --- one of them under one form --- */

static struct explain_packet
first_packet(uint8_t protocol, uint8_t icmp_type, const struct addr *source, const struct addr *destination, uint16_t port)
{
	const bool is_icmp = protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;

	return (struct explain_packet){ .source = *source, .destination = *destination, .protocol = protocol, .source_port = CLIENT_PORT,
	    .destination_port = port, .icmp_type = is_icmp ? icmp_type : 0, .length = LENGTH, .tcp_flags = protocol == IPPROTO_TCP ? TCP_SYN : 0,
	    .ct_state = IR_CT_NEW };
}

/* false: where it goes cannot be said. */
static bool
judge(const struct preview *p, bool is_now, const struct explain_packet *packet, const char *from, struct journey *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->packet = *packet;
	ret->from = from;
	return journey_run(ret, is_now ? p->now : p->before, is_now ? p->places : p->places_before, p->routes, p->query->fwd->links, p->query->arena) ==
	    NULL;
}

static struct state_impact *
put(const struct preview *p, struct state_impact **items, uint32_t *n, const struct journey *j, const struct explain_packet *k)
{
	struct state_impact *s = &(*items)[(*n)++];
	char number[4];

	s->protocol = mem_strdup(p->query->arena, nflog_protocol_name(k->protocol, number));
	s->source = k->source;
	s->destination = k->destination;
	s->has_destination_port = k->destination_port != 0;
	s->destination_port = k->destination_port;
	s->rule = mem_strdup(p->query->arena, j->origin != NULL ? j->origin->id : j->chain != NULL ? j->chain : "");
	s->text = journey_text(j, p->query->arena);
	return s;
}

/* --- who is cut off --- */

static void
find_cut(const struct preview *p, struct state_firewall_impact *s)
{
	const struct revoke r = { .before = p->before, .now = p->now, .routes = p->routes, .links = p->query->fwd->links };
	const uint64_t now_ms = clock_wall_ms();
	const struct flowlog_entry *e;
	struct explain_packet packet;
	struct state_impact *to;
	struct journey *j = mem_alloc(p->query->arena, 1, sizeof(*j));
	uint32_t at = 0;

	while ((e = flowlog_next(p->query->fwd->flows, &at, now_ms)) != NULL) {
		s->connections++;
		if (!revoke_ends(&r, &e->flow))
			continue;
		s->cut_total++;
		if (s->cut.n == ENTRIES_MAX)
			continue;
		packet = first_packet(e->flow.protocol, e->flow.icmp_type, &e->flow.original.source, &e->flow.original.destination,
		    e->flow.protocol == IPPROTO_ICMP || e->flow.protocol == IPPROTO_ICMPV6 ? 0 : e->flow.original.destination_port);
		if (!judge(p, true, &packet, NULL, j))
			j->action = IR_ACTION_DROP;
		to = put(p, &s->cut.items, &s->cut.n, j, &packet);
		to->last = e->last_ms;
		/* Accepted by the rules, but led or hidden otherwise: what is there ends, what comes anew goes on. */
		if (j->action == IR_ACTION_ACCEPT)
			to->text = "it is translated otherwise, and has to be opened anew";
	}
}

/* --- who is let in --- */

static bool
is_seen(uint64_t *seen, uint32_t cap, uint64_t h)
{
	uint32_t at = (uint32_t)(h % cap);

	for (; seen[at] != 0; at = (at + 1) % cap)
		if (seen[at] == h)
			return true;
	seen[at] = h;
	return false;
}

static uint64_t
key(const struct logring_entry *e)
{
	uint64_t h = hash_u64((uint64_t)e->protocol << 16 | e->destination_port, hash_string(e->in_interface));

	h = hash_bytes(e->source.bytes, addr_len(&e->source), h);
	return hash_bytes(e->destination.bytes, addr_len(&e->destination), h) | 1;
}

static void
find_admitted(const struct preview *p, struct state_firewall_impact *s)
{
	const uint32_t cap = LOGRING_SIZE * 2;
	uint64_t *seen = mem_alloc(p->query->arena, cap, sizeof(*seen));
	struct journey *j = mem_alloc(p->query->arena, 1, sizeof(*j));
	const struct logring_entry *e;
	struct explain_packet packet;
	const char *from;
	uint32_t i;

	for (i = 0; (e = logring_get(p->query->fwd->log, i)) != NULL; i++) {
		if ((e->action != STATE_ACTION_DROP && e->action != STATE_ACTION_REJECT) || is_seen(seen, cap, key(e)))
			continue;
		s->denied++;
		/* A log entry tells no type of ICMP: that of a question to an echo. */
		packet = first_packet(e->protocol, e->protocol == IPPROTO_ICMPV6 ? ECHO6 : ECHO4, &e->source, &e->destination, e->destination_port);
		from = e->in_interface[0] != '\0' ? e->in_interface : "local";
		if (!judge(p, false, &packet, from, j) || j->action == IR_ACTION_ACCEPT || !judge(p, true, &packet, from, j) ||
		    j->action != IR_ACTION_ACCEPT)
			continue;
		s->admitted_total++;
		if (s->admitted.n < ENTRIES_MAX)
			put(p, &s->admitted.items, &s->admitted.n, j, &packet)->last = e->time_ms;
	}
}

/* --- the question --- */

int
query_impact(struct query *q, void **ret)
{
	struct state_firewall_impact *s = mem_alloc(q->arena, 1, sizeof(*s));
	struct fwd *f = q->fwd;
	struct preview p = { .query = q, .before = f->apply.ir };
	int error;

	if ((error = query_check_terms(q, "")) != 0)
		return error;
	if (f->applied == NULL || f->apply.ir == NULL) {
		q->why = "no configuration is in force yet";
		return -ESTALE;
	}
	p.now = f->apply.ir;
	p.places = p.places_before = &f->applied->places;
	if (q->has_document) {
		if ((error = fwd_take_revision(f, q->message, 0, 0, &q->problems, &q->candidate)) != 0 || q->candidate == NULL)
			return error;
		p.now = q->candidate->ir;
		p.places = &q->candidate->places;
	}
	if ((p.routes = query_routes(q)) == NULL) {
		q->why = "the kernel's routes cannot be read";
		return -EIO;
	}
	impact_sample(f, true);
	s->cut.items = mem_alloc(q->arena, ENTRIES_MAX, sizeof(*s->cut.items));
	s->admitted.items = mem_alloc(q->arena, ENTRIES_MAX, sizeof(*s->admitted.items));
	s->since = f->flows_since_ms;
	find_cut(&p, s);
	find_admitted(&p, s);
	*ret = s;
	return 0;
}
