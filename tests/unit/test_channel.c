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
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "ipc/channel.h"
#include "ipc/ids.h"
#include "msg_random.h"

/*
 * Two ends in one event loop, or one end and a raw socket that says what no honest peer would.
 */
struct end {
	struct channel	*channel;
	unsigned	 nready, nclosed, nrequests, nreplies;
	int		 close_error, reply_error;
	uint32_t	 last_revision;
	bool		 frees_in_handler, frees_on_close, keeps;
	struct message	 kept;
};

static struct event_base *base;

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
on_ready(struct channel *c, void *arg)
{
	struct end *e = arg;

	(void)c;
	e->nready++;
}

static void
on_close(struct channel *c, int error, void *arg)
{
	struct end *e = arg;

	e->nclosed++;
	e->close_error = error;
	if (e->frees_on_close) {
		channel_free(c);
		e->channel = NULL;
	}
}

static void
on_prepare(struct channel *c, struct message *m, void *arg)
{
	struct conf_prepare_rep rep = { .diff = "nothing" };
	struct end *e = arg;
	int error;

	e->nrequests++;
	e->last_revision = ((const struct conf_prepare_req *)m->body)->revision;
	if (e->frees_in_handler) {
		channel_free(c);
		e->channel = NULL;
		return;
	}
	if (e->keeps)
		channel_keep(c, m, &e->kept);
	else
		assert_true((error = channel_reply(c, &m->header, &rep, NULL, 0)) == 0 || error == -EPIPE);
}

static void
on_commit(struct channel *c, struct message *m, void *arg)
{
	struct end *e = arg;
	int error;

	e->nrequests++;
	error = channel_reply_error(c, &m->header, -EBUSY, 7, "revision %u is busy", 5u);
	assert_true(error == 0 || error == -EPIPE);
}

static void
on_event(struct channel *c, struct message *m, void *arg)
{
	struct end *e = arg;

	(void)c;
	(void)m;
	e->nrequests++;
}

static const struct channel_dispatch owner_table[] = {
	{ MSG_CONF_PREPARE, CHANNEL_PHASE_READY, on_prepare },
	{ MSG_CONF_COMMIT, CHANNEL_PHASE_READY, on_commit },
	{ MSG_CONF_KEPT, CHANNEL_PHASE_READY | CHANNEL_ONCE, on_event },
	{ 0, 0, NULL }
};
static const struct channel_dispatch confd_table[] = {
	{ MSG_EVENT, CHANNEL_PHASE_READY, on_event },
	{ 0, 0, NULL }
};
static const struct channel_ops owner_ops = { owner_table, on_ready, on_close };
static const struct channel_ops confd_ops = { confd_table, on_ready, on_close };

/* Run the loop until nothing has happened for a while, at most ms. */
static void
spin(unsigned ms)
{
	uint64_t end = clock_mono_ms() + ms;

	while (clock_mono_ms() < end) {
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
		(void)usleep(200);
	}
}

#define SPIN_UNTIL(condition) do {					\
	uint64_t end_ = clock_mono_ms() + 5000;				\
	while (!(condition)) {						\
		assert_true(clock_mono_ms() < end_);			\
		(void)event_base_loop(base, EVLOOP_NONBLOCK);		\
		(void)usleep(100);					\
	}								\
} while (0)

static void
pair_up(struct end *confd, struct end *owner)
{
	int s[2];

	assert_int_equal(frame_pair(s), 0);
	confd->channel = channel_new(base, s[0], "fwd", ROLE_CONFD, ROLE_FWD, &confd_ops, confd);
	owner->channel = channel_new(base, s[1], "confd", ROLE_FWD, ROLE_CONFD, &owner_ops, owner);
	assert_non_null(confd->channel);
	assert_non_null(owner->channel);
	SPIN_UNTIL(confd->nready == 1 && owner->nready == 1);
}

/* One end is the raw socket that is returned; the other an owner that has said, and is told, hello if is_greeted. */
static int
raw_peer(struct end *owner, bool is_greeted)
{
	struct hello_req hello = { .protocol = msg_protocol_hash(), .role = ROLE_CONFD };
	struct frame_header h = { .type = MSG_HELLO };
	int s[2];

	memset(owner, 0, sizeof(*owner));
	assert_int_equal(frame_pair(s), 0);
	owner->channel = channel_new(base, s[1], "confd", ROLE_FWD, ROLE_CONFD, &owner_ops, owner);
	assert_non_null(owner->channel);
	if (is_greeted) {
		assert_int_equal(msg_send_sync(s[0], &h, &hello, NULL, 1000), 0);
		SPIN_UNTIL(owner->nready == 1);
	}
	return s[0];
}

static int
setup(void **state)
{
	(void)state;
	base = event_base_new();
	return base == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	event_base_free(base);
	return 0;
}

static void
on_reply(struct channel *c, struct message *m, int error, void *arg)
{
	struct end *e = arg;

	(void)c;
	e->nreplies++;
	e->reply_error = error;
	if (error == 0)
		assert_string_equal(((const struct conf_prepare_rep *)m->body)->diff, "nothing");
	if (error == -EBUSY) {
		assert_string_equal(((const struct ipc_error_req *)m->body)->text, "revision 5 is busy");
		assert_int_equal(((const struct ipc_error_req *)m->body)->offset, 7);
	}
}

static void
test_hello_then_calls(void **state)
{
	struct conf_prepare_req prepare = { .revision = 42 };
	struct conf_commit_req commit = { .revision = 42, .phase = COMMIT_APPLY };
	struct end confd = { 0 }, owner = { 0 };
	unsigned before = open_fds();
	int i;

	(void)state;
	pair_up(&confd, &owner);
	assert_true(channel_is_ready(confd.channel) && channel_is_ready(owner.channel));
	assert_int_equal(channel_peer_role(confd.channel), ROLE_FWD);
	assert_int_equal(channel_peer_role(owner.channel), ROLE_CONFD);
	assert_ptr_equal(channel_arg(confd.channel), &confd);
	assert_string_equal(channel_name(confd.channel), "fwd");
	for (i = 1; i <= 100; i++)
		assert_int_equal(channel_call(confd.channel, MSG_CONF_PREPARE, 42, &prepare, NULL, 0, 5000, on_reply, &confd), 0);
	SPIN_UNTIL(confd.nreplies == 100);
	assert_int_equal(confd.reply_error, 0);
	assert_int_equal(owner.nrequests, 100);
	assert_int_equal(owner.last_revision, 42);
	assert_int_equal(channel_call(confd.channel, MSG_CONF_COMMIT, 42, &commit, NULL, 0, 5000, on_reply, &confd), 0);
	SPIN_UNTIL(confd.nreplies == 101);
	assert_int_equal(confd.reply_error, -EBUSY);
	channel_free(confd.channel);
	SPIN_UNTIL(owner.nclosed == 1);
	assert_int_equal(owner.close_error, 0);
	assert_false(channel_is_ready(owner.channel));
	assert_int_equal(channel_send(owner.channel, MSG_EVENT, 0, &(struct event_req){ .topic = "log" }, NULL, 0), -EPIPE);
	channel_free(owner.channel);
	assert_int_equal(confd.nclosed, 0);	/* channel_free tells nobody */
	assert_int_equal(open_fds(), before);
}

static void
test_descriptors_are_duplicated(void **state)
{
	struct conf_prepare_req prepare = { .revision = 1 };
	struct end confd = { 0 }, owner = { .keeps = true };
	unsigned before = open_fds();
	int fd, got;
	char text[8];

	(void)state;
	pair_up(&confd, &owner);
	fd = memfd_sealed("conf", "subtree", 8);
	assert_int_equal(channel_call(confd.channel, MSG_CONF_PREPARE, 1, &prepare, &fd, 1, 5000, on_reply, &confd), 0);
	assert_int_equal(close(fd), 0);
	SPIN_UNTIL(owner.nrequests == 1);
	assert_int_equal(owner.kept.nfds, 1);
	got = arena_take_fd(owner.kept.arena, 0);
	assert_int_equal(pread(got, text, 8, 0), 8);
	assert_string_equal(text, "subtree");
	(void)close(got);
	/* A kept request is answered later. */
	assert_int_equal(confd.nreplies, 0);
	assert_int_equal(channel_reply(owner.channel, &owner.kept.header, &(struct conf_prepare_rep){ .diff = "nothing" }, NULL, 0), 0);
	message_fini(&owner.kept);
	SPIN_UNTIL(confd.nreplies == 1);
	channel_free(confd.channel);
	channel_free(owner.channel);
	assert_int_equal(open_fds(), before);
}

static void
test_call_that_is_never_answered(void **state)
{
	struct conf_prepare_req prepare = { .revision = 1 };
	struct end confd = { 0 }, owner = { .keeps = true };
	uint64_t start;

	(void)state;
	pair_up(&confd, &owner);
	start = clock_mono_ms();
	assert_int_equal(channel_call(confd.channel, MSG_CONF_PREPARE, 1, &prepare, NULL, 0, 200, on_reply, &confd), 0);
	SPIN_UNTIL(confd.nreplies == 1);
	assert_int_equal(confd.reply_error, -ETIMEDOUT);
	assert_in_range(clock_mono_ms() - start, 200, 5000);
	/* The late answer is dropped, and does not end the channel. */
	assert_int_equal(channel_reply(owner.channel, &owner.kept.header, &(struct conf_prepare_rep){ .diff = "nothing" }, NULL, 0), 0);
	message_fini(&owner.kept);
	spin(50);
	assert_int_equal(confd.nreplies, 1);
	assert_int_equal(confd.nclosed, 0);
	channel_free(confd.channel);
	channel_free(owner.channel);
}

static void
test_calls_end_with_the_channel(void **state)
{
	struct conf_prepare_req prepare = { .revision = 1 };
	struct end confd = { 0 }, owner = { .frees_in_handler = true };

	(void)state;
	pair_up(&confd, &owner);
	assert_int_equal(channel_call(confd.channel, MSG_CONF_PREPARE, 1, &prepare, NULL, 0, 5000, on_reply, &confd), 0);
	assert_int_equal(channel_call(confd.channel, MSG_CONF_PREPARE, 1, &prepare, NULL, 0, 5000, on_reply, &confd), 0);
	SPIN_UNTIL(confd.nclosed == 1);		/* the owner freed its end inside its handler */
	assert_null(owner.channel);
	assert_int_equal(confd.nreplies, 2);
	assert_int_equal(confd.reply_error, -EPIPE);
	channel_free(confd.channel);

	confd = owner = (struct end){ 0 };
	pair_up(&confd, &owner);
	assert_int_equal(channel_call(confd.channel, MSG_CONF_PREPARE, 1, &prepare, NULL, 0, 5000, on_reply, &confd), 0);
	channel_free(confd.channel);
	assert_int_equal(confd.nreplies, 1);
	assert_int_equal(confd.reply_error, -ECANCELED);
	channel_free(owner.channel);
}

/* Whether the peer ended before the channel was made, or before it was asked, having read its hello or not: the call ends as one under way does. */
static void
test_calls_to_a_peer_that_has_ended(void **state)
{
	enum { BEFORE_HELLO, UNREAD, READ, ENDS } ended;
	struct conf_prepare_req prepare = { .revision = 1 };
	char frame[256];
	struct end confd;
	int s[2];

	(void)state;
	for (ended = BEFORE_HELLO; ended < ENDS; ended++) {
		confd = (struct end){ 0 };
		assert_int_equal(frame_pair(s), 0);
		if (ended == BEFORE_HELLO)
			assert_int_equal(close(s[1]), 0);
		confd.channel = channel_new(base, s[0], "fwd", ROLE_CONFD, ROLE_FWD, &confd_ops, &confd);
		assert_non_null(confd.channel);
		if (ended == READ)
			assert_true(read(s[1], frame, sizeof(frame)) > 0);
		if (ended != BEFORE_HELLO)
			assert_int_equal(close(s[1]), 0);
		assert_int_equal(channel_call(confd.channel, MSG_CONF_PREPARE, 1, &prepare, NULL, 0, 5000, on_reply, &confd), 0);
		assert_int_equal(confd.nreplies, 0);
		SPIN_UNTIL(confd.nclosed == 1);
		assert_int_equal(confd.nreplies, 1);
		assert_int_equal(confd.reply_error, -EPIPE);
		/* Nobody will read its end again. */
		assert_int_equal(channel_call(confd.channel, MSG_CONF_PREPARE, 1, &prepare, NULL, 0, 5000, on_reply, &confd), -EPIPE);
		assert_int_equal(confd.nreplies, 1);
		channel_free(confd.channel);
	}
}

/* channel_close ends it as the other side would: first the calls, then on_close, once. */
static void
test_close_by_the_owner(void **state)
{
	struct conf_prepare_req prepare = { .revision = 1 };
	struct end confd = { .frees_on_close = true }, owner = { .frees_on_close = true, .keeps = true };

	(void)state;
	pair_up(&confd, &owner);
	assert_int_equal(channel_call(confd.channel, MSG_CONF_PREPARE, 1, &prepare, NULL, 0, 5000, on_reply, &confd), 0);
	channel_close(confd.channel, 0);
	assert_int_equal(confd.nreplies, 1);
	assert_int_equal(confd.reply_error, -EPIPE);
	assert_int_equal(confd.nclosed, 1);
	assert_int_equal(confd.close_error, 0);
	assert_null(confd.channel);
	SPIN_UNTIL(owner.nclosed == 1);
	assert_null(owner.channel);
	message_fini(&owner.kept);
}

static struct channel *freed_by_reply;

static void
on_reply_free(struct channel *c, struct message *m, int error, void *arg)
{
	on_reply(c, m, error, arg);
	if (freed_by_reply == c) {
		freed_by_reply = NULL;
		channel_free(c);
		((struct end *)arg)->channel = NULL;
	}
}

static void
test_free_inside_a_reply(void **state)
{
	struct conf_prepare_req prepare = { .revision = 1 };
	struct end confd = { 0 }, owner = { 0 };
	int i;

	(void)state;
	pair_up(&confd, &owner);
	freed_by_reply = confd.channel;
	for (i = 0; i < 5; i++)
		assert_int_equal(channel_call(confd.channel, MSG_CONF_PREPARE, 1, &prepare, NULL, 0, 5000, on_reply_free, &confd), 0);
	SPIN_UNTIL(confd.channel == NULL);
	assert_int_equal(confd.nreplies, 5);	/* one answered, four cancelled */
	assert_int_equal(confd.reply_error, -ECANCELED);
	SPIN_UNTIL(owner.nclosed == 1);
	channel_free(owner.channel);
}

static void
test_large_messages_keep_their_order(void **state)
{
	struct end confd = { 0 }, owner = { 0 };
	uint8_t *record = calloc(1, 60000);
	struct event_req event = { .topic = "log", .record = { record, 60000 } };
	int i;

	(void)state;
	pair_up(&confd, &owner);
	/* More than the socket holds: most of it waits in the queue. */
	for (i = 0; i < 200; i++)
		assert_int_equal(channel_send(owner.channel, MSG_EVENT, 0, &event, NULL, 0), 0);
	SPIN_UNTIL(confd.nrequests == 200);
	assert_int_equal(confd.nclosed + owner.nclosed, 0);
	channel_free(confd.channel);
	channel_free(owner.channel);
	free(record);
}

static void
test_peer_that_does_not_read_is_closed(void **state)
{
	struct end owner;
	uint8_t *record = calloc(1, 60000);
	struct event_req event = { .topic = "log", .record = { record, 60000 } };
	int fd, error = 0, i;

	(void)state;
	fd = raw_peer(&owner, true);
	for (i = 0; i < 3000 && error == 0; i++)
		error = channel_send(owner.channel, MSG_EVENT, 0, &event, NULL, 0);
	assert_int_equal(error, -ENOBUFS);
	assert_true((size_t)i * 60000 < CHANNEL_QUEUE_MAX + (4u << 20));
	assert_int_equal(owner.nclosed, 0);	/* never under the feet of the sender */
	SPIN_UNTIL(owner.nclosed == 1);
	assert_int_equal(owner.close_error, -ENOBUFS);
	channel_free(owner.channel);
	(void)close(fd);
	free(record);
}

/* Attack: a client that asks and asks, and never reads the answers. */
static void
test_client_that_only_asks(void **state)
{
	static uint8_t buf[FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX];
	struct conf_prepare_req prepare = { .revision = 1 };
	struct frame_header h = { .type = MSG_CONF_PREPARE }, in;
	unsigned sent = 0, answers = 0, handled;
	struct end owner;
	uint8_t *data;
	size_t len;
	int fd, i;

	(void)state;
	fd = raw_peer(&owner, true);
	channel_set_client(owner.channel, 2 * CHANNEL_PAUSE);
	assert_int_equal(msg_encode(&h, &prepare, &data, &len), 0);
	h.len = (uint32_t)len;
	for (i = 0; i < 400; i++) {	/* the answers are small: it takes many to fill both the socket and the queue */
		for (h.id = sent + 1; frame_send(fd, &h, data, NULL) == 0; h.id = sent + 1)
			sent++;
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
	}
	handled = owner.nrequests;
	assert_true(handled < sent);		/* the rest is still the client's trouble */
	spin(50);
	assert_int_equal(owner.nrequests, handled);
	assert_int_equal(owner.nclosed, 0);
	/* When it reads, everything is answered, in order. */
	while (answers < sent) {
		i = frame_recv(fd, buf, &in, NULL);
		if (i == -EAGAIN) {
			(void)event_base_loop(base, EVLOOP_NONBLOCK);
			continue;
		}
		assert_int_equal(i, 0);
		if (in.type == MSG_CONF_PREPARE)
			assert_int_equal(in.id, ++answers);
	}
	assert_int_equal(owner.nrequests, sent);
	channel_free(owner.channel);
	(void)close(fd);
	free(data);
}

/* --- violations: each ends the channel with -EPROTO, once, and calls no handler --- */

static void
assert_violation(struct end *owner, int fd)
{
	unsigned requests = owner->nrequests;

	SPIN_UNTIL(owner->nclosed == 1);
	assert_int_equal(owner->close_error, -EPROTO);
	assert_int_equal(owner->nrequests, requests);
	channel_free(owner->channel);
	(void)close(fd);
}

static void
say(int fd, uint16_t type, uint8_t flags, uint32_t id, const void *body)
{
	struct frame_header h = { .type = type, .flags = flags, .id = id };

	assert_int_equal(msg_send_sync(fd, &h, body, NULL, 1000), 0);
}

static void
test_violations_of_hello(void **state)
{
	struct hello_req hello = { .protocol = msg_protocol_hash(), .role = ROLE_CONFD };
	struct hello_req stranger = { .protocol = msg_protocol_hash(), .role = ROLE_HTTPD };
	struct hello_req other_build = { .protocol = msg_protocol_hash() + 1, .role = ROLE_CONFD };
	struct conf_prepare_req prepare = { .revision = 1 };
	struct end owner;
	int fd;

	(void)state;
	fd = raw_peer(&owner, false);
	say(fd, MSG_CONF_PREPARE, 0, 1, &prepare);
	assert_violation(&owner, fd);
	fd = raw_peer(&owner, false);
	say(fd, MSG_HELLO, 0, 0, &stranger);
	assert_violation(&owner, fd);
	assert_int_equal(owner.nready, 0);
	fd = raw_peer(&owner, false);
	say(fd, MSG_HELLO, 0, 0, &other_build);
	assert_violation(&owner, fd);
	fd = raw_peer(&owner, false);
	say(fd, MSG_EVENT, FRAME_REPLY, 1, &(struct event_rep){ 0 });
	assert_violation(&owner, fd);
	fd = raw_peer(&owner, true);
	say(fd, MSG_HELLO, 0, 0, &hello);
	assert_violation(&owner, fd);
}

static void
test_violations_of_the_table(void **state)
{
	struct conf_kept_req kept = { .revision = 1 };
	struct end owner;
	int fd;

	(void)state;
	fd = raw_peer(&owner, true);
	say(fd, MSG_NFT_BATCH, 0, 1, &(struct nft_batch_req){ 0 });
	assert_violation(&owner, fd);
	fd = raw_peer(&owner, true);
	say(fd, MSG_CONF_KEPT, 0, 0, &kept);
	SPIN_UNTIL(owner.nrequests == 1);
	say(fd, MSG_CONF_KEPT, 0, 0, &kept);	/* once only */
	assert_violation(&owner, fd);
	fd = raw_peer(&owner, true);
	say(fd, MSG_EVENT, FRAME_REPLY, 12345, &(struct event_rep){ 0 });	/* an answer to what was never asked */
	assert_violation(&owner, fd);
	fd = raw_peer(&owner, true);
	say(fd, MSG_EVENT, FRAME_REPLY, 0, &(struct event_rep){ 0 });	/* an answer to what needs none */
	assert_violation(&owner, fd);
}

static void
test_violations_of_shape(void **state)
{
	static const uint8_t junk[40] = { 1, 2, 3 };
	struct frame_header h = { .type = MSG_CONF_PREPARE, .len = 3 };
	struct end owner;
	int fd;

	(void)state;
	fd = raw_peer(&owner, true);
	assert_int_equal(write(fd, junk, sizeof(junk)), sizeof(junk));
	assert_violation(&owner, fd);
	fd = raw_peer(&owner, true);
	assert_int_equal(write(fd, junk, 5), 5);
	assert_violation(&owner, fd);
	fd = raw_peer(&owner, true);
	assert_int_equal(frame_send(fd, &h, junk, NULL), 0);
	assert_violation(&owner, fd);
}

/* Random damaged messages of every type: the channel ends or goes on, nothing else; descriptors stay flat. */
static void
test_malformed_messages(void **state)
{
	const struct msg_spec *specs;
	struct msg_random rnd;
	struct end owner;
	unsigned before = open_fds(), closed = 0;
	size_t n, i, len;
	uint8_t *data;
	int fd;

	(void)state;
	msg_random_init(&rnd, 20261120);
	specs = msg_specs_all(&n);
	for (i = 0; i < 2000; i++) {
		struct frame_header h = { .id = msg_random_below(&rnd, 3), .flags = (uint8_t)msg_random_below(&rnd, 4) };
		const struct msg_spec *spec = &specs[msg_random_below(&rnd, (uint32_t)n)];

		h.type = msg_random_below(&rnd, 3) == 0 ? MSG_CONF_PREPARE : spec->type;
		fd = raw_peer(&owner, msg_random_below(&rnd, 8) != 0);
		assert_int_equal(msg_random_encoded(&rnd, msg_spec(h.type), h.flags & FRAME_REPLY, &data, &len), 0);
		msg_random_damage(&rnd, &data, &len);
		h.len = (uint32_t)(len < FRAME_PAYLOAD_MAX ? len : FRAME_PAYLOAD_MAX);
		assert_int_equal(frame_send(fd, &h, data, NULL), 0);
		(void)close(fd);
		SPIN_UNTIL(owner.nclosed == 1);
		closed += owner.close_error == -EPROTO;
		channel_free(owner.channel);
		free(data);
	}
	assert_in_range(closed, 1000, 2000);
	assert_int_equal(open_fds(), before);
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
main(void)
{
#define T(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_hello_then_calls),
		T(test_descriptors_are_duplicated),
		T(test_call_that_is_never_answered),
		T(test_calls_end_with_the_channel),
		T(test_calls_to_a_peer_that_has_ended),
		T(test_close_by_the_owner),
		T(test_free_inside_a_reply),
		T(test_large_messages_keep_their_order),
		T(test_peer_that_does_not_read_is_closed),
		T(test_client_that_only_asks),
		T(test_violations_of_hello),
		T(test_violations_of_the_table),
		T(test_violations_of_shape),
		T(test_malformed_messages),
	};

	log_set_sink(quiet, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
