/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/log.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"

/*
 * privcall keeps its state for the life of the process, and ends the process when privd is gone.  So each test is a child that calls, and
 * the parent plays privd from a script of its own; the child's exit status is the verdict.
 */
typedef void player(int fd);	/* privd's side */
typedef int caller(void);	/* the daemon's side; 0: as it should be */

static struct message got;

/* The next message that the daemon sends. */
static void
expect(int fd, struct assembler *a, uint16_t type)
{
	static uint8_t buf[FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX];
	struct frame_header h;
	int n = 0, i;

	for (i = 0; i < 5000 && n != 1; i++) {
		n = frame_recv(fd, buf, &h, NULL);
		if (n == -EAGAIN) {
			(void)usleep(1000);
			continue;
		}
		assert_int_equal(n, 0);
		n = assembler_add(a, &h, buf + FRAME_HEADER_LEN, NULL, &got, NULL);
	}
	assert_int_equal(n, 1);
	assert_int_equal(got.header.type, type);
}

static void
say(int fd, uint16_t type, uint8_t flags, uint32_t id, const void *body, const int *fds, uint8_t nfds)
{
	struct frame_header h = { .type = type, .flags = flags, .id = id, .nfds = nfds };

	assert_int_equal(msg_send_sync(fd, &h, body, fds, 5000), 0);
}

static void
greet(int fd, struct assembler *a)
{
	struct hello_req hello = { .protocol = msg_protocol_hash(), .role = ROLE_PRIVD };

	expect(fd, a, MSG_HELLO);
	assert_int_equal(((const struct hello_req *)got.body)->role, ROLE_FWD);
	message_fini(&got);
	say(fd, MSG_HELLO, 0, 0, &hello, NULL, 0);
}

/* The exit status of a caller, with play as its privd. */
static int
run(player *play, caller *call)
{
	int s[2], status;
	pid_t pid;

	assert_int_equal(frame_pair(s), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		(void)close(s[0]);
		log_init("test", LOG_LEVEL_INVALID);
		status = privcall_init(s[1], ROLE_FWD);
		_exit(status != 0 ? 100 : call());
	}
	(void)close(s[1]);
	play(s[0]);
	(void)close(s[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* --- a call and its answer, with other things in between --- */

static void
play_calls(int fd)
{
	struct sysctl_set_rep rep = { .previous = 1 };
	struct ipc_error_req e = { .error = EPERM, .offset = 3, .text = "not yours" };
	struct assembler a;
	int null;

	assembler_init(&a);
	greet(fd, &a);
	expect(fd, &a, MSG_SYSCTL_SET);
	assert_string_equal(((const struct sysctl_set_req *)got.body)->instance, "lan0");
	/* Unasked messages, and an answer to another id, come first. */
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	say(fd, MSG_PEER, 0, 0, &(struct peer_req){ .role = ROLE_CONFD, .purpose = PEER_MAIN }, &null, 1);
	say(fd, MSG_SYSCTL_SET, FRAME_REPLY, got.header.id + 77, &(struct sysctl_set_rep){ .previous = 9 }, NULL, 0);
	say(fd, MSG_PEER, 0, 0, &(struct peer_req){ .role = ROLE_LOGD, .purpose = PEER_MAIN }, &null, 1);
	say(fd, MSG_SYSCTL_SET, FRAME_REPLY, got.header.id, &rep, NULL, 0);
	message_fini(&got);
	(void)close(null);
	expect(fd, &a, MSG_SYSCTL_SET);
	say(fd, MSG_SYSCTL_SET, FRAME_REPLY | FRAME_ERROR, got.header.id, &e, NULL, 0);
	message_fini(&got);
	assembler_fini(&a);
}

static uint8_t heard[200];
static unsigned nheard;

static void
hear(struct message *m, void *arg)
{
	(void)arg;
	heard[nheard++ % sizeof(heard)] = ((const struct peer_req *)m->body)->role;
}

static int
call_twice(void)
{
	struct sysctl_set_req req = { .id = SYSCTL_IP6_ACCEPT_RA, .instance = "lan0", .value = 0 };
	struct privcall_error e = { 0 };
	struct message m;

	if (privcall(MSG_SYSCTL_SET, &req, &m, &e) != 0 || ((struct sysctl_set_rep *)m.body)->previous != 1)
		return 1;
	message_fini(&m);
	if (privcall(MSG_SYSCTL_SET, &req, &m, &e) != -EPERM)
		return 2;
	if (e.error != EPERM || e.offset != 3 || strcmp(e.text, "not yours") != 0)
		return 3;
	while (privcall_pump(hear, NULL) == 0)
		(void)usleep(1000);
	return nheard == 2 && heard[0] == ROLE_CONFD && heard[1] == ROLE_LOGD ? 0 : 4;
}

static void
test_calls(void **state)
{
	(void)state;
	assert_int_equal(run(play_calls, call_twice), 0);
}

/* --- what comes unasked keeps its order, also when handling it asks again --- */

#define MANY	40

static void
play_many(int fd)
{
	struct assembler a;
	unsigned i, k;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assembler_init(&a);
	greet(fd, &a);
	for (i = 0; i < 10; i++)
		say(fd, MSG_PEER, 0, 0, &(struct peer_req){ .role = (uint8_t)(i % 30), .purpose = PEER_MAIN }, &null, 1);
	for (k = 0; k < 10; k++) {	/* each of the ten makes the daemon ask, and three more come before the answer */
		expect(fd, &a, MSG_SYSCTL_SET);
		for (; i < 10 + 3 * (k + 1); i++)
			say(fd, MSG_PEER, 0, 0, &(struct peer_req){ .role = (uint8_t)(i % 30), .purpose = PEER_MAIN }, &null, 1);
		say(fd, MSG_SYSCTL_SET, FRAME_REPLY, got.header.id, &(struct sysctl_set_rep){ 0 }, NULL, 0);
		message_fini(&got);
	}
	(void)close(null);
	assembler_fini(&a);
}

static void
hear_and_ask(struct message *m, void *arg)
{
	struct sysctl_set_req req = { .id = SYSCTL_IP6_ACCEPT_RA, .instance = "lan0" };
	struct message rep;
	unsigned before = nheard;

	hear(m, arg);
	if (before < 10 && privcall(MSG_SYSCTL_SET, &req, &rep, NULL) == 0)
		message_fini(&rep);
}

static int
call_many(void)
{
	unsigned i;

	while (privcall_pump(hear_and_ask, NULL) == 0)
		(void)usleep(1000);
	if (nheard != MANY)
		return 1;
	for (i = 0; i < MANY; i++)
		if (heard[i] != i % 30)
			return 2;
	return 0;
}

static void
test_unasked_messages_keep_their_order(void **state)
{
	(void)state;
	assert_int_equal(run(play_many, call_many), 0);
}

/* --- privd that is not what it should be --- */

static void
play_dies_after_hello(int fd)
{
	struct assembler a;

	assembler_init(&a);
	greet(fd, &a);
	assembler_fini(&a);
}

static void
play_dies_in_a_call(int fd)
{
	struct assembler a;

	assembler_init(&a);
	greet(fd, &a);
	expect(fd, &a, MSG_SYSCTL_SET);
	message_fini(&got);
	assembler_fini(&a);
}

static int
call_once(void)
{
	struct sysctl_set_req req = { .id = SYSCTL_IP_FORWARD, .instance = "" };
	struct message m;

	(void)usleep(100000);		/* privd of the first test is dead by now */
	return privcall(MSG_SYSCTL_SET, &req, &m, NULL) == 0 ? 50 : 51;
}

static void
test_dead_privd_ends_the_process(void **state)
{
	(void)state;
	assert_int_equal(run(play_dies_after_hello, call_once), 1);
	assert_int_equal(run(play_dies_in_a_call, call_once), 1);
}

static int
call_pump(void)
{
	int n;

	while ((n = privcall_pump(hear, NULL)) == 0)
		(void)usleep(1000);
	return n == -EPIPE ? 0 : 1;
}

static void
test_pump_tells_the_end(void **state)
{
	(void)state;
	assert_int_equal(run(play_dies_after_hello, call_pump), 0);
}

static void
play_wrong_hello(int fd)
{
	struct hello_req hello = { .protocol = msg_protocol_hash(), .role = ROLE_HTTPD };

	say(fd, MSG_HELLO, 0, 0, &hello, NULL, 0);
}

static void
play_reply_for_hello(int fd)
{
	say(fd, MSG_HELLO, FRAME_REPLY, 0, &(struct hello_rep){ 0 }, NULL, 0);
}

static void
play_error_for_hello(int fd)
{
	say(fd, MSG_HELLO, FRAME_REPLY | FRAME_ERROR, 0, &(struct ipc_error_req){ .error = 1, .text = "no" }, NULL, 0);
}

static void
test_wrong_hello_is_refused(void **state)
{
	(void)state;
	assert_int_equal(run(play_wrong_hello, call_pump), 100);
	assert_int_equal(run(play_reply_for_hello, call_pump), 100);
	assert_int_equal(run(play_error_for_hello, call_pump), 100);
}

/* --- dumps --- */

static void
play_dumps(int fd)
{
	struct assembler a;
	int memfd, i;

	assembler_init(&a);
	greet(fd, &a);
	for (i = 0; i < 4; i++) {
		expect(fd, &a, MSG_NL_DUMP);
		assert_int_equal(((const struct nl_dump_req *)got.body)->what, NL_DUMP_LINKS);
		memfd = i == 2 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : memfd_sealed("dump", "netlink", i == 1 ? 0 : 7);
		say(fd, MSG_NL_DUMP, FRAME_REPLY, got.header.id, &(struct nl_dump_rep){ .generation = 5, .len = 7 }, &memfd,
		    i == 3 ? 0 : 1);
		(void)close(memfd);
		message_fini(&got);
	}
	assembler_fini(&a);
}

static int
call_dumps(void)
{
	struct privcall_error e;
	const uint8_t *p;
	uint32_t generation = 0;
	size_t len;

	if (privcall_dump(NL_DUMP_LINKS, &p, &len, &generation, &e) != 0 || len != 7 || memcmp(p, "netlink", 7) != 0 || generation != 5)
		return 1;
	privcall_dump_free(p, len);
	if (privcall_dump(NL_DUMP_LINKS, &p, &len, NULL, &e) != 0 || len != 0 || p != NULL)
		return 2;
	privcall_dump_free(p, len);
	if (privcall_dump(NL_DUMP_LINKS, &p, &len, NULL, &e) != -EPROTO)	/* not sealed */
		return 3;
	return privcall_dump(NL_DUMP_LINKS, &p, &len, NULL, &e) == -EPROTO ? 0 : 4;	/* no descriptor */
}

static void
test_dumps(void **state)
{
	(void)state;
	assert_int_equal(run(play_dumps, call_dumps), 0);
}

static int
fake(uint16_t type, const void *req, struct message *ret, struct privcall_error *ret_error, void *arg)
{
	(void)req;
	(void)ret;
	(void)ret_error;
	*(uint16_t *)arg = type;
	return -EBUSY;
}

static void
test_fake(void **state)
{
	struct sysctl_set_req req = { .id = SYSCTL_IP_FORWARD, .instance = "" };
	struct message m;
	uint16_t type = 0;

	(void)state;
	privcall_set_fake(fake, &type);
	assert_int_equal(privcall(MSG_SYSCTL_SET, &req, &m, NULL), -EBUSY);
	assert_int_equal(type, MSG_SYSCTL_SET);
	privcall_set_fake(NULL, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_unasked_messages_keep_their_order),
		cmocka_unit_test(test_dead_privd_ends_the_process),
		cmocka_unit_test(test_pump_tells_the_end),
		cmocka_unit_test(test_wrong_hello_is_refused),
		cmocka_unit_test(test_dumps),
		cmocka_unit_test(test_fake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
