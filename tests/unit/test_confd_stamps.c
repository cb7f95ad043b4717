/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is remembered of entries that have not changed must be what is made of them anew: random edits of several documents that are copies
 * of each other, and after each of them everything that uses stamps is compared with the same of a copy that has none.
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

#include "base/arena.h"
#include "base/buf.h"
#include "ipc/codec.h"
#include "patronus-confd/diff.h"
#include "patronus-confd/document.h"
#include "patronus-confd/document_tree.h"
#include "patronus-confd/edit.h"
#include "patronus-confd/memo.h"
#include "patronus-confd/problem.h"
#include "patronus-confd/schema.h"
#include "patronus-confd/stamp.h"

#define DOCUMENTS	3
#define RULES		40
#define ROUNDS		4000

static struct schema *schema;
static uint32_t seed = 1;

static uint32_t
pick(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return ((seed >> 8) % n);
}

static struct document *
base(void)
{
	struct problems *problems = problems_new();
	struct document *d;
	struct buf b;
	unsigned i;

	buf_init(&b, 0);
	buf_puts(&b, "interfaces:\n  wan:\n    match: { name: eth0 }\n    addresses: [198.51.100.2/24]\n  lan:\n    match: { name: eth1 }\n"
	    "routing:\n  static:\n    default: { destination: 0.0.0.0/0, via: 198.51.100.1 }\n"
	    "firewall:\n  zones:\n    wan: { interfaces: [wan] }\n    lan: { interfaces: [lan] }\n"
	    "  groups:\n    admins: { addresses: [192.0.2.10] }\n    guests: { addresses: [192.0.2.11] }\n"
	    "  services:\n    web: { protocol: tcp, ports: [80] }\n  rules:\n");
	for (i = 0; i < RULES; i++)
		buf_printf(&b, "    - { id: r%u, from: lan, to: wan, source: { addresses: [198.18.0.%u] }, service: web, action: accept }\n", i, i);
	buf_puts(&b, "nat:\n  port-forwards:\n    - { id: web, zone: wan, service: web, to: 192.0.2.130 }\n"
	    "users:\n  alice: { role: admin }\n");
	if (document_load(schema, DOCUMENT_YAML, (const char *)b.data, b.len, problems, &d) != 0 || document_validate(d, problems) != 0)
		fail_msg("%s", problems_get(problems, 0)->text);
	buf_fini(&b);
	problems_free(problems);
	return (d);
}

/* --- an edit */

/* Where, and what could be put there: half of them are of no use there, and refused. */
static const char *const places[] = {
	"/firewall/rules/r%u", "/firewall/rules/r%u/to", "/firewall/rules/r%u/source", "/firewall/rules/r%u/source/addresses",
	"/firewall/rules/r%u/log", "/firewall/rules/r%u/description", "/firewall/rules/new%u", "/firewall/rules", "/firewall",
	"/firewall/groups/admins", "/firewall/groups/admins/addresses", "/firewall/groups", "/firewall/groups/g%u", "/firewall/zones/lan/description",
	"/interfaces/lan", "/interfaces/lan/mtu", "/interfaces/lan/addresses", "/nat/port-forwards/web", "/nat/port-forwards/web/hairpin",
	"/routing/static/default/via", "/users/alice", "/users/u%u", "/system/hostname", "",
};
static const char *const bodies[] = {
	"{\"log\":true}", "{\"log\":null}", "{\"description\":\"a \\\"word\\\"\"}", "[\"lan\"]", "[\"wan\",\"lan\"]", "{\"addresses\":[\"192.0.2.%u\"]}",
	"[\"192.0.2.%u\"]", "true", "false", "\"some text\"", "\"edge%u\"", "{\"from\":[\"lan\"],\"to\":[\"wan\"],\"action\":\"drop\"}",
	"{\"from\":[\"lan\"],\"to\":[\"local\"],\"source\":{\"countries\":[\"AT\"]},\"action\":\"accept\"}", "{\"source\":{\"countries\":[\"AT\"]}}",
	"{\"source\":null}", "{\"enabled\":false}", "{\"id\":\"x%u\",\"from\":[\"lan\"],\"to\":[\"wan\"],\"action\":\"drop\"}", "{\"mtu\":1400}", "1280",
	"[\"192.0.2.%u/24\"]", "{\"hairpin\":true}", "\"198.51.100.%u\"", "{\"role\":\"viewer\"}",
	"{\"firewall\":{\"groups\":{\"admins\":{\"description\":\"d%u\"}}}}", "{\"groups\":{\"guests\":{\"addresses\":[\"192.0.2.%u\"]}}}",
	"{\"zones\":{\"lan\":{\"description\":\"e%u\"}}}", "[]", "{}",
};

static void
fill(char *ret, size_t size, const char *form, uint32_t n)
{
	const char *at = strstr(form, "%u");

	(void)snprintf(ret, size, "%.*s", at != NULL ? (int)(at - form) : (int)strlen(form), form);
	if (at != NULL)
		(void)snprintf(ret + strlen(ret), size - strlen(ret), "%u%s", n, at + 2);
}

/* What can be made as a rule. */
static const struct {
	const char	*path;
	const char	*body;
} sensible[] = {
	{ "/firewall/rules/r%u", "{\"log\":true}" }, { "/firewall/rules/r%u", "{\"log\":null}" },
	{ "/firewall/rules/r%u", "{\"source\":{\"countries\":[\"AT\"]}}" }, { "/firewall/rules/r%u", "{\"source\":null}" },
	{ "/firewall/rules/r%u/log", "true" }, { "/firewall/rules/r%u/description", "\"some text\"" },
	{ "/firewall/rules/r%u/to", "[\"lan\",\"wan\"]" }, { "/firewall/rules/r%u/source/addresses", "[\"192.0.2.1\",\"2001:db8::/32\"]" },
	{ "/firewall/rules/r%u", "{\"from\":[\"lan\"],\"to\":[\"wan\"],\"action\":\"drop\"}" },
	{ "/firewall/rules/new%u", "{\"from\":[\"lan\"],\"to\":[\"wan\"],\"action\":\"drop\"}" },
	{ "/firewall/groups/g%u", "{\"addresses\":[\"192.0.2.3\"]}" }, { "/firewall/groups/admins/addresses", "[\"192.0.2.7\"]" },
	{ "/interfaces/lan/mtu", "1400" }, { "/interfaces/lan", "{\"mtu\":1280}" }, { "/interfaces/lan/addresses", "[\"192.0.2.1/24\"]" },
	{ "/nat/port-forwards/web/hairpin", "true" }, { "/users/u%u", "{\"role\":\"viewer\"}" }, { "/system/hostname", "\"edge1\"" },
	{ "", "{\"firewall\":{\"groups\":{\"admins\":{\"description\":\"d\"}}}}" },
	{ "/firewall", "{\"groups\":{\"guests\":{\"addresses\":[\"192.0.2.9\"]}}}" },
};

static void
choose(char *path, size_t path_size, char *body, size_t body_size)
{
	size_t i = pick(sizeof(sensible) / sizeof(sensible[0]));
	bool is_sensible = pick(4) > 0;

	fill(path, path_size, is_sensible ? sensible[i].path : places[pick(sizeof(places) / sizeof(places[0]))], pick(RULES));
	fill(body, body_size, is_sensible ? sensible[i].body : bodies[pick(sizeof(bodies) / sizeof(bodies[0]))], pick(250));
}

static int
move(struct document *d, const char *path, struct problems *problems)
{
	char ref[16];
	uint32_t place = EDIT_FIRST + pick(4);

	(void)snprintf(ref, sizeof(ref), "r%u", pick(RULES));
	return (edit_move(d, path, (enum edit_place)place, place == EDIT_BEFORE || place == EDIT_AFTER ? ref : NULL, problems));
}

static bool
edit(struct document *d)
{
	struct problems *problems = problems_new();
	char path[128], body[256], *key = NULL;
	int error;

	choose(path, sizeof(path), body, sizeof(body));
	switch (pick(8)) {
	case 0:
		error = pick(8) == 0 || strlen(path) > 12 ? edit_delete(d, path, problems) : -EINVAL;
		break;
	case 1:
		error = edit_append(d, path, DOCUMENT_JSON, body, strlen(body), &key, problems);
		break;
	case 2:
		error = move(d, path, problems);
		break;
	case 3:
	case 4:
		error = pick(8) == 0 || strlen(path) > 12 ? edit_put(d, path, DOCUMENT_JSON, body, strlen(body), 0, NULL, problems) : -EINVAL;
		break;
	default:
		error = edit_patch(d, path, DOCUMENT_JSON, body, strlen(body), problems);
	}
	free(key);
	problems_free(problems);
	return (error == 0);
}

/* --- what is compared */

static struct document *
without_stamps(const struct document *d)
{
	struct document *copy = document_dup(d);

	assert_non_null(copy);
	stamp_clear_all(document_tree(copy));
	return (copy);
}

/* The same bytes, or the first place where they are not. */
static void
compare_texts(const char *what, const struct buf *x, const struct buf *y)
{
	size_t at = 0, from;

	while (at < x->len && at < y->len && x->data[at] == y->data[at])
		at++;
	from = at > 100 ? at - 100 : 0;
	if (at < x->len || at < y->len)
		fail_msg("%s: \"%.200s\" is \"%.200s\"", what, (const char *)x->data + from, (const char *)y->data + from);
}

static void
compare_prints(const struct document *d, const struct document *plain, enum document_format format, unsigned flags)
{
	struct buf x, y;

	buf_init(&x, 0);
	buf_init(&y, 0);
	assert_int_equal(document_print(d, format, flags, &x), 0);
	assert_int_equal(document_print(plain, format, flags, &y), 0);
	compare_texts(format == DOCUMENT_YAML ? "YAML" : "JSON", &x, &y);
	buf_fini(&x);
	buf_fini(&y);
}

/* What is encoded entry by entry is what the codec makes of all of it. */
static void
check_wire(const struct record *r, const uint8_t *data, size_t len)
{
	struct arena *arena = arena_new(0);
	struct codec_error error;
	uint8_t *again;
	size_t n;
	void *msg;

	if (codec_decode(r, data, len, arena, &msg, &error) != 0)
		fail_msg("%s: byte %u, %s: %s", r->name, error.offset, error.path, error.reason);
	assert_int_equal(codec_encode(r, msg, 1 << 20, &again, &n, &error), 0);
	assert_int_equal(n, len);
	assert_memory_equal(again, data, len);
	free(again);
	arena_free(arena);
}

static void
compare_wire(const struct document *d, const struct document *plain, const char *owner)
{
	uint8_t *x = NULL, *y = NULL;
	size_t nx = 0, ny = 0;
	int error = document_encode(d, owner, &x, &nx);

	assert_int_equal(error, document_encode(plain, owner, &y, &ny));
	assert_int_equal(nx, ny);
	if (error == 0) {
		assert_memory_equal(x, y, nx);
		check_wire(schema_owner_record(owner), x, nx);
	}
	free(x);
	free(y);
}

static void
compare_values(const struct document *d, const struct document *plain)
{
	static const char *const paths[] = { "/firewall/rules", "/firewall", "/firewall/groups", "/firewall/rules/r1", "/interfaces" };
	struct buf x, y;
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		buf_init(&x, 0);
		buf_init(&y, 0);
		assert_int_equal(edit_get(d, paths[i], i % 2 == 0 ? DOCUMENT_JSON : DOCUMENT_YAML, 0, &x),
		    edit_get(plain, paths[i], i % 2 == 0 ? DOCUMENT_JSON : DOCUMENT_YAML, 0, &y));
		compare_texts(paths[i], &x, &y);
		buf_fini(&x);
		buf_fini(&y);
	}
}

static void
compare_differences(const struct document *a, const struct document *b, const struct document *plain_a, const struct document *plain_b)
{
	struct diff *d, *plain;
	struct buf x, y;

	assert_int_equal(diff_documents(a, b, &d), 0);
	assert_int_equal(diff_documents(plain_a, plain_b, &plain), 0);
	buf_init(&x, 0);
	buf_init(&y, 0);
	diff_print_json(d, &x);
	diff_print_json(plain, &y);
	compare_texts("difference", &x, &y);
	buf_fini(&x);
	buf_fini(&y);
	diff_free(d);
	diff_free(plain);
}

static void
compare(struct document *const docs[DOCUMENTS], uint32_t i)
{
	uint32_t j = pick(DOCUMENTS);
	struct document *plain = without_stamps(docs[i]), *other = without_stamps(docs[j]);

	compare_differences(docs[i], docs[j], plain, other);	/* first: what is printed has stamps */
	compare_prints(docs[i], plain, DOCUMENT_JSON, 0);
	compare_prints(docs[i], plain, DOCUMENT_YAML, 0);
	compare_prints(docs[i], plain, DOCUMENT_JSON, DOCUMENT_WITHOUT_LISTS);
	compare_prints(docs[i], plain, DOCUMENT_JSON, DOCUMENT_FULL);
	compare_prints(docs[i], plain, DOCUMENT_YAML, DOCUMENT_FULL);
	compare_wire(docs[i], plain, "fwd");
	compare_wire(docs[i], plain, "netd");
	compare_values(docs[i], plain);
	assert_int_equal(document_has(docs[i], "countries"), document_has(plain, "countries"));
	document_free(plain);
	document_free(other);
}

static void
test_random_edits(void **state)
{
	struct document *docs[DOCUMENTS], *next;
	struct problems *problems = problems_new();
	unsigned round, made = 0;
	uint32_t i;

	(void)state;
	docs[0] = base();
	for (i = 1; i < DOCUMENTS; i++)
		docs[i] = document_dup(docs[0]);
	for (round = 0; round < ROUNDS; round++) {
		i = pick(DOCUMENTS);
		if (pick(40) == 0) {
			next = pick(4) == 0 ? base() : document_dup(docs[pick(DOCUMENTS)]);
			document_free(docs[i]);
			docs[i] = next;
		} else if (pick(30) == 0)
			(void)document_validate(docs[i], problems);
		else
			made += edit(docs[i]);
		compare(docs, i);
	}
	print_message("%u of %u edits were made\n", made, ROUNDS);
	assert_true(made > ROUNDS / 5);
	for (i = 0; i < DOCUMENTS; i++)
		document_free(docs[i]);
	problems_free(problems);
}

/* Who looks for a word gets the entries whose text has it, and no others; twice, made anew and remembered. */
static void
test_words(void **state)
{
	static const char *const words[] = { "198.18.0.1", "WEB", "r7", "nothing", "", "h\xc3\xa4" };
	struct problems *problems = problems_new();
	struct document *d = base();
	char path[64], name[16];
	struct buf found, entry;
	size_t i, j;

	(void)state;
	assert_int_equal(edit_patch(d, "/firewall/rules/r3", DOCUMENT_JSON, "{\"description\":\"h\xc3\xa4\"}", 21, problems), 0);
	for (i = 0; i < 2 * sizeof(words) / sizeof(words[0]); i++) {
		buf_init(&found, 0);
		assert_int_equal(edit_find(d, "/firewall/rules", words[i / 2], &found), 0);
		buf_puts(&found, "");
		for (j = 0; j < RULES; j++) {
			(void)snprintf(path, sizeof(path), "/firewall/rules/r%zu", j);
			(void)snprintf(name, sizeof(name), "\"r%zu\"", j);
			buf_init(&entry, 0);
			assert_int_equal(edit_get(d, path, DOCUMENT_JSON, 0, &entry), 0);
			buf_puts(&entry, "");
			assert_int_equal(strcasestr((const char *)entry.data, words[i / 2]) != NULL, strstr((const char *)found.data, name) != NULL);
			buf_fini(&entry);
		}
		assert_null(strstr((const char *)found.data, ",,"));
		assert_null(strstr((const char *)found.data, "[,"));
		buf_fini(&found);
	}
	buf_init(&found, 0);
	assert_int_equal(edit_find(d, "/firewall/rules", "a \"word\"", &found), -ENOTSUP);
	assert_int_equal(edit_find(d, "/firewall/rules/r1", "web", &found), -ENOTSUP);
	assert_int_equal(edit_find(d, "/system", "web", &found), -ENOTSUP);
	assert_int_equal(edit_find(d, "/firewall/post-rules", "web", &found), 0);
	assert_string_equal((const char *)found.data, "[]");
	buf_fini(&found);
	document_free(d);
	problems_free(problems);
}

/* Defaults, and entries of lists that were asked not to be there, are in no memo. */
static void
test_flags(void **state)
{
	struct document *d = base();
	struct buf b;
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++) {
		buf_init(&b, 0);
		assert_int_equal(document_print(d, DOCUMENT_JSON, 0, &b), 0);
		assert_null(strstr((const char *)b.data, "\"enabled\":true"));
		buf_reset(&b);
		assert_int_equal(document_print(d, DOCUMENT_JSON, DOCUMENT_FULL, &b), 0);
		assert_non_null(strstr((const char *)b.data, "\"enabled\":true"));
		buf_reset(&b);
		assert_int_equal(document_print(d, DOCUMENT_JSON, DOCUMENT_WITHOUT_LISTS, &b), 0);
		assert_null(strstr((const char *)b.data, "\"r1\""));
		buf_fini(&b);
	}
	document_free(d);
}

/* It is a help only while it is there: unchanged entries keep their stamps through copies, edits of others and moves. */
static void
test_others_keep_their_stamps(void **state)
{
	struct problems *problems = problems_new();
	struct document *a = base(), *b;
	uint64_t stamp = stamp_of(document_find(a, "/firewall/rules/r5"));

	(void)state;
	b = document_dup(a);
	assert_int_equal(edit_patch(b, "/firewall/rules/r4", DOCUMENT_JSON, "{\"log\":true}", 12, problems), 0);
	assert_int_equal(edit_move(b, "/firewall/rules/r5", EDIT_FIRST, NULL, problems), 0);
	assert_int_equal(stamp_of(document_find(b, "/firewall/rules/r5")), stamp);
	assert_int_not_equal(stamp_of(document_find(b, "/firewall/rules/r4")), stamp_of(document_find(a, "/firewall/rules/r4")));
	assert_int_equal(edit_put(b, "/firewall/rules/r5/log", DOCUMENT_JSON, "true", 4, 0, NULL, problems), 0);
	assert_int_not_equal(stamp_of(document_find(b, "/firewall/rules/r5")), stamp);
	document_free(a);
	document_free(b);
	problems_free(problems);
}

/* What nobody asks for any more does not stay. */
static void
test_memo_forgets(void **state)
{
	static const char form;
	struct memos *ms = memos_new();
	struct memo *m = memo_of(ms, &form, NULL);
	const uint8_t *data;
	uint64_t i;
	size_t len;

	(void)state;
	assert_ptr_equal(memo_of(ms, &form, NULL), m);
	for (i = 1; i <= 1000; i++)
		memo_put(m, i, &i, sizeof(i));
	memo_end(m, 1000);
	for (i = 1; i <= 1000; i++) {
		assert_true(memo_get(m, i, &data, &len));
		assert_int_equal(len, sizeof(i));
		assert_memory_equal(data, &i, len);
	}
	assert_false(memo_get(m, 1001, &data, &len));
	memo_end(m, 100);
	assert_false(memo_get(m, 1000, &data, &len));
	memo_put(m, 7, "", 0);
	assert_true(memo_get(m, 7, &data, &len));
	assert_int_equal(len, 0);
	memos_free(ms);
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
		cmocka_unit_test(test_random_edits),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_others_keep_their_stamps),
		cmocka_unit_test(test_memo_forgets),
	};

	return (cmocka_run_group_tests(tests, setup, teardown));
}
