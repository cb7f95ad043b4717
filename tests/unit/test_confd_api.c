/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "conf/generated.h"
#include "confd_calls.h"
#include "ipc/channel.h"
#include "ipc/ids.h"
#include "patronus-confd/mgmt.h"
#include "patronus-confd/route.h"
#include "patronus-confd/snapshot.h"
#include "patronus-confd/workspace.h"

/* --- reading and editing --- */

static void
test_reading(void **state)
{
	const struct rig_answer *a;
	char etag[64];

	(void)state;
	a = rig_expect(rig, 200, GET("/configuration/firewall/rules/one"));
	assert_string_equal(rig_member(a->body, "action"), "accept");
	assert_int_equal(a->etag[0], '"');
	(void)str_copy(etag, a->etag, sizeof(etag));
	assert_string_equal(rig_expect(rig, 200, GET("/configuration/firewall/rules/one"))->etag, etag);
	assert_string_not_equal(rig_expect(rig, 200, GET("/configuration/firewall/rules/two"))->etag, etag);
	a = rig_expect(rig, 200, GET("/configuration", .accept = "application/yaml"));
	assert_non_null(strstr(a->body, "hostname: edge1\n"));
	assert_null(strstr(rig_expect(rig, 200, GET("/configuration/management"))->body, "8443"));
	assert_non_null(strstr(rig_expect(rig, 200, GET("/configuration/management", .query = "full=true"))->body, "8443"));
	(void)rig_expect(rig, 404, GET("/configuration/firewall/rules/none"));
	(void)rig_expect(rig, 404, GET("/configuration/nonsense"));
	(void)rig_expect(rig, 404, GET("/nonsense"));
	(void)rig_expect(rig, 404, GET("/configuration/../configuration"));
	a = rig_expect(rig, 405, DELETE("/commits"));
	assert_string_equal(a->allow, "POST, OPTIONS");
}

static void
test_methods_of_a_path(void **state)
{
	static const struct {
		const char	*path;
		const char	*allow;
	} paths[] = {
		{ "/configuration", "GET, HEAD, PUT, PATCH, OPTIONS" },
		{ "/configuration/system", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS" },
		{ "/configuration/system/hostname", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS" },
		{ "/configuration/firewall/rules", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" },
		{ "/configuration/firewall/rules/one", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS" },
		{ "/configuration/firewall/rules/one/to", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS" },
		{ "/configuration/firewall/rules/one/move", "POST, OPTIONS" },
		{ "/workspaces", "GET, HEAD, POST, OPTIONS" },
		{ "/users/x/password", "PUT, OPTIONS" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_string_equal(rig_expect(rig, 204, &(struct rig_request){ .method = MGMT_OPTIONS, .path = paths[i].path })->allow,
		    paths[i].allow);
	(void)rig_expect(rig, 404, &(struct rig_request){ .method = MGMT_OPTIONS, .path = "/configuration/nonsense" });
	(void)rig_expect(rig, 404, &(struct rig_request){ .method = MGMT_OPTIONS, .path = "/configuration/system/move" });
	(void)rig_expect(rig, 404, &(struct rig_request){ .method = MGMT_OPTIONS, .path = "/nonsense" });
	assert_string_equal(rig_expect(rig, 405, POST("/configuration/system", "{}", .workspace = new_workspace(NULL)))->allow,
	    "GET, HEAD, PUT, PATCH, DELETE, OPTIONS");
}

/* Who asks for something that is not done must hear of it. */
static void
test_unknown_parameters_are_refused(void **state)
{
	static const char *const queries[] = { "fulll=true", "full=true&x=1", "full=true&full=true", "full=1", "=", "full", "full=%zz",
	    "filter[x", "full[]=true", "a&b&c" };
	size_t i;

	(void)state;
	(void)rig_expect(rig, 200, GET("/configuration", .query = "full=true"));
	(void)rig_expect(rig, 200, GET("/configuration", .query = "full=%74rue"));
	for (i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
		(void)rig_expect(rig, 400, GET("/configuration", .query = queries[i]));
	(void)rig_expect(rig, 400, GET("/status", .query = "full=true"));
	(void)rig_expect(rig, 400, POST("/workspaces", "{}", .query = "x=1"));
	(void)rig_expect(rig, 400, GET("/revisions", .query = "limit=501"));
}

static void
set_rate(const char *policy, const char *value)
{
	const char *id = new_workspace(NULL);
	char path[96];

	(void)snprintf(path, sizeof(path), "/configuration/management/web/rate-limit/%s", policy);
	(void)rig_expect(rig, 201, PUT(path, value, .workspace = id, .none_match = "*"));
	(void)commit(id, NULL, 201);
}

static void
test_requests_are_counted(void **state)
{
	const struct rig_answer *a;
	unsigned i;

	(void)state;
	a = rig_expect(rig, 200, GET("/session", .remote = "alice"));
	assert_string_equal(a->rate_policy, "\"requests\";q=60000;w=60");
	assert_string_equal(a->rate, "\"requests\";r=59999;t=1");
	set_rate("requests", "5");
	for (i = 0; i < 5; i++)
		(void)rig_expect(rig, 200, GET("/session", .remote = "olga"));
	a = rig_expect(rig, 429, GET("/session", .remote = "olga"));
	assert_string_equal(a->rate, "\"requests\";r=0;t=60");
	assert_int_equal(a->retry_after_s, 12);
	/* The others have their own, and the local socket has none. */
	(void)rig_expect(rig, 200, GET("/session", .remote = "alice"));
	for (i = 0; i < 10; i++)
		(void)rig_expect(rig, 200, GET("/status"));
	set_rate("sign-ins", "3");
	for (i = 0; i < 3; i++)
		(void)rig_expect(rig, 200, GET("/claim", .remote = ""));
	a = rig_expect(rig, 429, GET("/claim", .remote = ""));
	assert_non_null(strstr(a->body, "urn:patronus:problem:rate"));
	assert_int_equal(a->retry_after_s, 20);
}

static void
test_editing_needs_what_it_stands_on(void **state)
{
	const char *id = new_workspace(NULL);
	const struct rig_answer *a;
	char etag[64];

	(void)state;
	(void)rig_expect(rig, 428, PATCH("/configuration/firewall/rules/one", "{}"));	/* no workspace */
	(void)rig_expect(rig, 428, PATCH("/configuration/firewall/rules/one", "{\"log\":true}", .workspace = id));
	(void)rig_expect(rig, 412, PATCH("/configuration/firewall/rules/one", "{\"log\":true}", .workspace = id, .match = "\"other\""));
	(void)str_copy(etag, rig_expect(rig, 200, GET("/configuration/firewall/rules/one", .workspace = id))->etag, sizeof(etag));
	a = rig_expect(rig, 200, PATCH("/configuration/firewall/rules/one", "{\"log\":true}", .workspace = id, .match = etag));
	assert_string_equal(rig_member(a->body, "log"), "true");
	assert_string_not_equal(a->etag, etag);
	a = rig_expect(rig, 412, PATCH("/configuration/firewall/rules/one", "{\"log\":false}", .workspace = id, .match = etag));
	assert_non_null(strstr(a->body, "\"current\":{"));
	/* The running configuration has not moved, and the neighbour's ETag neither. */
	assert_string_equal(rig_expect(rig, 200, GET("/configuration/firewall/rules/one"))->etag, etag);
	(void)rig_expect(rig, 412, PUT("/configuration/firewall/rules/one", "{\"from\":[\"lan\"],\"to\":[\"wan\"],\"action\":\"drop\"}",
	    .workspace = id, .none_match = "*"));
	a = rig_expect(rig, 201, PUT("/configuration/firewall/rules/three", "{\"from\":[\"lan\"],\"to\":[\"wan\"],\"action\":\"drop\"}",
	    .workspace = id, .none_match = "*"));
	assert_string_equal(a->location, "/api/v1/configuration/firewall/rules/three");
	(void)rig_expect(rig, 204, DELETE("/configuration/firewall/rules/three", .workspace = id, .match = a->etag));
	(void)rig_expect(rig, 404, GET("/configuration/firewall/rules/three", .workspace = id));
	(void)rig_expect(rig, 404, PATCH("/configuration/firewall/rules/one", "{}", .workspace = "0123456789abcdef", .match = "*"));
}

static void
test_errors_of_edits(void **state)
{
	const char *id = new_workspace(NULL);
	const struct rig_answer *a;

	(void)state;
	a = rig_expect(rig, 422, PATCH("/configuration/firewall/rules/one", "{\"action\":\"maybe\"}", .workspace = id, .match = "*"));
	assert_non_null(strstr(a->body, "\"pointer\":\"/firewall/rules/one/action\""));
	assert_non_null(strstr(a->body, "urn:patronus:problem:validation"));
	a = rig_expect(rig, 400, PATCH("/configuration/firewall/rules/one", "{\"action\":", .workspace = id, .match = "*"));
	assert_non_null(strstr(a->body, "urn:patronus:problem:syntax"));
	(void)rig_expect(rig, 415, PATCH("/configuration/firewall/rules/one", "x", .type = "text/plain", .workspace = id, .match = "*"));
	(void)rig_expect(rig, 404, PATCH("/configuration/firewall/nonsense", "{}", .workspace = id, .match = "*"));
	(void)rig_expect(rig, 405, DELETE("/configuration", .workspace = id));
	/* A reference is judged later, by validate and by commit, and the whole is refused. */
	(void)rig_expect(rig, 200, PATCH("/configuration/firewall/rules/one", "{\"to\":[\"dmx\"]}", .workspace = id, .match = "*"));
	a = rig_expect(rig, 422, POST("/commits", "{\"workspace\":\"x\",\"more\":1}"));
	assert_non_null(strstr(a->body, "unknown-member"));
	a = commit(id, NULL, 422);
	assert_non_null(strstr(a->body, "dmx"));
	assert_int_equal(rig->confd.running->number, 1);
}

/* A file with wrong types and dangling references: one answer says all of it, with the lines. */
static void
test_a_file_is_judged_in_one_go(void **state)
{
	const char *id = new_workspace(NULL);
	const struct rig_answer *a;

	(void)state;
	a = rig_expect(rig, 422, PUT("/configuration", "firewall:\n  zones:\n    lan: {}\n  rules:\n    - id: a\n      from: lan\n      to: dmx\n"
	    "      action: accept\ninterfaces:\n  lan:\n    match: { name: eth1 }\n    addresses: [192.0.2.1/33]\n", .type = "application/yaml",
	    .workspace = id));
	assert_non_null(strstr(a->body, "dmx"));
	assert_non_null(strstr(a->body, "192.0.2.1/33"));
	assert_non_null(strstr(a->body, "\"line\":7"));
	assert_non_null(strstr(a->body, "\"line\":12"));
}

static void
test_lists_append_and_move(void **state)
{
	const char *id = new_workspace(NULL);
	const struct rig_answer *a;
	const char *one, *two;

	(void)state;
	a = rig_expect(rig, 201, POST("/configuration/firewall/rules", "{\"from\":[\"lan\"],\"to\":[\"wan\"],\"action\":\"drop\"}",
	    .workspace = id));
	assert_true(strncmp(a->location, "/api/v1/configuration/firewall/rules/", 37) == 0 && a->location[37] != '\0');
	assert_string_equal(rig_member(a->body, "id"), a->location + 37);
	(void)rig_expect(rig, 200, POST("/configuration/firewall/rules/two/move", "{\"before\":\"one\"}", .workspace = id));
	a = rig_expect(rig, 200, GET("/configuration/firewall/rules", .workspace = id));
	one = strstr(a->body, "\"id\":\"one\"");
	two = strstr(a->body, "\"id\":\"two\"");
	assert_true(one != NULL && two != NULL && two < one);
	(void)rig_expect(rig, 422, POST("/configuration/firewall/rules/two/move", "{\"to\":\"somewhere\"}", .workspace = id));
	(void)rig_expect(rig, 422, POST("/configuration/firewall/rules/two/move", "{\"to\":\"first\",\"before\":\"one\"}", .workspace = id));
	a = rig_expect(rig, 200, &(struct rig_request){ .method = MGMT_GET, .path = "/workspaces" });
	assert_non_null(strstr(a->body, "\"changes\":2"));
}

static void
test_diff_and_validate(void **state)
{
	const char *id = new_workspace(NULL);
	const struct rig_answer *a;
	char path[64];

	(void)state;
	(void)rig_expect(rig, 200, PATCH("/configuration/firewall/rules/one", "{\"action\":\"reject\"}", .workspace = id, .match = "*"));
	(void)snprintf(path, sizeof(path), "/workspaces/%s/diff", id);
	a = rig_expect(rig, 200, GET(path));
	assert_non_null(strstr(a->body, "\"op\":\"replace\",\"path\":\"/firewall/rules/one/action\",\"old\":\"accept\",\"new\":\"reject\""));
	(void)snprintf(path, sizeof(path), "/workspaces/%s/validate", id);
	a = rig_expect(rig, 200, POST(path, NULL));
	assert_string_equal(rig_member(a->body, "valid"), "true");
	assert_non_null(strstr(a->body, "\"impact\":[{\"owner\":\"fwd\",\"impact\":\"hot\""));
	assert_int_equal(rig->fwd.dry_runs, 1);
	assert_int_equal(rig->netd.dry_runs, 0);
	assert_int_equal(rig->fwd.applied, 1);
	rig->fwd.refuse_prepare = 2;
	a = rig_expect(rig, 422, POST(path, NULL));
	assert_non_null(strstr(a->body, "the player refuses"));
	rig->fwd.refuse_prepare = 0;
	(void)snprintf(path, sizeof(path), "/workspaces/%s", id);
	(void)rig_expect(rig, 204, DELETE(path));
	(void)rig_expect(rig, 404, GET(path));
}

/* The tree a new workspace starts with was not copied but made of the old one: it must not differ from what runs in anything. */
static void
test_workspaces_start_from_what_runs(void **state)
{
	static const struct {
		uint8_t		 method;
		const char	*path, *body;
	} edits[] = {
		{ MGMT_PATCH, "/configuration/firewall/rules/one", "{\"log\":true,\"description\":\"x\"}" },
		{ MGMT_POST, "/configuration/firewall/rules", "{\"from\":[\"lan\"],\"to\":[\"wan\"],\"action\":\"drop\"}" },
		{ MGMT_POST, "/configuration/firewall/rules/two/move", "{\"before\":\"one\"}" },
		{ MGMT_POST, "/configuration/firewall/rules", "{\"id\":\"four\",\"from\":[\"wan\"],\"to\":[\"lan\"],\"action\":\"drop\"}" },
		{ MGMT_PUT, "/configuration/interfaces/lan", "{\"match\":{\"name\":\"eth7\"},\"addresses\":[\"192.0.2.1/25\"]}" },
		{ MGMT_PATCH, "/configuration/firewall/rules/one", "{\"log\":null,\"to\":[\"local\",\"wan\"]}" },
		{ MGMT_DELETE, "/configuration/firewall/rules/four", NULL },
		{ MGMT_PUT, "/configuration/system/hostname", "\"other\"" },
		{ MGMT_PATCH, "/configuration/firewall", "{\"zones\":{\"dmz\":{}}}" },
		{ MGMT_PATCH, "/configuration/users/rudi", "{\"role\":\"auditor\"}" },
	};
	const struct rig_answer *a;
	const char *id;
	char path[64], body[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		id = new_workspace(NULL);
		rig_answer_free(&(struct rig_answer){ .body = rig_ask(rig, &(struct rig_request){ .method = edits[i].method, .path = edits[i].path,
		    .body = edits[i].body, .workspace = id, .match = edits[i].method == MGMT_POST ? NULL : "*" }).body });
		(void)commit(id, NULL, 201);
		id = new_workspace(NULL);
		(void)snprintf(body, sizeof(body), "{\"description\":\"round %zu\"}", i);
		(void)rig_expect(rig, 200, PATCH("/configuration/firewall/rules/two", body, .workspace = id, .match = "*"));
		(void)snprintf(path, sizeof(path), "/workspaces/%s/diff", id);
		a = rig_expect(rig, 200, GET(path));
		if (strstr(a->body, "\"changes\":[{\"op\":\"") == NULL || strstr(strstr(a->body, "\"op\":") + 1, "\"op\":") != NULL)
			fail_msg("after edit %zu: %s", i, a->body);
		assert_non_null(strstr(a->body, "\"path\":\"/firewall/rules/two/description\""));
		/* Committed from there, so that the next round stands on a tree with this history. */
		if (i % 3 == 0)
			(void)commit(id, NULL, 201);
	}
}

static void
test_nothing_to_commit(void **state)
{
	const char *id = new_workspace(NULL);

	(void)state;
	(void)rig_expect(rig, 204, PUT("/configuration", base_yaml, .type = "application/yaml", .workspace = id));
	assert_string_equal(rig_member(commit(id, NULL, 200)->body, "revision"), "1");
	assert_int_equal(rig->confd.running->number, 1);
}

/* --- history --- */

static void
test_history_and_restore(void **state)
{
	const char *id = new_workspace(NULL);
	const struct rig_answer *a;

	(void)state;
	(void)rig_expect(rig, 200, PUT("/configuration/system/hostname", "\"edge2\"", .workspace = id, .match = "*"));
	(void)commit(id, NULL, 201);
	a = rig_expect(rig, 200, GET("/revisions", .query = "limit=1"));
	assert_string_equal(rig_member(a->body, "number"), "2");
	assert_string_equal(rig_member(a->body, "next"), "2");
	a = rig_expect(rig, 200, GET("/revisions", .query = "limit=1&cursor=2"));
	assert_string_equal(rig_member(a->body, "number"), "1");
	(void)rig_expect(rig, 400, GET("/revisions", .query = "limit=none"));
	(void)rig_expect(rig, 400, GET("/revisions", .query = "limit=501"));
	a = rig_expect(rig, 200, GET("/revisions/1/diff/2"));
	assert_non_null(strstr(a->body, "\"path\":\"/system/hostname\",\"old\":\"edge1\",\"new\":\"edge2\""));
	assert_non_null(strstr(rig_expect(rig, 200, GET("/revisions/1/configuration"))->body, "edge1"));
	(void)rig_expect(rig, 404, GET("/revisions/3"));
	a = rig_expect(rig, 201, POST("/revisions/1/restore", NULL));
	assert_string_equal(rig_member(a->body, "changes"), "1");
	assert_string_equal(rig_expect(rig, 200, GET("/configuration/system/hostname"))->body, "\"edge2\"");
	a = rig_expect(rig, 201, POST("/revisions/1/restore", NULL));
	(void)commit(rig_member(a->body, "id"), NULL, 201);
	assert_string_equal(rig_expect(rig, 200, GET("/configuration/system/hostname"))->body, "\"edge1\"");
	assert_int_equal(rig->confd.running->number, 3);
}

static void
test_restore_of_sections(void **state)
{
	const char *id = new_workspace(NULL);
	char restored[32];
	const struct rig_answer *a;

	(void)state;
	(void)rig_expect(rig, 200, PUT("/configuration/system/hostname", "\"now\"", .workspace = id, .match = "*"));
	(void)rig_expect(rig, 204, DELETE("/configuration/firewall/rules/two", .workspace = id, .match = "*"));
	(void)rig_expect(rig, 201, PUT("/configuration/routing/static/s", "{\"name\":\"s\",\"destination\":\"198.51.100.0/24\",\"via\":\"192.0.2.9\"}",
	    .workspace = id, .none_match = "*"));
	(void)commit(id, NULL, 201);
	a = rig_expect(rig, 201, POST("/revisions/1/restore", "{\"sections\":[\"firewall\",\"routing\"]}"));
	(void)str_copy(restored, rig_member(a->body, "id"), sizeof(restored));
	assert_non_null(strstr(rig_expect(rig, 200, GET("/configuration/firewall/rules", .workspace = restored))->body, "\"two\""));
	assert_string_equal(rig_expect(rig, 200, GET("/configuration/routing/static", .workspace = restored))->body, "[]");
	assert_string_equal(rig_expect(rig, 200, GET("/configuration/system/hostname", .workspace = restored))->body, "\"now\"");
	assert_int_equal(rig->confd.running->number, 2);	/* nothing is applied */
	(void)commit(restored, NULL, 201);
	a = rig_expect(rig, 422, POST("/revisions/1/restore", "{\"sections\":[\"firewall\",\"x\",7]}"));
	assert_non_null(strstr(a->body, "/sections/1"));
	assert_non_null(strstr(a->body, "/sections/2"));
	(void)rig_expect(rig, 403, POST("/revisions/1/restore", "{\"sections\":[\"users\"]}", .remote = "olga"));
	(void)rig_expect(rig, 201, POST("/revisions/1/restore", "{\"sections\":[\"system\"]}", .remote = "olga"));
}

static void
test_history_is_verified(void **state)
{
	const struct rig_answer *a;
	char expect[128];

	(void)state;
	a = rig_expect(rig, 200, GET("/revisions/1"));
	(void)snprintf(expect, sizeof(expect), "expect=1:%s", rig_member(a->body, "chain"));
	assert_non_null(strstr(rig->audit, rig_member(a->body, "chain")));
	a = rig_expect(rig, 200, GET("/revisions/verification", .query = expect));
	assert_string_equal(rig_member(a->body, "valid"), "true");
	assert_string_equal(rig_member(a->body, "documents"), "1");
	/* As if all of the chain had been computed anew: only who wrote it down knows. */
	expect[sizeof("expect=1:") - 1] ^= 1;
	a = rig_expect(rig, 200, GET("/revisions/verification", .query = expect));
	assert_string_equal(rig_member(a->body, "valid"), "false");
	assert_non_null(strstr(a->body, "\"code\":\"expected\""));
	(void)rig_expect(rig, 400, GET("/revisions/verification", .query = "expect=1"));
	(void)rig_expect(rig, 403, GET("/revisions/verification", .remote = "rudi"));
}

/* --- who --- */

static void
test_sessions(void **state)
{
	const struct rig_answer *a;
	unsigned checks;

	(void)state;
	(void)rig_expect(rig, 401, GET("/session", .remote = ""));
	(void)rig_expect(rig, 401, GET("/session", .remote = "nobody"));
	(void)rig_expect(rig, 401, GET("/session", .remote = "gone"));		/* switched off */
	a = rig_expect(rig, 200, GET("/session", .remote = "alice"));
	assert_string_equal(rig_member(a->body, "role"), "admin");
	assert_string_equal(rig_member(a->body, "csrf"), "csrf-alice");
	assert_string_equal(rig_member(a->body, "full-name"), "Alice Example");
	checks = rig->checks;
	(void)rig_expect(rig, 200, GET("/session", .remote = "alice"));
	assert_int_equal(rig->checks, checks);					/* believed for a while */
	a = rig_expect(rig, 201, POST("/session", "{\"user\":\"alice\",\"password\":\"right\"}", .remote = ""));
	assert_string_equal(a->token, "tok-alice");
	assert_string_equal(rig_member(a->body, "idle-seconds"), "900");
	assert_null(strstr(a->body, "tok-alice"));
	(void)rig_expect(rig, 401, POST("/session", "{\"user\":\"nobody\",\"password\":\"right\"}", .remote = ""));
	/* What strangers try is on authd's record, which bounds it: here it would be a way to write the log full. */
	rig->audit[0] = '\0';
	(void)rig_expect(rig, 401, POST("/session", "{\"user\":\"alice\",\"password\":\"wrong\"}", .remote = ""));
	a = rig_expect(rig, 429, POST("/session", "{\"user\":\"alice\",\"password\":\"often\"}", .remote = ""));
	assert_int_equal(a->retry_after_s, 30);
	(void)rig_expect(rig, 401, POST("/claim", "{\"code\":\"wrong\",\"user\":\"carla\",\"password\":\"right\"}", .remote = ""));
	a = rig_expect(rig, 401, POST("/session", "{\"user\":\"alice\",\"password\":\"otp\"}", .remote = ""));
	assert_string_equal(rig->audit, "");
	assert_non_null(strstr(a->body, "urn:patronus:problem:second-factor"));
	(void)rig_expect(rig, 422, POST("/session", "{\"user\":\"alice\"}", .remote = ""));
	(void)rig_expect(rig, 403, POST("/session", "{\"user\":\"alice\",\"password\":\"right\"}"));
	(void)rig_expect(rig, 204, PUT("/session/password", "{\"current\":\"right\",\"new\":\"long enough\"}", .remote = "alice"));
	(void)rig_expect(rig, 422, PUT("/session/password", "{\"current\":\"right\",\"new\":\"short\"}", .remote = "alice"));
	(void)rig_expect(rig, 401, PUT("/session/password", "{\"current\":\"wrong\",\"new\":\"long enough\"}", .remote = "alice"));
	(void)rig_expect(rig, 204, PUT("/users/olga/password", "{\"new\":\"long enough\"}", .remote = "alice"));
	assert_string_equal(rig->audit, "alice 192.0.2.10:53122 password olga changed ");
	(void)rig_expect(rig, 204, PUT("/users/olga/password", "{\"new\":\"long enough\"}"));
	(void)rig_expect(rig, 422, PUT("/users/olga/password", "{\"new\":\"short\"}"));
	(void)rig_expect(rig, 404, PUT("/users/nobody/password", "{\"new\":\"long enough\"}"));
	(void)rig_expect(rig, 403, PUT("/users/alice/password", "{\"new\":\"long enough\"}", .remote = "alice"));
	(void)rig_expect(rig, 403, PUT("/users/alice/password", "{\"new\":\"long enough\"}", .remote = "olga"));
	assert_true(rig_expect(rig, 204, DELETE("/session", .remote = "alice"))->session_end);
}

/* Cross-site request forgery: every write without the session's value is refused, whatever else it carries. */
static void
test_writes_need_the_csrf_value(void **state)
{
	static const char *const wrong[] = { "", "csrf-olga", "csrf-alic", "csrf-alicee" };
	size_t i, r;

	(void)state;
	for (r = 0; r < routes_n; r++) {
		if (routes[r].method == MGMT_GET || routes[r].right == RIGHT_PUBLIC)
			continue;
		for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
			(void)rig_expect(rig, 403, &(struct rig_request){ .method = routes[r].method, .path = strcmp(routes[r].pattern,
			    "/configuration/...") == 0 ? "/configuration/system" : routes[r].pattern, .remote = "alice", .csrf = wrong[i], .body = "{}",
			    .match = "*" });
	}
	(void)rig_expect(rig, 201, POST("/workspaces", "{}", .remote = "alice"));
}

/* The table of docs/api.md, asked of every route for every role: 403 exactly where the role does not include it. */
static void
test_rights_matrix(void **state)
{
	static const struct {
		const char	*user;
		uint32_t	 rights;
	} roles[] = {
		{ "alice", 0xffffffff },
		{ "olga", ~(1u << RIGHT_USERS_ADMIN | 1u << RIGHT_SECRETS_WRITE | 1u << RIGHT_BACKUPS | 1u << RIGHT_SESSIONS_ADMIN) },
		{ "rudi", 1u << RIGHT_SESSION | 1u << RIGHT_CONFIG_READ | 1u << RIGHT_STATE_READ | 1u << RIGHT_LOGS_READ | 1u << RIGHT_DIAGNOSTICS },
		{ "anna", 1u << RIGHT_SESSION | 1u << RIGHT_CONFIG_READ | 1u << RIGHT_STATE_READ | 1u << RIGHT_LOGS_READ | 1u << RIGHT_DIAGNOSTICS |
		    1u << RIGHT_HISTORY_READ | 1u << RIGHT_AUDIT_READ },
	};
	struct rig_answer a;
	size_t r, u;
	bool may;

	(void)state;
	for (r = 0; r < routes_n; r++) {
		for (u = 0; u < sizeof(roles) / sizeof(roles[0]); u++) {
			if (routes[r].right == RIGHT_PUBLIC || (routes[r].method == MGMT_DELETE && strcmp(routes[r].pattern, "/session") == 0))
				continue;
			a = rig_ask(rig, &(struct rig_request){ .method = routes[r].method, .path = strcmp(routes[r].pattern, "/configuration/...") == 0 ?
			    "/configuration/system" : routes[r].pattern, .remote = roles[u].user, .body = routes[r].method == MGMT_GET ? NULL : "{}" });
			may = (roles[u].rights & (1u << routes[r].right)) != 0;
			if ((a.status != 403) != may)
				fail_msg("%s %u %s: %u", roles[u].user, routes[r].method, routes[r].pattern, a.status);
			rig_answer_free(&a);
		}
		/* Without a session nothing but signing in and claiming is to be had. */
		a = rig_ask(rig, &(struct rig_request){ .method = routes[r].method, .path = strcmp(routes[r].pattern, "/configuration/...") == 0 ?
		    "/configuration" : routes[r].pattern, .remote = "", .body = routes[r].method == MGMT_GET ? NULL : "{}" });
		if (routes[r].right != RIGHT_PUBLIC)
			assert_int_equal(a.status, 401);
		rig_answer_free(&a);
	}
}

/* An operator changes everything but users and management: by path, by the whole document, by a restore, in somebody's workspace. */
static void
test_operator_cannot_reach_users(void **state)
{
	static const char *const sections[] = { "users", "management" };
	const char *id = new_workspace("olga"), *admin;
	char path[96];
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "/configuration/%s", sections[i]);
		(void)rig_expect(rig, 403, PUT(path, "{}", .workspace = id, .match = "*", .remote = "olga"));
		(void)rig_expect(rig, 403, PATCH(path, "{}", .workspace = id, .match = "*", .remote = "olga"));
		(void)rig_expect(rig, 403, DELETE(path, .workspace = id, .match = "*", .remote = "olga"));
		(void)rig_expect(rig, 403, POST(path, "{}", .workspace = id, .remote = "olga"));
	}
	(void)rig_expect(rig, 403, PATCH("/configuration/users/olga", "{\"role\":\"admin\"}", .workspace = id, .match = "*", .remote = "olga"));
	(void)rig_expect(rig, 403, PATCH("/configuration", "{\"users\":{\"olga\":{\"role\":\"admin\"}}}", .workspace = id, .match = "*", .remote = "olga"));
	(void)rig_expect(rig, 403, PUT("/configuration", "{\"system\":{\"hostname\":\"x\"}}", .workspace = id, .remote = "olga"));
	/* The refused replacement left nothing behind. */
	assert_non_null(strstr(rig_expect(rig, 200, GET("/configuration", .workspace = id, .remote = "olga"))->body, "alice"));
	(void)rig_expect(rig, 204, PATCH("/configuration", "{\"system\":{\"hostname\":\"x\"}}", .workspace = id, .match = "*", .remote = "olga"));
	admin = new_workspace("alice");
	(void)rig_expect(rig, 404, PATCH("/configuration/system", "{}", .workspace = admin, .match = "*", .remote = "olga"));
	(void)snprintf(path, sizeof(path), "{\"workspace\":\"%s\"}", admin);
	(void)rig_expect(rig, 404, POST("/commits", path, .remote = "olga"));
	/* Somebody else is removed by an admin; restoring him is not for an operator. */
	(void)rig_expect(rig, 204, DELETE("/configuration/users/anna", .workspace = admin, .match = "*", .remote = "alice"));
	(void)commit(admin, "alice", 201);
	(void)rig_expect(rig, 403, POST("/revisions/1/restore", NULL, .remote = "olga"));
	(void)rig_expect(rig, 201, POST("/revisions/1/restore", NULL, .remote = "alice"));
}

/* A change of users that waits is kept or undone by an administrator alone; any other by whoever may commit. */
static void
test_operator_does_not_decide_about_users(void **state)
{
	const char *id = new_workspace("alice");
	char body[96];

	(void)state;
	(void)rig_expect(rig, 204, DELETE("/configuration/users/anna", .workspace = id, .match = "*", .remote = "alice"));
	(void)snprintf(body, sizeof(body), "{\"workspace\":\"%s\",\"confirm-timeout\":60}", id);
	(void)rig_expect(rig, 201, POST("/commits", body, .remote = "alice"));
	(void)rig_expect(rig, 403, POST("/commits/2/cancel", NULL, .remote = "olga"));
	(void)rig_expect(rig, 403, POST("/commits/2/confirm", NULL, .remote = "olga"));
	(void)rig_expect(rig, 200, POST("/commits/2/confirm", NULL, .remote = "alice"));
	(void)rig_expect(rig, 404, GET("/configuration/users/anna"));
	id = new_workspace("alice");
	(void)rig_expect(rig, 200, PATCH("/configuration/system", "{\"hostname\":\"x\"}", .workspace = id, .match = "*", .remote = "alice"));
	(void)snprintf(body, sizeof(body), "{\"workspace\":\"%s\",\"confirm-timeout\":60}", id);
	(void)rig_expect(rig, 201, POST("/commits", body, .remote = "alice"));
	(void)rig_expect(rig, 200, POST("/commits/3/cancel", NULL, .remote = "olga"));
}

static void
test_users_that_change_are_signed_out(void **state)
{
	const char *id = new_workspace(NULL);

	(void)state;
	(void)rig_expect(rig, 200, GET("/session", .remote = "rudi"));
	(void)rig_expect(rig, 204, DELETE("/configuration/users/rudi", .workspace = id, .match = "*"));
	(void)commit(id, NULL, 201);
	rig_wait(rig, 20);
	assert_string_equal(rig->revoked, "rudi!");
	assert_true(rig_expect(rig, 401, GET("/session", .remote = "rudi"))->session_end);
	id = new_workspace(NULL);
	(void)rig_expect(rig, 200, PATCH("/configuration/users/olga", "{\"role\":\"read-only\"}", .workspace = id, .match = "*"));
	(void)commit(id, NULL, 201);
	rig_wait(rig, 20);
	assert_string_equal(rig->revoked, "olga#");
	(void)rig_expect(rig, 403, POST("/workspaces", "{}", .remote = "olga"));
}

static void
test_claim(void **state)
{
	const struct rig_answer *a;

	(void)state;
	assert_string_equal(rig_expect(rig, 200, GET("/claim", .remote = ""))->body, "{\"claimable\":true}");
	(void)rig_expect(rig, 401, POST("/claim", "{\"code\":\"wrong\",\"user\":\"carla\",\"password\":\"right\"}", .remote = ""));
	(void)rig_expect(rig, 422, POST("/claim", "{\"code\":\"code\",\"user\":\"Not A Name\",\"password\":\"right\"}", .remote = ""));
	(void)rig_expect(rig, 422, POST("/claim", "{\"code\":\"code\",\"user\":\"a/b\",\"password\":\"right\"}", .remote = ""));
	a = rig_expect(rig, 201, POST("/claim", "{\"code\":\"code\",\"user\":\"carla\",\"password\":\"right\",\"full-name\":\"Carla C\"}", .remote = ""));
	assert_string_equal(a->token, "tok-carla");
	assert_string_equal(rig_member(a->body, "role"), "admin");
	assert_string_equal(rig_member(a->body, "full-name"), "Carla C");
	assert_int_equal(rig->confd.running->number, 2);
	assert_string_equal(rig_expect(rig, 200, GET("/claim", .remote = ""))->body, "{\"claimable\":false}");
	(void)rig_expect(rig, 200, GET("/session", .remote = "carla"));
	(void)rig_expect(rig, 409, POST("/claim", "{\"code\":\"code\",\"user\":\"dora\",\"password\":\"right\"}", .remote = ""));
	assert_int_equal(rig->confd.running->number, 2);
}

/* --- state and events --- */

static void
test_state(void **state)
{
	const struct rig_answer *a;

	(void)state;
	a = rig_expect(rig, 200, GET("/state/interfaces"));
	assert_non_null(strstr(a->body, "\"rx-bytes\":12345678901"));
	assert_non_null(strstr(a->body, "\"addresses\":[\"192.0.2.1/25\"]"));
	(void)rig_expect(rig, 404, GET("/state/nonsense"));
	a = rig_expect(rig, 200, GET("/state/processes"));
	assert_non_null(strstr(a->body, "\"capabilities\":[\"net_admin\"]"));
	assert_non_null(strstr(a->body, "\"seccomp\":\"filter\""));
	assert_non_null(strstr(a->body, "\"namespaces\":[\"net:1\",\"ipc:2\"]"));
	a = rig_expect(rig, 200, GET("/status"));
	assert_string_equal(rig_member(a->body, "hostname"), "edge1");
	assert_string_equal(rig_member(a->body, "revision"), "1");
	assert_non_null(strstr(a->body, "\"connections\":{\"current\":3,\"maximum\":65536}"));
	assert_non_null(strstr(a->body, "\"top-rules\":[{\"id\":\"busy\""));
	assert_non_null(strstr(a->body, "\"alarms\":[]"));
	rig_player_stop(&rig->fwd);
	rig_wait(rig, 10);
	(void)rig_expect(rig, 503, GET("/state/firewall"));
	a = rig_expect(rig, 200, GET("/status"));
	assert_non_null(strstr(a->body, "\"alarms\":[{\"source\":\"fwd\",\"class\":\"critical\""));
	assert_int_equal(rig->web_port, 8443);
	assert_true(rig_expect(rig, 200, GET("/schema"))->len > 1000);
	assert_non_null(strstr(rig_expect(rig, 200, GET("/openapi.json"))->body, "\"openapi\""));
}

static void
test_events(void **state)
{
	struct drift_record drift = { .time_ms = 1700000000000, .owner = "netd", .object = "address 192.0.2.1/25 on lan",
	    .class = "critical", .detail = "was removed", .action = "repaired" };
	struct drift_req told = { .records = { .items = &drift, .n = 1 } };
	const char *id;

	(void)state;
	assert_false(rig_subscribe(rig, "commits,nonsense", 0));
	assert_false(rig_subscribe(rig, "", 0));
	assert_true(rig_subscribe(rig, "commits,drift", 0));
	id = new_workspace(NULL);
	(void)rig_expect(rig, 200, PUT("/configuration/system/hostname", "\"edge2\"", .workspace = id, .match = "*"));
	assert_string_equal(rig->last_topic, "commits");
	assert_string_equal(rig_member(rig->last_event, "workspace"), id);
	(void)commit(id, NULL, 201);
	rig_wait(rig, 20);
	assert_string_equal(rig_member(rig->last_event, "state"), "kept");
	assert_int_equal(channel_send(rig->netd.channel, MSG_DRIFT, 0, &told, NULL, 0), 0);
	rig_wait(rig, 20);
	assert_string_equal(rig->last_topic, "drift");
	assert_string_equal(rig_member(rig->last_event, "time"), "2023-11-14T22:13:20Z");
	assert_non_null(strstr(rig_expect(rig, 200, GET("/state/drift"))->body, "address 192.0.2.1/25 on lan"));
	assert_string_equal(rig->last_topic, "drift");
	/* Another stream that was away gets what it missed; one that was away for too long hears of a gap. */
	rig->events = 0;
	assert_true(rig_subscribe(rig, "drift", 1));
	rig_wait(rig, 20);
	assert_int_equal(rig->events, 2);
	assert_string_equal(rig->last_topic, "drift");
}

/* What an owner left out is told to who listens to that topic, and again to who comes back; a topic that is none to nobody. */
static void
test_gap(void **state)
{
	static const char *const topics[] = { "log", "nonsense", NULL };
	struct event_req req = { .topic = "gap" };
	struct event_gap gap = { .dropped = 2017 };
	uint8_t *data;
	size_t len, i;

	(void)state;
	assert_true(rig_subscribe(rig, "drift", 0));
	assert_true(rig_subscribe(rig, "log", 0));
	rig->events = 0;
	for (i = 0; i < 3; i++) {
		gap.topic = topics[i];
		assert_int_equal(codec_encode(&event_gap_record, &gap, 1000, &data, &len, NULL), 0);
		req.record = (struct bytes){ .data = data, .len = (uint32_t)len };
		assert_int_equal(channel_send(rig->fwd.channel, MSG_EVENT, 0, &req, NULL, 0), 0);
		free(data);
	}
	rig_wait(rig, 20);
	assert_int_equal(rig->events, 1);
	assert_string_equal(rig->last_topic, "gap");
	assert_string_equal(rig_member(rig->last_event, "topic"), "log");
	assert_string_equal(rig_member(rig->last_event, "dropped"), "2017");
	assert_true(rig_subscribe(rig, "log", 1));
	rig_wait(rig, 20);
	assert_int_equal(rig->events, 3);
	assert_string_equal(rig_member(rig->last_event, "dropped"), "2017");
}

/* A workspace with one edit. */
static const char *
edited(const char *path, const char *json, unsigned status)
{
	const char *id = new_workspace(NULL);

	(void)rig_expect(rig, status, PUT(path, json, .workspace = id, .match = "*"));
	return (id);
}

static void
tell_standing(struct player *p, const char *object, const char *path)
{
	struct drift_record r = { .time_ms = 1700000000000, .owner = p->name, .path = path, .object = object, .class = "warning",
	    .detail = "mtu is 1400, not 1500", .action = "reported", .by = "" };
	struct drift_standing_req req = { .records = { &r, object != NULL ? 1 : 0 }, .total = object != NULL ? 1 : 0 };

	assert_int_equal(channel_send(p->channel, MSG_DRIFT_STANDING, 0, &req, NULL, 0), 0);
	rig_wait(rig, 20);
}

/* Accepted it is until it is repaired, taken back, too old, or touched by a commit that is kept; always on record. */
static void
test_drift(void **state)
{
	char accept[64], repair[64], item[64];
	const char *id;

	(void)state;
	assert_non_null(strstr(rig_expect(rig, 200, GET("/drift"))->body, "\"differences\":[]"));
	tell_standing(&rig->netd, "link lan (eth1)", "/system/time-zone");
	id = rig_member(strchr(rig_expect(rig, 200, GET("/drift"))->body, '[') + 1, "id");
	assert_int_equal(strlen(id), 16);
	(void)snprintf(accept, sizeof(accept), "/drift/%s/accept", id);
	(void)snprintf(repair, sizeof(repair), "/drift/%s/repair", id);
	(void)snprintf(item, sizeof(item), "/drift/%s", id);
	assert_non_null(strstr(rig_expect(rig, 200, GET("/status"))->body, "mtu is 1400, not 1500"));
	(void)rig_expect(rig, 422, POST(accept, "{}"));
	(void)rig_expect(rig, 422, POST(accept, "{\"comment\": \"\"}"));
	(void)rig_expect(rig, 422, POST(accept, "{\"comment\": \"a test\", \"expires-in\": 1}"));
	(void)rig_expect(rig, 404, DELETE(item));
	rig->log[0] = '\0';
	(void)rig_expect(rig, 204, POST(accept, "{\"comment\": \"a test\", \"expires-in\": 600}"));
	rig_wait(rig, 20);
	assert_non_null(strstr(rig->log, "netd:baseline:1 "));
	assert_non_null(strstr(rig_expect(rig, 200, GET("/drift"))->body, "\"comment\":\"a test\""));
	assert_non_null(strstr(rig_expect(rig, 200, GET("/drift", .query = "filter[action]=accepted"))->body, "link lan"));
	/* A restarted owner hears it again; and it is in the store. */
	rig_player_stop(&rig->netd);
	rig->log[0] = '\0';
	rig_player_start(&rig->netd);
	rig_wait(rig, 50);
	assert_non_null(strstr(rig->log, "netd:baseline:1 "));
	assert_non_null(strstr(rig_expect(rig, 200, GET("/drift"))->body, "\"stands\":false"));
	(void)commit(edited("/configuration/system/hostname", "\"edge3\"", 200), NULL, 201);
	assert_non_null(strstr(rig_expect(rig, 200, GET("/drift"))->body, item + strlen("/drift/")));
	(void)commit(edited("/configuration/system/time-zone", "\"Europe/Berlin\"", 201), NULL, 201);
	rig_wait(rig, 20);
	assert_non_null(strstr(rig->log, "netd:baseline:0 "));
	assert_null(strstr(rig_expect(rig, 200, GET("/drift"))->body, item + strlen("/drift/")));
	/* Repair ends an acceptance. */
	tell_standing(&rig->netd, "link lan (eth1)", "/system/time-zone");
	(void)rig_expect(rig, 204, POST(accept, "{\"comment\": \"again\"}"));
	(void)rig_expect(rig, 204, POST(repair, "{}"));
	assert_non_null(strstr(rig->log, "netd:repair:0 "));
	(void)rig_expect(rig, 404, DELETE(item));
	tell_standing(&rig->netd, NULL, "");
	(void)rig_expect(rig, 404, POST(repair, "{}"));
	/* What the firewall does is what the revision says. */
	tell_standing(&rig->fwd, "rule web-in", "/firewall/rules/web-in");
	id = rig_member(strchr(rig_expect(rig, 200, GET("/drift"))->body, '[') + 1, "id");
	(void)snprintf(accept, sizeof(accept), "/drift/%s/accept", id);
	(void)rig_expect(rig, 409, POST(accept, "{\"comment\": \"let me in\"}"));
}

/* The kernel's word for who connected is all that counts on the local socket. */
static void
test_local_users(void **state)
{
	unsigned n;

	(void)state;
	rig_client(rig, 1234);
	assert_string_equal(rig_member(rig_expect(rig, 200, GET("/session"))->body, "user"), "shell");
	(void)rig_expect(rig, 201, POST("/workspaces", "{}"));
	(void)rig_expect(rig, 403, PATCH("/configuration/users/shell", "{\"role\":\"admin\"}", .workspace = new_workspace(NULL), .match = "*"));
	rig_client(rig, 4321);
	(void)rig_expect(rig, 403, GET("/status"));
	(void)rig_expect(rig, 403, GET("/configuration"));
	rig_client(rig, 0);
	assert_string_equal(rig_member(rig_expect(rig, 200, GET("/session"))->body, "user"), "root");
	/* One user cannot take all connections, and root always has one. */
	for (n = 0; n < MGMT_CONNECTIONS && rig_crowd(rig, 5000) == 0; n++)
		;
	assert_int_equal(n, MGMT_PER_UID);
	assert_int_equal(rig_crowd(rig, 5001), 0);
	(void)rig_expect(rig, 200, GET("/session"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reading, setup, teardown),
		cmocka_unit_test_setup_teardown(test_editing_needs_what_it_stands_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors_of_edits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_file_is_judged_in_one_go, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lists_append_and_move, setup, teardown),
		cmocka_unit_test_setup_teardown(test_diff_and_validate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_methods_of_a_path, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_parameters_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_requests_are_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_workspaces_start_from_what_runs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_to_commit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restore_of_sections, setup, teardown),
		cmocka_unit_test_setup_teardown(test_history_is_verified, setup, teardown),
		cmocka_unit_test_setup_teardown(test_history_and_restore, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sessions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_writes_need_the_csrf_value, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rights_matrix, setup, teardown),
		cmocka_unit_test_setup_teardown(test_operator_cannot_reach_users, setup, teardown),
		cmocka_unit_test_setup_teardown(test_operator_does_not_decide_about_users, setup, teardown),
		cmocka_unit_test_setup_teardown(test_users_that_change_are_signed_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_claim, setup, teardown),
		cmocka_unit_test_setup_teardown(test_state, setup, teardown),
		cmocka_unit_test_setup_teardown(test_events, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_drift, setup, teardown),
		cmocka_unit_test_setup_teardown(test_local_users, setup, teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
