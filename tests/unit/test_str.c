/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

static void
test_copy(void **state)
{
	char d[5] = "????";

	(void)state;
	assert_int_equal(str_copy(d, "abcdefgh", sizeof(d)), 8);
	assert_string_equal(d, "abcd");
	assert_int_equal(str_copy(d, "ab", sizeof(d)), 2);
	assert_string_equal(d, "ab");
	assert_int_equal(str_copy(d, "xyz", 0), 3);
	assert_string_equal(d, "ab");
	assert_int_equal(str_copy(d, "xyz", 1), 3);
	assert_string_equal(d, "");
}

static void
test_u64(void **state)
{
	static const char *const wrong[] = { "", " 1", "1 ", "+1", "-1", "01", "00", "0x1", "1a", "a", "1.0", "1e3", "\xd9\xa1" };
	uint64_t v = 77;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(str_u64(wrong[i], 0, UINT64_MAX, &v), -EINVAL);
	assert_int_equal(str_u64("18446744073709551616", 0, UINT64_MAX, &v), -ERANGE);
	assert_int_equal(str_u64("99999999999999999999999999", 0, UINT64_MAX, &v), -ERANGE);
	assert_int_equal(str_u64("65536", 0, 65535, &v), -ERANGE);
	assert_int_equal(str_u64("0", 1, 65535, &v), -ERANGE);
	assert_int_equal(v, 77);
	assert_int_equal(str_u64("0", 0, 65535, &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(str_u64("18446744073709551615", 0, UINT64_MAX, &v), 0);
	assert_true(v == UINT64_MAX);
}

static void
test_i64(void **state)
{
	int64_t v = 77;

	(void)state;
	assert_int_equal(str_i64("--1", INT64_MIN, INT64_MAX, &v), -EINVAL);
	assert_int_equal(str_i64("-", INT64_MIN, INT64_MAX, &v), -EINVAL);
	assert_int_equal(str_i64("-01", INT64_MIN, INT64_MAX, &v), -EINVAL);
	assert_int_equal(str_i64("-0", INT64_MIN, INT64_MAX, &v), -EINVAL);
	assert_int_equal(str_i64("-6", -5, 5, &v), -ERANGE);
	assert_int_equal(str_i64("9223372036854775808", INT64_MIN, INT64_MAX, &v), -ERANGE);
	assert_int_equal(str_i64("-9223372036854775809", INT64_MIN, INT64_MAX, &v), -ERANGE);
	assert_int_equal(v, 77);
	assert_int_equal(str_i64("-5", -5, 5, &v), 0);
	assert_int_equal(v, -5);
	assert_int_equal(str_i64("9223372036854775807", INT64_MIN, INT64_MAX, &v), 0);
	assert_true(v == INT64_MAX);
	assert_int_equal(str_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &v), 0);
	assert_true(v == INT64_MIN);
}

static void
test_utf8(void **state)
{
	static const char *const good[] = { "", "plain", "é", "漢字", "😀", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf", "\xee\x80\x80", "\xc2\x80",
	    "\xe0\xa0\x80", "\xf0\x90\x80\x80" };
	/* Continuation alone, overlong, surrogate, beyond U+10FFFF, cut short, never-bytes. */
	static const char *const bad[] = { "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x80\x80\x80",
	    "\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3", "\xe6\xbc", "\xf0\x9f\x98",
	    "\xfe", "\xff", "\xc3(", "\xe6(\xa2", "ok\xc3" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(str_is_utf8(good[i], strlen(good[i])));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(str_is_utf8(bad[i], strlen(bad[i])));
	assert_false(str_is_utf8("a\0b", 3));
	assert_true(str_is_utf8("é", 2));
	assert_false(str_is_utf8("é", 1));
}

static void
test_clean(void **state)
{
	char line[] = "login by \"eve\n\x1b[31m\xff\xc3\xa9\xed\xa0\x80\x7f\t\"";
	char cut[] = "caf\xc3";

	(void)state;
	str_clean(line);
	assert_string_equal(line, "login by \"eve??[31m?\xc3\xa9?????\"");
	assert_true(str_is_utf8(line, strlen(line)));
	assert_false(str_has_control(line, strlen(line)));
	str_clean(cut);
	assert_string_equal(cut, "caf?");
}

static void
test_control(void **state)
{
	(void)state;
	assert_false(str_has_control("", 0));
	assert_false(str_has_control("a b~é", 6));
	assert_true(str_has_control("a\nb", 3));
	assert_true(str_has_control("a\0b", 3));
	assert_true(str_has_control("\x7f", 1));
	assert_true(str_has_control("\x1f", 1));
}

static void
test_distance(void **state)
{
	char long_a[80], long_b[80];

	(void)state;
	assert_int_equal(str_distance("", "", 3), 0);
	assert_int_equal(str_distance("dmz", "dmx", 3), 1);
	assert_int_equal(str_distance("dmz", "", 9), 3);
	assert_int_equal(str_distance("kitten", "sitting", 9), 3);
	assert_int_equal(str_distance("sitting", "kitten", 9), 3);
	assert_int_equal(str_distance("kitten", "sitting", 2), 3);
	assert_int_equal(str_distance("abc", "xyz", 2), 3);
	memset(long_a, 'a', sizeof(long_a));
	memset(long_b, 'a', sizeof(long_b));
	long_a[64] = long_b[63] = '\0';
	assert_int_equal(str_distance(long_a, long_b, 3), 1);
	long_a[64] = 'a';
	long_a[65] = '\0';
	assert_int_equal(str_distance(long_a, long_b, 3), 4);
}

static void
test_equal_ct(void **state)
{
	uint8_t a[32], b[32];
	unsigned i;

	(void)state;
	memset(a, 7, sizeof(a));
	memset(b, 7, sizeof(b));
	assert_true(str_equal_ct(a, b, sizeof(a)));
	assert_true(str_equal_ct(a, b, 0));
	for (i = 0; i < 256; i++) {
		b[i / 8] ^= (uint8_t)(1u << (i % 8));
		assert_false(str_equal_ct(a, b, sizeof(a)));
		b[i / 8] ^= (uint8_t)(1u << (i % 8));
	}
}

static void
test_hex(void **state)
{
	uint8_t in[256], out[256], keep[2] = { 1, 2 };
	char text[513];
	unsigned i;

	(void)state;
	for (i = 0; i < 256; i++)
		in[i] = (uint8_t)i;
	str_hex(in, 256, text);
	assert_int_equal(strlen(text), 512);
	assert_memory_equal(text, "000102", 6);
	assert_int_equal(str_unhex(text, out, 256), 0);
	assert_memory_equal(in, out, 256);
	assert_int_equal(str_unhex("DEad", keep, 2), 0);
	assert_memory_equal(keep, "\xde\xad", 2);
	assert_int_equal(str_unhex("0", keep, 2), -EINVAL);
	assert_int_equal(str_unhex("00000", keep, 2), -EINVAL);
	assert_int_equal(str_unhex("000g", keep, 2), -EINVAL);
	assert_int_equal(str_unhex("0x00", keep, 2), -EINVAL);
	assert_memory_equal(keep, "\xde\xad", 2);	/* untouched by a failure */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_u64),
		cmocka_unit_test(test_i64),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_control),
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_equal_ct),
		cmocka_unit_test(test_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
