/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "ipc/patience.h"

static int	fds[2];
static char	word[] = "abcd";
static struct iovec iov = { word, sizeof(word) };
static const struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

static int
begin(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds);
}

static int
end(void **state)
{
	(void)state;
	(void)close(fds[0]);
	(void)close(fds[1]);
	return 0;
}

static void
fill(void)
{
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	while (sendmsg(fds[0], &msg, 0) != -1)
		continue;
	assert_int_equal(errno, EAGAIN);
}

static void *
drain(void *arg)
{
	char got[sizeof(word)];

	(void)arg;
	(void)usleep(50000);
	while (recv(fds[1], got, sizeof(got), MSG_DONTWAIT) > 0)
		continue;
	return NULL;
}

/* No room now: a number of tries, or until there is some. */
static void
test_waits_for_room(void **state)
{
	pthread_t thread;

	(void)state;
	fill();
	assert_int_equal(patience_sendmsg(fds[0], &msg, 3), -EAGAIN);
	assert_int_equal(pthread_create(&thread, NULL, drain, NULL), 0);
	assert_int_equal(patience_sendmsg(fds[0], &msg, 0), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void
test_tells_the_end(void **state)
{
	char got[sizeof(word)];

	(void)state;
	(void)close(fds[1]);
	fds[1] = -1;
	assert_int_equal(patience_sendmsg(fds[0], &msg, 0), -EPIPE);
	assert_int_equal(patience_recv(fds[0], got, sizeof(got), 1000), -EPIPE);
	assert_int_equal(patience_recvmsg(fds[0], &(struct msghdr){ 0 }, 0), 0);
}

static void
test_receives_one_of_that_length(void **state)
{
	char got[sizeof(word) * 2];

	(void)state;
	assert_int_equal(patience_recv(fds[1], got, sizeof(word), 20), -ETIMEDOUT);
	assert_int_equal(patience_sendmsg(fds[0], &msg, 1), 0);
	assert_int_equal(patience_recv(fds[1], got, sizeof(word), 1000), 0);
	assert_string_equal(got, word);
	assert_int_equal(patience_sendmsg(fds[0], &msg, 1), 0);
	assert_int_equal(patience_recv(fds[1], got, sizeof(got), 1000), -EPIPE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_waits_for_room, begin, end),
		cmocka_unit_test_setup_teardown(test_tells_the_end, begin, end),
		cmocka_unit_test_setup_teardown(test_receives_one_of_that_length, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
