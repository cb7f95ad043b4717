/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"
#include "confd_rig.h"
#include "ipc/ids.h"
#include "patronus-confd/jsondoc.h"
#include "patronus-confd/problem.h"
#include "patronus-confd/snapshot.h"
#include "patronus-confd/workspace.h"

/*
 * Requests of the management protocol, as an authenticated client may send them, to a whole confd.  An input is requests with a line
 * "%%" between:
 *
 *	PATCH /configuration/firewall/rules/one?full=true
 *	match: *
 *	<empty line>
 *	{"log": true}
 *
 * The other header lines are none-match, type, accept, workspace, remote, csrf, key.  "$W" in a path or body is the newest workspace.  Every
 * request must be answered once, with a status of docs/api.md other than 500 and with JSON that a strict reader takes.
 */

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define REQUESTS	12
#define LIVES		300	/* inputs until everything is made anew */

static const char base_yaml[] =
    "system:\n  hostname: edge1\ninterfaces:\n  wan:\n    match: { name: eth0 }\n  lan:\n    match: { name: eth1 }\n"
    "firewall:\n  zones:\n    wan: { interfaces: [wan] }\n    lan: { interfaces: [lan] }\n"
    "  rules:\n    - id: one\n      from: lan\n      to: wan\n      action: accept\n"
    "users:\n  alice: { role: admin }\n  olga: { role: operator }\n  rudi: { role: read-only }\n";

static struct rig *rig;
static unsigned lives;

static void
quiet(enum log_level level, const char *subsystem, const char *text, void *arg)
{
	(void)level;
	(void)subsystem;
	(void)text;
	(void)arg;
}

static void
end(void)
{
	rig_free(rig, false);
}

static void
begin(void)
{
	log_set_sink(quiet, NULL);
	if (rig == NULL)
		(void)atexit(end);
	else
		end();
	rig = rig_new(NULL);
	rig_connect(rig);
	(void)rig_load(rig, base_yaml, 201);
	lives = LIVES;
}

/* The text with "$W" replaced. */
static char *
expand(const char *text, size_t len, const char *id)
{
	char *out = malloc(len * 8 + 32);
	size_t i, n = 0;

	if (out == NULL)
		abort();
	for (i = 0; i < len; i++) {
		if (text[i] == '$' && i + 1 < len && text[i + 1] == 'W') {
			n += str_copy(out + n, id, 32);
			i++;
		} else
			out[n++] = text[i];
	}
	out[n] = '\0';
	return (out);
}

static uint8_t
method_of(const char *line)
{
	static const char *const names[] = { "", "GET ", "POST ", "PUT ", "PATCH ", "DELETE " };
	uint8_t m;

	for (m = MGMT_GET; m <= MGMT_DELETE; m++)
		if (strncmp(line, names[m], strlen(names[m])) == 0)
			return (m);
	return (MGMT_INVALID);
}

static void
header(struct rig_request *r, char *line)
{
	static const char *const users[] = { "", "alice", "olga", "rudi" };
	char *value = strstr(line, ": ");
	size_t i;

	if (value == NULL || strlen(value + 2) > 120 || !str_is_utf8(value + 2, strlen(value + 2)))
		return;
	*value = '\0';
	value += 2;
	if (strcmp(line, "match") == 0)
		r->match = value;
	else if (strcmp(line, "none-match") == 0)
		r->none_match = value;
	else if (strcmp(line, "type") == 0)
		r->type = value;
	else if (strcmp(line, "accept") == 0)
		r->accept = value;
	else if (strcmp(line, "csrf") == 0 && strlen(value) <= 64)
		r->csrf = value;
	else if (strcmp(line, "key") == 0)
		r->key = value;
	else if (strcmp(line, "workspace") == 0 && strlen(value) <= 64)
		r->workspace = value;
	else if (strcmp(line, "remote") == 0)
		for (i = 0; i < sizeof(users) / sizeof(users[0]); i++)
			if (strcmp(users[i], value) == 0)
				r->remote = users[i];
}

static void
check(const struct rig_answer *a)
{
	static const unsigned known[] = { 200, 201, 202, 204, 400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 423, 428, 429, 502, 503 };
	struct problems *problems = problems_new();
	struct arena *arena = arena_new(0);
	struct node *node;
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]) && known[i] != a->status; i++)
		;
	if (i == sizeof(known) / sizeof(known[0])) {
		(void)fprintf(stderr, "status %u: %s\n", a->status, a->body);
		abort();
	}
	if (a->len > 0 && (a->body[0] == '{' || a->status >= 400) && a->len < (4u << 20) &&
	    jsondoc_read(a->body, a->len, arena, problems, &node) != 0) {
		(void)fprintf(stderr, "status %u, not JSON: %s\n", a->status, a->body);
		abort();
	}
	problems_free(problems);
	arena_free(arena);
}

/* One request; *id becomes the workspace it made. */
static void
one(char *text, size_t len, char id[32])
{
	struct rig_request r = { 0 };
	struct rig_answer a;
	char *line = text, *next, *query, *end = text + len;

	*end = '\0';
	next = strchr(line, '\n');
	if (next != NULL)
		*next++ = '\0';
	if ((r.method = method_of(line)) == MGMT_INVALID || strlen(line) > 2000)
		return;
	r.path = strchr(line, ' ') + 1;
	if ((query = strchr(r.path, '?')) != NULL) {
		*query++ = '\0';
		r.query = query;
	}
	while (next != NULL && *next != '\n' && next < end) {
		line = next;
		if ((next = strchr(line, '\n')) != NULL)
			*next++ = '\0';
		header(&r, line);
	}
	if (next != NULL && next < end) {
		r.body = next + 1;
		r.len = (size_t)(end - r.body);
		if (r.len == 0)
			r.body = NULL;
	}
	/* What the codec refuses never comes this far. */
	if (!str_is_utf8(r.path, strlen(r.path)) || (r.query != NULL && !str_is_utf8(r.query, strlen(r.query))))
		return;
	if (r.workspace == NULL)
		r.workspace = id;
	a = rig_ask(rig, &r);
	check(&a);
	if (a.status == 201 && strncmp(a.location, "/api/v1/workspaces/", 19) == 0)
		(void)str_copy(id, a.location + 19, 32);
	rig_answer_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char id[32] = "", *text, *at, *end;
	struct workspace *w;
	unsigned n;

	if (len > 32768 || memchr(data, 0, len) != NULL)
		return (0);
	if (rig == NULL || lives-- == 0)
		begin();
	for (at = (char *)(uintptr_t)data, n = 0; n < REQUESTS && (size_t)(at - (const char *)data) < len; n++) {
		end = memmem(at, len - (size_t)(at - (const char *)data), "\n%%\n", 4);
		if (end == NULL)
			end = (char *)(uintptr_t)data + len;
		text = expand(at, (size_t)(end - at), id);
		if (str_is_utf8(text, strlen(text)) || strstr(text, "\n\n") != NULL)
			one(text, strlen(text), id);
		free(text);
		at = end + 4;
	}
	while ((w = workspace_get(rig->confd.workspaces, 0)) != NULL && !w->is_busy)
		workspace_free(rig->confd.workspaces, w);
	return (0);
}
