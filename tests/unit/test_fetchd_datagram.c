/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames become datagrams: one message each, and what is no frame is not sent. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "datagram.h"
#include "resolve.h"

static void
test_frames(void **state)
{
	static const char *const broken[] = { "5", "5 ", "5 abcd", "x abcd", " abcd", "0 ", "-1 a", "99999999 a", "4294967299 abc", "5abcde" };
	const char *good = "3 abc12 0123456789xy1  ";
	const uint8_t *message;
	size_t at = 0, len, i;

	(void)state;
	assert_int_equal(datagram_frame((const uint8_t *)good, strlen(good), &at, &message, &len), 0);
	assert_int_equal(len, 3);
	assert_memory_equal(message, "abc", 3);
	assert_int_equal(datagram_frame((const uint8_t *)good, strlen(good), &at, &message, &len), 0);
	assert_memory_equal(message, "0123456789xy", len);
	assert_int_equal(datagram_frame((const uint8_t *)good, strlen(good), &at, &message, &len), 0);
	assert_int_equal(len, 1);
	assert_int_equal(at, strlen(good));
	for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		at = 0;
		assert_int_equal(datagram_frame((const uint8_t *)broken[i], strlen(broken[i]), &at, &message, &len), -EBADMSG);
		assert_int_equal(at, 0);
	}
}

static void
test_send(void **state)
{
	static const char frames[] = "3 abc4 defg", bad[] = "1 xz";
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int there = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), here;
	socklen_t len = sizeof(sin);
	struct resolved to = { .n = 1 };
	size_t at = 0;
	char got[16];

	(void)state;
	assert_int_equal(bind(there, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(getsockname(there, (struct sockaddr *)&sin, &len), 0);
	memcpy(&to.addr[0], &sin, sizeof(sin));
	here = datagram_open(&to);
	assert_true(here >= 0);
	assert_int_equal(datagram_send(here, (const uint8_t *)frames, sizeof(frames) - 1, &at), 0);
	assert_int_equal(at, sizeof(frames) - 1);
	assert_int_equal(recv(there, got, sizeof(got), 0), 3);
	assert_int_equal(recv(there, got, sizeof(got), 0), 4);
	assert_memory_equal(got, "defg", 4);
	at = 0;
	assert_int_equal(datagram_send(here, (const uint8_t *)bad, sizeof(bad) - 1, &at), -EBADMSG);
	assert_int_equal(at, 3);
	/* Nobody there: the kernel tells with the next one. */
	(void)close(there);
	at = 0;
	(void)datagram_send(here, (const uint8_t *)frames, 5, &at);
	at = 0;
	assert_int_equal(datagram_send(here, (const uint8_t *)frames, 5, &at), -ECONNREFUSED);
	(void)close(here);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_send),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
