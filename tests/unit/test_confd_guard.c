/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lock-out guard and the plan, with owners that say what the test wants. */
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
#include "patronus-confd/mgmt.h"
#include "patronus-confd/route.h"
#include "patronus-confd/snapshot.h"
#include "patronus-confd/workspace.h"

/* One edit over the web, committed by alice; the answer. */
static const struct rig_answer *
commit_over_web(const char *path, const char *patch)
{
	const char *id = new_workspace("alice");

	(void)rig_expect(rig, 200, PATCH(path, patch, .workspace = id, .match = "*", .remote = "alice"));
	return commit(id, "alice", 201);
}

/* Whoever keeps his connection is not asked, however much changes; what is cut, and by what, is said. */
static void
test_guard_asks_who_is_cut(void **state)
{
	const struct rig_answer *a;

	(void)state;
	a = commit_over_web("/configuration/firewall/rules/one", "{\"log\":true}");
	assert_string_equal(rig_member(a->body, "state"), "kept");
	assert_string_equal(rig_member(a->body, "forced-confirm"), "");
	assert_non_null(strstr(rig->log, "netd:judge:2 fwd:judge:2 fwd:apply:2"));
	a = commit_over_web("/configuration/management/ssh", "{\"port\":2222}");
	assert_string_equal(rig_member(a->body, "state"), "kept");

	rig->fwd.judges = FLOW_CUT;
	a = commit_over_web("/configuration/firewall/rules/one", "{\"log\":false}");
	assert_string_equal(rig_member(a->body, "state"), "awaiting-confirm");
	assert_string_equal(rig_member(a->body, "confirm-seconds-left"), "60");
	assert_string_equal(rig_member(a->body, "forced-confirm"), "it cuts your own connection: the player says so");
	assert_non_null(strstr(a->body, "\"cut\":{\"verdict\":\"cut\",\"user\":\"alice\",\"origin\":\"192.0.2.10:53122\","
	    "\"local\":\"192.0.2.1:8443\",\"rule\":\"no-web\",\"path\":\"/firewall/rules/no-web\",\"text\":\"the player says so\","
	    "\"remedy\":\"let a rule or management.web.zones accept it, or confirm it from a place that is accepted\",\"yours\":true}"));
	(void)rig_expect(rig, 200, POST("/commits/4/confirm", NULL, .remote = "alice"));

	/* What netd cuts, fwd is not asked about. */
	rig->netd.judges = FLOW_CUT;
	a = commit_over_web("/configuration/interfaces/lan", "{\"description\":\"y\"}");
	assert_non_null(strstr(a->body, "over a way that stays"));
	assert_null(strstr(rig->log, "fwd:judge:5"));
	(void)rig_expect(rig, 200, POST("/commits/5/confirm", NULL, .remote = "alice"));
}

/* root at the box cuts off nobody; and the guard can be sent home. */
static void
test_guard_leaves_some_alone(void **state)
{
	const struct rig_answer *a;
	const char *id = new_workspace(NULL);

	(void)state;
	rig->fwd.judges = rig->netd.judges = FLOW_CUT;
	(void)rig_expect(rig, 200, PATCH("/configuration/firewall/rules/one", "{\"log\":true}", .workspace = id, .match = "*"));
	a = commit(id, NULL, 201);
	assert_string_equal(rig_member(a->body, "state"), "kept");
	assert_null(strstr(rig->log, "judge"));
	id = new_workspace(NULL);
	(void)rig_expect(rig, 200, PATCH("/configuration/management", "{\"lock-out-guard\":false}", .workspace = id, .match = "*"));
	(void)commit(id, NULL, 201);
	a = commit_over_web("/configuration/firewall/rules/one", "{\"log\":false}");
	assert_string_equal(rig_member(a->body, "state"), "kept");
}

/* Nobody knows: then it waits if it does anything to packets, or is about management. */
static void
test_guard_when_nobody_knows(void **state)
{
	const struct rig_answer *a;

	(void)state;
	rig->fwd.cannot_judge = true;
	a = commit_over_web("/configuration/firewall/rules/one", "{\"log\":true}");
	assert_string_equal(rig_member(a->body, "forced-confirm"), "it could cut your own connection: fwd does not answer");
	assert_null(strstr(a->body, "\"cut\""));
	(void)rig_expect(rig, 200, POST("/commits/2/confirm", NULL, .remote = "alice"));
	rig->fwd.is_idle = rig->netd.is_idle = true;
	a = commit_over_web("/configuration/firewall/rules/one", "{\"description\":\"x\"}");
	assert_string_equal(rig_member(a->body, "state"), "kept");
	a = commit_over_web("/configuration/management/ssh", "{\"port\":2222}");
	assert_string_equal(rig_member(a->body, "state"), "awaiting-confirm");
	(void)rig_expect(rig, 200, POST("/commits/4/confirm", NULL, .remote = "alice"));
}

/* The listener of the web is confd's own: no owner speaks for it. */
static void
test_guard_knows_the_port_of_the_page(void **state)
{
	const struct rig_answer *a;

	(void)state;
	rig->fwd.is_idle = rig->netd.is_idle = true;
	a = commit_over_web("/configuration/management/web", "{\"port\":9443}");
	assert_string_equal(rig_member(a->body, "state"), "awaiting-confirm");
	assert_string_equal(rig_member(a->body, "forced-confirm"),
	    "it cuts your own connection: the page and the API move from port 8443 to 9443");
	assert_non_null(strstr(a->body, "\"remedy\":\"confirm it at port 9443\""));
	assert_null(strstr(rig->log, "judge"));
	(void)rig_expect(rig, 200, POST("/commits/2/confirm", NULL, .remote = "alice"));
}

/* The plan: what owners and this process would do, and to whom. */
static void
test_plan(void **state)
{
	const char *id;
	const struct rig_answer *a;
	char path[64];

	(void)state;
	(void)rig_expect(rig, 200, GET("/configuration/system", .remote = "olga"));
	id = new_workspace("alice");
	(void)rig_expect(rig, 200, PATCH("/configuration/firewall/rules/one", "{\"action\":\"reject\"}", .workspace = id, .match = "*",
	    .remote = "alice"));
	(void)rig_expect(rig, 200, PATCH("/configuration/management/web", "{\"port\":9443}", .workspace = id, .match = "*", .remote = "alice"));
	(void)rig_expect(rig, 200, PATCH("/configuration/users/olga", "{\"role\":\"auditor\"}", .workspace = id, .match = "*",
	    .remote = "alice"));
	(void)snprintf(path, sizeof(path), "/workspaces/%s/validate", id);
	a = rig_expect(rig, 200, POST(path, NULL, .remote = "alice"));
	assert_non_null(strstr(a->body, "{\"owner\":\"fwd\",\"impact\":\"hot\",\"object\":\"an object\",\"text\":\"nothing is interrupted\"}"));
	assert_non_null(strstr(a->body, "{\"owner\":\"httpd\",\"impact\":\"reload\",\"object\":\"/management/web/port\","));
	assert_non_null(strstr(a->body, "\"services\":[{\"process\":\"httpd\",\"impact\":\"reload\",\"text\":\"the port of the page and the API is "
	    "8443 and becomes 9443; open connections stay\"}]"));
	assert_non_null(strstr(a->body, "\"nft\":\"a plan\\n\""));
	assert_non_null(strstr(a->body, "alice from 192.0.2.10:53122 (you): the page and the API move from port 8443 to 9443\\n"));
	assert_non_null(strstr(a->body, "the role of user olga changes, which signs out"));
	(void)snprintf(path, sizeof(path), "/workspaces/%s/diff", id);
	a = rig_expect(rig, 200, GET(path, .query = "view=tree", .remote = "alice"));
	assert_non_null(strstr(a->body, "  firewall:\\n    rules:\\n      one:\\n-       action: accept\\n+       action: reject\\n"));
	a = rig_expect(rig, 200, GET(path, .query = "view=set", .remote = "alice"));
	assert_non_null(strstr(a->body, "\"text\":\"set firewall rules one action reject\\nset management web port 9443\\nset users olga role auditor\\n\""));
	a = rig_expect(rig, 200, GET(path, .query = "view=nft", .remote = "alice"));
	assert_non_null(strstr(a->body, "\"text\":\"a plan\\n\""));
	a = rig_expect(rig, 200, GET(path, .query = "view=plan", .remote = "alice"));
	assert_non_null(strstr(a->body, "rules in the kernel\\n  a plan\\n"));
	assert_non_null(strstr(a->body, "services that notice\\n  httpd: reload: "));
	(void)rig_expect(rig, 400, GET(path, .query = "view=xml", .remote = "alice"));
	assert_int_equal(rig->fwd.applied, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_guard_asks_who_is_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_guard_leaves_some_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_guard_when_nobody_knows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_guard_knows_the_port_of_the_page, setup, teardown),
		cmocka_unit_test_setup_teardown(test_plan, setup, teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
