/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Malformed messages to every receiver that is not privd: one after another, each on a new channel with the receiver's own list of
 * allowed messages.  The channel ends with -EPROTO, no handler sees it, nothing is left behind, and a bystander on another channel
 * of the same process is answered all the time.
 *
 *	malformed_channel COUNT [SEED]
 */
#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "ipc/channel.h"
#include "ipc/ids.h"
#include "msg_random.h"

#define ALLOWED_MAX	8

struct receiver {
	const char	*name;
	uint8_t		 self;
	uint8_t		 from;
	uint16_t	 allowed[ALLOWED_MAX];
};

static const struct receiver receivers[] = {
	{ "confd from an owner", ROLE_CONFD, ROLE_FWD, { MSG_EVENT, MSG_DRIFT } },
	{ "confd from httpd", ROLE_CONFD, ROLE_HTTPD, { MSG_MGMT_REQUEST, MSG_MGMT_SUBSCRIBE, MSG_MGMT_UNSUBSCRIBE } },
	{ "fwd from confd", ROLE_FWD, ROLE_CONFD,
	  { MSG_CONF_PREPARE, MSG_CONF_COMMIT, MSG_CONF_VERIFY, MSG_CONF_ABORT, MSG_CONF_KEPT, MSG_STATE_GET } },
	{ "netd from confd", ROLE_NETD, ROLE_CONFD,
	  { MSG_CONF_PREPARE, MSG_CONF_COMMIT, MSG_CONF_VERIFY, MSG_CONF_ABORT, MSG_CONF_KEPT, MSG_STATE_GET } },
	{ "authd from confd", ROLE_AUTHD, ROLE_CONFD,
	  { MSG_AUTH_LOGIN, MSG_AUTH_CLAIM, MSG_AUTH_CHECK, MSG_AUTH_LOGOUT, MSG_AUTH_PASSWORD, MSG_AUTH_REVOKE } },
	{ "authd from httpd", ROLE_AUTHD, ROLE_HTTPD, { MSG_TLS_SIGN, MSG_TLS_CERT } },
	{ "logd from anybody", ROLE_LOGD, ROLE_HTTPD, { MSG_LOG_LINE, MSG_LOG_AUDIT } },
	{ "fetchd from confd", ROLE_FETCHD, ROLE_CONFD,
	  { MSG_FETCH_SETUP, MSG_FETCH_GET, MSG_FETCH_RESOLVE, MSG_FETCH_PUT, MSG_FETCH_RECEIVERS, MSG_FETCH_PROBE } },
	{ "fetchd from logd", ROLE_FETCHD, ROLE_LOGD, { MSG_FETCH_SYSLOG } },
	{ "httpd from confd", ROLE_HTTPD, ROLE_CONFD, { MSG_MGMT_EVENT, MSG_MGMT_UNSUBSCRIBE } },
};

enum malformation {
	OTHER_TYPE = 0,		/* well made, but not for this receiver */
	NO_TYPE,		/* no such message */
	DAMAGED,		/* of an allowed type, one thing broken */
	SHORT_FRAME,		/* the header promises more or less than there is */
	WRONG_FLAGS,
	NEVER_ASKED,		/* an answer to nothing */
	MIXED_FRAMES,		/* a second message inside the first */
	UNNAMED_FD,		/* a descriptor that the header does not name */
	BEFORE_HELLO,
	TWO_HELLOS,
	WRONG_ROLE,
	MALFORMATIONS
};

static struct {
	struct event_base	*base;
	struct msg_random	 random;
	int			 closed;	/* of the channel under attack: 1, or the error */
	unsigned		 handled;
	struct channel		*asker, *answerer;
	unsigned		 answers;
} t;

static void
fail(const char *what, const struct receiver *r, unsigned kind, unsigned i)
{
	fprintf(stderr, "%s: %s: malformation %u, message %u\n", r->name, what, kind, i);
	exit(1);
}

static void
on_message(struct channel *c, struct message *m, void *arg)
{
	(void)c;
	(void)m;
	(void)arg;
	t.handled++;
}

static void
on_close(struct channel *c, int error, void *arg)
{
	(void)arg;
	t.closed = error != 0 ? error : 1;
	channel_free(c);
}

/* --- the bystander --- */

static void
on_question(struct channel *c, struct message *m, void *arg)
{
	static const struct conf_abort_rep rep = { 0 };

	(void)arg;
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

static void
on_answer(struct channel *c, struct message *m, int error, void *arg)
{
	(void)c;
	(void)arg;
	t.answers += m != NULL && error == 0;
}

static const struct channel_dispatch nothing[] = { { 0, 0, NULL } };
static const struct channel_dispatch questions[] = { { MSG_CONF_ABORT, CHANNEL_PHASE_READY, on_question }, { 0, 0, NULL } };
static const struct channel_ops asker_ops = { .table = nothing }, answerer_ops = { .table = questions };

static void
turn(void)
{
	(void)event_base_loop(t.base, EVLOOP_NONBLOCK);
}

static bool
bystander_answers(void)
{
	struct conf_abort_req req = { .revision = 7 };
	unsigned before = t.answers, i;

	if (channel_call(t.asker, MSG_CONF_ABORT, 7, &req, NULL, 0, 5000, on_answer, NULL) != 0)
		return false;
	for (i = 0; i < 100 && t.answers == before; i++)
		turn();
	return t.answers == before + 1;
}

/* --- the attack --- */

static bool
is_allowed(const struct receiver *r, uint16_t type)
{
	unsigned i;

	for (i = 0; i < ALLOWED_MAX; i++)
		if (r->allowed[i] == type)
			return true;
	return type == MSG_HELLO;
}

static uint16_t
allowed_type(const struct receiver *r)
{
	unsigned n = 0;

	while (n < ALLOWED_MAX && r->allowed[n] != 0)
		n++;
	return r->allowed[msg_random_below(&t.random, n)];
}

static void
send_hello(int fd, uint8_t role)
{
	struct frame_header h = { .type = MSG_HELLO };
	struct hello_req hello = { .protocol = msg_protocol_hash(), .role = role };

	(void)msg_send_sync(fd, &h, &hello, NULL, 1000);
}

/* Raw: the frame as it is given, however wrong. */
static void
send_frame(int fd, const struct frame_header *h, const uint8_t *payload, size_t len, bool with_fd)
{
	union {
		struct cmsghdr	align;
		char		space[CMSG_SPACE(sizeof(int))];
	} control;
	uint8_t head[FRAME_HEADER_LEN];
	struct iovec iov[2] = { { head, sizeof(head) }, { (void *)(uintptr_t)payload, len } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	struct cmsghdr *c;

	frame_header_put(head, h);
	if (with_fd) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = control.space;
		msg.msg_controllen = sizeof(control.space);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	(void)sendmsg(fd, &msg, MSG_NOSIGNAL);
}

/* The bytes of a valid message of this type that fits one frame. */
static uint8_t *
valid_bytes(uint16_t type, size_t *ret_len)
{
	uint8_t *data = NULL;
	unsigned tries;

	for (tries = 0; tries < 100; tries++) {
		if (msg_random_encoded(&t.random, msg_spec(type), false, &data, ret_len) == 0 && *ret_len <= FRAME_PAYLOAD_MAX / 2)
			return data;
		free(data);
		data = NULL;
	}
	*ret_len = 0;
	return calloc(1, 1);
}

static uint16_t
other_type(const struct receiver *r)
{
	const struct msg_spec *all;
	uint16_t type;
	size_t n;

	all = msg_specs_all(&n);
	do
		type = all[msg_random_below(&t.random, (uint32_t)n)].type;
	while (is_allowed(r, type));
	return type;
}

static uint16_t
unknown_type(void)
{
	uint16_t type;

	do
		type = (uint16_t)msg_random_below(&t.random, 0x10000);
	while (msg_spec(type) != NULL);
	return type;
}

static void
attack(const struct receiver *r, unsigned kind, int fd)
{
	struct frame_header h = { .type = kind == OTHER_TYPE ? other_type(r) : allowed_type(r), .id = 1 + msg_random_below(&t.random, 1000) };
	uint8_t *data;
	size_t len;

	if (kind != BEFORE_HELLO)
		send_hello(fd, kind == WRONG_ROLE ? ROLE_PAM : r->from);
	if (kind == TWO_HELLOS)
		send_hello(fd, r->from);
	if (kind == WRONG_ROLE || kind == TWO_HELLOS)
		return;
	data = valid_bytes(h.type, &len);
	if (kind == DAMAGED)
		msg_random_damage(&t.random, &data, &len);
	if (len > FRAME_PAYLOAD_MAX)
		len = FRAME_PAYLOAD_MAX;
	h.len = (uint32_t)len;
	if (kind == NO_TYPE)
		h.type = unknown_type();
	else if (kind == SHORT_FRAME)
		h.len += 1 + msg_random_below(&t.random, 100);
	else if (kind == WRONG_FLAGS)
		h.flags = (uint8_t)(0x08u << msg_random_below(&t.random, 5));
	else if (kind == NEVER_ASKED)
		h.flags = FRAME_REPLY;
	else if (kind == MIXED_FRAMES)
		h.flags = FRAME_MORE;
	if (kind == MIXED_FRAMES && len == 0)
		h.len = 0;	/* promises more and brings nothing: as wrong */
	send_frame(fd, &h, data, len, kind == UNNAMED_FD);
	if (kind == MIXED_FRAMES) {
		h.id++;
		send_frame(fd, &h, data, len, false);
	}
	free(data);
}

static unsigned
descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		(void)closedir(d);
	return n;
}

static void
strike(const struct receiver *r, const struct channel_ops *ops, unsigned kind, unsigned i)
{
	unsigned before = t.handled, k;
	struct channel *c;
	int fds[2];

	if (frame_pair(fds) != 0)
		fail("no socketpair", r, kind, i);
	t.closed = 0;
	c = channel_new(t.base, fds[0], r->name, r->self, r->from, ops, NULL);
	if (c == NULL)
		fail("no channel", r, kind, i);
	attack(r, kind, fds[1]);
	for (k = 0; k < 100 && t.closed == 0 && t.handled == before; k++)
		turn();
	(void)close(fds[1]);
	if (t.closed == 0 && t.handled == before + 1 && kind == DAMAGED)
		channel_free(c);	/* the damage left another valid message */
	else if (t.closed != -EPROTO || t.handled != before)
		fail(t.handled != before ? "a handler saw it" : "it is not a violation", r, kind, i);
}

static void
receiver_test(const struct receiver *r, unsigned count)
{
	struct channel_dispatch table[ALLOWED_MAX + 1] = { { 0, 0, NULL } };
	struct channel_ops ops = { .table = table, .on_close = on_close };
	unsigned i, fds = descriptors(), accepted = t.handled;

	for (i = 0; i < ALLOWED_MAX && r->allowed[i] != 0; i++)
		table[i] = (struct channel_dispatch){ r->allowed[i], CHANNEL_PHASE_READY, on_message };
	for (i = 0; i < count; i++) {
		strike(r, &ops, i % MALFORMATIONS, i);
		if (i % 1000 == 0 && !bystander_answers())
			fail("the bystander got no answer", r, i % MALFORMATIONS, i);
	}
	accepted = t.handled - accepted;
	if (descriptors() != fds)
		fail("descriptors are left over", r, 0, i);
	/* Damage may hit a bit that means nothing to the receiver's table, but not often. */
	if (accepted > count / MALFORMATIONS)
		fail("too many damaged messages were taken", r, DAMAGED, i);
	printf("%-20s %u malformed messages, %u damaged ones were still valid\n", r->name, count, accepted);
}

static void
quiet(enum log_level level, const char *subsystem, const char *text, void *arg)
{
	(void)level;
	(void)subsystem;
	(void)text;
	(void)arg;
}

int
main(int argc, char **argv)
{
	unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	size_t i;
	int fds[2];

	log_set_sink(quiet, NULL);
	msg_random_init(&t.random, seed);
	t.base = event_base_new();
	if (t.base == NULL || frame_pair(fds) != 0)
		return 1;
	t.asker = channel_new(t.base, fds[0], "asker", ROLE_CONFD, ROLE_FWD, &asker_ops, NULL);
	t.answerer = channel_new(t.base, fds[1], "answerer", ROLE_FWD, ROLE_CONFD, &answerer_ops, NULL);
	while (t.asker != NULL && t.answerer != NULL && !(channel_is_ready(t.asker) && channel_is_ready(t.answerer)))
		turn();
	for (i = 0; i < sizeof(receivers) / sizeof(receivers[0]); i++)
		receiver_test(&receivers[i], count);
	channel_free(t.asker);
	channel_free(t.answerer);
	event_base_free(t.base);
	return 0;
}
