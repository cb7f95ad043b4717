/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * document_validate_touched() must say what document_validate() says, whatever was edited: each edit below is made on a valid document
 * and judged both ways.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "patronus-confd/document.h"
#include "patronus-confd/edit.h"
#include "patronus-confd/problem.h"
#include "patronus-confd/schema.h"

static const char base_yaml[] =
    "interfaces:\n  wan:\n    match: { name: eth0 }\n    addresses: [198.51.100.2/24]\n  lan:\n    match: { name: eth1 }\n"
    "    addresses: [192.0.2.1/25]\n"
    "routing:\n  static:\n    default: { destination: 0.0.0.0/0, via: 198.51.100.1 }\n"
    "firewall:\n  zones:\n    wan: { interfaces: [wan] }\n    lan: { interfaces: [lan] }\n"
    "  groups:\n    admins: { addresses: [192.0.2.10] }\n  services:\n    web: { protocol: tcp, ports: [80] }\n"
    "  rules:\n    - { id: one, from: lan, to: wan, action: accept }\n"
    "    - { id: two, from: wan, to: lan, source: { group: admins }, service: web, action: drop }\n"
    "nat:\n  port-forwards:\n    - { id: web, zone: wan, service: web, to: 192.0.2.130 }\n"
    "users:\n  alice: { role: admin }\n";

static const struct {
	const char	*path;
	const char	*body;		/* NULL: remove */
	bool		 is_valid;
} edits[] = {
	{ "/firewall/rules/one", "{\"log\":true}", true },
	{ "/firewall/rules/one", "{\"to\":[\"dmx\"]}", false },
	{ "/firewall/rules/one", "{\"service\":[\"nonsense\"]}", false },
	{ "/firewall/rules/one", "{\"service\":[\"web\"]}", true },
	{ "/firewall/rules/one", "{\"source\":{\"group\":[\"admins\"]}}", true },
	{ "/firewall/rules/one", "{\"source\":{\"group\":[\"nobody\"]}}", false },
	{ "/firewall/rules/one", "{\"action\":null}", false },
	{ "/firewall/rules/one", "{\"from\":null}", false },
	{ "/firewall/rules/one", NULL, true },
	{ "/firewall/rules/new", "{\"from\":[\"lan\"],\"to\":[\"local\"],\"action\":\"accept\"}", true },
	{ "/firewall/rules/new", "{\"from\":[\"lan\"],\"action\":\"accept\"}", false },
	{ "/firewall/zones/lan", NULL, false },			/* two rules refer to it */
	{ "/firewall/zones/lan", "{\"interfaces\":[\"lan\",\"wan\"]}", false },
	{ "/firewall/zones/lan", "{\"description\":\"x\"}", true },
	{ "/firewall/services/web", NULL, false },
	{ "/firewall/services/web", "{\"protocol\":[\"icmp\"]}", false },
	{ "/firewall/groups/admins", NULL, false },
	{ "/firewall/groups/admins", "{\"description\":\"x\"}", true },
	{ "/nat/port-forwards/web", "{\"zone\":\"dmx\"}", false },
	{ "/nat/port-forwards/web", "{\"service\":null}", false },
	{ "/nat/port-forwards/web", "{\"hairpin\":true}", true },
	{ "/nat/port-forwards/web", NULL, true },
	{ "/routing/static/default", "{\"via\":null}", false },
	{ "/routing/static/default", "{\"via\":\"2001:db8::1\"}", false },
	{ "/routing/static/default", "{\"via\":\"198.51.100.9\"}", true },
	{ "/interfaces/lan", "{\"match\":{\"name\":\"eth0\"}}", false },	/* taken */
	{ "/interfaces/lan", "{\"addresses\":[\"198.51.100.2/24\"]}", false },
	{ "/interfaces/lan", "{\"mtu\":1000,\"addresses\":[\"2001:db8::1/64\"]}", false },
	{ "/interfaces/lan", NULL, false },
	{ "/users/alice", NULL, true },
	{ "/users/alice", "{\"role\":null}", false },
	{ "/firewall", "{\"rules\":[]}", true },
	{ "/firewall", "{\"zones\":null}", false },
};

static struct schema *schema;

static struct document *
load(struct problems *problems)
{
	struct document *d;
	struct buf b;

	if (document_load(schema, DOCUMENT_YAML, base_yaml, sizeof(base_yaml) - 1, problems, &d) != 0 || document_validate(d, problems) != 0) {
		buf_init(&b, 0);
		problems_print_text(problems, "base", &b);
		fail_msg("%s", (const char *)b.data);
	}
	return (d);
}

static struct document *
edited(size_t i)
{
	struct problems *problems = problems_new();
	struct document *d;
	int error;

	d = load(problems);
	if (edits[i].body == NULL)
		error = edit_delete(d, edits[i].path, problems);
	else if (edit_exists(d, edits[i].path))
		error = edit_patch(d, edits[i].path, DOCUMENT_JSON, edits[i].body, strlen(edits[i].body), problems);
	else
		error = edit_put(d, edits[i].path, DOCUMENT_JSON, edits[i].body, strlen(edits[i].body), EDIT_CREATE, NULL, problems);
	if (error != 0)
		fail_msg("edit %zu: %s %s: %d", i, edits[i].path, edits[i].body != NULL ? edits[i].body : "", error);
	problems_free(problems);
	return (d);
}

static void
print(const struct problems *problems, struct buf *b)
{
	buf_init(b, 0);
	buf_puts(b, "");
	problems_print_text(problems, "x", b);
}

static void
test_says_what_the_whole_validation_says(void **state)
{
	struct problems *whole, *touched;
	struct document *a, *b;
	struct buf x, y;
	size_t i;
	int p, q;

	(void)state;
	for (i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		a = edited(i);
		b = edited(i);
		whole = problems_new();
		touched = problems_new();
		p = document_validate(a, whole);
		q = document_validate_touched(b, &edits[i].path, 1, touched);
		if (p != (edits[i].is_valid ? 0 : -EINVAL) || p != q)
			fail_msg("edit %zu: %s %s: whole %d, touched %d", i, edits[i].path, edits[i].body != NULL ? edits[i].body : "", p, q);
		print(whole, &x);
		print(touched, &y);
		assert_string_equal((const char *)x.data, (const char *)y.data);
		buf_fini(&x);
		buf_fini(&y);
		problems_free(whole);
		problems_free(touched);
		document_free(a);
		document_free(b);
	}
}

/* What an owner gets does not depend on how the document was judged. */
static void
test_encodes_the_same(void **state)
{
	static const char *const owners[] = { "fwd", "netd" };
	struct problems *problems = problems_new();
	struct document *a, *b;
	uint8_t *x, *y;
	size_t i, j, nx, ny;

	(void)state;
	for (i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		if (!edits[i].is_valid)
			continue;
		a = edited(i);
		b = edited(i);
		assert_int_equal(document_validate(a, problems), 0);
		assert_int_equal(document_validate_touched(b, &edits[i].path, 1, problems), 0);
		for (j = 0; j < 2; j++) {
			assert_int_equal(document_encode(a, owners[j], &x, &nx), 0);
			assert_int_equal(document_encode(b, owners[j], &y, &ny), 0);
			assert_int_equal(nx, ny);
			assert_memory_equal(x, y, nx);
			free(x);
			free(y);
		}
		document_free(a);
		document_free(b);
	}
	problems_free(problems);
}

/* Two faults at two places of one list, and one outside of it. */
static void
test_several_paths(void **state)
{
	static const char *const paths[] = { "/firewall/rules/one/to", "/firewall/rules/two", "/nat/port-forwards/web" };
	struct problems *problems = problems_new();
	struct document *d;

	(void)state;
	d = load(problems);
	assert_int_equal(edit_patch(d, "/firewall/rules/one", DOCUMENT_JSON, "{\"to\":[\"dmx\"]}", 14, problems), 0);
	assert_int_equal(edit_patch(d, "/firewall/rules/two", DOCUMENT_JSON, "{\"service\":[\"wep\"]}", 19, problems), 0);
	assert_int_equal(edit_patch(d, "/nat/port-forwards/web", DOCUMENT_JSON, "{\"zone\":\"wam\"}", 14, problems), 0);
	assert_int_equal(document_validate_touched(d, paths, 3, problems), -EINVAL);
	assert_int_equal(problems_count(problems), 3);
	document_free(d);
	problems_free(problems);
}

/*
 * A rule is judged without the others: nothing else in the schema looks at rules.  Seen by a fault in another rule, which a valid document
 * would not have.
 */
static void
test_a_rule_is_judged_apart(void **state)
{
	static const char *const path = "/firewall/rules/one";
	struct problems *problems = problems_new();
	const char *again[1000];
	struct document *d;
	size_t i;

	(void)state;
	d = load(problems);
	assert_int_equal(edit_patch(d, "/firewall/rules/two", DOCUMENT_JSON, "{\"service\":[\"wep\"]}", 19, problems), 0);
	assert_int_equal(edit_patch(d, path, DOCUMENT_JSON, "{\"log\":true}", 12, problems), 0);
	assert_int_equal(document_validate_touched(d, &path, 1, problems), 0);
	/* However often it was edited. */
	for (i = 0; i < 1000; i++)
		again[i] = path;
	assert_int_equal(document_validate_touched(d, again, 1000, problems), 0);
	assert_int_equal(document_validate(d, problems), -EINVAL);
	document_free(d);
	problems_free(problems);
}

static int
setup(void **state)
{
	(void)state;
	return ((schema = schema_new()) == NULL ? -1 : 0);
}

static int
teardown(void **state)
{
	(void)state;
	schema_free(schema);
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_says_what_the_whole_validation_says),
		cmocka_unit_test(test_encodes_the_same),
		cmocka_unit_test(test_several_paths),
		cmocka_unit_test(test_a_rule_is_judged_apart),
	};

	return (cmocka_run_group_tests(tests, setup, teardown));
}
