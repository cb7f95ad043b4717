/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of one packet, or of those that the configuration asserts something about; and the form itself as text. */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "conf/generated.h"
#include "ipc/ids.h"
#include "ipc/oneshot.h"
#include "ipc/privcall.h"

#include "assertion.h"
#include "fwd.h"
#include "helper.h"
#include "ir_print.h"
#include "journey.h"
#include "mem.h"
#include "offload.h"
#include "prove.h"
#include "query.h"
#include "query_packet.h"
#include "revision.h"
#include "routes.h"

#define TERMS		QUERY_PACKET_TERMS " " QUERY_ROUTED_TERMS " " QUERY_FRAME_TERMS " prove"
#define PROVE_MS	9000
#define FORM_MAX	(24u << 20)

/* --- what it is about --- */

/* The candidate that came with the question, else what is in force; NULL, with problems or an error. */
static const struct revision *
subject(struct query *q, const struct ir **ret_ir, int *ret_error)
{
	struct revision *r = q->fwd->applied;

	*ret_error = 0;
	if (q->has_document) {
		*ret_error = fwd_take_revision(q->fwd, q->message, 0, 0, &q->problems, &q->candidate);
		r = q->candidate;
		*ret_ir = r != NULL ? r->ir : NULL;
		return r;
	}
	*ret_ir = q->fwd->apply.ir;
	if (r != NULL && *ret_ir != NULL)
		return r;
	q->why = "no configuration is in force yet";
	*ret_error = -ESTALE;
	return NULL;
}

struct routes *
query_routes(struct query *q)
{
	struct privcall_error e;
	struct routes *routes;
	const uint8_t *data;
	size_t len;

	if (privcall_dump(NL_DUMP_ROUTES, &data, &len, NULL, &e) != 0)
		return NULL;
	fwd_links_refresh(q->fwd);
	routes = routes_read(data, len, q->arena);
	privcall_dump_free(data, len);
	return routes;
}

/* --- the answer --- */

static const uint8_t actions[IR_ACTION_MAX] = {
	[IR_ACTION_INVALID] = STATE_ACTION_DROP, [IR_ACTION_ACCEPT] = STATE_ACTION_ACCEPT, [IR_ACTION_DROP] = STATE_ACTION_DROP,
	[IR_ACTION_REJECT] = STATE_ACTION_REJECT, [IR_ACTION_TRANSLATE] = STATE_ACTION_CONTINUE, [IR_ACTION_NONE] = STATE_ACTION_CONTINUE,
	[IR_ACTION_CONTINUE] = STATE_ACTION_CONTINUE, [IR_ACTION_QUEUE] = STATE_ACTION_QUEUE
};

static const char *
step_text(const struct journey_step *s)
{
	static const char *const texts[IR_ACTION_MAX] = {
		[IR_ACTION_ACCEPT] = "accepts", [IR_ACTION_DROP] = "drops", [IR_ACTION_REJECT] = "rejects", [IR_ACTION_TRANSLATE] = "translates the receiver",
		[IR_ACTION_NONE] = "looks further", [IR_ACTION_CONTINUE] = "goes on", [IR_ACTION_QUEUE] = "asks a program"
	};

	if (s->is_proxied)
		return "answers for the server (SYN protection)";
	return texts[s->action] != NULL ? texts[s->action] : "";
}

static void
describe_steps(const struct journey *j, struct state_firewall_explanation *s, struct arena *a)
{
	static const char *const hooks[IR_HOOK_MAX] = {
		[IR_HOOK_NONE] = "", [IR_HOOK_PREROUTING] = "prerouting", [IR_HOOK_INPUT] = "input", [IR_HOOK_FORWARD] = "forward",
		[IR_HOOK_OUTPUT] = "output", [IR_HOOK_POSTROUTING] = "postrouting",
		[IR_HOOK_BRIDGE_FORWARD] = "bridge-forward"
	};
	const struct journey_step *from;
	struct state_step *to;

	s->steps.items = mem_alloc(a, j->n_steps, sizeof(*s->steps.items));
	for (from = j->steps; from < j->steps + j->n_steps; from++) {
		to = &s->steps.items[s->steps.n++];
		to->hook = hooks[from->hook];
		to->chain = mem_strdup(a, from->chain);
		to->rule = from->origin != NULL ? mem_strdup(a, from->origin->id) : NULL;
		to->path = from->origin != NULL && from->origin->path != NULL ? mem_strdup(a, from->origin->path) : NULL;
		to->text = from->origin != NULL ? step_text(from) : from->action == IR_ACTION_ACCEPT ? "its policy accepts" : "its policy drops";
	}
}

static void
describe_ports(const struct journey *j, struct state_firewall_explanation *s, struct arena *a)
{
	s->bridge = mem_strdup(a, j->bridge);
	s->in_interface = mem_strdup(a, j->packet.in_link);
	s->out_interface = mem_strdup(a, j->packet.out_link);
}

static void
describe_way(const struct journey *j, struct state_firewall_explanation *s, struct arena *a)
{
	if (j->bridge != NULL) {
		describe_ports(j, s, a);
		return;
	}
	s->from = j->in == NULL ? "local" : j->in->zone != NULL ? mem_strdup(a, j->in->zone) : NULL;
	s->in_interface = j->in != NULL ? mem_strdup(a, j->in->name) : NULL;
	if (j->is_routed) {
		s->to = j->out == NULL ? "local" : j->out->zone != NULL ? mem_strdup(a, j->out->zone) : NULL;
		s->out_interface = j->out != NULL ? mem_strdup(a, j->out->name) : NULL;
	}
	if (j->is_led) {
		s->translated_destination = j->led_to;
		s->has_translated_destination_port = true;
		s->translated_destination_port = j->led_port;
		s->destination_translation = mem_strdup(a, j->leader->id);
	}
	if (j->sender != NULL && j->sender_origin != NULL)
		s->source_translation = mem_strdup(a, j->sender_origin->id);
	if (j->sender != NULL && j->sender->kind == IR_SNAT) {
		s->translated_source.family = j->packet.source.family;
		memcpy(s->translated_source.bytes, j->sender->nat.addr, addr_len(&s->translated_source));
	}
}

/* Have it happen, and hold that against what was said. */
static void
prove(struct query *q, const struct prove_question *p, struct state_firewall_explanation *s)
{
	static const char *const words[PROVE_VERDICT_MAX] = { [PROVE_PROVED] = "proved", [PROVE_DIFFERS] = "differs", [PROVE_IMPOSSIBLE] = "impossible" };
	const struct oneshot o = { .self = ROLE_FWD, .peer = ROLE_PROVE, .type = MSG_PROVE, .lifetime_ms = PROVE_MS };
	enum prove_verdict verdict = PROVE_IMPOSSIBLE;
	struct prove_req req;
	struct message m;
	struct buf batch;
	char why[200];

	buf_init(&batch, 0);
	s->proof_text = prove_request(p, &batch, &req, q->arena);
	if (s->proof_text == NULL && helper_ask(HELPER_PROVE, &o, &req, &m, why, sizeof(why)) != 0) {
		s->proof_text = mem_strdup(q->arena, why);
	} else if (s->proof_text == NULL) {
		verdict = prove_compare(p, m.body, q->arena, &s->proof_text);
		message_fini(&m);
	}
	s->proof = words[verdict];
	buf_fini(&batch);
}

/* What becomes of what was asked: false, and q->why says why that cannot be said. */
static bool
run(struct query *q, struct journey *j, const struct revision *r, const struct ir *ir)
{
	struct routes *routes;

	if (j->packet.frame != NULL) {
		fwd_links_refresh(q->fwd);
		q->why = journey_bridged(j, ir, q->fwd->links, q->arena);
	} else {
		routes = query_routes(q);
		q->why = journey_run(j, ir, &r->places, routes, q->fwd->links, q->arena);
	}
	return q->why == NULL;
}

static bool
read_question(struct query *q, struct journey *j, struct explain_frame *frame)
{
	const char *wants_proof = query_term_value(q, "prove");

	if (query_check_terms(q, TERMS) != 0)
		return false;
	j->from = query_term_value(q, "from");
	j->to = query_term_value(q, "to");
	if (wants_proof != NULL && strcmp(wants_proof, "true") != 0) {
		q->why = "prove is true or not there";
		return false;
	}
	return query_term_value(q, "in-port") != NULL ? query_read_frame(q, &j->packet, frame) : query_read_packet(q, &j->packet);
}

int
query_explain(struct query *q, void **ret)
{
	struct state_firewall_explanation *s = mem_alloc(q->arena, 1, sizeof(*s));
	struct journey *j = mem_alloc(q->arena, 1, sizeof(*j));
	struct explain_frame frame = { .type = 0 };
	struct explain_packet packet;
	const struct revision *r;
	const struct ir *ir;
	int error;

	if (!read_question(q, j, &frame))
		return -EINVAL;
	if ((r = subject(q, &ir, &error)) == NULL)
		return error;
	packet = j->packet;
	if (!run(q, j, r, ir))
		return -EINVAL;
	s->verdict = actions[j->action];
	s->rule = mem_strdup(q->arena, j->origin != NULL ? j->origin->id : j->chain != NULL ? j->chain : "none");
	s->path = j->origin != NULL && j->origin->path != NULL ? mem_strdup(q->arena, j->origin->path) : NULL;
	s->limited = j->is_limited;
	s->text = journey_text(j, q->arena);
	if (j->action == IR_ACTION_ACCEPT && !j->is_proxied && j->in != NULL && j->out != NULL &&
	    offload_takes(ir, j->in->ifname, j->out->ifname, packet.protocol))
		s->text = mem_printf(q->arena, "%s. Once the connection stands, its packets go past the rules (flow offload)", s->text);
	describe_steps(j, s, q->arena);
	describe_way(j, s, q->arena);
	if (query_term_value(q, "prove") != NULL)
		prove(q, &(struct prove_question){ &packet, j, ir, &r->places }, s);
	*ret = s;
	return 0;
}

/* --- assertions --- */

int
query_tests(struct query *q, void **ret)
{
	struct state_firewall_tests *s = mem_alloc(q->arena, 1, sizeof(*s));
	struct assertion_verdict v;
	const struct revision *r;
	struct state_test *t;
	const struct ir *ir;
	uint32_t i;
	int error;

	if ((error = query_check_terms(q, "")) != 0 || (r = subject(q, &ir, &error)) == NULL)
		return error;
	s->tests.items = mem_alloc(q->arena, r->n_assertions, sizeof(*s->tests.items));
	for (i = 0; i < r->n_assertions; i++) {
		v = assertion_check(&r->assertions[i], ir, &r->places, q->arena);
		t = &s->tests.items[s->tests.n++];
		t->name = mem_strdup(q->arena, v.assertion->name);
		t->expect = v.assertion->must_pass ? "pass" : "drop";
		t->holds = v.holds;
		t->severity = v.assertion->is_warning ? "warning" : "error";
		t->rule = mem_strdup(q->arena, v.rule);
		t->path = mem_strdup(q->arena, v.path);
		t->text = mem_strdup(q->arena, v.text);
		s->failed += v.holds ? 0 : 1;
	}
	*ret = s;
	return 0;
}

/* --- the form --- */

int
query_form(struct query *q, void **ret)
{
	struct state_firewall_form *s = mem_alloc(q->arena, 1, sizeof(*s));
	const struct ir *ir;
	char *at, *end;
	unsigned cap = 0;
	struct buf b;
	int error;

	if ((error = query_check_terms(q, "")) != 0 || subject(q, &ir, &error) == NULL)
		return error;
	buf_init(&b, FORM_MAX);
	ir_print(ir, &b);
	if (buf_failed(&b)) {
		buf_fini(&b);
		q->why = "the form is too long to be told at once";
		return -EINVAL;
	}
	at = mem_strdup(q->arena, (const char *)b.data);
	buf_fini(&b);
	for (; *at != '\0'; at = end) {
		end = at + strcspn(at, "\n");
		if (*end == '\n')
			*end++ = '\0';
		if (s->lines.n == cap)
			s->lines.items = mem_grow(q->arena, s->lines.items, s->lines.n, sizeof(*s->lines.items), &cap);
		s->lines.items[s->lines.n] = (struct state_line){ .number = s->lines.n + 1, .text = at };
		s->lines.n++;
	}
	*ret = s;
	return 0;
}
