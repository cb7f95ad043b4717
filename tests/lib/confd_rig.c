/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "conf/generated.h"
#include "conf/state.h"
#include "confd_rig.h"
#include "rig_authd.h"
#include "daemon/daemon.h"
#include "ipc/channel.h"
#include "ipc/frame.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"
#include "parse/answer.h"
#include "patronus-confd/mgmt.h"
#include "patronus-confd/people.h"
#include "patronus-confd/snapshot.h"
#include "patronus-confd/states.h"
#include "patronus-confd/store.h"
#include "patronus-confd/web.h"

static struct rig *rig_now;

/* --- what libcommon/daemon gives a daemon --- */

struct channel *
daemon_channel(uint8_t role, uint8_t purpose)
{
	struct channel *ch = rig_now == NULL ? NULL : role == ROLE_AUTHD ? rig_now->authd : role == ROLE_FETCHD ? rig_now->fetchd : NULL;

	(void)purpose;
	return (ch != NULL && channel_is_ready(ch) ? ch : NULL);
}

void
daemon_audit(const char *actor, const char *origin, const char *action, const char *object, const char *result, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (rig_now == NULL)
		return;
	n = snprintf(rig_now->audit, sizeof(rig_now->audit), "%s %s %s %s %s ", actor, origin, action, object, result);
	va_start(ap, fmt);
	(void)vsnprintf(rig_now->audit + n, sizeof(rig_now->audit) - (size_t)n, fmt, ap);
	va_end(ap);
}

static void
die(const char *what)
{
	(void)fprintf(stderr, "rig: %s\n", what);
	abort();
}

static void
note(struct rig *rig, const char *who, const char *what, uint32_t revision)
{
	size_t at = strlen(rig->log);

	(void)snprintf(rig->log + at, sizeof(rig->log) - at, "%s:%s:%u ", who, what, revision);
}

/* --- privd --- */

struct helper {
	void	(*serve)(int fd);
	int	 fd;
};

static void
reader_serve(int fd)
{
	(void)parse_answer(fd);
}

static void *
helper_run(void *arg)
{
	struct helper *h = arg;

	h->serve(h->fd);
	(void)close(h->fd);
	free(h);
	return (NULL);
}

/* A helper as a thread: its work, without its walls. */
static int
helper_start(void (*serve)(int fd), struct message *ret)
{
	struct helper *h = malloc(sizeof(*h));
	pthread_t thread;
	int fds[2];

	if (h == NULL || frame_pair(fds) != 0)
		die("no socketpair");
	*h = (struct helper){ .serve = serve, .fd = fds[1] };
	if (pthread_create(&thread, NULL, helper_run, h) != 0 || pthread_detach(thread) != 0)
		die("no thread");
	return (arena_add_fd(ret->arena, fds[0]));
}

static int
privd(uint16_t type, const void *req, struct message *ret, struct privcall_error *why, void *arg)
{
	struct rig *rig = arg;
	const struct sock_open_req *sock = req;
	const struct helper_open_req *helper = req;
	struct proc_status_rep *rep;

	(void)why;
	if (type == MSG_HELPER_OPEN && helper->helper == HELPER_TPM && rig->tpm == NULL)
		return (-ENOENT);
	memset(ret, 0, sizeof(*ret));
	ret->spec = msg_spec(type);
	ret->arena = arena_new(0);
	ret->body = arena_alloc(ret->arena, 1, ret->spec->rep->size);
	if (type == MSG_SOCK_OPEN && sock->slot == SOCK_WEB_LISTEN)
		rig->web_port = sock->port;
	if (type == MSG_HELPER_OPEN && helper->helper == HELPER_TPM)
		return (helper_start(rig->tpm, ret));
	if (type == MSG_HELPER_OPEN)
		return (helper_start(reader_serve, ret));
	if (type == MSG_PROC_STATUS) {
		rep = ret->body;
		rep->processes.items = arena_alloc(ret->arena, 1, sizeof(*rep->processes.items));
		rep->processes.n = 1;
		rep->processes.items[0] = (struct process_status){ .name = "confd", .pid = 7, .uid = 60803, .cap_effective = 1 << 12,
		    .seccomp = 2, .running = true, .uptime_ms = 5000, .no_new_privs = true, .namespaces = "net:1 ipc:2", .last_exit = "" };
	}
	return (0);
}

/* --- owners --- */

static void	 player_prepare(struct channel *, struct message *, void *);
static void	 player_judge(struct channel *, struct message *, void *);
static void	 player_commit(struct channel *, struct message *, void *);
static void	 player_verify(struct channel *, struct message *, void *);
static void	 player_abort(struct channel *, struct message *, void *);
static void	 player_kept(struct channel *, struct message *, void *);
static void	 player_state(struct channel *, struct message *, void *);

/* What is accepted, as the owner hears it: "netd:baseline:1 ". */
static void
player_baseline(struct channel *ch, struct message *m, void *arg)
{
	const struct drift_baseline_set_req *req = m->body;
	struct player *p = arg;

	(void)ch;
	if (req->items.n > 0 || strstr(p->rig->log, "baseline") != NULL)
		note(p->rig, p->name, "baseline", req->items.n);
}

static void
player_repair(struct channel *ch, struct message *m, void *arg)
{
	struct drift_repair_rep rep = { 0 };
	struct player *p = arg;

	note(p->rig, p->name, "repair", 0);
	(void)channel_reply(ch, &m->header, &rep, NULL, 0);
}

/* "fwd:list/bad:2+1 " */
static void
player_content(struct channel *c, struct message *m, void *arg)
{
	const struct content_set_req *req = m->body;
	struct content_set_rep rep = { 0 };
	struct player *p = arg;
	char text[64];

	(void)snprintf(text, sizeof(text), "%.40s:%u+", req->contents.items[0].name, req->contents.items[0].v4.len / 8);
	note(p->rig, p->name, text, req->contents.items[0].v6.len / 32);
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

static const struct channel_dispatch player_table[] = {
	{ MSG_CONF_PREPARE, CHANNEL_PHASE_READY, player_prepare },
	{ MSG_CONF_JUDGE, CHANNEL_PHASE_READY, player_judge },
	{ MSG_CONF_COMMIT, CHANNEL_PHASE_READY, player_commit },
	{ MSG_CONF_VERIFY, CHANNEL_PHASE_READY, player_verify },
	{ MSG_CONF_ABORT, CHANNEL_PHASE_READY, player_abort },
	{ MSG_CONF_KEPT, CHANNEL_PHASE_READY, player_kept },
	{ MSG_STATE_GET, CHANNEL_PHASE_READY, player_state },
	{ MSG_DRIFT_BASELINE, CHANNEL_PHASE_READY, player_baseline },
	{ MSG_DRIFT_REPAIR, CHANNEL_PHASE_READY, player_repair },
	{ MSG_CONTENT_SET, CHANNEL_PHASE_READY, player_content },
	{ 0, 0, NULL }
};
static const struct channel_ops player_ops = { .table = player_table };

static struct ipc_problem refusal = { .path = "/firewall/rules/web-in", .code = "kernel-refused", .text = "the player refuses" };

static uint64_t
hash_bytes(const uint8_t *data, size_t len)
{
	uint64_t h = 14695981039346656037ull;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ data[i]) * 1099511628211ull;
	return (h);
}

/* Answers that are under way: more than owners can owe at a time. */
static struct late {
	struct player		*player;
	unsigned		 life;
	struct frame_header	 header;
} lates[64];
static unsigned nlates;

static void
answer_late(int fd, short what, void *arg)
{
	static const struct conf_prepare_rep prepared;
	static const struct conf_commit_rep committed;
	static const struct conf_verify_rep verified;
	struct late *late = arg;
	uint16_t type = late->header.type;

	(void)fd;
	(void)what;
	if (late->player->channel != NULL && late->player->lives == late->life)
		(void)channel_reply(late->player->channel, &late->header, type == MSG_CONF_PREPARE ? (const void *)&prepared :
		    type == MSG_CONF_COMMIT ? (const void *)&committed : (const void *)&verified, NULL, 0);
}

static void
answer_later(struct player *p, const struct message *m)
{
	struct timeval after = { p->fate_ms / 1000, p->fate_ms % 1000 * 1000 };
	struct late *late = &lates[nlates++ % (sizeof(lates) / sizeof(lates[0]))];

	*late = (struct late){ .player = p, .life = p->lives, .header = m->header };
	(void)event_base_once(p->rig->base, -1, EV_TIMEOUT, answer_late, late, &after);
}

/* The answer to a step, as its fate wants it. */
static void
answer(struct player *p, struct channel *ch, const struct message *m, const void *rep, enum fate fate)
{
	if (fate == FATE_LATE)
		answer_later(p, m);
	else if (fate == FATE_DIES_AFTER)
		rig_player_stop(p);
	else if (fate != FATE_LOST && channel_reply(ch, &m->header, rep, NULL, 0) != 0)
		die("reply");
}

/* false: it does nothing. */
static bool
fate_decide(struct player *p, const struct message *m, enum fate *ret)
{
	*ret = p->fate != NULL ? p->fate(p, m->header.type, m->body) : FATE_DONE;
	if (*ret == FATE_DIES_BEFORE)
		rig_player_stop(p);
	return (*ret != FATE_DIES_BEFORE && *ret != FATE_STUCK);
}

/* What arrives must decode with the owner's own tables, as in the real daemon. */
static void
player_prepare(struct channel *ch, struct message *m, void *arg)
{
	struct player *p = arg;
	const struct conf_prepare_req *req = m->body;
	struct ipc_impact impact = { .owner = p->name, .impact = IMPACT_HOT, .object = "an object", .text = "nothing is interrupted" };
	struct conf_prepare_rep rep = { .diff = "a plan\n" };
	struct arena *arena;
	struct codec_error why;
	const uint8_t *data = NULL;
	enum fate fate;
	void *root;
	size_t len = 0;
	int fd;

	if (!fate_decide(p, m, &fate))
		return;
	arena = arena_new(0);
	fd = arena_take_fd(m->arena, 0);
	note(p->rig, p->name, req->dry_run ? "rehearse" : "prepare", req->revision);
	if (fd == -1 || memfd_map(fd, 64 << 20, &data, &len) != 0 ||
	    codec_decode(conf_owner_record(p->name), data, len, arena, &root, &why) != 0)
		die("an owner cannot read its configuration");
	p->prepared_hash = hash_bytes(data, len);
	memfd_unmap(data, len);
	close(fd);
	arena_free(arena);
	p->prepared = req->revision;
	if (req->dry_run)
		p->dry_runs++;
	else
		p->prepares++;
	if ((p->refuse_prepare != 0 && req->revision == p->refuse_prepare) || fate == FATE_REFUSED) {
		rep.problems.items = &refusal;
		rep.problems.n = 1;
	}
	rep.impacts.items = &impact;
	rep.impacts.n = p->is_idle ? 0 : 1;
	rep.turns = p->turns;
	answer(p, ch, m, &rep, fate);
}

static void
player_judge(struct channel *ch, struct message *m, void *arg)
{
	struct player *p = arg;
	const struct conf_judge_req *req = m->body;
	struct ipc_verdict verdicts[128];
	struct conf_judge_rep rep = { .verdicts = { .items = verdicts, .n = req->flows.n } };
	uint32_t i;

	note(p->rig, p->name, "judge", req->revision);
	for (i = 0; i < req->flows.n; i++) {
		if (p->role == ROLE_FWD && strcmp(req->flows.items[i].link, "eth1") != 0)
			die("fwd was not told the link that netd found");
		verdicts[i] = (struct ipc_verdict){ .verdict = p->judges != 0 ? p->judges : FLOW_KEPT, .link = "eth1",
		    .rule = p->judges == FLOW_CUT ? "no-web" : "", .path = p->judges == FLOW_CUT ? "/firewall/rules/no-web" : "",
		    .text = p->judges != 0 ? "the player says so" : "" };
	}
	if (p->cannot_judge)
		(void)channel_reply_error(ch, &m->header, EIO, 0, "the player cannot say");
	else if (channel_reply(ch, &m->header, &rep, NULL, 0) != 0)
		die("reply");
}

static void
player_commit(struct channel *ch, struct message *m, void *arg)
{
	struct player *p = arg;
	const struct conf_commit_req *req = m->body;
	struct conf_commit_rep rep = { 0 };
	static const char *const words[] = { [COMMIT_APPLY] = "apply", [COMMIT_REMOVE] = "remove", [COMMIT_BESIDE] = "beside" };
	enum fate fate;

	if (!fate_decide(p, m, &fate))
		return;
	note(p->rig, p->name, req->is_apart ? "apply-apart" : words[req->phase], req->revision);
	if (p->die_in_apply != 0 && req->phase == COMMIT_APPLY && req->revision == p->die_in_apply) {
		p->die_in_apply = 0;
		rig_player_stop(p);
		return;
	}
	if (req->revision != p->prepared)
		die("an owner shall apply what it has not prepared");
	if ((p->refuse_apply != 0 && req->phase == COMMIT_APPLY && req->revision == p->refuse_apply) || fate == FATE_REFUSED) {
		rep.problems.items = &refusal;
		rep.problems.n = 1;
	} else if (req->phase != COMMIT_BESIDE) {
		p->applied = req->revision;
		p->applied_hash = p->prepared_hash;
	}
	answer(p, ch, m, &rep, fate);
}

/* A VERIFY that is answered late: first the other one has answered its own, then it is restarted, then confd has seen that. */
struct late_verify {
	struct player		*other;		/* NULL: it was restarted */
	struct event_base	*base;
	struct channel		*channel;
	struct frame_header	 header;
};

static const struct timeval soon = { 0, 50000 };

static void
verify_late(int fd, short what, void *arg)
{
	struct late_verify *late = arg;
	struct conf_verify_rep rep = { 0 };

	(void)fd;
	(void)what;
	if (late->other != NULL) {
		rig_player_stop(late->other);
		rig_player_start(late->other);
		late->other = NULL;
		(void)event_base_once(late->base, -1, EV_TIMEOUT, verify_late, late, &soon);
		return;
	}
	if (channel_reply(late->channel, &late->header, &rep, NULL, 0) != 0)
		die("late reply");
	free(late);
}

static void
restart_other(struct player *p, struct channel *ch, const struct message *m)
{
	struct late_verify *late = malloc(sizeof(*late));

	if (late == NULL)
		die("no memory");
	*late = (struct late_verify){ .other = p->restarts, .base = p->rig->base, .channel = ch, .header = m->header };
	p->restarts = NULL;
	(void)event_base_once(p->rig->base, -1, EV_TIMEOUT, verify_late, late, &soon);
}

static void
player_verify(struct channel *ch, struct message *m, void *arg)
{
	struct player *p = arg;
	const struct conf_verify_req *req = m->body;
	struct conf_verify_rep rep = { 0 };
	enum fate fate;

	if (!fate_decide(p, m, &fate))
		return;
	note(p->rig, p->name, "verify", req->revision);
	if (p->restarts != NULL) {
		restart_other(p, ch, m);
		return;
	}
	if ((p->refuse_verify != 0 && req->revision == p->refuse_verify) || fate == FATE_REFUSED) {
		rep.problems.items = &refusal;
		rep.problems.n = 1;
	}
	answer(p, ch, m, &rep, fate);
}

static void
player_abort(struct channel *ch, struct message *m, void *arg)
{
	struct player *p = arg;
	const struct conf_abort_req *req = m->body;

	(void)ch;
	note(p->rig, p->name, "abort", req->revision);
	p->prepared = 0;
}

static void
player_kept(struct channel *ch, struct message *m, void *arg)
{
	struct player *p = arg;
	const struct conf_kept_req *req = m->body;

	(void)ch;
	note(p->rig, p->name, "kept", req->revision);
	p->kept = req->revision;
}

static void
player_state(struct channel *ch, struct message *m, void *arg)
{
	static struct prefix address = { .addr = { .family = ADDR_V4, .bytes = { 192, 0, 2, 1 } }, .len = 25 };
	struct state_interface wan = { .name = "wan", .kernel_name = "eth0", .index = 2, .present = true, .mtu = 1500,
	    .addresses = { .items = &address, .n = 1 }, .rx_bytes = 12345678901ull };
	struct state_interfaces interfaces = { .interfaces = { .items = &wan, .n = 1 } };
	const char *zone = "lan";
	struct state_rule rules[2] = { { .id = "quiet", .action = 1, .from = { .items = &zone, .n = 1 } },
	    { .id = "busy", .action = 1, .packets = 9, .bytes = 900 } };
	struct state_connections connections = { .current = 3, .maximum = 65536 };
	struct state_firewall firewall = { .rules = { .items = rules, .n = 2 }, .connections = &connections, .generation = 4 };
	struct state_firewall_log log = { .events = { .n = 0 } };
	const struct state_get_req *req = m->body;
	struct state_get_rep rep = { 0 };
	void *state = strcmp(req->name, "firewall") == 0 ? (void *)&firewall : strcmp(req->name, "firewall-log") == 0 ? (void *)&log :
	    (void *)&interfaces;
	struct codec_error why;
	uint8_t *data;
	size_t len;

	(void)arg;
	if (codec_encode(conf_state_record(req->name), state, 1 << 20, &data, &len, &why) != 0)
		die("state");
	rep.record = (struct bytes){ .data = data, .len = (uint32_t)len };
	if (channel_reply(ch, &m->header, &rep, NULL, 0) != 0)
		die("reply");
	free(data);
}

/* confd's ends of the owners' channels, wired as in main.c. */
static void
confd_event(struct channel *ch, struct message *m, void *arg)
{
	struct player *p = arg;

	(void)ch;
	states_on_event(p->rig->confd.states, m->body);
}

static void
confd_drift(struct channel *ch, struct message *m, void *arg)
{
	struct player *p = arg;

	(void)ch;
	states_on_drift(p->rig->confd.states, m->body);
}

static void
confd_standing(struct channel *ch, struct message *m, void *arg)
{
	struct player *p = arg;

	standing_take(p->rig->confd.standing, owners_by_role(&p->rig->confd.owners, channel_peer_role(ch)), m->body);
}

static void
confd_ready(struct channel *ch, void *arg)
{
	struct player *p = arg;
	struct owner *o = owners_by_role(&p->rig->confd.owners, channel_peer_role(ch));

	o->channel = ch;
	standing_owner_ready(p->rig->confd.standing, o);
	transaction_owner_ready(p->rig->confd.transaction, o);
}

static void
confd_close(struct channel *ch, int error, void *arg)
{
	struct player *p = arg;
	struct owner *o = owners_by_role(&p->rig->confd.owners, p->role);

	(void)error;
	if (o->channel == ch) {
		o->channel = NULL;
		standing_owner_gone(p->rig->confd.standing, o);
	}
	if (p->confd_end == ch)
		p->confd_end = NULL;
	channel_free(ch);
}

static const struct channel_dispatch confd_table[] = {
	{ MSG_EVENT, CHANNEL_PHASE_READY, confd_event },
	{ MSG_DRIFT, CHANNEL_PHASE_READY, confd_drift },
	{ MSG_DRIFT_STANDING, CHANNEL_PHASE_READY, confd_standing },
	{ 0, 0, NULL }
};
static const struct channel_ops confd_ops = { .table = confd_table, .on_ready = confd_ready, .on_close = confd_close };

void
rig_player_start(struct player *p)
{
	int fds[2];

	if (frame_pair(fds) != 0)
		die("socketpair");
	p->confd_end = channel_new(p->rig->base, fds[0], p->name, ROLE_CONFD, p->role, &confd_ops, p);
	p->channel = channel_new(p->rig->base, fds[1], "confd", p->role, ROLE_CONFD, &player_ops, p);
	p->prepared = p->applied = 0;
	p->lives++;
	if (p->channel == NULL || p->confd_end == NULL)
		die("channel");
}

void
rig_player_stop(struct player *p)
{
	channel_free(p->channel);
	p->channel = NULL;
}

/* --- fetchd --- */

/* Checks fail as the test wants it; what was asked is in the log. */
static void
fetchd_probe(struct channel *ch, struct message *m, void *arg)
{
	struct rig *rig = arg;
	const struct fetch_probe_req *req = m->body;
	struct fetch_probe_rep rep = { .took_us = 1234, .text = "198.51.100.1: an answer" };

	rep.is_good = !rig->probes_fail && !(rig->probes_fail_from != 0 && rig->fwd.applied >= rig->probes_fail_from);
	if (rig->probes_fail_next > 0) {
		rig->probes_fail_next--;
		rep.is_good = false;
	}
	if (!rep.is_good)
		rep.text = "198.51.100.1: no answer";
	note(rig, "fetchd", req->target, rig->fwd.applied);
	if (channel_reply(ch, &m->header, &rep, NULL, 0) != 0)
		die("reply");
}

static void
fetchd_setup(struct channel *ch, struct message *m, void *arg)
{
	(void)ch;
	(void)m;
	(void)arg;
}

static const struct channel_dispatch fetchd_table[] = {
	{ MSG_FETCH_SETUP, CHANNEL_PHASE_READY, fetchd_setup },
	{ MSG_FETCH_RECEIVERS, CHANNEL_PHASE_READY, fetchd_setup },
	{ MSG_FETCH_PROBE, CHANNEL_PHASE_READY, fetchd_probe },
	{ 0, 0, NULL }
};
static const struct channel_ops fetchd_ops = { .table = fetchd_table };

/* --- who only listens, and authd (rig_authd.c) --- */

static const struct channel_dispatch silent_table[] = { { 0, 0, NULL } };
static const struct channel_ops authd_ops = { .table = rig_authd_table };
static const struct channel_ops silent_ops = { .table = silent_table };

/* --- clients --- */

static void
client_event(struct channel *ch, struct message *m, void *arg)
{
	struct rig *rig = arg;
	const struct mgmt_event_req *ev = m->body;

	(void)ch;
	rig->events++;
	(void)str_copy(rig->last_topic, ev->topic, sizeof(rig->last_topic));
	(void)snprintf(rig->last_event, sizeof(rig->last_event), "%.*s", (int)ev->data.len, (const char *)ev->data.data);
}

static void
client_end(struct channel *ch, struct message *m, void *arg)
{
	struct rig *rig = arg;

	(void)ch;
	(void)m;
	(void)str_copy(rig->last_topic, "end", sizeof(rig->last_topic));
}

static const struct channel_dispatch client_table[] = {
	{ MSG_MGMT_EVENT, CHANNEL_PHASE_READY, client_event },
	{ MSG_MGMT_UNSUBSCRIBE, CHANNEL_PHASE_READY, client_end },
	{ 0, 0, NULL }
};
static const struct channel_ops client_ops = { .table = client_table };

static void
httpd_ready(struct channel *ch, void *arg)
{
	struct rig *rig = arg;

	mgmt_httpd(rig->mgmt, ch);
	web_httpd_ready(&rig->confd);
}

static const struct channel_ops httpd_ops = { .table = mgmt_httpd_table, .on_ready = httpd_ready };

void
rig_client(struct rig *rig, uint32_t uid)
{
	int fds[2];

	channel_free(rig->client);
	if (frame_pair(fds) != 0 || mgmt_adopt(rig->mgmt, fds[0], uid) != 0)
		die("client");
	if ((rig->client = channel_new(rig->base, fds[1], "confd", ROLE_CTL, ROLE_CONFD, &client_ops, rig)) == NULL)
		die("client");
}

int
rig_crowd(struct rig *rig, uint32_t uid)
{
	int error, fds[2];

	if (frame_pair(fds) != 0)
		die("socketpair");
	if ((error = mgmt_adopt(rig->mgmt, fds[0], uid)) != 0 || rig->ncrowd == sizeof(rig->crowd) / sizeof(rig->crowd[0])) {
		close(fds[1]);
		return (error);
	}
	rig->crowd[rig->ncrowd++] = fds[1];
	return (0);
}

static void
connect_clients(struct rig *rig)
{
	int fds[2];

	rig_client(rig, 0);
	if (frame_pair(fds) != 0)
		die("socketpair");
	rig->httpd = channel_new(rig->base, fds[0], "httpd", ROLE_CONFD, ROLE_HTTPD, &httpd_ops, rig);
	rig->httpd_end = channel_new(rig->base, fds[1], "confd", ROLE_HTTPD, ROLE_CONFD, &client_ops, rig);
	if (frame_pair(fds) != 0)
		die("socketpair");
	rig->authd = channel_new(rig->base, fds[0], "authd", ROLE_CONFD, ROLE_AUTHD, &silent_ops, rig);
	rig->authd_end = channel_new(rig->base, fds[1], "confd", ROLE_AUTHD, ROLE_CONFD, &authd_ops, rig);
	if (frame_pair(fds) != 0)
		die("socketpair");
	rig->fetchd = channel_new(rig->base, fds[0], "fetchd", ROLE_CONFD, ROLE_FETCHD, &silent_ops, rig);
	rig->fetchd_end = channel_new(rig->base, fds[1], "confd", ROLE_FETCHD, ROLE_CONFD, &fetchd_ops, rig);
	if (rig->fetchd == NULL || rig->fetchd_end == NULL)
		die("channels");
	if (rig->httpd == NULL || rig->httpd_end == NULL || rig->authd == NULL || rig->authd_end == NULL)
		die("channels");
}

/* Nobody has a second factor; an API token has no scopes. */
static void
play_tokens(struct rig *rig)
{
	rig->token_role = rig->token_cap = "admin";
	rig->token_scopes = "";
	rig->factors = "";
}

struct rig *
rig_new(const char *dir)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	if (rig == NULL)
		die("memory");
	rig_now = rig;
	play_tokens(rig);
	rig->base = event_base_new();
	if (dir != NULL)
		(void)str_copy(rig->dir, dir, sizeof(rig->dir));
	else if (tempdir_make(rig->dir, "confd") != 0)
		die("mkdtemp");
	privcall_set_fake(privd, rig);
	(void)setenv("PATRONUS_BOOT", "3f1b", 0);
	if (rig->base == NULL || confd_init(&rig->confd, rig->base, rig->dir) != 0)
		die("confd_init");
	if ((rig->mgmt = mgmt_new(&rig->confd)) == NULL)
		die("mgmt_new");
	mgmt_set_current(rig->mgmt);
	rig->netd = (struct player){ .rig = rig, .name = "netd", .role = ROLE_NETD };
	rig->fwd = (struct player){ .rig = rig, .name = "fwd", .role = ROLE_FWD };
	connect_clients(rig);
	return (rig);
}

void
rig_free(struct rig *rig, bool keep_dir)
{
	struct channel *near[] = { rig->netd.confd_end, rig->fwd.confd_end, rig->netd.channel, rig->fwd.channel, rig->client, rig->httpd_end,
	    rig->httpd, rig->authd, rig->authd_end, rig->fetchd, rig->fetchd_end };
	size_t i;

	for (i = 0; i < sizeof(near) / sizeof(near[0]); i++)
		channel_free(near[i]);
	while (rig->ncrowd > 0)
		close(rig->crowd[--rig->ncrowd]);
	mgmt_free(rig->mgmt);
	confd_fini(&rig->confd);
	event_base_free(rig->base);
	if (!keep_dir)
		(void)tempdir_remove(rig->dir);
	privcall_set_fake(NULL, NULL);
	rig_now = NULL;
	free(rig);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

bool
rig_until(struct rig *rig, const bool *done, unsigned ms)
{
	static const struct timeval tick = { 0, 2000 };
	struct event *timer = event_new(rig->base, -1, EV_PERSIST, on_tick, NULL);
	uint64_t end = clock_mono_ms() + ms;

	(void)event_add(timer, &tick);
	while ((done == NULL || !*done) && clock_mono_ms() < end)
		(void)event_base_loop(rig->base, EVLOOP_ONCE);
	event_free(timer);
	return (done != NULL && *done);
}

void
rig_wait(struct rig *rig, unsigned ms)
{
	(void)rig_until(rig, NULL, ms);
}

void
rig_connect(struct rig *rig)
{
	uint64_t end = clock_mono_ms() + 5000;
	uint32_t number = rig->confd.running->number;

	rig_player_start(&rig->netd);
	rig_player_start(&rig->fwd);
	while ((rig->confd.owners.owner[0].is_stale || rig->confd.owners.owner[1].is_stale) && clock_mono_ms() < end)
		rig_wait(rig, 3);
	if (rig->netd.applied != number || rig->fwd.applied != number)
		die("the owners did not get the running revision");
	rig_wait(rig, 3);
	rig->log[0] = '\0';
}

/* --- requests --- */

struct waiting {
	struct rig_answer	 answer;
	bool			 done;
};

static void
on_answer(struct channel *ch, struct message *m, int error, void *arg)
{
	struct waiting *w = arg;
	const struct mgmt_rep *rep;

	(void)ch;
	w->done = true;
	if (m == NULL || error != 0)
		return;
	rep = m->body;
	w->answer.status = rep->status;
	w->answer.len = rep->body.len;
	w->answer.body = calloc(1, rep->body.len + 1);
	if (rep->body.len > 0)
		memcpy(w->answer.body, rep->body.data, rep->body.len);
	(void)str_copy(w->answer.etag, rep->etag, sizeof(w->answer.etag));
	(void)str_copy(w->answer.location, rep->location, sizeof(w->answer.location));
	(void)str_copy(w->answer.allow, rep->allow, sizeof(w->answer.allow));
	(void)str_copy(w->answer.link, rep->link, sizeof(w->answer.link));
	(void)str_copy(w->answer.rate_policy, rep->rate_policy, sizeof(w->answer.rate_policy));
	(void)str_copy(w->answer.rate, rep->rate, sizeof(w->answer.rate));
	(void)str_copy(w->answer.count, rep->count, sizeof(w->answer.count));
	(void)str_copy(w->answer.token, rep->session_token, sizeof(w->answer.token));
	w->answer.retry_after_s = rep->retry_after_s;
	w->answer.session_end = rep->session_end;
}

static const char *
or_empty(const char *text)
{
	return (text != NULL ? text : "");
}

struct rig_answer
rig_ask(struct rig *rig, const struct rig_request *r)
{
	struct mgmt_req req = { .method = r->method, .path = r->path, .query = or_empty(r->query), .accept = or_empty(r->accept),
	    .if_match = or_empty(r->match), .if_none_match = or_empty(r->none_match), .workspace = or_empty(r->workspace), .csrf = "",
	    .idempotency_key = or_empty(r->key), .token = "", .origin = "local", .local = "" };
	struct waiting w = { 0 };
	char token[80] = "", csrf[80] = "";

	req.content_type = r->body == NULL ? "" : r->type != NULL ? r->type : "application/json";
	if (r->body != NULL)
		req.body = (struct bytes){ .data = (const uint8_t *)r->body, .len = (uint32_t)(r->len > 0 ? r->len : strlen(r->body)) };
	if (r->remote != NULL) {
		if (r->remote[0] != '\0') {
			(void)snprintf(token, sizeof(token), "%s%s", strncmp(r->remote, "pat_", 4) == 0 ? "" : "tok-", r->remote);
			(void)snprintf(csrf, sizeof(csrf), "csrf-%s", r->remote);
		}
		req.token = token;
		req.csrf = r->csrf != NULL ? r->csrf : csrf;
		req.origin = "192.0.2.10:53122";
		req.local = "192.0.2.1:8443";
	}
	while (!channel_is_ready(rig->client) || !channel_is_ready(rig->httpd_end) || !channel_is_ready(rig->authd))
		rig_wait(rig, 2);
	if (channel_call(r->remote != NULL ? rig->httpd_end : rig->client, MSG_MGMT_REQUEST, 0, &req, NULL, 0, 20000, on_answer, &w) != 0 ||
	    !rig_until(rig, &w.done, 20000))
		die("no answer");
	return (w.answer);
}

void
rig_answer_free(struct rig_answer *a)
{
	free(a->body);
	a->body = NULL;
}

const struct rig_answer *
rig_expect(struct rig *rig, unsigned status, const struct rig_request *r)
{
	static struct rig_answer last;

	rig_answer_free(&last);
	last = rig_ask(rig, r);
	if (last.status == status)
		return (&last);
	(void)fprintf(stderr, "rig: %u %s: status %u, not %u: %s\n", r->method, r->path, last.status, status, or_empty(last.body));
	die("another answer");
	return (NULL);
}

const char *
rig_member(const char *json, const char *name)
{
	static char value[1024];
	char key[64];
	const char *at;
	size_t n = 0;
	int depth = 0;
	bool quoted = false;

	(void)snprintf(key, sizeof(key), "\"%s\":", name);
	if (json == NULL || (at = strstr(json, key)) == NULL)
		return ("");
	for (at += strlen(key); *at != '\0' && n + 1 < sizeof(value); at++) {
		if (*at == '"')
			quoted = !quoted;
		if (!quoted && (*at == '{' || *at == '['))
			depth++;
		if (!quoted && depth == 0 && (*at == ',' || *at == '}' || *at == ']'))
			break;
		if (!quoted && (*at == '}' || *at == ']'))
			depth--;
		if (*at != '"' || depth > 0)
			value[n++] = *at;
	}
	value[n] = '\0';
	return (value);
}

const char *
rig_workspace(struct rig *rig, const char *remote)
{
	static char id[32];
	const struct rig_answer *a = rig_expect(rig, 201, &(struct rig_request){ .method = MGMT_POST, .path = "/workspaces", .body = "{}",
	    .remote = remote });

	(void)str_copy(id, rig_member(a->body, "id"), sizeof(id));
	return (id);
}

const struct rig_answer *
rig_load(struct rig *rig, const char *yaml, unsigned status)
{
	char body[96];
	const char *id = rig_workspace(rig, NULL);

	(void)rig_expect(rig, 204, &(struct rig_request){ .method = MGMT_PUT, .path = "/configuration", .body = yaml,
	    .type = "application/yaml", .workspace = id });
	(void)snprintf(body, sizeof(body), "{\"workspace\":\"%s\",\"comment\":\"load\"}", id);
	return (rig_expect(rig, status, &(struct rig_request){ .method = MGMT_POST, .path = "/commits", .body = body }));
}

static void
on_subscribed(struct channel *ch, struct message *m, int error, void *arg)
{
	int *result = arg;

	(void)ch;
	*result = m != NULL && error == 0 ? 1 : -1;
}

bool
rig_subscribe(struct rig *rig, const char *topics, uint64_t last_id)
{
	struct mgmt_subscribe_req req = { .topics = topics, .token = "", .origin = "local", .last_id = last_id };
	int result = 0;

	while (!channel_is_ready(rig->client))
		rig_wait(rig, 2);
	if (channel_call(rig->client, MSG_MGMT_SUBSCRIBE, 0, &req, NULL, 0, 5000, on_subscribed, &result) != 0)
		die("subscribe");
	while (result == 0)
		rig_wait(rig, 2);
	return (result == 1);
}
