/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "document.h"
#include "problem.h"
#include "schema.h"
#include "user_role.h"

static struct schema *schema;

static struct document *
load(const char *yaml)
{
	struct problems *problems = problems_new();
	struct document *d = NULL;
	struct buf b;

	buf_init(&b, 0);
	if (document_load(schema, DOCUMENT_YAML, yaml, strlen(yaml), problems, &d) != 0) {
		problems_print_text(problems, "test", &b);
		buf_putc(&b, '\0');
		fail_msg("%s", (const char *)b.data);
	}
	buf_fini(&b);
	problems_free(problems);
	return d;
}

/* --- which rule decides --- */

static void
test_the_most_specific_rule_decides(void **state)
{
	static const char yaml[] =
	    "roles:\n"
	    "  r:\n"
	    "    base: operator\n"
	    "    rules:\n"
	    "      deep: { path: /firewall/groups/a, verbs: [read, edit], action: deny }\n"
	    "      leaf: { path: /firewall/groups/a/description, verbs: [read, edit] }\n"
	    "      any: { path: '/firewall/groups/*/description', verbs: edit, action: deny }\n"
	    "      b: { path: /firewall/groups/b/description, verbs: edit }\n"
	    "      own: { path: /users, verbs: [edit] }\n"
	    "      may: { path: /nat, verbs: edit }\n"
	    "      not: { path: /nat, verbs: edit, action: deny }\n"
	    "      blind: { path: /routing, verbs: read, action: deny }\n";
	static const struct {
		const char	*path;
		enum right	 right;
		bool		 may;
	} cases[] = {
		{ "", RIGHT_CONFIG_READ, true }, { "/firewall", RIGHT_CONFIG_EDIT, true }, { "/firewall/groups/a", RIGHT_CONFIG_READ, false },
		{ "/firewall/groups/a/addresses", RIGHT_CONFIG_EDIT, false }, { "/firewall/groups/a/description", RIGHT_CONFIG_READ, true },
		/* A name before "*". */
		{ "/firewall/groups/a/description", RIGHT_CONFIG_EDIT, true }, { "/firewall/groups/b/description", RIGHT_CONFIG_EDIT, true },
		{ "/firewall/groups/c/description", RIGHT_CONFIG_EDIT, false }, { "/firewall/groups/c/addresses", RIGHT_CONFIG_EDIT, true },
		/* Its own before the base's, deny before allow, and what stands on another verb. */
		{ "/users/x/role", RIGHT_CONFIG_EDIT, true }, { "/roles/r", RIGHT_CONFIG_EDIT, false }, { "/users/x", RIGHT_COMMIT, false },
		{ "/nat", RIGHT_CONFIG_EDIT, false }, { "/nat/x", RIGHT_CONFIG_READ, true }, { "/routing/static", RIGHT_CONFIG_EDIT, false },
		{ "/routing", RIGHT_STATE_READ, false }, { "/interfaces", RIGHT_STATE_READ, true }, { "", RIGHT_BACKUPS, false },
		{ "", RIGHT_USERS_ADMIN, false }, { "", RIGHT_SESSION, true },
		/* A path is its steps: no part of a name, and nothing behind too many. */
		{ "/userss", RIGHT_COMMIT, true }, { "/firewall/groups/ab", RIGHT_CONFIG_READ, true }, { "users/x/", RIGHT_CONFIG_EDIT, true },
		{ "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q", RIGHT_CONFIG_READ, false },
	};
	struct document *d = load(yaml);
	struct user_role *r = user_role_load(d, "r");
	size_t i;

	(void)state;
	assert_non_null(r);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (user_role_may(r, cases[i].right, cases[i].path, NULL) != cases[i].may)
			fail_msg("%s at %s", right_name(cases[i].right), cases[i].path);
	assert_string_equal(user_role_decide(r, RIGHT_CONFIG_EDIT, "/firewall/groups/c/description")->name, "any");
	assert_null(user_role_decide(r, RIGHT_BACKUPS, ""));
	user_role_free(r);
	document_free(d);
}

static void
test_how_far_a_right_reaches(void **state)
{
	static const char yaml[] =
	    "roles:\n"
	    "  r:\n"
	    "    rules:\n"
	    "      one: { path: /firewall/groups/a, verbs: [read, edit] }\n"
	    "      two: { path: /interfaces, verbs: read }\n"
	    "      hole: { path: /interfaces/wan, verbs: read, action: deny }\n"
	    "      half: { path: /nat, verbs: commit }\n"
	    "  none: {}\n";
	static const struct {
		const char	*path;
		enum right	 right;
		enum extent	 extent;
	} cases[] = {
		{ "", RIGHT_CONFIG_READ, EXTENT_SOMETHING }, { "", RIGHT_CONFIG_EDIT, EXTENT_SOMETHING }, { "/firewall", RIGHT_CONFIG_EDIT, EXTENT_SOMETHING },
		{ "/firewall/groups/a", RIGHT_CONFIG_EDIT, EXTENT_EVERYTHING }, { "/firewall/groups/b", RIGHT_CONFIG_READ, EXTENT_NOTHING },
		{ "/interfaces", RIGHT_CONFIG_READ, EXTENT_SOMETHING }, { "/interfaces/lan", RIGHT_CONFIG_READ, EXTENT_EVERYTHING },
		{ "/interfaces", RIGHT_CONFIG_EDIT, EXTENT_NOTHING }, { "/nat", RIGHT_COMMIT, EXTENT_NOTHING }, { "", RIGHT_BACKUPS, EXTENT_NOTHING },
	};
	struct document *d = load(yaml);
	struct user_role *r = user_role_load(d, "r"), *none = user_role_load(d, "none"), *admin = user_role_load(d, "admin");
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (user_role_extent(r, cases[i].right, cases[i].path) != cases[i].extent)
			fail_msg("%s at %s: %d", right_name(cases[i].right), cases[i].path, user_role_extent(r, cases[i].right, cases[i].path));
	for (i = RIGHT_VERB_FIRST; i < RIGHT_MAX; i++) {
		assert_int_equal(user_role_extent(none, (enum right)i, ""), EXTENT_NOTHING);
		assert_int_equal(user_role_extent(admin, (enum right)i, "/users"), EXTENT_EVERYTHING);
		assert_int_equal(user_role_extent(NULL, (enum right)i, ""), EXTENT_NOTHING);
	}
	user_role_free(r);
	user_role_free(none);
	user_role_free(admin);
	document_free(d);
}

static void
test_names_that_are_none(void **state)
{
	static const char *const names[] = { "", "nobody", "r/rules", "../users", "admin/", "a-name-that-is-longer-than-any-role-has" };
	struct document *d = load("roles: { r: {} }\n");
	size_t i;

	(void)state;
	assert_null(user_role_load(d, NULL));
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_null(user_role_load(d, names[i]));
	document_free(d);
}

/* --- what one has more than another --- */

static const char *const alphabet[][4] = { { "firewall", "nat", "system", NULL }, { "groups", "rules", NULL }, { "*", "a", "b", NULL },
	{ "description", "name", NULL } };
static const char *const places[][4] = { { "firewall", "nat", "system", NULL }, { "groups", "rules", NULL }, { "a", "b", "nobody", NULL },
	{ "description", "name", NULL } };

static unsigned
pick(unsigned n)
{
	return (unsigned)random() % n;
}

static void
random_path(char *ret, size_t size)
{
	unsigned depth = pick(5), i, n;
	size_t at = 0;

	ret[0] = '\0';
	for (i = 0; i < depth; i++) {
		for (n = 0; alphabet[i][n] != NULL; n++)
			;
		at += (size_t)snprintf(ret + at, size - at, "/%s", alphabet[i][pick(n)]);
	}
	if (depth == 0)
		(void)snprintf(ret, size, "/");
}

static void
random_role(const char *name, struct buf *b)
{
	static const char *const verbs[] = { "read", "edit", "commit", "read, edit", "read, edit, commit", "all" };
	unsigned n = pick(5), i;
	char path[128];

	buf_printf(b, "  %s:\n    description: x\n", name);
	if (pick(3) == 0)
		buf_printf(b, "    base: %s\n", user_role_builtin(1 + pick(3)));
	if (n > 0)
		buf_puts(b, "    rules:\n");
	for (i = 0; i < n; i++) {
		random_path(path, sizeof(path));
		buf_printf(b, "      r%u: { path: '%s', verbs: [%s], action: %s }\n", i, path, verbs[pick(6)], pick(3) == 0 ? "deny" : "allow");
	}
}

/* Asked at every place there can be. */
static bool
has_no_more(const struct user_role *a, const struct user_role *b, unsigned depth, const char *path)
{
	char below[160];
	unsigned i;

	for (i = RIGHT_VERB_FIRST; i < RIGHT_MAX; i++)
		if (user_role_may(b, (enum right)i, path, NULL) && !user_role_may(a, (enum right)i, path, NULL))
			return false;
	for (i = 0; depth < 4 && places[depth][i] != NULL; i++) {
		(void)snprintf(below, sizeof(below), "%s/%s", path, places[depth][i]);
		if (!has_no_more(a, b, depth + 1, below))
			return false;
	}
	return depth != 0 || has_no_more(a, b, 4, "/users/x");
}

static void
test_covering_is_exact(void **state)
{
	struct user_role *a, *b;
	unsigned i, covered = 0;
	struct document *d;
	enum right right;
	char path[256];
	struct buf buf;
	bool covers;

	(void)state;
	srandom(106);
	for (i = 0; i < 3000; i++) {
		buf_init(&buf, 0);
		buf_puts(&buf, "roles:\n");
		random_role("a", &buf);
		random_role("b", &buf);
		d = load((const char *)buf.data);
		a = user_role_load(d, "a");
		b = user_role_load(d, "b");
		covers = user_role_covers(a, b, &right, path);
		if (covers != has_no_more(a, b, 0, ""))
			fail_msg("a covers b: %d\n%s", covers, (const char *)buf.data);
		covered += covers;
		user_role_free(a);
		user_role_free(b);
		document_free(d);
		buf_fini(&buf);
	}
	/* Both answers were asked for. */
	assert_true(covered > 300 && covered < 2700);
}

static void
test_covering_of_builtin_roles(void **state)
{
	static const bool covers[4][4] = { { true, true, true, true }, { false, true, true, true }, { false, false, true, false },
		{ false, false, true, true } };
	struct document *d = document_new(schema);
	struct user_role *a, *b;
	enum right right = RIGHT_INVALID;
	char path[256];
	unsigned i, j;

	(void)state;
	for (i = 0; i < 4; i++)
		for (j = 0; j < 4; j++) {
			a = user_role_load(d, user_role_builtin(i));
			b = user_role_load(d, user_role_builtin(j));
			assert_int_equal(user_role_covers(a, b, &right, path), covers[i][j]);
			user_role_free(a);
			user_role_free(b);
		}
	a = user_role_load(d, "operator");
	assert_false(user_role_covers(NULL, a, NULL, NULL));
	assert_false(user_role_covers(a, NULL, NULL, NULL));
	user_role_free(a);
	document_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_most_specific_rule_decides),
		cmocka_unit_test(test_how_far_a_right_reaches),
		cmocka_unit_test(test_names_that_are_none),
		cmocka_unit_test(test_covering_is_exact),
		cmocka_unit_test(test_covering_of_builtin_roles),
	};
	int failed;

	if ((schema = schema_new()) == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	schema_free(schema);
	return failed;
}
