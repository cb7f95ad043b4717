/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who refers to an object. */
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "ctl.h"
#include "exit.h"
#include "run.h"
#include "table.h"

int
run_usage(struct ctl *c)
{
	static const char *const titles[] = { "OBJECT", "WHERE" };
	char path[API_QUERY_MAX / 4], query[API_QUERY_MAX] = "";
	const json_t *users, *o;
	struct table *t;
	struct reply r;
	size_t i;
	int code;

	if ((code = api_config_path(c->args[0], path, sizeof(path))) != EXIT_OK)
		return code;
	api_query_add(query, "path", path + strlen("/configuration"));
	if ((code = api_get_chosen(c, "/usage", query, &r)) != EXIT_OK)
		return code;
	users = json_object_get(r.json, "users");
	if (c->format == FORMAT_JSON) {
		code = api_print_body(&r);
	} else if (json_array_size(users) == 0) {
		(void)printf("nothing refers to %s\n", path + strlen("/configuration"));
	} else {
		t = table_new(titles, 2);
		for (i = 0; i < json_array_size(users); i++) {
			o = json_array_get(users, i);
			table_cell(t, "%s", json_text(o, "object"));
			table_cell(t, "%s", json_text(o, "path") + strlen(json_text(o, "object")));
		}
		table_print(t, false, "");
		table_free(t);
	}
	reply_fini(&r);
	return code;
}
