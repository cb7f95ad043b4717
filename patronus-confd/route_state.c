/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "conf/generated.h"
#include "conf/state.h"
#include "config.h"
#include "daemon/daemon.h"
#include "ipc/channel.h"
#include "ipc/codec.h"
#include "ipc/ids.h"

#include "collection.h"
#include "commit.h"
#include "confd.h"
#include "document.h"
#include "record_json.h"
#include "query.h"
#include "reply.h"
#include "request.h"
#include "rights.h"
#include "route.h"
#include "route_common.h"
#include "schema.h"
#include "snapshot.h"
#include "states.h"
#include "transaction.h"
#include "trends.h"

#define BODY_MAX	(16u << 20)
#define LIMIT_MAX	65536
#define LOG_DEFAULT	100
#define TOP_RULES	5
#define HISTORY_MAX	(32u << 20)	/* in memory */

/* --- one state --- */

/* How many of its events a log shall tell is its own bound, and no page. */
static bool
is_log(const char *name)
{
	return (strcmp(name, "firewall-log") == 0);
}

static bool
is_searched(struct request *req, const char *name)
{
	return (collection_is_asked(req) && !(is_log(name) && strncmp(req->in->query, "limit=", 6) == 0 && strchr(req->in->query, '&') == NULL));
}

/* The list that a state is about: the first of its record. */
static const struct field *
list_of(const struct record *rec)
{
	uint32_t i;

	for (i = 0; i < rec->nfields; i++)
		if (rec->fields[i].kind == FIELD_LIST && rec->fields[i].rec != NULL)
			return (&rec->fields[i]);
	return (NULL);
}

void
route_reply_state(struct request *req, const char *name, struct buf *b)
{
	const struct field *list = list_of(conf_state_record(name));
	struct collection of = { .list = NULL };
	struct buf members;
	uint32_t i;

	if (list == NULL || !is_searched(req, name) || buf_failed(b)) {
		reply_json(req, 200, b, NULL);
		return;
	}
	buf_init(&members, 4096);
	for (i = 0; i < list->rec->nfields; i++)
		buf_printf(&members, i > 0 ? " %s" : "%s", list->rec->fields[i].name);
	buf_putc(&members, '\0');
	of.list = list->name;
	of.key = list->rec->fields[0].name;
	of.members = (const char *)members.data;
	collection_reply(req, &of, (const char *)b->data, b->len, NULL);
	buf_fini(&members);
	buf_fini(b);
}

/* A state names the objects of its section: it is for who may read that wholly. */
static const struct {
	const char	*name;
	enum right	 right;
	const char	*path;
} needs[] = {
	{ "interfaces", RIGHT_STATE_READ, "/interfaces" },
	{ "routes", RIGHT_STATE_READ, "/routing" },
	{ "firewall", RIGHT_STATE_READ, "/firewall" },
	{ "firewall-log", RIGHT_LOGS_READ, "/firewall" },
	{ "syslog", RIGHT_STATE_READ, "/management" },
	{ "connections", RIGHT_STATE_READ, "/firewall" },
	{ "firewall-analysis", RIGHT_STATE_READ, "/firewall" },
	{ "firewall-explanation", RIGHT_STATE_READ, "/firewall" },
	{ "firewall-impact", RIGHT_LOGS_READ, "/firewall" },
	{ "firewall-tests", RIGHT_STATE_READ, "/firewall" },
	{ "firewall-form", RIGHT_STATE_READ, "/firewall" },
};

static bool
may_see(const struct request *req, const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (strcmp(needs[i].name, name) == 0)
			return (rights_extent(&req->rights, needs[i].right, needs[i].path) == EXTENT_EVERYTHING);
	return (rights_extent(&req->rights, RIGHT_STATE_READ, "") == EXTENT_EVERYTHING);
}

bool
route_may_see(struct request *req, const char *name)
{
	enum right right = is_log(name) ? RIGHT_LOGS_READ : RIGHT_STATE_READ;
	char members[64];

	if (may_see(req, name))
		return (true);
	(void)snprintf(members, sizeof(members), ",\"needed\":\"%s\"", right_name(right));
	reply_problem_with(req, PROBLEM_PERMISSION, members, NULL, "this state tells of all of a section, which the role %s may not read wholly",
	    user_role_name(req->rights.role));
	return (false);
}

struct showing {
	struct request	*req;
	char		 name[32];
};

static void
on_answer(const struct state_answer *answer, void *arg)
{
	struct showing *s = arg;
	struct request *req = s->req;
	struct buf b;

	if (answer->record == NULL) {
		reply_problem_with(req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 },
		    "%s is restarting", states_owner(s->name));
	} else {
		buf_init(&b, BODY_MAX);
		record_json_print(conf_state_record(s->name), answer->record, &b);
		route_reply_state(req, s->name, &b);
	}
	free(s);
}

void
state_show(struct request *req)
{
	const char *name = req->segment[1];
	struct showing *s;
	uint64_t limit;

	if (states_owner(name) == NULL) {
		reply_problem(req, PROBLEM_NOT_FOUND, "there is no state \"%.32s\"", name);
		return;
	}
	if (!route_may_see(req, name))
		return;
	limit = is_log(name) ? LIMIT_MAX : 0;
	if (!is_searched(req, name) && !query_number(req, "limit", 1, LIMIT_MAX, is_log(name) ? LOG_DEFAULT : 0, &limit))
		return;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		fatalx("state", "no memory");
	s->req = req;
	strncpy(s->name, name, sizeof(s->name) - 1);
	states_ask(req->confd->states, name, (uint32_t)limit, on_answer, s);
}

void
state_processes(struct request *req)
{
	struct buf b;

	buf_init(&b, BODY_MAX);
	if (states_print_processes(&b) == 0) {
		route_reply_state(req, "processes", &b);
		return;
	}
	buf_fini(&b);
	reply_problem(req, PROBLEM_UNAVAILABLE, "privd does not tell the processes now");
}

void
state_drift(struct request *req)
{
	struct buf b;

	buf_init(&b, BODY_MAX);
	states_print_drift(req->confd->states, &b);
	route_reply_state(req, "drift", &b);
}

void
state_history(struct request *req)
{
	struct state_history h;
	struct arena *arena;
	uint64_t step;
	struct buf b;

	/* It names the links. */
	if (!route_may_see(req, "interfaces"))
		return;
	if (!query_number(req, "step", 1, 60, 1, &step))
		return;
	if (step != 1 && step != 60) {
		reply_problem(req, PROBLEM_SYNTAX, "step is 1 or 60 seconds");
		return;
	}
	if ((arena = arena_new(HISTORY_MAX)) == NULL || trends_tell(req->confd->trends, (unsigned)step, clock_mono_ms(), arena, &h) != 0)
		fatalx("state", "no memory");
	buf_init(&b, BODY_MAX);
	record_json_print(conf_state_record("history"), &h, &b);
	arena_free(arena);
	reply_json(req, 200, &b, NULL);
}

/* {"cpu":17,...}: thousandths and bytes; what nobody told is left out. */
static void
print_machine(const struct machine *m, struct buf *b)
{
	buf_puts(b, ",\"machine\":{");
	if (m->has_cpu)
		buf_printf(b, "\"cpu\":%u,\"processors\":%u,", m->cpu_permille, m->processors);
	if (m->memory_total > 0)
		buf_printf(b, "\"memory-used\":%llu,\"memory-total\":%llu,", (unsigned long long)m->memory_used, (unsigned long long)m->memory_total);
	buf_printf(b, "\"disk-used\":%llu,\"disk-total\":%llu}", (unsigned long long)m->disk_used, (unsigned long long)m->disk_total);
}

void
schema_show(struct request *req)
{
	size_t len;
	const char *text = schema_forms(&len);

	reply_text(req, 200, "application/json", text, len, NULL);
}

void
openapi_show(struct request *req)
{
	size_t len;
	const char *text = schema_openapi(&len);

	reply_text(req, 200, "application/json", text, len, NULL);
}

/* --- the one screen --- */

struct screen {
	struct request	*req;
	unsigned	 waiting;
	struct buf	 interfaces;	/* members with a leading comma */
	struct buf	 firewall;
	char		 audit[321];	/* what is wrong with the audit log; "" */
	struct buf	 told;		/* alarms that states tell, with a leading comma */
};

static void	 screen_show(struct screen *);

/* The members of an object that was printed at `from`, behind a comma instead of its braces. */
static void
open_object(struct buf *b, size_t from)
{
	if (buf_failed(b) || b->len < from + 2)
		return;
	b->data[from] = ',';
	b->len--;
}

static void
on_interfaces(const struct state_answer *answer, void *arg)
{
	struct screen *s = arg;

	if (answer->record != NULL) {
		record_json_print(conf_state_record("interfaces"), answer->record, &s->interfaces);
		open_object(&s->interfaces, 0);
	}
	if (--s->waiting == 0)
		screen_show(s);
}

static int
by_packets(const void *a, const void *b)
{
	const struct state_rule *x = a, *y = b;

	return (x->packets < y->packets ? 1 : x->packets > y->packets ? -1 : strcmp(x->id, y->id));
}

/* What the items of a list are. */
static const struct record *
item_record(const struct record *rec, const char *list)
{
	uint32_t i;

	for (i = 0; i < rec->nfields; i++)
		if (strcmp(rec->fields[i].name, list) == 0)
			return (rec->fields[i].rec);
	fatalx("state", "%s has no %s", rec->name, list);
}

static void
print_firewall(const struct state_firewall *fw, struct buf *b)
{
	uint32_t i;

	if (fw->connections != NULL)
		buf_printf(b, ",\"connections\":{\"current\":%u,\"maximum\":%u}", fw->connections->current, fw->connections->maximum);
	qsort(fw->rules.items, fw->rules.n, sizeof(*fw->rules.items), by_packets);
	buf_puts(b, ",\"top-rules\":[");
	for (i = 0; i < fw->rules.n && i < TOP_RULES; i++) {
		if (i > 0)
			buf_putc(b, ',');
		record_json_print(item_record(conf_state_record("firewall"), "rules"), &fw->rules.items[i], b);
	}
	buf_putc(b, ']');
}

static void
tell_alarm(struct screen *s, const char *source, const char *text)
{
	buf_printf(&s->told, ",{\"source\":\"%s\",\"class\":\"warning\",\"text\":", source);
	record_json_string(text, strlen(text), &s->told);
	buf_putc(&s->told, '}');
}

static void
on_firewall(const struct state_answer *answer, void *arg)
{
	const struct state_firewall *fw = answer->record;
	struct screen *s = arg;
	char text[300];

	if (fw != NULL)
		print_firewall(fw, &s->firewall);
	if (fw != NULL && fw->flow_offload_lacks != NULL) {
		(void)snprintf(text, sizeof(text), "flow offload: %s", fw->flow_offload_lacks);
		tell_alarm(s, "fwd", text);
	}
	if (--s->waiting == 0)
		screen_show(s);
}

static void
on_audit(struct channel *ch, struct message *m, int error, void *arg)
{
	struct screen *s = arg;
	const struct audit_state_rep *rep;

	(void)ch;
	if (m != NULL && error == 0) {
		rep = m->body;
		(void)str_copy(s->audit, rep->alarm[0] != '\0' ? rep->alarm : rep->problem, sizeof(s->audit));
	}
	if (--s->waiting == 0)
		screen_show(s);
}

static void
ask_audit(struct screen *s)
{
	struct channel *logd = daemon_channel(ROLE_LOGD, PEER_MAIN);
	struct audit_state_req q = { 0 };

	if (logd == NULL || channel_call(logd, MSG_AUDIT_STATE, 0, &q, NULL, 0, STATES_CALL_MS, on_audit, s) != 0)
		s->waiting--;
}

static void
on_syslog(const struct state_answer *answer, void *arg)
{
	const struct state_syslog *state = answer->record;
	const struct state_syslog_receiver *r;
	struct screen *s = arg;
	char text[800];
	uint32_t i;

	for (i = 0; state != NULL && i < state->receivers.n; i++) {
		r = &state->receivers.items[i];
		if (strcmp(r->state, "failing") != 0)
			continue;
		(void)snprintf(text, sizeof(text), "syslog receiver %s: %s; %llu records wait for it", r->name,
		    r->last_error != NULL ? r->last_error : "", (unsigned long long)r->lag);
		tell_alarm(s, "logd", text);
	}
	if (--s->waiting == 0)
		screen_show(s);
}

/* Behind the other alarms; the first of all has no comma before it. */
static void
print_told_alarms(const struct buf *alarms, struct buf *b)
{
	size_t skip = !buf_failed(b) && b->data[b->len - 1] == '[' ? 1 : 0;

	if (alarms->len > 0 && !buf_failed(alarms))
		buf_put(b, alarms->data + skip, alarms->len - skip);
}

/* Behind the other alarms. */
static void
print_audit_alarm(const char *text, struct buf *b)
{
	if (text[0] == '\0' || buf_failed(b))
		return;
	buf_puts(b, b->data[b->len - 1] == '[' ? "{" : ",{");
	buf_puts(b, "\"source\":\"logd\",\"class\":\"critical\",\"text\":");
	record_json_string(text, strlen(text), b);
	buf_putc(b, '}');
}

void
status_show(struct request *req)
{
	struct screen *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		fatalx("state", "no memory");
	s->req = req;
	buf_init(&s->interfaces, BODY_MAX / 2);
	buf_init(&s->firewall, 1 << 20);
	buf_init(&s->told, 1 << 16);
	/* One more than is asked, so that an answer at once does not end it too early. */
	s->waiting = 5;
	if (may_see(req, "interfaces"))
		states_ask(req->confd->states, "interfaces", 0, on_interfaces, s);
	else
		s->waiting--;
	if (may_see(req, "firewall"))
		states_ask(req->confd->states, "firewall", TOP_RULES, on_firewall, s);
	else
		s->waiting--;
	if (may_see(req, "syslog"))
		states_ask(req->confd->states, "syslog", 0, on_syslog, s);
	else
		s->waiting--;
	ask_audit(s);
	if (--s->waiting == 0)
		screen_show(s);
}

static void
screen_show(struct screen *s)
{
	struct request *req = s->req;
	struct confd *confd = req->confd;
	const struct commit *pending = transaction_pending(confd->transaction);
	const char *hostname = document_value(confd->running->doc, "/system/hostname");
	struct buf b;
	size_t at;

	buf_init(&b, BODY_MAX);
	buf_puts(&b, "{\"hostname\":");
	hostname = hostname != NULL && rights_may(&req->rights, RIGHT_CONFIG_READ, "/system/hostname") ? hostname : "";
	record_json_string(hostname, strlen(hostname), &b);
	buf_printf(&b, ",\"version\":\"%s\",\"revision\":%u,\"uptime-seconds\":%llu", PATRONUS_VERSION, confd->running->number,
	    (unsigned long long)((clock_mono_ms() - confd->started_ms) / 1000));
	if (pending != NULL) {
		buf_puts(&b, ",\"pending\":");
		route_print_commit(req, pending, &b);
	}
	print_machine(&confd->machine, &b);
	at = b.len;
	if (states_print_processes(&b) == 0)
		open_object(&b, at);
	else
		buf_puts(&b, ",\"processes\":[]");
	if (s->interfaces.len > 0 && !buf_failed(&s->interfaces))
		buf_put(&b, s->interfaces.data, s->interfaces.len);
	else
		buf_puts(&b, ",\"interfaces\":[]");
	if (s->firewall.len > 0 && !buf_failed(&s->firewall))
		buf_put(&b, s->firewall.data, s->firewall.len);
	else
		buf_puts(&b, ",\"top-rules\":[]");
	buf_puts(&b, ",\"secrets\":");
	route_print_vault(confd, &b);
	buf_puts(&b, ",\"alarms\":[");
	/* They are about objects of every section. */
	if (may_see(req, ""))
		states_print_alarms(confd->states, &b);
	print_audit_alarm(s->audit, &b);
	print_told_alarms(&s->told, &b);
	buf_puts(&b, "]}");
	buf_fini(&s->interfaces);
	buf_fini(&s->firewall);
	buf_fini(&s->told);
	free(s);
	reply_json(req, 200, &b, NULL);
}
