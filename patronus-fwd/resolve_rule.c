/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "mem.h"
#include "problems.h"
#include "resolver.h"

/* The rules a person wrote, of all sections in their order. */

static const char *const lists[POLICY_SECTION_MAX] = {
	[POLICY_PRE] = "/firewall/pre-rules", [POLICY_MAIN] = "/firewall/rules", [POLICY_POST] = "/firewall/post-rules"
};

static void
resolve_limit(struct policy_rule *r, const struct conf_rule_limit *c)
{
	static const uint8_t shares[CONF_RULE_LIMIT_PER_MAX] = {
		[CONF_RULE_LIMIT_PER_INVALID] = POLICY_PER_RULE,
		[CONF_RULE_LIMIT_PER_RULE] = POLICY_PER_RULE,
		[CONF_RULE_LIMIT_PER_SOURCE] = POLICY_PER_SOURCE,
		[CONF_RULE_LIMIT_PER_DESTINATION] = POLICY_PER_DESTINATION
	};

	r->rate = c->rate;
	r->burst = c->burst > 0 ? c->burst : 1;
	r->per = shares[c->per];
}

static void
resolve_connections(struct policy_rule *r, const struct conf_rule_connections *c)
{
	static const uint8_t shares[CONF_RULE_CONNECTIONS_PER_MAX] = {
		[CONF_RULE_CONNECTIONS_PER_INVALID] = POLICY_PER_RULE,
		[CONF_RULE_CONNECTIONS_PER_RULE] = POLICY_PER_RULE,
		[CONF_RULE_CONNECTIONS_PER_SOURCE] = POLICY_PER_SOURCE,
		[CONF_RULE_CONNECTIONS_PER_DESTINATION] = POLICY_PER_DESTINATION
	};

	r->max_connections = c->maximum;
	r->connections_per = shares[c->per];
}

static void
resolve_action(struct policy_rule *r, const struct conf_rule *c)
{
	static const uint8_t actions[CONF_RULE_ACTION_MAX] = {
		[CONF_RULE_ACTION_INVALID] = POLICY_DROP,
		[CONF_RULE_ACTION_ACCEPT] = POLICY_ACCEPT,
		[CONF_RULE_ACTION_DROP] = POLICY_DROP,
		[CONF_RULE_ACTION_REJECT] = POLICY_REJECT,
		[CONF_RULE_ACTION_CONTINUE] = POLICY_CONTINUE,
		[CONF_RULE_ACTION_NO_TRACKING] = POLICY_NO_TRACKING,
		[CONF_RULE_ACTION_QUEUE] = POLICY_QUEUE
	};
	static const uint8_t codes[CONF_RULE_REJECT_WITH_MAX] = {
		[CONF_RULE_REJECT_WITH_INVALID] = POLICY_ADMIN_PROHIBITED,
		[CONF_RULE_REJECT_WITH_TCP_RESET] = POLICY_ADMIN_PROHIBITED,
		[CONF_RULE_REJECT_WITH_ADMIN_PROHIBITED] = POLICY_ADMIN_PROHIBITED,
		[CONF_RULE_REJECT_WITH_PORT_UNREACHABLE] = POLICY_PORT_UNREACHABLE,
		[CONF_RULE_REJECT_WITH_HOST_UNREACHABLE] = POLICY_HOST_UNREACHABLE,
		[CONF_RULE_REJECT_WITH_NO_ROUTE] = POLICY_NO_ROUTE
	};

	r->action = actions[c->action];
	r->reject = codes[c->reject_with];
	r->resets_tcp = c->reject_with <= CONF_RULE_REJECT_WITH_TCP_RESET;
	if (c->queue != NULL) {
		r->queue = c->queue->number;
		r->is_queue_open = c->queue->fail_open;
	}
}

/* Before connection tracking neither the way out nor a state is known. */
static void
check_no_tracking(struct resolver *s, const struct policy_rule *r, const struct conf_rule *c)
{
	const struct policy_conditions *p = &r->conditions;

	if (r->section != POLICY_PRE)
		problems_add(s->problems, r->path, "no-tracking-too-late",
		    "connections are tracked before this rule is reached; move it to pre-rules");
	if (c->to.n != 1 || strcmp(c->to.items[0], "any") != 0 || p->out.is_given || p->states != 0 || p->connection_mark.mask != 0 ||
	    r->max_connections != 0 || r->writes.connection_mark.mask != 0)
		problems_add(s->problems, r->path, "no-tracking-too-early", "this is decided before routing and connection tracking: "
		    "'to' must be any, and out-interface, state, connection-mark and connections must be left out");
}

static void
check_rule(struct resolver *s, const struct policy_rule *r, const struct conf_rule *c)
{
	if (r->action == POLICY_NO_TRACKING)
		check_no_tracking(s, r, c);
	if (r->writes.idle_seconds != 0 && r->action != POLICY_ACCEPT)
		problems_add(s->problems, r->path, "idle-timeout-without-accept", "idle-timeout needs the action accept: no other rule opens a connection");
	if (c->log_limit.count != 0 && !c->log)
		problems_add(s->problems, r->path, "log-limit-without-log", "log-limit needs log: true");
	if (c->log_text != NULL && !c->log)
		problems_add(s->problems, r->path, "log-text-without-log", "log-text needs log: true");
	if (c->queue != NULL && r->action != POLICY_QUEUE)
		problems_add(s->problems, r->path, "queue-without-action", "queue needs the action queue");
}

static void
resolve_rule(struct resolver *s, const struct conf_rule *c, enum policy_section section)
{
	struct policy_rule *r;
	const char *path, *taken;

	path = resolver_path(s, lists[section], c->id);
	if (path == NULL)
		return;
	taken = names_add(s->arena, &s->rule_ids, c->id, (void *)path);
	if (taken != path) {
		problems_add(s->problems, path, "duplicate", "its id is taken by %s; ids are unique over pre-rules, rules and post-rules", taken);
		return;
	}
	r = &s->policy->rules[s->policy->n_rules++];
	r->id = c->id;
	r->path = path;
	r->section = (uint8_t)section;
	r->from = resolver_zone_set(s, c->from.items, c->from.n, r->path);
	r->to = resolver_zone_set(s, c->to.items, c->to.n, r->path);
	r->from_names = c->from.items;
	r->n_from_names = c->from.n;
	r->to_names = c->to.items;
	r->n_to_names = c->to.n;
	resolve_endpoint(s, &r->source, c->source, r->path);
	resolve_endpoint(s, &r->destination, c->destination, r->path);
	r->services = resolve_services(s, c->service.items, c->service.n, r->path, &r->n_services);
	resolve_conditions(s, r, c);
	if (c->schedule != NULL) {
		r->schedule = names_get(&s->schedules, c->schedule);
		if (r->schedule == NULL)
			resolver_unknown(s, r->path, "schedule", c->schedule);
	}
	if (c->limit != NULL)
		resolve_limit(r, c->limit);
	if (c->connections != NULL)
		resolve_connections(r, c->connections);
	if (c->syn_protection != NULL)
		resolve_syn(s, r, c->syn_protection);
	r->is_logged = c->log;
	r->log_text = c->log_text;
	r->log_rate = c->log_limit;
	resolve_action(r, c);
	resolve_writes(s, r, c);
	check_rule(s, r, c);
}

void
resolve_rules(struct resolver *s)
{
	const struct conf_firewall *f = s->firewall;
	uint32_t i;

	s->policy->rules = mem_alloc(s->arena, f->pre_rules.n + f->rules.n + f->post_rules.n, sizeof(*s->policy->rules));
	for (i = 0; i < f->pre_rules.n; i++)
		if (f->pre_rules.items[i].enabled)
			resolve_rule(s, &f->pre_rules.items[i], POLICY_PRE);
	for (i = 0; i < f->rules.n; i++)
		if (f->rules.items[i].enabled)
			resolve_rule(s, &f->rules.items[i], POLICY_MAIN);
	for (i = 0; i < f->post_rules.n; i++)
		if (f->post_rules.items[i].enabled)
			resolve_rule(s, &f->post_rules.items[i], POLICY_POST);
}
