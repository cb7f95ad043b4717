/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "ipc/ids.h"

#include "api.h"
#include "ctl.h"
#include "exit.h"
#include "run.h"
#include "value.h"

/* Which addresses are of which country. */

int
run_firewall_country(struct ctl *c)
{
	char path[128];
	struct reply r;
	int code;

	if (strchr(c->args[0], '/') != NULL || snprintf(path, sizeof(path), "/countries/%s", c->args[0]) >= (int)sizeof(path)) {
		fprintf(stderr, "patronusctl: \"%s\" is no address\n", c->args[0]);
		return EXIT_USAGE;
	}
	if ((code = api_get(c, path, "", &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else
		printf("%s\n", json_object_get(r.json, "country") != NULL ? json_text(r.json, "country") : "unknown");
	reply_fini(&r);
	return code;
}

int
run_firewall_countries_upload(struct ctl *c)
{
	struct mgmt_req req = { .method = MGMT_PUT, .path = "/country-database", .content_type = "application/octet-stream" };
	struct reply r;
	struct buf b;
	int code;

	buf_init(&b, CTL_FILE_MAX);
	if ((code = ctl_read_file(c->args[0], &b)) == EXIT_OK) {
		req.body = (struct bytes){ .data = b.data, .len = (uint32_t)b.len };
		if ((code = api_call(c, &req, &r)) == EXIT_OK)
			reply_fini(&r);
	}
	buf_fini(&b);
	return code;
}

int
run_firewall_countries_forget(struct ctl *c)
{
	return api_delete(c, "/country-database");
}
