/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What confd itself costs when one of many rules changes: the owners are players who answer at once.  The figures are printed; the
 * bounds are wide, for a loaded machine and a sanitized build.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "confd_rig.h"
#include "ipc/ids.h"
#include "patronus-confd/snapshot.h"

#ifdef PATRONUS_SANITIZED
#define ROUNDS	3
#define SLOWER	10
#define BATCH	2500
#else
#define ROUNDS	9
#define SLOWER	1
#define BATCH	10000
#endif

static int
by_size(const void *a, const void *b)
{
	const unsigned long *x = a, *y = b;

	return (*x < *y ? -1 : *x > *y);
}

static void
write_rules(struct buf *b, unsigned n)
{
	unsigned i;

	buf_puts(b, "system:\n  hostname: edge1\ninterfaces:\n  wan:\n    match: { name: eth0 }\n  lan:\n    match: { name: eth1 }\n"
	    "firewall:\n  zones:\n    wan: { interfaces: [wan] }\n    lan: { interfaces: [lan] }\n  services:\n"
	    "    web: { protocol: tcp, ports: [80, 443] }\n  rules:\n");
	for (i = 0; i < n; i++)
		buf_printf(b, "    - { id: r%u, from: lan, to: wan, source: { addresses: [198.18.%u.%u] }, service: web, action: accept }\n", i,
		    i / 250 % 250, i % 250);
}

static void
one_rule_of(unsigned n, unsigned long limit_us)
{
	static const char *const phases[] = { "edit-us", "validate-us", "prepare-us", "apply-us", "read-back-us", "store-us", "total-us" };
	unsigned long us[7][ROUNDS];
	const struct rig_answer *a;
	struct rig *rig = rig_new(NULL);
	char body[128], path[64], id[32];
	struct buf yaml;
	uint64_t since;
	unsigned i, p;

	rig_connect(rig);
	buf_init(&yaml, 4 << 20);
	write_rules(&yaml, n);
	assert_false(buf_failed(&yaml));
	since = clock_mono_us();
	a = rig_load(rig, (const char *)yaml.data, 201);
	print_message("%u rules: loaded and committed in %llu us\n", n, (unsigned long long)(clock_mono_us() - since));
	buf_fini(&yaml);
	for (i = 0; i < ROUNDS; i++) {
		rig_wait(rig, 300);		/* what runs after a commit is not part of the next one */
		(void)str_copy(id, rig_workspace(rig, NULL), sizeof(id));
		(void)snprintf(path, sizeof(path), "/configuration/firewall/rules/r%u", n / 2 + i);
		since = clock_mono_us();
		(void)rig_expect(rig, 200, &(struct rig_request){ .method = MGMT_PATCH, .path = path, .body = "{\"log\":true}", .workspace = id,
		    .match = "*" });
		us[0][i] = (unsigned long)(clock_mono_us() - since);
		(void)snprintf(body, sizeof(body), "{\"workspace\":\"%s\"}", id);
		a = rig_expect(rig, 201, &(struct rig_request){ .method = MGMT_POST, .path = "/commits", .body = body });
		for (p = 1; p < 7; p++)
			us[p][i] = strtoul(rig_member(strstr(a->body, "\"phases\""), phases[p]), NULL, 10);
	}
	print_message("%u rules, one changed, median of %d:", n, ROUNDS);
	for (p = 0; p < 7; p++) {
		qsort(us[p], ROUNDS, sizeof(us[p][0]), by_size);
		print_message(" %s %lu", phases[p], us[p][ROUNDS / 2]);
	}
	print_message("\n");
	assert_true(us[6][ROUNDS / 2] > 0);
	assert_true(us[6][ROUNDS / 2] < limit_us * SLOWER);
	rig_free(rig, false);
}

static void
test_1000(void **state)
{
	(void)state;
	one_rule_of(1000, 300000);
}

static void
test_10000(void **state)
{
	(void)state;
	one_rule_of(10000, 2000000);
}

/* BATCH rules in one request, and then every one of them changed. */
static void
test_batch(void **state)
{
	struct rig *rig = rig_new(NULL);
	const struct rig_answer *a;
	struct buf b;
	uint64_t since;
	char id[32], body[64];
	unsigned i;

	(void)state;
	rig_connect(rig);
	buf_init(&b, 4 << 20);
	write_rules(&b, 1);
	(void)rig_load(rig, (const char *)b.data, 201);
	(void)str_copy(id, rig_workspace(rig, NULL), sizeof(id));
	buf_reset(&b);
	for (i = 1; i <= BATCH; i++)
		buf_printf(&b, "%s{\"op\":\"append\",\"path\":\"/firewall/rules\",\"value\":{\"id\":\"r%u\",\"from\":[\"lan\"],\"to\":[\"wan\"],"
		    "\"source\":{\"addresses\":[\"198.18.%u.%u\"]},\"service\":[\"web\"],\"action\":\"accept\"}}",
		    i == 1 ? "{\"operations\":[" : ",", i, i / 250 % 250, i % 250);
	buf_puts(&b, "]}");
	assert_false(buf_failed(&b));
	since = clock_mono_us();
	a = rig_expect(rig, 200, &(struct rig_request){ .method = MGMT_POST, .path = "/batch", .body = (const char *)b.data, .len = b.len,
	    .workspace = id });
	print_message("%d rules in one batch of %zu bytes: %llu us\n", BATCH, b.len, (unsigned long long)(clock_mono_us() - since));
	assert_true(clock_mono_us() - since < 5000000ull * SLOWER);
	(void)snprintf(body, sizeof(body), "{\"path\":\"/firewall/rules/r%d\",\"status\":201}", BATCH);
	assert_non_null(strstr(a->body, body));
	buf_reset(&b);
	for (i = 1; i <= BATCH; i++)
		buf_printf(&b, "%s{\"op\":\"patch\",\"path\":\"/firewall/rules/r%u\",\"value\":{\"log\":true}}",
		    i == 1 ? "{\"operations\":[" : ",", i);
	buf_puts(&b, "]}");
	since = clock_mono_us();
	(void)rig_expect(rig, 200, &(struct rig_request){ .method = MGMT_POST, .path = "/batch", .body = (const char *)b.data, .len = b.len,
	    .workspace = id });
	print_message("%d rules patched in one batch: %llu us\n", BATCH, (unsigned long long)(clock_mono_us() - since));
	assert_true(clock_mono_us() - since < 5000000ull * SLOWER);
	(void)snprintf(body, sizeof(body), "{\"workspace\":\"%s\"}", id);
	since = clock_mono_us();
	(void)rig_expect(rig, 201, &(struct rig_request){ .method = MGMT_POST, .path = "/commits", .body = body });
	print_message("committed in %llu us\n", (unsigned long long)(clock_mono_us() - since));
	buf_fini(&b);
	rig_free(rig, false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_1000),
		cmocka_unit_test(test_10000),
		cmocka_unit_test(test_batch),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
