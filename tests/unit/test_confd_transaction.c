/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "base/str.h"
#include "ipc/ids.h"
#include "patronus-confd/snapshot.h"
#include "patronus-confd/store.h"
#include "rig_setup.h"

const char base_yaml[] =
    "system:\n  hostname: edge1\n"
    "interfaces:\n  wan:\n    match: { name: eth0 }\n  lan:\n    match: { name: eth1 }\n    addresses: [192.0.2.1/25]\n"
    "firewall:\n  zones:\n    wan: { interfaces: [wan] }\n    lan: { interfaces: [lan] }\n"
    "  rules:\n    - id: lan-out\n      from: lan\n      to: wan\n      action: accept\n"
    "users:\n  alice: { role: admin }\n";

/* The process ends and another one starts on the same directory. */
static void
restart(void)
{
	char dir[64];

	(void)str_copy(dir, rig->dir, sizeof(dir));
	rig_free(rig, true);
	rig = rig_new(dir);
}

/* A workspace in which the rule lan-out has this description. */
static const char *
described(const char *text)
{
	static char body[128];
	const char *id = rig_workspace(rig, NULL);

	(void)snprintf(body, sizeof(body), "{\"description\":\"%s\"}", text);
	(void)rig_expect(rig, 200, &(struct rig_request){ .method = MGMT_PATCH, .path = "/configuration/firewall/rules/lan-out", .body = body,
	    .workspace = id, .match = "*" });
	return (id);
}

static const struct rig_answer *
commit(const char *workspace, const char *more, unsigned status)
{
	char body[128];

	(void)snprintf(body, sizeof(body), "{\"workspace\":\"%s\"%s}", workspace, more);
	return (rig_expect(rig, status, &(struct rig_request){ .method = MGMT_POST, .path = "/commits", .body = body }));
}

static void
expect_running(uint32_t number)
{
	struct store_pointers at;

	store_pointers(rig->confd.store, &at);
	assert_int_equal(at.running, number);
	assert_int_equal(rig->confd.running->number, number);
}

static void
expect_state(uint32_t number, const char *state)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/commits/%u", number);
	assert_string_equal(rig_member(rig_expect(rig, 200, &(struct rig_request){ .method = MGMT_GET, .path = path })->body, "state"), state);
}

static void
test_phases_come_in_order(void **state)
{
	const struct rig_answer *a;

	(void)state;
	rig_wait(rig, 20);
	assert_string_equal(rig->log, "netd:prepare:1 fwd:prepare:1 netd:apply:1 fwd:apply:1 netd:remove:1 netd:verify:1 fwd:verify:1 "
	    "netd:kept:1 fwd:kept:1 ");
	rig->log[0] = '\0';
	/* Only who owns what changes takes part. */
	a = commit(described("hello"), ",\"comment\":\"one rule\"", 201);
	assert_string_equal(a->location, "/api/v1/commits/2");
	assert_string_equal(rig_member(a->body, "state"), "kept");
	assert_string_equal(rig_member(a->body, "comment"), "one rule");
	assert_string_equal(rig_member(a->body, "author"), "root");
	assert_non_null(strstr(a->body, "{\"owner\":\"fwd\",\"impact\":\"hot\",\"object\":\"an object\",\"text\":\"nothing is interrupted\"}"));
	assert_non_null(strstr(a->body, "\"read-back-us\":"));
	rig_wait(rig, 20);
	assert_string_equal(rig->log, "fwd:prepare:2 fwd:apply:2 fwd:verify:2 fwd:kept:2 ");
	expect_running(2);
	assert_non_null(strstr(rig->audit, "root local commit revision 2 kept one rule"));
}

static void
test_refused_in_prepare_changes_nothing(void **state)
{
	const struct rig_answer *a;
	char id[32];

	(void)state;
	rig->log[0] = '\0';
	rig->fwd.refuse_prepare = 2;
	(void)str_copy(id, described("x"), sizeof(id));
	a = commit(id, "", 422);
	assert_non_null(strstr(a->body, "urn:patronus:problem:validation"));
	assert_non_null(strstr(a->body, "nothing was changed"));
	assert_non_null(strstr(a->body, "\"pointer\":\"/firewall/rules/web-in\""));
	assert_non_null(strstr(a->body, "kernel-refused"));
	rig_wait(rig, 20);
	assert_string_equal(rig->log, "fwd:prepare:2 fwd:abort:2 ");
	expect_running(1);
	(void)rig_expect(rig, 404, &(struct rig_request){ .method = MGMT_GET, .path = "/revisions/2" });
	/* The workspace is as it was: the same commit goes through when the owner agrees. */
	rig->fwd.refuse_prepare = 0;
	(void)commit(id, "", 201);
	expect_running(2);
}

/* What was applied before is what is applied now, byte for byte. */
static void
expect_undone(uint64_t netd, uint64_t fwd)
{
	rig_wait(rig, 20);
	expect_running(1);
	assert_int_equal(rig->netd.applied, 1);
	assert_int_equal(rig->fwd.applied, 1);
	assert_true(rig->netd.applied_hash == netd);
	assert_true(rig->fwd.applied_hash == fwd);
	expect_state(2, "failed");
	assert_string_equal(rig_member(rig_expect(rig, 200, &(struct rig_request){ .method = MGMT_GET, .path = "/revisions/2" })->body, "state"),
	    "rolled-back");
}

/* A change of both owners' parts. */
static const char *
changed_everywhere(void)
{
	static char id[32];

	(void)str_copy(id, described("y"), sizeof(id));
	(void)rig_expect(rig, 200, &(struct rig_request){ .method = MGMT_PATCH, .path = "/configuration/interfaces/lan",
	    .body = "{\"addresses\":[\"192.0.2.2/25\"]}", .workspace = id, .match = "*" });
	return (id);
}

static void
test_refused_in_apply_goes_back(void **state)
{
	uint64_t netd = rig->netd.applied_hash, fwd = rig->fwd.applied_hash;

	(void)state;
	rig->log[0] = '\0';
	rig->fwd.refuse_apply = 2;
	assert_non_null(strstr(commit(changed_everywhere(), "", 502)->body, "the player refuses"));
	rig_wait(rig, 20);
	assert_string_equal(rig->log, "netd:prepare:2 fwd:prepare:2 netd:apply:2 fwd:apply:2 "
	    "netd:prepare:1 fwd:prepare:1 netd:apply:1 fwd:apply:1 netd:remove:1 netd:verify:1 fwd:verify:1 netd:kept:1 fwd:kept:1 ");
	expect_undone(netd, fwd);
}

/* Ways and policy turn in one commit: both policies judge until the ways have turned. */
static void
test_both_turn(void **state)
{
	(void)state;
	rig->netd.turns = rig->fwd.turns = true;
	rig->log[0] = '\0';
	(void)commit(changed_everywhere(), "", 201);
	rig_wait(rig, 20);
	assert_string_equal(rig->log, "netd:prepare:2 fwd:prepare:2 fwd:beside:2 netd:apply:2 netd:remove:2 fwd:apply:2 "
	    "netd:verify:2 fwd:verify:2 netd:kept:2 fwd:kept:2 ");
	/* One alone has no need of it. */
	rig->netd.turns = false;
	rig->log[0] = '\0';
	(void)commit(described("alone"), "", 201);
	assert_null(strstr(rig->log, "beside"));
}

/* Going back, no way turns while who judges refuses, and it is tried again. */
static void
test_ways_wait_for_who_judges(void **state)
{
	(void)state;
	rig->netd.turns = rig->fwd.turns = true;
	(void)commit(changed_everywhere(), ",\"confirm-timeout\":600", 201);
	rig->fwd.refuse_prepare = 1;
	rig->log[0] = '\0';
	(void)rig_expect(rig, 502, &(struct rig_request){ .method = MGMT_POST, .path = "/commits/2/cancel" });
	assert_null(strstr(rig->log, "netd:apply:1"));
	assert_int_equal(rig->netd.applied, 2);
	rig->fwd.refuse_prepare = 0;
	rig_wait(rig, 600);
	assert_non_null(strstr(rig->log, "fwd:beside:1 netd:apply:1 netd:remove:1 fwd:apply:1 "));
	assert_int_equal(rig->netd.applied, 1);
	assert_int_equal(rig->fwd.applied, 1);
}

/* Nor is what judges left alone while the ways are not known. */
static void
test_who_judges_waits_for_ways(void **state)
{
	(void)state;
	rig->netd.turns = rig->fwd.turns = true;
	(void)commit(changed_everywhere(), ",\"confirm-timeout\":600", 201);
	rig->netd.refuse_apply = 1;
	rig->log[0] = '\0';
	(void)rig_expect(rig, 502, &(struct rig_request){ .method = MGMT_POST, .path = "/commits/2/cancel" });
	assert_non_null(strstr(rig->log, "fwd:beside:1 netd:apply:1 "));
	assert_null(strstr(rig->log, "fwd:apply"));
	rig->netd.refuse_apply = 0;
	rig_wait(rig, 600);
	assert_int_equal(rig->fwd.applied, 1);
}

/* Nor does a way turn while it is not known what judges there: who judges then takes part in a commit of ways alone. */
static void
test_who_judges_takes_part(void **state)
{
	const char *id;

	(void)state;
	rig->fwd.refuse_prepare = 1;
	rig_player_stop(&rig->fwd);
	rig_wait(rig, 10);
	rig_player_start(&rig->fwd);
	rig_wait(rig, 50);
	id = rig_workspace(rig, NULL);
	(void)rig_expect(rig, 201, &(struct rig_request){ .method = MGMT_POST, .path = "/configuration/routing/static",
	    .body = "{\"name\":\"far\",\"destination\":\"198.51.100.0/24\",\"via\":\"192.0.2.9\"}", .workspace = id, .match = "*" });
	rig->log[0] = '\0';
	(void)commit(id, "", 201);
	assert_non_null(strstr(rig->log, "netd:prepare:2 fwd:prepare:2 netd:apply:2 fwd:apply:2 "));
	/* At what runs again, it is left out. */
	id = rig_workspace(rig, NULL);
	(void)rig_expect(rig, 204, &(struct rig_request){ .method = MGMT_DELETE, .path = "/configuration/routing/static/far", .workspace = id, .match = "*" });
	rig->log[0] = '\0';
	(void)commit(id, "", 201);
	assert_null(strstr(rig->log, "fwd:prepare"));
}

static void
test_refused_in_read_back_goes_back(void **state)
{
	uint64_t netd = rig->netd.applied_hash, fwd = rig->fwd.applied_hash;

	(void)state;
	rig->netd.refuse_verify = 2;
	(void)commit(changed_everywhere(), "", 502);
	expect_undone(netd, fwd);
	/* The number is used up; the next one is kept. */
	(void)commit(described("z"), "", 201);
	expect_running(3);
}

/* Going back, everybody refused: it is tried again, and not taken for done. */
static void
test_refused_on_the_way_back_is_tried_again(void **state)
{
	uint64_t fwd = rig->fwd.applied_hash;

	(void)state;
	(void)commit(described("risky"), ",\"confirm-timeout\":600", 201);
	rig->fwd.refuse_prepare = 1;
	(void)rig_expect(rig, 502, &(struct rig_request){ .method = MGMT_POST, .path = "/commits/2/cancel" });
	assert_int_equal(rig->fwd.applied, 2);
	rig->fwd.refuse_prepare = 0;
	rig_wait(rig, 600);
	assert_int_equal(rig->fwd.applied, 1);
	assert_true(rig->fwd.applied_hash == fwd);
}

/* What fwd had answered went with the process that had answered it. */
static void
test_owner_that_restarts_behind_its_answers(void **state)
{
	(void)state;
	rig->netd.restarts = &rig->fwd;
	(void)commit(changed_everywhere(), "", 201);
	rig->log[0] = '\0';
	rig_wait(rig, 300);
	assert_string_equal(rig->log, "fwd:prepare:2 fwd:apply:2 fwd:verify:2 fwd:kept:2 ");
}

/* fwd has no part in the change, but got it when it was restarted: what boots next is stored anew when the box goes back. */
static void
test_who_caught_up_with_pending_goes_back(void **state)
{
	const char *id = rig_workspace(rig, NULL);

	(void)state;
	(void)rig_expect(rig, 201, &(struct rig_request){ .method = MGMT_POST, .path = "/configuration/routing/static",
	    .body = "{\"name\":\"far\",\"destination\":\"198.51.100.0/24\",\"via\":\"192.0.2.9\"}", .workspace = id, .match = "*" });
	rig->log[0] = '\0';
	(void)commit(id, ",\"confirm-timeout\":600", 201);
	assert_null(strstr(rig->log, "fwd:prepare"));
	rig_player_stop(&rig->fwd);
	rig_wait(rig, 10);
	rig_player_start(&rig->fwd);
	rig_wait(rig, 100);
	assert_int_equal(rig->fwd.applied, 2);
	rig->log[0] = '\0';
	(void)rig_expect(rig, 200, &(struct rig_request){ .method = MGMT_POST, .path = "/commits/2/cancel" });
	rig_wait(rig, 50);
	assert_int_equal(rig->fwd.applied, 1);
	assert_non_null(strstr(rig->log, "fwd:kept:1 "));
}

/* The same with netd, which is away when the box goes back: nobody waits for it, and the policy before turns alone, since no way has turned. */
static void
test_who_caught_up_and_is_away_is_not_waited_for(void **state)
{
	uint64_t since;

	(void)state;
	(void)commit(described("x"), ",\"confirm-timeout\":600", 201);
	rig_player_stop(&rig->netd);
	rig_wait(rig, 10);
	rig_player_start(&rig->netd);
	rig_wait(rig, 100);
	assert_int_equal(rig->netd.applied, 2);
	rig_player_stop(&rig->netd);
	rig_wait(rig, 10);
	rig->log[0] = '\0';
	since = clock_mono_ms();
	(void)rig_expect(rig, 200, &(struct rig_request){ .method = MGMT_POST, .path = "/commits/2/cancel" });
	assert_in_range(clock_mono_ms() - since, 0, 2000);
	rig_wait(rig, 50);
	assert_int_equal(rig->fwd.applied, 1);
	assert_string_equal(rig->log, "fwd:prepare:1 fwd:apply:1 fwd:verify:1 fwd:kept:1 ");
	rig_player_start(&rig->netd);
	rig_wait(rig, 100);
	assert_int_equal(rig->netd.applied, 1);
}

/* What makes files longer than the small messages to the owners fails from now on, as on a full disk: the store's log does. */
static void
fill_disk(bool is_full)
{
	struct rlimit limit;

	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = is_full ? 8192 : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The store cannot write that the pending revision is gone: the owners go back all the same, and nobody is told that it is done. */
static void
test_roll_back_on_a_full_disk(void **state)
{
	struct store_pointers at;

	(void)state;
	(void)commit(described("risky"), ",\"confirm-timeout\":600", 201);
	fill_disk(true);
	(void)rig_expect(rig, 502, &(struct rig_request){ .method = MGMT_POST, .path = "/commits/2/cancel" });
	assert_int_equal(rig->fwd.applied, 1);
	/* Confirmed now, the store would say that revision 2 runs while the kernel has revision 1. */
	(void)rig_expect(rig, 404, &(struct rig_request){ .method = MGMT_POST, .path = "/commits/2/confirm" });
	fill_disk(false);
	rig_wait(rig, 1500);
	store_pointers(rig->confd.store, &at);
	assert_int_equal(at.pending, 0);
	expect_state(2, "rolled-back");
	restart();
	expect_running(1);
}

/* confd starts on a full disk when the time is over: it runs what was kept. */
static void
test_start_on_a_full_disk_after_the_deadline(void **state)
{
	char dir[64];

	(void)state;
	(void)commit(described("risky"), ",\"confirm-timeout\":5", 201);
	(void)str_copy(dir, rig->dir, sizeof(dir));
	rig_free(rig, true);
	usleep(5100000);
	fill_disk(true);
	rig = rig_new(dir);
	assert_int_equal(rig->confd.running->number, 1);
	rig_connect(rig);
	assert_int_equal(rig->fwd.applied, 1);
	fill_disk(false);
	rig_wait(rig, 1500);
	expect_running(1);
}

static void
test_owner_that_dies_in_apply(void **state)
{
	uint64_t netd = rig->netd.applied_hash, fwd = rig->fwd.applied_hash;

	(void)state;
	rig->fwd.die_in_apply = 2;
	/* The rest goes back without it, after waiting for it. */
	(void)commit(changed_everywhere(), "", 502);
	expect_running(1);
	assert_int_equal(rig->netd.applied, 1);
	assert_true(rig->netd.applied_hash == netd);
	/* It starts again, and gets what runs. */
	rig_player_start(&rig->fwd);
	rig_wait(rig, 50);
	expect_undone(netd, fwd);
}

static void
test_owner_that_is_away(void **state)
{
	const struct rig_answer *a;
	uint64_t since;

	(void)state;
	rig_player_stop(&rig->fwd);
	rig_wait(rig, 10);
	since = clock_mono_ms();
	a = commit(described("x"), "", 503);
	assert_int_equal(a->retry_after_s, 1);
	assert_in_range(clock_mono_ms() - since, 2900, 3500);
	expect_running(1);
	/* What fwd does not own goes through without it. */
	(void)rig_expect(rig, 201, &(struct rig_request){ .method = MGMT_POST, .path = "/workspaces", .body = "{}" });
}

static void
late(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	rig_player_start(arg);
}

static void
test_owner_that_comes_back_in_time(void **state)
{
	static const struct timeval soon = { 0, 300000 };

	(void)state;
	rig_player_stop(&rig->fwd);
	rig_wait(rig, 10);
	(void)event_base_once(rig->base, -1, EV_TIMEOUT, late, &rig->fwd, &soon);
	(void)commit(described("x"), "", 201);
	expect_running(2);
	assert_int_equal(rig->fwd.applied, 2);
}

static void
test_restarted_owner_gets_what_runs(void **state)
{
	uint64_t fwd = rig->fwd.applied_hash;

	(void)state;
	rig_player_stop(&rig->fwd);
	rig_wait(rig, 10);
	rig->log[0] = '\0';
	rig_player_start(&rig->fwd);
	rig_wait(rig, 50);
	assert_string_equal(rig->log, "fwd:prepare:1 fwd:apply:1 fwd:verify:1 fwd:kept:1 ");
	assert_true(rig->fwd.applied_hash == fwd);
}

static void
test_unconfirmed_goes_back_in_time(void **state)
{
	uint64_t fwd = rig->fwd.applied_hash, since = clock_mono_ms();
	const struct rig_answer *a;

	(void)state;
	a = commit(described("risky"), ",\"confirm-timeout\":5", 201);
	assert_string_equal(rig_member(a->body, "state"), "awaiting-confirm");
	assert_string_equal(rig_member(a->body, "confirm-seconds-left"), "5");
	expect_running(2);
	assert_int_equal(rig->fwd.kept, 1);
	/* Another change must wait. */
	(void)commit(described("other"), "", 423);
	(void)rig_expect(rig, 200, &(struct rig_request){ .method = MGMT_GET, .path = "/commits/pending" });
	while (rig->fwd.applied != 1 && clock_mono_ms() - since < 10000)
		rig_wait(rig, 10);
	assert_in_range(clock_mono_ms() - since, 4900, 6000);
	rig_wait(rig, 20);
	expect_running(1);
	assert_true(rig->fwd.applied_hash == fwd);
	assert_non_null(strstr(rig->audit, "system timer commit revision 2 rolled-back"));
	expect_state(2, "rolled-back");
	(void)rig_expect(rig, 404, &(struct rig_request){ .method = MGMT_GET, .path = "/commits/pending" });
	(void)rig_expect(rig, 404, &(struct rig_request){ .method = MGMT_POST, .path = "/commits/2/confirm" });
}

static void
test_confirmed_stays(void **state)
{
	(void)state;
	(void)commit(described("kept"), ",\"confirm-timeout\":5", 201);
	(void)rig_expect(rig, 404, &(struct rig_request){ .method = MGMT_POST, .path = "/commits/1/confirm" });
	assert_string_equal(rig_member(rig_expect(rig, 200, &(struct rig_request){ .method = MGMT_POST, .path = "/commits/2/confirm" })->body,
	    "state"), "kept");
	assert_non_null(strstr(rig->audit, "root local commit revision 2 kept"));
	rig_wait(rig, 5300);
	expect_running(2);
	assert_int_equal(rig->fwd.kept, 2);
	restart();
	expect_running(2);
}

static void
test_cancelled_goes_back_now(void **state)
{
	(void)state;
	(void)commit(described("no"), ",\"confirm-timeout\":600", 201);
	assert_string_equal(rig_member(rig_expect(rig, 200, &(struct rig_request){ .method = MGMT_POST, .path = "/commits/2/cancel" })->body,
	    "state"), "rolled-back");
	expect_running(1);
	assert_int_equal(rig->fwd.applied, 1);
	(void)commit(described("yes"), "", 201);
	expect_running(3);
}

/* Started again within the same boot, the timer goes on; it still ends in the old revision. */
static void
test_restart_while_pending_keeps_the_timer(void **state)
{
	uint64_t since = clock_mono_ms();

	(void)state;
	(void)commit(described("risky"), ",\"confirm-timeout\":5", 201);
	restart();
	rig_connect(rig);
	expect_running(2);
	assert_string_equal(rig_member(rig_expect(rig, 200, &(struct rig_request){ .method = MGMT_GET, .path = "/commits/pending" })->body, "id"),
	    "2");
	while (rig->fwd.applied != 1 && clock_mono_ms() - since < 10000)
		rig_wait(rig, 10);
	assert_in_range(clock_mono_ms() - since, 4900, 6100);
	assert_int_equal(rig->netd.applied, 1);
	rig_wait(rig, 20);
	expect_running(1);
}

static void
on_database(const char *sql)
{
	char path[96];
	sqlite3 *db;

	(void)snprintf(path, sizeof(path), "%s/patronus.db", rig->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void
test_reboot_while_pending_goes_back(void **state)
{
	char dir[64];

	(void)state;
	(void)commit(described("risky"), ",\"confirm-timeout\":600", 201);
	(void)str_copy(dir, rig->dir, sizeof(dir));
	rig_free(rig, true);
	rig = calloc(1, sizeof(*rig));
	(void)str_copy(rig->dir, dir, sizeof(rig->dir));
	on_database("UPDATE pointers SET boot_id = '1000'");
	free(rig);
	rig = rig_new(dir);
	expect_running(1);
	rig_connect(rig);
	assert_int_equal(rig->fwd.applied, 1);
	expect_state(2, "rolled-back");
}

static const char *
configuration(void)
{
	return (rig_expect(rig, 200, &(struct rig_request){ .method = MGMT_GET, .path = "/configuration" })->body);
}

static void
test_lost_database_is_rebuilt(void **state)
{
	char dir[64], path[96], before[2048];

	(void)state;
	(void)commit(described("precious"), "", 201);
	(void)str_copy(before, configuration(), sizeof(before));
	assert_non_null(strstr(before, "precious"));
	rig_wait(rig, 2200);
	(void)str_copy(dir, rig->dir, sizeof(dir));
	rig_free(rig, true);
	(void)snprintf(path, sizeof(path), "%s/patronus.db", dir);
	assert_int_equal(truncate(path, 1000), 0);
	(void)snprintf(path, sizeof(path), "%s/patronus.db-wal", dir);
	(void)unlink(path);
	rig = rig_new(dir);
	rig_connect(rig);
	expect_running(3);		/* the number goes on */
	assert_string_equal(configuration(), before);
	(void)commit(described("more"), "", 201);
	expect_running(4);
}

/* Commits until it is killed; says 0 when it begins, and each revision that was acknowledged. */
static void
commit_until_killed(const char *dir, int out)
{
	struct rig_answer a;
	char body[128], text[32];
	uint32_t number = 0;
	unsigned i;

	rig = rig_new(dir);
	rig_player_start(&rig->netd);
	rig_player_start(&rig->fwd);
	if (write(out, &number, sizeof(number)) != sizeof(number))
		_exit(1);
	for (i = 0;; i++) {
		(void)snprintf(text, sizeof(text), "round %u", i);
		(void)snprintf(body, sizeof(body), "{\"workspace\":\"%s\"}", described(text));
		a = rig_ask(rig, &(struct rig_request){ .method = MGMT_POST, .path = "/commits", .body = body });
		number = (uint32_t)strtoul(rig_member(a.body, "revision"), NULL, 10);
		rig_answer_free(&a);
		if (write(out, &number, sizeof(number)) != sizeof(number))
			_exit(1);
	}
}

/*
 * kill -9 of confd at 25 instants of commits, each fifth one of its start: an acknowledged commit is never lost, and everybody ends at what the
 * store says.
 */
static void
test_kill_at_random_instants(void **state)
{
	uint32_t number, acknowledged = 1;
	char dir[64];
	int out[2], round, status;
	pid_t pid;

	(void)state;
	(void)str_copy(dir, rig->dir, sizeof(dir));
	rig_free(rig, true);
	/* A slow machine is killed more often, until it has acknowledged as many commits. */
	for (round = 0; round < 25 || (acknowledged <= 25 && round < 100); round++) {
		assert_int_equal(pipe(out), 0);
		if ((pid = fork()) == 0) {
			close(out[0]);
			commit_until_killed(dir, out[1]);
		}
		close(out[1]);
		if (round % 5 != 4)
			assert_int_equal(read(out[0], &number, sizeof(number)), sizeof(number));
		usleep((useconds_t)(10000 + round * 7919 % 50000));
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		while (read(out[0], &number, sizeof(number)) == sizeof(number)) {
			assert_true(number == 0 || number > acknowledged);
			acknowledged = number != 0 ? number : acknowledged;
		}
		close(out[0]);
	}
	rig = rig_new(dir);
	assert_true(acknowledged > 25);
	assert_true(rig->confd.running->number >= acknowledged);
	assert_true(rig->confd.running == rig->confd.kept);
	rig_connect(rig);
	assert_int_equal(rig->fwd.applied, rig->confd.running->number);
	assert_int_equal(rig->netd.applied, rig->confd.running->number);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_phases_come_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused_in_prepare_changes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused_in_apply_goes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_both_turn, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ways_wait_for_who_judges, setup, teardown),
		cmocka_unit_test_setup_teardown(test_who_judges_waits_for_ways, setup, teardown),
		cmocka_unit_test_setup_teardown(test_who_judges_takes_part, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused_in_read_back_goes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused_on_the_way_back_is_tried_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_owner_that_restarts_behind_its_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_who_caught_up_with_pending_goes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_who_caught_up_and_is_away_is_not_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(test_roll_back_on_a_full_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(test_start_on_a_full_disk_after_the_deadline, setup, teardown),
		cmocka_unit_test_setup_teardown(test_owner_that_dies_in_apply, setup, teardown),
		cmocka_unit_test_setup_teardown(test_owner_that_is_away, setup, teardown),
		cmocka_unit_test_setup_teardown(test_owner_that_comes_back_in_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restarted_owner_gets_what_runs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unconfirmed_goes_back_in_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_confirmed_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancelled_goes_back_now, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restart_while_pending_keeps_the_timer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reboot_while_pending_goes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lost_database_is_rebuilt, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kill_at_random_instants, setup, teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
