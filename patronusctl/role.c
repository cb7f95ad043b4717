/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Roles and rights: what there are, and what somebody may do where, and why. */
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "ctl.h"
#include "exit.h"
#include "run.h"
#include "table.h"

/* "deny /users of operator", "allow /firewall/groups of helpdesk, rule groups". */
static void
say_rule(const json_t *right, char *ret, size_t size)
{
	const json_t *rule = json_object_get(right, "rule");
	const char *missing = json_text(right, "missing"), *name = json_text(rule, "name");
	size_t at = 0;

	ret[0] = '\0';
	if (strcmp(missing, "scope") == 0) {
		(void)snprintf(ret, size, "the API token's scopes leave it out");
		return;
	}
	if (missing[0] != '\0')
		at = (size_t)snprintf(ret, size, "needs %s; ", missing);
	if (at >= size)
		return;
	if (rule == NULL)
		(void)snprintf(ret + at, size - at, "no rule allows it");
	else
		(void)snprintf(ret + at, size - at, "%s %s of %s%s%s", json_text(rule, "action"), json_text(rule, "path"), json_text(rule, "role"),
		    name[0] != '\0' ? ", rule " : "", name);
}

static void
print_rights(const json_t *rights, bool has_reason)
{
	static const char *const titles[] = { "VERB", "THERE", "BELOW", "BECAUSE" };
	struct table *t = table_new(titles, has_reason ? 4 : 3);
	const json_t *o;
	char text[256];
	size_t i;

	for (i = 0; i < json_array_size(rights); i++) {
		o = json_array_get(rights, i);
		table_cell(t, "%s", json_text(o, "verb"));
		table_cell(t, "%s", json_flag(o, "allowed") ? "yes" : "no");
		table_cell(t, "%s", json_text(o, "below"));
		if (!has_reason)
			continue;
		say_rule(o, text, sizeof(text));
		table_cell(t, "%s", text);
	}
	table_print(t, false, "");
	table_free(t);
}

static int
show_rights(struct ctl *c, const char *query, bool has_reason)
{
	struct reply r;
	int code;

	if ((code = api_get(c, "/session/rights", query, &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else {
		(void)printf("%s, with the role %s, at %s\n", json_text(r.json, "user"), json_text(r.json, "role"), json_text(r.json, "path"));
		print_rights(json_object_get(r.json, "rights"), has_reason);
	}
	reply_fini(&r);
	return code;
}

int
run_whoami(struct ctl *c)
{
	return show_rights(c, "", false);
}

int
run_rights(struct ctl *c)
{
	char path[API_QUERY_MAX / 4], query[API_QUERY_MAX] = "";
	int code;

	if (c->nargs > 0 && strcmp(c->args[0], "/") != 0) {
		if ((code = api_config_path(c->args[0], path, sizeof(path))) != EXIT_OK)
			return code;
		api_query_add(query, "path", path + strlen("/configuration"));
	}
	api_query_add(query, "user", ctl_option(c, "user"));
	return show_rights(c, query, true);
}

static void
add_rules(struct table *t, const json_t *role)
{
	const json_t *rules = json_object_get(role, "rules"), *o;
	char verbs[256];
	size_t i;

	for (i = 0; i < json_array_size(rules); i++) {
		o = json_array_get(rules, i);
		table_cell(t, "%s", json_text(role, "name"));
		table_cell(t, "%s", json_text(o, "name")[0] != '\0' ? json_text(o, "name") : "-");
		table_cell(t, "%s", json_text(o, "action"));
		table_cell(t, "%s", json_text(o, "path"));
		json_words(json_object_get(o, "verbs"), verbs, sizeof(verbs));
		table_cell(t, "%s", verbs);
	}
}

int
run_show_roles(struct ctl *c)
{
	static const char *const titles[] = { "ROLE", "RULE", "ACTION", "PATH", "VERBS" };
	const json_t *roles;
	struct table *t;
	struct reply r;
	size_t i;
	int code;

	if ((code = api_get(c, "/roles", "", &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON) {
		code = api_print_body(&r);
		reply_fini(&r);
		return code;
	}
	roles = json_object_get(r.json, "roles");
	t = table_new(titles, sizeof(titles) / sizeof(titles[0]));
	for (i = 0; i < json_array_size(roles); i++)
		add_rules(t, json_array_get(roles, i));
	table_filter(t, c->nargs > 0 ? c->args[0] : NULL);
	table_print(t, false, "");
	table_free(t);
	reply_fini(&r);
	return EXIT_OK;
}
