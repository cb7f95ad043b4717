/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists that people upload: in parts, by one at a time; what is bad changes nothing; with a reader of its own and a fwd that is played. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ipc/ids.h"
#include "rig_setup.h"

#define ENTRIES	"/lists/bad/entries"
#define FILE_TYPE	.type = "application/octet-stream"

const char base_yaml[] =
    "interfaces:\n  wan:\n    match: { name: eth0 }\n  lan:\n    match: { name: eth1 }\n"
    "firewall:\n  zones:\n    wan: { interfaces: [wan] }\n    lan: { interfaces: [lan] }\n"
    "  lists:\n    bad: { source: upload }\n    far: { url: \"https://198.51.100.1/list\" }\n"
    "users:\n  alice: { role: admin }\n";

static void
expect_entries(const char *want)
{
	assert_string_equal(rig_expect(rig, 200, GET(ENTRIES))->body, want);
}

/* The lines do not end where the parts do. */
static void
in_parts(void **state)
{
	static const char text[] = "# a list\n192.0.2.0/24\n198.51.100.7\n2001:db8::/48\n192.0.3.0/24 ; next to the first\n203.0.113.9";
	char query[64], part[4];
	size_t at, n;

	(void)state;
	for (at = 0; at < sizeof(text) - 1; at += n) {
		n = sizeof(text) - 1 - at < sizeof(part) ? sizeof(text) - 1 - at : sizeof(part);
		memcpy(part, text + at, n);
		(void)snprintf(query, sizeof(query), "offset=%zu&size=%zu", at, sizeof(text) - 1);
		if (at > 0)
			assert_null(strstr(rig->log, "list/bad"));	/* nothing before the last part */
		(void)rig_expect(rig, at + n == sizeof(text) - 1 ? 204 : 202, PUT(ENTRIES, part, .len = n, .query = query, FILE_TYPE));
	}
	assert_non_null(strstr(rig->log, "list/bad:3+"));
	expect_entries("192.0.2.0/23\n198.51.100.7\n203.0.113.9\n2001:db8::/48\n");
	assert_string_equal(rig_expect(rig, 200, GET(ENTRIES, .query = "from=1&limit=2"))->body, "198.51.100.7\n203.0.113.9\n");
	assert_non_null(strstr(rig_expect(rig, 200, GET(ENTRIES, .query = "from=1&limit=2"))->link, "from=3&limit=2>; rel=\"next\""));
	(void)rig_expect(rig, 204, DELETE(ENTRIES));
	expect_entries("");
}

static void
what_is_bad_changes_nothing(void **state)
{
	static const char part[] = "203.0.113.1\n203.0.113.2\n", bad[] = "203.0.113.3\nexample.org\n";

	(void)state;
	(void)rig_expect(rig, 204, PUT(ENTRIES, "192.0.2.1\n", FILE_TYPE));
	(void)rig_expect(rig, 202, PUT(ENTRIES, part, .query = "offset=0&size=48", FILE_TYPE));
	assert_non_null(strstr(rig_expect(rig, 422, PUT(ENTRIES, bad, .query = "offset=24&size=48", FILE_TYPE))->body, "line 4 is no address"));
	expect_entries("192.0.2.1\n");
	/* It is over: what comes now does not continue it. */
	(void)rig_expect(rig, 409, PUT(ENTRIES, part, .query = "offset=24&size=48", FILE_TYPE));
	(void)rig_expect(rig, 422, PUT(ENTRIES, "# nothing\n", FILE_TYPE));
	(void)rig_expect(rig, 422, PUT(ENTRIES, part, .query = "offset=0&size=5", FILE_TYPE));
	(void)rig_expect(rig, 413, PUT(ENTRIES, part, .query = "offset=0&size=99999999", FILE_TYPE));
	(void)rig_expect(rig, 415, PUT(ENTRIES, part, .type = "text/plain"));
	(void)rig_expect(rig, 404, PUT("/lists/none/entries", part, FILE_TYPE));
	(void)rig_expect(rig, 409, PUT("/lists/far/entries", part, FILE_TYPE));
	(void)rig_expect(rig, 409, DELETE("/lists/far/entries"));
	expect_entries("192.0.2.1\n");
}

/* Who has begun goes on; another one waits, or begins when that is left. */
static void
one_at_a_time(void **state)
{
	static const char part[] = "203.0.113.1\n";

	(void)state;
	(void)rig_expect(rig, 202, PUT(ENTRIES, part, .query = "offset=0&size=24", .remote = "alice", FILE_TYPE));
	(void)rig_expect(rig, 503, PUT(ENTRIES, part, .query = "offset=0&size=24", FILE_TYPE));
	(void)rig_expect(rig, 409, PUT(ENTRIES, part, .query = "offset=12&size=24", FILE_TYPE));
	(void)rig_expect(rig, 202, PUT(ENTRIES, part, .query = "offset=0&size=24", .remote = "alice", FILE_TYPE));
	(void)rig_expect(rig, 204, PUT(ENTRIES, part, .query = "offset=12&size=24", .remote = "alice", FILE_TYPE));
	(void)rig_expect(rig, 204, PUT(ENTRIES, "203.0.113.2\n", FILE_TYPE));
	expect_entries("203.0.113.2\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_parts, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_bad_changes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(one_at_a_time, setup, teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
