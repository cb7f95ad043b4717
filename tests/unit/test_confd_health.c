/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Health checks as part of a commit, with a fetchd that answers as the test wants it. */
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
#include "ipc/channel.h"
#include "ipc/ids.h"
#include "patronus-confd/mgmt.h"
#include "patronus-confd/route.h"
#include "patronus-confd/snapshot.h"
#include "patronus-confd/workspace.h"
#include "rig_setup.h"

const char base_yaml[] =
    "interfaces:\n  wan:\n    match: { name: eth0 }\n  lan:\n    match: { name: eth1 }\n"
    "firewall:\n  zones:\n    wan: { interfaces: [wan] }\n    lan: { interfaces: [lan] }\n"
    "  rules:\n    - id: one\n      from: lan\n      to: wan\n      action: accept\n"
    "management:\n  health-checks:\n    gateway: { probe: ping, target: 198.51.100.1, tries: 2 }\n"
    "    mail: { probe: tcp, target: 198.51.100.9, port: 25, enabled: false }\n";

static int
setup_quiet(void **state)
{
	(void)setup(state);
	rig->log[0] = '\0';
	return (0);
}

/* One edit by root, committed; more is JSON members with a leading comma. */
static const struct rig_answer *
commit(const char *path, const char *patch, const char *more, unsigned status)
{
	char id[32], body[128];

	(void)str_copy(id, rig_workspace(rig, NULL), sizeof(id));
	(void)rig_expect(rig, 200, PATCH(path, patch, .workspace = id, .match = "*"));
	(void)snprintf(body, sizeof(body), "{\"workspace\":\"%s\"%s}", id, more);
	return (rig_expect(rig, status, POST("/commits", body)));
}

static const struct rig_answer *
change(const char *more, unsigned status)
{
	static unsigned i;
	char patch[64];

	(void)snprintf(patch, sizeof(patch), "{\"description\":\"round %u\"}", i++);
	return (commit("/configuration/firewall/rules/one", patch, more, status));
}

static void
test_passes(void **state)
{
	const struct rig_answer *a = change("", 201);

	(void)state;
	assert_non_null(strstr(a->body, "\"checks\":[{\"name\":\"gateway\",\"state\":\"passed\",\"tries\":1,\"took-us\":1234,"
	    "\"text\":\"198.51.100.1: an answer\"}]"));
	assert_string_equal(rig_member(a->body, "state"), "kept");
	/* Before anything is applied, and when it has been read back; only then is it kept. */
	rig_wait(rig, 20);
	assert_string_equal(rig->log, "fwd:prepare:2 fetchd:198.51.100.1:1 fwd:apply:2 fwd:verify:2 fetchd:198.51.100.1:2 fwd:kept:2 ");
}

/* What worked before and does not any more takes the box back, also while a confirmation could be given. */
static void
test_fails_and_goes_back(void **state)
{
	const struct rig_answer *a;

	(void)state;
	rig->probes_fail_from = 2;
	a = change("", 502);
	assert_non_null(strstr(a->body, "\"pointer\":\"/management/health-checks/gateway\",\"path\":\"management.health-checks.gateway\","
	    "\"code\":\"health-check\",\"text\":\"health check \\\"gateway\\\" failed: 198.51.100.1: no answer (2 tries); it passed before\""));
	assert_int_equal(rig->fwd.applied, 1);
	assert_int_equal(rig->confd.running->number, 1);
	assert_non_null(strstr(rig->audit, "failed"));
	assert_string_equal(rig_member(rig_expect(rig, 200, GET("/commits/2"))->body, "state"), "failed");
	rig->probes_fail_from = 3;
	(void)change(",\"confirm-timeout\":60", 502);
	(void)rig_expect(rig, 404, GET("/commits/pending"));
	assert_int_equal(rig->fwd.applied, 1);
}

static void
test_tries_again(void **state)
{
	(void)state;
	rig->probes_fail_next = 1;
	assert_non_null(strstr(change("", 201)->body, "\"state\":\"passed\",\"tries\":1"));	/* the one before failed */
	rig_wait(rig, 20);
	rig->log[0] = '\0';
	rig->probes_fail_from = 3;
	rig->probes_fail_next = 0;
	(void)change("", 502);
	assert_non_null(strstr(rig->log, "fwd:verify:3 fetchd:198.51.100.1:3 fetchd:198.51.100.1:3 "));
}

/* A commit is not blamed for what did not work before, unless that is wished. */
static void
test_failed_before(void **state)
{
	const struct rig_answer *a;

	(void)state;
	rig->probes_fail = true;
	a = change("", 201);
	assert_non_null(strstr(a->body, "\"state\":\"failed-before\",\"tries\":2"));
	assert_string_equal(rig_member(a->body, "state"), "kept");
	rig->fwd.is_idle = rig->netd.is_idle = true;
	(void)commit("/configuration/management/health-checks/gateway", "{\"required\":\"always\"}", "", 201);
	rig->fwd.is_idle = rig->netd.is_idle = false;
	a = change("", 502);
	assert_non_null(strstr(a->body, "it failed before, too"));
	assert_int_equal(rig->confd.running->number, 3);
}

static void
test_nothing_to_check(void **state)
{
	const struct rig_answer *a;

	(void)state;
	/* Nothing changes in the kernel. */
	rig->fwd.is_idle = rig->netd.is_idle = true;
	a = change("", 201);
	assert_null(strstr(a->body, "checks"));
	assert_null(strstr(rig->log, "fetchd"));
	rig->fwd.is_idle = false;
	a = commit("/configuration/management/health-checks/gateway", "{\"enabled\":false}", "", 201);
	assert_null(strstr(a->body, "checks"));
}

/* Who makes the checks is away: they fail, before and after. */
static void
test_fetchd_is_away(void **state)
{
	(void)state;
	channel_free(rig->fetchd);
	channel_free(rig->fetchd_end);
	rig->fetchd = rig->fetchd_end = NULL;
	assert_non_null(strstr(change("", 201)->body, "\"state\":\"failed-before\",\"tries\":2,\"took-us\":0,\"text\":\"patronus-fetchd, which "));
}

static void
test_what_a_check_needs(void **state)
{
	static const char *const wrong[] = {
		"{\"probe\":\"tcp\",\"target\":\"198.51.100.1\"}", "{\"probe\":\"dns\",\"target\":\"198.51.100.1\"}",
		"{\"probe\":\"http\",\"target\":\"198.51.100.1\"}", "{\"probe\":\"ping\",\"target\":\"198.51.100.1\",\"port\":7}",
		"{\"probe\":\"ping\",\"target\":\"198.51.100.1\",\"query\":\"a.example\"}",
		"{\"probe\":\"tcp\",\"target\":\"a.example\",\"port\":7,\"status\":200}",
	};
	char id[32], path[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		(void)str_copy(id, rig_workspace(rig, NULL), sizeof(id));
		(void)rig_expect(rig, 201, PUT("/configuration/management/health-checks/new", wrong[i], .workspace = id, .none_match = "*"));
		(void)snprintf(path, sizeof(path), "/workspaces/%s/validate", id);
		assert_non_null(strstr(rig_expect(rig, 422, POST(path, NULL))->body, "/management/health-checks/new"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_passes, setup_quiet, teardown),
		cmocka_unit_test_setup_teardown(test_fails_and_goes_back, setup_quiet, teardown),
		cmocka_unit_test_setup_teardown(test_tries_again, setup_quiet, teardown),
		cmocka_unit_test_setup_teardown(test_failed_before, setup_quiet, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_to_check, setup_quiet, teardown),
		cmocka_unit_test_setup_teardown(test_fetchd_is_away, setup_quiet, teardown),
		cmocka_unit_test_setup_teardown(test_what_a_check_needs, setup_quiet, teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
