/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"
#include "ipc/ids.h"
#include "sandbox/profile.h"
#include "sandbox/sandbox.h"

static char	text[2048];

/* A status file of a well-confined fwd, with one line of it changed. */
static const char *
status(const char *name, const char *value)
{
	static const struct { const char *name; const char *value; } lines[] = {
		{ "Name", "patronus-fwd" }, { "Pid", "4" }, { "Uid", NULL }, { "Gid", NULL }, { "Groups", "" }, { "VmRSS", "    4321 kB" },
		{ "CapInh", "0000000000000000" }, { "CapPrm", "0000000000000000" }, { "CapEff", "0000000000000000" },
		{ "CapBnd", "0000000000000000" }, { "CapAmb", "0000000000000000" }, { "NoNewPrivs", "1" }, { "Seccomp", "2" },
		{ "Seccomp_filters", "3" },
	};
	char id[64];
	size_t i, n = 0;
	unsigned uid = PATRONUS_UID_BASE + ROLE_FWD;

	(void)snprintf(id, sizeof(id), "%u\t%u\t%u\t%u", uid, uid, uid, uid);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (name != NULL && strcmp(lines[i].name, name) == 0 && value == NULL)
			continue;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s:\t%s\n", lines[i].name,
		    name != NULL && strcmp(lines[i].name, name) == 0 ? value : lines[i].value != NULL ? lines[i].value : id);
	}
	return text;
}

static void
test_check(void **state)
{
	static const struct { const char *name; const char *value; const char *why; } bad[] = {
		{ "Uid", "0\t0\t0\t0", "wrong user" }, { "Uid", "60807\t60807\t0\t60807", "wrong user" }, { "Gid", "0\t0\t0\t0", "wrong group" },
		{ "CapInh", "0000000000000001", "has capabilities" }, { "CapPrm", "0000000000001000", "has capabilities" },
		{ "CapEff", "0000000000001000", "has capabilities" }, { "CapBnd", "000001ffffffffff", "has capabilities" },
		{ "CapAmb", "0000000000001000", "has capabilities" }, { "CapBnd", NULL, "has capabilities" },
		{ "NoNewPrivs", "0", "may gain privileges" }, { "Seccomp", "0", "has no system call filter of its own" },
		{ "Seccomp_filters", "2", "has no system call filter of its own" },
		{ "Seccomp_filters", NULL, "has no system call filter of its own" },
	};
	const struct profile *p = profile_by_role(ROLE_FWD);
	const char *why;
	size_t i;

	(void)state;
	assert_int_equal(sandbox_check_status(status(NULL, NULL), p, &why), 0);
	assert_int_equal(sandbox_check_status(text, profile_by_role(ROLE_NETD), &why), -EPERM);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(sandbox_check_status(status(bad[i].name, bad[i].value), p, &why), -EPERM);
		assert_string_equal(why, bad[i].why);
	}
	assert_int_equal(sandbox_check_status("", p, &why), -EPROTO);
	assert_int_equal(sandbox_check_status(status("Uid", NULL), p, &why), -EPROTO);
}

static void
test_read(void **state)
{
	struct sandbox_status s;

	(void)state;
	assert_int_equal(sandbox_read_status(status("CapEff", "0000000000001400"), &s), 0);
	assert_int_equal(s.uid, PATRONUS_UID_BASE + ROLE_FWD);
	assert_int_equal(s.cap_effective, 0x1400);
	assert_int_equal(s.rss_kb, 4321);
	assert_int_equal(s.seccomp, 2);
	assert_int_equal(s.seccomp_filters, 3);
	assert_int_equal(sandbox_read_status("Name:\tx\n", &s), -EPROTO);
}

/* Each row is whole, and no two share a user or a state directory that both may write. */
static void
test_profiles(void **state)
{
	const struct profile *p;
	size_t n, i, k;

	(void)state;
	p = profiles_all(&n);
	for (i = 0; i < n; i++) {
		assert_ptr_equal(profile_by_role(p[i].role), &p[i]);
		assert_string_equal(p[i].name, role_name(p[i].role));
		assert_non_null(p[i].calls[0]);
		assert_true((p[i].state_dir == NULL) == (p[i].state == PROFILE_STATE_NONE));
		assert_true(profile_uid(&p[i]) >= PATRONUS_UID_BASE);
		for (k = 0; k < i; k++) {
			assert_int_not_equal(profile_uid(&p[i]), profile_uid(&p[k]));
			if (p[i].state == PROFILE_STATE_WRITE && p[k].state == PROFILE_STATE_WRITE)
				assert_string_not_equal(p[i].state_dir, p[k].state_dir);
		}
	}
	assert_null(profile_by_role(ROLE_PRIVD));
	assert_null(profile_by_role(ROLE_INVALID));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check), cmocka_unit_test(test_read), cmocka_unit_test(test_profiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
