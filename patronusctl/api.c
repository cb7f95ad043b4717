/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/ids.h"
#include "api.h"
#include "client.h"
#include "ctl.h"
#include "exit.h"
#include "hosts.h"
#include "prompt.h"

/* --- members --- */

const char *
json_text(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL ? s : "";
}

void
json_words(const json_t *list, char *ret, size_t size)
{
	size_t i, at = 0;

	ret[0] = '\0';
	for (i = 0; i < json_array_size(list) && at < size; i++)
		at += (size_t)snprintf(ret + at, size - at, "%s%s", i > 0 ? " " : "", json_string_value(json_array_get(list, i)));
}

json_int_t
json_number(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);

	/* RFC 7951: numbers of 64 bits are strings. */
	if (json_is_string(v))
		return strtoll(json_string_value(v), NULL, 10);
	return json_integer_value(v);
}

bool
json_flag(const json_t *o, const char *name)
{
	return json_is_true(json_object_get(o, name));
}

/* --- requests --- */

struct client *
api_client(struct ctl *c)
{
	struct host host;
	char why[512];

	if (c->client == NULL) {
		if (c->nhosts == 0)
			c->client = client_open(c->socket, c->timeout_ms, why, sizeof(why));
		else if (host_find(c->hosts[0], &host) == 0)
			c->client = client_open_remote(&host, c->timeout_ms, why, sizeof(why));
		else
			return NULL;	/* it has been told */
		if (c->client == NULL)
			fprintf(stderr, "patronusctl: %s\n", why);
	}
	return c->client;
}

int
api_try(struct ctl *c, const struct mgmt_req *req, struct reply *ret)
{
	int error;

	memset(ret, 0, sizeof(*ret));
	if (api_client(c) == NULL)
		return EXIT_UNREACHABLE;
	error = client_call(c->client, req, &ret->message);
	if (error != 0) {
		if (client_why(c->client)[0] != '\0')
			fprintf(stderr, "patronusctl: %s\n", client_why(c->client));
		else
			fprintf(stderr, "patronusctl: %s: %s\n", c->socket, error == -ETIMEDOUT ? "no answer in time (--timeout)" :
		    error == -EPIPE ? "the connection was closed; Patronus may be restarting, or this user has no rights here" :
		    strerror(-error));
		return EXIT_UNREACHABLE;
	}
	ret->rep = ret->message.body;
	if (ret->rep->body.len > 0 && strstr(ret->rep->content_type, "json") != NULL)
		ret->json = json_loadb((const char *)ret->rep->body.data, ret->rep->body.len, JSON_DECODE_ANY, NULL);
	return EXIT_OK;
}

/* A code of the second factor, asked for on the terminal; the answer that needs it is then asked for again. */
static bool
step_up(struct ctl *c)
{
	struct mgmt_req req = { .method = MGMT_POST, .path = "/session/step-up", .content_type = "application/json" };
	char code[40], body[64];
	struct reply r;
	bool done;

	if (!isatty(STDIN_FILENO) || !prompt_hidden("Code of your second factor: ", code, sizeof(code)))
		return false;
	/* A code has digits, letters and hyphens; anything else is none. */
	if (strspn(code, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ- ") != strlen(code))
		return false;
	req.body.data = (const uint8_t *)body;
	req.body.len = (uint32_t)snprintf(body, sizeof(body), "{\"otp\":\"%s\"}", code);
	if (api_try(c, &req, &r) != EXIT_OK)
		return false;
	done = r.rep->status < 400;
	if (!done)
		(void)api_fail(c, &r, NULL);
	reply_fini(&r);
	return done;
}

static bool
needs_step_up(const struct reply *r)
{
	return r->rep->status == 403 && strcmp(json_text(r->json, "type"), "urn:patronus:problem:step-up-required") == 0;
}

int
api_call(struct ctl *c, const struct mgmt_req *req, struct reply *ret)
{
	int code = api_try(c, req, ret);

	if (code == EXIT_OK && needs_step_up(ret) && step_up(c)) {
		reply_fini(ret);
		code = api_try(c, req, ret);
	}
	if (code != EXIT_OK || ret->rep->status < 400)
		return code;
	code = api_fail(c, ret, NULL);
	reply_fini(ret);
	return code;
}

void
reply_fini(struct reply *r)
{
	json_decref(r->json);
	if (r->message.arena != NULL)
		message_fini(&r->message);
	memset(r, 0, sizeof(*r));
}

int
api_get(struct ctl *c, const char *path, const char *query, struct reply *ret)
{
	struct mgmt_req req = { .method = MGMT_GET, .path = path, .query = query, .accept = "application/json" };

	return api_call(c, &req, ret);
}

int
api_get_chosen(struct ctl *c, const char *path, const char *query, struct reply *ret)
{
	char workspace[65] = "";
	struct mgmt_req req = { .method = MGMT_GET, .path = path, .query = query, .accept = "application/json", .workspace = workspace };
	int code;

	if (ctl_option(c, "candidate") != NULL && (code = api_workspace(c, false, workspace, sizeof(workspace))) != EXIT_OK)
		return code;
	return api_call(c, &req, ret);
}

int
api_get_quietly(struct ctl *c, const char *path, struct reply *ret)
{
	struct mgmt_req req = { .method = MGMT_GET, .path = path, .accept = "application/json" };
	int code = api_try(c, &req, ret);

	if (code != EXIT_OK || ret->rep->status < 400)
		return code;
	code = api_exit_code(ret->rep->status);
	reply_fini(ret);
	return code;
}

int
api_post(struct ctl *c, const char *path, json_t *body, struct reply *ret)
{
	struct mgmt_req req = { .method = MGMT_POST, .path = path, .content_type = "application/json" };
	char *text = json_dumps(body, JSON_COMPACT);
	int code;

	json_decref(body);
	if (text == NULL)
		return EXIT_FAILED;
	req.body.data = (const uint8_t *)text;
	req.body.len = (uint32_t)strlen(text);
	code = api_call(c, &req, ret);
	free(text);
	return code;
}

int
api_send_secret(struct ctl *c, struct mgmt_req *req, json_t *o, struct reply *ret)
{
	char *body = o != NULL ? json_dumps(o, JSON_COMPACT) : NULL;
	int code;

	json_decref(o);
	if (body == NULL) {
		fprintf(stderr, "patronusctl: that is not UTF-8\n");
		return EXIT_USAGE;
	}
	req->content_type = "application/json";
	req->body.data = (const uint8_t *)body;
	req->body.len = (uint32_t)strlen(body);
	code = api_call(c, req, ret);
	explicit_bzero(body, strlen(body));
	free(body);
	return code;
}

int
api_delete(struct ctl *c, const char *path)
{
	struct mgmt_req req = { .method = MGMT_DELETE, .path = path };
	struct reply r;
	int code = api_call(c, &req, &r);

	if (code == EXIT_OK)
		reply_fini(&r);
	return code;
}

/* --- failures --- */

int
api_exit_code(unsigned status)
{
	static const struct {
		unsigned	status;
		enum exit_code	code;
	} codes[] = {
		{ 400, EXIT_INVALID }, { 401, EXIT_DENIED }, { 403, EXIT_DENIED }, { 404, EXIT_NOT_FOUND }, { 405, EXIT_USAGE },
		{ 409, EXIT_CONFLICT }, { 412, EXIT_CONFLICT }, { 413, EXIT_INVALID }, { 415, EXIT_USAGE },
		{ 422, EXIT_INVALID }, { 423, EXIT_CONFLICT }, { 428, EXIT_CONFLICT }, { 429, EXIT_DENIED }, { 502, EXIT_ROLLED_BACK },
		{ 503, EXIT_UNREACHABLE },
	};
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].status == status)
			return codes[i].code;
	return status < 400 ? EXIT_OK : EXIT_FAILED;
}

void
api_print_error(const json_t *e)
{
	const char *path = json_text(e, "path"), *remedy = json_text(e, "remedy");

	fprintf(stderr, "%s%s%s%s%s\n", path, path[0] != '\0' ? ": " : "", json_text(e, "text"), remedy[0] != '\0' ? "; " : "",
	    remedy);
}

/* "lab.yaml:41: firewall.rules[web-in].to: there is no zone "dmx"; did you mean "dmz"?" */
static void
print_error(const json_t *e, const char *file)
{
	json_int_t line = json_number(e, "line");

	if (file != NULL && line > 0)
		fprintf(stderr, "%s:%lld: ", file, (long long)line);
	else if (file != NULL)
		fprintf(stderr, "%s: ", file);
	api_print_error(e);
}

int
api_fail(const struct ctl *c, const struct reply *r, const char *file)
{
	const json_t *errors = json_object_get(r->json, "errors"), *conflicts = json_object_get(r->json, "conflicts");
	const char *detail = json_text(r->json, "detail");
	size_t i;

	if (c->format == FORMAT_JSON) {
		(void)api_print_body(r);
		return api_exit_code(r->rep->status);
	}
	for (i = 0; i < json_array_size(errors); i++)
		print_error(json_array_get(errors, i), file);
	fprintf(stderr, "%s%s\n", json_array_size(errors) > 0 ? "" : "patronusctl: ",
	    detail[0] != '\0' ? detail : json_text(r->json, "title"));
	for (i = 0; i < json_array_size(conflicts); i++)
		fprintf(stderr, "  changed by both: %s\n", json_text(json_array_get(conflicts, i), "path"));
	return api_exit_code(r->rep->status);
}

int
api_print_body(const struct reply *r)
{
	const char *data = (const char *)r->rep->body.data;
	size_t len = r->rep->body.len;

	if (len > 0 && fwrite(data, 1, len, stdout) != len)
		return EXIT_FAILED;
	/* On a terminal the prompt shall not follow the last byte. */
	if (len > 0 && data[len - 1] != '\n' && isatty(STDOUT_FILENO))
		putchar('\n');
	return EXIT_OK;
}

/* --- workspaces --- */

static const json_t *
newest_of(const json_t *list, const char *user)
{
	const json_t *w, *best = NULL;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		w = json_array_get(list, i);
		if (strcmp(json_text(w, "owner"), user) == 0 &&
		    (best == NULL || strcmp(json_text(w, "created-at"), json_text(best, "created-at")) >= 0))
			best = w;
	}
	return best;
}

int
api_workspace(struct ctl *c, bool make, char *ret, size_t size)
{
	char user[65];
	struct reply r;
	int code;

	ret[0] = '\0';
	if (c->workspace != NULL) {
		(void)snprintf(ret, size, "%s", c->workspace);
		return EXIT_OK;
	}
	if ((code = api_get(c, "/session", "", &r)) != EXIT_OK)
		return code;
	(void)snprintf(user, sizeof(user), "%s", json_text(r.json, "user"));
	reply_fini(&r);
	if ((code = api_get(c, "/workspaces", "", &r)) != EXIT_OK)
		return code;
	(void)snprintf(ret, size, "%s", json_text(newest_of(json_object_get(r.json, "workspaces"), user), "id"));
	reply_fini(&r);
	if (ret[0] != '\0' || !make)
		return EXIT_OK;
	if ((code = api_post(c, "/workspaces", json_object(), &r)) != EXIT_OK)
		return code;
	(void)snprintf(ret, size, "%s", json_text(r.json, "id"));
	reply_fini(&r);
	return EXIT_OK;
}

/* --- paths --- */

void
api_query_add(char *query, const char *name, const char *value)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/";
	size_t at = strlen(query);

	if (value == NULL || strlen(value) > (API_QUERY_MAX - 64 - at) / 3)
		return;
	at += (size_t)snprintf(query + at, API_QUERY_MAX - at, "%s%s=", at > 0 ? "&" : "", name);
	for (; *value != '\0'; value++)
		at += (size_t)snprintf(query + at, API_QUERY_MAX - at, strchr(plain, *value) != NULL ? "%c" : "%%%02X", (unsigned char)*value);
}

int
api_config_path(const char *typed, char *ret, size_t size)
{
	bool has_slash = strchr(typed, '/') != NULL;
	size_t n = (size_t)snprintf(ret, size, "/configuration");
	const char *p;

	for (p = typed; *p == '/'; p++)
		;
	if (*p != '\0' && n + 1 < size)
		ret[n++] = '/';
	for (; *p != '\0' && n + 1 < size; p++) {
		/* As errors write it: dots between, keys in brackets. */
		if (!has_slash && *p == ']')
			continue;
		ret[n++] = !has_slash && (*p == '.' || *p == '[') ? '/' : *p;
	}
	while (n > 1 && ret[n - 1] == '/')
		n--;
	ret[n] = '\0';
	if (*p == '\0')
		return EXIT_OK;
	fprintf(stderr, "patronusctl: the path is too long\n");
	return EXIT_USAGE;
}

const char *
origin_text(const json_t *o, const char *member, char *buf, size_t size)
{
	char country[64], as[64], number[24] = "";
	const char *code = "";

	(void)snprintf(country, sizeof(country), "%s-country", member);
	(void)snprintf(as, sizeof(as), "%s-autonomous-system", member);
	if (json_object_get(o, country) != NULL)
		code = json_text(o, country);
	if (json_object_get(o, as) != NULL)
		(void)snprintf(number, sizeof(number), "AS%lld", (long long)json_number(o, as));
	buf[0] = '\0';
	if (code[0] != '\0' || number[0] != '\0')
		(void)snprintf(buf, size, " (%s%s%s)", code, code[0] != '\0' && number[0] != '\0' ? ", " : "", number);
	return buf;
}
