/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "ipc/frame.h"

static uint8_t frame[FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX];

static unsigned
open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

/* Send raw bytes with nfds descriptors, past every check of frame_send. */
static void
send_raw(int fd, const void *bytes, size_t len, const int *fds, unsigned nfds)
{
	union {
		struct cmsghdr	align;
		char		space[CMSG_SPACE(sizeof(int) * 64)];
	} control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)bytes, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (nfds > 0) {
		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * nfds);
	}
	assert_int_equal(sendmsg(fd, &msg, 0), (ssize_t)len);
}

static void
test_header(void **state)
{
	struct frame_header h = { 0x1234, 0x56, 0x02, 0x789abcde, 0x01020304, 0xa0b0c0d0 }, back;
	uint8_t bytes[FRAME_HEADER_LEN];

	(void)state;
	frame_header_put(bytes, &h);
	assert_memory_equal(bytes, "\x34\x12\x56\x02\xde\xbc\x9a\x78\x04\x03\x02\x01\xd0\xc0\xb0\xa0", 16);
	frame_header_get(bytes, &back);
	assert_memory_equal(&h, &back, sizeof(h));
}

static void
test_pair_is_confined(void **state)
{
	int s[2], i, type;
	socklen_t len = sizeof(type);

	(void)state;
	assert_int_equal(frame_pair(s), 0);
	for (i = 0; i < 2; i++) {
		assert_true(fcntl(s[i], F_GETFD) & FD_CLOEXEC);
		assert_true(fcntl(s[i], F_GETFL) & O_NONBLOCK);
		assert_int_equal(getsockopt(s[i], SOL_SOCKET, SO_TYPE, &type, &len), 0);
		assert_int_equal(type, SOCK_SEQPACKET);
	}
	(void)close(s[0]);
	(void)close(s[1]);
}

static void
test_send_and_receive(void **state)
{
	static const size_t lengths[] = { 0, 1, 15, 16, 17, 4096, FRAME_PAYLOAD_MAX - 1, FRAME_PAYLOAD_MAX };
	struct frame_header h = { .type = 7, .flags = FRAME_REPLY, .id = 3, .revision = 9 }, back;
	uint8_t *payload = malloc(FRAME_PAYLOAD_MAX);
	int s[2], fds[FRAME_FDS_MAX];
	size_t i, k;

	(void)state;
	for (i = 0; i < FRAME_PAYLOAD_MAX; i++)
		payload[i] = (uint8_t)(i * 31 + i / 256);
	assert_int_equal(frame_pair(s), 0);
	assert_int_equal(frame_recv(s[1], frame, &back, fds), -EAGAIN);
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		h.len = (uint32_t)lengths[i];
		assert_int_equal(frame_send(s[0], &h, payload, NULL), 0);
		/* With and without room for descriptors. */
		k = i % 2;
		assert_int_equal(frame_recv(s[1], frame, &back, k ? fds : NULL), 0);
		assert_memory_equal(&h, &back, sizeof(h));
		assert_memory_equal(frame + FRAME_HEADER_LEN, payload, h.len);
	}
	h.len = FRAME_PAYLOAD_MAX + 1;
	assert_int_equal(frame_send(s[0], &h, payload, NULL), -EMSGSIZE);
	h.len = 0;
	h.nfds = FRAME_FDS_MAX + 1;
	assert_int_equal(frame_send(s[0], &h, NULL, fds), -EMSGSIZE);
	(void)close(s[0]);
	assert_int_equal(frame_recv(s[1], frame, &back, fds), -EPIPE);
	h.nfds = 0;
	assert_int_equal(frame_send(s[1], &h, NULL, NULL), -EPIPE);
	(void)close(s[1]);
	free(payload);
}

/* A peer that dies with unread input takes nothing back of what it said: its last log line, its violation. */
static void
test_last_words(void **state)
{
	struct frame_header h = { .type = 7, .id = 1 }, back;
	int s[2];

	(void)state;
	assert_int_equal(frame_pair(s), 0);
	assert_int_equal(frame_send(s[1], &h, NULL, NULL), 0);	/* never read */
	assert_int_equal(frame_send(s[0], &h, NULL, NULL), 0);
	h.id = 2;
	assert_int_equal(frame_send(s[0], &h, NULL, NULL), 0);
	(void)close(s[0]);
	assert_int_equal(frame_recv(s[1], frame, &back, NULL), 0);
	assert_int_equal(back.id, 1);
	assert_int_equal(frame_recv(s[1], frame, &back, NULL), 0);
	assert_int_equal(back.id, 2);
	assert_int_equal(frame_recv(s[1], frame, &back, NULL), -EPIPE);
	(void)close(s[1]);
}

static void
test_full_queue(void **state)
{
	struct frame_header h = { .type = 1, .len = 1000 }, back;
	uint8_t payload[1000] = { 0 };
	unsigned sent = 0, got = 0;
	int s[2], error;

	(void)state;
	assert_int_equal(frame_pair(s), 0);
	while ((error = frame_send(s[0], &h, payload, NULL)) == 0)
		assert_true(++sent < 1000000);
	assert_int_equal(error, -EAGAIN);
	while (frame_recv(s[1], frame, &back, NULL) == 0)
		got++;
	assert_int_equal(sent, got);
	(void)close(s[0]);
	(void)close(s[1]);
}

static void
test_descriptors_travel(void **state)
{
	struct frame_header h = { .type = 7, .nfds = FRAME_FDS_MAX }, back;
	int s[2], out[FRAME_FDS_MAX], in[FRAME_FDS_MAX], i;
	unsigned before = open_fds();

	(void)state;
	assert_int_equal(frame_pair(s), 0);
	for (i = 0; i < FRAME_FDS_MAX; i++) {
		out[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		assert_int_not_equal(out[i], -1);
	}
	assert_int_equal(frame_send(s[0], &h, NULL, out), 0);
	assert_int_equal(frame_recv(s[1], frame, &back, in), 0);
	assert_int_equal(back.nfds, FRAME_FDS_MAX);
	for (i = 0; i < FRAME_FDS_MAX; i++) {
		assert_true(fcntl(in[i], F_GETFD) & FD_CLOEXEC);
		(void)close(in[i]);
		(void)close(out[i]);
	}
	(void)close(s[0]);
	(void)close(s[1]);
	assert_int_equal(open_fds(), before);
}

/* Of two descriptors none or one can be held: neither stays open, and it is told from a frame of a wrong shape. */
static void
test_no_room_for_descriptors(void **state)
{
	struct frame_header h = { .type = 7, .nfds = 2 }, back;
	struct rlimit usual, tight;
	int s[2], in[FRAME_FDS_MAX], null[2], room;
	unsigned before;

	(void)state;
	assert_int_equal(frame_pair(s), 0);
	null[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	null[1] = dup(null[0]);
	before = open_fds();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
	tight = usual;
	for (room = 0; room < 3; room++) {
		assert_int_equal(frame_send(s[0], &h, NULL, null), 0);
		tight.rlim_cur = (rlim_t)(null[1] + 1 + room);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
		assert_int_equal(frame_recv(s[1], frame, &back, in), room < 2 ? -EMFILE : 0);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
		if (room == 2) {
			(void)close(in[0]);
			(void)close(in[1]);
		}
		assert_int_equal(open_fds(), before);
	}
	(void)close(null[0]);
	(void)close(null[1]);
	(void)close(s[0]);
	(void)close(s[1]);
}

/* Attack: descriptors that the header does not name, too many of them, or to a receiver that takes none.  None may stay open. */
static void
test_descriptors_that_nobody_asked_for(void **state)
{
	static const unsigned counts[] = { 1, 2, 3, 4, 5, 6, 17, 64 };
	struct frame_header h = { .type = 7 }, back;
	uint8_t bytes[FRAME_HEADER_LEN];
	int s[2], in[FRAME_FDS_MAX], null[64];
	unsigned i, k, before;

	(void)state;
	assert_int_equal(frame_pair(s), 0);
	for (i = 0; i < 64; i++) {
		null[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		assert_int_not_equal(null[i], -1);
	}
	before = open_fds();
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		for (k = 0; k <= 6; k++) {
			h.nfds = (uint8_t)k;
			frame_header_put(bytes, &h);
			send_raw(s[0], bytes, sizeof(bytes), null, counts[i]);
			if (k == counts[i] && k <= FRAME_FDS_MAX) {
				assert_int_equal(frame_recv(s[1], frame, &back, in), 0);
				while (k > 0)
					(void)close(in[--k]);
				k = h.nfds;
			} else
				assert_int_equal(frame_recv(s[1], frame, &back, in), -EPROTO);
			send_raw(s[0], bytes, sizeof(bytes), null, counts[i]);
			assert_int_equal(frame_recv(s[1], frame, &back, NULL), -EPROTO);
			/* A frame that is too short, with descriptors on it. */
			send_raw(s[0], bytes, 3, null, counts[i]);
			assert_int_equal(frame_recv(s[1], frame, &back, in), -EPROTO);
			assert_int_equal(open_fds(), before);
		}
	/* The header promises what is not there. */
	h.nfds = 1;
	frame_header_put(bytes, &h);
	send_raw(s[0], bytes, sizeof(bytes), NULL, 0);
	assert_int_equal(frame_recv(s[1], frame, &back, in), -EPROTO);
	for (i = 0; i < 64; i++)
		(void)close(null[i]);
	(void)close(s[0]);
	(void)close(s[1]);
}

static void
test_wrong_shape(void **state)
{
	static const struct {
		size_t bytes;
		uint32_t len;
	} t[] = {
		{ 1, 0 }, { 15, 0 }, { 16, 1 }, { 17, 0 }, { 20, 3 }, { 20, 5 }, { 16, UINT32_MAX }, { 16, UINT32_MAX - 15 },
		{ FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX + 1, FRAME_PAYLOAD_MAX + 1 },
		{ FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX + 1, FRAME_PAYLOAD_MAX },
	};
	uint8_t *raw = calloc(1, FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX + 1);
	struct frame_header h = { .type = 7 }, back;
	int s[2], in[FRAME_FDS_MAX];
	size_t i;

	(void)state;
	assert_int_equal(frame_pair(s), 0);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		h.len = t[i].len;
		frame_header_put(raw, &h);
		send_raw(s[0], raw, t[i].bytes, NULL, 0);
		assert_int_equal(frame_recv(s[1], frame, &back, in), -EPROTO);
	}
	/* The next frame is not disturbed by the broken one. */
	h.len = 0;
	assert_int_equal(frame_send(s[0], &h, NULL, NULL), 0);
	assert_int_equal(frame_recv(s[1], frame, &back, in), 0);
	(void)close(s[0]);
	(void)close(s[1]);
	free(raw);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_pair_is_confined),
		cmocka_unit_test(test_send_and_receive),
		cmocka_unit_test(test_last_words),
		cmocka_unit_test(test_full_queue),
		cmocka_unit_test(test_descriptors_travel),
		cmocka_unit_test(test_no_room_for_descriptors),
		cmocka_unit_test(test_descriptors_that_nobody_asked_for),
		cmocka_unit_test(test_wrong_shape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
