/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration read and edited, one object at a time. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ipc/ids.h"
#include "api.h"
#include "ctl.h"
#include "exit.h"
#include "run.h"

#define PATH_MAX_LEN	2048
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

/* --- values --- */

/* A plain scalar that YAML reads as it is written. */
static bool
is_plain(const char *s)
{
	const char *p;

	if (s[0] == '\0' || strchr("-?:,[]{}#&*!|>'\"%@`~", s[0]) != NULL)
		return false;
	for (p = s; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("._:/@%+-", *p) == NULL)
			return false;
	return p[-1] != ':';
}

static void
put_quoted(struct buf *b, const char *s)
{
	buf_putc(b, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			buf_putc(b, '\\');
		if (*s == '\n')
			buf_puts(b, "\\n");
		else if (*s == '\t')
			buf_puts(b, "\\t");
		else
			buf_putc(b, *s);
	}
	buf_putc(b, '"');
}

static void
put_scalar(struct buf *b, const char *s)
{
	if (is_plain(s))
		buf_puts(b, s);
	else
		put_quoted(b, s);
}

/*
 * One word is a value, several are a list.  What starts with [ or { is YAML (and JSON) already.  The schema says of what type a
 * value is, so none of them needs quotes of its own.
 */
static void
put_value(struct buf *b, const char *const *words, int n)
{
	int i;

	if (n == 1 && (words[0][0] == '[' || words[0][0] == '{')) {
		buf_puts(b, words[0]);
		return;
	}
	if (n == 1) {
		put_scalar(b, words[0]);
		return;
	}
	buf_putc(b, '[');
	for (i = 0; i < n; i++) {
		buf_puts(b, i > 0 ? ", " : "");
		put_scalar(b, words[i]);
	}
	buf_putc(b, ']');
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
	put_value(&value, c->args + 1, c->nargs - 1);
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
