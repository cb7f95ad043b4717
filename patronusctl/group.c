/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What groups have beside the configuration: members for a time. */
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "ctl.h"
#include "exit.h"
#include "run.h"
#include "table.h"
#include "term.h"
#include "value.h"

#define HOUR	3600
#define MINUTE	60

/* "1 h 59 min", "12 s". */
static void
left_cell(struct table *t, json_int_t s)
{
	if (s >= HOUR)
		table_cell(t, "%lld h %lld min", (long long)(s / HOUR), (long long)(s % HOUR / MINUTE));
	else if (s >= MINUTE)
		table_cell(t, "%lld min", (long long)(s / MINUTE));
	else
		table_cell(t, "%lld s", (long long)s);
}

static void
row(struct table *t, const json_t *o)
{
	char when[32];

	table_cell(t, "%s", json_text(o, "id"));
	table_cell(t, "%s", json_text(o, "group"));
	table_cell(t, "%s", json_text(o, "address"));
	left_cell(t, json_integer_value(json_object_get(o, "left")));
	table_cell(t, "%s", term_time(json_text(o, "until"), when));
	table_cell(t, "%s", json_text(o, "owner"));
	table_cell(t, "%s", json_text(o, "reason"));
}

int
run_firewall_temporary(struct ctl *c)
{
	static const char *const titles[] = { "ID", "GROUP", "ADDRESS", "LEFT", "UNTIL", "OWNER", "WHY" };
	const json_t *items;
	struct table *t;
	struct reply r;
	size_t i;
	int code;

	if ((code = api_get(c, "/temporary-members", "", &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON) {
		code = api_print_body(&r);
		reply_fini(&r);
		return code;
	}
	items = json_object_get(r.json, "entries");
	t = table_new(titles, sizeof(titles) / sizeof(titles[0]));
	for (i = 0; i < json_array_size(items); i++)
		row(t, json_array_get(items, i));
	table_filter(t, c->nargs > 0 ? c->args[0] : NULL);
	table_print(t, false, "nobody is in a group for a time");
	table_free(t);
	reply_fini(&r);
	return EXIT_OK;
}

int
run_firewall_allow(struct ctl *c)
{
	const char *life = ctl_option(c, "for"), *reason = ctl_option(c, "reason");
	uint64_t seconds = life != NULL ? value_seconds(life) : 0;
	struct reply r;
	json_t *o;
	int code;

	if (seconds == 0 || reason == NULL) {
		fprintf(stderr, reason == NULL ? "patronusctl: say why, with --reason\n" :
		    "patronusctl: say for how long, with --for and a time such as 2h or 30m\n");
		return EXIT_USAGE;
	}
	o = json_pack("{s:s,s:s,s:I,s:s}", "address", c->args[0], "group", c->args[1], "expires-in", (json_int_t)seconds, "reason", reason);
	if (o == NULL) {
		fprintf(stderr, "patronusctl: the words are not UTF-8\n");
		return EXIT_USAGE;
	}
	if ((code = api_post(c, "/temporary-members", o, &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else
		printf("%s\n", json_text(r.json, "id"));
	reply_fini(&r);
	return code;
}

int
run_firewall_revoke(struct ctl *c)
{
	char path[128];

	if (strchr(c->args[0], '/') == NULL && snprintf(path, sizeof(path), "/temporary-members/%s", c->args[0]) < (int)sizeof(path))
		return api_delete(c, path);
	fprintf(stderr, "patronusctl: \"%s\" is no id; patronusctl firewall temporary tells them\n", c->args[0]);
	return EXIT_USAGE;
}

int
run_firewall_sources(struct ctl *c)
{
	static const char *const titles[] = { "ID", "STATE", "IPV4", "IPV6", "CHECKED", "NEXT", "TEXT" };
	const json_t *items, *o;
	char when[32];
	struct table *t;
	struct reply r;
	size_t i;
	int code;

	if ((code = api_get(c, "/group-sources", "", &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON) {
		code = api_print_body(&r);
		reply_fini(&r);
		return code;
	}
	items = json_object_get(r.json, "sources");
	t = table_new(titles, sizeof(titles) / sizeof(titles[0]));
	for (i = 0; i < json_array_size(items); i++) {
		o = json_array_get(items, i);
		table_cell(t, "%s", json_text(o, "id"));
		table_cell(t, "%s", json_text(o, "state"));
		table_cell(t, "%lld", (long long)json_integer_value(json_object_get(o, "ipv4")));
		table_cell(t, "%lld", (long long)json_integer_value(json_object_get(o, "ipv6")));
		table_cell(t, "%s", json_text(o, "checked")[0] != '\0' ? term_time(json_text(o, "checked"), when) : "");
		left_cell(t, json_integer_value(json_object_get(o, "next")));
		table_cell(t, "%s", json_text(o, "text"));
	}
	table_filter(t, c->nargs > 0 ? c->args[0] : NULL);
	table_print(t, false, "no group has lists or names");
	table_free(t);
	reply_fini(&r);
	return EXIT_OK;
}

int
run_firewall_refresh(struct ctl *c)
{
	struct reply r;
	int code = api_post(c, "/group-sources/refresh", json_pack("{s:s}", "id", c->args[0]), &r);

	if (code == EXIT_OK)
		reply_fini(&r);
	return code;
}

int
run_firewall_export(struct ctl *c)
{
	char path[128];
	const json_t *list;
	struct reply r;
	size_t i;
	int code;

	if (strchr(c->args[0], '/') != NULL || snprintf(path, sizeof(path), "/configuration/firewall/groups/%s", c->args[0]) >= (int)sizeof(path)) {
		fprintf(stderr, "patronusctl: \"%s\" is no name of a group\n", c->args[0]);
		return EXIT_USAGE;
	}
	if ((code = api_get(c, path, "", &r)) != EXIT_OK)
		return code;
	list = json_object_get(r.json, "addresses");
	for (i = 0; i < json_array_size(list); i++)
		printf("%s\n", json_string_value(json_array_get(list, i)));
	reply_fini(&r);
	return EXIT_OK;
}
