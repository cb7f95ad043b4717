/* SPDX-License-Identifier: GPL-3.0-or-later */
/* API tokens and sessions. */
#include <stdio.h>
#include <string.h>

#include "ipc/ids.h"
#include "api.h"
#include "ctl.h"
#include "exit.h"
#include "run.h"
#include "table.h"
#include "term.h"
#include "value.h"

#define DAYS_USUAL	"90d"

/* Words with commas between, as an array; NULL gives an empty one. */
static json_t *
words_of(const char *list)
{
	json_t *array = json_array();
	size_t len;

	for (; list != NULL && *list != '\0'; list += len) {
		list += strspn(list, ", ");
		len = strcspn(list, ", ");
		if (len > 0)
			(void)json_array_append_new(array, json_stringn(list, len));
	}
	return array;
}

int
run_token_create(struct ctl *c)
{
	const char *expires = ctl_option(c, "expires"), *user = ctl_option(c, "user"), *role = ctl_option(c, "role");
	uint64_t seconds = value_seconds(expires != NULL ? expires : DAYS_USUAL);
	struct reply r;
	json_t *o;
	int code;

	if (seconds == 0) {
		fprintf(stderr, "patronusctl: --expires takes a time such as 90d, 12h or 30m\n");
		return EXIT_USAGE;
	}
	o = json_pack("{s:s, s:o, s:o, s:I, s:s*, s:s*}", "name", c->args[0], "scopes", words_of(ctl_option(c, "scopes")), "networks",
	    words_of(ctl_option(c, "networks")), "expires-in", (json_int_t)seconds, "user", user, "role", role);
	if (o == NULL) {
		fprintf(stderr, "patronusctl: the words are not UTF-8\n");
		return EXIT_USAGE;
	}
	if ((code = api_post(c, "/tokens", o, &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else {
		/* The token alone on standard output, so that it can go into a file. */
		fprintf(stderr, "token %s; it is shown this once:\n", json_text(r.json, "id"));
		printf("%s\n", json_text(r.json, "token"));
	}
	reply_fini(&r);
	return code;
}

static void
token_row(struct table *t, const json_t *o)
{
	char text[512], when[32];

	table_cell(t, "%s", json_text(o, "id"));
	table_cell(t, "%s", json_text(o, "name"));
	table_cell(t, "%s", json_text(o, "user"));
	table_cell(t, "%s", json_text(o, "role"));
	json_words(json_object_get(o, "scopes"), text, sizeof(text));
	table_cell(t, "%s", text);
	json_words(json_object_get(o, "networks"), text, sizeof(text));
	table_cell(t, "%s", text);
	table_cell(t, "%s", term_time(json_text(o, "expires-at"), when));
	table_cell(t, "%s", json_text(o, "used-at")[0] != '\0' ? term_time(json_text(o, "used-at"), when) : "never");
}

static void
session_row(struct table *t, const json_t *o)
{
	char when[32];

	table_cell(t, "%s%s", json_text(o, "id"), json_flag(o, "current") ? " *" : "");
	table_cell(t, "%s", json_text(o, "user"));
	table_cell(t, "%s", json_text(o, "source"));
	table_cell(t, "%s", term_time(json_text(o, "created-at"), when));
	table_cell(t, "%s", term_time(json_text(o, "used-at"), when));
}

static int
list(struct ctl *c, const char *path, const char *name, const char *const *titles, size_t ntitles,
    void (*row)(struct table *, const json_t *))
{
	/* root has none of its own: on the console all are meant. */
	const char *query = ctl_option(c, "all") != NULL ? "all=true" : "";
	const json_t *items;
	struct table *t;
	struct reply r;
	size_t i;
	int code;

	if ((code = api_get(c, path, query, &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON) {
		code = api_print_body(&r);
		reply_fini(&r);
		return code;
	}
	items = json_object_get(r.json, name);
	t = table_new(titles, ntitles);
	for (i = 0; i < json_array_size(items); i++)
		row(t, json_array_get(items, i));
	table_print(t, false, "");
	table_free(t);
	reply_fini(&r);
	return EXIT_OK;
}

int
run_token_list(struct ctl *c)
{
	static const char *const titles[] = { "TOKEN", "NAME", "USER", "ROLE", "SCOPES", "NETWORKS", "EXPIRES", "USED" };

	return list(c, "/tokens", "tokens", titles, sizeof(titles) / sizeof(titles[0]), token_row);
}

int
run_session_list(struct ctl *c)
{
	static const char *const titles[] = { "SESSION", "USER", "FROM", "SINCE", "USED" };

	return list(c, "/sessions", "sessions", titles, sizeof(titles) / sizeof(titles[0]), session_row);
}

static int
end(struct ctl *c, const char *path)
{
	char full[128];

	if (strchr(c->args[0], '/') != NULL || snprintf(full, sizeof(full), "%s/%s", path, c->args[0]) >= (int)sizeof(full)) {
		fprintf(stderr, "patronusctl: \"%s\" is no id\n", c->args[0]);
		return EXIT_USAGE;
	}
	return api_delete(c, full);
}

int
run_token_revoke(struct ctl *c)
{
	return end(c, "/tokens");
}

int
run_session_revoke(struct ctl *c)
{
	return end(c, "/sessions");
}
