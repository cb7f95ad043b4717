/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "place.h"

static bool
may_go(const char *address)
{
	struct sockaddr_storage ss;

	assert_true(place_literal(address, 443, &ss));
	return place_refusal((struct sockaddr *)&ss) == NULL;
}

/* Addresses that no machine of a test has. */
static void
test_places(void **state)
{
	static const char *const no[] = { "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "169.254.1.1", "224.0.0.1", "239.1.2.3",
	    "255.255.255.255", "::", "::1", "fe80::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1" };
	static const char *const yes[] = { "198.51.100.200", "203.0.113.9", "2001:db8::77", "::ffff:198.51.100.200" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_false(may_go(no[i]));
	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_true(may_go(yes[i]));
}

static void
test_literals(void **state)
{
	static const char *const names[] = { "", "localhost", "1.2.3", "2130706433", "0x7f000001", "1.2.3.4.5", "[::1]", "::1%lo", "1.2.3.4 " };
	struct sockaddr_storage ss;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_false(place_literal(names[i], 1, &ss));
	assert_true(place_literal("2001:db8::1", 1, &ss));
	assert_int_equal(ss.ss_family, AF_INET6);
	assert_true(place_len((struct sockaddr *)&ss) > 16);
}

static void
test_urls(void **state)
{
	static const char *const wrong[] = { "", "x", "http://h/", "ftp://h/", "https://", "https://u@h/", "https://u:p@h/", "https://h:0/",
	    "https://h:65536/", "https://h:x/", "file:///etc/passwd", "//h/", "https://[::1/" };
	struct place p;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		why = NULL;
		assert_int_not_equal(place_parse(wrong[i], "https sftp", &p, &why), 0);
		assert_non_null(why);
	}
	assert_int_equal(place_parse("https://backup.example/a/b?c", "https sftp", &p, &why), 0);
	assert_string_equal(p.host, "backup.example");
	assert_int_equal(p.port, 443);
	assert_string_equal(p.path, "/a/b");
	assert_int_equal(place_parse("sftp://[2001:db8::1]:2222/x", "https sftp", &p, &why), 0);
	assert_string_equal(p.host, "2001:db8::1");
	assert_int_equal(p.port, 2222);
	assert_int_equal(place_parse("http://h", "http https", &p, &why), 0);
	assert_string_equal(p.path, "/");
	/* No part of a listed word. */
	assert_int_not_equal(place_parse("http://h/", "https", &p, &why), 0);
}

static void
test_plain_paths(void **state)
{
	(void)state;
	assert_true(place_path_is_plain("/var/backups/box-1_2026.age"));
	assert_false(place_path_is_plain("/a b"));
	assert_false(place_path_is_plain("/a\"b"));
	assert_false(place_path_is_plain("/a\nrm b"));
	assert_false(place_path_is_plain("/a/../b"));
	assert_false(place_path_is_plain("relative"));
	assert_false(place_path_is_plain("/\xc3\xa4"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_literals),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_plain_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
