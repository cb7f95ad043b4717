/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Documents: load, judge, print, encode.  Arguments: the lab's document, and a directory of wrong ones. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "conf/generated.h"
#include "conf/state.h"
#include "document.h"
#include "ipc/codec.h"
#include "problem.h"
#include "record_json.h"
#include "schema.h"

static struct schema *schema;
static const char *lab_path, *golden_dir;
static bool is_update;

static char *
read_file(const char *path, size_t *ret_len)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 8 << 20);

	assert_non_null(f);
	*ret_len = fread(text, 1, (8 << 20) - 1, f);
	fclose(f);
	return text;
}

static struct document *
load(enum document_format format, const char *text, size_t len)
{
	struct problems *problems = problems_new();
	struct document *d = NULL;
	struct buf b;

	if (document_check(schema, format, text, len, problems, &d) != 0) {
		buf_init(&b, 0);
		problems_print_text(problems, NULL, &b);
		print_error("%s\n", (const char *)b.data);
		buf_fini(&b);
	}
	problems_free(problems);
	assert_non_null(d);
	return d;
}

static struct document *
load_lab(void)
{
	size_t len;
	char *text = read_file(lab_path, &len);
	struct document *d = load(DOCUMENT_YAML, text, len);

	free(text);
	return d;
}

static void
print(const struct document *d, enum document_format format, unsigned flags, struct buf *b)
{
	buf_init(b, 0);
	assert_int_equal(document_print(d, format, flags, b), 0);
}

/* print -> load -> print gives the same bytes, in both formats, with and without defaults. */
static void
printing_is_stable(void **state)
{
	struct document *d = load_lab(), *again;
	struct buf yaml, b;
	unsigned flags;
	int format;

	(void)state;
	print(d, DOCUMENT_YAML, 0, &yaml);
	for (format = DOCUMENT_YAML; format <= DOCUMENT_JSON; format++) {
		for (flags = 0; flags <= DOCUMENT_FULL; flags++) {
			print(d, (enum document_format)format, flags, &b);
			again = load((enum document_format)format, (const char *)b.data, b.len);
			buf_fini(&b);
			print(again, DOCUMENT_YAML, 0, &b);
			assert_string_equal((const char *)b.data, (const char *)yaml.data);
			buf_fini(&b);
			document_free(again);
		}
	}
	buf_fini(&yaml);
	document_free(d);
}

/* Lists as mappings or sequences, single values for lists of values, sections with nothing in them. */
static void
either_shape_is_taken(void **state)
{
	static const char *const shapes[] = {
		"firewall:\n  zones:\n    - { name: a }\n    - name: b\n  rules:\n    - { id: r, from: a, to: [b], action: drop }\n",
		"firewall: { zones: { b: , a: {} }, rules: [ { id: r, from: [a], to: b, action: drop } ], groups: , services: }\nnat:\n",
		"{\"firewall\": {\"zones\": {\"a\": {\"name\": \"a\"}, \"b\": null}, \"rules\":"
		    "[{\"id\": \"r\", \"from\": \"a\", \"to\": [\"b\"], \"action\": \"drop\"}]}, \"users\": []}",
	};
	struct document *d;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		d = load(shapes[i][0] == '{' ? DOCUMENT_JSON : DOCUMENT_YAML, shapes[i], strlen(shapes[i]));
		print(d, DOCUMENT_JSON, 0, &b);
		assert_string_equal((const char *)b.data, "{\"firewall\":{\"zones\":[{\"name\":\"a\"},{\"name\":\"b\"}],"
		    "\"rules\":[{\"id\":\"r\",\"from\":[\"a\"],\"to\":[\"b\"],\"action\":\"drop\"}]}}");
		buf_fini(&b);
		document_free(d);
	}
}

static void
defaults_are_left_out_or_marked(void **state)
{
	static const char text[] = "management: { web: { port: 8443, zones: [] }, lock-out-guard: true }\n"
	    "system: { hostname: patronus }\n";
	struct document *d = load(DOCUMENT_YAML, text, strlen(text));
	struct buf b;

	(void)state;
	print(d, DOCUMENT_YAML, 0, &b);
	assert_string_equal((const char *)b.data, "{}\n");
	buf_fini(&b);
	print(d, DOCUMENT_YAML, DOCUMENT_FULL, &b);
	assert_non_null(strstr((const char *)b.data, "    port: 8443  # default\n"));
	assert_non_null(strstr((const char *)b.data, "  lock-out-guard: true  # default\n"));
	buf_fini(&b);
	document_free(d);
}

static void
digest_is_of_the_meaning(void **state)
{
	static const char a[] = "interfaces:\n  lan: { match: { name: eth1 } }\n  wan: { match: { name: eth0 }, enabled: true }\n";
	static const char b[] = "{\"interfaces\": [{\"name\": \"wan\", \"match\": {\"name\": \"eth0\"}},"
	    "{\"name\": \"lan\", \"match\": {\"name\": \"eth1\"}}]}";
	static const char c[] = "interfaces:\n  lan: { match: { name: eth1 }, enabled: false }\n  wan: { match: { name: eth0 } }\n";
	struct document *da = load(DOCUMENT_YAML, a, strlen(a)), *db = load(DOCUMENT_JSON, b, strlen(b)),
	    *dc = load(DOCUMENT_YAML, c, strlen(c));
	char ha[65], hb[65], hc[65];

	(void)state;
	assert_int_equal(document_digest(da, ha), 0);
	assert_int_equal(document_digest(db, hb), 0);
	assert_int_equal(document_digest(dc, hc), 0);
	assert_int_equal(strlen(ha), 64);
	assert_string_equal(ha, hb);
	assert_string_not_equal(ha, hc);
	document_free(da);
	document_free(db);
	document_free(dc);
}

/* What the owner decodes is what the document says, and encodes to the same bytes again. */
static void
owners_decode_what_was_encoded(void **state)
{
	struct document *d = load_lab();
	struct arena *arena = arena_new(0);
	struct codec_error ce;
	struct conf_fwd *fwd = NULL;
	struct conf_netd *netd = NULL;
	uint8_t *wire, *again;
	size_t len, again_len;
	void *msg;
	unsigned i;

	(void)state;
	for (i = 0; schema_owner(i) != NULL; i++) {
		assert_int_equal(document_encode(d, schema_owner(i), &wire, &len), 0);
		assert_int_equal(codec_decode(schema_owner_record(schema_owner(i)), wire, len, arena, &msg, &ce), 0);
		assert_int_equal(codec_encode(schema_owner_record(schema_owner(i)), msg, 1 << 20, &again, &again_len, &ce), 0);
		assert_int_equal(len, again_len);
		assert_memory_equal(wire, again, len);
		free(again);
		if (strcmp(schema_owner(i), "fwd") == 0)
			fwd = msg;
		else
			netd = msg;
		free(wire);
	}
	assert_non_null(fwd);
	assert_non_null(netd);
	assert_int_equal(fwd->firewall->rules.n, 5);
	assert_string_equal(fwd->firewall->rules.items[1].id, "web-in");
	assert_string_equal(fwd->firewall->rules.items[1].destination->group.items[0], "web-servers");
	assert_int_equal(fwd->firewall->rules.items[1].limit->rate.count, 100);
	assert_int_equal(fwd->firewall->rules.items[1].limit->rate.seconds, 1);
	assert_int_equal(fwd->firewall->rules.items[1].limit->per, CONF_RULE_LIMIT_PER_SOURCE);
	assert_null(fwd->firewall->rules.items[0].limit);
	assert_true(fwd->firewall->rules.items[3].log);
	assert_true(fwd->firewall->anti_spoofing);
	assert_int_equal(fwd->firewall->defaults->action, CONF_FIREWALL_DEFAULTS_ACTION_DROP);
	assert_int_equal(fwd->firewall->services.items[0].ports.items[1].low, 443);
	assert_true(fwd->nat->port_forwards.items[0].hairpin);
	assert_false(fwd->nat->port_forwards.items[0].has_to_port);
	assert_int_equal(fwd->management->web->port, 8443);
	assert_int_equal(fwd->management->ssh->port, 22);
	assert_string_equal(netd->system->time_zone, "Europe/Berlin");
	assert_int_equal(netd->interfaces.n, 3);
	assert_string_equal(netd->interfaces.items[2].name, "wan");
	assert_int_equal(netd->interfaces.items[2].addresses.items[0].len, 24);
	assert_int_equal(netd->routing->static_.n, 2);
	assert_int_equal(document_encode(d, "nobody", &wire, &len), -2);
	arena_free(arena);
	document_free(d);
}

/* Order of what has none does not reach the wire. */
static void
wire_is_of_the_meaning(void **state)
{
	static const char a[] = "interfaces:\n  lan: { match: { name: eth1 } }\n  wan: { match: { name: eth0 } }\n";
	static const char b[] = "interfaces:\n  wan: { match: { name: eth0 } }\n  lan: { match: { name: eth1 } }\n";
	struct document *da = load(DOCUMENT_YAML, a, strlen(a)), *db = load(DOCUMENT_YAML, b, strlen(b));
	uint8_t *wa, *wb;
	size_t la, lb;

	(void)state;
	assert_int_equal(document_encode(da, "netd", &wa, &la), 0);
	assert_int_equal(document_encode(db, "netd", &wb, &lb), 0);
	assert_int_equal(la, lb);
	assert_memory_equal(wa, wb, la);
	free(wa);
	free(wb);
	document_free(da);
	document_free(db);
}

static void
rules_get_their_id_once(void **state)
{
	static const char text[] = "firewall:\n  rules:\n    - { from: any, to: any, action: drop }\n"
	    "    - { id: rule-1, from: any, to: any, action: drop }\n    - { from: any, to: any, action: drop }\n";
	struct document *d = load(DOCUMENT_YAML, text, strlen(text)), *again;
	struct buf b, c;

	(void)state;
	print(d, DOCUMENT_YAML, 0, &b);
	assert_non_null(strstr((const char *)b.data, "- id: rule-2\n"));
	assert_non_null(strstr((const char *)b.data, "- id: rule-3\n"));
	again = load(DOCUMENT_YAML, (const char *)b.data, b.len);
	print(again, DOCUMENT_YAML, 0, &c);
	assert_string_equal((const char *)b.data, (const char *)c.data);
	buf_fini(&b);
	buf_fini(&c);
	document_free(d);
	document_free(again);
}

static void
values_become_canonical(void **state)
{
	static const char text[] = "interfaces:\n  lan:\n    match: { mac: \"00:00:5E:00:53:0A\" }\n"
	    "    addresses: [2001:DB8:0:0::1/64]\nfirewall:\n  groups:\n    g: { addresses: [192.0.2.1/32, 198.51.100.0/24] }\n"
	    "  services:\n    s: { protocol: tcp, ports: [8000-8000, 90-99] }\n";
	struct document *d = load(DOCUMENT_YAML, text, strlen(text));
	struct buf b;

	(void)state;
	print(d, DOCUMENT_JSON, 0, &b);
	assert_string_equal((const char *)b.data, "{\"interfaces\":[{\"name\":\"lan\",\"match\":{\"mac\":\"00:00:5e:00:53:0a\"},"
	    "\"addresses\":[\"2001:db8::1/64\"]}],\"firewall\":{\"groups\":[{\"name\":\"g\",\"addresses\":[\"192.0.2.1\","
	    "\"198.51.100.0/24\"]}],\"services\":[{\"name\":\"s\",\"protocol\":[\"tcp\"],\"ports\":[\"90-99\",\"8000\"]}]}}");
	buf_fini(&b);
	document_free(d);
}

/* Text that YAML could take for something else comes back as it was. */
static void
texts_survive_yaml(void **state)
{
	static const char *const texts[] = {
		"yes", "no", "null", "~", "5", "1e3", "0x10", "12:30", "2026-11-20", "- x", "a: b", "a #b", "# c", "\"q\"", "'q'",
		"back\\slash", "caf\xc3\xa9", "[x]", "{x}", "*a", "&a", "!a", "%a", "@a", "`a", "a:", " lead", "trail ", ".5", "+1",
		"=", "<<", "true", "a, b", "|", ">", "a \xe2\x80\xa8 b", "a \xe2\x80\xa9", "\xef\xbb\xbf", "\xe2\x80\xaex", "\xf0\x9f\x94\xa5",
	};
	struct document *d, *again;
	struct buf b, json;
	const char *value;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		buf_init(&json, 0);
		buf_puts(&json, "{\"system\":{\"description\":");
		record_json_string(texts[i], strlen(texts[i]), &json);
		buf_puts(&json, "}}");
		d = load(DOCUMENT_JSON, (const char *)json.data, json.len);
		print(d, DOCUMENT_YAML, 0, &b);
		again = load(DOCUMENT_YAML, (const char *)b.data, b.len);
		value = document_value(again, "/system/description");
		assert_non_null(value);
		assert_string_equal(value, texts[i]);
		buf_fini(&b);
		buf_fini(&json);
		document_free(d);
		document_free(again);
	}
}

static void
count_key(const char *key, void *arg)
{
	unsigned *n = arg;

	assert_non_null(key);
	(*n)++;
}

static void
values_are_found_by_path(void **state)
{
	struct document *d = load_lab();
	unsigned n = 0;

	(void)state;
	assert_string_equal(document_value(d, "/management/web/port"), "8443");
	assert_string_equal(document_value(d, "/management/ssh/port"), "22");
	assert_string_equal(document_value(d, "/users/alice/role"), "admin");
	assert_string_equal(document_value(d, "/firewall/rules/web-in/action"), "accept");
	assert_null(document_value(d, "/users/bob/role"));
	assert_null(document_value(d, "/no/such/thing"));
	document_each(d, "/users", count_key, &n);
	document_each(d, "/management/web/zones", count_key, &n);
	document_each(d, "/firewall/rules", count_key, &n);
	assert_int_equal(n, 1 + 1 + 5);
	document_free(d);
}

static void
a_valid_document_stays_as_it_is(void **state)
{
	struct problems *problems = problems_new();
	struct document *d = load_lab();
	char before[65], after[65];

	(void)state;
	assert_int_equal(document_digest(d, before), 0);
	assert_int_equal(document_validate(d, problems), 0);
	assert_int_equal(document_validate(d, problems), 0);
	assert_int_equal(problems_count(problems), 0);
	assert_int_equal(document_digest(d, after), 0);
	assert_string_equal(before, after);
	document_free(d);
	problems_free(problems);
}

static void
compare_golden(const char *path, const struct buf *b)
{
	char expected[4096];
	size_t len;
	char *text;
	FILE *f;

	snprintf(expected, sizeof(expected), "%.*s.problems", (int)(strrchr(path, '.') - path), path);
	if (is_update) {
		f = fopen(expected, "w");
		assert_non_null(f);
		fwrite(b->data, 1, b->len, f);
		fclose(f);
		return;
	}
	text = read_file(expected, &len);
	if (len != b->len || memcmp(text, b->data, len) != 0)
		print_error("%s:\n%s\n", path, (const char *)b->data);
	assert_string_equal((const char *)b->data, text);
	free(text);
}

/* Each wrong document has its problems beside it, in the words that people see. */
static void
problems_are_told_in_these_words(void **state)
{
	DIR *dir = opendir(golden_dir);
	struct problems *problems;
	struct document *d;
	struct dirent *e;
	char path[2048];
	unsigned n = 0;
	struct buf b;
	size_t len;
	char *text;

	(void)state;
	assert_non_null(dir);
	while ((e = readdir(dir)) != NULL) {
		if (strstr(e->d_name, ".yaml") == NULL && strstr(e->d_name, ".json") == NULL)
			continue;
		snprintf(path, sizeof(path), "%s/%s", golden_dir, e->d_name);
		text = read_file(path, &len);
		problems = problems_new();
		assert_int_equal(document_check(schema, strstr(e->d_name, ".json") != NULL ? DOCUMENT_JSON : DOCUMENT_YAML, text,
		    len, problems, &d), -22);
		buf_init(&b, 0);
		problems_print_text(problems, e->d_name, &b);
		compare_golden(path, &b);
		buf_fini(&b);
		problems_free(problems);
		free(text);
		n++;
	}
	closedir(dir);
	assert_true(n >= 5);
}

/* At most PROBLEMS_MAX, and in time: a document in which every rule is wrong. */
static void
many_problems_are_bounded(void **state)
{
	struct problems *problems = problems_new();
	struct document *d;
	struct buf b;
	unsigned i;

	(void)state;
	buf_init(&b, 0);
	buf_puts(&b, "routing:\n  static:\n");
	for (i = 0; i < 200; i++)
		buf_printf(&b, "    r%u: { destination: 198.18.0.0/15, via: 2001:db8::1 }\n", i);
	assert_int_equal(document_check(schema, DOCUMENT_YAML, (const char *)b.data, b.len, problems, &d), -22);
	/* A slow machine may need longer than people wait: then it is said that there are more. */
	for (i = 0; problems_get(problems, i) != NULL && strcmp(problems_get(problems, i)->code, "more") != 0; i++)
		assert_string_equal(problems_get(problems, i)->code, "family-mismatch");
	assert_true(problems_count(problems) == PROBLEMS_MAX || problems_get(problems, i) != NULL);
	buf_fini(&b);
	problems_free(problems);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(printing_is_stable),
		cmocka_unit_test(either_shape_is_taken),
		cmocka_unit_test(defaults_are_left_out_or_marked),
		cmocka_unit_test(digest_is_of_the_meaning),
		cmocka_unit_test(owners_decode_what_was_encoded),
		cmocka_unit_test(wire_is_of_the_meaning),
		cmocka_unit_test(rules_get_their_id_once),
		cmocka_unit_test(values_become_canonical),
		cmocka_unit_test(texts_survive_yaml),
		cmocka_unit_test(values_are_found_by_path),
		cmocka_unit_test(a_valid_document_stays_as_it_is),
		cmocka_unit_test(problems_are_told_in_these_words),
		cmocka_unit_test(many_problems_are_bounded),
	};
	int failed;

	if (argc < 3)
		return 2;
	lab_path = argv[1];
	golden_dir = argv[2];
	is_update = argc > 3 && strcmp(argv[3], "--update") == 0;
	schema = schema_new();
	if (schema == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	schema_free(schema);
	return failed;
}
