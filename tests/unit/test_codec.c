/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "ipc/codec.h"
#include "ipc/codec_marks.h"
#include "msg_random.h"
#include "net/addr.h"

/* A record with every kind, so that nothing depends on which kinds the messages of today use. */
struct inner {
	uint8_t		 number;
	const char	*name;
};

struct all {
	uint8_t		 u8;
	uint16_t	 u16;
	uint32_t	 u32;
	uint64_t	 u64;
	int64_t		 i64;
	bool		 is;
	uint8_t		 choice;
	const char	*text;
	const char	*maybe;
	struct bytes	 bytes;
	struct addr	 addr;
	struct addr	 maybe_addr;
	struct prefix	 prefix;
	struct mac	 mac;
	struct ports	 ports;
	struct rate	 rate;
	bool		 has_level;
	uint32_t	 level;
	struct inner	*inner;
	struct { struct inner *items; uint32_t n; } inners;
	struct { const char **items; uint32_t n; } names;
	struct { struct ports *items; uint32_t n; } services;
	struct { uint8_t *items; uint32_t n; } choices;
	uint8_t		 maybe_choice;
	struct rate	 maybe_rate;
};

static const struct field inner_fields[] = {
	{ "number", FIELD_U8, 0, 0, offsetof(struct inner, number), FIELD_NO_HAS, 100, 0, NULL, NULL },
	{ "name", FIELD_STRING, 0, FIELD_KEY, offsetof(struct inner, name), FIELD_NO_HAS, 8, 0, NULL, NULL },
};
static const struct record inner_record = { "inner", sizeof(struct inner), 2, inner_fields };

#define AT(m)	offsetof(struct all, m), FIELD_NO_HAS
static const struct field all_fields[] = {
	{ "u8", FIELD_U8, 0, 0, AT(u8), 0, 0, NULL, NULL },
	{ "u16", FIELD_U16, 0, 0, AT(u16), 9000, 0, NULL, NULL },
	{ "u32", FIELD_U32, 0, 0, AT(u32), 0, 0, NULL, NULL },
	{ "u64", FIELD_U64, 0, 0, AT(u64), 0, 0, NULL, NULL },
	{ "i64", FIELD_I64, 0, 0, AT(i64), 0, 0, NULL, NULL },
	{ "is", FIELD_BOOL, 0, 0, AT(is), 0, 0, NULL, NULL },
	{ "choice", FIELD_ENUM, 0, 0, AT(choice), 3, 0, NULL, NULL },
	{ "text", FIELD_STRING, 0, 0, AT(text), 10, 0, NULL, NULL },
	{ "maybe", FIELD_STRING, 0, FIELD_OPTIONAL, AT(maybe), 10, 0, NULL, NULL },
	{ "bytes", FIELD_BYTES, 0, 0, AT(bytes), 20, 0, NULL, NULL },
	{ "addr", FIELD_ADDR, 0, 0, AT(addr), 0, 0, NULL, NULL },
	{ "maybe-addr", FIELD_ADDR, 0, FIELD_OPTIONAL, AT(maybe_addr), 0, 0, NULL, NULL },
	{ "prefix", FIELD_PREFIX, 0, 0, AT(prefix), 0, 0, NULL, NULL },
	{ "mac", FIELD_MAC, 0, 0, AT(mac), 0, 0, NULL, NULL },
	{ "ports", FIELD_PORTS, 0, 0, AT(ports), 0, 0, NULL, NULL },
	{ "rate", FIELD_RATE, 0, 0, AT(rate), 0, 0, NULL, NULL },
	{ "level", FIELD_U32, 0, FIELD_OPTIONAL, offsetof(struct all, level), offsetof(struct all, has_level), 7, 0, NULL, NULL },
	{ "inner", FIELD_RECORD, 0, FIELD_OPTIONAL, AT(inner), 0, 0, &inner_record, NULL },
	{ "inners", FIELD_LIST, FIELD_RECORD, FIELD_ORDERED, AT(inners), 5, 0, &inner_record, NULL },
	{ "names", FIELD_LIST, FIELD_STRING, 0, AT(names), 6, 4, NULL, NULL },
	{ "services", FIELD_LIST, FIELD_PORTS, 0, AT(services), 6, 0, NULL, NULL },
	{ "choices", FIELD_LIST, FIELD_ENUM, 0, AT(choices), 6, 3, NULL, NULL },
	{ "maybe-choice", FIELD_ENUM, 0, FIELD_OPTIONAL, AT(maybe_choice), 3, 0, NULL, NULL },
	{ "maybe-rate", FIELD_RATE, 0, FIELD_OPTIONAL, AT(maybe_rate), 0, 0, NULL, NULL },
};
static const struct record all_record = { "all", sizeof(struct all), sizeof(all_fields) / sizeof(all_fields[0]), all_fields };

/* decode(data) and encode again must give data back: there is one encoding of each value. */
static void
assert_canonical(const struct record *r, const void *body, const uint8_t *data, size_t len)
{
	struct codec_error err;
	uint8_t *again;
	size_t again_len;

	if (codec_encode(r, body, 0, &again, &again_len, &err) != 0)
		fail_msg("%s: decoded, but cannot be encoded: %s: %s", r->name, err.path, err.reason);
	if (again_len != len || memcmp(again, data, len) != 0)
		fail_msg("%s: %zu bytes decoded, %zu other bytes encoded", r->name, len, again_len);
	free(again);
}

/* A copy that ends where its allocation ends: reading one byte too far is seen by the sanitizer. */
static int
decode_tight(const struct record *r, const uint8_t *data, size_t len, struct arena *a, void **ret, struct codec_error *err)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	int error;

	assert_non_null(copy);
	if (len > 0)
		memcpy(copy, data, len);
	error = codec_decode(r, copy, len, a, ret, err);
	if (len > 0)
		memset(copy, 0xee, len);	/* what was decoded must not point into it */
	free(copy);
	return error;
}

/* Each item that is marked is the whole record between two marks, and the first record of all that stands behind it. */
static void
check_marks(uint64_t seed)
{
	static const struct record *const recs[] = { &all_record, &inner_record, NULL };
	struct codec_marks marks = { .recs = recs };
	struct arena *a = arena_new(0);
	struct msg_random rnd;
	const struct all *in;
	uint8_t *data;
	uint32_t i, at;
	size_t len, used;
	void *out;

	msg_random_init(&rnd, seed);
	in = msg_random_record(&rnd, &all_record, a, 400);
	assert_non_null(in);
	assert_int_equal(codec_encode(&all_record, in, 0, &data, &len, NULL), 0);
	assert_int_equal(codec_decode_marked(&all_record, data, len, a, &out, &marks, NULL), 0);
	assert_int_equal(marks.nlists, 1);
	assert_int_equal(marks.lists[0].n, in->inners.n);
	assert_ptr_equal(marks.lists[0].rec, &inner_record);
	assert_int_equal(marks.n, in->inners.n + 1);
	for (i = 0; i < in->inners.n; i++) {
		at = marks.at[i];
		assert_int_equal(codec_decode(&inner_record, data + at, marks.at[i + 1] - at, a, &out, NULL), 0);
		assert_true(msg_random_equal(&inner_record, &in->inners.items[i], out));
		assert_int_equal(codec_decode_first(&inner_record, data + at, len - at, a, &out, &used), 0);
		assert_int_equal(used, marks.at[i + 1] - at);
		assert_int_equal(codec_decode_first(&inner_record, data + at, used - 1, a, &out, &used), -EPROTO);
	}
	codec_marks_fini(&marks);
	free(data);
	arena_free(a);
}

static void
test_marks(void **state)
{
	uint64_t seed;

	(void)state;
	for (seed = 1; seed <= 300; seed++)
		check_marks(seed);
}

static void
test_wire_form(void **state)
{
	static const uint8_t want[] = { 5, 3, 0, 'a', 0xc3, 0xa9 };
	struct inner in = { 5, "aé" };
	uint8_t *data;
	size_t len;

	(void)state;
	assert_int_equal(codec_encode(&inner_record, &in, 0, &data, &len, NULL), 0);
	assert_int_equal(len, sizeof(want));
	assert_memory_equal(data, want, len);
	free(data);
}

static void
round_trip(uint64_t seed, const struct record *r, size_t budget)
{
	struct arena *a = arena_new(0), *b = arena_new(0);
	struct msg_random rnd;
	struct codec_error err;
	uint8_t *data;
	size_t len;
	void *in, *out;

	msg_random_init(&rnd, seed);
	in = msg_random_record(&rnd, r, a, budget);
	assert_non_null(in);
	if (codec_encode(r, in, 0, &data, &len, &err) != 0)
		fail_msg("seed %lu: %s: encode: %s: %s", (unsigned long)seed, r->name, err.path, err.reason);
	if (decode_tight(r, data, len, b, &out, &err) != 0)
		fail_msg("seed %lu: %s: decode: %s: %s", (unsigned long)seed, r->name, err.path, err.reason);
	if (!msg_random_equal(r, in, out))
		fail_msg("seed %lu: %s: came back different", (unsigned long)seed, r->name);
	assert_canonical(r, out, data, len);
	free(data);
	arena_free(a);
	arena_free(b);
}

static void
test_round_trip_of_every_kind(void **state)
{
	uint64_t seed;

	(void)state;
	for (seed = 1; seed <= 3000; seed++)
		round_trip(seed, &all_record, 400);
}

static void
test_round_trip_of_every_message(void **state)
{
	const struct msg_spec *specs;
	size_t n, i;
	uint64_t seed;

	(void)state;
	specs = msg_specs_all(&n);
	assert_true(n > 20);
	for (i = 0; i < n; i++)
		for (seed = 1; seed <= 40; seed++) {
			round_trip(seed, specs[i].req, 5000);
			round_trip(seed, specs[i].rep, 5000);
		}
}

static void
test_cut_and_extended_are_refused(void **state)
{
	struct msg_random rnd;
	struct codec_error err;
	struct arena *a;
	uint8_t *data, *longer;
	size_t len, cut;
	uint64_t seed;
	void *in, *out;

	(void)state;
	for (seed = 1; seed <= 60; seed++) {
		a = arena_new(0);
		msg_random_init(&rnd, seed);
		in = msg_random_record(&rnd, &all_record, a, 100);
		assert_int_equal(codec_encode(&all_record, in, 0, &data, &len, NULL), 0);
		for (cut = 0; cut < len; cut++) {
			assert_int_equal(decode_tight(&all_record, data, cut, a, &out, &err), -EPROTO);
			assert_non_null(err.reason);
			assert_true(err.offset <= cut);
		}
		longer = malloc(len + 1);
		memcpy(longer, data, len);
		longer[len] = 0;
		assert_int_equal(decode_tight(&all_record, longer, len + 1, a, &out, &err), -EPROTO);
		assert_string_equal(err.reason, "bytes are left over");
		free(longer);
		free(data);
		arena_free(a);
	}
}

/* Whatever the bytes: refused, or the one encoding of what they were decoded to. */
static void
test_damaged_is_refused_or_canonical(void **state)
{
	struct msg_random rnd;
	struct codec_error err;
	struct arena *a;
	uint8_t *data;
	size_t len, refused = 0;
	unsigned i, hits;
	void *in, *out;

	(void)state;
	msg_random_init(&rnd, 20261120);
	for (i = 0; i < 20000; i++) {
		a = arena_new(1 << 20);
		in = msg_random_record(&rnd, &all_record, a, 60);
		assert_int_equal(codec_encode(&all_record, in, 0, &data, &len, NULL), 0);
		for (hits = 1 + msg_random_below(&rnd, 3); hits > 0; hits--)
			msg_random_damage(&rnd, &data, &len);
		if (decode_tight(&all_record, data, len, a, &out, &err) == 0)
			assert_canonical(&all_record, out, data, len);
		else
			refused++;
		free(data);
		arena_free(a);
	}
	assert_in_range(refused, 5000, 19999);	/* the damage does hit what is checked */
}

static void
assert_decode(const struct record *r, const void *data, size_t len, const char *path, const char *reason)
{
	struct arena *a = arena_new(0);
	struct codec_error err = { 0 };
	void *out = NULL;

	if (decode_tight(r, data, len, a, &out, &err) != -EPROTO)
		fail_msg("accepted, but \"%s\" was expected", reason);
	assert_string_equal(err.reason, reason);
	assert_string_equal(err.path, path);
	assert_null(out);
	arena_free(a);
}

static void
test_reasons_and_places(void **state)
{
	(void)state;
	assert_decode(&inner_record, "\x65\0\0", 3, "number", "over its maximum");
	assert_decode(&inner_record, "\x01\x09\0xxxxxxxxx", 12, "name", "string over its maximum");
	assert_decode(&inner_record, "\x01\x02\0\xc3(", 5, "name", "string is not UTF-8");
	assert_decode(&inner_record, "\x01\x02\0a\0", 5, "name", "string is not UTF-8");
	assert_decode(&inner_record, "\x01\x03\0ab", 5, "name", "ends early");
	assert_decode(&inner_record, "\x01\xff\xff", 3, "name", "ends early");
	assert_decode(&inner_record, "", 0, "number", "ends early");
}

/* One field of struct all as a record of its own. */
static struct record
one(unsigned n)
{
	struct record r = { "one", sizeof(struct all), 1, &all_fields[n] };

	return r;
}

static void
assert_one(const char *name, const void *data, size_t len, const char *reason)
{
	struct record r;
	unsigned i;

	for (i = 0; strcmp(all_fields[i].name, name) != 0; i++)
		assert_true(i < all_record.nfields);
	r = one(i);
	assert_decode(&r, data, len, name, reason);
}

static void
test_every_check_of_the_decoder(void **state)
{
	(void)state;
	assert_one("u16", "\x29\x23", 2, "over its maximum");	/* 9001 */
	assert_one("is", "\x02", 1, "neither true nor false");
	assert_one("choice", "\x04", 1, "no such value");
	assert_one("maybe", "\x02", 1, "neither absent nor present");
	assert_one("maybe", "\x01", 1, "ends early");
	assert_one("bytes", "\x15\0\0\0aaaaaaaaaaaaaaaaaaaaa", 25, "bytes over their maximum");
	assert_one("bytes", "\xff\xff\xff\xff", 4, "ends early");
	assert_one("addr", "\x05\0\0\0\0", 5, "no such address family");
	assert_one("addr", "\x06\0\0\0\0", 5, "ends early");
	assert_one("prefix", "\x04\x01\x02\x03\x04\x21", 6, "prefix length over the address");
	assert_one("prefix", "\0\x01", 2, "prefix length over the address");
	assert_one("ports", "\x02\0\x01\0", 4, "lowest port over the highest");
	assert_one("rate", "\x01\0\0\0\0\0\0\0", 8, "rate without a unit of time");
	assert_one("rate", "\0\0\0\0\x3c\0\0\0", 8, "rate without a unit of time");
	assert_one("rate", "\x01\0\0\0\x02\0\0\0", 8, "rate without a unit of time");
	assert_one("level", "\x01\x08\0\0\0", 5, "over its maximum");
	assert_one("inners", "\x06\0\0\0aaaaaaaaaaaaaaaaaaaa", 24, "list over its maximum");
	assert_one("names", "\x06\0\0\0\0\0", 6, "list longer than its bytes");
	/* Two encodings of "absent" would be two digests of one configuration. */
	assert_one("maybe-addr", "\x01\0", 2, "present, but empty");
	assert_one("maybe-choice", "\x01\0", 2, "present, but empty");
	assert_one("maybe-rate", "\x01\0\0\0\0\0\0\0\0", 9, "present, but empty");
}

static void
test_path_of_nested_fields(void **state)
{
	struct record inners = one(18), names = one(19), choices = one(21);

	(void)state;
	assert_string_equal(inners.fields->name, "inners");
	assert_decode(&inners, "\x02\0\0\0\x01\0\0\xff\0\0", 10, "inners.number", "over its maximum");
	assert_string_equal(names.fields->name, "names");
	assert_decode(&names, "\x01\0\0\0\x05\0abcde", 11, "names", "string over its maximum");
	assert_string_equal(choices.fields->name, "choices");
	assert_decode(&choices, "\x02\0\0\0\x03\x04", 6, "choices", "no such value");
}

static void
assert_encode_refused(struct all *v, const char *path, const char *reason)
{
	struct codec_error err = { 0 };
	uint8_t *data;
	size_t len;

	if (codec_encode(&all_record, v, 0, &data, &len, &err) != -EPROTO)
		fail_msg("encoded, but \"%s\" was expected", reason);
	assert_string_equal(err.path, path);
	assert_string_equal(err.reason, reason);
}

/* What a decoder would refuse never leaves the process. */
static void
test_encoder_keeps_the_same_bounds(void **state)
{
	struct inner many[6] = { { 1, "a" }, { 1, "a" }, { 1, "a" }, { 1, "a" }, { 1, "a" }, { 1, "a" } };
	struct all v;

	(void)state;
#define REFUSED(set, path, reason) do {				\
	memset(&v, 0, sizeof(v));				\
	v.text = "";						\
	set;							\
	assert_encode_refused(&v, path, reason);		\
} while (0)
	REFUSED(v.u16 = 9001, "u16", "over its maximum");
	REFUSED(v.choice = 4, "choice", "over its maximum");
	REFUSED(v.text = "elevenchars", "text", "string over its maximum");
	REFUSED(v.text = "\xff", "text", "string is not UTF-8");
	REFUSED(v.bytes.len = 21, "bytes", "bytes over their maximum");
	REFUSED(v.addr.family = 5, "addr", "no such address family");
	REFUSED((v.prefix.addr.family = ADDR_V4, v.prefix.len = 33), "prefix", "prefix length over the address");
	REFUSED((v.ports.low = 2, v.ports.high = 1), "ports", "lowest port over the highest");
	REFUSED(v.rate.count = 1, "rate", "rate without a unit of time");
	REFUSED((v.rate.count = 1, v.rate.seconds = 7), "rate", "rate without a unit of time");
	REFUSED((v.has_level = true, v.level = 8), "level", "over its maximum");
	REFUSED((v.inners.items = many, v.inners.n = 6), "inners", "list over its maximum");
	many[1].number = 101;
	REFUSED((v.inners.items = many, v.inners.n = 2), "inners.number", "over its maximum");
#undef REFUSED
}

static void
test_maximum_of_the_message(void **state)
{
	struct inner in = { 5, "abc" };
	uint8_t *data;
	size_t len;

	(void)state;
	assert_int_equal(codec_encode(&inner_record, &in, 5, &data, &len, NULL), -EFBIG);
	assert_int_equal(codec_encode(&inner_record, &in, 6, &data, &len, NULL), 0);
	assert_int_equal(len, 6);
	free(data);
}

/* A count may claim only what the bytes could hold, and memory only what the arena allows. */
static void
test_memory_is_bounded(void **state)
{
	static const struct field big_fields[] = {
		{ "names", FIELD_LIST, FIELD_STRING, 0, AT(names), UINT32_MAX, 4, NULL, NULL },
	};
	static const struct record big = { "big", sizeof(struct all), 1, big_fields };
	struct arena *a = arena_new(4096);
	struct codec_error err;
	uint8_t bytes[4004] = { 0xff, 0xff, 0xff, 0xff };
	void *out;

	(void)state;
	assert_int_equal(codec_decode(&big, bytes, sizeof(bytes), a, &out, &err), -EPROTO);
	assert_string_equal(err.reason, "list longer than its bytes");
	bytes[0] = 0xd0;
	bytes[1] = 0x07;
	bytes[2] = bytes[3] = 0;	/* 2000 empty strings do fit the bytes, not the arena */
	assert_int_equal(codec_decode(&big, bytes, sizeof(bytes), a, &out, &err), -EPROTO);
	assert_true(arena_used(a) <= 4096);
	arena_free(a);
}

static void
test_hash_sees_every_change(void **state)
{
	struct field f[2] = { inner_fields[0], inner_fields[1] };
	struct record r = { "inner", sizeof(struct inner), 2, f };
	uint64_t base = codec_hash(&inner_record, 1);

	(void)state;
	assert_true(codec_hash(&r, 1) == base);
	assert_true(codec_hash(&r, 2) != base);
	f[0].max = 101;
	assert_true(codec_hash(&r, 1) != base);
	f[0] = inner_fields[1];
	f[1] = inner_fields[0];
	assert_true(codec_hash(&r, 1) != base);
	f[0] = inner_fields[0];
	f[1] = inner_fields[1];
	f[1].flags |= FIELD_OPTIONAL;
	assert_true(codec_hash(&r, 1) != base);
	f[1] = inner_fields[1];
	r.name = "other";
	assert_true(codec_hash(&r, 1) != base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wire_form),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_round_trip_of_every_kind),
		cmocka_unit_test(test_round_trip_of_every_message),
		cmocka_unit_test(test_cut_and_extended_are_refused),
		cmocka_unit_test(test_damaged_is_refused_or_canonical),
		cmocka_unit_test(test_reasons_and_places),
		cmocka_unit_test(test_every_check_of_the_decoder),
		cmocka_unit_test(test_path_of_nested_fields),
		cmocka_unit_test(test_encoder_keeps_the_same_bounds),
		cmocka_unit_test(test_maximum_of_the_message),
		cmocka_unit_test(test_memory_is_bounded),
		cmocka_unit_test(test_hash_sees_every_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
