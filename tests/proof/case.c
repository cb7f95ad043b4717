/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <err.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ipc/ids.h"

#include "case.h"
#include "explain.h"
#include "ir_print.h"
#include "nft_encode.h"
#include "nft_read.h"
#include "wire.h"
#include "world.h"

#define RULES_MAX	14	/* of most */
#define RULES_MANY	80	/* of one in eight */
#define COLLECT_EVERY	64
#define DIFFERENCES_MAX	20

/* --- making one */
struct tuple {
	struct addr	a, b;
	uint16_t	pa, pb;
	uint8_t		protocol;
};

static struct tuple
tuple_of(const struct packet *k)
{
	bool p = has_ports(k->protocol);
	struct addr box = addr_in_block(k->source.family, RANDOM_BOX, 0);

	/* The box's addresses count as one: which of them a hairpin puts into a packet is the kernel's choice. */
	return (struct tuple){ addr_block(&k->source) == RANDOM_BOX ? box : k->source,
	    addr_block(&k->destination) == RANDOM_BOX ? box : k->destination, p ? k->source_port : 0, p ? k->destination_port : 0, k->protocol };
}

static bool
same_flow(const struct tuple *x, const struct tuple *y)
{
	if (x->protocol != y->protocol)
		return false;
	if (addr_equal(&x->a, &y->a) && addr_equal(&x->b, &y->b) && x->pa == y->pa && x->pb == y->pb)
		return true;
	return addr_equal(&x->a, &y->b) && addr_equal(&x->b, &y->a) && x->pa == y->pb && x->pb == y->pa;
}

/* A second packet of a flow would pass because the first did; so would an answer, and one that a translation makes so. */
static bool
is_new_flow(struct tuple *flows, unsigned *n, struct judge *j, const struct packet *k)
{
	struct packet seen = judge_packet(j, k).seen, hairpin = seen;
	struct tuple t[3] = { tuple_of(k), tuple_of(&seen) };
	unsigned i, f;

	hairpin.source = addr_in_block(k->source.family, RANDOM_BOX, 0);
	t[2] = tuple_of(&hairpin);

	if (k->protocol == IPPROTO_ICMP || k->protocol == IPPROTO_ICMPV6)
		return true;	/* its number is its id */
	for (i = 0; i < *n; i++)
		for (f = 0; f < 3; f++)
			if (same_flow(&flows[i], &t[f]))
				return false;
	memcpy(&flows[*n], t, sizeof(t));
	*n += 3;
	return true;
}

struct proof_case
case_random(unsigned seed, struct arena *arena)
{
	struct proof_case c = { .arena = arena };
	struct tuple *flows = arena_alloc(arena, 3 * PACKETS_MAX, sizeof(*flows));
	struct judge j;
	unsigned i, n = 0, wanted;

	srandom(seed);
	c.policy = policy_random(arena, RANDOM_ALL | RANDOM_HEADERS, below(8) == 0 ? RULES_MANY : RULES_MAX);
	c.packets = arena_alloc(arena, PACKETS_MAX, sizeof(*c.packets));
	judge_init(&j, c.policy, arena);
	for (i = 0, wanted = 64 + below(65); i < 2 * wanted && c.n < wanted; i++) {
		c.packets[c.n] = packet_random(c.policy);
		wire_settle(&c.packets[c.n]);
		c.n += is_new_flow(flows, &n, &j, &c.packets[c.n]);
	}
	return c;
}

/* --- comparing */
struct run {
	const struct proof_case	*c;
	struct world		*world;
	struct ir		*ir;
	struct judgement	 want[PACKETS_MAX];
	struct sighting		 seen[PACKETS_MAX];
	uint32_t		 lens[PACKETS_MAX];
	struct buf		*text;
	unsigned		 n_differences;
};

static void
tell_packet(struct buf *b, const struct packet *k, unsigned number)
{
	char source[ADDR_STRLEN], destination[ADDR_STRLEN];

	buf_printf(b, "packet %u: in eth%d out eth%d protocol %u type %u %s:%u -> %s:%u", number, (int)k->in - 1, (int)k->out - 1, k->protocol,
	    k->icmp_type, addr_format(&k->source, source, sizeof(source)), k->source_port,
	    addr_format(&k->destination, destination, sizeof(destination)), k->destination_port);
}

static void
differs(struct run *r, unsigned i, const char *who, const char *says, const char *by)
{
	if (r->n_differences++ >= DIFFERENCES_MAX)
		return;
	tell_packet(r->text, &r->c->packets[i], i);
	buf_printf(r->text, ": the policy says %s by %s, %s says %s by %s\n", ir_action_name(r->want[i].action), r->want[i].id, who, says, by);
}

static bool
load(struct run *r)
{
	struct nft_batch b;
	int error;

	nft_batch_init(&b);
	nft_put_all(&b, r->ir);
	error = nft_kernel_batch(&r->world->kernel, b.out.data, b.out.len, 0, false, NULL);
	if (error != 0) {
		r->n_differences++;
		buf_printf(r->text, "refused: %s: %s\n", nft_batch_path(&b, r->world->kernel.n_refused),
		    r->world->kernel.reason != NULL ? r->world->kernel.reason : strerror(-error));
	}
	nft_batch_fini(&b);
	return error == 0;
}

static void
check_sighting(struct run *r, unsigned i)
{
	const struct judgement *w = &r->want[i];
	const struct sighting *s = &r->seen[i];
	bool is_accepted = w->seen.out == 0 ? s->is_delivered : s->is_out && s->out == w->seen.out;
	bool is_strange = w->seen.out == 0 ? s->is_out : s->is_out && s->out != w->seen.out;
	const char *have = is_strange ? "elsewhere" : is_accepted ? "accept" : s->is_refused ? "reject" : "drop";
	const char *want = ir_action_name(w->action);

	/* Answered for, and the server has heard nothing. */
	if (w->is_proxied || s->is_answered)
		have = !w->is_proxied ? "an answer" : !s->is_answered ? "no answer" : s->is_out || s->is_delivered ? "both" : "accept";
	/* The box itself hears nothing of what was rejected on its way out, but that it was not sent. */
	if (w->action == IR_ACTION_REJECT && r->c->packets[i].in == 0)
		want = "drop";
	if (r->c->packets[i].in == 0 && !is_accepted && !is_strange)
		have = "drop";
	if (strcmp(want, have) != 0)
		differs(r, i, "the kernel", have, "its deed");
}

/* --- counters: each rule must have counted just the packets that it decided; their lengths tell which */
static void
expect(struct run *r, const char *id, unsigned i)
{
	struct ir_origin *o = ir_origin_find(r->ir, id);

	if (o != NULL) {
		o->told_packets++;
		o->told_bytes += r->lens[i];
	} else if (strcmp(id, "policy") != 0) {
		differs(r, i, "the form", "nothing", "any rule of that name");
	}
}

static bool
is_judged(const char *id)
{
	static const char *const generated[] = { "default:", "management:", "port-forward:", "spoofed:drop", "bogon:drop", "input:invalid", "forward:invalid" };
	unsigned i;

	if (strchr(id, ':') == NULL)
		return true;
	for (i = 0; i < sizeof(generated) / sizeof(generated[0]); i++)
		if (strncmp(id, generated[i], strlen(generated[i])) == 0)
			return true;
	return false;
}

static void
read_counters(struct run *r)
{
	static const uint8_t what[] = { NL_DUMP_NFT_RULES, NL_DUMP_NFT_ELEMS };
	struct buf b;
	unsigned i;

	for (i = 0; i < 2; i++) {
		buf_init(&b, 0);
		if (nft_kernel_dump(&r->world->kernel, what[i], &b) != 0)
			errx(1, "the counters cannot be read");
		nft_read_counts(b.data, b.len, ir_origin_count, r->ir);
		buf_fini(&b);
	}
}

static void
check_counters(struct run *r)
{
	const struct ir_origin *o;
	uint32_t i;

	for (i = 0; i < r->c->n; i++) {
		expect(r, r->want[i].id, i);
		if (r->want[i].forward != NULL)
			expect(r, arena_printf(r->c->arena, "port-forward:%s", r->want[i].forward), i);
	}
	read_counters(r);
	for (i = 0; i < r->ir->n_origins; i++) {
		o = r->ir->origins[i];
		/* Rules that decide nothing count all that pass by them, which the reference does not tell. */
		if (o->action == IR_ACTION_NONE || o->action == IR_ACTION_CONTINUE || !is_judged(o->id) ||
		    (o->packets == o->told_packets && o->bytes == o->told_bytes))
			continue;
		r->n_differences++;
		buf_printf(r->text, "rule %s: it should have decided %llu packets of %llu bytes, the kernel counted %llu of %llu\n", o->id,
		    (unsigned long long)o->told_packets, (unsigned long long)o->told_bytes, (unsigned long long)o->packets,
		    (unsigned long long)o->bytes);
	}
}

/* --- explain */
static struct explain_packet
explain_packet(const struct fw_policy *p, const struct packet *k)
{
	return (struct explain_packet){
		.in_link = k->in == 0 ? NULL : p->interfaces[k->in - 1].ifname,
		.out_link = k->out == 0 ? NULL : p->interfaces[k->out - 1].ifname,
		.source = k->source, .destination = k->destination, .protocol = k->protocol, .icmp_type = k->icmp_type,
		.source_port = k->source_port, .destination_port = k->destination_port, .called_port = k->destination_port,
		.tcp_flags = k->tcp_flags, .dscp = k->dscp, .length = k->length,
		.ct_state = packet_is_invalid(k) ? IR_CT_INVALID : IR_CT_NEW, .is_to_box = addr_block(&k->destination) == RANDOM_BOX,
		.has_way_back = k->in != 0 && addr_block(&k->source) == k->in - 1, .has_any_way_back = true
	};
}

/* Before routing, then where it goes. */
static struct explain_verdict
explain(const struct run *r, const struct packet *k, const char **ret_forward)
{
	const struct fw_policy *p = r->c->policy;
	struct explain_packet e = explain_packet(p, k);
	struct explain_verdict v = { .action = IR_ACTION_ACCEPT };
	uint32_t out = k->out;

	*ret_forward = NULL;
	if (k->in != 0)
		explain_hook(r->ir, IR_HOOK_PREROUTING, &e, &v);
	if (k->in != 0)
		e = v.after;
	if (v.action == IR_ACTION_TRANSLATE) {
		*ret_forward = v.origin->id + strlen("port-forward:");
		memset(&e.destination, 0, sizeof(e.destination));
		e.destination.family = ADDR_V4;
		memcpy(e.destination.bytes, v.nat.addr, 4);
		if (v.nat.port != 0)
			e.destination_port = v.nat.port;
		e.is_translated = true;
		e.is_to_box = false;
		out = addr_block(&e.destination) + 1;
		e.out_link = p->interfaces[out - 1].ifname;
	} else if (v.action != IR_ACTION_ACCEPT) {
		return v;
	}
	explain_hook(r->ir, k->in == 0 ? IR_HOOK_OUTPUT : out == 0 ? IR_HOOK_INPUT : IR_HOOK_FORWARD, &e, &v);
	return v;
}

static void
check_explain(struct run *r, unsigned i, struct tally *t)
{
	const struct judgement *w = &r->want[i];
	struct explain_verdict v;
	const char *id, *forward;

	v = explain(r, &r->c->packets[i], &forward);
	if (v.is_limited) {	/* rates count as kept there */
		t->limited++;
		return;
	}
	id = v.origin != NULL ? v.origin->id : "policy";
	if (v.action != w->action || strcmp(id, w->id) != 0)
		differs(r, i, "explain", ir_action_name(v.action), id);
	else if ((forward == NULL) != (w->forward == NULL) || (forward != NULL && strcmp(forward, w->forward) != 0))
		differs(r, i, "explain", "translated", forward != NULL ? forward : "nothing");
}

static void
send_all(struct run *r)
{
	const struct proof_case *c = r->c;
	unsigned i;

	world_forget(r->world);
	for (i = 0; i < c->n; i++) {
		r->lens[i] = world_send(r->world, &c->packets[i], i);
		if (i % COLLECT_EVERY == COLLECT_EVERY - 1 || i + 1 == c->n)
			world_collect(r->world, r->seen, c->n);
	}
}

bool
case_run(const struct proof_case *c, const struct form *form, struct world *w, struct tally *t, struct buf *ret_text)
{
	static struct run r;
	struct judge j;
	unsigned i;

	memset(&r, 0, sizeof(r));
	r.c = c;
	r.world = w;
	r.text = ret_text;
	r.ir = form->make(c->policy);
	if (load(&r)) {
		send_all(&r);
		judge_init(&j, c->policy, c->arena);
		for (i = 0; i < c->n; i++) {
			r.want[i] = judge_packet(&j, &c->packets[i]);
			check_sighting(&r, i);
			check_explain(&r, i, t);
			t->packets++;
			t->by_rules += strchr(r.want[i].id, ':') == NULL;
			t->translated += r.want[i].forward != NULL;
		}
		check_counters(&r);
	}
	ir_free(r.ir);
	return r.n_differences == 0;
}
