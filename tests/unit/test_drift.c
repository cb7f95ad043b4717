/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of a difference, and what confd hears of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "conf/generated.h"
#include "daemon/drift.h"
#include "ipc/msg.h"

static struct {
	struct drift	*d;
	uint64_t	 now_ms;
	char		 log[4096];	/* "reported:link lan: " of each record, "[2]" of each list */
	uint64_t	 found_ms, ended_ms;	/* of the last record */
} t;

uint64_t __wrap_clock_wall_ms(void);

uint64_t
__wrap_clock_wall_ms(void)
{
	return t.now_ms;
}

static bool
take(uint16_t type, const void *body)
{
	size_t at = strlen(t.log);
	const struct drift_record *r;

	if (type == MSG_DRIFT_STANDING) {
		(void)snprintf(t.log + at, sizeof(t.log) - at, "[%u]", ((const struct drift_standing_req *)body)->total);
		return true;
	}
	r = ((const struct drift_req *)body)->records.items;
	(void)snprintf(t.log + at, sizeof(t.log) - at, "%s:%s:%s ", r->action, r->object, r->by);
	t.found_ms = r->time_ms;
	t.ended_ms = r->ended_ms;
	return true;
}

static int
setup(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	t.now_ms = 1000;
	t.d = drift_new("netd", take);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	drift_free(t.d);
	return 0;
}

static const struct difference mtu = { DRIFT_LINKS, DRIFT_WARNING, "/interfaces/lan", "link lan", "mtu is 1400, not 1500" };
static const struct difference name = { DRIFT_SYSTEM, DRIFT_INFO, "/system/hostname", "host name", "is b, not a" };

static void
policy_is_by_class_and_area(void **state)
{
	struct conf_drift_areas areas = { .firewall = 0 };
	struct conf_drift c = { .critical = CONF_DRIFT_ACTION_REPAIR, .warning = CONF_DRIFT_ACTION_REPORT, .info = CONF_DRIFT_ACTION_REPAIR,
	    .areas = &areas };

	(void)state;
	assert_int_equal(drift_judge(t.d, &mtu), DRIFT_REPAIR);		/* nobody has said anything yet */
	drift_policy_set(t.d, &c);
	assert_int_equal(drift_judge(t.d, &mtu), DRIFT_REPORT);
	assert_int_equal(drift_judge(t.d, &name), DRIFT_REPAIR);
	areas.links = CONF_DRIFT_ACTION_REPAIR;
	areas.system = CONF_DRIFT_ACTION_REPORT;
	drift_policy_set(t.d, &c);
	assert_int_equal(drift_judge(t.d, &mtu), DRIFT_REPAIR);		/* the area has the last word */
	assert_int_equal(drift_judge(t.d, &name), DRIFT_REPORT);
	drift_policy_set(t.d, NULL);
	assert_int_equal(drift_judge(t.d, &name), DRIFT_REPAIR);
}

static void
acceptance_is_exact_and_ends(void **state)
{
	struct drift_baseline item = { .object = "link lan", .detail = "mtu is 1400, not 1500", .until_ms = 5000, .by = "alice" };
	struct drift_baseline_set_req set = { .items = { &item, 1 } };
	struct difference other = mtu;

	(void)state;
	drift_baseline_set(t.d, &set);
	assert_int_equal(drift_judge(t.d, &mtu), DRIFT_ACCEPTED);
	other.detail = "mtu is 1300, not 1500";
	assert_int_equal(drift_judge(t.d, &other), DRIFT_REPAIR);
	other.detail = "mtu is 1400, not 1480";		/* another is wanted now */
	assert_int_equal(drift_judge(t.d, &other), DRIFT_REPAIR);
	assert_false(drift_has_expired(t.d));
	t.now_ms = 5000;
	assert_int_equal(drift_judge(t.d, &mtu), DRIFT_REPAIR);
	assert_true(drift_has_expired(t.d));
	assert_false(drift_has_expired(t.d));
	set.items.n = 0;
	drift_baseline_set(t.d, &set);
	assert_false(drift_is_accepted(t.d, "link lan", "mtu is 1400, not 1500"));
}

/* Each change is told once, with the time of the first look that found it; the list follows when it is another. */
static void
what_stands_is_told_once(void **state)
{
	(void)state;
	drift_begin(t.d);
	drift_stand(t.d, &mtu, DRIFT_REPORT);
	drift_end(t.d, true, NULL);
	assert_string_equal(t.log, "reported:link lan: [1]");
	t.now_ms = 2000;
	drift_begin(t.d);
	drift_stand(t.d, &mtu, DRIFT_REPORT);
	drift_stand(t.d, &name, DRIFT_FAILED);
	drift_end(t.d, true, NULL);
	assert_string_equal(t.log, "reported:link lan: [1]failed:host name: [2]");
	assert_true(drift_stands(t.d, mtu.object, mtu.detail));
	t.log[0] = '\0';
	drift_begin(t.d);
	drift_end(t.d, false, NULL);		/* nothing could be read: what stood stands */
	assert_string_equal(t.log, "");
	t.now_ms = 3000;
	drift_begin(t.d);
	drift_repaired(t.d, &mtu, "alice");
	drift_end(t.d, true, NULL);
	assert_string_equal(t.log, "repaired:link lan:alice gone:host name: [0]");
	assert_false(drift_stands(t.d, mtu.object, mtu.detail));
	assert_int_equal(t.found_ms, 2000);
	assert_int_equal(t.ended_ms, 3000);
	t.log[0] = '\0';
	drift_begin(t.d);
	drift_repaired(t.d, &mtu, NULL);
	drift_stand(t.d, &name, DRIFT_REPORT);
	drift_end(t.d, true, NULL);
	drift_begin(t.d);
	drift_end(t.d, true, "revision 7");
	drift_note(t.d, &name);
	drift_tell(t.d);
	assert_string_equal(t.log, "repaired:link lan:netd reported:host name: [1]repaired:host name:revision 7 [0]reported:host name: [0]");
}

/* A flood is counted, and costs no more. */
static void
many_are_counted(void **state)
{
	struct difference d = mtu;
	char object[32];
	unsigned i;

	(void)state;
	drift_begin(t.d);
	d.object = object;
	for (i = 0; i < 2000; i++) {
		(void)snprintf(object, sizeof(object), "%u", i);
		drift_stand(t.d, &d, DRIFT_REPORT);
	}
	t.log[0] = '\0';
	drift_end(t.d, true, NULL);
	assert_string_equal(t.log, "[2000]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(policy_is_by_class_and_area, setup, teardown),
		cmocka_unit_test_setup_teardown(acceptance_is_exact_and_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(what_stands_is_told_once, setup, teardown),
		cmocka_unit_test_setup_teardown(many_are_counted, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
