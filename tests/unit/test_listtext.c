/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of addresses as others publish them. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

#include "listtext.h"

/* "192.0.2.1-192.0.2.3 2001:db8::1-2001:db8::1 bad 2 first 7" */
static const char *
read_list(const char *text, struct buf *out)
{
	char lo[INET6_ADDRSTRLEN], hi[INET6_ADDRSTRLEN];
	struct listtext l;
	struct buf b;
	uint32_t i;

	buf_init(&b, 0);
	buf_reset(out);
	listtext_pack(text, strlen(text), &b);
	assert_int_equal(listtext_unpack(b.data, b.len, &l), 0);
	for (i = 0; i < l.n4; i++)
		buf_printf(out, "%s-%s ", inet_ntop(AF_INET, l.v4 + i * 8, lo, sizeof(lo)), inet_ntop(AF_INET, l.v4 + i * 8 + 4, hi, sizeof(hi)));
	for (i = 0; i < l.n6; i++)
		buf_printf(out, "%s-%s ", inet_ntop(AF_INET6, l.v6 + i * 32, lo, sizeof(lo)), inet_ntop(AF_INET6, l.v6 + i * 32 + 16, hi, sizeof(hi)));
	buf_printf(out, "of %u bad %u first %u", l.nlines, l.nbad, l.first_bad);
	buf_putc(out, '\0');
	buf_fini(&b);
	return ((const char *)out->data);
}

static void
formats(void **state)
{
	static const struct {
		const char	*text;
		const char	*want;
	} cases[] = {
		{ "", "of 0 bad 0 first 0" },
		{ "# a\n; b\n// c\n\n   \r\n", "of 0 bad 0 first 0" },
		{ "192.0.2.9\n192.0.2.8\n", "192.0.2.8-192.0.2.9 of 2 bad 0 first 0" },
		{ "198.51.100.0/24 ; SBL1\r\n192.0.2.1\t# x", "192.0.2.1-192.0.2.1 198.51.100.0-198.51.100.255 of 2 bad 0 first 0" },
		{ "203.0.113.7/30", "203.0.113.4-203.0.113.7 of 1 bad 0 first 0" },
		{ "203.0.113.1-203.0.113.5,US\n203.0.113.5-203.0.113.9", "203.0.113.1-203.0.113.9 of 2 bad 0 first 0" },
		{ "2001:db8::/32\n2001:db8:1::1", "2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff of 2 bad 0 first 0" },
		{ "192.0.2.1 bad.example worse.example", "192.0.2.1-192.0.2.1 of 1 bad 0 first 0" },
		{ "{\"cidr\":\"192.0.2.0/24\",\"sblid\":\"SBL1\"}\n{ \"sblid\": 1, \"cidr\" : \"2001:db8::/48\" }\n{\"type\":\"metadata\"}",
		    "192.0.2.0-192.0.2.255 2001:db8::-2001:db8:0:ffff:ffff:ffff:ffff:ffff of 2 bad 0 first 0" },
		{ "255.255.255.255\n255.255.255.254", "255.255.255.254-255.255.255.255 of 2 bad 0 first 0" },
		/* What would shut out half of the world, or is none. */
		{ "192.0.2.1\n0.0.0.0/0\n::/0\n192.0.2.2/7\n0.0.0.0-255.255.255.255", "192.0.2.1-192.0.2.1 of 5 bad 4 first 2" },
		{ "<html>\n192.0.2.300\n192.0.2.1/33\n192.0.2.1/024\n192.0.2.9-192.0.2.1\n192.0.2.1-2001:db8::1\n192.0.2.1/\n1.2.3\n-\n/",
		    "of 10 bad 10 first 1" },
		{ "{\"cidr\":\"nothing\"}\n{\"cidr\"\n{\"cidr\":", "of 1 bad 1 first 1" },
	};
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(read_list(cases[i].text, &out), cases[i].want);
	buf_fini(&out);
}

static void
long_and_binary_lines(void **state)
{
	char text[400] = "192.0.2.1\n";
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	memset(text + strlen(text), '1', 300);
	assert_string_equal(read_list(text, &out), "192.0.2.1-192.0.2.1 of 2 bad 1 first 2");
	buf_fini(&out);
}

static void
an_answer_is_looked_at(void **state)
{
	uint8_t two[24 + 16] = { [16] = 2, [24] = 192, 0, 2, 1, 192, 0, 2, 2, 192, 0, 2, 3, 192, 0, 2, 4 };
	struct listtext l;

	(void)state;
	assert_int_equal(listtext_unpack(two, 23, &l), -EPROTO);
	assert_int_equal(listtext_unpack(two, sizeof(two) - 1, &l), -EPROTO);
	/* They touch, and were not made one. */
	assert_int_equal(listtext_unpack(two, sizeof(two), &l), -EPROTO);
	two[24 + 11] = 4;
	assert_int_equal(listtext_unpack(two, sizeof(two), &l), 0);
	two[24 + 15] = 3;
	assert_int_equal(listtext_unpack(two, sizeof(two), &l), -EPROTO);
	two[24 + 11] = 1;
	assert_int_equal(listtext_unpack(two, sizeof(two), &l), -EPROTO);
	two[4] = 1;
	assert_int_equal(listtext_unpack(two, sizeof(two), &l), -EPROTO);
}

/* The first bad line with its reason. */
static void
faults_are_named(void **state)
{
	static const struct {
		const char		*text;
		enum listtext_fault	 fault;
		uint32_t		 line;
	} cases[] = {
		{ "192.0.2.1", LISTTEXT_GOOD, 0 },
		{ "# a\n192.0.2.1\nexample.org\n0.0.0.0/0", LISTTEXT_UNKNOWN, 3 },
		{ "192.0.2.1/", LISTTEXT_LENGTH, 1 },
		{ "192.0.2.1/33", LISTTEXT_LENGTH, 1 },
		{ "2001::/15", LISTTEXT_WIDE, 1 },
		{ "10.0.0.0-11.0.0.0", LISTTEXT_WIDE, 1 },
		{ "192.0.2.9-192.0.2.1", LISTTEXT_BACKWARDS, 1 },
		{ "192.0.2.9-2001:db8::", LISTTEXT_BACKWARDS, 1 },
		{ "1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111", LISTTEXT_TOO_LONG, 1 },
	};
	struct listtext l;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_init(&b, 0);
		listtext_pack(cases[i].text, strlen(cases[i].text), &b);
		assert_int_equal(listtext_unpack(b.data, b.len, &l), 0);
		if (l.fault != cases[i].fault || l.first_bad != cases[i].line)
			fail_msg("%s: line %u %s", cases[i].text, l.first_bad, listtext_fault_text(l.fault));
		buf_fini(&b);
	}
}

static const char *
printed(const uint8_t *ranges, uint32_t n, unsigned len, struct buf *out)
{
	uint32_t i;

	buf_reset(out);
	for (i = 0; i < n; i++)
		listtext_print(ranges + (size_t)i * 2 * len, len, out);
	buf_putc(out, '\0');
	return ((const char *)out->data);
}

/* Both as one, and out as networks that are no wider than what comes in again. */
static void
merged_and_printed(void **state)
{
	static const char first[] = "192.0.2.0-192.0.2.10\n198.51.100.7\n8.0.0.0/8\n9.0.0.0/8\n10.0.0.0/8\n11.0.0.0/8\n2001:db8::1\n";
	static const char second[] = "192.0.2.11\n192.0.2.128/25\n198.51.100.0/24\n0.0.0.0/32\n255.255.255.255\n2001:db8::/127\n2001:db8:1::-2001:db8:1::2\n";
	struct listtext a, b;
	struct buf one, two, out;
	uint8_t *all;
	uint32_t n;

	(void)state;
	buf_init(&one, 0);
	buf_init(&two, 0);
	buf_init(&out, 0);
	listtext_pack(first, sizeof(first) - 1, &one);
	listtext_pack(second, sizeof(second) - 1, &two);
	assert_int_equal(listtext_unpack(one.data, one.len, &a), 0);
	assert_int_equal(listtext_unpack(two.data, two.len, &b), 0);
	all = listtext_merge(a.v4, a.n4, b.v4, b.n4, 4, &n);
	assert_string_equal(printed(all, n, 4, &out), "0.0.0.0\n8.0.0.0/8\n9.0.0.0/8\n10.0.0.0/8\n11.0.0.0/8\n192.0.2.0/29\n192.0.2.8/30\n192.0.2.128/25\n"
	    "198.51.100.0/24\n255.255.255.255\n");
	assert_int_equal(n, 6);
	free(all);
	all = listtext_merge(a.v6, a.n6, b.v6, b.n6, 16, &n);
	assert_string_equal(printed(all, n, 16, &out), "2001:db8::/127\n2001:db8:1::/127\n2001:db8:1::2\n");
	free(all);
	all = listtext_merge(NULL, 0, a.v4, a.n4, 4, &n);
	assert_int_equal(n, a.n4);
	assert_memory_equal(all, a.v4, (size_t)n * 8);
	free(all);
	buf_fini(&one);
	buf_fini(&two);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats),
		cmocka_unit_test(long_and_binary_lines),
		cmocka_unit_test(an_answer_is_looked_at),
		cmocka_unit_test(faults_are_named),
		cmocka_unit_test(merged_and_printed),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
