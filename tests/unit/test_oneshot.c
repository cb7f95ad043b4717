/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "ipc/frame.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "ipc/oneshot.h"

static void
answer(const void *req, void *rep)
{
	const struct pam_verify_req *q = req;

	((struct pam_verify_rep *)rep)->verdict = strcmp(q->password, "right") == 0 ? AUTH_ACCEPTED : AUTH_REFUSED;
}

/* What a client of this role and protocol hears that says hello and then sends one message; -errno of the helper in *ret_error. */
static int
ask(uint8_t role, uint64_t protocol, uint16_t type, uint8_t flags, const void *body, int *ret_error)
{
	static uint8_t frame[FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX];
	struct pam_verify_rep rep = { 0 };
	const struct oneshot o = { .self = ROLE_PAM, .peer = ROLE_AUTHD, .type = MSG_PAM_VERIFY, .lifetime_ms = 300, .answer = answer,
	    .rep = &rep };
	struct hello_req hello = { .protocol = protocol, .role = role };
	struct frame_header h = { .type = MSG_HELLO };
	struct assembler a;
	struct message m;
	int fds[2], status, verdict = 0;
	pid_t pid;

	assert_int_equal(frame_pair(fds), 0);
	if ((pid = fork()) == 0) {
		(void)close(fds[0]);
		_exit(-oneshot_serve(fds[1], &o));
	}
	(void)close(fds[1]);
	assert_int_equal(msg_send_sync(fds[0], &h, &hello, NULL, 1000), 0);
	h = (struct frame_header){ .type = type, .flags = flags, .id = 7 };
	if (type != 0)
		(void)msg_send_sync(fds[0], &h, body, NULL, 1000);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	*ret_error = -WEXITSTATUS(status);
	assembler_init(&a);
	while (frame_recv(fds[0], frame, &h, NULL) == 0)
		if (assembler_add(&a, &h, frame + FRAME_HEADER_LEN, NULL, &m, NULL) == 1) {
			if (m.header.type == MSG_PAM_VERIFY) {
				assert_int_equal(m.header.id, 7);
				verdict = ((const struct pam_verify_rep *)m.body)->verdict;
			}
			message_fini(&m);
		}
	assembler_fini(&a);
	(void)close(fds[0]);
	return verdict;
}

static const struct pam_verify_req right = { .user = "alice", .password = "right", .source = "" },
    wrong = { .user = "alice", .password = "wrong", .source = "" };
static const struct tls_sign_req other = { .digest = { (const uint8_t *)"x", 1 } };

static void
test_one_question_one_answer(void **state)
{
	int error;

	(void)state;
	assert_int_equal(ask(ROLE_AUTHD, msg_protocol_hash(), MSG_PAM_VERIFY, 0, &right, &error), AUTH_ACCEPTED);
	assert_int_equal(error, 0);
	assert_int_equal(ask(ROLE_AUTHD, msg_protocol_hash(), MSG_PAM_VERIFY, 0, &wrong, &error), AUTH_REFUSED);
	assert_int_equal(error, 0);
}

static void
test_everything_else_ends_it(void **state)
{
	int error;

	(void)state;
	assert_int_equal(ask(ROLE_HTTPD, msg_protocol_hash(), MSG_PAM_VERIFY, 0, &right, &error), 0);
	assert_int_equal(error, -EPROTO);
	assert_int_equal(ask(ROLE_AUTHD, msg_protocol_hash() + 1, MSG_PAM_VERIFY, 0, &right, &error), 0);
	assert_int_equal(error, -EPROTO);
	assert_int_equal(ask(ROLE_AUTHD, msg_protocol_hash(), MSG_TLS_SIGN, 0, &other, &error), 0);
	assert_int_equal(error, -EPROTO);
	assert_int_equal(ask(ROLE_AUTHD, msg_protocol_hash(), 0, 0, NULL, &error), 0);
	assert_int_equal(error, -ETIMEDOUT);
}

/* The descriptor of the question is written to, and comes back. */
static void
answer_fds(const void *req, void *rep)
{
	const struct xdp_req *q = req;
	struct { struct xdp_rep rep; int fds[FRAME_FDS_MAX]; } *a = rep;

	a->rep.verdict = XDP_DONE;
	a->rep.program = q->link + (uint32_t)(a->fds[1] == -1);
	a->rep.text = "";
	if (write(a->fds[0], "x", 1) != 1)
		a->rep.verdict = XDP_FAILED;
}

static void
test_descriptors_both_ways(void **state)
{
	struct { struct xdp_rep rep; int fds[FRAME_FDS_MAX]; } a = { .fds = { -1, -1, -1, -1 } };
	const struct oneshot server = { .self = ROLE_XDP, .peer = ROLE_FWD, .type = MSG_XDP, .lifetime_ms = 2000, .answer = answer_fds,
	    .rep = &a, .fds = a.fds };
	int sent[FRAME_FDS_MAX] = { -1, -1, -1, -1 }, pair[2], pipe_[2], status, back;
	const struct oneshot client = { .self = ROLE_FWD, .peer = ROLE_XDP, .type = MSG_XDP, .lifetime_ms = 2000, .fds = sent };
	struct xdp_req req = { .act = XDP_ATTACH, .link = 41 };
	const struct xdp_rep *rep;
	struct message m;
	char byte = 0;
	pid_t pid;

	(void)state;
	assert_int_equal(frame_pair(pair), 0);
	assert_int_equal(pipe(pipe_), 0);
	if ((pid = fork()) == 0) {
		(void)close(pair[0]);
		_exit(-oneshot_serve(pair[1], &server));
	}
	(void)close(pair[1]);
	sent[0] = pipe_[1];
	assert_int_equal(oneshot_ask(pair[0], &client, &req, &m), 0);
	rep = m.body;
	assert_int_equal(rep->verdict, XDP_DONE);
	assert_int_equal(rep->program, 42);
	assert_int_equal(m.nfds, 1);
	back = arena_take_fd(m.arena, 0);
	message_fini(&m);
	assert_int_equal(write(back, "y", 1), 1);
	assert_int_equal(read(pipe_[0], &byte, 1), 1);
	assert_int_equal(byte, 'x');
	assert_int_equal(read(pipe_[0], &byte, 1), 1);
	assert_int_equal(byte, 'y');
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* Nobody there: the client says so. */
	assert_true(oneshot_ask(pair[0], &client, &req, &m) < 0);
	(void)close(pair[0]);
	(void)close(pipe_[0]);
	(void)close(pipe_[1]);
	(void)close(back);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_question_one_answer),
		cmocka_unit_test(test_descriptors_both_ways),
		cmocka_unit_test(test_everything_else_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
