/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "ipc/channel.h"
#include "ipc/msg.h"

#include "document.h"
#include "guard.h"
#include "owner.h"
#include "record_json.h"

#define CALL_MS	3000	/* a person waits for it; not to know is an answer, too */

/* Who is asked, in this order: the second needs to know the link that the first found. */
enum step {
	STEP_INVALID = 0,
	STEP_NETD,
	STEP_FWD,
	STEP_DONE
};

struct guard {
	struct owners		*owners;
	struct guard_flow	 flows[GUARD_FLOWS_MAX];
	struct ipc_flow		 wire[GUARD_FLOWS_MAX];
	char			 links[GUARD_FLOWS_MAX][16];
	unsigned		 asked[GUARD_FLOWS_MAX];	/* which flows the outstanding request is about */
	unsigned		 nasked;
	unsigned		 n;
	enum step		 step;
	uint32_t		 number;
	void			(*on_end)(void *);
	void			*arg;
};

static void	 ask(struct guard *);

struct guard *
guard_new(struct owners *owners)
{
	struct guard *g;

	if ((g = calloc(1, sizeof(*g))) == NULL)
		fatalx("guard", "no memory");
	g->owners = owners;
	return (g);
}

void
guard_free(struct guard *g)
{
	free(g);
}

/* "192.0.2.10:53122", "[2001:db8::1]:443" */
static int
parse_end(const char *text, struct addr *ret_addr, uint16_t *ret_port)
{
	const char *colon = strrchr(text, ':');
	char host[65];
	uint64_t port;
	size_t len;

	if (colon == NULL || str_u64(colon + 1, 1, UINT16_MAX, &port) != 0)
		return (-EINVAL);
	if (text[0] == '[' && colon > text + 1 && colon[-1] == ']')
		text++, colon--;
	len = (size_t)(colon - text);
	if (len >= sizeof(host))
		return (-EINVAL);
	memcpy(host, text, len);
	host[len] = '\0';
	*ret_port = (uint16_t)port;
	return (addr_parse(host, ret_addr));
}

void
guard_add(struct guard *g, const char *user, const char *origin, const char *local, bool is_callers)
{
	struct guard_flow *f;
	struct ipc_flow *w;

	if (g->n == GUARD_FLOWS_MAX)
		return;
	f = &g->flows[g->n];
	w = &g->wire[g->n++];
	memset(f, 0, sizeof(*f));
	(void)str_copy(f->user, user, sizeof(f->user));
	(void)str_copy(f->origin, origin, sizeof(f->origin));
	(void)str_copy(f->local, local, sizeof(f->local));
	f->is_callers = is_callers;
	*w = (struct ipc_flow){ .protocol = IPPROTO_TCP, .link = "" };
	if (parse_end(origin, &w->source, &w->source_port) != 0 || parse_end(local, &w->local, &w->local_port) != 0 ||
	    w->source.family != w->local.family) {
		f->verdict = FLOW_UNKNOWN;
		(void)str_copy(f->text, "its addresses cannot be read", sizeof(f->text));
	}
}

unsigned
guard_count(const struct guard *g)
{
	return (g->n);
}

const struct guard_flow *
guard_get(const struct guard *g, unsigned i)
{
	return (i < g->n ? &g->flows[i] : NULL);
}

const struct guard_flow *
guard_caller(const struct guard *g)
{
	return (g != NULL && g->n > 0 && g->flows[0].is_callers ? &g->flows[0] : NULL);
}

const struct guard_flow *
guard_worry(const struct guard *g, bool has_effect, bool is_management)
{
	const struct guard_flow *f = guard_caller(g);

	if (f == NULL || f->verdict == FLOW_KEPT || (f->verdict != FLOW_CUT && !has_effect && !is_management))
		return (NULL);
	return (f);
}

/* --- this process' own part --- */

/* The listener moves with the port of the page; who stands on the old one finds nobody there afterwards. */
static void
judge_port(struct guard *g, const struct document *running, const struct document *candidate)
{
	static const char path[] = "/management/web/port";
	const char *now = document_value(running, path), *then = document_value(candidate, path);
	uint64_t port;
	unsigned i;

	if (now == NULL || then == NULL || strcmp(now, then) == 0 || str_u64(now, 1, UINT16_MAX, &port) != 0)
		return;
	for (i = 0; i < g->n; i++) {
		if (g->flows[i].verdict != FLOW_INVALID || g->wire[i].local_port != port)
			continue;
		g->flows[i].verdict = FLOW_CUT;
		(void)str_copy(g->flows[i].path, path, sizeof(g->flows[i].path));
		(void)snprintf(g->flows[i].text, sizeof(g->flows[i].text), "the page and the API move from port %s to %s", now, then);
		(void)snprintf(g->flows[i].remedy, sizeof(g->flows[i].remedy), "confirm it at port %s", then);
	}
}

/* --- the owners' parts --- */

static void
take_verdict(struct guard *g, unsigned i, const struct ipc_verdict *v)
{
	struct guard_flow *f = &g->flows[i];

	if (v->verdict == FLOW_KEPT && g->step == STEP_NETD) {
		(void)str_copy(g->links[i], v->link, sizeof(g->links[i]));
		g->wire[i].link = g->links[i];
		return;
	}
	f->verdict = v->verdict == FLOW_INVALID ? FLOW_UNKNOWN : (enum flow_verdict)v->verdict;
	(void)str_copy(f->rule, v->rule, sizeof(f->rule));
	(void)str_copy(f->path, v->path, sizeof(f->path));
	(void)str_copy(f->text, v->text, sizeof(f->text));
	if (f->verdict == FLOW_CUT)
		(void)str_copy(f->remedy, g->step == STEP_NETD ? "connect to an address that stays, over a way that stays, and confirm it there" :
		    "let a rule or management.web.zones accept it, or confirm it from a place that is accepted", sizeof(f->remedy));
}

static void
nobody_knows(struct guard *g, const char *who)
{
	unsigned i;

	for (i = 0; i < g->nasked; i++) {
		g->flows[g->asked[i]].verdict = FLOW_UNKNOWN;
		(void)snprintf(g->flows[g->asked[i]].text, sizeof(g->flows[0].text), "%s does not answer", who);
	}
}

static const char *
who_is_asked(const struct guard *g)
{
	return (g->step == STEP_NETD ? "netd" : "fwd");
}

static void
on_verdicts(struct channel *ch, struct message *m, int error, void *arg)
{
	const struct conf_judge_rep *rep = m != NULL && error == 0 ? m->body : NULL;
	struct guard *g = arg;
	unsigned i;

	(void)ch;
	if (rep == NULL || rep->verdicts.n != g->nasked)
		nobody_knows(g, who_is_asked(g));
	else
		for (i = 0; i < g->nasked; i++)
			take_verdict(g, g->asked[i], &rep->verdicts.items[i]);
	g->step++;
	ask(g);
}

/* The next owner, about everything that is still open. */
static void
ask(struct guard *g)
{
	struct ipc_flow open[GUARD_FLOWS_MAX];
	struct conf_judge_req req = { .revision = g->number, .flows = { .items = open } };
	struct owner *o;
	unsigned i;

	for (; g->step < STEP_DONE; g->step++) {
		for (i = 0, g->nasked = 0; i < g->n; i++)
			if (g->flows[i].verdict == FLOW_INVALID) {
				open[g->nasked] = g->wire[i];
				g->asked[g->nasked++] = i;
			}
		if (g->nasked == 0)
			continue;
		req.flows.n = g->nasked;
		o = owners_by_name(g->owners, who_is_asked(g));
		if (o != NULL && o->channel != NULL &&
		    channel_call(o->channel, MSG_CONF_JUDGE, g->number, &req, NULL, 0, CALL_MS, on_verdicts, g) == 0)
			return;
		nobody_knows(g, who_is_asked(g));
	}
	g->on_end(g->arg);
}

void
guard_judge(struct guard *g, uint32_t number, const struct document *running, const struct document *candidate, void (*on_end)(void *),
    void *arg)
{
	g->number = number;
	g->on_end = on_end;
	g->arg = arg;
	g->step = STEP_NETD;
	judge_port(g, running, candidate);
	ask(g);
}

/* --- the answer --- */

static void
print_member(const char *name, const char *value, struct buf *b)
{
	if (value[0] == '\0')
		return;
	buf_printf(b, ",\"%s\":", name);
	record_json_string(value, strlen(value), b);
}

void
guard_print(const struct guard_flow *f, struct buf *b)
{
	static const char *const verdicts[] = { "unknown", "kept", "cut", "unknown" };

	buf_printf(b, "{\"verdict\":\"%s\"", verdicts[f->verdict]);
	print_member("user", f->user, b);
	print_member("origin", f->origin, b);
	print_member("local", f->local, b);
	print_member("rule", f->rule, b);
	print_member("path", f->path, b);
	print_member("text", f->text, b);
	print_member("remedy", f->remedy, b);
	buf_printf(b, ",\"yours\":%s}", f->is_callers ? "true" : "false");
}
