/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration read and edited, one object at a time. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ipc/ids.h"
#include "api.h"
#include "batch.h"
#include "ctl.h"
#include "exit.h"
#include "run.h"
#include "value.h"

#define PATH_MAX_LEN	2048
#define IMPORT_MAX	(16u << 20)
#define VALUE_MAX	(1u << 20)

/* --- reading --- */

int
run_show_configuration(struct ctl *c)
{
	bool full = ctl_option(c, "full") != NULL, candidate = ctl_option(c, "candidate") != NULL;
	char path[PATH_MAX_LEN], workspace[65] = "";
	struct mgmt_req req = { .method = MGMT_GET, .path = path, .query = full ? "full=true" : "", .workspace = workspace };
	struct reply r;
	int code;

	if ((code = api_config_path(c->nargs > 0 ? c->args[0] : "", path, sizeof(path))) != EXIT_OK)
		return code;
	if ((candidate || c->workspace != NULL) && (code = api_workspace(c, false, workspace, sizeof(workspace))) != EXIT_OK)
		return code;
	req.accept = c->format == FORMAT_JSON ? "application/json" : "application/yaml";
	if ((code = api_call(c, &req, &r)) != EXIT_OK)
		return code;
	code = api_print_body(&r);
	reply_fini(&r);
	return code;
}

/* --- editing --- */

/* The ETag of what is at path in the workspace: "" when nothing is. */
static int
get_etag(struct ctl *c, const char *path, const char *workspace, char *ret, size_t size)
{
	struct mgmt_req req = { .method = MGMT_GET, .path = path, .accept = "application/json", .workspace = workspace };
	struct reply r;
	int code;

	ret[0] = '\0';
	if ((code = api_try(c, &req, &r)) != EXIT_OK)
		return code;
	if (r.rep->status >= 400 && r.rep->status != 404)
		code = api_fail(c, &r, NULL);
	else if (r.rep->status < 400)
		(void)snprintf(ret, size, r.rep->etag[0] == '"' ? "%s" : "\"%s\"", r.rep->etag);
	reply_fini(&r);
	return code;
}

/* A member of an entry that is not there yet: the entry is made with it. */
static int
set_below_new(struct ctl *c)
{
	char path[PATH_MAX_LEN], workspace[65];
	struct batch b;
	int code;

	if ((code = api_config_path(c->args[0], path, sizeof(path))) != EXIT_OK ||
	    (code = api_workspace(c, true, workspace, sizeof(workspace))) != EXIT_OK)
		return code;
	if ((code = batch_init(&b, c, NULL, workspace)) == EXIT_OK) {
		batch_set(&b, path + strlen("/configuration"), c->args + 1, c->nargs - 1);
		code = batch_send(c, &b);
	}
	batch_fini(&b);
	return code;
}

/*
 * Send an edit that stands on what was read.  A default can be read, but is not there to be replaced: then the value is made.
 */
static int
send_edit(struct ctl *c, struct mgmt_req *req)
{
	struct reply r;
	int code;

	if ((code = api_try(c, req, &r)) != EXIT_OK)
		return code;
	if (r.rep->status == 404 && req->method == MGMT_PUT && req->if_match != NULL) {
		reply_fini(&r);
		req->if_match = NULL;
		req->if_none_match = "*";
		if ((code = api_try(c, req, &r)) != EXIT_OK)
			return code;
	}
	if (r.rep->status == 404 && req->method == MGMT_PUT &&
	    strcmp(json_text(json_array_get(json_object_get(r.json, "errors"), 0), "code"), "not-found") == 0) {
		reply_fini(&r);
		return set_below_new(c);
	}
	if (r.rep->status >= 400)
		code = api_fail(c, &r, NULL);
	else if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	reply_fini(&r);
	return code;
}

static int
edit(struct ctl *c, struct mgmt_req *req, const char *typed)
{
	char path[PATH_MAX_LEN], workspace[65], etag[160];
	int code;

	if ((code = api_config_path(typed, path, sizeof(path))) != EXIT_OK ||
	    (code = api_workspace(c, true, workspace, sizeof(workspace))) != EXIT_OK ||
	    (code = get_etag(c, path, workspace, etag, sizeof(etag))) != EXIT_OK)
		return code;
	req->path = path;
	req->workspace = workspace;
	if (etag[0] != '\0')
		req->if_match = etag;
	else if (req->method == MGMT_PUT)
		req->if_none_match = "*";
	else {
		fprintf(stderr, "patronusctl: there is nothing at %s\n", typed);
		return EXIT_NOT_FOUND;
	}
	return send_edit(c, req);
}

int
run_set(struct ctl *c)
{
	struct mgmt_req req = { .method = MGMT_PUT, .content_type = "application/yaml" };
	struct buf value;
	int code;

	buf_init(&value, VALUE_MAX);
	value_put(&value, c->args + 1, c->nargs - 1);
	if (buf_failed(&value)) {
		fprintf(stderr, "patronusctl: the value is too long\n");
		return EXIT_USAGE;
	}
	req.body.data = value.data;
	req.body.len = (uint32_t)value.len;
	code = edit(c, &req, c->args[0]);
	buf_fini(&value);
	return code;
}

/* The words of a text as a YAML list: one in a line, what stands behind it and comments do not count. */
static void
put_members(struct buf *b, FILE *f)
{
	char line[512], *end;
	size_t skip;

	buf_putc(b, '[');
	while (fgets(line, sizeof(line), f) != NULL) {
		skip = strspn(line, " \t");
		end = line + skip + strcspn(line + skip, " \t\r\n,#;");
		*end = '\0';
		if (line[skip] == '\0')
			continue;
		buf_puts(b, b->len > 1 ? ", " : "");
		value_put_quoted(b, line + skip);
	}
	buf_putc(b, ']');
}

int
run_firewall_import(struct ctl *c)
{
	struct mgmt_req req = { .method = MGMT_PUT, .content_type = "application/yaml" };
	FILE *f = strcmp(c->args[1], "-") == 0 ? stdin : fopen(c->args[1], "re");
	char path[256];
	struct buf b;
	int code;

	if (f == NULL) {
		fprintf(stderr, "patronusctl: %s: %s\n", c->args[1], strerror(errno));
		return EXIT_FAILED;
	}
	buf_init(&b, IMPORT_MAX);
	put_members(&b, f);
	if (f != stdin)
		(void)fclose(f);
	(void)snprintf(path, sizeof(path), "firewall/groups/%.64s/addresses", c->args[0]);
	req.body.data = b.data;
	req.body.len = (uint32_t)b.len;
	if (buf_failed(&b)) {
		fprintf(stderr, "patronusctl: %s is too long\n", c->args[1]);
		code = EXIT_FAILED;
	} else {
		code = edit(c, &req, path);
	}
	buf_fini(&b);
	return code;
}

int
run_delete(struct ctl *c)
{
	struct mgmt_req req = { .method = MGMT_DELETE };

	return edit(c, &req, c->args[0]);
}

/* Where to: "first", "last", "before ID", "after ID". */
static json_t *
place_of(const struct ctl *c)
{
	const char *word = c->args[1];

	if (c->nargs == 2 && (strcmp(word, "first") == 0 || strcmp(word, "last") == 0))
		return json_pack("{s:s}", "to", word);
	if (c->nargs == 3 && (strcmp(word, "before") == 0 || strcmp(word, "after") == 0))
		return json_pack("{s:s}", word, c->args[2]);
	return NULL;
}

int
run_move(struct ctl *c)
{
	char path[PATH_MAX_LEN], workspace[65], *text;
	struct mgmt_req req = { .method = MGMT_POST, .path = path, .workspace = workspace, .content_type = "application/json" };
	json_t *place = place_of(c);
	struct reply r;
	int code;

	if (place == NULL) {
		fprintf(stderr, "patronusctl: say where to: first, last, before ID or after ID\n");
		return EXIT_USAGE;
	}
	text = json_dumps(place, JSON_COMPACT);
	json_decref(place);
	if (text == NULL)
		return EXIT_FAILED;
	req.body.data = (const uint8_t *)text;
	req.body.len = (uint32_t)strlen(text);
	if ((code = api_config_path(c->args[0], path, sizeof(path) - sizeof("/move"))) == EXIT_OK &&
	    (code = api_workspace(c, true, workspace, sizeof(workspace))) == EXIT_OK) {
		(void)strncat(path, "/move", sizeof(path) - strlen(path) - 1);
		if ((code = api_call(c, &req, &r)) == EXIT_OK)
			reply_fini(&r);
	}
	free(text);
	return code;
}

int
run_discard(struct ctl *c)
{
	char workspace[65], path[128];
	int code;

	if ((code = api_workspace(c, false, workspace, sizeof(workspace))) != EXIT_OK)
		return code;
	if (workspace[0] == '\0') {
		fprintf(stderr, "nothing to discard\n");
		return EXIT_OK;
	}
	(void)snprintf(path, sizeof(path), "/workspaces/%s", workspace);
	return api_delete(c, path);
}
