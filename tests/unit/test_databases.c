/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Databases of countries: both formats, what is damaged, and all of the one that Debian packages against a slow search. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "net/addr.h"
#include "net/addrdb.h"

#include "dbtext.h"

#define LOOKUPS	100000

static const char *corpus;

static uint8_t *
read_file(const char *path, size_t *ret_len)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data;
	long len;

	if (f == NULL)
		return (NULL);
	(void)fseek(f, 0, SEEK_END);
	len = ftell(f);
	rewind(f);
	assert_true(len >= 0);
	data = malloc((size_t)len + 1);
	assert_non_null(data);
	assert_int_equal(fread(data, 1, (size_t)len, f), len);
	(void)fclose(f);
	*ret_len = (size_t)len;
	return (data);
}

static enum addrdb_kind kind;		/* that the test at hand is about */

static int
systems(void **state)
{
	(void)state;
	kind = ADDRDB_SYSTEMS;
	return (0);
}

static int
countries(void **state)
{
	(void)state;
	kind = ADDRDB_COUNTRIES;
	return (0);
}

/* "192.0.2.1-192.0.2.3=DE 2001:db8::-2001:db8::1=FR of 3 bad 1 first 2" */
static const char *
describe(const uint8_t *data, size_t data_len, struct buf *out)
{
	char lo[INET6_ADDRSTRLEN], hi[INET6_ADDRSTRLEN];
	struct dbtext t;
	struct buf b;
	uint32_t i;

	buf_init(&b, 0);
	buf_reset(out);
	dbtext_pack(kind, data, data_len, &b);
	assert_int_equal(dbtext_unpack(kind, b.data, b.len, &t), 0);
	for (i = 0; i < t.db.n4 + t.db.n6; i++) {
		bool is_v4 = i < t.db.n4;
		unsigned len = is_v4 ? 4 : 16, size = 2 * len + (kind == ADDRDB_SYSTEMS ? 4 : 2);
		const uint8_t *p = is_v4 ? t.db.v4 + (size_t)i * size : t.db.v6 + (size_t)(i - t.db.n4) * size;

		buf_printf(out, "%s-%s=", inet_ntop(is_v4 ? AF_INET : AF_INET6, p, lo, sizeof(lo)),
		    inet_ntop(is_v4 ? AF_INET : AF_INET6, p + len, hi, sizeof(hi)));
		p += (size_t)2 * len;
		if (kind == ADDRDB_SYSTEMS)
			buf_printf(out, "%u ", (unsigned)p[0] << 24 | (unsigned)p[1] << 16 | (unsigned)p[2] << 8 | p[3]);
		else
			buf_printf(out, "%.2s ", p);
	}
	buf_printf(out, "of %u bad %u first %u", t.nlines, t.nbad, t.first_bad);
	buf_putc(out, '\0');
	buf_fini(&b);
	return ((const char *)out->data);
}

struct lines {
	const char	*text;
	const char	*want;
};

static void
assert_lines(const struct lines *cases, size_t n)
{
	struct buf out;
	size_t i;

	buf_init(&out, 0);
	for (i = 0; i < n; i++)
		assert_string_equal(describe((const uint8_t *)cases[i].text, strlen(cases[i].text), &out), cases[i].want);
	buf_fini(&out);
}

static void
lines_are_read(void **state)
{
	static const struct lines cases[] = {
		{ "", "of 0 bad 0 first 0" },
		{ "# a\n\n", "of 0 bad 0 first 0" },
		{ "3325256704,3325256959,DE\r\n", "198.51.100.0-198.51.100.255=DE of 1 bad 0 first 0" },
		{ "203.0.113.9,203.0.113.9,NO\n192.0.2.0,192.0.2.1,DE", "192.0.2.0-192.0.2.1=DE 203.0.113.9-203.0.113.9=NO of 2 bad 0 first 0" },
		{ "192.0.2.0,192.0.2.1,DE\n192.0.2.2,192.0.2.2,DE\n192.0.2.3,192.0.2.3,FR",
		    "192.0.2.0-192.0.2.2=DE 192.0.2.3-192.0.2.3=FR of 3 bad 0 first 0" },
		{ "2001:db8::,2001:db8::ff,DE\n", "2001:db8::-2001:db8::ff=DE of 1 bad 0 first 0" },
		{ "192.0.2.0,192.0.2.1,??\n192.0.2.4,192.0.2.5,ZZ\n", "of 2 bad 0 first 0" },
		/* The one that begins later is left out. */
		{ "192.0.2.0,192.0.2.9,DE\n192.0.2.5,192.0.2.12,FR\n", "192.0.2.0-192.0.2.9=DE of 2 bad 1 first 0" },
		{ "192.0.2.9,192.0.2.0,DE\n1,2\n1,2,D\n1,2,de\n1,::,DE\n,,DE\n1,4294967296,DE\n0,0,A1", "0.0.0.0-0.0.0.0=A1 of 8 bad 7 first 1" },
		{ "255.255.255.254,255.255.255.255,DE\n0.0.0.0,0.0.0.0,DE", "0.0.0.0-0.0.0.0=DE 255.255.255.254-255.255.255.255=DE of 2 bad 0 first 0" },
	};

	(void)state;
	assert_lines(cases, sizeof(cases) / sizeof(cases[0]));
}

static void
lines_of_systems_are_read(void **state)
{
	static const struct lines cases[] = {
		{ "3325256704,3325256959,64496\n", "198.51.100.0-198.51.100.255=64496 of 1 bad 0 first 0" },
		{ "192.0.2.0,192.0.2.1,AS64496,Example, Inc.\n2001:db8::,2001:db8::ff,65551\r\n",
		    "192.0.2.0-192.0.2.1=64496 2001:db8::-2001:db8::ff=65551 of 2 bad 0 first 0" },
		/* As iptoasn.com has it: 0 is not routed. */
		{ "192.0.2.0\t192.0.2.255\t64496\tDE\tEXAMPLE, - An Example\n192.0.3.0\t192.0.3.255\t0\tNone\tNot routed\n",
		    "192.0.2.0-192.0.2.255=64496 of 2 bad 0 first 0" },
		/* And as MaxMind's CSV. */
		{ "network,autonomous_system_number,autonomous_system_organization\n192.0.2.0/25,64496,\"Example, Inc.\"\n2001:db8::/127,4294967294,\"x\"\n",
		    "192.0.2.0-192.0.2.127=64496 2001:db8::-2001:db8::1=4294967294 of 2 bad 0 first 0" },
		{ "192.0.2.0/24,64496\n192.0.3.0/24,64496\n0.0.0.0/0,64497", "0.0.0.0-255.255.255.255=64497 of 3 bad 1 first 0" },
		{ "192.0.2.0/24,64496\n192.0.3.0/24,64496", "192.0.2.0-192.0.3.255=64496 of 2 bad 0 first 0" },
		{ "192.0.2.0/24,4294967295\n192.0.2.0/24,4294967296\n192.0.2.0/24,AS\n192.0.2.0/24,DE\n192.0.2.0/24\n192.0.2.0/33,1\n192.0.2.0,1\n/,1\n"
		    "192.0.2.9,192.0.2.0,1\n192.0.2.0/24,-1\n", "of 10 bad 10 first 1" },
		/* A country's is no system's. */
		{ "192.0.2.0,192.0.2.1,DE\n", "of 1 bad 1 first 1" },
	};

	(void)state;
	assert_lines(cases, sizeof(cases) / sizeof(cases[0]));
}

static void
numbers_of_systems(void **state)
{
	static const char *const bad[] = { "", "AS", "0", "AS0", "4294967295", "-1", "as1", "1.10", "AS 1", "01" };
	uint8_t value[4];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(addrdb_system_parse(bad[i], value));
	assert_true(addrdb_system_parse("AS4294967294", value));
	assert_int_equal(addrdb_system_number(value), 4294967294u);
	assert_true(addrdb_system_parse("64496", value));
	assert_memory_equal(value, "\0\0\xfb\xf0", 4);
}

static uint8_t *
read_mmdb(const char *name, size_t *ret_len)
{
	char path[512];
	uint8_t *data;

	(void)snprintf(path, sizeof(path), "%s/%s", corpus, name);
	data = read_file(path, ret_len);
	assert_non_null(data);
	return (data);
}

/* Written by libmaxmind-db-writer-perl: 24 bits without IPv6, 28 and 32 with IPv4 inside IPv6 and the usual aliases of it. */
static void
trees_are_read(void **state)
{
	static const char v4[] = "192.0.2.77-192.0.2.77=DE 198.18.0.0-198.19.127.255=FR 198.51.100.0-198.51.100.255=DE "
	    "203.0.113.0-203.0.113.127=FR 203.0.113.128-203.0.113.191=NO ";
	static const char v6[] = "2001:db8::-2001:db8:0:ffff:ffff:ffff:ffff:ffff=DE 2001:db8:1::-2001:db8:1:7fff:ffff:ffff:ffff:ffff=FR "
	    "2001:db8:f000::1-2001:db8:f000::1=NO ";
	static const char *const names[] = { "t4-24.mmdb", "t6-28.mmdb", "t6-32.mmdb" };
	char want[512];
	struct buf out;
	uint8_t *data;
	size_t len, i;

	(void)state;
	buf_init(&out, 0);
	for (i = 0; i < 3; i++) {
		data = read_mmdb(names[i], &len);
		(void)snprintf(want, sizeof(want), "%s%sof %u bad 0 first 0", v4, i > 0 ? v6 : "", i > 0 ? 8 : 5);
		assert_string_equal(describe(data, len, &out), want);
		free(data);
	}
	buf_fini(&out);
}

/* as6-28.mmdb: numbers as MaxMind's; asn6-24.mmdb: as text, under the other name. */
static void
trees_of_systems_are_read(void **state)
{
	static const char *const names[] = { "as6-28.mmdb", "asn6-24.mmdb" };
	struct buf out;
	uint8_t *data;
	size_t len, i;

	(void)state;
	buf_init(&out, 0);
	for (i = 0; i < 2; i++) {
		data = read_mmdb(names[i], &len);
		assert_string_equal(describe(data, len, &out), "198.51.100.0-198.51.100.255=64496 203.0.113.0-203.0.113.127=65551 "
		    "203.0.113.128-203.0.113.255=4200000000 2001:db8::-2001:db8:0:ffff:ffff:ffff:ffff:ffff=64496 of 4 bad 0 first 0");
		kind = ADDRDB_COUNTRIES;	/* and nothing of a country in it */
		assert_string_equal(describe(data, len, &out), "of 0 bad 0 first 0");
		kind = ADDRDB_SYSTEMS;
		free(data);
	}
	buf_fini(&out);
}

/* Each byte changed, each length: read or refused, and what comes of it is sound (describe() asks); memory is the sanitizer's to judge. */
static void
damage_is_refused_or_harmless(void **state)
{
	uint8_t *data, *copy;
	size_t len, i;
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	data = read_mmdb(kind == ADDRDB_SYSTEMS ? "as6-28.mmdb" : "t6-28.mmdb", &len);
	for (i = 0; i < len; i++) {
		static const uint8_t by[] = { 0x01, 0x80, 0xff };
		unsigned k;

		for (k = 0; k < sizeof(by); k++) {
			data[i] ^= by[k];
			(void)describe(data, len, &out);
			data[i] ^= by[k];
		}
		copy = malloc(i + 1);
		assert_non_null(copy);
		memcpy(copy, data, i);
		(void)describe(copy, i, &out);
		free(copy);
	}
	/* A root that leads to itself: no endless walk, and nothing is taken of it. */
	memset(data, 0, 7);
	assert_string_equal(describe(data, len, &out), "of 0 bad 0 first 0");
	free(data);
	data = read_mmdb("t4-24.mmdb", &len);
	memset(data, 0, 6);
	assert_string_equal(describe(data, len, &out), "of 1 bad 1 first 0");
	free(data);
	buf_fini(&out);
}

static void
answers_are_not_believed(void **state)
{
	static const char text[] = "192.0.2.0,192.0.2.1,DE\n192.0.2.8,192.0.2.9,FR\n2001:db8::,2001:db8::1,DE";
	struct dbtext t;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 0);
	dbtext_pack(kind, (const uint8_t *)text, strlen(text), &b);
	assert_int_equal(dbtext_unpack(kind, b.data, b.len, &t), 0);
	for (i = 0; i < b.len; i++)
		assert_int_equal(dbtext_unpack(kind, b.data, i, &t), -EPROTO);
	b.data[20] ^= 0x3f;		/* the first range ends before it begins */
	assert_int_equal(dbtext_unpack(kind, b.data, b.len, &t), -EPROTO);
	b.data[20] ^= 0x3f;
	b.data[20 + 3] = 9;
	assert_int_equal(dbtext_unpack(kind, b.data, b.len, &t), -EPROTO);
	b.data[20 + 3] = 0;
	b.data[20 + 7] = 8;		/* it ends in the next one */
	assert_int_equal(dbtext_unpack(kind, b.data, b.len, &t), -EPROTO);
	b.data[20 + 7] = 1;
	b.data[20 + 8] = 'd';
	assert_int_equal(dbtext_unpack(kind, b.data, b.len, &t), -EPROTO);
	b.data[20 + 8] = 'D';
	assert_int_equal(dbtext_unpack(kind, b.data, b.len, &t), 0);
	buf_fini(&b);
}

/* One line of the package's files, by code that shares nothing with the reader. */
struct line {
	uint8_t	lo[16];
	uint8_t	hi[16];
	char	code[3];
};

static struct line *
slow_lines(const char *text, size_t len, unsigned addr_len, uint32_t *ret_n)
{
	char *copy = malloc(len + 1), *save = NULL, *at;
	struct line *all = NULL;
	uint32_t n = 0, cap = 0;

	assert_non_null(copy);
	memcpy(copy, text, len);
	copy[len] = '\0';
	for (at = strtok_r(copy, "\n", &save); at != NULL; at = strtok_r(NULL, "\n", &save)) {
		char *lo = at, *hi = strchr(at, ','), *code = strrchr(at, ',');
		uint32_t first, last;

		if (at[0] == '#' || hi == NULL || hi == code || strlen(code) < 3)
			continue;
		*hi++ = *code++ = '\0';
		if (n == cap)
			all = reallocarray(all, cap = cap * 2 + 1024, sizeof(*all));
		assert_non_null(all);
		memset(&all[n], 0, sizeof(all[n]));
		if (addr_len == 4) {
			first = htonl((uint32_t)strtoul(lo, NULL, 10));
			last = htonl((uint32_t)strtoul(hi, NULL, 10));
			memcpy(all[n].lo, &first, 4);
			memcpy(all[n].hi, &last, 4);
		} else {
			assert_int_equal(inet_pton(AF_INET6, lo, all[n].lo) + inet_pton(AF_INET6, hi, all[n].hi), 2);
		}
		memcpy(all[n++].code, code, 2);
	}
	free(copy);
	*ret_n = n;
	return (all);
}

/* From the line at *at on; addresses and lines are sorted.  NULL: nobody knows. */
static const char *
slow_find(const struct line *all, uint32_t n, uint32_t *at, const struct addr *a)
{
	unsigned len = addr_len(a);

	while (*at < n && memcmp(all[*at].hi, a->bytes, len) < 0)
		++*at;
	if (*at == n || memcmp(all[*at].lo, a->bytes, len) > 0)
		return (NULL);
	return (strcmp(all[*at].code, "??") == 0 || strcmp(all[*at].code, "ZZ") == 0 ? NULL : all[*at].code);
}

static int
order(const void *a, const void *b)
{
	return (memcmp(a, b, sizeof(struct addr)));
}

/* Half at random, half at the edges of ranges, where an error of one would show. */
static void
some_address(const struct line *all, uint32_t n, uint8_t family, struct addr *ret)
{
	const struct line *l = &all[(uint32_t)random() % n];
	unsigned i, len = family == ADDR_V4 ? 4 : 16, how = (unsigned)random() % 4;

	*ret = (struct addr){ .family = family };
	if (how < 2) {
		memcpy(ret->bytes, how == 0 ? l->lo : l->hi, len);
		ret->bytes[len - 1] = (uint8_t)(ret->bytes[len - 1] + (unsigned)random() % 3 - 1);
		return;
	}
	memcpy(ret->bytes, l->lo, len);
	for (i = how == 2 ? 0 : 2; i < len; i++)
		ret->bytes[i] = i == 0 && len == 16 ? 0x20 : (uint8_t)random();
}

static unsigned
compare(const struct addrdb *c, const struct line *all, uint32_t n, uint8_t family)
{
	struct addr *a = calloc(LOOKUPS, sizeof(*a));
	const uint8_t *fast;
	const char *slow;
	unsigned i, known = 0;
	uint32_t at = 0;

	assert_non_null(a);
	for (i = 0; i < LOOKUPS; i++)
		some_address(all, n, family, &a[i]);
	qsort(a, LOOKUPS, sizeof(*a), order);
	for (i = 0; i < LOOKUPS; i++) {
		fast = addrdb_find(c, &a[i]);
		slow = slow_find(all, n, &at, &a[i]);
		assert_int_equal(fast == NULL, slow == NULL);
		if (fast != NULL)
			assert_memory_equal(fast, slow, 2);
		known += fast != NULL;
	}
	free(a);
	return (known);
}

static void
the_packaged_database(void **state)
{
	static const struct {
		const char	*path;
		uint8_t		 family;
	} files[] = { { "/usr/share/tor/geoip", ADDR_V4 }, { "/usr/share/tor/geoip6", ADDR_V6 } };
	unsigned f, i;

	(void)state;
	srandom(4711);
	for (f = 0; f < 2; f++) {
		struct dbtext t;
		struct line *all;
		struct buf b;
		uint32_t n;
		size_t len;
		uint8_t *data = read_file(files[f].path, &len);

		assert_non_null(data);
		buf_init(&b, 0);
		dbtext_pack(kind, data, len, &b);
		assert_int_equal(dbtext_unpack(kind, b.data, b.len, &t), 0);
		all = slow_lines((const char *)data, len, files[f].family == ADDR_V4 ? 4 : 16, &n);
		assert_int_equal(t.nbad, 0);
		assert_int_equal(t.nlines, n);
		assert_true(n > 100000);
		for (i = 1; i < n; i++)
			assert_true(memcmp(all[i - 1].hi, all[i].lo, 16) < 0);
		assert_true(compare(&t.db, all, n, files[f].family) > LOOKUPS / 4);
		free(all);
		free(data);
		buf_fini(&b);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lines_are_read, countries),
		cmocka_unit_test_setup(trees_are_read, countries),
		cmocka_unit_test_setup(damage_is_refused_or_harmless, countries),
		cmocka_unit_test_setup(answers_are_not_believed, countries),
		cmocka_unit_test_setup(the_packaged_database, countries),
		cmocka_unit_test_setup(lines_of_systems_are_read, systems),
		cmocka_unit_test(numbers_of_systems),
		cmocka_unit_test_setup(trees_of_systems_are_read, systems),
		cmocka_unit_test_setup(damage_is_refused_or_harmless, systems),
	};

	if (argc != 2)
		return (2);
	corpus = argv[1];
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
