/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * R17: the real transaction code of confd under schedules that a seed makes: owners that refuse, answer late or never, die before or after a
 * step and come back; confd that ends at any turn of its loop and starts again; confirmations that come, are taken back, or do not come.
 *
 * Time is simulated: this program's own clock and poll stand in for those of the C library, so that a wait costs nothing and a schedule is the
 * same each time.  (PATRONUS_SEED; PATRONUS_SOAK=1 for a million, or another number of them.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/str.h"
#include "confd_rig.h"
#include "ipc/channel.h"
#include "ipc/ids.h"
#include "patronus-confd/snapshot.h"
#include "patronus-confd/store.h"

#ifdef PATRONUS_SANITIZED
#define SHORT		500
#else
#define SHORT		10000
#endif
#define FULL		1000000
#define A_RIG		500	/* schedules in one directory */
#define CONFIRM_S	5
#define CALM_S		1000	/* more than every deadline and every repetition of confd */
#define TURNS_MAX	100000

/* --- time --- */

static bool	is_simulated;
static uint64_t	ahead_us;	/* of the real start */

int
clock_gettime(clockid_t id, struct timespec *ret)
{
	static struct timespec start[16];
	uint64_t us;

	if (!is_simulated)
		return ((int)syscall(SYS_clock_gettime, id, ret));
	if (start[id].tv_sec == 0)
		(void)syscall(SYS_clock_gettime, id, &start[id]);
	us = (uint64_t)start[id].tv_nsec / 1000 + ahead_us;
	ret->tv_sec = start[id].tv_sec + (time_t)(us / 1000000);
	ret->tv_nsec = (long)(us % 1000000 * 1000);
	return (0);
}

/* What is there is there; else time passes until the timer. */
int
epoll_wait(int fd, struct epoll_event *events, int n, int timeout_ms)
{
	int got = (int)syscall(SYS_epoll_wait, fd, events, n, is_simulated ? 0 : timeout_ms);

	if (is_simulated && got == 0)
		ahead_us += timeout_ms > 0 ? (uint64_t)timeout_ms * 1000 : 1000;
	return (got);
}

/* --- chance --- */

static uint64_t chance;

static unsigned
below(unsigned n)
{
	/* splitmix64 */
	uint64_t z = (chance += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return ((unsigned)((z ^ (z >> 31)) % n));
}

/* --- the world --- */

static const char base_yaml[] =
    "system:\n  hostname: edge1\n"
    "interfaces:\n  wan:\n    match: { name: eth0 }\n  lan:\n    match: { name: eth1 }\n    addresses: [192.0.2.1/25]\n"
    "firewall:\n  zones:\n    wan: { interfaces: [wan] }\n    lan: { interfaces: [lan] }\n"
    "  rules:\n    - id: lan-out\n      from: lan\n      to: wan\n      action: accept\n"
    "users:\n  alice: { role: admin }\n";

static struct rig *rig;

/* What the kernel has of each owner outlives the owner, and confd. */
static struct kernel {
	uint64_t	now[2];		/* what was applied last, by its bytes */
	uint64_t	kept[2];	/* of the revision before this schedule, */
	uint64_t	next[2];	/* and of the one that is tried: 0 as long as the owner has not heard of it */
	uint32_t	before;		/* the number of the former */
} kernel;

static struct {
	unsigned	faults;		/* of a thousand steps go wrong */
	unsigned	crash_at;	/* the turn at which confd ends; 0: none */
	unsigned	turns;
	bool		is_calm;
	bool		netd_applied;	/* in this rollout */
} world;

static struct {
	bool		done;
	unsigned	status;		/* 0: the connection was lost */
} answer;

static unsigned nseen[6], ncrashes, nnew;

static enum fate
decide(struct player *p, uint16_t type, const void *req)
{
	const struct conf_commit_req *commit = req;
	unsigned who = p == &rig->fwd;

	if (type == MSG_CONF_PREPARE)
		world.netd_applied = false;
	/* What narrows comes first: netd before fwd (docs/adr/0046). */
	if (type == MSG_CONF_COMMIT && commit->phase == COMMIT_APPLY && who == 0)
		world.netd_applied = true;
	if (type == MSG_CONF_COMMIT && commit->phase == COMMIT_REMOVE && who == 0)
		assert_true(world.netd_applied);
	/* The journal is written before anybody applies. */
	if (type == MSG_CONF_COMMIT)
		assert_true(commit->revision <= store_last(rig->confd.store));
	if (world.is_calm || below(1000) >= world.faults)
		return (FATE_DONE);
	p->fate_ms = below(4) == 0 ? 1000 + below(40000) : below(50);
	return ((enum fate)(1 + below(FATE_DIES_AFTER)));
}

/* Take down what the kernel has by now. */
static void
look(void)
{
	struct player *players[2] = { &rig->netd, &rig->fwd };
	unsigned i;

	for (i = 0; i < 2; i++) {
		if (players[i]->applied_hash != 0)
			kernel.now[i] = players[i]->applied_hash;
		if (players[i]->prepared > kernel.before && players[i]->prepared_hash != 0)
			kernel.next[i] = players[i]->prepared_hash;
		assert_true(kernel.kept[i] == 0 || kernel.now[i] == kernel.kept[i] || kernel.now[i] == kernel.next[i]);
		/* Who ended is started again some time. */
		if (players[i]->channel == NULL && (world.is_calm || below(30) == 0))
			rig_player_start(players[i]);
	}
}

static void
players_ready(void)
{
	rig->netd.fate = rig->fwd.fate = decide;
	rig_player_start(&rig->netd);
	rig_player_start(&rig->fwd);
}

static void
crash(void)
{
	char dir[64];

	(void)str_copy(dir, rig->dir, sizeof(dir));
	rig_free(rig, true);
	rig = rig_new(dir);
	players_ready();
	world.crash_at = 0;
	answer.done = true;
	ncrashes++;
}

static void
turn(void)
{
	static const struct timeval tick = { 0, 200000 };

	(void)event_base_loopexit(rig->base, &tick);
	(void)event_base_loop(rig->base, EVLOOP_ONCE);
	look();
	assert_true(++world.turns < TURNS_MAX);
	if (world.crash_at != 0 && world.turns >= world.crash_at)
		crash();
}

static void
on_answer(struct channel *ch, struct message *m, int error, void *arg)
{
	const struct mgmt_rep *rep = m != NULL && error == 0 ? m->body : NULL;

	(void)ch;
	(void)arg;
	answer.done = true;
	answer.status = rep != NULL ? rep->status : 0;
}

/* One request; 0 when nobody answered. */
static unsigned
ask(const char *path, const char *body)
{
	struct mgmt_req req = { .method = MGMT_POST, .path = path, .query = "", .accept = "", .if_match = "", .if_none_match = "", .workspace = "",
	    .csrf = "", .idempotency_key = "", .token = "", .origin = "local", .local = "", .content_type = "application/json",
	    .body = { (const uint8_t *)body, (uint32_t)strlen(body) } };

	memset(&answer, 0, sizeof(answer));
	while (!channel_is_ready(rig->client) && !answer.done)
		turn();
	if (answer.done || channel_call(rig->client, MSG_MGMT_REQUEST, 0, &req, NULL, 0, 200000, on_answer, NULL) != 0)
		return (0);
	while (!answer.done)
		turn();
	return (answer.status);
}

static uint32_t
running(struct store_pointers *at)
{
	store_pointers(rig->confd.store, at);
	assert_int_equal(rig->confd.running->number, at->running);
	return (at->running);
}

/* --- a schedule --- */

/* A workspace with a change of fwd's part, and perhaps of netd's. */
static const char *
changed(unsigned i)
{
	static char id[32];
	char body[96];

	(void)str_copy(id, rig_workspace(rig, NULL), sizeof(id));
	(void)snprintf(body, sizeof(body), "{\"description\":\"schedule %u\",\"log\":%s}", i, i % 2 == 0 ? "true" : "false");
	(void)rig_expect(rig, 200, PATCH("/configuration/firewall/rules/lan-out", body, .workspace = id, .match = "*"));
	if (below(3) > 0) {
		(void)snprintf(body, sizeof(body), "{\"addresses\":[\"192.0.2.%u/25\"]}", 1 + i % 100);
		(void)rig_expect(rig, 200, PATCH("/configuration/interfaces/lan", body, .workspace = id, .match = "*"));
	}
	return (id);
}

/* What somebody does who asked for a confirmation: confirm, take back, or nothing. */
static void
confirm_or_not(void)
{
	struct store_pointers at;
	char path[48];
	unsigned what = below(3);

	store_pointers(rig->confd.store, &at);
	if (at.pending == 0 || what == 2)
		return;
	(void)snprintf(path, sizeof(path), "/commits/%u/%s", at.pending, what == 0 ? "confirm" : "cancel");
	(void)ask(path, "{}");
}

static bool
is_settled(void)
{
	const struct owner *o = rig->confd.owners.owner;
	struct store_pointers at;

	store_pointers(rig->confd.store, &at);
	return (at.pending == 0 && !transaction_is_busy(rig->confd.transaction) && o[0].channel != NULL && o[1].channel != NULL && !o[0].is_stale &&
	    !o[1].is_stale);
}

/* Nothing goes wrong any more, and all that was begun ends. */
static void
calm(void)
{
	uint64_t until = ahead_us + CALM_S * 1000000ull;
	unsigned settled = 0;

	world.is_calm = true;
	world.crash_at = 0;
	while (settled < 5 && ahead_us < until) {
		turn();
		settled = is_settled() ? settled + 1 : 0;
	}
}

static void
judge(unsigned status, bool is_confirmed_later, uint32_t tried)
{
	uint64_t *want;
	struct store_pointers at;
	uint32_t now = running(&at);
	unsigned i;

	assert_int_equal(at.pending, 0);
	assert_int_equal(at.kept, now);
	assert_true(now == kernel.before || now == tried);
	if (status == 201 && !is_confirmed_later)
		assert_int_equal(now, tried);
	if (status >= 400)
		assert_int_equal(now, kernel.before);
	for (i = 0; i < 2; i++) {
		want = now == tried && kernel.next[i] != 0 ? &kernel.next[i] : &kernel.kept[i];
		if (kernel.kept[i] != 0)
			assert_true(kernel.now[i] == *want);
		kernel.kept[i] = kernel.now[i];
		kernel.next[i] = 0;
	}
	assert_false(rig->confd.owners.owner[0].is_stale || rig->confd.owners.owner[1].is_stale);
	nnew += now == tried;
	nseen[status / 100 < 6 ? status / 100 : 0]++;
}

static void
schedule(unsigned i)
{
	struct store_pointers at;
	char body[128], path[48];
	bool asks = below(3) == 0;
	struct rig_answer gone;
	uint32_t tried;
	unsigned status;

	memset(&world, 0, sizeof(world));
	world.is_calm = true;
	kernel.before = running(&at);
	(void)snprintf(path, sizeof(path), "/workspaces/%s", changed(i));
	(void)snprintf(body, sizeof(body), "{\"workspace\":\"%s\"", path + strlen("/workspaces/"));
	(void)snprintf(body + strlen(body), sizeof(body) - strlen(body), asks ? ",\"confirm-timeout\":%u}" : "}", CONFIRM_S);
	tried = store_last(rig->confd.store) + 1;
	world = (typeof(world)){ .faults = below(2) == 0 ? below(100) : below(500), .crash_at = below(3) == 0 ? 1 + below(60) : 0 };
	status = ask("/commits", body);
	if (asks)
		confirm_or_not();
	calm();
	judge(status, asks, tried);
	gone = rig_ask(rig, DELETE(path));	/* of a commit that was refused */
	rig_answer_free(&gone);
}

static void
world_new(void)
{
	is_simulated = false;	/* what reads YAML is a thread, with a time of its own */
	rig = rig_new(NULL);
	rig_connect(rig);
	(void)rig_load(rig, base_yaml, 201);
	is_simulated = true;
	memset(&kernel, 0, sizeof(kernel));
	rig->netd.fate = rig->fwd.fate = decide;
	memset(&world, 0, sizeof(world));
	calm();
	memcpy(kernel.kept, kernel.now, sizeof(kernel.kept));
}

/* For docs/reliability.md, as tests/lib/figures.py has it. */
static void
figure(unsigned n)
{
	const char *path = getenv("PATRONUS_FIGURES");
	FILE *f = path != NULL ? fopen(path, "a") : NULL;

	if (f == NULL)
		return;
	(void)fprintf(f, "{\"id\": \"R17\", \"subject\": \"schedules of the real transaction code: owners that refuse, are late, lost or die, ends of "
	    "confd\", \"trials\": %u, \"unit\": \"breaches\", \"value\": 0, \"goal\": \"0\", \"note\": \"%u done, %u refused, %u not possible, confd "
	    "ended %u times; simulated time\", \"form\": \"%s\", \"time\": %lld}\n", n, nnew, nseen[4], nseen[5], ncrashes, n == FULL ? "soak" : "short",
	    (long long)time(NULL));
	(void)fclose(f);
}

static void
test_schedules(void **state)
{
	const char *seed = getenv("PATRONUS_SEED"), *soak = getenv("PATRONUS_SOAK");
	unsigned n = soak == NULL ? SHORT : strcmp(soak, "1") == 0 ? FULL : (unsigned)atoi(soak), i;

	(void)state;
	chance = seed != NULL ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
	print_message("PATRONUS_SEED=%llu, %u schedules\n", (unsigned long long)chance, n);
	for (i = 0; i < n; i++) {
		if (i % A_RIG == 0)
			world_new();
		schedule(i);
		if (i % A_RIG == A_RIG - 1 || i + 1 == n) {
			rig_free(rig, false);
			is_simulated = false;
		}
	}
	print_message("%u done, %u answered with success, %u refused, %u not possible, %u without an answer; confd ended %u times\n", nnew, nseen[2],
	    nseen[4], nseen[5], nseen[0], ncrashes);
	assert_true(nseen[2] > n / 10 && nseen[5] > n / 50 && ncrashes > n / 20);
	figure(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_schedules) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
