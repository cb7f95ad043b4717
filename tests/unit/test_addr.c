/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/addr.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

static void
test_addr_round_trip(void **state)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ "192.0.2.1", "192.0.2.1" }, { "0.0.0.0", "0.0.0.0" }, { "255.255.255.255", "255.255.255.255" },
		{ "2001:DB8::1", "2001:db8::1" }, { "::", "::" }, { "::1", "::1" },
		{ "2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1" },	/* RFC 5952 4.2.3: the first of equal runs */
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },			/* RFC 5952 4.2.2: one zero field stays */
		{ "fe80::", "fe80::" }, { "::ffff:192.0.2.1", "::ffff:192.0.2.1" },
	};
	char buf[ADDR_STRLEN];
	struct addr a, b;
	size_t i;

	(void)state;
	for (i = 0; i < N(t); i++) {
		assert_int_equal(addr_parse(t[i].in, &a), 0);
		assert_string_equal(addr_format(&a, buf, sizeof(buf)), t[i].out);
		assert_int_equal(addr_parse(buf, &b), 0);
		assert_true(addr_equal(&a, &b));
	}
}

static void
test_addr_refused(void **state)
{
	static const char *const bad[] = { "", " 192.0.2.1", "192.0.2.1 ", "192.0.2", "192.0.2.1.1", "192.0.2.256", "192.0.2.01",
	    "0300.0.2.1", "0xc0.0.2.1", "3221225985", "192.0.2.1\n", "2001:db8", "2001:db8:::1", "2001:db8::1::2", "fe80::1%eth0", "[::1]", "12345::",
	    "1:2:3:4:5:6:7:8:9", ":", "::g", "localhost" };
	struct addr a = { 99, { 1 } };
	size_t i;

	(void)state;
	for (i = 0; i < N(bad); i++)
		if (addr_parse(bad[i], &a) == 0)
			fail_msg("accepted \"%s\"", bad[i]);
	assert_int_equal(a.family, 99);
}

static void
test_prefix(void **state)
{
	static const char *const bad[] = { "192.0.2.0", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/08", "192.0.2.0/ 8",
	    "192.0.2.0/24/24", "/24", "2001:db8::/129", "2001:db8::/0x10", "192.0.2.0/255.255.255.0" };
	char buf[PREFIX_STRLEN];
	struct prefix p = { .len = 99 };
	size_t i;

	(void)state;
	for (i = 0; i < N(bad); i++)
		if (prefix_parse(bad[i], &p) == 0)
			fail_msg("accepted \"%s\"", bad[i]);
	assert_int_equal(p.len, 99);
	assert_int_equal(prefix_parse("192.0.2.77/25", &p), 0);
	assert_string_equal(prefix_format(&p, buf, sizeof(buf)), "192.0.2.77/25");
	p = prefix_network(&p);
	assert_string_equal(prefix_format(&p, buf, sizeof(buf)), "192.0.2.0/25");
	assert_int_equal(prefix_parse_host("192.0.2.77", &p), 0);
	assert_int_equal(p.len, 32);
	assert_int_equal(prefix_parse_host("2001:db8::7", &p), 0);
	assert_int_equal(p.len, 128);
	assert_int_equal(prefix_parse_host("192.0.2.77/", &p), -22);
	/* The longest text there is fits. */
	assert_int_equal(prefix_parse("2001:db8:1111:2222:3333:4444:5555:6666/128", &p), 0);
	assert_string_equal(prefix_format(&p, buf, sizeof(buf)), "2001:db8:1111:2222:3333:4444:5555:6666/128");
}

/* Bit by bit, what prefix_network and prefix_contains do byte by byte. */
static bool
reference_contains(const struct prefix *p, const struct addr *a)
{
	unsigned i;

	if (p->addr.family != a->family)
		return false;
	for (i = 0; i < p->len; i++)
		if (((p->addr.bytes[i / 8] ^ a->bytes[i / 8]) >> (7 - i % 8)) & 1)
			return false;
	return true;
}

static void
test_contains_against_reference(void **state)
{
	struct prefix p, in;
	struct addr a;
	unsigned len, bit, max;

	(void)state;
	for (max = 32; max <= 128; max += 96)
		for (len = 0; len <= max; len++) {
			assert_int_equal(addr_parse(max == 32 ? "198.51.100.173" : "2001:db8:a5a5:5a5a:ffff:0:1234:5678", &p.addr), 0);
			p.len = (uint8_t)len;
			for (bit = 0; bit < max; bit++) {
				a = p.addr;
				a.bytes[bit / 8] ^= (uint8_t)(0x80u >> (bit % 8));
				assert_int_equal(prefix_contains(&p, &a), reference_contains(&p, &a));
				in.addr = a;
				in.len = (uint8_t)max;
				assert_int_equal(prefix_covers(&p, &in), reference_contains(&p, &a));
			}
			assert_true(prefix_contains(&p, &p.addr));
		}
}

static void
test_covers(void **state)
{
	struct prefix wide, narrow, six;

	(void)state;
	assert_int_equal(prefix_parse("198.18.0.0/15", &wide), 0);
	assert_int_equal(prefix_parse("198.19.3.0/24", &narrow), 0);
	assert_int_equal(prefix_parse("::/0", &six), 0);
	assert_true(prefix_covers(&wide, &narrow));
	assert_false(prefix_covers(&narrow, &wide));
	assert_true(prefix_covers(&wide, &wide));
	assert_false(prefix_covers(&six, &wide));	/* families never mix, not even for everything */
	assert_false(prefix_contains(&six, &wide.addr));
	assert_true(prefix_equal(&wide, &wide));
	assert_false(prefix_equal(&wide, &narrow));
}

static void
test_mac(void **state)
{
	static const char *const bad[] = { "", "00:11:22:33:44", "00:11:22:33:44:5", "00:11:22:33:44:55:66", "00-11-22-33-44-55",
	    "00:11:22:33:44:5g", "001122334455", "00:11:22:33:44:55 ", "0:11:22:33:44:555" };
	char buf[MAC_STRLEN];
	struct mac m = { { 9 } };
	size_t i;

	(void)state;
	for (i = 0; i < N(bad); i++)
		if (mac_parse(bad[i], &m) == 0)
			fail_msg("accepted \"%s\"", bad[i]);
	assert_int_equal(m.bytes[0], 9);
	assert_int_equal(mac_parse("02:Ab:cD:ef:00:ff", &m), 0);
	assert_string_equal(mac_format(&m, buf, sizeof(buf)), "02:ab:cd:ef:00:ff");
}

static void
test_ports(void **state)
{
	static const char *const bad[] = { "", "-", "80-", "-80", "90-80", "65536", "1-65536", "080", "80 - 90",
	    "80-90-100", "http", "1000000" };
	static const char *const good[] = { "0", "80", "8000-8010", "65535", "1-65535", "10000-65535" };
	char buf[PORTS_STRLEN];
	struct ports p = { 9, 9 };
	size_t i;

	(void)state;
	for (i = 0; i < N(bad); i++)
		if (ports_parse(bad[i], &p) == 0)
			fail_msg("accepted \"%s\"", bad[i]);
	assert_int_equal(p.low, 9);
	for (i = 0; i < N(good); i++) {
		assert_int_equal(ports_parse(good[i], &p), 0);
		assert_string_equal(ports_format(&p, buf, sizeof(buf)), good[i]);
	}
	assert_int_equal(ports_parse("80-80", &p), 0);
	assert_string_equal(ports_format(&p, buf, sizeof(buf)), "80");
}

static void
test_rate(void **state)
{
	static const char *const bad[] = { "", "/", "5", "5/", "/second", "0/second", "5/seconds", "5/ second", "5 /second", "05/second",
	    "4294967296/second", "-1/day", "5/week" };
	static const char *const good[] = { "1/second", "5/minute", "100/hour", "4294967295/day" };
	char buf[32];
	struct rate r = { 9, 9 };
	size_t i;

	(void)state;
	for (i = 0; i < N(bad); i++)
		if (rate_parse(bad[i], &r) == 0)
			fail_msg("accepted \"%s\"", bad[i]);
	assert_int_equal(r.count, 9);
	for (i = 0; i < N(good); i++) {
		assert_int_equal(rate_parse(good[i], &r), 0);
		assert_string_equal(rate_format(&r, buf, sizeof(buf)), good[i]);
	}
}

static void
test_none(void **state)
{
	struct addr none = { 0 }, v4;
	char buf[ADDR_STRLEN] = "x";

	(void)state;
	assert_int_equal(addr_parse("0.0.0.0", &v4), 0);
	assert_int_equal(addr_len(&none), 0);
	assert_false(addr_equal(&none, &v4));
	assert_string_equal(addr_format(&none, buf, sizeof(buf)), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addr_round_trip),
		cmocka_unit_test(test_addr_refused),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_contains_against_reference),
		cmocka_unit_test(test_covers),
		cmocka_unit_test(test_mac),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
