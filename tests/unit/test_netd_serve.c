/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * netd between a player of confd and a kernel of a few lines behind a player of privd: commits, repairs, and every request to privd
 * failing in turn.
 */
#include <errno.h>
#include <event2/event.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "conf/generated.h"
#include "daemon/daemon.h"
#include "daemon/drift.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"
#include "net/nlmsg.h"
#include "actual.h"
#include "encode.h"
#include "kernel.h"
#include "memory.h"
#include "netd.h"
#include "plan.h"
#include "revision.h"
#include "watch.h"

#define OBJECTS	64

/* The kernel: links, and what was added, kept as the operation that adds it. */
static struct {
	struct op	 links[OBJECTS];
	uint32_t	 nlinks;
	struct op	 objects[OBJECTS];
	uint32_t	 n;
	uint32_t	 sysctls[SYSCTL_ID_MAX];
	char		 texts[FILE_ID_MAX][64];
	unsigned	 calls;		/* requests so far */
	unsigned	 fail_at;	/* the request that fails; 0: none */
	int		 pipe[2];
} k;

static struct {
	struct event_base	*base;
	struct daemon		 daemon;
	struct netd		 netd;
	struct channel		*netd_side;
	struct channel		*confd_side;
	struct message		 reply;
	int			 error;
	bool			 is_answered;
	struct drift_record	 drift;		/* the last that was told, */
	char			 action[33];
	char			 by[65];
} t;

/* --- the kernel --- */

static bool
same_object(const struct op *a, const struct op *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == OP_RULE_ADD)
		return a->prefix.addr.family == b->prefix.addr.family;
	return prefix_equal(&a->prefix, &b->prefix) && (a->kind == OP_ROUTE_ADD ? a->metric == b->metric && a->table == b->table :
	    a->index == b->index);
}

static struct op
object_of(const struct nl_msg *m)
{
	bool is_addr = m->type == RTM_NEWADDR || m->type == RTM_DELADDR, is_rule = m->type == RTM_NEWRULE || m->type == RTM_DELRULE;
	struct op op = { .kind = is_addr ? OP_ADDR_ADD : is_rule ? OP_RULE_ADD : OP_ROUTE_ADD };
	struct arena *arena = arena_new(0);
	struct actual a;
	struct buf b;

	/* A deletion reads as the creation of the same object. */
	buf_init(&b, 0);
	nlmsg_end(&b, nlmsg_begin(&b, is_addr ? RTM_NEWADDR : is_rule ? RTM_NEWRULE : RTM_NEWROUTE, 0, 1, m->data, m->len));
	actual_init(&a, arena);
	assert_int_equal(actual_read(&a, b.data, b.len), 0);
	if (op.kind == OP_ADDR_ADD) {
		assert_int_equal(a.naddrs, 1);
		op.prefix = a.addrs[0].prefix;
		op.index = a.addrs[0].index;
	} else if (is_rule) {
		assert_int_equal(a.nrules, 1);
		op.prefix.addr.family = a.rules[0].family;
	} else {
		assert_int_equal(a.nroutes, 1);
		op.prefix = a.routes[0].destination;
		op.via = a.routes[0].via;
		op.index = a.routes[0].oif;
		op.metric = a.routes[0].metric;
		op.table = a.routes[0].table;
		op.type = a.routes[0].type;
	}
	buf_fini(&b);
	arena_free(arena);
	return op;
}

static void
kernel_link(const struct nl_msg *m)
{
	struct ifinfomsg ifi;
	uint32_t i;

	memcpy(&ifi, m->data, sizeof(ifi));
	for (i = 0; i < k.nlinks; i++)
		if (k.links[i].index == (uint32_t)ifi.ifi_index && (ifi.ifi_change & IFF_UP))
			k.links[i].is_up = (ifi.ifi_flags & IFF_UP) != 0;
}

static void
kernel_apply(const struct nl_msg *m)
{
	struct op op;
	uint32_t i;

	if (m->type == RTM_NEWLINK) {
		kernel_link(m);
		return;
	}
	op = object_of(m);
	for (i = 0; i < k.n; i++)
		if (same_object(&k.objects[i], &op))
			break;
	if (m->type == RTM_DELADDR || m->type == RTM_DELROUTE || m->type == RTM_DELRULE) {
		assert_true(i < k.n);
		k.objects[i] = k.objects[--k.n];
	} else {
		assert_true(i < OBJECTS);
		k.objects[i] = op;
		k.n += i == k.n;
	}
}

/* Links are written by hand: the encoder makes no names. */
static void
dump_links(struct buf *b)
{
	struct ifinfomsg ifi;
	uint32_t i;
	size_t at;
	char name[16];

	for (i = 0; i < k.nlinks; i++) {
		ifi = (struct ifinfomsg){ .ifi_index = (int)k.links[i].index, .ifi_flags = k.links[i].is_up ? IFF_UP | IFF_LOWER_UP : 0 };
		at = nlmsg_begin(b, RTM_NEWLINK, 0, 1, &ifi, sizeof(ifi));
		(void)snprintf(name, sizeof(name), "eth%u", k.links[i].index - 2);
		nlattr_put_str(b, IFLA_IFNAME, name);
		nlattr_put_u32(b, IFLA_MTU, 1500);
		nlmsg_end(b, at);
	}
}

static void
dump(uint8_t what, struct buf *b)
{
	uint32_t i;

	if (what == NL_DUMP_LINKS)
		dump_links(b);
	for (i = 0; i < k.n; i++)
		if ((k.objects[i].kind == OP_ADDR_ADD && what == NL_DUMP_ADDRS) || (k.objects[i].kind == OP_ROUTE_ADD && what == NL_DUMP_ROUTES) ||
		    (k.objects[i].kind == OP_RULE_ADD && what == NL_DUMP_RULES))
			assert_int_equal(encode_op(&k.objects[i], 1, b), 0);
}

/* --- the player of privd --- */

static struct message
message_with(size_t body, int fd)
{
	struct message m = { .arena = arena_new(0) };

	m.body = arena_alloc(m.arena, 1, body);
	if (fd != -1) {
		assert_int_equal(arena_add_fd(m.arena, fd), 0);
		m.nfds = 1;
	}
	return m;
}

static int
play_dump(const struct nl_dump_req *req, struct message *ret)
{
	struct buf b;
	int fd;

	buf_init(&b, 0);
	dump(req->what, &b);
	fd = memfd_sealed("dump", b.data, b.len);
	assert_true(fd >= 0);
	*ret = message_with(sizeof(struct nl_dump_rep), fd);
	((struct nl_dump_rep *)ret->body)->len = b.len;
	buf_fini(&b);
	return 0;
}

static int
play_batch(const struct rtnl_batch_req *req, struct message *ret)
{
	struct nl_reader r;
	struct nl_msg m;

	nlmsg_reader_init(&r, req->messages.data, req->messages.len);
	while (nlmsg_next(&r, &m) == 1)
		kernel_apply(&m);
	*ret = message_with(sizeof(struct rtnl_batch_rep), -1);
	return 0;
}

static int
play_file(uint8_t id, struct message *ret)
{
	int fd;

	if (k.texts[id][0] == '\0')
		return -ENOENT;
	fd = memfd_sealed("file", k.texts[id], strlen(k.texts[id]));
	assert_true(fd >= 0);
	*ret = message_with(sizeof(struct file_open_rep), fd);
	return 0;
}

static int
play(uint16_t type, const void *req, struct message *ret, struct privcall_error *err, void *arg)
{
	const struct sysctl_set_req *s = req;
	const struct host_ctl_req *h = req;

	(void)arg;
	if (++k.calls == k.fail_at) {
		*err = (struct privcall_error){ .error = EPERM, .offset = 0 };
		(void)snprintf(err->text, sizeof(err->text), "played failure");
		return -EPERM;
	}
	switch (type) {
	case MSG_NL_DUMP:
		return play_dump(req, ret);
	case MSG_RTNL_BATCH:
		return play_batch(req, ret);
	case MSG_NL_SUBSCRIBE:
		*ret = message_with(sizeof(struct nl_subscribe_rep), dup(k.pipe[0]));
		return 0;
	case MSG_SYSCTL_SET:
		*ret = message_with(sizeof(struct sysctl_set_rep), -1);
		((struct sysctl_set_rep *)ret->body)->previous = k.sysctls[s->id];
		if (!s->is_look)
			k.sysctls[s->id] = s->value;
		return 0;
	case MSG_FILE_OPEN:
		return play_file(((const struct file_open_req *)req)->id, ret);
	case MSG_HOST_CTL:
		(void)str_copy(k.texts[h->verb == HOST_SET_NAME ? FILE_HOST_NAME : FILE_LOCALTIME], h->value, sizeof(k.texts[0]));
		*ret = message_with(sizeof(struct host_ctl_rep), -1);
		return 0;
	default:
		*ret = message_with(64, -1);
		return 0;
	}
}

/* --- the player of confd --- */

static bool
take_drift(uint16_t type, const void *body)
{
	const struct drift_req *req = body;

	if (type != MSG_DRIFT)
		return true;
	t.drift = req->records.items[0];
	(void)str_copy(t.action, t.drift.action, sizeof(t.action));
	(void)str_copy(t.by, t.drift.by, sizeof(t.by));
	t.drift.action = t.action;
	t.drift.by = t.by;
	return true;
}

static void
on_reply(struct channel *c, struct message *m, int error, void *arg)
{
	(void)arg;
	t.error = error;
	t.is_answered = true;
	if (m != NULL && error == 0)
		channel_keep(c, m, &t.reply);
}

static const void *
ask(uint16_t type, const void *req, const int *fd)
{
	if (t.reply.arena != NULL)
		message_fini(&t.reply);
	t.is_answered = false;
	assert_int_equal(channel_call(t.confd_side, type, 0, req, fd, fd != NULL ? 1 : 0, 5000, on_reply, NULL), 0);
	while (!t.is_answered)
		assert_int_not_equal(event_base_loop(t.base, EVLOOP_ONCE), -1);
	return t.error == 0 ? t.reply.body : NULL;
}

static struct conf_static_route
make_route(const char *name, const char *destination, const char *via)
{
	struct conf_static_route r = { .name = name, .enabled = true };

	assert_int_equal(prefix_parse(destination, &r.destination), 0);
	assert_int_equal(addr_parse(via, &r.via), 0);
	return r;
}

static const struct conf_prepare_rep *
prepare(uint32_t revision, const char *address, bool with_route, bool restore)
{
	struct conf_prepare_req req = { .revision = revision, .restore = restore };
	struct conf_interface_match match = { .name = "eth1" };
	struct prefix p;
	struct conf_interface lan = { .name = "lan", .enabled = true, .match = &match, .addresses = { &p, 1 } };
	struct conf_static_route route = make_route("d", "0.0.0.0/0", "192.0.2.2");
	struct conf_routing routing = { .static_ = { &route, with_route ? 1 : 0 } };
	struct conf_system system = { .hostname = "edge1", .time_zone = "UTC" };
	struct conf_drift_areas areas = { .firewall = 0 };
	struct conf_drift drift = { CONF_DRIFT_ACTION_REPAIR, CONF_DRIFT_ACTION_REPAIR, CONF_DRIFT_ACTION_REPAIR, &areas };
	struct conf_netd conf = { .system = &system, .interfaces = { &lan, 1 }, .routing = &routing, .drift = &drift };
	const struct conf_prepare_rep *rep;
	uint8_t *data;
	size_t len;
	int fd;

	assert_int_equal(prefix_parse(address, &p), 0);
	assert_int_equal(codec_encode(&conf_netd_record, &conf, 1 << 20, &data, &len, NULL), 0);
	fd = memfd_sealed("conf", data, len);
	assert_true(fd >= 0);
	rep = ask(MSG_CONF_PREPARE, &req, &fd);
	(void)close(fd);
	free(data);
	return rep;
}

/* Problems of a phase; -1 for an answer that is an error. */
static int
commit(uint32_t revision, uint8_t phase)
{
	struct conf_commit_req req = { .revision = revision, .phase = phase };
	const struct conf_commit_rep *rep = ask(MSG_CONF_COMMIT, &req, NULL);

	return rep != NULL ? (int)rep->problems.n : -1;
}

static int
verify(uint32_t revision)
{
	struct conf_verify_req req = { .revision = revision };
	const struct conf_verify_rep *rep = ask(MSG_CONF_VERIFY, &req, NULL);

	return rep != NULL ? (int)rep->problems.n : -1;
}

static bool
whole_commit(uint32_t revision, const char *address, bool with_route)
{
	const struct conf_prepare_rep *rep = prepare(revision, address, with_route, false);

	return rep != NULL && rep->problems.n == 0 && commit(revision, COMMIT_APPLY) == 0 && commit(revision, COMMIT_REMOVE) == 0 &&
	    verify(revision) == 0;
}

/* --- stage --- */

static void
on_change(void *arg)
{
	repair_run(arg);
}

static void
on_close(struct channel *c, int error, void *arg)
{
	(void)arg;
	fail_msg("channel to %s closed: %d", channel_name(c), error);
}

static int
set_up(void **state)
{
	static const struct channel_dispatch nothing[] = { { 0, 0, NULL } };
	static const struct channel_ops confd_ops = { .table = nothing, .on_close = on_close };
	int fds[2];

	(void)state;
	memset(&k, 0, sizeof(k));
	memset(&t, 0, sizeof(t));
	k.nlinks = 2;
	k.links[0].index = 2;
	k.links[1].index = 3;
	assert_int_equal(pipe(k.pipe), 0);
	privcall_set_fake(play, NULL);
	t.base = event_base_new();
	t.daemon = (struct daemon){ .name = "netd", .role = ROLE_NETD, .base = t.base, .state = &t.netd };
	t.netd = (struct netd){ .daemon = &t.daemon, .memory = memory_new(), .drift = drift_new("netd", take_drift) };
	t.netd.watch = watch_new(t.base, on_change, &t.netd);
	assert_int_equal(frame_pair(fds), 0);
	t.netd_side = channel_new(t.base, fds[0], "confd", ROLE_NETD, ROLE_CONFD, &serve_confd_ops, &t.daemon);
	t.confd_side = channel_new(t.base, fds[1], "netd", ROLE_CONFD, ROLE_NETD, &confd_ops, NULL);
	assert_true(t.netd_side != NULL && t.confd_side != NULL);
	while (!channel_is_ready(t.confd_side) || !channel_is_ready(t.netd_side))
		assert_int_not_equal(event_base_loop(t.base, EVLOOP_ONCE), -1);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	if (t.reply.arena != NULL)
		message_fini(&t.reply);
	channel_free(t.confd_side);
	channel_free(t.netd_side);
	watch_free(t.netd.watch);
	revision_free(t.netd.prepared);
	revision_free(t.netd.applied);
	drift_free(t.netd.drift);
	memory_free(t.netd.memory);
	event_base_free(t.base);
	(void)close(k.pipe[0]);
	(void)close(k.pipe[1]);
	privcall_set_fake(NULL, NULL);
	return 0;
}

/* --- tests --- */

static void
a_commit_is_in_the_kernel(void **state)
{
	const struct conf_prepare_rep *rep;

	(void)state;
	rep = prepare(1, "192.0.2.1/25", true, false);
	assert_non_null(rep);
	assert_int_equal(rep->problems.n, 0);
	assert_non_null(strstr(rep->diff, "+ address 192.0.2.1/25 on lan\n"));
	assert_non_null(strstr(rep->diff, "+ route 0.0.0.0/0 via 192.0.2.2\n"));
	assert_int_equal(k.n, 0);				/* prepared is not applied */
	assert_int_equal(commit(1, COMMIT_APPLY), 0);
	assert_int_equal(k.n, 1);				/* the address */
	assert_int_equal(k.sysctls[SYSCTL_IP_FORWARD], 0);	/* fwd has its turn first */
	assert_int_equal(commit(1, COMMIT_REMOVE), 0);
	assert_int_equal(k.n, 2);
	assert_int_equal(k.sysctls[SYSCTL_IP_FORWARD], 1);
	assert_int_equal(verify(1), 0);
	assert_true(k.links[1].is_up && !k.links[0].is_up);
}

static void
the_second_revision_takes_the_place_of_the_first(void **state)
{
	const struct conf_prepare_rep *rep;

	(void)state;
	assert_true(whole_commit(1, "192.0.2.1/25", true));
	rep = prepare(2, "192.0.2.3/25", true, false);
	assert_int_equal(rep->impacts.n, 2);
	assert_int_equal(rep->impacts.items[0].impact, IMPACT_DISCONNECT);
	assert_int_equal(commit(2, COMMIT_APPLY), 0);
	assert_int_equal(k.n, 3);				/* both addresses, for a moment */
	assert_int_equal(commit(2, COMMIT_REMOVE), 0);
	assert_int_equal(k.n, 2);
	assert_int_equal(verify(2), 0);
}

static void
phases_out_of_order_are_refused(void **state)
{
	struct conf_abort_req abort_req = { .revision = 1 };

	(void)state;
	assert_int_equal(commit(1, COMMIT_APPLY), -1);
	assert_non_null(prepare(1, "192.0.2.1/25", false, false));
	assert_int_equal(commit(2, COMMIT_APPLY), -1);
	assert_int_equal(commit(1, COMMIT_REMOVE), -1);
	assert_int_equal(verify(1), -1);
	(void)ask(MSG_CONF_ABORT, &abort_req, NULL);
	assert_int_equal(commit(1, COMMIT_APPLY), -1);
	assert_int_equal(k.n, 0);
}

static void
bytes_that_are_no_configuration_are_refused(void **state)
{
	struct conf_prepare_req req = { .revision = 1 };
	int fd = memfd_sealed("conf", "nonsense", 8);

	(void)state;
	assert_null(ask(MSG_CONF_PREPARE, &req, &fd));
	(void)close(fd);
	assert_null(ask(MSG_CONF_PREPARE, &req, NULL));
	assert_true(whole_commit(1, "192.0.2.1/25", true));
}

static void
what_is_missing_refuses_a_commit_but_not_a_start(void **state)
{
	const struct conf_prepare_rep *rep;

	(void)state;
	k.nlinks = 1;		/* eth1 is not there */
	rep = prepare(1, "192.0.2.1/25", true, false);
	assert_int_equal(rep->problems.n, 1);
	assert_string_equal(rep->problems.items[0].path, "/interfaces/lan");
	assert_int_equal(commit(1, COMMIT_APPLY), -1);
	rep = prepare(1, "192.0.2.1/25", true, true);
	assert_int_equal(rep->problems.n, 0);
	assert_true(commit(1, COMMIT_APPLY) == 0 && commit(1, COMMIT_REMOVE) == 0 && verify(1) == 0);
	assert_int_equal(k.n, 0);
	k.nlinks = 2;
	repair_run(&t.netd);	/* what an event would cause */
	assert_int_equal(k.n, 2);
	assert_true(k.links[1].is_up);
}

static void
drift_is_repaired(void **state)
{
	(void)state;
	assert_true(whole_commit(1, "192.0.2.1/25", true));
	k.n = 0;
	k.links[1].is_up = false;
	repair_run(&t.netd);
	assert_int_equal(k.n, 2);
	assert_true(k.links[1].is_up);
	assert_int_equal(verify(1), 0);
	k.sysctls[SYSCTL_IP6_FORWARD] = 0;
	(void)str_copy(k.texts[FILE_HOST_NAME], "intruder", sizeof(k.texts[0]));
	assert_int_equal(verify(1), 2);
	repair_run(&t.netd);
	assert_int_equal(k.sysctls[SYSCTL_IP6_FORWARD], 1);
	assert_string_equal(k.texts[FILE_HOST_NAME], "edge1");
	assert_string_equal(t.drift.action, "repaired");
	assert_string_equal(t.drift.by, "netd");
	assert_true(t.drift.ended_ms >= t.drift.time_ms && t.drift.time_ms > 0);
}

/* What no event tells of: a glance sees that it changed, once. */
static void
a_glance_sees_changes(void **state)
{
	struct arena *arena = arena_new(0);
	struct actual a;

	(void)state;
	assert_true(whole_commit(1, "192.0.2.1/25", true));
	assert_int_equal(kernel_read(&a, arena, KERNEL_LINKS | KERNEL_HOST), 0);
	assert_true(repair_glance(&t.netd, &a));
	assert_false(repair_glance(&t.netd, &a));
	(void)str_copy(k.texts[FILE_HOST_NAME], "intruder", sizeof(k.texts[0]));
	assert_int_equal(kernel_read(&a, arena, KERNEL_LINKS | KERNEL_HOST), 0);
	assert_true(repair_glance(&t.netd, &a));
	repair_run(&t.netd);
	/* The same again, before anybody has looked. */
	(void)str_copy(k.texts[FILE_HOST_NAME], "intruder", sizeof(k.texts[0]));
	assert_int_equal(kernel_read(&a, arena, KERNEL_LINKS | KERNEL_HOST), 0);
	assert_true(repair_glance(&t.netd, &a));
	arena_free(arena);
}

/* Accepted: left, by repair and by commits, until another value is wanted or somebody asks for a repair. */
static void
what_is_accepted_stays(void **state)
{
	struct drift_baseline item = { .object = "host name", .detail = "is intruder, not edge1", .by = "admin" };
	struct drift_baseline_set_req set = { .items = { &item, 1 } };
	struct drift_repair_req repair = { .object = item.object, .detail = item.detail, .by = "admin" };

	(void)state;
	assert_true(whole_commit(1, "192.0.2.1/25", true));
	assert_int_equal(channel_send(t.confd_side, MSG_DRIFT_BASELINE, 0, &set, NULL, 0), 0);
	assert_int_equal(verify(1), 0);		/* and the message before it has come */
	(void)str_copy(k.texts[FILE_HOST_NAME], "intruder", sizeof(k.texts[0]));
	repair_run(&t.netd);
	assert_string_equal(k.texts[FILE_HOST_NAME], "intruder");
	assert_string_equal(t.drift.action, "accepted");
	assert_string_equal(t.drift.by, "admin");
	assert_int_equal(verify(1), 0);
	assert_true(whole_commit(2, "192.0.2.2/25", true));
	assert_string_equal(k.texts[FILE_HOST_NAME], "intruder");
	assert_non_null(ask(MSG_DRIFT_REPAIR, &repair, NULL));
	assert_string_equal(k.texts[FILE_HOST_NAME], "edge1");
	assert_string_equal(t.drift.action, "repaired");
	assert_string_equal(t.drift.by, "admin");
	assert_null(ask(MSG_DRIFT_REPAIR, &repair, NULL));
	assert_int_equal(t.error, -ENOENT);
	/* Another value is another difference. */
	(void)str_copy(k.texts[FILE_HOST_NAME], "stranger", sizeof(k.texts[0]));
	repair_run(&t.netd);
	assert_string_equal(k.texts[FILE_HOST_NAME], "edge1");
}

static void
a_difference_is_told_by_verify(void **state)
{
	(void)state;
	assert_true(whole_commit(1, "192.0.2.1/25", true));
	k.n = 1;
	assert_int_equal(verify(1), 1);
}

static void
state_is_told(void **state)
{
	struct state_get_req req = { .name = "routes" };
	const struct state_get_rep *rep;
	const struct state_routes *routes;
	struct arena *arena = arena_new(0);
	void *body;

	(void)state;
	assert_true(whole_commit(1, "192.0.2.1/25", true));
	rep = ask(MSG_STATE_GET, &req, NULL);
	assert_int_equal(codec_decode(&state_routes_record, rep->record.data, rep->record.len, arena, &body, NULL), 0);
	routes = body;
	assert_int_equal(routes->routes.n, 1);
	assert_true(routes->routes.items[0].owned);
	assert_string_equal(routes->routes.items[0].name, "d");
	assert_string_equal(routes->routes.items[0].interface, "lan");
	req.name = "nothing";
	assert_null(ask(MSG_STATE_GET, &req, NULL));
	arena_free(arena);
}

/* R10: each request to privd fails once.  The commit says so or goes through, and afterwards the next one is whole. */
static void
every_request_may_fail(void **state)
{
	unsigned total, i, refused = 0;

	assert_true(whole_commit(1, "192.0.2.1/25", true));
	total = k.calls;
	(void)tear_down(state);
	for (i = 2; i <= total; i++) {
		(void)set_up(state);
		k.fail_at = i;
		refused += !whole_commit(1, "192.0.2.1/25", true);
		k.fail_at = 0;
		assert_true(whole_commit(2, "192.0.2.3/25", true));
		assert_int_equal(k.n, 2);
		(void)tear_down(state);
	}
	(void)set_up(state);
	print_message("%u requests, %u failures refused the commit, the others were tried again\n", total, refused);
	assert_true(refused > 0 && refused < total);
}

static void
repairs_survive_every_failure(void **state)
{
	unsigned i;

	(void)state;
	assert_true(whole_commit(1, "192.0.2.1/25", true));
	for (i = 1; i < 12; i++) {
		k.n = 0;
		k.fail_at = k.calls + i;
		repair_run(&t.netd);
		k.fail_at = 0;
		repair_run(&t.netd);
		assert_int_equal(k.n, 2);
		assert_int_equal(t.netd.retry_ms, 0);
	}
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_commit_is_in_the_kernel), TEST(the_second_revision_takes_the_place_of_the_first),
		TEST(phases_out_of_order_are_refused), TEST(bytes_that_are_no_configuration_are_refused),
		TEST(what_is_missing_refuses_a_commit_but_not_a_start),
		TEST(drift_is_repaired), TEST(a_glance_sees_changes), TEST(what_is_accepted_stays), TEST(a_difference_is_told_by_verify),
		TEST(state_is_told), TEST(every_request_may_fail), TEST(repairs_survive_every_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
