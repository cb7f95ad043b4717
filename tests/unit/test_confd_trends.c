/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "conf/generated.h"
#include "patronus-confd/machine.h"
#include "patronus-confd/trends.h"

/* What the box remembers of the last minutes, and what it reads of itself. */

#define START	1000020000ull		/* some monotonic time, at the begin of a minute */

static struct arena *arena;
static struct trends *ts;

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(16u << 20);
	ts = trends_new();
	return (arena == NULL || ts == NULL);
}

static int
teardown(void **state)
{
	(void)state;
	trends_free(ts);
	arena_free(arena);
	return (0);
}

static const struct state_series *
tell(const char *name, unsigned step, uint64_t now_ms)
{
	static struct state_history h;
	uint32_t i;

	assert_int_equal(trends_tell(ts, step, now_ms, arena, &h), 0);
	assert_int_equal(h.step, step);
	for (i = 0; i < h.series.n; i++)
		if (strcmp(h.series.items[i].name, name) == 0)
			return (&h.series.items[i]);
	return (NULL);
}

static void
test_seconds(void **state)
{
	const struct state_series *s;
	uint64_t i;

	(void)state;
	for (i = 0; i < 5; i++)
		trends_put(ts, "memory", "", START + i * 1000, (double)(100 + i));
	s = tell("memory", 1, START + 5000);
	assert_int_equal(s->values.n, 5);
	assert_null(s->interface);
	for (i = 0; i < 5; i++)
		assert_int_equal(s->values.items[i], 100 + i);
	/* A second that has just begun has no value yet; one that nothing came in had none. */
	assert_int_equal(tell("memory", 1, START + 4999)->values.n, 4);
	s = tell("memory", 1, START + 8000);
	assert_int_equal(s->values.n, 8);
	assert_int_equal(s->values.items[6], 104);
	assert_int_equal(s->values.items[7], 0);
	/* What comes after some missed seconds stands for them too. */
	trends_put(ts, "memory", "", START + 8000, 50);
	s = tell("memory", 1, START + 9000);
	assert_int_equal(s->values.n, 9);
	assert_int_equal(s->values.items[5], 50);
	assert_int_equal(s->values.items[8], 50);
}

static void
test_ring(void **state)
{
	const struct state_series *s;
	uint64_t i;

	(void)state;
	for (i = 0; i < 100000; i++)
		trends_put(ts, "cpu", "", START + i * 1000, (double)(i % 60));
	s = tell("cpu", 1, START + i * 1000);
	assert_int_equal(s->values.n, TRENDS_SECONDS);
	assert_int_equal(s->values.items[TRENDS_SECONDS - 1], (i - 1) % 60);
	assert_int_equal(s->values.items[0], (i - TRENDS_SECONDS) % 60);
	s = tell("cpu", 60, START + i * 1000);
	assert_int_equal(s->values.n, TRENDS_MINUTES);
	/* The mean of 0 to 59. */
	for (i = 0; i < TRENDS_MINUTES; i++)
		assert_int_equal(s->values.items[i], 29);
	/* A sleep of three days is a new beginning. */
	trends_put(ts, "cpu", "", START + 400000ull * 1000, 7);
	assert_int_equal(tell("cpu", 1, START + 400001ull * 1000)->values.n, 1);
}

static void
interfaces(const char *name, uint64_t ms, uint64_t rx)
{
	struct event_interface item = { .name = name, .rx_bytes = rx, .tx_bytes = rx / 2, .link_up = true };
	struct event_interfaces e = { .interfaces = { .items = &item, .n = 1 } };

	trends_put_interfaces(ts, &e, ms);
}

static void
test_rates(void **state)
{
	const struct state_series *s;

	(void)state;
	interfaces("wan", START, 5000);
	assert_null(tell("rx", 1, START + 1000));	/* one counter is no rate */
	interfaces("wan", START + 1000, 6000);
	interfaces("wan", START + 3000, 10000);		/* two seconds */
	s = tell("rx", 1, START + 4000);
	assert_string_equal(s->interface, "wan");
	assert_int_equal(s->values.n, 3);
	assert_int_equal(s->values.items[0], 1000);
	assert_int_equal(s->values.items[1], 2000);
	assert_int_equal(s->values.items[2], 2000);
	assert_int_equal(tell("tx", 1, START + 4000)->values.items[2], 1000);
	/* Made anew: the counter begins at 0, and nothing is a spike. */
	interfaces("wan", START + 4000, 10);
	interfaces("wan", START + 5000, 30);
	s = tell("rx", 1, START + 6000);
	assert_int_equal(s->values.items[s->values.n - 1], 20);
	/* It was away for a minute. */
	interfaces("wan", START + 65000, 600030);
	s = tell("rx", 1, START + 66000);
	assert_int_equal(s->values.items[s->values.n - 2], 0);
	interfaces("", START + 66000, 1);
	interfaces("", START + 67000, 100000);
	assert_string_equal(tell("rx", 1, START + 68000)->interface, "wan");
}

static void
test_bound(void **state)
{
	struct state_history h;
	char name[32];
	unsigned i;

	(void)state;
	for (i = 0; i < TRENDS_MAX * 2; i++) {
		(void)snprintf(name, sizeof(name), "vlan%u", i);
		trends_put(ts, "rx", name, START, 1);
	}
	assert_int_equal(trends_tell(ts, 1, START + 1000, arena, &h), 0);
	assert_int_equal(h.series.n, TRENDS_MAX);
}

static bool
processors(struct machine *m, const char *text)
{
	return (machine_read_processors(m, text, strlen(text)));
}

static void
test_processors(void **state)
{
	struct machine m = { 0 };

	(void)state;
	assert_true(processors(&m, "cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 50 0 50 350 50 0 0 0\ncpu1 50 0 50 350 50 0 0 0\nintr 1 2 3\n"));
	assert_false(m.has_cpu);
	assert_int_equal(m.processors, 2);
	assert_true(processors(&m, "cpu  120 0 130 800 150 0 0 0 0 0\ncpu0 1 1 1 1 1\n"));
	assert_true(m.has_cpu);
	assert_int_equal(m.cpu_permille, 250);		/* 50 of 200 */
	/* Idle goes back: nothing is said. */
	assert_true(processors(&m, "cpu  121 0 130 700 150 0 0 0\n"));
	assert_false(m.has_cpu);
	assert_false(processors(&m, "cpux 1 2 3 4 5\n"));
	assert_false(processors(&m, "cpu  1 2 3\n"));
	assert_false(processors(&m, ""));
	assert_true(processors(&m, "cpu  99999999999999999999999999 0 0 0 0"));
}

static void
test_memory(void **state)
{
	const char *text = "MemTotal:        1000 kB\nMemFree:          100 kB\nMemAvailable:     400 kB\n";
	struct machine m = { 0 };

	(void)state;
	assert_true(machine_read_memory(&m, text, strlen(text)));
	assert_int_equal(m.memory_total, 1000 * 1024);
	assert_int_equal(m.memory_used, 600 * 1024);
	text = "MemTotal:        1000 kB\nMemAvailable:     4000 kB\n";
	assert_false(machine_read_memory(&m, text, strlen(text)));
	assert_false(machine_read_memory(&m, "MemTotal:", 9));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_seconds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ring, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rates, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bound, setup, teardown),
		cmocka_unit_test(test_processors),
		cmocka_unit_test(test_memory),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
