/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Differences between the box and its configuration. */
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "ctl.h"
#include "exit.h"
#include "run.h"
#include "table.h"
#include "term.h"
#include "value.h"

static void
row(struct table *t, const json_t *o)
{
	const json_t *a = json_object_get(o, "acceptance");
	char when[32];

	table_cell(t, "%s", json_text(o, "id"));
	table_cell(t, "%s", json_text(o, "class"));
	table_cell(t, "%s", json_text(o, "object"));
	table_cell(t, "%s", json_text(o, "detail"));
	table_cell(t, "%s%s", json_text(o, "action"), json_flag(o, "stands") ? "" : ", not so now");
	table_cell(t, "%s", term_time(json_text(o, "since"), when));
	table_cell(t, "%s", json_text(a, "by"));
	table_cell(t, "%s", json_text(a, "until")[0] != '\0' ? term_time(json_text(a, "until"), when) : "");
	table_cell(t, "%s", json_text(a, "comment"));
}

int
run_drift_list(struct ctl *c)
{
	static const char *const titles[] = { "ID", "CLASS", "OBJECT", "WHAT", "ACTION", "SINCE", "ACCEPTED BY", "UNTIL", "WHY" };
	const json_t *items;
	struct table *t;
	struct reply r;
	size_t i;
	int code;

	if ((code = api_get(c, "/drift", "", &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON) {
		code = api_print_body(&r);
		reply_fini(&r);
		return code;
	}
	items = json_object_get(r.json, "differences");
	t = table_new(titles, sizeof(titles) / sizeof(titles[0]));
	for (i = 0; i < json_array_size(items); i++)
		row(t, json_array_get(items, i));
	table_filter(t, c->nargs > 0 ? c->args[0] : NULL);
	table_print(t, false, "");
	table_free(t);
	reply_fini(&r);
	return EXIT_OK;
}

/* The path of what an id names; false, told, when it is none. */
static bool
path_of(const char *id, const char *verb, char *ret, size_t size)
{
	if (strchr(id, '/') == NULL && snprintf(ret, size, "/drift/%s%s", id, verb) < (int)size)
		return true;
	fprintf(stderr, "patronusctl: \"%s\" is no id; patronusctl drift list tells them\n", id);
	return false;
}

static int
post(struct ctl *c, const char *path, json_t *body)
{
	struct reply r;
	int code = api_post(c, path, body, &r);

	if (code == EXIT_OK)
		reply_fini(&r);
	return code;
}

int
run_drift_accept(struct ctl *c)
{
	const char *comment = ctl_option(c, "comment"), *expires = ctl_option(c, "expires");
	uint64_t seconds = expires != NULL ? value_seconds(expires) : 0;
	char path[128];
	json_t *o;

	if (comment == NULL || (expires != NULL && seconds == 0)) {
		fprintf(stderr, comment == NULL ? "patronusctl: say why, with --comment\n" :
		    "patronusctl: --expires takes a time such as 7d, 12h or 30m\n");
		return EXIT_USAGE;
	}
	if (!path_of(c->args[0], "/accept", path, sizeof(path)))
		return EXIT_USAGE;
	o = json_pack("{s:s}", "comment", comment);
	if (o != NULL && seconds != 0)
		(void)json_object_set_new(o, "expires-in", json_integer((json_int_t)seconds));
	if (o == NULL) {
		fprintf(stderr, "patronusctl: the words are not UTF-8\n");
		return EXIT_USAGE;
	}
	return post(c, path, o);
}

int
run_drift_repair(struct ctl *c)
{
	char path[128];
	int code = EXIT_OK, i;

	for (i = 0; code == EXIT_OK && i < c->nargs; i++)
		code = path_of(c->args[i], "/repair", path, sizeof(path)) ? post(c, path, json_object()) : EXIT_USAGE;
	return code;
}

int
run_drift_revoke(struct ctl *c)
{
	char path[128];

	return path_of(c->args[0], "", path, sizeof(path)) ? api_delete(c, path) : EXIT_USAGE;
}
