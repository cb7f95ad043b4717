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

/* Of which country addresses are, and of which autonomous system. */

static int
show(struct ctl *c, const char *at, const char *member, const char *before)
{
	const json_t *said;
	char path[128];
	struct reply r;
	int code;

	if (strchr(c->args[0], '/') != NULL || snprintf(path, sizeof(path), "/%s/%s", at, c->args[0]) >= (int)sizeof(path)) {
		fprintf(stderr, "patronusctl: \"%s\" is no address\n", c->args[0]);
		return EXIT_USAGE;
	}
	if ((code = api_get(c, path, "", &r)) != EXIT_OK)
		return code;
	said = json_object_get(r.json, member);
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else if (said == NULL)
		printf("unknown\n");
	else if (json_is_string(said))
		printf("%s%s\n", before, json_text(r.json, member));
	else
		printf("%s%lld\n", before, (long long)json_number(r.json, member));
	reply_fini(&r);
	return code;
}

static int
upload(struct ctl *c, const char *path)
{
	struct mgmt_req req = { .method = MGMT_PUT, .path = path, .content_type = "application/octet-stream" };
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
run_firewall_country(struct ctl *c)
{
	return show(c, "countries", "country", "");
}

int
run_firewall_countries_upload(struct ctl *c)
{
	return upload(c, "/country-database");
}

int
run_firewall_countries_forget(struct ctl *c)
{
	return api_delete(c, "/country-database");
}

int
run_firewall_system(struct ctl *c)
{
	return show(c, "autonomous-systems", "autonomous-system", "AS");
}

int
run_firewall_systems_upload(struct ctl *c)
{
	return upload(c, "/autonomous-system-database");
}

int
run_firewall_systems_forget(struct ctl *c)
{
	return api_delete(c, "/autonomous-system-database");
}
