/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/daemon.h"
#include "ipc/ids.h"

/*
 * A whole daemon, confined as fwd is, in a child; the test is its privd, its logd and its confd.  What it does it tells through its log.
 */
static struct {
	pid_t			 pid;
	int			 priv, logd, confd;
	struct assembler	 from_priv, from_logd, from_confd;
} t;

static struct message got;

/* What the daemon wrote to stderr. */
static struct {
	char	text[8000];
	size_t	len;
} heard;

/* --- the daemon --- */

static void
on_ready(struct channel *c, void *arg)
{
	struct daemon *d = arg;

	assert_ptr_equal(d->state, &t);
	assert_ptr_equal(daemon_channel(ROLE_CONFD, PEER_MAIN), c);
	log_info("test", "confd is there");
}

static void
on_close(struct channel *c, int error, void *arg)
{
	(void)c;
	(void)arg;
	log_info("test", "confd is away: %d, %s", error, daemon_channel(ROLE_CONFD, PEER_MAIN) == NULL ? "forgotten" : "still known");
}

static void
on_kept(struct channel *c, struct message *m, void *arg)
{
	char object[600];

	(void)c;
	(void)m;
	(void)arg;
	memset(object, 'o', sizeof(object) - 1);
	object[sizeof(object) - 1] = '\0';
	/* Attack: a user whose name and object try to keep the record from being written. */
	daemon_audit("eve\n\xff", NULL, "commit", object, "refused", "%s", "caf\xc3\xa9 \xc3");
}

static const struct channel_dispatch confd_table[] = {
	{ MSG_CONF_KEPT, CHANNEL_PHASE_READY, on_kept },
	{ 0, 0, NULL }
};
static const struct channel_ops confd_ops = { confd_table, on_ready, on_close };
static const struct daemon_peer peers[] = {
	{ .role = ROLE_CONFD, .purpose = PEER_MAIN, .ops = &confd_ops },
	{ .role = ROLE_INVALID }
};

static void
on_priv(struct daemon *d, struct message *m)
{
	(void)d;
	log_info("test", "privd says %s", msg_name(m->header.type));
}

static void
stop(struct daemon *d)
{
	(void)d;
	(void)!write(STDERR_FILENO, "stopped\n", 8);
}

static int
daemon_run(int fd, int err)
{
	struct daemon d = { .name = "test", .role = ROLE_FWD, .peers = peers, .on_priv = on_priv, .stop = stop, .state = &t };
	char *argv[] = { (char[]){ "test" }, NULL };

	if (dup2(fd, 3) == -1 || dup2(err, STDERR_FILENO) == -1)
		return 99;
	return daemon_main(&d, 1, argv);
}

/* --- its peers --- */

static void
expect(int fd, struct assembler *a, uint16_t type)
{
	static uint8_t buf[FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX];
	int fds[FRAME_FDS_MAX], n = 0, i;
	struct frame_header h;

	for (i = 0; i < 5000 && n != 1; i++) {
		n = frame_recv(fd, buf, &h, fds);
		if (n == -EAGAIN) {
			(void)usleep(1000);
			continue;
		}
		assert_int_equal(n, 0);
		n = assembler_add(a, &h, buf + FRAME_HEADER_LEN, fds, &got, NULL);
	}
	assert_int_equal(n, 1);
	assert_string_equal(msg_name(got.header.type), msg_name(type));
}

static void
expect_line(const char *text)
{
	expect(t.logd, &t.from_logd, MSG_LOG_LINE);
	assert_string_equal(((const struct log_line_req *)got.body)->text, text);
	message_fini(&got);
}

static void
say(int fd, uint16_t type, const void *body, const int *fds, uint8_t nfds)
{
	struct frame_header h = { .type = type, .nfds = nfds };

	assert_int_equal(msg_send_sync(fd, &h, body, fds, 5000), 0);
}

static void
greet(int fd, struct assembler *a, uint8_t role)
{
	struct hello_req hello = { .protocol = msg_protocol_hash(), .role = role };

	expect(fd, a, MSG_HELLO);
	assert_int_equal(((const struct hello_req *)got.body)->role, ROLE_FWD);
	message_fini(&got);
	say(fd, MSG_HELLO, &hello, NULL, 0);
}

/* Hand the daemon a new channel to role; ours is *fd. */
static void
hand_channel(uint8_t role, int *fd, struct assembler *a)
{
	struct peer_req peer = { .role = role, .purpose = PEER_MAIN };
	int s[2];

	assert_int_equal(frame_pair(s), 0);
	say(t.priv, MSG_PEER, &peer, &s[1], 1);
	(void)close(s[1]);
	*fd = s[0];
	assembler_init(a);
	greet(*fd, a, role);
}

/* A daemon with logd and confd; ret_err reads its stderr. */
static void
start(int *ret_err)
{
	int s[2], err[2];

	assert_int_equal(frame_pair(s), 0);
	assert_int_equal(pipe(err), 0);
	t.pid = fork();
	assert_int_not_equal(t.pid, -1);
	if (t.pid == 0) {
		(void)close(err[0]);
		_exit(daemon_run(s[1], err[1]));
	}
	(void)close(s[1]);
	(void)close(err[1]);
	t.priv = s[0];
	heard.len = 0;
	*ret_err = err[0];
	assembler_init(&t.from_priv);
	greet(t.priv, &t.from_priv, ROLE_PRIVD);
	hand_channel(ROLE_LOGD, &t.logd, &t.from_logd);
	hand_channel(ROLE_CONFD, &t.confd, &t.from_confd);
	expect_line("confd is there");
}

/* Read the daemon's stderr until it says this, or ends. */
static bool
hear(int err, const char *words)
{
	ssize_t n;

	heard.text[heard.len] = '\0';
	while (strstr(heard.text, words) == NULL) {
		n = read(err, heard.text + heard.len, sizeof(heard.text) - 1 - heard.len);
		if (n <= 0)
			return false;
		heard.len += (size_t)n;
		heard.text[heard.len] = '\0';
	}
	return true;
}

static void
finish(int status, int err, const char *last_words)
{
	int st;

	if (!hear(err, last_words))
		fail_msg("says \"%s\", not \"%s\"", heard.text, last_words);
	(void)close(err);
	assert_int_equal(waitpid(t.pid, &st, 0), t.pid);
	assert_true(WIFEXITED(st));
	assert_int_equal(WEXITSTATUS(st), status);
	(void)close(t.priv);
	(void)close(t.logd);
	(void)close(t.confd);
	assembler_fini(&t.from_priv);
	assembler_fini(&t.from_logd);
	assembler_fini(&t.from_confd);
}

static void
test_peers_come_and_are_replaced(void **state)
{
	int err, old;

	(void)state;
	start(&err);
	/* The other side was restarted: a new channel comes, perhaps before the old one is seen to end. */
	old = t.confd;
	assembler_fini(&t.from_confd);
	hand_channel(ROLE_CONFD, &t.confd, &t.from_confd);
	expect_line("confd is away: 0, forgotten");
	expect_line("confd is there");
	(void)close(old);
	/* It dies, and does not come back at once. */
	(void)close(t.confd);
	expect_line("confd is away: 0, forgotten");
	assembler_fini(&t.from_confd);
	hand_channel(ROLE_CONFD, &t.confd, &t.from_confd);
	expect_line("confd is there");
	say(t.priv, MSG_LISTENER, &(struct listener_req){ .slot = SOCK_WEB_LISTEN, .port = 8443 }, NULL, 0);
	expect_line("privd says LISTENER");
	assert_int_equal(kill(t.pid, SIGTERM), 0);
	finish(0, err, "stopped");
}

static void
test_peers_that_are_none(void **state)
{
	int err, s[2];

	(void)state;
	start(&err);
	say(t.priv, MSG_PEER, &(struct peer_req){ .role = ROLE_CONFD, .purpose = PEER_MAIN }, NULL, 0);
	expect_line("privd sent a channel without a descriptor");
	assert_int_equal(frame_pair(s), 0);
	say(t.priv, MSG_PEER, &(struct peer_req){ .role = ROLE_HTTPD, .purpose = PEER_MAIN }, &s[1], 1);
	(void)close(s[1]);
	expect_line("privd sent a channel to httpd, which is not a peer");
	(void)close(s[0]);
	/* A violation by a peer ends that channel, and is told. */
	say(t.confd, MSG_NFT_BATCH, &(struct nft_batch_req){ 0 }, NULL, 0);
	expect(t.logd, &t.from_logd, MSG_LOG_LINE);
	assert_non_null(strstr(((const struct log_line_req *)got.body)->text, "violation by confd: may not send this"));
	message_fini(&got);
	expect_line("confd is away: -71, forgotten");
	(void)close(t.priv);
	t.priv = -1;
	finish(0, err, "stopped");	/* privd's end is ours, in good order */
}

static void
test_audit_is_always_written(void **state)
{
	const struct log_audit_req *a;
	int err;

	(void)state;
	start(&err);
	say(t.confd, MSG_CONF_KEPT, &(struct conf_kept_req){ .revision = 1 }, NULL, 0);
	expect(t.logd, &t.from_logd, MSG_LOG_AUDIT);
	a = got.body;
	assert_string_equal(a->actor, "eve??");
	assert_string_equal(a->origin, "");
	assert_string_equal(a->action, "commit");
	assert_int_equal(strlen(a->object), 512);
	assert_string_equal(a->result, "refused");
	assert_string_equal(a->detail, "caf\xc3\xa9 ?");
	message_fini(&got);
	/* Without logd it is at least said where privd can read it. */
	(void)close(t.logd);
	t.logd = -1;
	say(t.confd, MSG_CONF_KEPT, &(struct conf_kept_req){ .revision = 1 }, NULL, 0);
	assert_true(hear(err, "audit: eve?? from : commit ooo"));
	assert_int_equal(kill(t.pid, SIGTERM), 0);
	finish(0, err, "stopped");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peers_come_and_are_replaced),
		cmocka_unit_test(test_peers_that_are_none),
		cmocka_unit_test(test_audit_is_always_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
