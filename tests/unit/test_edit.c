/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Edits of a document by path, and the diffs they make.  Argument: the lab's document. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "diff.h"
#include "document.h"
#include "edit.h"
#include "problem.h"
#include "schema.h"

static struct schema *schema;
static const char *lab_path;
static struct document *doc, *original;
static struct problems *problems;

static int
setup(void **state)
{
	char *text = calloc(1, 1 << 20);
	FILE *f = fopen(lab_path, "r");
	size_t len;

	(void)state;
	if (f == NULL)
		return -1;
	len = fread(text, 1, (1 << 20) - 1, f);
	fclose(f);
	problems = problems_new();
	if (document_check(schema, DOCUMENT_YAML, text, len, problems, &doc) != 0)
		return -1;
	original = document_dup(doc);
	free(text);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	document_free(doc);
	document_free(original);
	problems_free(problems);
	return 0;
}

static int
put(const char *path, const char *json, unsigned flags, bool *ret_created)
{
	return edit_put(doc, path, DOCUMENT_JSON, json, strlen(json), flags, ret_created, problems);
}

static int
patch(const char *path, const char *json)
{
	return edit_patch(doc, path, DOCUMENT_JSON, json, strlen(json), problems);
}

static void
assert_get(const char *path, const char *expected)
{
	struct buf b;

	buf_init(&b, 0);
	assert_int_equal(edit_get(doc, path, DOCUMENT_JSON, 0, &b), 0);
	assert_string_equal((const char *)b.data, expected);
	buf_fini(&b);
}

static void
assert_unchanged(void)
{
	char a[65], b[65];

	assert_int_equal(document_digest(doc, a), 0);
	assert_int_equal(document_digest(original, b), 0);
	assert_string_equal(a, b);
}

/* The document as it is now loads from its own text: edits leave nothing that loading would not make. */
static void
assert_reloads(void)
{
	struct document *again;
	struct buf b, c;

	buf_init(&b, 0);
	buf_init(&c, 0);
	assert_int_equal(document_print(doc, DOCUMENT_YAML, 0, &b), 0);
	assert_int_equal(document_load(schema, DOCUMENT_YAML, (const char *)b.data, b.len, problems, &again), 0);
	assert_int_equal(document_print(again, DOCUMENT_YAML, 0, &c), 0);
	assert_string_equal((const char *)b.data, (const char *)c.data);
	document_free(again);
	buf_fini(&b);
	buf_fini(&c);
}

static void
assert_diff(const char *expected)
{
	struct diff *diff;
	struct buf b;

	assert_int_equal(diff_documents(original, doc, &diff), 0);
	buf_init(&b, 0);
	buf_puts(&b, "");
	diff_print_text(diff, &b);
	assert_string_equal(b.data != NULL ? (const char *)b.data : "", expected);
	buf_fini(&b);
	diff_free(diff);
}

/* The same difference as a part of the document, and as the commands that make it. */
static void
assert_views(const char *tree, const char *commands)
{
	void (*const prints[])(const struct diff *, struct buf *) = { diff_print_tree, diff_print_commands };
	const char *expected[] = { tree, commands };
	struct diff *diff;
	struct buf b;
	unsigned i;

	assert_int_equal(diff_documents(original, doc, &diff), 0);
	for (i = 0; i < 2; i++) {
		buf_init(&b, 0);
		prints[i](diff, &b);
		assert_string_equal(b.data != NULL ? (const char *)b.data : "", expected[i]);
		buf_fini(&b);
	}
	diff_free(diff);
}

static void
differences_have_views(void **state)
{
	(void)state;
	assert_views("", "");
	assert_int_equal(put("/interfaces/dmz/mtu", "1400", 0, NULL), 0);
	assert_int_equal(put("/firewall/groups/admins", "{\"addresses\": [\"192.0.2.11\"]}", 0, NULL), 0);
	assert_int_equal(put("/firewall/rules/web-in/description", "\"two words\"", 0, NULL), 0);
	assert_int_equal(put("/users/bob", "{\"name\": \"bob\", \"role\": \"auditor\"}", EDIT_CREATE, NULL), 0);
	assert_int_equal(edit_delete(doc, "/firewall/rules/lan-out", problems), 0);
	assert_int_equal(edit_move(doc, "/firewall/rules/ping", EDIT_FIRST, NULL, problems), 0);
	assert_int_equal(put("/firewall/rules/new", "{\"from\":[\"lan\"],\"to\":[\"wan\"],\"action\":\"drop\"}", EDIT_CREATE, NULL), 0);
	assert_int_equal(edit_move(doc, "/firewall/rules/new", EDIT_AFTER, "ping", problems), 0);
	assert_views(
	    "  interfaces:\n    dmz:\n-     mtu: 1500\n+     mtu: 1400\n"
	    "  firewall:\n    groups:\n      admins:\n-       addresses: [192.0.2.10, 2001:db8:2::10]\n+       addresses: [192.0.2.11]\n"
	    "    rules:\n-     lan-out:\n-       from: [lan]\n-       to: [dmz, wan]\n-       action: accept\n"
	    "~     ping: moves to the top\n"
	    "+     new:\n+       from: [lan]\n+       to: [wan]\n+       action: drop\n~     new: stands below ping\n"
	    "      web-in:\n+       description: \"two words\"\n"
	    "  users:\n+   bob:\n+     role: auditor\n",
	    "set interfaces dmz mtu 1400\nset firewall groups admins addresses 192.0.2.11\ndelete firewall rules lan-out\n"
	    "move firewall rules ping first\nset firewall rules new from lan\nset firewall rules new to wan\nset firewall rules new action drop\n"
	    "move firewall rules new after ping\nset firewall rules web-in description \"two words\"\nset users bob role auditor\n");
}

static void
get_answers_every_kind(void **state)
{
	struct buf b;

	(void)state;
	assert_get("/firewall/rules/web-in/action", "\"accept\"");
	assert_get("/firewall/rules/web-in/to", "[\"dmz\"]");
	assert_get("/firewall/rules/web-in/enabled", "true");
	assert_get("/interfaces/dmz/mtu", "1500");
	assert_get("/firewall/rules/web-in/destination", "{\"group\":[\"web-servers\"]}");
	assert_get("/firewall/rules/lan-out/destination", "{}");
	assert_get("/firewall/zones/lan", "{\"name\":\"lan\",\"interfaces\":[\"lan\"],\"default-action\":\"reject\"}");
	assert_get("/users", "[{\"name\":\"alice\",\"role\":\"admin\",\"full-name\":\"Alice Example\"}]");
	buf_init(&b, 0);
	assert_int_equal(edit_get(doc, "/firewall/rules/none", DOCUMENT_JSON, 0, &b), -ENOENT);
	assert_int_equal(edit_get(doc, "/firewall/nothing", DOCUMENT_JSON, 0, &b), -ENOENT);
	assert_int_equal(edit_get(doc, "/interfaces/lan/mtu", DOCUMENT_JSON, 0, &b), -ENOENT);
	assert_int_equal(edit_get(doc, "/firewall/rules/lan-out/limit", DOCUMENT_JSON, 0, &b), -ENOENT);
	assert_int_equal(edit_get(doc, "/firewall/zones", DOCUMENT_YAML, 0, &b), 0);
	assert_string_equal((const char *)b.data,
	    "dmz: { interfaces: [dmz] }\nlan: { interfaces: [lan], default-action: reject }\nwan: { interfaces: [wan] }\n");
	buf_reset(&b);
	assert_int_equal(edit_get(doc, "/firewall/rules/web-in/to", DOCUMENT_YAML, 0, &b), 0);
	assert_string_equal((const char *)b.data, "dmz\n");
	buf_reset(&b);
	assert_int_equal(edit_get(doc, "/users/alice", DOCUMENT_JSON, DOCUMENT_FULL, &b), 0);
	assert_string_equal((const char *)b.data,
	    "{\"name\":\"alice\",\"enabled\":true,\"role\":\"admin\",\"full-name\":\"Alice Example\"}");
	buf_fini(&b);
	assert_true(edit_exists(doc, "/firewall/rules/web-in"));
	assert_false(edit_exists(doc, "/firewall/rules/web-out"));
	assert_false(edit_exists(doc, "/management/ssh/port"));
	assert_unchanged();
}

static void
put_replaces_and_creates(void **state)
{
	bool created;

	(void)state;
	assert_int_equal(put("/interfaces/dmz/mtu", "1400", 0, &created), 0);
	assert_false(created);
	assert_int_equal(put("/interfaces/lan/mtu", "1400", 0, &created), 0);
	assert_true(created);
	assert_int_equal(put("/firewall/rules/web-in/to", "[\"lan\", \"dmz\"]", 0, &created), 0);
	assert_int_equal(put("/firewall/rules/lan-out/limit", "{\"rate\": \"5/minute\"}", 0, &created), 0);
	assert_true(created);
	assert_int_equal(put("/firewall/groups/admins", "{\"addresses\": [\"192.0.2.11\"]}", 0, &created), 0);
	assert_false(created);
	assert_int_equal(put("/users/bob", "{\"name\": \"bob\", \"role\": \"auditor\"}", EDIT_CREATE, &created), 0);
	assert_true(created);
	assert_int_equal(problems_count(problems), 0);
	assert_diff(
	    "- set interfaces dmz mtu 1500\n+ set interfaces dmz mtu 1400\n+ set interfaces lan mtu 1400\n"
	    "- set firewall groups admins addresses [ 192.0.2.10 2001:db8:2::10 ]\n"
	    "+ set firewall groups admins addresses 192.0.2.11\n"
	    "+ set firewall rules lan-out limit rate 5/minute\n"
	    "- set firewall rules web-in to dmz\n+ set firewall rules web-in to [ dmz lan ]\n"
	    "+ set users bob role auditor\n");
	assert_reloads();
}

static void
put_keeps_the_place_of_a_rule(void **state)
{
	(void)state;
	assert_int_equal(put("/firewall/rules/lan-out", "{\"from\":[\"lan\"],\"to\":[\"wan\"],\"action\":\"drop\"}", 0, NULL), 0);
	assert_int_equal(put("/firewall/rules/web-in", "{\"from\":[\"wan\"],\"to\":[\"dmz\"],\"action\":\"drop\"}", 0, NULL), 0);
	assert_int_equal(put("/firewall/rules/ping", "{\"from\":[\"any\"],\"to\":[\"any\"],\"action\":\"drop\"}", 0, NULL), 0);
	assert_diff("- set firewall rules lan-out to [ dmz wan ]\n+ set firewall rules lan-out to wan\n"
	    "- set firewall rules lan-out action accept\n+ set firewall rules lan-out action drop\n"
	    "- set firewall rules web-in destination group web-servers\n"
	    "- set firewall rules web-in service web\n"
	    "- set firewall rules web-in limit rate 100/second\n- set firewall rules web-in limit burst 200\n"
	    "- set firewall rules web-in limit per source\n"
	    "- set firewall rules web-in action accept\n+ set firewall rules web-in action drop\n"
	    "- set firewall rules ping service ping\n"
	    "- set firewall rules ping action accept\n+ set firewall rules ping action drop\n");
	assert_reloads();
}

static void
preconditions_hold(void **state)
{
	(void)state;
	assert_int_equal(put("/users/alice", "{\"role\": \"auditor\"}", EDIT_CREATE, NULL), -EEXIST);
	assert_int_equal(put("/users/bob", "{\"role\": \"auditor\"}", EDIT_REPLACE, NULL), -ENOENT);
	assert_int_equal(put("/firewall/rules/nope/action", "\"drop\"", 0, NULL), -ENOENT);
	assert_string_equal(problems_get(problems, 0)->text, "there is no rule \"nope\"");
	assert_int_equal(put("/users/alice/name", "\"bob\"", 0, NULL), -ENOTSUP);
	assert_unchanged();
}

static void
wrong_types_change_nothing(void **state)
{
	static const struct {
		const char *path, *json;
	} cases[] = {
		{ "/interfaces/lan/mtu", "20" }, { "/interfaces/lan/mtu", "\"1500\"" }, { "/interfaces/lan/enabled", "1" },
		{ "/interfaces/lan/addresses", "[\"192.0.2.1/33\", \"192.0.2.9/24\"]" }, { "/interfaces/lan", "[]" },
		{ "/firewall/rules", "{\"a\": {\"action\": \"drop\"}}" }, { "/firewall/rules/web-in", "{\"id\": \"other\"}" },
		{ "/firewall/zones/any", "{}" }, { "/users/Bad Name", "{\"role\": \"admin\"}" }, { "/users/bob", "{\"rol\": 1}" },
		{ "/firewall", "{\"zones\": 5}" }, { "", "{\"system\": []}" }, { "/users/alice/enabled", "\"admn\"" },
		{ "/users/alice", "{\"role\": \"admin\"" },
	};
	unsigned before;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		before = problems_count(problems);
		assert_int_equal(put(cases[i].path, cases[i].json, 0, NULL), -EINVAL);
		assert_true(problems_count(problems) > before);
		assert_unchanged();
	}
	assert_int_equal(put("/firewal", "{}", 0, NULL), -ENOENT);
	assert_unchanged();
}

static void
patch_merges(void **state)
{
	(void)state;
	assert_int_equal(patch("/firewall/rules/web-in", "{\"limit\": {\"burst\": null, \"rate\": \"5/second\"}, \"log\": true}"), 0);
	assert_get("/firewall/rules/web-in/limit", "{\"rate\":\"5/second\",\"per\":\"source\"}");
	assert_int_equal(patch("/firewall/rules/web-in", "{\"limit\": null}"), 0);
	assert_false(edit_exists(doc, "/firewall/rules/web-in/limit"));
	assert_int_equal(patch("/firewall", "{\"zones\": {\"lan\": {\"default-action\": null}, \"guest\": {}}}"), 0);
	assert_get("/firewall/zones/lan", "{\"name\":\"lan\",\"interfaces\":[\"lan\"]}");
	assert_true(edit_exists(doc, "/firewall/zones/guest"));
	assert_int_equal(patch("", "{\"users\": {\"alice\": null, \"eve\": {\"role\": \"read-only\"}}}"), 0);
	assert_get("/users", "[{\"name\":\"eve\",\"role\":\"read-only\"}]");
	assert_int_equal(patch("/interfaces/lan", "{\"mtu\": 1}"), -EINVAL);
	assert_int_equal(patch("/interfaces/none", "{\"mtu\": 1500}"), -ENOENT);
	assert_int_equal(patch("/management", "{\"ssh\": {\"zones\": [\"lan\"]}}"), 0);
	assert_get("/management/ssh", "{\"zones\":[\"lan\"]}");
	assert_reloads();
	assert_diff("+ set firewall zones guest\n- set firewall zones lan default-action reject\n"
	    "- set firewall rules web-in limit rate 100/second\n- set firewall rules web-in limit burst 200\n"
	    "- set firewall rules web-in limit per source\n+ set firewall rules web-in log true\n"
	    "+ set management ssh zones lan\n"
	    "- set users alice role admin\n- set users alice full-name \"Alice Example\"\n+ set users eve role read-only\n");
}

#define MOVED	8

/* Where an entry is in the model, which is an array. */
static unsigned
place_in(const unsigned *order, unsigned entry)
{
	unsigned i;

	for (i = 0; order[i] != entry; i++)
		;
	return i;
}

static void
move_in(unsigned *order, unsigned entry, enum edit_place place, unsigned ref)
{
	unsigned at = place_in(order, entry);

	memmove(order + at, order + at + 1, (MOVED - 1 - at) * sizeof(*order));
	order[MOVED - 1] = UINT_MAX;
	at = place == EDIT_FIRST ? 0 : place == EDIT_LAST ? MOVED - 1 : place_in(order, ref) + (place == EDIT_AFTER);
	memmove(order + at + 1, order + at, (MOVED - 1 - at) * sizeof(*order));
	order[at] = entry;
}

/* Any entry of several goes anywhere, also next to where it is. */
static void
moves_are_those_of_an_array(void **state)
{
	unsigned order[MOVED], round, i, entry, ref;
	char path[64], name[8], body[128], *at;
	enum edit_place place;
	struct buf b;

	(void)state;
	assert_int_equal(put("/firewall/rules", "[]", 0, NULL), 0);
	for (i = 0; i < MOVED; i++) {
		order[i] = i;
		(void)snprintf(body, sizeof(body), "{\"id\":\"m%u\",\"from\":[\"lan\"],\"to\":[\"wan\"],\"action\":\"drop\"}", i);
		assert_int_equal(edit_append(doc, "/firewall/rules", DOCUMENT_JSON, body, strlen(body), &at, problems), 0);
		free(at);
	}
	for (round = 0; round < 2000; round++) {
		entry = (unsigned)random() % MOVED;
		ref = (entry + 1 + (unsigned)random() % (MOVED - 1)) % MOVED;
		place = (enum edit_place)(EDIT_FIRST + random() % 4);
		(void)snprintf(path, sizeof(path), "/firewall/rules/m%u", entry);
		(void)snprintf(name, sizeof(name), "m%u", ref);
		assert_int_equal(edit_move(doc, path, place, place == EDIT_BEFORE || place == EDIT_AFTER ? name : NULL, problems), 0);
		move_in(order, entry, place, ref);
		buf_init(&b, 0);
		assert_int_equal(edit_get(doc, "/firewall/rules", DOCUMENT_JSON, 0, &b), 0);
		for (i = 0, at = (char *)b.data; i < MOVED; i++, at++) {
			at = strstr(at, "\"id\":\"m");
			assert_non_null(at);
			assert_int_equal(at[7] - '0', order[i]);
		}
		buf_fini(&b);
	}
}

/* A patch that is no object has no members (RFC 7396): a configuration cannot become it. */
static void
whole_document_takes_objects_only(void **state)
{
	static const char *const bodies[] = { "[\"a\"]", "[]", "\"text\"", "7", "null" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		assert_int_equal(patch("", bodies[i]), -EINVAL);
	assert_true(edit_exists(doc, "/firewall/rules"));
}

static void
delete_removes(void **state)
{
	(void)state;
	assert_int_equal(edit_delete(doc, "/interfaces/dmz/mtu", problems), 0);
	assert_int_equal(edit_delete(doc, "/interfaces/dmz/mtu", problems), -ENOENT);
	assert_int_equal(edit_delete(doc, "/firewall/rules/lan-out", problems), 0);
	assert_int_equal(edit_delete(doc, "/firewall/rules/none", problems), -ENOENT);
	assert_int_equal(edit_delete(doc, "/firewall/rules/ping/id", problems), -ENOTSUP);
	assert_int_equal(edit_delete(doc, "/nat", problems), 0);
	assert_int_equal(edit_delete(doc, "/system", problems), 0);
	assert_int_equal(edit_delete(doc, "/users", problems), 0);
	assert_reloads();
	assert_int_equal(edit_delete(doc, "/firewall/rules", problems), 0);
	assert_get("/firewall/rules", "[]");
	assert_int_equal(edit_delete(doc, "", problems), 0);
	assert_get("", "{}");
}

static void
append_makes_ids(void **state)
{
	static const char rule[] = "{\"from\":[\"lan\"],\"to\":[\"dmz\"],\"action\":\"drop\"}";
	char *key;

	(void)state;
	assert_int_equal(edit_append(doc, "/firewall/rules", DOCUMENT_JSON, rule, strlen(rule), &key, problems), 0);
	assert_string_equal(key, "rule-1");
	free(key);
	assert_int_equal(edit_append(doc, "/firewall/rules", DOCUMENT_JSON, rule, strlen(rule), &key, problems), 0);
	assert_string_equal(key, "rule-2");
	free(key);
	assert_int_equal(edit_append(doc, "/users", DOCUMENT_JSON, "{\"name\":\"alice\",\"role\":\"admin\"}", 31, &key, problems),
	    -EEXIST);
	assert_int_equal(edit_append(doc, "/users", DOCUMENT_JSON, "{\"role\":\"admin\"}", 16, &key, problems), -EINVAL);
	assert_int_equal(edit_append(doc, "/system", DOCUMENT_JSON, "{}", 2, &key, problems), -ENOTSUP);
	assert_diff("+ set firewall rules rule-1 from lan\n+ set firewall rules rule-1 to dmz\n"
	    "+ set firewall rules rule-1 action drop\n+ set firewall rules rule-2 from lan\n"
	    "+ set firewall rules rule-2 to dmz\n+ set firewall rules rule-2 action drop\n");
	assert_reloads();
}

static void
move_moves_one(void **state)
{
	(void)state;
	assert_int_equal(edit_move(doc, "/firewall/rules/ping", EDIT_FIRST, NULL, problems), 0);
	assert_diff("+ move firewall rules ping first\n");
	assert_int_equal(edit_move(doc, "/firewall/rules/ping", EDIT_AFTER, "web-in", problems), 0);
	assert_diff("+ move firewall rules ping after web-in\n");
	assert_int_equal(edit_move(doc, "/firewall/rules/ping", EDIT_BEFORE, "web-in", problems), 0);
	assert_diff("+ move firewall rules ping after lan-out\n");
	assert_int_equal(edit_move(doc, "/firewall/rules/ping", EDIT_BEFORE, "lan-out", problems), 0);
	assert_diff("+ move firewall rules ping first\n");
	assert_int_equal(edit_move(doc, "/firewall/rules/ping", EDIT_LAST, NULL, problems), 0);
	assert_unchanged();
	assert_int_equal(edit_move(doc, "/firewall/rules/ping", EDIT_AFTER, "ping", problems), 0);
	assert_int_equal(edit_move(doc, "/firewall/rules/ping", EDIT_AFTER, "none", problems), -EINVAL);
	assert_int_equal(edit_move(doc, "/firewall/rules/none", EDIT_FIRST, NULL, problems), -ENOENT);
	assert_int_equal(edit_move(doc, "/firewall/zones/lan", EDIT_FIRST, NULL, problems), -ENOTSUP);
	assert_unchanged();
	assert_reloads();
}

static void
edits_work_after_validation(void **state)
{
	(void)state;
	/* Validation adds defaults as nodes; they must not be in the way. */
	assert_int_equal(document_validate(doc, problems), 0);
	assert_unchanged();
	assert_int_equal(put("/management/ssh/zones", "[\"lan\"]", EDIT_CREATE, NULL), 0);
	assert_int_equal(put("/firewall/logging/invalid", "true", EDIT_CREATE, NULL), 0);
	assert_int_equal(put("/firewall/rules/ping/source", "{\"group\": [\"admins\"]}", 0, NULL), 0);
	assert_int_equal(document_validate(doc, problems), 0);
	assert_diff("+ set firewall logging invalid true\n+ set firewall rules ping source group admins\n"
	    "+ set management ssh zones lan\n");
	assert_int_equal(edit_delete(doc, "/management/ssh/zones", problems), 0);
	assert_int_equal(edit_delete(doc, "/firewall/logging/invalid", problems), 0);
	assert_int_equal(edit_delete(doc, "/firewall/rules/ping/source", problems), 0);
	assert_int_equal(document_validate(doc, problems), 0);
	assert_unchanged();
}

static void
etags_follow_the_node(void **state)
{
	char whole[33], rule[33], other[33], now[33];

	(void)state;
	assert_int_equal(edit_etag(doc, "", whole), 0);
	assert_int_equal(edit_etag(doc, "/firewall/rules/ping", rule), 0);
	assert_int_equal(edit_etag(doc, "/firewall/rules/web-in", other), 0);
	assert_int_equal(put("/firewall/rules/ping/log", "true", 0, NULL), 0);
	assert_int_equal(edit_etag(doc, "/firewall/rules/ping", now), 0);
	assert_string_not_equal(now, rule);
	assert_int_equal(edit_etag(doc, "", now), 0);
	assert_string_not_equal(now, whole);
	assert_int_equal(edit_etag(doc, "/firewall/rules/web-in", now), 0);
	assert_string_equal(now, other);
	assert_int_equal(edit_etag(doc, "/firewall/rules/none", now), -ENOENT);
}

static void
dangling_references_wait_for_validation(void **state)
{
	(void)state;
	assert_int_equal(put("/firewall/rules/web-in/to", "[\"dmx\"]", 0, NULL), 0);
	assert_int_equal(put("/firewall/rules/half", "{\"from\": [\"lan\"]}", 0, NULL), 0);
	assert_int_equal(document_validate(doc, problems), -EINVAL);
	assert_int_equal(problems_count(problems), 3);
	assert_string_equal(problems_get(problems, 0)->pointer, "/firewall/rules/half/to");
	assert_string_equal(problems_get(problems, 1)->pointer, "/firewall/rules/half/action");
	assert_string_equal(problems_get(problems, 2)->remedy, "did you mean \"dmz\"?");
	assert_int_equal(problems_get(problems, 2)->line, 0);
}

static void
move_at_random(void)
{
	static const char *const ids[] = { "lan-out", "web-in", "dmz-updates", "admins-manage", "ping" };
	char path[64];

	snprintf(path, sizeof(path), "/firewall/rules/%s", ids[random() % 5]);
	assert_int_equal(edit_move(doc, path, EDIT_AFTER, ids[random() % 5], problems), 0);
}

/* Apply a random permutation by moves; the diff, applied to the original, makes the same document. */
static void
diff_of_moves_can_be_applied(void **state)
{
	const struct diff_change *c;
	struct diff *diff;
	char after[64];
	const char *key;
	unsigned round, i;
	char a[65], b[65];
	size_t n;

	(void)state;
	srandom(7);
	for (round = 0; round < 200; round++) {
		for (i = 0; i < 3; i++)
			move_at_random();
		assert_int_equal(diff_documents(original, doc, &diff), 0);
		for (n = 0; (c = diff_get(diff, n)) != NULL; n++) {
			assert_int_equal(c->op, DIFF_MOVE);
			key = strstr(c->new_json, "after");
			if (key != NULL)
				snprintf(after, sizeof(after), "%.*s", (int)strcspn(key + 8, "\""), key + 8);
			assert_int_equal(edit_move(original, c->path, key != NULL ? EDIT_AFTER : EDIT_FIRST, key != NULL ? after : NULL,
			    problems), 0);
		}
		diff_free(diff);
		assert_int_equal(document_digest(doc, a), 0);
		assert_int_equal(document_digest(original, b), 0);
		assert_string_equal(a, b);
	}
}

static void
diff_is_told_by_section(void **state)
{
	struct diff *diff;
	struct buf b;

	(void)state;
	assert_int_equal(put("/system/hostname", "\"edge2\"", 0, NULL), 0);
	assert_int_equal(diff_documents(original, doc, &diff), 0);
	assert_int_equal(diff_count(diff), 1);
	assert_true(diff_touches(diff, "system"));
	assert_false(diff_touches(diff, "sys"));
	assert_false(diff_touches(diff, "firewall"));
	buf_init(&b, 0);
	diff_print_json(diff, &b);
	assert_string_equal((const char *)b.data,
	    "[{\"op\":\"replace\",\"path\":\"/system/hostname\",\"old\":\"edge1\",\"new\":\"edge2\"}]");
	buf_fini(&b);
	diff_free(diff);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(get_answers_every_kind),
		TEST(differences_have_views),
		TEST(put_replaces_and_creates),
		TEST(put_keeps_the_place_of_a_rule),
		TEST(preconditions_hold),
		TEST(wrong_types_change_nothing),
		TEST(patch_merges),
		TEST(moves_are_those_of_an_array),
		TEST(whole_document_takes_objects_only),
		TEST(delete_removes),
		TEST(append_makes_ids),
		TEST(move_moves_one),
		TEST(edits_work_after_validation),
		TEST(etags_follow_the_node),
		TEST(dangling_references_wait_for_validation),
		TEST(diff_of_moves_can_be_applied),
		TEST(diff_is_told_by_section),
	};
	int failed;

	if (argc < 2)
		return 2;
	lab_path = argv[1];
	schema = schema_new();
	if (schema == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	schema_free(schema);
	return failed;
}
