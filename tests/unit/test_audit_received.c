/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of a receiver of syslog against the verifier: late heads, repetitions, other people's messages, and what was changed or is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audit/check.h"
#include "audit/head.h"
#include "audit/received.h"
#include "audit/tree.h"
#include "base/buf.h"
#include "base/str.h"

#define N	20u
#define HEADS	3u
#define LINE	1024

static char	records[N + 1][LINE], record_texts[N + 1][LINE];	/* messages, and their texts alone; from 1 on */
static char	heads[HEADS][LINE], head_texts[HEADS][LINE];
static const unsigned sizes[HEADS] = { 5, 12, N };

static void
make_head(unsigned i, const struct audit_tree *t)
{
	struct audit_head h = { .number = i + 1, .size = t->size, .signature_len = 70 };
	static struct audit_hash previous;
	struct buf b;

	(void)str_copy(h.time, "2026-11-28T10:00:00Z", sizeof(h.time));
	audit_tree_root(t, &h.root);
	h.previous = previous;
	audit_head_hash(&h, &previous);
	buf_init(&b, 0);
	audit_head_print(&h, &b);
	buf_putc(&b, '\0');
	(void)snprintf(head_texts[i], LINE, "%s", (char *)b.data);
	(void)snprintf(heads[i], LINE, "<109>1 2026-11-28T10:00:00Z edge1 patronus-logd - audit-head [audit-head@32473 size=\"%u\"] %s", sizes[i],
	    head_texts[i]);
	buf_fini(&b);
}

static int
make(void **state)
{
	struct audit_hash leaf, nodes[AUDIT_LEVELS];
	struct audit_tree t = { .size = 0 };
	char hex[2 * AUDIT_HASH_LEN + 1];
	unsigned i, k;

	(void)state;
	for (i = 1; i <= N; i++) {
		(void)snprintf(record_texts[i], LINE, "{\"seq\":%u,\"actor\":\"a\\\"] %u\",\"detail\":\"caf\xc3\xa9 <13>1 {\\\"seq\\\":1\"}", i, i);
		audit_hash_leaf(record_texts[i], strlen(record_texts[i]), &leaf);
		(void)audit_tree_append(&t, &leaf, nodes);
		str_hex(leaf.b, AUDIT_HASH_LEN, hex);
		(void)snprintf(records[i], LINE, "<109>1 2026-11-28T10:00:00Z edge1 patronus-confd - audit [audit@32473 index=\"%u\" leaf=\"%s\" "
		    "actor=\"a\\\"\\] leaf=\\\"0\\\" \\\\\"] %s", i, hex, record_texts[i]);
		for (k = 0; k < HEADS; k++)
			if (sizes[k] == i)
				make_head(k, &t);
	}
	return 0;
}

/* --- a file --- */

static const char	*file[128];
static unsigned		 n;

static void
add(const char *line)
{
	assert_true(n < 128);
	file[n++] = line;
}

/* 0 when all is proven; ret_heads: by so many heads. */
static int
verify(unsigned *ret_heads, char *ret_problem)
{
	struct audit_check *c = audit_check_new(NULL);
	uint64_t last = 0;
	int error = 0;
	unsigned i;

	assert_non_null(c);
	for (i = 0; error == 0 && i < n; i++)
		error = audit_received_first(c, file[i], strlen(file[i]));
	for (i = 0; error == 0 && i < n; i++)
		error = audit_received_second(c, &last, file[i], strlen(file[i]));
	if (error == 0)
		error = audit_check_end(c);
	*ret_heads = (unsigned)audit_check_result(c)->heads;
	(void)snprintf(ret_problem, 256, "%s", audit_check_result(c)->problem);
	audit_check_free(c);
	return error;
}

/* As it comes: each head behind two newer records, after an outage the last five records again. */
static void
lively(bool has_texts)
{
	unsigned i, k;

	n = 0;
	for (i = 1; i <= N; i++) {
		add(has_texts ? record_texts[i] : records[i]);
		for (k = 0; k < HEADS; k++)
			if (i == sizes[k] + 2)
				add(has_texts ? head_texts[k] : heads[k]);
		if (i == 13)
			for (k = 8; k <= 13; k++)
				add(has_texts ? record_texts[k] : records[k]);
		if (i == 15)
			add(has_texts ? head_texts[1] : heads[1]);
	}
	add(has_texts ? head_texts[2] : heads[2]);
}

static void
test_as_it_comes(void **state)
{
	char problem[256];
	unsigned proven;

	(void)state;
	lively(false);
	assert_int_equal(verify(&proven, problem), 0);
	assert_int_equal(proven, HEADS);
	lively(true);
	assert_int_equal(verify(&proven, problem), 0);
	assert_int_equal(proven, HEADS);
}

/* Texts that somebody chose are not records, wherever they stand. */
static void
test_other_messages(void **state)
{
	static const char *const others[] = {
		"<30>1 2026-11-28T10:00:00Z edge1 patronus-netd - event [event@32473 index=\"1\"] {\"seq\":3,\"actor\":\"root\"}",
		"<30>1 2026-11-28T10:00:00Z edge1 patronus-netd - event - {\"audit-head\":1}",
		"<30>1 2026-11-28T10:00:00Z edge1 patronus-netd - event [event@32473 text=\"x\\\"] {\\\"seq\\\":1\"] link: x",
		"{\"time\":1}", "", "<", "<13>1", "<13>1 - - - - audit [", "<13>1 - - - - audit [a b=\"", "<13>1 - - - - audit [a b=\"c\"",
		"<13>2 - - - - audit - {\"seq\":1}",
		"Nov 28 10:00:00 edge1 patronus: {\"seq\":1}", "<13>1 - - - - audit -", "<13>1 - - - - audit - text", "<13>1 - - - - audit [a b=c] {\"seq\":1}",
		"\xef\xbb\xbf",
	};
	struct audit_received r;
	char problem[256];
	unsigned proven, i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(audit_received_parse(others[i], strlen(others[i]), &r));
	lively(false);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		add(others[i]);
	memmove(file + 20, file, n * sizeof(file[0]));
	for (i = 0; i < 20; i++)
		file[i] = others[i % 16];
	n += 20;
	assert_int_equal(verify(&proven, problem), 0);
	assert_int_equal(proven, HEADS);
	/* Some receivers have a BOM before each text. */
	assert_true(audit_received_parse("\xef\xbb\xbf{\"seq\":7}", 12, &r));
	assert_int_equal(r.len, 9);
}

/* Any record taken out or changed is found; with its leaf it is named. */
static void
test_changes(void **state)
{
	char changed[LINE], problem[256], said[64];
	unsigned proven, i, k;
	char *at;

	(void)state;
	for (i = 1; i <= N; i++)
		for (k = 0; k < 3; k++) {
			lively(k == 2);
			(void)snprintf(changed, sizeof(changed), "%s", k == 2 ? record_texts[i] : records[i]);
			at = strstr(changed, "\"detail\":\"");
			assert_non_null(at);
			at[11] ^= 1;
			(void)snprintf(said, sizeof(said), "record %u", i);
			for (unsigned j = 0; j < n; j++)
				if (file[j] == (k == 2 ? record_texts[i] : records[i]))
					file[j] = k == 0 ? "" : changed;
			assert_int_not_equal(verify(&proven, problem), 0);
			if (k == 1)
				assert_non_null(strstr(problem, said));
		}
	/* The first that came counts: a second one under its number changes nothing. */
	lively(false);
	(void)snprintf(changed, sizeof(changed), "<109>1 - - - - audit - {\"seq\":%u,\"actor\":\"another\"}", N);
	add(changed);
	assert_int_equal(verify(&proven, problem), 0);
	/* And what a head was signed over is missed. */
	lively(false);
	for (i = 0; i < n; i++)
		if (file[i] == records[N])
			file[i] = "";
	assert_int_not_equal(verify(&proven, problem), 0);
	assert_non_null(strstr(problem, "missing: head 3 was signed over them"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_it_comes),
		cmocka_unit_test(test_other_messages),
		cmocka_unit_test(test_changes),
	};

	return cmocka_run_group_tests(tests, make, NULL);
}
