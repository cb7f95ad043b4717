/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole documents: from a file into a workspace, or only judged. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "ipc/ids.h"
#include "api.h"
#include "ctl.h"
#include "exit.h"
#include "run.h"
#include "setfile.h"

int
ctl_read_file(const char *name, struct buf *ret)
{
	int fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char chunk[65536];
	ssize_t n = -1;

	if (fd != -1) {
		while ((n = read(fd, chunk, sizeof(chunk))) > 0)
			buf_put(ret, chunk, (size_t)n);
		if (fd != STDIN_FILENO)
			(void)close(fd);
	}
	if (n == -1)
		fprintf(stderr, "patronusctl: %s: %s\n", name, strerror(errno));
	else if (buf_failed(ret))
		fprintf(stderr, "%s: it is larger than %zu MiB\n", name, ret->max >> 20);
	else
		return EXIT_OK;
	return n == -1 ? EXIT_FAILED : EXIT_INVALID;
}

/* A document that starts with a brace is JSON; everything else, and JSON as well, is YAML. */
static bool
is_json(const struct buf *b)
{
	size_t i;

	for (i = 0; i < b->len; i++)
		if (strchr(" \t\r\n", b->data[i]) == NULL)
			return b->data[i] == '{';
	return false;
}

/* Each of the next three tells its own failure with the lines of the file. */

static int
make_workspace(struct ctl *c, char *ret, size_t size)
{
	struct reply r;
	int code;

	if ((code = api_post(c, "/workspaces", json_object(), &r)) != EXIT_OK)
		return code;
	(void)snprintf(ret, size, "%s", json_text(r.json, "id"));
	reply_fini(&r);
	return EXIT_OK;
}

static int
put_document(struct ctl *c, const char *workspace, const struct buf *doc, const char *file)
{
	struct mgmt_req req = { .method = MGMT_PUT, .path = "/configuration", .workspace = workspace,
	    .content_type = is_json(doc) ? "application/json" : "application/yaml",
	    .body = { doc->data, (uint32_t)doc->len } };
	struct reply r;
	int code;

	if ((code = api_try(c, &req, &r)) != EXIT_OK)
		return code;
	if (r.rep->status >= 400)
		code = api_fail(c, &r, file);
	reply_fini(&r);
	return code;
}

/* The secrets that the document has no place for, from a file of their own. */
static int
put_secrets(struct ctl *c, const char *workspace, const char *file)
{
	struct mgmt_req req = { .method = MGMT_PATCH, .path = "/secrets", .workspace = workspace };
	struct buf b;
	struct reply r;
	int code;

	if (file == NULL)
		return EXIT_OK;
	buf_init(&b, CTL_FILE_MAX);
	if ((code = ctl_read_file(file, &b)) == EXIT_OK) {
		req.content_type = is_json(&b) ? "application/json" : "application/yaml";
		req.body.data = b.data;
		req.body.len = (uint32_t)b.len;
		if ((code = api_try(c, &req, &r)) == EXIT_OK) {
			if (r.rep->status >= 400)
				code = api_fail(c, &r, file);
			reply_fini(&r);
		}
	}
	if (b.data != NULL)
		explicit_bzero(b.data, b.len);
	buf_fini(&b);
	return code;
}

static int
judge(struct ctl *c, const char *workspace, const char *file, struct reply *ret)
{
	char path[128];
	struct mgmt_req req = { .method = MGMT_POST, .path = path, .content_type = "application/json", .body = { (const uint8_t *)"{}", 2 } };
	int code;

	(void)snprintf(path, sizeof(path), "/workspaces/%s/validate", workspace);
	if ((code = api_try(c, &req, ret)) != EXIT_OK)
		return code;
	if (ret->rep->status < 400)
		return EXIT_OK;
	code = api_fail(c, ret, file);
	reply_fini(ret);
	return code;
}

/* A new workspace with the document of the file, judged; nothing is left of it after a failure. */
static int
take_document(struct ctl *c, const struct buf *doc, const char *file, char *ret_workspace, size_t size, struct reply *ret)
{
	char path[128];
	int code;

	if ((code = make_workspace(c, ret_workspace, size)) != EXIT_OK)
		return code;
	code = put_document(c, ret_workspace, doc, file);
	if (code == EXIT_OK)
		code = put_secrets(c, ret_workspace, ctl_option(c, "secret-file"));
	if (code == EXIT_OK)
		code = judge(c, ret_workspace, file, ret);
	if (code != EXIT_OK) {
		(void)snprintf(path, sizeof(path), "/workspaces/%s", ret_workspace);
		(void)api_delete(c, path);
	}
	return code;
}

static void
print_impact(const json_t *list)
{
	const json_t *i;
	size_t n;

	for (n = 0; n < json_array_size(list); n++) {
		i = json_array_get(list, n);
		printf("  %s: %s: %s\n", json_text(i, "owner"), json_text(i, "impact"), json_text(i, "text"));
	}
}

static const char *
file_name(const struct ctl *c)
{
	return strcmp(c->args[0], "-") == 0 ? "standard input" : c->args[0];
}

static int
judge_file(struct ctl *c, char *ret_workspace, size_t size, struct reply *ret)
{
	struct buf doc;
	int code;

	buf_init(&doc, CTL_FILE_MAX);
	if ((code = ctl_read_file(c->args[0], &doc)) == EXIT_OK)
		code = take_document(c, &doc, file_name(c), ret_workspace, size, ret);
	buf_fini(&doc);
	return code;
}

int
run_validate(struct ctl *c)
{
	char workspace[65], path[128];
	struct reply r;
	int code;

	if (c->nargs == 0) {
		if ((code = api_workspace(c, false, workspace, sizeof(workspace))) != EXIT_OK)
			return code;
		if (workspace[0] == '\0') {
			fprintf(stderr, "patronusctl: there is no workspace; name a file\n");
			return EXIT_NOT_FOUND;
		}
		code = judge(c, workspace, NULL, &r);
	} else
		code = judge_file(c, workspace, sizeof(workspace), &r);
	if (code != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else {
		printf("valid\n");
		print_impact(json_object_get(r.json, "impact"));
		if (json_text(r.json, "plan")[0] != '\0')
			(void)fputs("\n", stdout);
		print_lines(json_text(r.json, "plan"));
	}
	reply_fini(&r);
	if (c->nargs > 0) {
		(void)snprintf(path, sizeof(path), "/workspaces/%s", workspace);
		(void)api_delete(c, path);
	}
	return code;
}

/* The edits that were pending are part of what the whole document replaces. */
static int
replace_workspace(struct ctl *c, const char *old)
{
	char path[128];

	if (old[0] == '\0')
		return EXIT_OK;
	(void)snprintf(path, sizeof(path), "/workspaces/%s", old);
	return api_delete(c, path);
}

/* Set-commands are edits: they come to those that are there. */
static int
load_commands(struct ctl *c, const struct buf *text)
{
	char workspace[65];
	unsigned n = 0;
	int code;

	if ((code = api_workspace(c, true, workspace, sizeof(workspace))) == EXIT_OK &&
	    (code = setfile_load(c, text, file_name(c), workspace, &n)) == EXIT_OK && c->format != FORMAT_JSON)
		printf("%u edit%s of %s %s in workspace %s, nothing is applied yet: patronusctl diff, then patronusctl commit\n", n,
		    n == 1 ? "" : "s", file_name(c), n == 1 ? "is" : "are", workspace);
	return code;
}

/* A document takes the place of what was edited. */
static int
load_document(struct ctl *c, const struct buf *text)
{
	char old[65], workspace[65], path[128];
	struct reply r;
	int code;

	if ((code = api_workspace(c, false, old, sizeof(old))) != EXIT_OK ||
	    (code = take_document(c, text, file_name(c), workspace, sizeof(workspace), &r)) != EXIT_OK)
		return code;
	reply_fini(&r);
	if ((code = replace_workspace(c, old)) != EXIT_OK)
		return code;
	(void)snprintf(path, sizeof(path), "/workspaces/%s", workspace);
	if ((code = api_get(c, path, "", &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else
		printf("%s is loaded into workspace %s, nothing is applied yet: patronusctl diff, then patronusctl commit\n", c->args[0],
		    workspace);
	reply_fini(&r);
	return code;
}

int
run_load(struct ctl *c)
{
	struct buf text;
	int code;

	buf_init(&text, CTL_FILE_MAX);
	if ((code = ctl_read_file(c->args[0], &text)) == EXIT_OK)
		code = setfile_is(&text) ? load_commands(c, &text) : load_document(c, &text);
	buf_fini(&text);
	return code;
}
