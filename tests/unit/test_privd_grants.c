/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "grants.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "net/check.h"
#include "processes.h"
#include "sandbox/profile.h"

/* The array is what the threat model rests on: spelled out once more, by role. */
static const struct { uint8_t role; const char *requests; } expected[] = {
	{ ROLE_FWD, " NFT_BATCH NL_DUMP NL_SUBSCRIBE SOCK_OPEN FILE_PUT FILE_OPEN HELPER_OPEN CT_DELETE" },
	{ ROLE_NETD, " RTNL_BATCH NL_DUMP NL_SUBSCRIBE SYSCTL_SET FILE_PUT FILE_OPEN HOST_CTL" },
	{ ROLE_CONFD, " SOCK_OPEN FILE_OPEN NL_DUMP PROC_STATUS HELPER_OPEN" },
	{ ROLE_AUTHD, " HELPER_OPEN FILE_PUT" },
	{ ROLE_LOGD, "" },
	{ ROLE_HTTPD, "" },
	{ ROLE_PAM, "" },
	{ ROLE_PARSE, "" },
	{ ROLE_RECHECK, "" },
	{ ROLE_TPM, "" },
	{ ROLE_XDP, "" },
	{ ROLE_PROVE, "" },
};

static void
test_who_may_what(void **state)
{
	const struct grant *g;
	char found[256];
	unsigned type;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		found[0] = '\0';
		for (g = grants; g < grants + ngrants; g++)
			if (g->role == expected[i].role) {
				(void)strncat(found, " ", sizeof(found) - strlen(found) - 1);
				(void)strncat(found, msg_name(g->type), sizeof(found) - strlen(found) - 1);
			}
		assert_string_equal(found, expected[i].requests);
		/* All 65,536 types: before hello nothing but hello; after it only these, and no second hello. */
		for (type = 0; type <= UINT16_MAX; type++) {
			assert_int_equal(grant_find(expected[i].role, (uint16_t)type, false) != NULL, type == MSG_HELLO);
			g = grant_find(expected[i].role, (uint16_t)type, true);
			if (g != NULL)
				assert_non_null(strstr(expected[i].requests, msg_name((uint16_t)type)));
		}
	}
}

static void
test_lines_are_whole(void **state)
{
	const struct grant *g, *h;

	(void)state;
	for (g = grants; g < grants + ngrants; g++) {
		assert_non_null(g->handler);
		assert_true(g->per_s > 0 && g->burst > 0);
		assert_non_null(msg_spec(g->type));
		assert_true(g->role == 0 || profile_by_role(g->role) != NULL);
		for (h = grants; h < g; h++)
			assert_false(h->role == g->role && h->type == g->type);
	}
}

static int
allowed(uint8_t role, uint16_t type, const void *req)
{
	const struct grant *g = grant_find(role, type, true);
	const char *why = NULL;
	bool ok;

	assert_non_null(g);
	ok = grant_allows(g, req, &why);
	if (!ok)
		assert_non_null(why);
	return ok;
}

static void
test_ids(void **state)
{
	struct nl_dump_req dump = { 0 };
	struct sock_open_req sock = { 0 };
	struct file_put_req put = { 0 };
	struct file_open_req open = { 0 };
	struct sysctl_set_req sysctl = { .id = SYSCTL_IP_FORWARD, .instance = "", .value = 1 };
	struct host_ctl_req host = { .verb = HOST_SET_NAME, .value = "box" };

	(void)state;
	/* netd sees no firewall rules and no connections, fwd no policy rules. */
	dump.what = NL_DUMP_NFT_RULES;
	assert_true(allowed(ROLE_FWD, MSG_NL_DUMP, &dump));
	assert_false(allowed(ROLE_NETD, MSG_NL_DUMP, &dump));
	dump.what = NL_DUMP_ROUTES;
	assert_true(allowed(ROLE_FWD, MSG_NL_DUMP, &dump));
	assert_true(allowed(ROLE_NETD, MSG_NL_DUMP, &dump));
	dump.what = NL_DUMP_RULES;
	assert_false(allowed(ROLE_FWD, MSG_NL_DUMP, &dump));
	dump.what = NL_DUMP_CT;
	assert_true(allowed(ROLE_FWD, MSG_NL_DUMP, &dump));
	assert_false(allowed(ROLE_NETD, MSG_NL_DUMP, &dump));
	dump.what = 0;
	assert_false(allowed(ROLE_FWD, MSG_NL_DUMP, &dump));
	sock.slot = SOCK_WEB_LISTEN;
	sock.port = 443;
	assert_true(allowed(ROLE_CONFD, MSG_SOCK_OPEN, &sock));
	assert_false(allowed(ROLE_FWD, MSG_SOCK_OPEN, &sock));
	sock.port = 22;
	assert_false(allowed(ROLE_CONFD, MSG_SOCK_OPEN, &sock));
	sock.slot = SOCK_WEB_ACTIVATED;
	assert_false(allowed(ROLE_CONFD, MSG_SOCK_OPEN, &sock));
	sock = (struct sock_open_req){ .slot = SOCK_NFLOG };
	assert_true(allowed(ROLE_FWD, MSG_SOCK_OPEN, &sock));
	assert_false(allowed(ROLE_CONFD, MSG_SOCK_OPEN, &sock));
	put.id = FILE_LKG_RULESET;
	assert_true(allowed(ROLE_FWD, MSG_FILE_PUT, &put));
	assert_false(allowed(ROLE_NETD, MSG_FILE_PUT, &put));
	assert_false(allowed(ROLE_AUTHD, MSG_FILE_PUT, &put));
	put.id = FILE_NET_BEFORE;
	assert_true(allowed(ROLE_NETD, MSG_FILE_PUT, &put));
	assert_false(allowed(ROLE_FWD, MSG_FILE_PUT, &put));
	/* Two files are there to be read. */
	for (put.id = FILE_HOST_NAME, open.id = FILE_HOST_NAME; open.id <= FILE_LOCALTIME; put.id = ++open.id) {
		assert_true(allowed(ROLE_NETD, MSG_FILE_OPEN, &open));
		assert_false(allowed(ROLE_NETD, MSG_FILE_PUT, &put));
		assert_false(allowed(ROLE_FWD, MSG_FILE_OPEN, &open));
	}
	for (put.id = FILE_PROCESSORS, open.id = FILE_PROCESSORS; open.id <= FILE_MEMORY; put.id = ++open.id) {
		assert_true(allowed(ROLE_CONFD, MSG_FILE_OPEN, &open));
		assert_false(allowed(ROLE_NETD, MSG_FILE_PUT, &put));
		assert_false(allowed(ROLE_NETD, MSG_FILE_OPEN, &open));
	}
	assert_true(allowed(ROLE_NETD, MSG_SYSCTL_SET, &sysctl));
	sysctl.value = 2;
	assert_false(allowed(ROLE_NETD, MSG_SYSCTL_SET, &sysctl));
	sysctl = (struct sysctl_set_req){ .id = SYSCTL_RP_FILTER, .instance = "..", .value = 1 };
	assert_false(allowed(ROLE_NETD, MSG_SYSCTL_SET, &sysctl));
	sysctl.instance = "a/b";
	assert_false(allowed(ROLE_NETD, MSG_SYSCTL_SET, &sysctl));
	sysctl.instance = "lan.100";
	assert_true(allowed(ROLE_NETD, MSG_SYSCTL_SET, &sysctl));
	sysctl.id = SYSCTL_ID_MAX;
	assert_false(allowed(ROLE_NETD, MSG_SYSCTL_SET, &sysctl));
	assert_true(allowed(ROLE_NETD, MSG_HOST_CTL, &host));
	host.value = "-x";
	assert_false(allowed(ROLE_NETD, MSG_HOST_CTL, &host));
	host = (struct host_ctl_req){ .verb = HOST_SET_TIMEZONE, .value = "../../etc/shadow" };
	assert_false(allowed(ROLE_NETD, MSG_HOST_CTL, &host));
	host.value = "Europe/Berlin";
	assert_true(allowed(ROLE_NETD, MSG_HOST_CTL, &host));
}

static void
test_strings(void **state)
{
	static const char *const bad_hosts[] = { "", "-a", "a-", "a..b", ".a", "a.", "a_b", "a b", "a\n",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	static const char *const bad_links[] = { "", ".", "..", "a/b", "a b", "0123456789abcdef", "a:b", "\xc3\xa4" };
	static const char *const bad_zones[] = { "", "/etc", "..", "a/../b", "a//b", "a/", "a b", "a.b" };
	size_t i;

	(void)state;
	assert_true(check_hostname("fw-1.example"));
	assert_true(check_ifname("enp1s0.100"));
	assert_true(check_timezone("America/Argentina/Buenos_Aires"));
	assert_true(check_timezone("Etc/GMT+5"));
	for (i = 0; i < sizeof(bad_hosts) / sizeof(bad_hosts[0]); i++)
		assert_false(check_hostname(bad_hosts[i]));
	for (i = 0; i < sizeof(bad_links) / sizeof(bad_links[0]); i++)
		assert_false(check_ifname(bad_links[i]));
	for (i = 0; i < sizeof(bad_zones) / sizeof(bad_zones[0]); i++)
		assert_false(check_timezone(bad_zones[i]));
}

static void
test_bucket(void **state)
{
	struct grant g = { .per_s = 10, .burst = 3 };
	struct bucket bucket = { 0 };
	uint64_t now = 1000000000, wait;

	(void)state;
	assert_int_equal(bucket_take(&bucket, &g, now), 0);
	assert_int_equal(bucket_take(&bucket, &g, now), 0);
	assert_int_equal(bucket_take(&bucket, &g, now), 0);
	wait = bucket_take(&bucket, &g, now);
	assert_int_equal(wait, 100000);
	assert_int_equal(bucket_take(&bucket, &g, now + wait), 0);
	assert_int_not_equal(bucket_take(&bucket, &g, now + wait), 0);
	/* Rest fills it again, but not over its burst. */
	now += 3600000000ull;
	assert_int_equal(bucket_take(&bucket, &g, now), 0);
	assert_int_equal(bucket_take(&bucket, &g, now), 0);
	assert_int_equal(bucket_take(&bucket, &g, now), 0);
	assert_int_not_equal(bucket_take(&bucket, &g, now), 0);
}

/* The star: each process has logd, and no two daemons talk past confd but httpd and authd's signer. */
static void
test_topology(void **state)
{
	const struct edge *e, *f;
	size_t i;
	unsigned has_log;

	(void)state;
	for (e = topology; e < topology + ntopology; e++) {
		assert_true(e->a == ROLE_CONFD || e->b == ROLE_LOGD || (e->a == ROLE_HTTPD && e->b == ROLE_AUTHD && e->purpose == PEER_TLS));
		for (f = topology; f < e; f++)
			assert_false(f->a == e->a && f->b == e->b);
	}
	for (i = 0; i < nprocesses; i++) {
		assert_non_null(profile_by_role(processes[i].role));
		if (processes[i].is_helper || processes[i].role == ROLE_LOGD)
			continue;
		has_log = 0;
		for (e = topology; e < topology + ntopology; e++)
			has_log += e->a == processes[i].role && e->b == ROLE_LOGD;
		assert_int_equal(has_log, 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_may_what), cmocka_unit_test(test_lines_are_whole), cmocka_unit_test(test_ids),
		cmocka_unit_test(test_strings), cmocka_unit_test(test_bucket), cmocka_unit_test(test_topology),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
