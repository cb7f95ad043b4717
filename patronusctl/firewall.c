/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the firewall makes of packets: connections, and what can be worked out of the rules. */
#include <stdio.h>
#include <string.h>

#include "ipc/ids.h"
#include "api.h"
#include "ctl.h"
#include "exit.h"
#include "run.h"
#include "table.h"
#include "term.h"

/* --- questions --- */

/* Arguments MEMBER=VALUE to parameters; false, told, when one is none. */
static bool
put_filters(const struct ctl *c, char *query)
{
	const char *equals;
	char name[64];
	int i;

	for (i = 0; i < c->nargs; i++) {
		equals = strchr(c->args[i], '=');
		if (equals == NULL || snprintf(name, sizeof(name), "filter[%.*s]", (int)(equals - c->args[i]), c->args[i]) >= (int)sizeof(name)) {
			fprintf(stderr, "patronusctl: \"%s\" is no MEMBER=VALUE, such as protocol=tcp or source=192.0.2.0/24\n", c->args[i]);
			return false;
		}
		api_query_add(query, name, equals + 1);
	}
	return true;
}

/* --- connections --- */

static void
cell_host(struct table *t, const json_t *o, const char *member)
{
	char port[64], origin[32];

	(void)snprintf(port, sizeof(port), "%s-port", member);
	if (json_object_get(o, port) == NULL)
		table_cell(t, "%s%s", json_text(o, member), origin_text(o, member, origin, sizeof(origin)));
	else
		table_cell(t, strchr(json_text(o, member), ':') != NULL ? "[%s]:%lld%s" : "%s:%lld%s", json_text(o, member),
		    (long long)json_number(o, port), origin_text(o, member, origin, sizeof(origin)));
}

static void
put_connection(struct table *t, const json_t *o)
{
	char bytes[32], reply[32];
	const char *from = json_text(o, "from"), *to = json_text(o, "to");

	table_cell(t, "%lld", (long long)json_number(o, "id"));
	table_cell(t, "%s", json_text(o, "protocol"));
	table_cell(t, "%s", json_text(o, "state"));
	cell_host(t, o, "source");
	cell_host(t, o, "destination");
	cell_host(t, o, json_object_get(o, "translated-destination") != NULL ? "translated-destination" : "translated-source");
	table_cell(t, "%s > %s", from[0] != '\0' ? from : "?", to[0] != '\0' ? to : "?");
	table_cell(t, "%s", json_object_get(o, "bytes") != NULL ? term_bytes((uint64_t)json_number(o, "bytes"), bytes) : "");
	table_cell(t, "%s", json_object_get(o, "bytes") != NULL ? term_bytes((uint64_t)json_number(o, "reply-bytes"), reply) : "");
	table_cell(t, "%lld", (long long)json_number(o, "timeout"));
	table_cell(t, "%lld", (long long)json_number(o, "mark"));
}

int
run_show_states(struct ctl *c)
{
	static const char *const titles[] = {
		">ID", "PROTOCOL", "STATE", "SOURCE", "DESTINATION", "TRANSLATED", "ZONES", ">BYTES", ">REPLIES", ">TIMEOUT", ">MARK"
	};
	char query[API_QUERY_MAX] = "";
	const json_t *list;
	struct table *t;
	struct reply r;
	size_t i;
	int code;

	if (!put_filters(c, query))
		return EXIT_USAGE;
	api_query_add(query, "sort", ctl_option(c, "sort"));
	api_query_add(query, "limit", ctl_option(c, "limit"));
	api_query_add(query, "cursor", ctl_option(c, "cursor"));
	if ((code = api_get_chosen(c, "/state/connections", query, &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON) {
		code = api_print_body(&r);
		reply_fini(&r);
		return code;
	}
	list = json_object_get(r.json, "connections");
	t = table_new(titles, sizeof(titles) / sizeof(titles[0]));
	for (i = 0; i < json_array_size(list); i++)
		put_connection(t, json_array_get(list, i));
	table_print(t, false, "");
	table_free(t);
	fprintf(stderr, "%zu of %lld that match, %lld in all%s%s\n", i, (long long)json_number(r.json, "matched"),
	    (long long)json_number(r.json, "total"), json_text(r.json, "next")[0] != '\0' ? "; go on with --cursor " : "",
	    json_text(r.json, "next"));
	reply_fini(&r);
	return EXIT_OK;
}

int
run_firewall_kill(struct ctl *c)
{
	char query[API_QUERY_MAX] = "";
	struct mgmt_req req = { .method = MGMT_DELETE, .path = "/state/connections", .query = query, .accept = "application/json" };
	struct reply r;
	int code;

	if (!put_filters(c, query))
		return EXIT_USAGE;
	if ((code = api_call(c, &req, &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else
		printf("%lld connections ended\n", (long long)json_number(r.json, "ended"));
	reply_fini(&r);
	return code;
}

/* --- rules that do nothing --- */

int
run_firewall_lint(struct ctl *c)
{
	static const char *const titles[] = { "RULE", "FINDING", "WHAT" };
	const json_t *list, *o;
	struct table *t;
	struct reply r;
	size_t i;
	int code;

	if ((code = api_get_chosen(c, "/state/firewall-analysis", "", &r)) != EXIT_OK)
		return code;
	list = json_object_get(r.json, "findings");
	if (c->format == FORMAT_JSON) {
		code = api_print_body(&r);
	} else {
		t = table_new(titles, sizeof(titles) / sizeof(titles[0]));
		for (i = 0; i < json_array_size(list); i++) {
			o = json_array_get(list, i);
			table_cell(t, "%s", json_text(o, "rule"));
			table_cell(t, "%s", json_text(o, "finding"));
			table_cell(t, "%s", json_text(o, "text"));
		}
		table_print(t, false, "");
		table_free(t);
		if (json_number(r.json, "undecided") > 0)
			fprintf(stderr, "%lld of %lld rules are too wide to be judged in bounded time\n", (long long)json_number(r.json, "undecided"),
			    (long long)json_number(r.json, "rules"));
	}
	if (code == EXIT_OK && ctl_option(c, "exit-code") != NULL && json_array_size(list) > 0)
		code = EXIT_DIFFERENT;
	reply_fini(&r);
	return code;
}

/* --- one packet --- */

/* Words in pairs: from lan to wan protocol tcp ...; false, told, when they are none. */
static bool
put_packet(const struct ctl *c, char *query)
{
	int i;

	for (i = 0; i + 1 < c->nargs; i += 2)
		api_query_add(query, strcmp(c->args[i], "proto") == 0 ? "protocol" : c->args[i], c->args[i + 1]);
	if (i == c->nargs)
		return true;
	fprintf(stderr, "patronusctl: \"%s\" has no value; say for example: from lan source 192.0.2.10 destination 203.0.113.10 protocol tcp port 443\n",
	    c->args[i]);
	return false;
}

static void
print_way(const char *what, const json_t *o, const char *zone, const char *interface)
{
	const char *name = json_text(o, interface);

	printf("%s %s%s%s\n", what, json_text(o, zone)[0] != '\0' ? json_text(o, zone) : "no zone", name[0] != '\0' ? ", interface " : "", name);
}

static void
print_explanation(const json_t *o)
{
	const json_t *steps = json_object_get(o, "steps"), *s;
	const char *verdict = json_text(o, "verdict"), *path = json_text(o, "path");
	size_t i;

	printf("%s%s%s: %s%s%s\n", strcmp(verdict, "accept") == 0 ? term_good() : term_bad(), verdict, term_plain(), json_text(o, "text"),
	    path[0] != '\0' ? "; " : "", path);
	if (json_object_get(o, "bridge") != NULL)
		printf("from port %s to port %s of bridge %s\n", json_text(o, "in-interface"), json_text(o, "out-interface"), json_text(o, "bridge"));
	else
		print_way("from", o, "from", "in-interface");
	if (json_object_get(o, "bridge") == NULL && (json_object_get(o, "to") != NULL || json_object_get(o, "out-interface") != NULL))
		print_way("to  ", o, "to", "out-interface");
	if (json_object_get(o, "translated-destination") != NULL)
		printf("receiver becomes %s port %lld, by %s\n", json_text(o, "translated-destination"),
		    (long long)json_number(o, "translated-destination-port"), json_text(o, "destination-translation"));
	if (json_object_get(o, "source-translation") != NULL)
		printf("sender becomes %s, by %s\n", json_object_get(o, "translated-source") != NULL ? json_text(o, "translated-source") :
		    "an address of the interface", json_text(o, "source-translation"));
	for (i = 0; i < json_array_size(steps); i++) {
		s = json_array_get(steps, i);
		printf("  %-14s %-24s %s%s%s\n", json_text(s, "hook"), json_text(s, "chain"), json_text(s, "rule"), json_text(s, "rule")[0] != '\0' ? " " : "",
		    json_text(s, "text"));
	}
}

static void
print_proof(const json_t *o)
{
	const char *proof = json_text(o, "proof");

	if (proof[0] != '\0')
		printf("%s%s%s: %s\n", strcmp(proof, "proved") == 0 ? term_good() : term_bad(), proof, term_plain(), json_text(o, "proof-text"));
}

static int
print_form(struct ctl *c)
{
	const json_t *lines;
	struct reply r;
	size_t i;
	int code;

	if ((code = api_get_chosen(c, "/state/firewall-form", "", &r)) != EXIT_OK)
		return code;
	lines = json_object_get(r.json, "lines");
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else
		for (i = 0; i < json_array_size(lines); i++)
			printf("%s\n", json_text(json_array_get(lines, i), "text"));
	reply_fini(&r);
	return code;
}

int
run_firewall_explain(struct ctl *c)
{
	char query[API_QUERY_MAX] = "";
	bool is_accepted, is_wrong;
	struct reply r;
	int code;

	if (ctl_option(c, "ir") != NULL && c->nargs == 0)
		return print_form(c);
	if (!put_packet(c, query))
		return EXIT_USAGE;
	if (ctl_option(c, "prove") != NULL)
		api_query_add(query, "prove", "true");
	if ((code = api_get_chosen(c, "/state/firewall-explanation", query, &r)) != EXIT_OK)
		return code;
	is_accepted = strcmp(json_text(r.json, "verdict"), "accept") == 0;
	is_wrong = strcmp(json_text(r.json, "proof"), "differs") == 0;
	if (c->format == FORMAT_JSON) {
		code = api_print_body(&r);
	} else {
		print_explanation(r.json);
		print_proof(r.json);
	}
	reply_fini(&r);
	return code == EXIT_OK && (is_wrong || (!is_accepted && ctl_option(c, "exit-code") != NULL)) ? EXIT_DIFFERENT : code;
}

int
run_firewall_test(struct ctl *c)
{
	static const char *const titles[] = { "ASSERTION", "EXPECT", "HOLDS", "SEVERITY", "WHAT" };
	bool has_failed;
	const json_t *list, *o;
	struct table *t;
	struct reply r;
	size_t i;
	int code;

	if ((code = api_get_chosen(c, "/state/firewall-tests", "", &r)) != EXIT_OK)
		return code;
	has_failed = json_number(r.json, "failed") > 0;
	list = json_object_get(r.json, "tests");
	if (c->format == FORMAT_JSON) {
		code = api_print_body(&r);
	} else {
		t = table_new(titles, sizeof(titles) / sizeof(titles[0]));
		for (i = 0; i < json_array_size(list); i++) {
			o = json_array_get(list, i);
			table_cell(t, "%s", json_text(o, "name"));
			table_cell(t, "%s", json_text(o, "expect"));
			table_cell(t, "%s", json_flag(o, "holds") ? "yes" : "NO");
			table_cell(t, "%s", json_text(o, "severity"));
			table_cell(t, "%s", json_text(o, "text"));
		}
		table_print(t, false, "");
		table_free(t);
	}
	reply_fini(&r);
	return code == EXIT_OK && has_failed ? EXIT_DIFFERENT : code;
}
