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
#include "confd_calls.h"
#include "ipc/channel.h"
#include "ipc/ids.h"
#include "patronus-confd/idempotency.h"
#include "patronus-confd/snapshot.h"
#include "patronus-confd/store.h"
#include "patronus-confd/workspace.h"

/* Several people, several edits: bases that moved, conflicts, batches, and writes without a workspace. */

/* --- moved bases --- */

static void
test_commits_that_do_not_touch_each_other(void **state)
{
	const char *a = new_workspace("alice"), *b = new_workspace("olga");
	const struct rig_answer *r;

	(void)state;
	(void)rig_expect(rig, 200, PATCH("/configuration/system", "{\"hostname\":\"edge2\"}", .workspace = a, .match = "*", .remote = "alice"));
	(void)rig_expect(rig, 200, PATCH("/configuration/system", "{\"time-zone\":\"Europe/Berlin\"}", .workspace = b, .match = "*",
	    .remote = "olga"));
	(void)rig_expect(rig, 201, POST("/configuration/firewall/rules", "{\"id\":\"new\",\"from\":[\"lan\"],\"to\":[\"wan\"],\"action\":\"drop\"}",
	    .workspace = a, .remote = "alice"));
	(void)rig_expect(rig, 204, DELETE("/configuration/firewall/rules/two", .workspace = b, .match = "*", .remote = "olga"));
	rig->fwd.judges = FLOW_CUT;
	r = commit(a, "alice", 201);
	assert_string_equal(rig_member(r->body, "forced-confirm"), "it cuts your own connection: the player says so");
	(void)rig_expect(rig, 200, POST("/commits/2/confirm", NULL, .remote = "alice"));
	/* Both patched /system, but not the same members. */
	(void)commit(b, "olga", 201);
	(void)rig_expect(rig, 200, POST("/commits/3/confirm", NULL, .remote = "olga"));
	b = new_workspace("olga");
	a = new_workspace("alice");
	(void)rig_expect(rig, 200, PATCH("/configuration/system", "{\"hostname\":\"edge4\"}", .workspace = b, .match = "*", .remote = "olga"));
	(void)rig_expect(rig, 200, PATCH("/configuration/system", "{\"hostname\":\"edge5\"}", .workspace = a, .match = "*", .remote = "alice"));
	(void)commit(a, "alice", 201);
	r = commit(b, "olga", 409);
	assert_non_null(strstr(r->body, "\"conflicts\":[{\"path\":\"/system/hostname\",\"base\":\"edge2\",\"ours\":\"edge4\",\"theirs\":\"edge5\"}]"));
	b = new_workspace("olga");
	a = new_workspace("alice");
	(void)rig_expect(rig, 204, DELETE("/configuration/firewall/rules/new", .workspace = b, .match = "*", .remote = "olga"));
	(void)rig_expect(rig, 200, PUT("/configuration/system/hostname", "\"edge3\"", .workspace = a, .match = "*", .remote = "alice"));
	(void)commit(a, "alice", 201);
	(void)commit(b, "olga", 201);
	(void)rig_expect(rig, 200, POST("/commits/6/confirm", NULL, .remote = "olga"));
	r = rig_expect(rig, 200, GET("/configuration"));
	assert_non_null(strstr(r->body, "edge3"));
	assert_non_null(strstr(r->body, "Europe/Berlin"));
	assert_null(strstr(r->body, "\"id\":\"new\""));
	assert_null(strstr(r->body, "\"id\":\"two\""));
}

static void
test_same_object_conflicts(void **state)
{
	const char *a = new_workspace(NULL), *b = new_workspace(NULL);
	const struct rig_answer *r;

	(void)state;
	(void)rig_expect(rig, 200, PATCH("/configuration/firewall/rules/one", "{\"log\":true}", .workspace = a, .match = "*"));
	(void)rig_expect(rig, 200, PATCH("/configuration/firewall/rules/one", "{\"action\":\"drop\"}", .workspace = b, .match = "*"));
	(void)commit(a, NULL, 201);
	r = commit(b, NULL, 409);
	assert_non_null(strstr(r->body, "urn:patronus:problem:conflict"));
	assert_non_null(strstr(r->body, "/firewall/rules/one"));
	assert_int_equal(rig->confd.running->number, 2);
	/* Loading a whole document over a moved base is one, too. */
	b = new_workspace(NULL);
	(void)rig_expect(rig, 204, PUT("/configuration", base_yaml, .type = "application/yaml", .workspace = b));
	a = new_workspace(NULL);
	(void)rig_expect(rig, 200, PUT("/configuration/system/hostname", "\"x\"", .workspace = a, .match = "*"));
	(void)commit(a, NULL, 201);
	(void)commit(b, NULL, 409);
}

/* A write without a workspace is a transaction of its own. */
static void
test_direct_writes(void **state)
{
	const struct rig_answer *a;
	char etag[64];

	(void)state;
	rig->fwd.is_idle = rig->netd.is_idle = true;
	(void)rig_expect(rig, 428, PUT("/configuration/system/hostname", "\"direct\""));
	(void)rig_expect(rig, 428, PUT("/configuration", "{}"));
	(void)rig_expect(rig, 428, PATCH("/configuration", "{}", .workspace = new_workspace(NULL)));
	(void)str_copy(etag, rig_expect(rig, 200, GET("/configuration/system/hostname"))->etag, sizeof(etag));
	a = rig_expect(rig, 200, PUT("/configuration/system/hostname", "\"direct\"", .match = etag, .query = "comment=by+hand"));
	assert_string_equal(a->body, "\"direct\"");
	assert_string_equal(a->link, "</api/v1/commits/2>; rel=\"urn:patronus:commit\"");
	assert_string_equal(rig_member(rig_expect(rig, 200, GET("/commits/2"))->body, "comment"), "by hand");
	a = rig_expect(rig, 412, PUT("/configuration/system/hostname", "\"other\"", .match = etag));
	assert_non_null(strstr(a->body, "\"current\":\"direct\""));
	/* The same again changes nothing, and is no revision. */
	assert_string_equal(rig_expect(rig, 200, PUT("/configuration/system/hostname", "\"direct\"", .match = "*"))->link, "");
	assert_int_equal(rig->confd.running->number, 2);
	/* What is not valid is refused whole. */
	a = rig_expect(rig, 422, PATCH("/configuration/firewall/rules/one", "{\"to\":[\"dmx\"]}", .match = "*"));
	assert_non_null(strstr(a->body, "unknown-reference"));
	a = rig_expect(rig, 201, POST("/configuration/firewall/rules", "{\"id\":\"new\",\"from\":[\"lan\"],\"to\":[\"wan\"],\"action\":\"drop\"}"));
	assert_string_equal(a->location, "/api/v1/configuration/firewall/rules/new");
	(void)rig_expect(rig, 200, POST("/configuration/firewall/rules/new/move", "{\"to\":\"first\"}"));
	(void)rig_expect(rig, 204, DELETE("/configuration/firewall/rules/new", .match = "*"));
	assert_int_equal(rig->confd.running->number, 5);
	(void)rig_expect(rig, 400, PUT("/configuration/system/hostname", "\"x\"", .match = "*", .query = "comment=x", .workspace = new_workspace(NULL)));
	(void)rig_expect(rig, 403, PUT("/configuration/users/rudi/full-name", "\"R\"", .none_match = "*", .remote = "olga"));
	(void)rig_expect(rig, 403, PUT("/configuration/system/hostname", "\"x\"", .match = "*", .remote = "rudi"));
	/* Its own workspace is gone: there are the two of this test. */
	assert_non_null(workspace_get(rig->confd.workspaces, 1));
	assert_null(workspace_get(rig->confd.workspaces, 2));
}

static void
test_direct_writes_that_disrupt(void **state)
{
	const struct rig_answer *a;

	(void)state;
	/* It would cut the caller off. */
	rig->fwd.judges = FLOW_CUT;
	a = rig_expect(rig, 409, PATCH("/configuration/firewall/rules/one", "{\"log\":true}", .match = "*", .remote = "alice"));
	assert_non_null(strstr(a->body, "urn:patronus:problem:disruptive"));
	assert_non_null(strstr(a->body, "\"impact\":[{\"owner\":"));
	assert_non_null(strstr(a->body, "\"cut\":{\"verdict\":\"cut\""));
	assert_non_null(strstr(a->body, "the change would cut your own connection; say"));
	assert_int_equal(rig->confd.running->number, 1);
	(void)rig_expect(rig, 400, PATCH("/configuration/firewall/rules/one", "{\"log\":true}", .match = "*", .remote = "alice", .query = "force=1"));
	(void)rig_expect(rig, 200, PATCH("/configuration/firewall/rules/one", "{\"log\":true}", .match = "*", .remote = "alice",
	    .query = "force=true"));
	assert_int_equal(rig->confd.kept->number, 2);
	a = rig_expect(rig, 202, PATCH("/configuration/firewall/rules/one", "{\"log\":false}", .match = "*", .remote = "alice",
	    .query = "confirm-timeout=60"));
	assert_string_equal(rig_member(a->body, "state"), "awaiting-confirm");
	(void)rig_expect(rig, 423, PUT("/configuration/system/hostname", "\"x\"", .match = "*"));
	(void)rig_expect(rig, 200, POST("/commits/3/confirm", NULL, .remote = "alice"));
	/* An owner that refuses: nothing is left of it. */
	rig->fwd.refuse_prepare = 0xffffffff;
	rig->fwd.refuse_apply = 4;
	(void)rig_expect(rig, 502, PATCH("/configuration/firewall/rules/one", "{\"log\":true}", .match = "*"));
	assert_string_equal(rig_member(rig_expect(rig, 200, GET("/configuration/firewall/rules/one"))->body, "log"), "");
}

static const char *
call(const char *id, const char *what)
{
	static char path[96];

	(void)snprintf(path, sizeof(path), "/workspaces/%s/%s", id, what);
	return (path);
}

static const struct rig_answer *
batch(unsigned status, const char *id, const char *operations)
{
	static char body[4096];

	(void)snprintf(body, sizeof(body), "{\"operations\":[%s]}", operations);
	return (rig_expect(rig, status, POST("/batch", body, .workspace = id)));
}

static void
test_batches(void **state)
{
	static const char *const wrong[] = { "{}", "7", "{\"op\":\"put\",\"path\":\"/system/hostname\"}",
	    "{\"op\":\"burn\",\"path\":\"/system\"}", "{\"op\":\"delete\",\"path\":\"/system\",\"value\":1}",
	    "{\"op\":\"put\",\"path\":\"\",\"value\":{}}", "{\"op\":\"put\",\"path\":\"/a//b\",\"value\":{}}",
	    "{\"op\":\"move\",\"path\":\"/firewall/rules/one\"}", "{\"op\":\"put\",\"path\":\"/system/hostname\",\"value\":\"x\",\"to\":\"first\"}",
	    "{\"op\":\"delete\",\"path\":\"/system\",\"x\":1}" };
	const char *id = new_workspace(NULL);
	const struct rig_answer *a;
	size_t i;

	(void)state;
	a = batch(200, id, "{\"op\":\"append\",\"path\":\"/firewall/rules\",\"value\":{\"id\":\"b1\",\"from\":[\"lan\"],\"to\":[\"wan\"],\"action\":\"drop\"}},"
	    "{\"op\":\"move\",\"path\":\"/firewall/rules/b1\",\"before\":\"one\"},"
	    "{\"op\":\"patch\",\"path\":\"/firewall/rules/b1\",\"value\":{\"log\":true}},"
	    "{\"op\":\"put\",\"path\":\"/system/hostname\",\"value\":\"batch\",\"if-match\":\"*\"},"
	    "{\"op\":\"create\",\"path\":\"/system/time-zone\",\"value\":\"Europe/Berlin\"},"
	    "{\"op\":\"delete\",\"path\":\"/firewall/rules/two\"}");
	assert_string_equal(a->body, "{\"results\":[{\"path\":\"/firewall/rules/b1\",\"status\":201},{\"path\":\"/firewall/rules/b1\",\"status\":200},"
	    "{\"path\":\"/firewall/rules/b1\",\"status\":200},{\"path\":\"/system/hostname\",\"status\":200},"
	    "{\"path\":\"/system/time-zone\",\"status\":201},{\"path\":\"/firewall/rules/two\",\"status\":204}]}");
	(void)commit(id, NULL, 201);
	a = rig_expect(rig, 200, GET("/configuration/firewall/rules"));
	assert_int_equal(strncmp(a->body, "[{\"id\":\"b1\"", 11), 0);
	assert_null(strstr(a->body, "\"two\""));
	/* All or none, with every fault and the number of its operation. */
	id = new_workspace(NULL);
	(void)rig_expect(rig, 200, PUT("/configuration/system/hostname", "\"before\"", .workspace = id, .match = "*"));
	a = batch(422, id, "{\"op\":\"put\",\"path\":\"/system/hostname\",\"value\":\"after\"},"
	    "{\"op\":\"patch\",\"path\":\"/firewall/rules/one\",\"value\":{\"action\":\"burn\"}},"
	    "{\"op\":\"delete\",\"path\":\"/firewall/rules/none\"},"
	    "{\"op\":\"delete\",\"path\":\"/firewall/rules/one\",\"if-match\":\"\\\"0\\\"\"},"
	    "{\"op\":\"create\",\"path\":\"/firewall/rules/one\",\"value\":{\"id\":\"one\"}}");
	assert_non_null(strstr(a->body, "\"pointer\":\"/firewall/rules/one/action\""));
	assert_non_null(strstr(a->body, "\"operation\":1,"));
	assert_non_null(strstr(a->body, "\"code\":\"not-found\""));
	assert_non_null(strstr(a->body, "\"operation\":2,"));
	assert_non_null(strstr(a->body, "\"code\":\"stale\""));
	assert_non_null(strstr(a->body, "\"operation\":3,"));
	assert_non_null(strstr(a->body, "\"code\":\"exists\""));
	assert_null(strstr(a->body, "\"operation\":0,"));
	assert_string_equal(rig_expect(rig, 200, GET("/configuration/system/hostname", .workspace = id))->body, "\"before\"");
	assert_string_equal(rig_member(rig_expect(rig, 200, GET(call(id, "diff")))->body, "base"), "2");
	(void)commit(id, NULL, 201);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		a = batch(422, new_workspace(NULL), wrong[i]);
		assert_non_null(strstr(a->body, "\"operation\":0,"));
		if (i % 4 == 3)
			while (workspace_get(rig->confd.workspaces, 0) != NULL)
				workspace_free(rig->confd.workspaces, workspace_get(rig->confd.workspaces, 0));
	}
	(void)rig_expect(rig, 422, POST("/batch", "{}"));
	/* Of an operator: not what is reserved, and then nothing of it. */
	id = new_workspace("olga");
	(void)rig_expect(rig, 403, POST("/batch", "{\"operations\":[{\"op\":\"put\",\"path\":\"/system/hostname\",\"value\":\"x\"},"
	    "{\"op\":\"delete\",\"path\":\"/users/rudi\"}]}", .workspace = id, .remote = "olga"));
	assert_string_equal(rig_expect(rig, 200, GET("/configuration/system/hostname", .workspace = id, .remote = "olga"))->body, "\"before\"");
	/* Without a workspace. */
	a = rig_expect(rig, 200, POST("/batch", "{\"operations\":[{\"op\":\"put\",\"path\":\"/system/hostname\",\"value\":\"direct\"},"
	    "{\"op\":\"delete\",\"path\":\"/firewall/rules/b1\"}]}"));
	assert_string_equal(a->link, "</api/v1/commits/4>; rel=\"urn:patronus:commit\"");
	assert_string_equal(rig_expect(rig, 200, GET("/configuration/system/hostname"))->body, "\"direct\"");
}

/* Two workspaces that both changed three rules and the hostname; the first is committed. */
static const char *
overtaken(void)
{
	const char *a = new_workspace(NULL), *b = new_workspace(NULL);

	(void)rig_expect(rig, 200, PATCH("/configuration/firewall/rules/one", "{\"log\":true}", .workspace = a, .match = "*"));
	(void)rig_expect(rig, 200, PATCH("/configuration/firewall/rules/one", "{\"action\":\"drop\"}", .workspace = b, .match = "*"));
	(void)rig_expect(rig, 204, DELETE("/configuration/firewall/rules/two", .workspace = a, .match = "*"));
	(void)rig_expect(rig, 200, PATCH("/configuration/firewall/rules/two", "{\"log\":true}", .workspace = b, .match = "*"));
	(void)rig_expect(rig, 200, PUT("/configuration/system/hostname", "\"edge7\"", .workspace = a, .match = "*"));
	(void)rig_expect(rig, 200, PUT("/configuration/system/hostname", "\"edge7\"", .workspace = b, .match = "*"));
	(void)rig_expect(rig, 201, PUT("/configuration/system/time-zone", "\"Europe/Berlin\"", .workspace = b, .none_match = "*"));
	(void)commit(a, NULL, 201);
	return (b);
}

static void
test_conflicts_are_resolved(void **state)
{
	const char *id = overtaken();
	const struct rig_answer *a;

	(void)state;
	a = rig_expect(rig, 409, POST(call(id, "rebase"), "{}"));
	assert_non_null(strstr(a->body, "{\"path\":\"/firewall/rules/two\",\"base\":{\"id\":\"two\""));
	assert_non_null(strstr(a->body, "\"theirs\":null}"));
	assert_non_null(strstr(a->body, "\"ours\":{\"id\":\"one\""));
	assert_null(strstr(a->body, "hostname"));	/* both made the same of it */
	assert_non_null(strstr(a->body, "\"revisions\":[{\"number\":2"));
	/* A choice about something else, a side that is none, not all of them: nothing happens. */
	(void)rig_expect(rig, 422, POST(call(id, "resolve"), "{\"resolutions\":[{\"path\":\"/firewall/rules/three\",\"take\":\"ours\"}],"
	    "\"take\":\"ours\"}"));
	(void)rig_expect(rig, 422, POST(call(id, "resolve"), "{\"take\":\"mine\"}"));
	(void)rig_expect(rig, 422, POST(call(id, "resolve"), "{\"resolutions\":[{\"path\":\"/firewall/rules/two\"}]}"));
	a = rig_expect(rig, 409, POST(call(id, "resolve"), "{\"resolutions\":[{\"path\":\"/firewall/rules/two\",\"take\":\"ours\"}]}"));
	assert_null(strstr(a->body, "\"path\":\"/firewall/rules/two\""));
	a = rig_expect(rig, 200, POST(call(id, "resolve"), "{\"resolutions\":[{\"path\":\"/firewall/rules/two\",\"take\":\"ours\"}],"
	    "\"take\":\"theirs\"}"));
	assert_string_equal(rig_member(a->body, "base"), "2");
	assert_string_equal(rig_member(rig_expect(rig, 200, GET("/configuration/firewall/rules/two", .workspace = id))->body, "log"), "true");
	a = rig_expect(rig, 200, GET("/configuration/firewall/rules/one", .workspace = id));
	assert_string_equal(rig_member(a->body, "log"), "true");
	assert_string_equal(rig_member(a->body, "action"), "accept");
	/* What was decided is kept over another rebase. */
	a = rig_expect(rig, 200, GET("/status"));
	{
		const char *c = new_workspace(NULL);

		(void)rig_expect(rig, 200, PATCH("/configuration/users/rudi", "{\"full-name\":\"R\"}", .workspace = c, .match = "*"));
		(void)commit(c, NULL, 201);
	}
	(void)rig_expect(rig, 200, POST(call(id, "rebase"), "{}"));
	(void)commit(id, NULL, 201);
	a = rig_expect(rig, 200, GET("/configuration"));
	assert_non_null(strstr(a->body, "Europe/Berlin"));
	assert_non_null(strstr(a->body, "\"id\":\"two\""));
}

/* All of ours, all of theirs; and a document that was replaced as a whole, about which every change is a conflict. */
static void
test_conflicts_are_resolved_at_once(void **state)
{
	const char *id = overtaken(), *a, *b;

	(void)state;
	(void)rig_expect(rig, 200, POST(call(id, "resolve"), "{\"take\":\"ours\"}"));
	assert_string_equal(rig_member(rig_expect(rig, 200, GET("/configuration/firewall/rules/one", .workspace = id))->body, "action"), "drop");
	(void)commit(id, NULL, 201);
	a = new_workspace(NULL);
	b = new_workspace(NULL);
	(void)rig_expect(rig, 200, PATCH("/configuration/firewall/rules/one", "{\"log\":true}", .workspace = a, .match = "*"));
	(void)rig_expect(rig, 200, PATCH("/configuration/firewall/rules/one", "{\"log\":false}", .workspace = b, .match = "*"));
	(void)commit(a, NULL, 201);
	(void)rig_expect(rig, 200, POST(call(b, "resolve"), "{\"take\":\"theirs\"}"));
	(void)commit(b, NULL, 200);		/* nothing is left of it */
	a = new_workspace(NULL);
	b = new_workspace(NULL);
	(void)rig_expect(rig, 204, PUT("/configuration", base_yaml, .type = "application/yaml", .workspace = b, .match = "*"));
	(void)rig_expect(rig, 200, PUT("/configuration/system/hostname", "\"other\"", .workspace = a, .match = "*"));
	(void)rig_expect(rig, 200, PATCH("/configuration/users/rudi", "{\"full-name\":\"R\"}", .workspace = a, .match = "*"));
	(void)commit(a, NULL, 201);
	(void)rig_expect(rig, 409, POST(call(b, "rebase"), "{}"));
	(void)rig_expect(rig, 200, POST(call(b, "resolve"), "{\"resolutions\":[{\"path\":\"/system/hostname\",\"take\":\"theirs\"}],"
	    "\"take\":\"ours\"}"));
	(void)commit(b, NULL, 201);
	assert_string_equal(rig_member(rig_expect(rig, 200, GET("/configuration/system"))->body, "hostname"), "other");
	assert_string_equal(rig_member(rig_expect(rig, 200, GET("/configuration/users/rudi"))->body, "full-name"), "");
}

/* --- keys --- */

/* As after kill -9. */
static void
restart(void)
{
	char dir[64];

	(void)str_copy(dir, rig->dir, sizeof(dir));
	rig_free(rig, true);
	rig = rig_new(dir);
	rig_connect(rig);
}

static void
test_posts_with_a_key_are_done_once(void **state)
{
	static const char rule[] = "{\"from\":[\"lan\"],\"to\":[\"wan\"],\"action\":\"drop\"}";
	static const char *const bad[] = { "a b", "\"\"", "\"a\"b\"", "\\", "01234567890123456789012345678901234567890123456789"
	    "0123456789012345678901234567890123456789012345678901" };
	const char *id = new_workspace("alice");
	const struct rig_answer *a;
	char location[513], etag[129], body[96], again[96];
	unsigned rules;
	size_t i;

	(void)state;
	/* A rule whose id is made: the same one comes back, and there is one. */
	a = rig_expect(rig, 201, POST("/configuration/firewall/rules", rule, .workspace = id, .key = "\"k-1\"", .remote = "alice"));
	(void)str_copy(location, a->location, sizeof(location));
	(void)str_copy(etag, a->etag, sizeof(etag));
	for (i = 0; i < 3; i++) {
		a = rig_expect(rig, 201, POST("/configuration/firewall/rules", rule, .workspace = id, .key = i == 0 ? "k-1" : "\"k-1\"",
		    .remote = "alice"));
		assert_string_equal(a->location, location);
		assert_string_equal(a->etag, etag);
	}
	for (rules = 0, a = rig_expect(rig, 200, GET("/configuration/firewall/rules", .workspace = id, .remote = "alice")), i = 0; i < a->len; i++)
		rules += strncmp(a->body + i, "{\"id\":", 6) == 0;
	assert_int_equal(rules, 3);
	/* Another body or another place under the same key, no key of another user's. */
	a = rig_expect(rig, 422, POST("/configuration/firewall/rules", "{}", .workspace = id, .key = "k-1", .remote = "alice"));
	assert_non_null(strstr(a->body, "urn:patronus:problem:idempotency"));
	(void)rig_expect(rig, 422, POST("/workspaces", "{}", .key = "k-1", .remote = "alice"));
	(void)rig_expect(rig, 201, POST("/workspaces", "{}", .key = "k-1", .remote = "olga"));
	/* What was refused had no effect: it may be tried again. */
	(void)rig_expect(rig, 422, POST("/batch", "{}", .key = "k-2", .remote = "alice"));
	(void)rig_expect(rig, 200, POST("/batch", "{\"operations\":[]}", .key = "k-2", .remote = "alice"));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		(void)rig_expect(rig, 400, POST("/workspaces", "{}", .key = bad[i]));
	/* A commit: one revision, also when the process died before the answer arrived. */
	(void)snprintf(body, sizeof(body), "{\"workspace\":\"%s\",\"confirm-timeout\":60}", id);
	(void)snprintf(again, sizeof(again), "{\"workspace\":\"%s\"}", id);
	a = rig_expect(rig, 201, POST("/commits", body, .key = "k-3", .remote = "alice"));
	assert_string_equal(rig_member(a->body, "revision"), "2");
	assert_string_equal(rig_member(a->body, "state"), "awaiting-confirm");
	a = rig_expect(rig, 201, POST("/commits", body, .key = "k-3", .remote = "alice"));
	assert_string_equal(rig_member(a->body, "revision"), "2");
	(void)rig_expect(rig, 422, POST("/commits", again, .key = "k-3", .remote = "alice"));
	restart();
	a = rig_expect(rig, 201, POST("/commits", body, .key = "k-3", .remote = "alice"));
	assert_string_equal(rig_member(a->body, "revision"), "2");
	(void)rig_expect(rig, 422, POST("/commits", again, .key = "k-3", .remote = "alice"));
	(void)rig_expect(rig, 404, POST("/commits", body, .key = "k-3", .remote = "olga"));
	assert_int_equal(store_last(rig->confd.store), 2);
}

/* A commit that the kernel refused is no commit: the same key makes another attempt. */
static void
test_key_of_a_refused_commit(void **state)
{
	const char *id = new_workspace(NULL);
	char body[96];

	(void)state;
	(void)rig_expect(rig, 200, PUT("/configuration/system/hostname", "\"x\"", .workspace = id, .match = "*"));
	(void)snprintf(body, sizeof(body), "{\"workspace\":\"%s\"}", id);
	rig->netd.refuse_apply = 2;
	(void)rig_expect(rig, 502, POST("/commits", body, .key = "k"));
	assert_string_equal(rig_member(rig_expect(rig, 201, POST("/commits", body, .key = "k"))->body, "revision"), "3");
	assert_string_equal(rig_member(rig_expect(rig, 201, POST("/commits", body, .key = "k"))->body, "revision"), "3");
}

static void
test_keys_are_bounded(void **state)
{
	char key[32];
	unsigned i;

	(void)state;
	for (i = 0; i < IDEMPOTENCY_KEYS + 10; i++) {
		(void)snprintf(key, sizeof(key), "key-%u", i);
		(void)rig_expect(rig, 200, POST("/batch", "{\"operations\":[]}", .key = key));
	}
	/* The oldest is forgotten, the newest is not. */
	(void)rig_expect(rig, 422, POST("/batch", "{\"operations\": []}", .key = key));
	(void)rig_expect(rig, 200, POST("/batch", "{\"operations\": []}", .key = "key-0"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_commits_that_do_not_touch_each_other, setup, teardown),
		cmocka_unit_test_setup_teardown(test_batches, setup, teardown),
		cmocka_unit_test_setup_teardown(test_posts_with_a_key_are_done_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_key_of_a_refused_commit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keys_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_direct_writes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_direct_writes_that_disrupt, setup, teardown),
		cmocka_unit_test_setup_teardown(test_conflicts_are_resolved, setup, teardown),
		cmocka_unit_test_setup_teardown(test_conflicts_are_resolved_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_same_object_conflicts, setup, teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
