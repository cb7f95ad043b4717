/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Live state as tables. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "ipc/ids.h"
#include "api.h"
#include "client.h"
#include "ctl.h"
#include "exit.h"
#include "run.h"
#include "table.h"
#include "term.h"

enum cell {
	CELL_TEXT,
	CELL_NUMBER,
	CELL_BYTES,
	CELL_TIME,
	CELL_LIST,		/* joined by ", " */
	CELL_LIST_OR_NONE,
	CELL_KINDS,		/* as that, each up to its colon */
	CELL_YES,		/* "yes" or nothing */
	CELL_LINK,		/* state of an interface */
	CELL_ENDPOINT,		/* address and port: member and member-port */
	CELL_UPTIME,
};

struct column {
	const char	*title;
	const char	*member;
	enum cell	 cell;
};

struct listing {
	const char		*path;
	const char		*list;		/* member that holds the rows */
	const struct column	*columns;
	size_t			 n;
};

#define LISTING(path, list, columns)	{ path, list, columns, sizeof(columns) / sizeof((columns)[0]) }

static void
cell_list(struct table *t, const json_t *list, const char *end, const char *between)
{
	char text[1024] = "";
	const char *s;
	size_t i, at = 0;
	int n;

	for (i = 0; i < json_array_size(list); i++) {
		s = json_string_value(json_array_get(list, i));
		if (s == NULL)
			continue;
		n = snprintf(text + at, sizeof(text) - at, "%s%.*s", at > 0 ? between : "", (int)strcspn(s, end), s);
		if (n < 0 || (size_t)n >= sizeof(text) - at)
			break;
		at += (size_t)n;
	}
	table_cell(t, "%s", text);
}

static const char *
link_state(const json_t *o)
{
	if (!json_flag(o, "present"))
		return "absent";
	if (!json_flag(o, "admin-up"))
		return "off";
	return json_flag(o, "link-up") ? "up" : "no carrier";
}

static void
cell_endpoint(struct table *t, const json_t *o, const char *member)
{
	const char *addr = json_text(o, member);
	char port[64], origin[32];

	(void)snprintf(port, sizeof(port), "%s-port", member);
	if (json_object_get(o, port) == NULL)
		table_cell(t, "%s%s", addr, origin_text(o, member, origin, sizeof(origin)));
	else
		table_cell(t, strchr(addr, ':') != NULL ? "[%s]:%lld%s" : "%s:%lld%s", addr, (long long)json_number(o, port),
		    origin_text(o, member, origin, sizeof(origin)));
}

static void
put_cell(struct table *t, const struct column *c, const json_t *o)
{
	char text[32];

	switch (c->cell) {
	case CELL_TEXT:
		table_cell(t, "%s", json_text(o, c->member));
		break;
	case CELL_NUMBER:
		table_cell(t, "%lld", (long long)json_number(o, c->member));
		break;
	case CELL_BYTES:
		table_cell(t, "%s", term_bytes((uint64_t)json_number(o, c->member), text));
		break;
	case CELL_TIME:
		table_cell(t, "%s", term_time(json_text(o, c->member), text));
		break;
	case CELL_LIST:
		cell_list(t, json_object_get(o, c->member), "", ", ");
		break;
	case CELL_LIST_OR_NONE:
		if (json_array_size(json_object_get(o, c->member)) == 0)
			table_cell(t, "none");
		else
			cell_list(t, json_object_get(o, c->member), "", ", ");
		break;
	case CELL_KINDS:
		cell_list(t, json_object_get(o, c->member), ":", " ");
		break;
	case CELL_YES:
		table_cell(t, "%s", json_flag(o, c->member) ? "yes" : "");
		break;
	case CELL_LINK:
		table_cell(t, "%s", link_state(o));
		break;
	case CELL_ENDPOINT:
		cell_endpoint(t, o, c->member);
		break;
	case CELL_UPTIME:
		table_cell(t, "%s", term_duration((uint64_t)json_number(o, c->member), text));
		break;
	}
}

static struct table *
make_table(const struct listing *l)
{
	static const char *titles[TABLE_COLUMNS];
	size_t i;

	for (i = 0; i < l->n && i < TABLE_COLUMNS; i++)
		titles[i] = l->columns[i].title;
	return table_new(titles, l->n);
}

static void
put_row(struct table *t, const struct listing *l, const json_t *o)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		put_cell(t, &l->columns[i], o);
}

static int
show(struct ctl *c, const struct listing *l, const char *query)
{
	struct table *t;
	struct reply r;
	const json_t *list;
	size_t i;
	int code;

	if ((code = api_get(c, l->path, query, &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON) {
		code = api_print_body(&r);
		reply_fini(&r);
		return code;
	}
	list = json_object_get(r.json, l->list);
	t = make_table(l);
	for (i = 0; i < json_array_size(list); i++)
		put_row(t, l, json_array_get(list, i));
	table_filter(t, c->args[0]);
	table_print(t, false, "");
	table_free(t);
	reply_fini(&r);
	return EXIT_OK;
}

int
run_show_interfaces(struct ctl *c)
{
	static const struct column columns[] = {
		{ "NAME", "name", CELL_TEXT }, { "LINK", "kernel-name", CELL_TEXT }, { "STATE", "", CELL_LINK },
		{ "ADDRESSES", "addresses", CELL_LIST }, { ">MTU", "mtu", CELL_NUMBER }, { "MAC", "mac", CELL_TEXT },
		{ ">RECEIVED", "rx-bytes", CELL_BYTES }, { ">SENT", "tx-bytes", CELL_BYTES },
		{ ">ERRORS", "rx-errors", CELL_NUMBER }, { "DESCRIPTION", "description", CELL_TEXT },
	};
	static const struct listing l = LISTING("/state/interfaces", "interfaces", columns);

	return show(c, &l, "");
}

int
run_show_routes(struct ctl *c)
{
	static const struct column columns[] = {
		{ "DESTINATION", "destination", CELL_TEXT }, { "VIA", "via", CELL_TEXT }, { "INTERFACE", "interface", CELL_TEXT },
		{ ">METRIC", "metric", CELL_NUMBER }, { ">TABLE", "table", CELL_NUMBER }, { "BY", "protocol", CELL_TEXT },
		{ "NAME", "name", CELL_TEXT },
	};
	static const struct listing l = LISTING("/state/routes", "routes", columns);

	return show(c, &l, "");
}

static int
compare_rates(const void *a, const void *b)
{
	json_int_t x = json_number(*(json_t *const *)a, "bytes-per-second"), y = json_number(*(json_t *const *)b, "bytes-per-second");

	return (x < y) - (x > y);
}

/* Those that decided something in the last second, the busiest first. */
static void
print_busy(const struct listing *l, const json_t *list, const char *filter)
{
	size_t i, n = json_array_size(list), nbusy = 0;
	json_t **busy = calloc(n + 1, sizeof(json_t *));
	struct table *t = make_table(l);

	for (i = 0; i < n && busy != NULL; i++)
		if (json_number(json_array_get(list, i), "packets-per-second") > 0)
			busy[nbusy++] = json_array_get(list, i);
	if (nbusy > 0)
		qsort(busy, nbusy, sizeof(json_t *), compare_rates);
	for (i = 0; i < nbusy; i++)
		put_row(t, l, busy[i]);
	table_filter(t, filter);
	printf("%s", term_is_tty() ? "\033[H\033[J" : "");
	table_print(t, false, "");
	table_free(t);
	free(busy);
}

/* Until something fails or the user has seen enough. */
static int
show_live(struct ctl *c, const struct listing *l)
{
	struct reply r;
	int code;

	while ((code = api_get(c, l->path, "", &r)) == EXIT_OK) {
		if (c->format == FORMAT_JSON)
			code = api_print_body(&r);
		else
			print_busy(l, json_object_get(r.json, l->list), c->args[0]);
		reply_fini(&r);
		if (code != EXIT_OK || fflush(stdout) != 0)
			return code != EXIT_OK ? code : EXIT_FAILED;
		(void)sleep(1);
	}
	return code;
}

int
run_show_rules(struct ctl *c)
{
	static const struct column columns[] = {
		{ "RULE", "id", CELL_TEXT }, { "FROM", "from", CELL_LIST }, { "TO", "to", CELL_LIST }, { "ACTION", "action", CELL_TEXT },
		{ ">PACKETS", "packets", CELL_NUMBER }, { ">BYTES", "bytes", CELL_BYTES }, { "BUILT-IN", "generated", CELL_YES },
	};
	static const struct column rates[] = {
		{ "RULE", "id", CELL_TEXT }, { "FROM", "from", CELL_LIST }, { "TO", "to", CELL_LIST }, { "ACTION", "action", CELL_TEXT },
		{ ">PACKETS", "packets", CELL_NUMBER }, { ">BYTES", "bytes", CELL_BYTES }, { ">PACKETS/S", "packets-per-second", CELL_NUMBER },
		{ ">BYTES/S", "bytes-per-second", CELL_BYTES }, { "BUILT-IN", "generated", CELL_YES },
	};
	static const struct listing l = LISTING("/state/firewall", "rules", columns), with_rates = LISTING("/state/firewall", "rules", rates);

	if (ctl_option(c, "live") != NULL)
		return show_live(c, &with_rates);
	return show(c, ctl_option(c, "rates") != NULL ? &with_rates : &l, "");
}

int
run_show_xdp(struct ctl *c)
{
	static const struct column links[] = {
		{ "INTERFACE", "interface", CELL_TEXT }, { "MODE", "mode", CELL_TEXT }, { "REASON", "reason", CELL_TEXT },
	};
	static const struct listing l = LISTING("/state/firewall", "xdp", links);

	return show(c, &l, "");
}

int
run_show_flow_offload(struct ctl *c)
{
	static const struct column pairs[] = {
		{ "FROM", "from", CELL_TEXT }, { "TO", "to", CELL_TEXT }, { "PLACE", "place", CELL_TEXT }, { "REASON", "reason", CELL_TEXT },
	};
	static const struct listing l = LISTING("/state/firewall", "flow-offload", pairs);

	return show(c, &l, "");
}

int
run_show_xdp_answers(struct ctl *c)
{
	static const struct column rules[] = {
		{ "RULE", "rule", CELL_TEXT }, { "PLACE", "place", CELL_TEXT }, { "REASON", "reason", CELL_TEXT },
	};
	static const struct listing l = LISTING("/state/firewall", "xdp-answers", rules);

	return show(c, &l, "");
}

int
run_show_xdp_counters(struct ctl *c)
{
	static const struct column counters[] = {
		{ "COUNTER", "name", CELL_TEXT }, { ">PACKETS", "packets", CELL_NUMBER }, { ">BYTES", "bytes", CELL_BYTES },
	};
	static const struct listing l = LISTING("/state/firewall", "xdp-counters", counters);

	return show(c, &l, "");
}

int
run_show_schedules(struct ctl *c)
{
	static const struct column columns[] = {
		{ "SCHEDULE", "name", CELL_TEXT }, { "ACTIVE", "active", CELL_YES }, { "NEXT CHANGE", "next-change", CELL_TIME },
	};
	static const struct listing l = LISTING("/state/firewall", "schedules", columns);

	return show(c, &l, "");
}

int
run_show_processes(struct ctl *c)
{
	static const struct column columns[] = {
		{ "NAME", "name", CELL_TEXT }, { ">PID", "pid", CELL_NUMBER }, { ">UID", "uid", CELL_NUMBER }, { "STATE", "state", CELL_TEXT },
		{ "CAPABILITIES", "capabilities", CELL_LIST_OR_NONE }, { "SECCOMP", "seccomp", CELL_TEXT },
		{ "NAMESPACES", "namespaces", CELL_KINDS }, { ">RSS kB", "memory-rss-kb", CELL_NUMBER },
		{ ">PSS kB", "memory-pss-kb", CELL_NUMBER }, { ">RESTARTS", "restarts", CELL_NUMBER },
		{ ">UP", "uptime-seconds", CELL_UPTIME },
	};
	static const struct listing l = LISTING("/state/processes", "processes", columns);

	return show(c, &l, "");
}

int
run_show_drift(struct ctl *c)
{
	static const struct column columns[] = {
		{ "TIME", "time", CELL_TIME }, { "BY", "owner", CELL_TEXT }, { "CLASS", "class", CELL_TEXT }, { "OBJECT", "object", CELL_TEXT },
		{ "WHAT", "detail", CELL_TEXT }, { "ACTION", "action", CELL_TEXT },
	};
	static const struct listing l = LISTING("/state/drift", "drift", columns);

	return show(c, &l, "");
}

int
run_show_syslog(struct ctl *c)
{
	static const struct column columns[] = {
		{ "RECEIVER", "name", CELL_TEXT }, { "OVER", "transport", CELL_TEXT }, { "STATE", "state", CELL_TEXT },
		{ "SINCE", "connected-since", CELL_TIME }, { ">SENT", "sent", CELL_NUMBER }, { ">DROPPED", "dropped", CELL_NUMBER },
		{ ">LAG", "lag", CELL_NUMBER }, { ">RECORD", "audit-record", CELL_NUMBER }, { "LAST ERROR", "last-error", CELL_TEXT },
	};
	static const struct listing l = LISTING("/state/syslog", "receivers", columns);

	return show(c, &l, "");
}

int
run_show_workspaces(struct ctl *c)
{
	static const struct column columns[] = {
		{ "WORKSPACE", "id", CELL_TEXT }, { "OWNER", "owner", CELL_TEXT }, { ">BASE", "base", CELL_NUMBER },
		{ "CREATED", "created-at", CELL_TIME }, { ">CHANGES", "changes", CELL_NUMBER },
	};
	static const struct listing l = LISTING("/workspaces", "workspaces", columns);

	return show(c, &l, "");
}

int
run_history(struct ctl *c)
{
	static const struct column columns[] = {
		{ ">REVISION", "number", CELL_NUMBER }, { "STATE", "state", CELL_TEXT }, { "TIME", "created-at", CELL_TIME },
		{ "AUTHOR", "author", CELL_TEXT }, { "FROM", "origin", CELL_TEXT }, { "COMMENT", "comment", CELL_TEXT },
	};
	static const struct listing l = LISTING("/revisions", "revisions", columns);
	const char *limit = ctl_option(c, "limit");
	char query[64] = "";
	uint64_t n;

	if (limit != NULL && str_u64(limit, 1, 100000, &n) != 0) {
		fprintf(stderr, "patronusctl: --limit takes a number from 1\n");
		return EXIT_USAGE;
	}
	if (limit != NULL)
		(void)snprintf(query, sizeof(query), "limit=%s", limit);
	return show(c, &l, query);
}

int
run_history_verify(struct ctl *c)
{
	const json_t *faults, *head;
	char query[160] = "";
	struct reply r;
	size_t i;
	int code;

	if (c->nargs > 0 && (size_t)snprintf(query, sizeof(query), "expect=%s", c->args[0]) >= sizeof(query)) {
		fprintf(stderr, "patronusctl: say REVISION:LINK, as history verify prints it\n");
		return EXIT_USAGE;
	}
	if ((code = api_get(c, "/revisions/verification", query, &r)) != EXIT_OK)
		return code;
	faults = json_object_get(r.json, "faults");
	head = json_object_get(r.json, "head");
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else if (json_array_size(faults) == 0)
		printf("%lld revisions and %lld documents are what they were; the newest link is %lld:%s\n", (long long)json_number(r.json, "revisions"),
		    (long long)json_number(r.json, "documents"), (long long)json_number(head, "number"), json_text(head, "chain"));
	for (i = 0; c->format != FORMAT_JSON && i < json_array_size(faults); i++)
		fprintf(stderr, "revision %lld: %s\n", (long long)json_number(json_array_get(faults, i), "number"),
		    json_text(json_array_get(faults, i), "text"));
	if (code == EXIT_OK && json_array_size(faults) > 0)
		code = EXIT_FAILED;
	reply_fini(&r);
	return code;
}

/* --- the firewall's log --- */

static const struct column log_columns[] = {
	{ "TIME", "time", CELL_TIME }, { "RULE", "rule", CELL_TEXT }, { "ACTION", "action", CELL_TEXT }, { "IN", "in-interface", CELL_TEXT },
	{ "OUT", "out-interface", CELL_TEXT }, { "PROTOCOL", "protocol", CELL_TEXT }, { "SOURCE", "source", CELL_ENDPOINT },
	{ "DESTINATION", "destination", CELL_ENDPOINT }, { ">LENGTH", "length", CELL_NUMBER },
};
static const struct listing log_listing = LISTING("/state/firewall-log", "events", log_columns);

static void
follow_log_event(const json_t *o, const char *filter)
{
	struct table *t = make_table(&log_listing);
	const char *action = json_text(o, "action");
	char time[32], from[80], to[80], source[32], destination[32];

	put_row(t, &log_listing, o);
	table_filter(t, filter);
	if (table_rows(t) > 0 && !term_is_tty())
		table_print(t, false, "");
	else if (table_rows(t) > 0) {
		/* Rows that come one by one cannot be aligned to those that come later. */
		(void)snprintf(from, sizeof(from), json_object_get(o, "source-port") != NULL ? "%s %lld" : "%s", json_text(o, "source"),
		    (long long)json_number(o, "source-port"));
		(void)snprintf(to, sizeof(to), json_object_get(o, "destination-port") != NULL ? "%s %lld" : "%s",
		    json_text(o, "destination"), (long long)json_number(o, "destination-port"));
		printf("%s  %s%-6s%s  %-20s %s>%s  %s  %s%s -> %s%s\n", term_time(json_text(o, "time"), time),
		    strcmp(action, "accept") == 0 ? term_good() : term_bad(), action, term_plain(), json_text(o, "rule"),
		    json_text(o, "in-interface"), json_text(o, "out-interface"), json_text(o, "protocol"), from,
		    origin_text(o, "source", source, sizeof(source)), to, origin_text(o, "destination", destination, sizeof(destination)));
	}
	table_free(t);
}

static void
tell_gap(const json_t *gap)
{
	if (json_object_get(gap, "dropped") == NULL)
		fprintf(stderr, "patronusctl: some events were lost\n");
	else
		fprintf(stderr, "patronusctl: %lld events were left out: there were too many at once\n", (long long)json_number(gap, "dropped"));
}

static int
follow(struct ctl *c, const char *topics, void (*on_event)(const json_t *, const char *))
{
	const struct mgmt_event_req *e;
	struct message m;
	json_t *json;
	int error;

	if (api_client(c) == NULL)
		return EXIT_UNREACHABLE;
	error = client_subscribe(c->client, topics);
	while (error == 0 && (error = client_next(c->client, -1, &m)) == 0) {
		e = m.body;
		json = json_loadb((const char *)e->data.data, e->data.len, JSON_DECODE_ANY, NULL);
		if (strcmp(e->topic, "gap") == 0 && c->format != FORMAT_JSON)
			tell_gap(json);
		else if (c->format == FORMAT_JSON || on_event == NULL)
			printf("{\"id\":%llu,\"event\":\"%s\",\"data\":%.*s}\n", (unsigned long long)e->id, e->topic, (int)e->data.len,
			    (const char *)e->data.data);
		else if (json != NULL)
			on_event(json, c->args[0]);
		json_decref(json);
		message_fini(&m);
		if (fflush(stdout) != 0)
			return EXIT_FAILED;
	}
	if (client_why(c->client)[0] != '\0')
		fprintf(stderr, "patronusctl: %s\n", client_why(c->client));
	else
		fprintf(stderr, "patronusctl: the stream of events ended: %s\n", error == -EACCES || error == -EPERM ? "not allowed" :
	    error == -EINVAL ? "there is no such topic" : "Patronus is restarting");
	return error == -EACCES || error == -EPERM ? EXIT_DENIED : error == -EINVAL ? EXIT_USAGE : EXIT_UNREACHABLE;
}

int
run_show_log(struct ctl *c)
{
	const char *limit = ctl_option(c, "limit");
	char query[64];
	uint64_t n = 50;

	if (limit != NULL && str_u64(limit, 1, 100000, &n) != 0) {
		fprintf(stderr, "patronusctl: --limit takes a number from 1\n");
		return EXIT_USAGE;
	}
	if (ctl_option(c, "follow") != NULL)
		return follow(c, "log", follow_log_event);
	(void)snprintf(query, sizeof(query), "limit=%llu", (unsigned long long)n);
	return show(c, &log_listing, query);
}

int
run_show_events(struct ctl *c)
{
	char topics[256] = "";
	size_t at = 0;
	int i;

	for (i = 0; i < c->nargs && at < sizeof(topics); i++)
		at += (size_t)snprintf(topics + at, sizeof(topics) - at, "%s%s", i > 0 ? "," : "", c->args[i]);
	return follow(c, i > 0 ? topics : "commits,drift,status,log", NULL);
}
