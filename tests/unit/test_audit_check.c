/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an attacker could do to an audit log, against the verifier: each change to each record of logs of up to 512 records, with his own
 * numbers put right afterwards, so that the tree has to find it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "audit/check.h"
#include "audit/lines.h"
#include "base/buf.h"

#define N	512
#define TEXT	48

static char		 texts[N + 2][TEXT];	/* of the records, without their numbers */
static struct audit_head heads[N + 1];		/* one of each size */
static EVP_PKEY		*secret;
static struct audit_key	*public;

/* --- a log that can be changed: which text stands at which place, with which number --- */

struct row {
	unsigned	text;
	unsigned	seq;
};

static unsigned
record(const struct row *r, char ret[128])
{
	return (unsigned)snprintf(ret, 128, "{\"seq\":%u,%s", r->seq, texts[r->text]);
}

static void
plain(struct row *rows, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		rows[i] = (struct row){ i + 1, i + 1 };
}

static void
sign(struct audit_head *h)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct buf b;

	buf_init(&b, 0);
	audit_head_statement(h, &b);
	h->signature_len = sizeof(h->signature);
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, secret), 1);
	assert_int_equal(EVP_DigestSign(ctx, h->signature, &h->signature_len, b.data, b.len), 1);
	EVP_MD_CTX_free(ctx);
	buf_fini(&b);
}

static int
make(void **state)
{
	struct audit_tree t = { .size = 0 };
	struct audit_hash leaf, nodes[AUDIT_LEVELS];
	unsigned char *der = NULL;
	char line[128];
	unsigned i;
	int len;

	(void)state;
	secret = EVP_EC_gen("P-256");
	len = i2d_PUBKEY(secret, &der);
	public = audit_key_new(der, (size_t)len);
	OPENSSL_free(der);
	for (i = 1; i <= N + 1; i++)
		(void)snprintf(texts[i], TEXT, "\"actor\":\"user%u\"}", i);
	for (i = 1; i <= N; i++) {
		audit_hash_leaf(line, record(&(struct row){ i, i }, line), &leaf);
		(void)audit_tree_append(&t, &leaf, nodes);
		heads[i] = (struct audit_head){ .number = i, .size = i, .time = "2026-11-28T10:00:00Z" };
		audit_tree_root(&t, &heads[i].root);
		if (i > 1)
			audit_head_hash(&heads[i - 1], &heads[i].previous);
		sign(&heads[i]);
	}
	return public != NULL ? 0 : -1;
}

static int
unmake(void **state)
{
	(void)state;
	audit_key_free(public);
	EVP_PKEY_free(secret);
	return 0;
}

static void
expect_head(struct audit_check *c, const struct audit_head *h)
{
	struct buf b;

	buf_init(&b, 0);
	audit_head_print(h, &b);
	assert_int_equal(audit_check_expect(c, (char *)b.data, b.len), 0);
	buf_fini(&b);
}

/* The verdict on rows, with the head of size n kept elsewhere. */
static int
judge(const struct row *rows, unsigned nrows, unsigned n, struct audit_result *ret)
{
	struct audit_check *c = audit_check_new(NULL);
	char line[128];
	int error = 0;
	unsigned i;

	assert_non_null(c);
	expect_head(c, &heads[n]);
	for (i = 0; i < nrows && error == 0; i++)
		error = audit_check_line(c, line, record(&rows[i], line));
	if (error == 0)
		error = audit_check_end(c);
	*ret = *audit_check_result(c);
	audit_check_free(c);
	return error;
}

/* Whoever can change the records can number them too. */
static unsigned
renumber(struct row *rows, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		rows[i].seq = i + 1;
	return n;
}

/* --- single changes --- */

static unsigned
edit(struct row *rows, unsigned n, unsigned at)
{
	rows[at].text = N + 1;
	return n;
}

static unsigned
delete(struct row *rows, unsigned n, unsigned at)
{
	memmove(rows + at, rows + at + 1, (n - at - 1) * sizeof(*rows));
	return n - 1;
}

static unsigned
insert(struct row *rows, unsigned n, unsigned at)
{
	memmove(rows + at + 1, rows + at, (n - at) * sizeof(*rows));
	rows[at] = (struct row){ N + 1, at + 1 };
	return n + 1;
}

static unsigned
swap(struct row *rows, unsigned n, unsigned at)
{
	unsigned other = at + 1 < n ? at + 1 : 0;
	struct row r = rows[at];

	rows[at] = rows[other];
	rows[other] = r;
	return n;
}

static const struct {
	const char	*name;
	unsigned	(*change)(struct row *, unsigned n, unsigned at);
} changes[] = { { "edit", edit }, { "deletion", delete }, { "insertion", insert }, { "swap", swap } };

/* All sizes in the long form; else the small ones and those around powers of two, where naive trees fail. */
static bool
is_wanted(unsigned n)
{
	unsigned above = n + 1;

	if (getenv("PATRONUS_SOAK") != NULL || n <= 20)
		return true;
	return (n & (n - 1)) == 0 ? n <= 256 : ((above & (above - 1)) == 0 && n < 256) || ((n - 1) & (n - 2)) == 0;
}

static void
test_single_changes(void **state)
{
	struct row rows[N + 2];
	struct audit_result r;
	unsigned n, at, kind, len, tried = 0, found = 0;

	(void)state;
	for (n = 1; n <= N; n++) {
		if (!is_wanted(n))
			continue;
		plain(rows, n);
		assert_int_equal(judge(rows, n, n, &r), 0);
		assert_true(r.heads == 1 && r.first == 1 && r.last == n);
		for (at = 0; at < n; at++)
			for (kind = 0; kind < sizeof(changes) / sizeof(changes[0]); kind++) {
				if (n == 1 && kind == 3)
					continue;
				plain(rows, n);
				len = changes[kind].change(rows, n, at);
				tried++;
				found += judge(rows, len, n, &r) == -EBADMSG && r.problem[0] != '\0';
				len = renumber(rows, len);
				tried++;
				found += judge(rows, len, n, &r) == -EBADMSG && r.problem[0] != '\0';
				if (found != tried)
					fail_msg("%s of record %u of %u was not found", changes[kind].name, at + 1, n);
			}
	}
	assert_true(tried > 10000);
}

/* Every truncation past an exported head, and none before it (that is what nobody can know). */
static void
test_truncation(void **state)
{
	struct row rows[N + 1];
	struct audit_result r;
	unsigned n, len;

	(void)state;
	for (n = 1; n <= N; n++) {
		if (!is_wanted(n))
			continue;
		plain(rows, n);
		for (len = 0; len < n; len++) {
			assert_int_equal(judge(rows, len, n, &r), -EBADMSG);
			assert_int_equal(r.bad, len + 1);
		}
	}
	plain(rows, 200);
	assert_int_equal(judge(rows, 200, 150, &r), 0);
	assert_int_equal(judge(rows, 160, 150, &r), 0);
	assert_int_equal(judge(rows, 149, 150, &r), -EBADMSG);
}

/* Which record it is, where the numbers tell. */
static void
test_numbers_name_the_record(void **state)
{
	struct row rows[12];
	struct audit_result r;

	(void)state;
	plain(rows, 10);
	assert_int_equal(judge(rows, delete(rows, 10, 4), 10, &r), -EBADMSG);
	assert_int_equal(r.bad, 5);
	assert_string_equal(r.problem, "record 6 follows record 4: 1 missing");
	plain(rows, 10);
	assert_int_equal(judge(rows, insert(rows, 10, 4), 10, &r), -EBADMSG);
	assert_int_equal(r.bad, 5);
	assert_string_equal(r.problem, "record 5 stands after record 5");
	plain(rows, 10);
	assert_int_equal(judge(rows, edit(rows, 10, 4), 10, &r), -EBADMSG);
	assert_int_equal(r.bad, 1);
	assert_string_equal(r.problem, "records 1 to 10 are not those that head 10 was signed over: the first bad one is among them");
}

/* --- exports --- */

static int
feed(struct audit_check *c, struct buf *b)
{
	int error = audit_check_line(c, (char *)b->data, b->len);

	buf_reset(b);
	return error;
}

/* Records first..last with a head at the end, as the box exports them; `changed` is another text, 0: none. */
static int
export(struct audit_check *c, unsigned first, unsigned last, unsigned changed)
{
	struct audit_hash leaves[N];
	struct audit_tree before = { .size = 0 };
	struct audit_hash nodes[AUDIT_LEVELS];
	char line[128];
	unsigned i;
	struct buf b;
	int error = 0;

	buf_init(&b, 0);
	for (i = 1; i <= last; i++) {
		audit_hash_leaf(line, record(&(struct row){ i, i }, line), &leaves[i - 1]);
		if (i < first)
			(void)audit_tree_append(&before, &leaves[i - 1], nodes);
	}
	audit_prefix_line_print(&before, &b);
	error = feed(c, &b);
	for (i = first; i <= last && error == 0; i++)
		error = audit_check_line(c, line, record(&(struct row){ i == changed ? N + 1 : i, i }, line));
	audit_leaves_line_print(first, leaves + first - 1, last - first + 1, &b);
	if (error == 0)
		error = feed(c, &b);
	buf_reset(&b);
	audit_head_print(&heads[last], &b);
	if (error == 0)
		error = feed(c, &b);
	buf_fini(&b);
	return error;
}

static void
test_parts(void **state)
{
	static const unsigned cuts[] = { 1, 2, 3, 64, 65, 100, 127 };
	struct audit_check *c;
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		/* A part alone, and two parts that follow one another. */
		c = audit_check_new(public);
		assert_int_equal(export(c, cuts[i], 200, 0), 0);
		assert_int_equal(audit_check_end(c), 0);
		assert_int_equal(audit_check_result(c)->first, cuts[i]);
		audit_check_free(c);
		c = audit_check_new(public);
		assert_int_equal(export(c, 1, cuts[i], 0), 0);
		assert_int_equal(export(c, cuts[i] + 1, 200, 0), 0);
		assert_int_equal(audit_check_end(c), 0);
		assert_int_equal(audit_check_result(c)->heads, 2);
		audit_check_free(c);
	}
	/* Parts that do not. */
	c = audit_check_new(public);
	assert_int_equal(export(c, 1, 100, 0), 0);
	assert_int_equal(export(c, 102, 200, 0), -EBADMSG);
	audit_check_free(c);
}

static void
test_leaves_name_the_record(void **state)
{
	struct audit_check *c;
	unsigned at;

	(void)state;
	for (at = 50; at <= 150; at++) {
		c = audit_check_new(public);
		assert_int_equal(export(c, 50, 150, at), -EBADMSG);
		assert_int_equal(audit_check_result(c)->bad, at);
		audit_check_free(c);
	}
}

static void
test_key_in_the_export(void **state)
{
	EVP_PKEY *foreign = EVP_EC_gen("P-256"), *other_curve = EVP_EC_gen("P-384");
	struct audit_check *c;
	unsigned char *der;
	struct buf b;
	int len;

	(void)state;
	buf_init(&b, 0);
	der = NULL;
	len = i2d_PUBKEY(secret, &der);
	audit_key_line_print(der, (size_t)len, &b);
	c = audit_check_new(NULL);
	assert_int_equal(feed(c, &b), 0);
	assert_non_null(audit_check_key(c));
	assert_int_equal(export(c, 1, 20, 0), 0);
	audit_check_free(c);
	assert_null(audit_key_new(der, (size_t)len - 1));
	OPENSSL_free(der);
	/* Another key than the one that is known, and none at all. */
	der = NULL;
	len = i2d_PUBKEY(foreign, &der);
	audit_key_line_print(der, (size_t)len, &b);
	c = audit_check_new(public);
	assert_int_equal(feed(c, &b), -EBADMSG);
	audit_check_free(c);
	audit_key_line_print(der, (size_t)len, &b);
	c = audit_check_new(NULL);
	assert_int_equal(feed(c, &b), 0);
	assert_int_equal(export(c, 1, 20, 0), -EBADMSG);
	assert_non_null(strstr(audit_check_result(c)->problem, "signature"));
	audit_check_free(c);
	OPENSSL_free(der);
	der = NULL;
	len = i2d_PUBKEY(other_curve, &der);
	assert_null(audit_key_new(der, (size_t)len));
	OPENSSL_free(der);
	EVP_PKEY_free(foreign);
	EVP_PKEY_free(other_curve);
	buf_fini(&b);
}

/* --- heads --- */

static void
test_head_text(void **state)
{
	struct audit_head h;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 0);
	audit_head_print(&heads[7], &b);
	assert_true(audit_head_is((char *)b.data, b.len));
	assert_int_equal(audit_head_parse((char *)b.data, b.len, &h), 0);
	assert_true(audit_head_verify(&h, public));
	/* One byte more or less, and every other byte changed: no head, or one that was not signed. */
	for (i = 0; i < b.len; i++)
		assert_int_equal(audit_head_parse((char *)b.data, i, &h), -EBADMSG);
	for (i = 0; i < b.len; i++) {
		b.data[i] ^= 1;
		if (audit_head_parse((char *)b.data, b.len, &h) == 0)
			assert_false(audit_head_verify(&h, public));
		b.data[i] ^= 1;
	}
	buf_putc(&b, ' ');
	assert_int_equal(audit_head_parse((char *)b.data, b.len, &h), -EBADMSG);
	buf_fini(&b);
}

static int
judge_heads(const struct audit_head *a, const struct audit_head *b, struct audit_result *ret)
{
	struct audit_check *c = audit_check_new(public);
	char line[128];
	unsigned i;
	int error = 0;

	expect_head(c, a);
	expect_head(c, b);
	for (i = 1; i <= 30 && error == 0; i++)
		error = audit_check_line(c, line, record(&(struct row){ i, i }, line));
	if (error == 0)
		error = audit_check_end(c);
	*ret = *audit_check_result(c);
	audit_check_free(c);
	return error;
}

static void
test_chain_of_heads(void **state)
{
	struct audit_head h;
	struct audit_result r;

	(void)state;
	assert_int_equal(judge_heads(&heads[10], &heads[11], &r), 0);
	assert_int_equal(r.heads, 2);
	/* The same head twice is one; a gap between heads is no fault. */
	assert_int_equal(judge_heads(&heads[10], &heads[10], &r), 0);
	assert_int_equal(judge_heads(&heads[20], &heads[10], &r), 0);
	/* The box signed two stories. */
	h = heads[11];
	h.root = heads[12].root;
	sign(&h);
	assert_int_equal(judge_heads(&heads[11], &h, &r), -EBADMSG);
	assert_non_null(strstr(r.problem, "two different heads"));
	h = heads[11];
	h.previous.b[0] ^= 1;
	sign(&h);
	assert_int_equal(judge_heads(&heads[10], &h, &r), -EBADMSG);
	h = heads[12];
	h.number = 9;
	sign(&h);
	assert_int_equal(judge_heads(&heads[10], &h, &r), -EBADMSG);
	/* Not signed at all. */
	h = heads[11];
	h.signature[10] ^= 1;
	assert_int_equal(judge_heads(&heads[10], &h, &r), -EBADMSG);
}

/* Of a signature every bit counts. */
static void
test_signature_bits(void **state)
{
	struct audit_head h = heads[3];
	unsigned bit;

	(void)state;
	for (bit = 0; bit < 8 * h.signature_len; bit++) {
		h.signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(audit_head_verify(&h, public));
		h.signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_true(audit_head_verify(&h, public));
}

static void
test_what_is_no_line(void **state)
{
	static const char *const texts_bad[] = {
		"", " ", "{}", "{\"seq\":}", "{\"seq\":0,\"x\":1}", "{\"seq\":99999999999999999999999}", "{\"audit-key\":\"\"}", "{\"audit-key\":\"zz\"}",
		"{\"audit-prefix\":3,\"peaks\":\"00\"}", "{\"audit-prefix\":0,\"peaks\":\"\"", "{\"audit-leaves\":0,\"hashes\":\"\"}",
		"{\"audit-leaves\":1,\"hashes\":\"0\"}", "{\"audit-head\":1}", "{\"audit-prefix\":99999999999999999999,\"peaks\":\"\"}",
	};
	struct audit_check *c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts_bad) / sizeof(texts_bad[0]); i++) {
		c = audit_check_new(NULL);
		if (audit_check_line(c, texts_bad[i], strlen(texts_bad[i])) != -EBADMSG)
			fail_msg("taken: %s", texts_bad[i]);
		audit_check_free(c);
	}
	/* What is not a record at the start tells nothing of what was before. */
	c = audit_check_new(NULL);
	assert_int_equal(audit_check_line(c, "{\"seq\":5,\"x\":1}", 15), -EBADMSG);
	assert_int_equal(audit_check_result(c)->bad, 1);
	audit_check_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_single_changes),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_numbers_name_the_record),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_leaves_name_the_record),
		cmocka_unit_test(test_key_in_the_export),
		cmocka_unit_test(test_head_text),
		cmocka_unit_test(test_chain_of_heads),
		cmocka_unit_test(test_signature_bits),
		cmocka_unit_test(test_what_is_no_line),
	};

	return cmocka_run_group_tests(tests, make, unmake);
}
