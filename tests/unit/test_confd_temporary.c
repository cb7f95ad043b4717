/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much of its time a member of a group has left: after a restart, after a reboot, with clocks that were set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "ipc/msg.h"

#include "confd.h"
#include "store.h"
#include "temporary.h"

#define MINUTE	60000u

static uint64_t	wall_ms = 1000000 * MINUTE, mono_ms = 100 * MINUTE;

uint64_t	 __wrap_clock_wall_ms(void);
uint64_t	 __wrap_clock_mono_ms(void);

uint64_t
__wrap_clock_wall_ms(void)
{
	return (wall_ms);
}

uint64_t
__wrap_clock_mono_ms(void)
{
	return (mono_ms);
}

/* Given now in this boot, for an hour. */
static void
put(struct store *st, uint64_t id, const char *boot)
{
	struct store_temporary e = { .id = id, .group = "g", .address = "192.0.2.1", .author = "root", .reason = "why", .time_ms = wall_ms,
	    .until_ms = wall_ms + 60 * MINUTE, .mono_until_ms = mono_ms + 60 * MINUTE };

	(void)str_copy(e.boot, boot, sizeof(e.boot));
	assert_int_equal(store_temporary_put(st, &e), 0);
}

static uint64_t
left(struct confd *confd, const char *boot)
{
	struct ipc_temporary all[TEMPORARY_MAX];
	struct temporary *t;
	uint64_t ms;

	(void)str_copy(confd->boot_id, boot, sizeof(confd->boot_id));
	assert_non_null(t = temporary_new(confd));
	assert_int_equal(temporary_list(t, all), 1);
	ms = all[0].left_ms;
	assert_string_equal(all[0].group, "g");
	temporary_free(t);
	return (ms);
}

static void
what_is_left(void **state)
{
	char dir[] = "/var/tmp/patronus-temporary-XXXXXX", command[64];
	struct confd confd = { .base = NULL };
	enum store_found found;
	uint64_t wall = wall_ms;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(store_open(dir, &confd.store, &found), 0);
	put(confd.store, 7, "boot-1");
	mono_ms += 10 * MINUTE;
	wall_ms += 10 * MINUTE;
	assert_int_equal(left(&confd, "boot-1"), 50 * MINUTE);
	/* Within the boot the clock on the wall says nothing. */
	wall_ms = wall - 24 * 60 * MINUTE;
	assert_int_equal(left(&confd, "boot-1"), 50 * MINUTE);
	wall_ms = wall + 24 * 60 * MINUTE;
	assert_int_equal(left(&confd, "boot-1"), 50 * MINUTE);
	/* After a reboot it is all there is; a clock that begins in 1970 gives no more than was given. */
	mono_ms = MINUTE;
	wall_ms = wall + 15 * MINUTE;
	assert_int_equal(left(&confd, "boot-2"), 45 * MINUTE);
	wall_ms = wall + 60 * MINUTE;
	assert_int_equal(left(&confd, "boot-2"), 0);
	wall_ms = 5 * MINUTE;
	assert_int_equal(left(&confd, "boot-2"), 60 * MINUTE);
	/* A kernel that does not tell: every start counts as a boot. */
	wall_ms = wall + 15 * MINUTE;
	assert_int_equal(left(&confd, ""), 45 * MINUTE);
	store_close(confd.store);
	(void)snprintf(command, sizeof(command), "%s/patronus.db", dir);
	(void)unlink(command);
	(void)rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_left) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
