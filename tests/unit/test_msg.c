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
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "msg_random.h"

#define BULK	(12 << 20)	/* more than any socket's queue holds */

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

static void
test_table(void **state)
{
	const struct msg_spec *specs;
	size_t n, i, k;

	(void)state;
	specs = msg_specs_all(&n);
	for (i = 0; i < n; i++) {
		assert_ptr_equal(msg_spec(specs[i].type), &specs[i]);
		assert_string_equal(msg_name(specs[i].type), specs[i].name);
		/* A second opinion has all that is known of the kernel and about addresses; it is asked by confd alone, one at a time. */
		assert_in_range(specs[i].max_len, 1, (specs[i].type == MSG_RECHECK ? 206 : 64) << 20);
		for (k = 0; k < i; k++)
			assert_true(specs[k].type != specs[i].type && strcmp(specs[k].name, specs[i].name) != 0);
	}
	assert_null(msg_spec(0));
	assert_null(msg_spec(0xffff));
	assert_string_equal(msg_name(0xffff), "unknown");
	assert_true(msg_protocol_hash() != 0 && msg_protocol_hash() == msg_protocol_hash());
}

/* A field's bound must be reachable: a message that may not be as long as its fields allow fails only on a busy day. */
static void
test_bounds_fit_the_message(void **state)
{
	const struct msg_spec *specs;
	struct msg_random rnd;
	uint8_t *data;
	size_t n, i, len;
	int k;

	(void)state;
	msg_random_init(&rnd, 5);
	specs = msg_specs_all(&n);
	for (i = 0; i < n; i++)
		for (k = 0; k < 50; k++) {
			assert_int_equal(msg_random_encoded(&rnd, &specs[i], k & 1, &data, &len), 0);
			assert_true(len <= specs[i].max_len);
			free(data);
		}
}

static void
test_roles_have_names(void **state)
{
	int r, k;

	(void)state;
	for (r = ROLE_INVALID + 1; r < ROLE_MAX; r++) {
		assert_string_not_equal(role_name(r), "nobody");
		for (k = ROLE_INVALID + 1; k < r; k++)
			assert_string_not_equal(role_name(r), role_name(k));
	}
	assert_string_equal(role_name(ROLE_INVALID), "nobody");
	assert_string_equal(role_name(ROLE_MAX), "nobody");
	assert_string_equal(role_name((enum role)200), "nobody");
}

/* Feed bytes as frames of at most step bytes; returns what the last assembler_add said. */
static int
feed(struct assembler *a, struct frame_header h, const uint8_t *data, size_t len, size_t step, const int *fds, struct message *m,
    struct codec_error *err)
{
	size_t at = 0;
	uint8_t flags = h.flags;
	int n;

	do {
		uint8_t *tight;

		h.len = (uint32_t)(len - at < step ? len - at : step);
		h.flags = at + h.len < len ? flags | FRAME_MORE : flags;
		tight = malloc(h.len > 0 ? h.len : 1);
		if (h.len > 0)
			memcpy(tight, data + at, h.len);
		n = assembler_add(a, &h, tight, fds, m, err);
		free(tight);
		at += h.len;
		h.nfds = 0;
	} while (n == 0 && at < len);
	return n;
}

static void
test_assemble_every_message(void **state)
{
	static const size_t steps[] = { 1, 7, 1000, FRAME_PAYLOAD_MAX };
	const struct msg_spec *specs;
	struct msg_random rnd;
	struct assembler a;
	struct codec_error err;
	struct message m;
	uint8_t *data, *again;
	size_t n, i, k, len, again_len;

	(void)state;
	msg_random_init(&rnd, 99);
	assembler_init(&a);
	specs = msg_specs_all(&n);
	for (i = 0; i < n; i++)
		for (k = 0; k < 24; k++) {
			struct frame_header h = { .type = specs[i].type, .flags = k & 1 ? FRAME_REPLY : 0, .id = (uint32_t)k,
			    .revision = 3 };

			assert_int_equal(msg_random_encoded(&rnd, &specs[i], k & 1, &data, &len), 0);
			if (feed(&a, h, data, len, len > 20000 ? FRAME_PAYLOAD_MAX : steps[k % 4], NULL, &m, &err) != 1)
				fail_msg("%s: %s: %s", specs[i].name, err.path, err.reason);
			assert_int_equal(m.header.len, len);
			assert_int_equal(m.header.flags, h.flags);
			assert_ptr_equal(m.spec, &specs[i]);
			assert_int_equal(msg_encode(&m.header, m.body, &again, &again_len), 0);
			assert_int_equal(again_len, len);
			assert_memory_equal(again, data, len);
			free(again);
			free(data);
			message_fini(&m);
		}
	assembler_fini(&a);
}

static void
test_damaged_messages(void **state)
{
	const struct msg_spec *specs;
	struct msg_random rnd;
	struct assembler a;
	struct message m;
	uint8_t *data;
	size_t n, i, k, len, refused = 0;
	int got;

	(void)state;
	msg_random_init(&rnd, 4711);
	assembler_init(&a);
	specs = msg_specs_all(&n);
	for (i = 0; i < n; i++)
		for (k = 0; k < 100; k++) {
			struct frame_header h = { .type = specs[i].type, .flags = k & 1 ? FRAME_REPLY : 0 };

			assert_int_equal(msg_random_encoded(&rnd, &specs[i], k & 1, &data, &len), 0);
			if (len > 5000) {
				free(data);
				continue;
			}
			msg_random_damage(&rnd, &data, &len);
			got = feed(&a, h, data, len, 100, NULL, &m, NULL);
			if (got == 1)
				message_fini(&m);
			else
				refused++;
			free(data);
		}
	assert_in_range(refused, 100, 200 * n);
	assembler_fini(&a);
}

/* A HELLO as bytes. */
static uint8_t *
hello_bytes(size_t *ret_len)
{
	struct hello_req hello = { .protocol = 1, .role = ROLE_FWD };
	struct frame_header h = { .type = MSG_HELLO };
	uint8_t *data;

	assert_int_equal(msg_encode(&h, &hello, &data, ret_len), 0);
	return data;
}

static void
assert_refused(struct assembler *a, const struct frame_header *h, const uint8_t *p, const int *fds, const char *reason)
{
	struct codec_error err = { 0 };
	struct message m;

	assert_int_equal(assembler_add(a, h, p, fds, &m, &err), -EPROTO);
	assert_string_equal(err.reason, reason);
	assert_false(a->pending);
}

static void
test_frames_that_lie(void **state)
{
	static const uint8_t zeros[FRAME_PAYLOAD_MAX];
	static const struct frame_header start = { .type = MSG_NFT_BATCH, .flags = FRAME_MORE, .len = 4, .id = 9, .revision = 2 };
	struct assembler a;
	struct message m;
	struct frame_header h;
	unsigned i;

	(void)state;
	assembler_init(&a);
	h = (struct frame_header){ .type = 0xfff0, .len = 4 };
	assert_refused(&a, &h, zeros, NULL, "no such message");
	h = (struct frame_header){ .type = MSG_HELLO, .flags = 0x08, .len = 4 };
	assert_refused(&a, &h, zeros, NULL, "no such flags");
	h.flags = FRAME_ERROR;		/* an error that answers nothing */
	assert_refused(&a, &h, zeros, NULL, "no such flags");
	h = (struct frame_header){ .type = MSG_HELLO, .flags = FRAME_MORE };
	assert_refused(&a, &h, zeros, NULL, "empty frame that promises more");
	h = (struct frame_header){ .type = MSG_HELLO, .len = 65 };
	assert_refused(&a, &h, zeros, NULL, "message over its maximum");
	h = (struct frame_header){ .type = MSG_HELLO, .flags = FRAME_REPLY | FRAME_ERROR, .len = 4097 };
	assert_refused(&a, &h, zeros, NULL, "message over its maximum");

	for (i = 0; i < 5; i++) {
		h = start;
		assert_int_equal(assembler_add(&a, &h, zeros, NULL, &m, NULL), 0);
		assert_true(a.pending);
		h.type = i == 0 ? MSG_RTNL_BATCH : h.type;
		h.id = i == 1 ? 10 : h.id;
		h.revision = i == 2 ? 3 : h.revision;
		h.flags = i == 3 ? FRAME_REPLY : h.flags;
		h.flags = i == 4 ? FRAME_MORE | FRAME_REPLY | FRAME_ERROR : h.flags;
		assert_refused(&a, &h, zeros, NULL, "frames of two messages are mixed");
	}
	/* Small frames add up. */
	h = (struct frame_header){ .type = MSG_HELLO, .flags = FRAME_MORE, .len = 60 };
	assert_int_equal(assembler_add(&a, &h, zeros, NULL, &m, NULL), 0);
	h.len = 5;
	assert_refused(&a, &h, zeros, NULL, "message over its maximum");
	assembler_fini(&a);
}

/* Descriptors belong to exactly one place at every moment, also when the message is refused. */
static void
test_descriptors_are_not_leaked(void **state)
{
	struct assembler a;
	struct message m;
	struct frame_header h = { .type = MSG_HELLO, .nfds = 2 };
	unsigned before = open_fds(), i;
	uint8_t *data;
	size_t len;
	int fds[2];

	(void)state;
	data = hello_bytes(&len);
	h.len = (uint32_t)len;
	assembler_init(&a);
	for (i = 0; i < 6; i++) {
		struct frame_header x = h;

		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
		switch (i) {
		case 0:		/* accepted, ended with the message */
			assert_int_equal(assembler_add(&a, &x, data, fds, &m, NULL), 1);
			assert_int_equal(m.nfds, 2);
			message_fini(&m);
			break;
		case 1:		/* taken: ours */
			assert_int_equal(assembler_add(&a, &x, data, fds, &m, NULL), 1);
			assert_int_equal(arena_take_fd(m.arena, 0), fds[0]);
			message_fini(&m);
			assert_int_equal(close(fds[0]), 0);
			break;
		case 2:		/* refused by the header */
			x.type = 0xfff0;
			assert_int_equal(assembler_add(&a, &x, data, fds, &m, NULL), -EPROTO);
			break;
		case 3:		/* refused by the decoder */
			x.len--;
			assert_int_equal(assembler_add(&a, &x, data, fds, &m, NULL), -EPROTO);
			break;
		case 4:		/* on a later frame, where none may be */
			x.flags = FRAME_MORE;
			x.len = 1;
			x.nfds = 0;
			assert_int_equal(assembler_add(&a, &x, data, NULL, &m, NULL), 0);
			x.nfds = 2;
			assert_int_equal(assembler_add(&a, &x, data, fds, &m, NULL), -EPROTO);
			break;
		default:	/* the stream ends in the middle */
			x.flags = FRAME_MORE;
			x.len = 1;
			assert_int_equal(assembler_add(&a, &x, data, fds, &m, NULL), 0);
			assembler_fini(&a);
			assembler_init(&a);
		}
		assert_int_equal(open_fds(), before);
	}
	assembler_fini(&a);
	free(data);
}

static void
test_error_reply(void **state)
{
	struct ipc_error_req e = { .error = EBUSY, .offset = 12, .text = "table is busy" };
	struct frame_header h = { .type = MSG_NFT_BATCH, .flags = FRAME_REPLY | FRAME_ERROR, .id = 4 };
	const struct ipc_error_req *got;
	struct assembler a;
	struct message m;
	uint8_t *data;
	size_t len;

	(void)state;
	assert_int_equal(msg_encode(&h, &e, &data, &len), 0);
	assembler_init(&a);
	assert_int_equal(feed(&a, h, data, len, 3, NULL, &m, NULL), 1);
	got = m.body;
	assert_int_equal(got->error, EBUSY);
	assert_int_equal(got->offset, 12);
	assert_string_equal(got->text, "table is busy");
	message_fini(&m);
	assembler_fini(&a);
	free(data);
}

static void
test_encode_refuses(void **state)
{
	struct frame_header h = { .type = 0xfff0 };
	struct hello_req hello = { .role = 33 };
	uint8_t *data;
	size_t len;

	(void)state;
	assert_int_equal(msg_encode(&h, &hello, &data, &len), -EPROTO);
	h.type = MSG_HELLO;
	assert_int_equal(msg_encode(&h, &hello, &data, &len), -EPROTO);
}

static void
test_send_sync(void **state)
{
	struct nft_batch_req big = { .generation = 7 };
	struct frame_header h = { .type = MSG_NFT_BATCH, .id = 1 };
	uint8_t *bytes = malloc(BULK), *buf = malloc(FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX);
	struct assembler a;
	struct message m;
	int s[2], n = 0;
	pid_t pid;

	(void)state;
	memset(bytes, 0x5a, BULK);
	big.messages.data = bytes;
	big.messages.len = BULK;
	assert_int_equal(frame_pair(s), 0);
	/* Nobody reads: time runs out, and not before. */
	assert_int_equal(msg_send_sync(s[0], &h, &big, NULL, 50), -ETIMEDOUT);
	(void)close(s[0]);
	(void)close(s[1]);
	assert_int_equal(frame_pair(s), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0)
		_exit(msg_send_sync(s[0], &h, &big, NULL, 20000) == 0 ? 0 : 1);
	(void)close(s[0]);
	assembler_init(&a);
	while (n == 0) {
		struct frame_header in;

		n = frame_recv(s[1], buf, &in, NULL);
		if (n == -EAGAIN) {
			(void)usleep(1000);
			n = 0;
			continue;
		}
		assert_int_equal(n, 0);
		n = assembler_add(&a, &in, buf + FRAME_HEADER_LEN, NULL, &m, NULL);
	}
	assert_int_equal(n, 1);
	assert_int_equal(((struct nft_batch_req *)m.body)->generation, 7);
	assert_int_equal(((struct nft_batch_req *)m.body)->messages.len, BULK);
	assert_memory_equal(((struct nft_batch_req *)m.body)->messages.data, bytes, BULK);
	message_fini(&m);
	assembler_fini(&a);
	/* And nobody there at all. */
	assert_int_equal(frame_pair(s), 0);
	(void)close(s[1]);
	assert_int_equal(msg_send_sync(s[0], &h, &big, NULL, 20000), -EPIPE);
	(void)close(s[0]);
	free(bytes);
	free(buf);
}

static void
test_memfd(void **state)
{
	static const char text[] = "sealed";
	const uint8_t *p;
	size_t len;
	int fd, pipes[2];

	(void)state;
	fd = memfd_sealed("test", text, sizeof(text));
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(ftruncate(fd, 1), -1);
	assert_int_equal(memfd_map(fd, sizeof(text) - 1, &p, &len), -EFBIG);
	assert_int_equal(memfd_map(fd, sizeof(text), &p, &len), 0);
	(void)close(fd);
	assert_int_equal(len, sizeof(text));
	assert_memory_equal(p, text, len);
	memfd_unmap(p, len);

	fd = memfd_sealed("empty", NULL, 0);
	assert_true(fd >= 0);
	assert_int_equal(memfd_map(fd, 10, &p, &len), 0);
	assert_null(p);
	assert_int_equal(len, 0);
	memfd_unmap(p, len);
	(void)close(fd);

	/* Attack: a file that can still change under the reader. */
	fd = memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(write(fd, text, sizeof(text)), sizeof(text));
	assert_int_equal(memfd_map(fd, 100, &p, &len), -EPROTO);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SEAL), 0);	/* may still shrink: SIGBUS */
	assert_int_equal(memfd_map(fd, 100, &p, &len), -EPROTO);
	(void)close(fd);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_int_equal(memfd_map(pipes[0], 100, &p, &len), -EPROTO);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	assert_int_equal(memfd_map(fd, 100, &p, &len), -EPROTO);
	(void)close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_bounds_fit_the_message),
		cmocka_unit_test(test_roles_have_names),
		cmocka_unit_test(test_assemble_every_message),
		cmocka_unit_test(test_damaged_messages),
		cmocka_unit_test(test_frames_that_lie),
		cmocka_unit_test(test_descriptors_are_not_leaked),
		cmocka_unit_test(test_error_reply),
		cmocka_unit_test(test_encode_refuses),
		cmocka_unit_test(test_send_sync),
		cmocka_unit_test(test_memfd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
