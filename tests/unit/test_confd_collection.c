/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "confd_calls.h"
#include "ipc/ids.h"
#include "patronus-confd/workspace.h"

#define RULES	"/configuration/firewall/rules"

/* Twenty rules r0 to r19; every second is logged, every third drops, r7 has a description. */
static int
setup_rules(void **state)
{
	const char *id;
	struct buf b;
	unsigned i;

	(void)setup(state);
	id = new_workspace(NULL);
	buf_init(&b, 1 << 16);
	buf_putc(&b, '[');
	for (i = 0; i < 20; i++)
		buf_printf(&b, "%s{\"id\":\"r%u\",\"from\":[\"lan\"],\"to\":[\"wan\"],\"source\":{\"addresses\":[\"198.18.0.%u\",\"198.18.1.%u\"]},"
		    "\"action\":\"%s\"%s%s}", i > 0 ? "," : "", i, i, i, i % 3 == 0 ? "drop" : "accept", i % 2 == 0 ? ",\"log\":true" : "",
		    i == 7 ? ",\"description\":\"The Web of Things\"" : "");
	buf_puts(&b, "]");
	(void)rig_expect(rig, 200, PUT(RULES, (const char *)b.data, .len = b.len, .workspace = id, .match = "*"));
	buf_fini(&b);
	(void)commit(id, NULL, 201);
	return (0);
}

/* The ids of an answer, with blanks between. */
static const char *
ids(const struct rig_answer *a)
{
	static char out[1024];
	const char *at = a->body;
	size_t n = 0;

	out[0] = '\0';
	while ((at = strstr(at, "\"id\":\"")) != NULL) {
		at += 6;
		n += (size_t)snprintf(out + n, sizeof(out) - n, n > 0 ? " %.*s" : "%.*s", (int)strcspn(at, "\""), at);
	}
	return (out);
}

static const char *
search(const char *query)
{
	return (ids(rig_expect(rig, 200, GET(RULES, .query = query))));
}

static void
test_searches(void **state)
{
	static const struct {
		const char	*query;
		const char	*ids;
	} searches[] = {
		{ "q=web+OF", "r7" },
		{ "q=198.18.1.1", "r1 r10 r11 r12 r13 r14 r15 r16 r17 r18 r19" },
		{ "q=nothing", "" },
		{ "filter[id]=r3", "r3" },
		{ "filter%5Bid%5D=r3", "r3" },
		{ "filter[id]=r3,r1,r99", "r1 r3" },
		{ "filter[action]=drop&filter[log]=true", "r0 r6 r12 r18" },
		{ "filter[source.addresses]=198.18.1.5", "r5" },
		{ "filter[description]=&filter[id]=r7,r8", "r8" },
		{ "filter[from]=lan&limit=2", "r0 r1" },
		{ "sort=-id&limit=3", "r9 r8 r7" },
		{ "sort=action,-id&limit=6", "r8 r7 r5 r4 r2 r19" },
		{ "sort=description&limit=2", "r7 r0" },
		{ "sort=-description&limit=2", "r7 r0" },
		{ "fields=action&filter[id]=r3", "r3" },
		{ "count=false&filter[id]=r3", "r3" },
	};
	static const char *const bad[] = { "filter[nonsense]=1", "filter[]=1", "filter=1", "sort=nonsense", "sort=", "sort=id,,id", "fields=x", "limit=0",
	    "limit=501", "cursor=x", "cursor=0123456789abcdef.1.", "count=1", "sort=id,id,id,id,id", "q=a&q=b" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(searches) / sizeof(searches[0]); i++)
		if (strcmp(search(searches[i].query), searches[i].ids) != 0)
			fail_msg("%s: %s", searches[i].query, search(searches[i].query));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		(void)rig_expect(rig, 400, GET(RULES, .query = bad[i]));
	assert_string_equal(rig_expect(rig, 200, GET(RULES, .query = "filter[id]=r3&fields=action"))->body, "[{\"id\":\"r3\",\"action\":\"drop\"}]");
	(void)rig_expect(rig, 400, GET("/configuration/system", .query = "q=x"));
	(void)rig_expect(rig, 400, GET("/configuration", .query = "limit=1"));
	(void)rig_expect(rig, 400, GET(RULES "/r3", .query = "limit=1"));
	/* The whole list has no pages, and a page has the ETag of the list. */
	assert_string_equal(rig_expect(rig, 200, GET(RULES))->link, "");
	{
		char etag[64];

		(void)str_copy(etag, rig_expect(rig, 200, GET(RULES))->etag, sizeof(etag));
		assert_string_equal(rig_expect(rig, 200, GET(RULES, .query = "limit=1"))->etag, etag);
	}
}

/* The query of a link. */
static const char *
query_of(const char *link)
{
	static char query[1024];
	const char *at = strchr(link, '?');

	assert_non_null(at);
	(void)snprintf(query, sizeof(query), "%.*s", (int)strcspn(at + 1, ">"), at + 1);
	return (query);
}

static void
test_pages(void **state)
{
	const struct rig_answer *a;
	char seen[1024] = "", query[1024] = "filter[action]=accept&sort=-id&count=true&limit=3";
	unsigned pages = 0;
	const char *id;

	(void)state;
	for (;;) {
		a = rig_expect(rig, 200, GET(RULES, .query = query));
		(void)snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%s;", ids(a));
		assert_string_equal(a->count, "13");
		pages++;
		if (a->link[0] == '\0')
			break;
		assert_non_null(strstr(a->link, ">; rel=\"next\""));
		(void)str_copy(query, query_of(a->link), sizeof(query));
	}
	assert_int_equal(pages, 5);
	assert_string_equal(seen, "r8 r7 r5;r4 r2 r19;r17 r16 r14;r13 r11 r10;r1;");
	/* What is added and removed before the cursor does not shift the pages. */
	a = rig_expect(rig, 200, GET(RULES, .query = "limit=4"));
	(void)str_copy(query, query_of(a->link), sizeof(query));
	id = new_workspace(NULL);
	(void)rig_expect(rig, 204, DELETE(RULES "/r0", .workspace = id, .match = "*"));
	(void)rig_expect(rig, 204, DELETE(RULES "/r1", .workspace = id, .match = "*"));
	(void)commit(id, NULL, 201);
	assert_string_equal(search(query), "r4 r5 r6 r7");
	/* The item of the cursor itself is gone: it goes on about there. */
	id = new_workspace(NULL);
	(void)rig_expect(rig, 204, DELETE(RULES "/r3", .workspace = id, .match = "*"));
	(void)commit(id, NULL, 201);
	assert_string_equal(search(query), "r7 r8 r9 r10");
	/* A cursor belongs to its search. */
	(void)rig_expect(rig, 400, GET("/configuration/users", .query = query));
	(void)str_copy(query + strlen(query), "&q=x", sizeof(query) - strlen(query));
	(void)rig_expect(rig, 400, GET(RULES, .query = query));
	/* The same in a workspace. */
	id = new_workspace(NULL);
	(void)rig_expect(rig, 204, DELETE(RULES "/r4", .workspace = id, .match = "*"));
	assert_string_equal(ids(rig_expect(rig, 200, GET(RULES, .query = "limit=2", .workspace = id))), "r2 r5");
}

static void
test_other_lists(void **state)
{
	const struct rig_answer *a;
	const char *id = new_workspace("olga");
	char query[1024];

	(void)state;
	(void)rig_expect(rig, 201, PUT("/configuration/system/time-zone", "\"Europe/Berlin\"", .workspace = id, .none_match = "*", .remote = "olga"));
	a = rig_expect(rig, 200, GET("/workspaces", .query = "filter[owner]=olga&count=true"));
	assert_string_equal(a->count, "1");
	assert_non_null(strstr(a->body, id));
	a = rig_expect(rig, 200, GET("/revisions", .query = "limit=1"));
	assert_string_equal(rig_member(a->body, "next"), "2");
	(void)str_copy(query, query_of(a->link), sizeof(query));
	assert_non_null(strstr(rig_expect(rig, 200, GET("/revisions", .query = query))->body, "\"number\":1,"));
	a = rig_expect(rig, 200, GET("/revisions", .query = "filter[author]=root&sort=number&fields=author&limit=1&count=true"));
	assert_string_equal(a->body, "{\"revisions\":[{\"number\":1,\"author\":\"root\"}]}");
	assert_string_equal(a->count, "2");
	(void)str_copy(query, query_of(a->link), sizeof(query));
	assert_string_equal(rig_expect(rig, 200, GET("/revisions", .query = query))->body, "{\"revisions\":[{\"number\":2,\"author\":\"root\"}]}");
	(void)rig_expect(rig, 400, GET("/revisions", .query = "sort=x"));
	a = rig_expect(rig, 200, GET("/state/drift", .query = "filter[class]=critical&limit=5&count=true"));
	assert_string_equal(a->count, "0");
	(void)rig_expect(rig, 400, GET("/state/drift", .query = "filter[nonsense]=1"));
}

/* 10,000 rules: a page costs far less than a second. */
static void
test_pages_of_10000(void **state)
{
	const struct rig_answer *a;
	const char *id = new_workspace(NULL);
	uint64_t since;
	struct buf b;
	unsigned i;

	(void)state;
	buf_init(&b, 4 << 20);
	for (i = 0; i < 10000; i++)
		buf_printf(&b, "%s{\"id\":\"x%u\",\"from\":[\"lan\"],\"to\":[\"wan\"],\"source\":{\"addresses\":[\"198.18.%u.%u\"]},\"action\":\"accept\"}",
		    i > 0 ? "," : "[", i, i / 250 % 250, i % 250);
	buf_puts(&b, "]");
	(void)rig_expect(rig, 200, PUT(RULES, (const char *)b.data, .len = b.len, .workspace = id, .match = "*"));
	buf_fini(&b);
	since = clock_mono_us();
	a = rig_expect(rig, 200, GET(RULES, .query = "q=198.18.39&sort=-id&count=true", .workspace = id));
	print_message("a search in 10000 rules: %llu us\n", (unsigned long long)(clock_mono_us() - since));
	assert_string_equal(a->count, "250");
	assert_true(clock_mono_us() - since < 5000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_searches, setup_rules, teardown),
		cmocka_unit_test_setup_teardown(test_pages, setup_rules, teardown),
		cmocka_unit_test_setup_teardown(test_other_lists, setup_rules, teardown),
		cmocka_unit_test_setup_teardown(test_pages_of_10000, setup, teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
