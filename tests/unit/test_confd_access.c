/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Second factor, step-up, API tokens and sessions as confd judges them, with authd played. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "ipc/ids.h"
#include "patronus-confd/rights.h"
#include "patronus-confd/route.h"
#include "rig_setup.h"

const char base_yaml[] =
    "system:\n  hostname: edge1\n"
    "interfaces:\n  wan:\n    match: { name: eth0 }\n  lan:\n    match: { name: eth1 }\n"
    "firewall:\n  zones:\n    wan: { interfaces: [wan] }\n    lan: { interfaces: [lan] }\n"
    "  rules:\n    - id: one\n      from: lan\n      to: wan\n      action: accept\n"
    "users:\n  alice: { role: admin }\n  olga: { role: operator }\n  rudi: { role: read-only }\n  anna: { role: auditor }\n"
    "  shell: { role: admin, system-uid: 1234 }\n";

/* What was believed of a session is asked again: something was changed behind confd's back. */
static void
forget(void)
{
	(void)rig_expect(rig, 204, PUT("/users/olga/password", "{\"new\":\"long enough\"}"));
}

static void
is_problem(const struct rig_answer *a, const char *slug)
{
	char text[96];

	(void)snprintf(text, sizeof(text), "urn:patronus:problem:%s", slug);
	if (strstr(a->body, text) == NULL)
		fail_msg("not %s: %s", slug, a->body);
}

static void
test_enrolment(void **state)
{
	const struct rig_answer *a;

	(void)state;
	a = rig_expect(rig, 200, GET("/users/me/second-factor", .remote = "rudi"));
	assert_string_equal(rig_member(a->body, "enrolled"), "false");
	a = rig_expect(rig, 201, POST("/users/me/second-factor", "{}", .remote = "rudi"));
	assert_string_equal(rig_member(a->body, "secret"), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
	assert_non_null(strstr(a->body, "otpauth://totp/edge1:rudi?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=edge1&algorithm=SHA1&digits=6&period=30"));
	assert_non_null(strstr(a->body, "\"qr\":[\"1111111"));
	a = rig_expect(rig, 201, POST("/users/me/second-factor", "{\"algorithm\":\"SHA512\",\"digits\":8}", .remote = "rudi"));
	assert_non_null(strstr(a->body, "algorithm=SHA512&digits=8"));
	(void)rig_expect(rig, 422, POST("/users/me/second-factor", "{\"algorithm\":\"MD5\"}", .remote = "rudi"));
	(void)rig_expect(rig, 422, POST("/users/me/second-factor", "{\"digits\":7}", .remote = "rudi"));
	(void)rig_expect(rig, 422, POST("/users/me/second-factor/confirm", "{\"otp\":\"000000\"}", .remote = "rudi"));
	(void)rig_expect(rig, 422, POST("/users/me/second-factor/confirm", "{}", .remote = "rudi"));
	a = rig_expect(rig, 200, POST("/users/me/second-factor/confirm", "{\"otp\":\"123456\"}", .remote = "rudi"));
	assert_string_equal(a->body, "{\"recovery-codes\":[\"AAAA-1\",\"BBBB-2\"]}");
	assert_non_null(strstr(rig->audit, "rudi 192.0.2.10:53122 second-factor rudi enrolled"));
	rig->factors = "rudi";
	(void)rig_expect(rig, 409, POST("/users/me/second-factor", "{}", .remote = "rudi"));
	/* root is nobody's account. */
	(void)rig_expect(rig, 403, POST("/users/me/second-factor", "{}"));
	(void)rig_expect(rig, 403, GET("/users/me/second-factor"));
}

/* With a second factor some calls need it fresh; without one, and where no role asks for it, they do not. */
static void
test_step_up(void **state)
{
	const struct rig_answer *a;

	(void)state;
	(void)rig_expect(rig, 204, PUT("/users/olga/password", "{\"new\":\"long enough\"}", .remote = "alice"));
	rig->factors = "alice";
	forget();
	a = rig_expect(rig, 403, PUT("/users/olga/password", "{\"new\":\"long enough\"}", .remote = "alice"));
	is_problem(a, "step-up-required");
	is_problem(rig_expect(rig, 403, DELETE("/users/me/second-factor", .remote = "alice")), "step-up-required");
	is_problem(rig_expect(rig, 403, POST("/users/me/second-factor/recovery-codes", "{}", .remote = "alice")), "step-up-required");
	is_problem(rig_expect(rig, 403, DELETE("/users/olga/second-factor", .remote = "alice")), "step-up-required");
	is_problem(rig_expect(rig, 403, POST("/tokens", "{}", .remote = "alice")), "step-up-required");
	(void)rig_expect(rig, 200, GET("/tokens", .remote = "alice"));
	(void)rig_expect(rig, 401, POST("/session/step-up", "{\"otp\":\"000000\"}", .remote = "alice"));
	(void)rig_expect(rig, 403, PUT("/users/olga/password", "{\"new\":\"long enough\"}", .remote = "alice"));
	a = rig_expect(rig, 200, POST("/session/step-up", "{\"otp\":\"123456\"}", .remote = "alice"));
	assert_string_equal(rig_member(a->body, "fresh-seconds"), "300");
	(void)rig_expect(rig, 204, PUT("/users/olga/password", "{\"new\":\"long enough\"}", .remote = "alice"));
	(void)rig_expect(rig, 200, POST("/users/me/second-factor/recovery-codes", "{}", .remote = "alice"));
	(void)rig_expect(rig, 404, DELETE("/users/olga/second-factor", .remote = "alice"));
	(void)rig_expect(rig, 204, DELETE("/users/me/second-factor", .remote = "alice"));
	a = rig_expect(rig, 200, GET("/session", .remote = "alice"));
	assert_non_null(strstr(a->body, "\"second-factor\":{\"enrolled\":true,\"required\":false,\"fresh-seconds\":"));
	/* root on the local socket is never asked: the console is never locked. */
	(void)rig_expect(rig, 204, PUT("/users/alice/password", "{\"new\":\"long enough\"}"));
}

/* Whatever way a change of users takes, it is a fresh second factor that lets it through. */
static void
test_commits_of_users_step_up(void **state)
{
	static const char patch[] = "{\"role\":\"auditor\"}";
	char id[32], body[96];

	(void)state;
	rig->factors = "alice";
	(void)str_copy(id, rig_workspace(rig, "alice"), sizeof(id));
	(void)rig_expect(rig, 200, PATCH("/configuration/users/rudi", patch, .remote = "alice", .workspace = id, .match = "*"));
	(void)snprintf(body, sizeof(body), "{\"workspace\":\"%s\"}", id);
	is_problem(rig_expect(rig, 403, POST("/commits", body, .remote = "alice")), "step-up-required");
	is_problem(rig_expect(rig, 403, PATCH("/configuration/users/rudi", patch, .remote = "alice", .match = "*")), "step-up-required");
	is_problem(rig_expect(rig, 403, PATCH("/configuration", "{\"users\":{\"rudi\":{\"role\":\"auditor\"}}}", .remote = "alice", .match = "*")),
	    "step-up-required");
	is_problem(rig_expect(rig, 403, PATCH("/configuration/management/web", "{\"port\":9443}", .remote = "alice", .match = "*")),
	    "step-up-required");
	is_problem(rig_expect(rig, 403, PUT("/configuration/roles/helpdesk", "{\"name\":\"helpdesk\"}", .remote = "alice", .none_match = "*")),
	    "step-up-required");
	is_problem(rig_expect(rig, 403, POST("/revisions/0/restore", "{\"sections\":[\"system\"]}", .remote = "alice")), "step-up-required");
	is_problem(rig_expect(rig, 403, POST("/backups/restore", "{}", .remote = "alice")), "step-up-required");
	is_problem(rig_expect(rig, 403, POST("/vault/unlock", "{}", .remote = "alice")), "step-up-required");
	is_problem(rig_expect(rig, 403, PATCH("/secrets", "{}", .remote = "alice")), "step-up-required");
	/* Ending something does not ask, nor do other sections. */
	(void)rig_expect(rig, 404, DELETE("/sessions/0123456789abcdef0", .remote = "alice"));
	(void)rig_expect(rig, 404, DELETE("/tokens/0123456789abcdef0", .remote = "alice"));
	(void)rig_expect(rig, 200, PATCH("/configuration/firewall/rules/one", "{\"description\":\"x\"}", .remote = "alice", .match = "*",
	    .query = "force=true"));
	rig->fresh_s = 300;
	forget();
	(void)rig_expect(rig, 201, POST("/commits", body, .remote = "alice"));
}

static void
test_role_requires_a_factor(void **state)
{
	size_t r, refused = 0;
	struct rig_answer a;

	(void)state;
	(void)rig_expect(rig, 200, PATCH("/configuration/management", "{\"authentication\":{\"second-factor\":[\"operator\",\"admin\"]}}",
	    .match = "*", .query = "force=true"));
	/* Nothing but what leads to one, on every route. */
	for (r = 0; r < routes_n; r++) {
		if (routes[r].right == RIGHT_PUBLIC || routes[r].method == MGMT_DELETE)
			continue;
		a = rig_ask(rig, &(struct rig_request){ .method = routes[r].method, .path = strcmp(routes[r].pattern, "/configuration/...") == 0 ?
		    "/configuration/system" : routes[r].pattern, .remote = "olga", .body = routes[r].method == MGMT_GET ? NULL : "{}" });
		if ((route_flags(&routes[r]) & ROUTE_ENROL) == 0) {
			if (a.status != 403 || strstr(a.body, "enrolment-required") == NULL)
				fail_msg("%u %s: %u %s", routes[r].method, routes[r].pattern, a.status, a.body);
			refused++;
		} else if (a.status == 403)
			fail_msg("%u %s: %u %s", routes[r].method, routes[r].pattern, a.status, a.body);
		rig_answer_free(&a);
	}
	assert_true(refused > 30);
	assert_non_null(strstr(rig_expect(rig, 200, GET("/session", .remote = "olga"))->body, "\"required\":true"));
	(void)rig_expect(rig, 200, GET("/status", .remote = "rudi"));
	rig->factors = "olga";
	forget();
	(void)rig_expect(rig, 200, GET("/status", .remote = "olga"));
	/* The kernel names local users; what would change who may do what still asks. */
	rig_client(rig, 1234);
	(void)rig_expect(rig, 200, GET("/status"));
	is_problem(rig_expect(rig, 403, PUT("/users/olga/password", "{\"new\":\"long enough\"}")), "enrolment-required");
	rig->factors = "olga shell";
	is_problem(rig_expect(rig, 403, PUT("/users/olga/password", "{\"new\":\"long enough\"}")), "step-up-required");
	(void)rig_expect(rig, 200, POST("/session/step-up", "{\"otp\":\"123456\"}"));
	(void)rig_expect(rig, 204, PUT("/users/olga/password", "{\"new\":\"long enough\"}"));
	rig_client(rig, 1234);
	is_problem(rig_expect(rig, 403, PUT("/users/olga/password", "{\"new\":\"long enough\"}")), "step-up-required");
	rig_client(rig, 0);
	(void)rig_expect(rig, 204, PUT("/users/olga/password", "{\"new\":\"long enough\"}"));
}

static void
test_making_tokens(void **state)
{
	const struct rig_answer *a;

	(void)state;
	a = rig_expect(rig, 201, POST("/tokens", "{\"name\":\"backup\",\"scopes\":[\"firewall:read\",\"commit\"],\"expires-in\":86400}",
	    .remote = "olga"));
	assert_string_equal(rig->token_made, "olga|backup|operator|operator|firewall:read commit|");
	assert_string_equal(rig_member(a->body, "token"), "pat_alice");
	assert_string_equal(a->location, "/api/v1/tokens/0011223344556677");
	assert_null(strstr(rig->audit, "pat_"));
	(void)rig_expect(rig, 201, POST("/tokens", "{\"name\":\"metrics\",\"user\":\"rudi\",\"scopes\":[\"state:read\"],\"networks\":[\"192.0.2.0/24\","
	    "\"2001:db8::/32\"],\"expires-in\":3600}"));
	assert_string_equal(rig->token_made, "rudi|metrics|read-only|read-only|state:read|192.0.2.0/24 2001:db8::/32");
	(void)rig_expect(rig, 201, POST("/tokens", "{\"name\":\"x\",\"role\":\"read-only\",\"scopes\":[\"state:read\"],\"expires-in\":3600}",
	    .remote = "alice"));
	assert_string_equal(rig->token_made, "alice|x|admin|read-only|state:read|");
	/* Not for others without the right, not above one's own role, not without an end, not with scopes that are none. */
	(void)rig_expect(rig, 403, POST("/tokens", "{\"name\":\"x\",\"user\":\"rudi\",\"scopes\":[\"commit\"],\"expires-in\":3600}", .remote = "olga"));
	(void)rig_expect(rig, 422, POST("/tokens", "{\"name\":\"x\",\"role\":\"admin\",\"scopes\":[\"commit\"],\"expires-in\":3600}", .remote = "olga"));
	(void)rig_expect(rig, 422, POST("/tokens", "{\"name\":\"x\",\"role\":\"auditor\",\"scopes\":[\"commit\"],\"expires-in\":3600}", .remote = "rudi"));
	(void)rig_expect(rig, 422, POST("/tokens", "{\"name\":\"x\",\"scopes\":[\"commit\"]}", .remote = "olga"));
	(void)rig_expect(rig, 422, POST("/tokens", "{\"name\":\"x\",\"scopes\":[\"commit\"],\"expires-in\":0}", .remote = "olga"));
	(void)rig_expect(rig, 422, POST("/tokens", "{\"name\":\"x\",\"scopes\":[],\"expires-in\":3600}", .remote = "olga"));
	(void)rig_expect(rig, 422, POST("/tokens", "{\"name\":\"x\",\"scopes\":[\"nonsense:read\"],\"expires-in\":3600}", .remote = "olga"));
	(void)rig_expect(rig, 422, POST("/tokens", "{\"name\":\"x\",\"scopes\":[\"state:write\"],\"expires-in\":3600}", .remote = "olga"));
	(void)rig_expect(rig, 422, POST("/tokens", "{\"name\":\"x\",\"scopes\":[\"commit state:read\"],\"expires-in\":3600}", .remote = "olga"));
	(void)rig_expect(rig, 422, POST("/tokens", "{\"name\":\"x\",\"scopes\":[\"commit\"],\"expires-in\":3600}"));		/* root's */
	a = rig_expect(rig, 200, GET("/tokens", .remote = "olga"));
	assert_non_null(strstr(a->body, "\"scopes\":[\"commit\",\"state:read\"]"));
	assert_string_equal(rig_member(strstr(a->body, "\"user\""), "user"), "olga");
	(void)rig_expect(rig, 403, GET("/tokens", .query = "all=true", .remote = "olga"));
	assert_non_null(strstr(rig_expect(rig, 200, GET("/tokens", .query = "all=true", .remote = "alice"))->body, "somebody"));
	(void)rig_expect(rig, 204, DELETE("/tokens/0011223344556677", .remote = "olga"));
	(void)rig_expect(rig, 404, DELETE("/tokens/1111111111111111", .remote = "olga"));
	(void)rig_expect(rig, 404, DELETE("/tokens/11111111111111111111", .remote = "olga"));
}

static void
test_sessions(void **state)
{
	const struct rig_answer *a;

	(void)state;
	a = rig_expect(rig, 200, GET("/sessions", .remote = "alice"));
	assert_non_null(strstr(a->body, "\"current\":true"));
	(void)rig_expect(rig, 403, GET("/sessions", .query = "all=true", .remote = "olga"));
	(void)rig_expect(rig, 404, DELETE("/sessions/session", .remote = "olga"));
	(void)rig_expect(rig, 404, DELETE("/sessions/other", .remote = "alice"));
	assert_true(rig_expect(rig, 204, DELETE("/sessions/session", .remote = "alice"))->session_end);
	(void)rig_expect(rig, 204, DELETE("/sessions/session"));
}

/* What scope gives which right: the table of docs/api.md, asked of every route with a token for each scope alone. */
static void
test_scopes_matrix(void **state)
{
	static const struct {
		const char	*scope;
		uint32_t	 rights;
	} scopes[] = {
		{ "configuration:read", 1u << RIGHT_CONFIG_READ },
		{ "configuration:write", 1u << RIGHT_CONFIG_READ | 1u << RIGHT_CONFIG_EDIT | 1u << RIGHT_RESTORE },
		{ "system:read", 1u << RIGHT_CONFIG_READ },
		{ "system:write", 1u << RIGHT_CONFIG_READ | 1u << RIGHT_CONFIG_EDIT | 1u << RIGHT_RESTORE },
		{ "commit", 1u << RIGHT_COMMIT }, { "state:read", 1u << RIGHT_STATE_READ | 1u << RIGHT_LOGS_READ | 1u << RIGHT_DIAGNOSTICS },
		{ "history:read", 1u << RIGHT_HISTORY_READ | 1u << RIGHT_AUDIT_READ }, { "audit:read", 1u << RIGHT_AUDIT_READ },
		{ "logs:read", 1u << RIGHT_LOGS_READ },
		{ "users:admin", 1u << RIGHT_USERS_ADMIN | 1u << RIGHT_SESSIONS_ADMIN },
		{ "secrets:write", 1u << RIGHT_SECRETS_WRITE }, { "backups", 1u << RIGHT_BACKUPS },
	};
	struct rig_answer a;
	bool may, is_whole;
	size_t r, i;

	(void)state;
	for (i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
		rig->token_scopes = scopes[i].scope;
		forget();
		is_whole = strncmp(scopes[i].scope, "configuration", 13) == 0;
		for (r = 0; r < routes_n; r++) {
			if (routes[r].right == RIGHT_PUBLIC)
				continue;
			a = rig_ask(rig, &(struct rig_request){ .method = routes[r].method, .path = strcmp(routes[r].pattern, "/configuration/...") == 0 ?
			    "/configuration/system" : routes[r].pattern, .remote = "pat_alice", .body = routes[r].method == MGMT_GET ? NULL : "{}" });
			may = ((scopes[i].rights | 1u << RIGHT_SESSION) & (1u << routes[r].right)) != 0 && (route_flags(&routes[r]) & ROUTE_PERSON) == 0 &&
			    (is_whole || (route_flags(&routes[r]) & ROUTE_WHOLE) == 0);
			/* A write without a workspace commits; who ends connections or says what addresses are of needs the firewall's scope too. */
			if (((route_flags(&routes[r]) & ROUTE_MAY_STEP_UP) != 0 || strcmp(routes[r].pattern, "/state/connections") == 0 ||
			    strcmp(routes[r].pattern, "/country-database") == 0 || strcmp(routes[r].pattern, "/autonomous-system-database") == 0) &&
			    a.status == 403 && strstr(a.body, "\"needed\":\"commit\"") != NULL)
				may = false;
			if ((a.status != 403) != may)
				fail_msg("%s %u %s: %u %s", scopes[i].scope, routes[r].method, routes[r].pattern, a.status, a.body);
			rig_answer_free(&a);
		}
	}
}

static void
test_scopes_of_sections(void **state)
{
	static const char patch[] = "{\"description\":\"by a program\"}";

	(void)state;
	rig->token_scopes = "firewall:write commit";
	(void)rig_expect(rig, 200, GET("/configuration/firewall/rules/one", .remote = "pat_alice"));
	(void)rig_expect(rig, 403, GET("/configuration/system", .remote = "pat_alice"));
	(void)rig_expect(rig, 403, GET("/configuration", .remote = "pat_alice"));
	(void)rig_expect(rig, 403, GET("/configuration/firewallx", .remote = "pat_alice"));
	(void)rig_expect(rig, 200, PATCH("/configuration/firewall/rules/one", patch, .remote = "pat_alice", .match = "*", .query = "force=true"));
	/* No browser sends it by itself: no CSRF value is asked for. */
	(void)rig_expect(rig, 200, PATCH("/configuration/firewall/rules/one", "{\"description\":\"x\"}", .remote = "pat_alice", .csrf = "",
	    .match = "*", .query = "force=true"));
	(void)rig_expect(rig, 403, PATCH("/configuration/system", "{\"hostname\":\"x\"}", .remote = "pat_alice", .match = "*"));
	(void)rig_expect(rig, 403, PATCH("/configuration", "{\"firewall\":{}}", .remote = "pat_alice", .match = "*"));
	(void)rig_expect(rig, 403, POST("/batch",
	    "{\"operations\":[{\"op\":\"patch\",\"path\":\"/system\",\"value\":{\"hostname\":\"x\"}}]}", .remote = "pat_alice"));
	/* Its user's workspace with other sections in it is not its own to commit. */
	rig->token_scopes = "firewall:write";
	forget();
	(void)rig_expect(rig, 403, PATCH("/configuration/firewall/rules/one", patch, .remote = "pat_alice", .match = "*", .query = "force=true"));
	/* users and management need users:admin beside, which no step-up can replace. */
	rig->token_scopes = "configuration:write commit";
	forget();
	(void)rig_expect(rig, 403, PATCH("/configuration/users/rudi", "{\"role\":\"auditor\"}", .remote = "pat_alice", .match = "*"));
	(void)rig_expect(rig, 403, POST("/session/step-up", "{\"otp\":\"123456\"}", .remote = "pat_alice"));
	rig->token_scopes = "users:write users:admin commit";
	rig->factors = "alice";
	forget();
	(void)rig_expect(rig, 200, PATCH("/configuration/users/rudi", "{\"role\":\"auditor\"}", .remote = "pat_alice", .match = "*",
	    .query = "force=true"));
	(void)rig_expect(rig, 204, PUT("/users/olga/password", "{\"new\":\"long enough\"}", .remote = "pat_alice"));
}

/* A token is never more than its user, and ends with his role. */
static void
test_tokens_end(void **state)
{
	(void)state;
	rig->token_scopes = "configuration:read configuration:write commit state:read users:admin";
	rig->token_role = "operator";
	rig->token_cap = "operator";
	(void)rig_expect(rig, 200, GET("/status", .remote = "pat_olga"));
	(void)rig_expect(rig, 403, PUT("/users/rudi/password", "{\"new\":\"long enough\"}", .remote = "pat_olga"));
	rig->token_cap = "read-only";
	forget();
	(void)rig_expect(rig, 200, GET("/status", .remote = "pat_olga"));
	(void)rig_expect(rig, 403, PATCH("/configuration/system", "{}", .remote = "pat_olga", .match = "*"));
	/* A cap above the user's role, as a forged file could say. */
	rig->token_cap = "admin";
	forget();
	(void)rig_expect(rig, 401, GET("/status", .remote = "pat_olga"));
	rig->token_cap = "operator";
	forget();
	(void)rig_expect(rig, 200, GET("/status", .remote = "pat_olga"));
	(void)rig_expect(rig, 200, PATCH("/configuration/users/olga", "{\"role\":\"admin\"}", .match = "*", .query = "force=true"));
	(void)rig_expect(rig, 401, GET("/status", .remote = "pat_olga"));
	rig_wait(rig, 50);
	assert_string_equal(rig->revoked, "olga#");
	(void)rig_expect(rig, 204, DELETE("/configuration/users/olga", .match = "*", .query = "force=true"));
	(void)rig_expect(rig, 401, GET("/status", .remote = "pat_olga"));
	rig_wait(rig, 50);
	assert_string_equal(rig->revoked, "olga!");
	(void)rig_expect(rig, 401, GET("/status", .remote = "pat_nobody"));
}

/* "me" is the API's word. */
static void
test_nobody_is_called_me(void **state)
{
	(void)state;
	(void)rig_expect(rig, 422, PUT("/configuration/users/me", "{\"role\":\"admin\"}", .none_match = "*"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_enrolment, setup, teardown),
		cmocka_unit_test_setup_teardown(test_step_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_commits_of_users_step_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_role_requires_a_factor, setup, teardown),
		cmocka_unit_test_setup_teardown(test_making_tokens, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sessions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_scopes_matrix, setup, teardown),
		cmocka_unit_test_setup_teardown(test_scopes_of_sections, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tokens_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nobody_is_called_me, setup, teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
