/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "actual.h"
#include "before.h"
#include "memory.h"

static struct link links[] = {
	{ .index = 2, .name = "eth0", .mtu = 1500 },
	{ .index = 3, .name = "eth1", .mtu = 1400, .flags = IFF_UP },
};
static const struct actual actual = { .links = links, .nlinks = 2 };

static int
parse(struct memory *m, const char *text)
{
	return before_parse(m, &actual, text, strlen(text));
}

static void
print_and_parse(void **state)
{
	struct memory *m = memory_new(), *again = memory_new();
	bool was_without_ipv6;
	uint32_t index;
	struct buf b;

	(void)state;
	buf_init(&b, BEFORE_MAX);
	memory_mtu_before(m, 3, 1500);
	memory_mtu_before(m, 9, 1500);		/* its link is gone */
	memory_port_add(m, 3, true);
	memory_port_add(m, 9, false);
	memory_text_set(m, MEMORY_RESOLV_CONF_BEFORE, "nameserver 192.0.2.53\nmtu 3 eth1 9\n");
	before_print(m, &actual, &b);
	buf_putc(&b, '\0');
	assert_false(buf_failed(&b));
	assert_string_equal((const char *)b.data, "mtu 3 eth1 1500\nport 3 eth1 1\nresolv.conf\nnameserver 192.0.2.53\nmtu 3 eth1 9\n");
	memory_text_set(again, MEMORY_RESOLV_CONF, "ours\n");
	assert_int_equal(parse(again, (const char *)b.data), 0);
	assert_int_equal(memory_mtu_get(again, 3), 1500);
	assert_true(memory_port_get(again, 0, &index, &was_without_ipv6));
	assert_true(index == 3 && was_without_ipv6);
	assert_false(memory_port_get(again, 1, &index, &was_without_ipv6));
	assert_string_equal(memory_text_get(again, MEMORY_RESOLV_CONF_BEFORE), "nameserver 192.0.2.53\nmtu 3 eth1 9\n");
	buf_fini(&b);
	memory_free(again);
	memory_free(m);
}

/* What was written down for a change that was not made, for another link, or for a file that is not ours, is not taken. */
static void
what_no_longer_holds(void **state)
{
	struct memory *m = memory_new();

	(void)state;
	assert_int_equal(parse(m, "mtu 2 eth0 1500\nmtu 3 eth7 1500\nmtu 4 eth4 1500\nport 2 eth0 0\nport 3 eth7 0\nresolv.conf\nnameserver 192.0.2.53\n"), 0);
	assert_int_equal(memory_mtu_get(m, 2), 0);
	assert_int_equal(memory_mtu_get(m, 3), 0);
	assert_int_equal(memory_mtu_get(m, 4), 0);
	assert_false(memory_port_has(m, 2) || memory_port_has(m, 3));
	assert_null(memory_text_get(m, MEMORY_RESOLV_CONF_BEFORE));
	assert_int_equal(parse(m, ""), 0);
	memory_free(m);
}

static void
no_file_at_all_is_known_too(void **state)
{
	struct memory *m = memory_new();

	(void)state;
	memory_text_set(m, MEMORY_RESOLV_CONF, "ours\n");
	assert_int_equal(parse(m, "resolv.conf\n"), 0);
	assert_string_equal(memory_text_get(m, MEMORY_RESOLV_CONF_BEFORE), "");
	memory_free(m);
}

static void
damaged(void **state)
{
	static const char *const texts[] = {
		"mtu 3 eth1 1500", "mtu 3 eth1\n", "mtu 3 eth1 1500 more\n", "mtu x eth1 1500\n", "mtu 3 eth1 0\n", "mtu 0 eth1 1500\n",
		"mtu 3 eth1 99999999999\n", "\n", "ntu 3 eth1 1500\n", "port 3 eth1 2\n", "port 3 eth1\n",
		"resolv.conf", "mtu 3 eth1 1500                                    "
		"                                              \n", "mtu -3 eth1 1500\n"
	};
	struct memory *m = memory_new();
	size_t i;

	(void)state;
	memory_text_set(m, MEMORY_RESOLV_CONF, "ours\n");
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(parse(m, texts[i]), -EPROTO);
		assert_int_equal(memory_mtu_get(m, 3), 0);
	}
	assert_int_equal(before_parse(m, &actual, "resolv.conf\na\0b", 15), -EPROTO);
	assert_null(memory_text_get(m, MEMORY_RESOLV_CONF_BEFORE));
	memory_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(print_and_parse),
		cmocka_unit_test(what_no_longer_holds),
		cmocka_unit_test(no_file_at_all_is_known_too),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
