/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The program in the kernel (BPF_PROG_TEST_RUN) against a reader of packets that was written apart from it and the plainest search of a list.
 * PATRONUS_SOAK=1 asks a hundred times as much.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <cmocka.h>
#include <linux/bpf.h>
#include <pthread.h>

#include "xdp/arrays.h"
#include "xdp/loader.h"

#define SLOTS		200000
#define PREFIXES	120
#define FRAME_MAX	512
#define MAX_FRAME_LEN	(FRAME_MAX + 200)

struct frame {
	uint8_t		bytes[MAX_FRAME_LEN];
	unsigned	len;
};

struct loaded {
	int			fds[LOADER_FDS];
	uint32_t		id;
	struct xdp_arrays		live;
	struct xdp_count	before[XDP_REASONS];
};

static uint64_t	random_state = 0x9e3779b97f4a7c15ull;

static uint64_t
random64(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dull;
}

static unsigned
times(unsigned n)
{
	return getenv("PATRONUS_SOAK") != NULL ? n * 100 : n;
}

static void
load(struct loaded *l, bool has_rates)
{
	char reason[LOADER_REASON_MAX];
	int error = loader_load(SLOTS, has_rates, false, l->fds, &l->id, reason);

	if (error != 0)
		fail_msg("%s", reason);
	assert_int_not_equal(l->id, 0);
	assert_int_equal(xdp_arrays_map(&l->live, l->fds[LOADER_STATE], l->fds[LOADER_GROUPS], l->fds[LOADER_POOL], SLOTS), 0);
}

static void
unload(struct loaded *l)
{
	int i;

	xdp_arrays_unmap(&l->live);
	for (i = 0; i < LOADER_FDS; i++)
		(void)close(l->fds[i]);
}

/* What it says to a frame. */
static uint32_t
run(const struct loaded *l, const struct frame *f)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = f->bytes, .data_size_in = f->len, .repeat = 1);

	assert_int_equal(bpf_prog_test_run_opts(l->fds[LOADER_PROGRAM], &opts), 0);
	return opts.retval;
}

static void
list_take(struct loaded *l, const struct prefix *items, uint32_t n)
{
	const struct xdp_prefixes all = { items, n };
	struct xdp_list *list;

	assert_int_equal(xdp_list_new(&all, 1, &list), 0);
	assert_int_equal(xdp_arrays_swap(&l->live, list), 0);
	xdp_list_free(list);
}

/* --- frames */

static void
put(struct frame *f, const void *data, unsigned len)
{
	if (f->len + len <= FRAME_MAX)
		memcpy(f->bytes + f->len, data, len);
	f->len += f->len + len <= FRAME_MAX ? len : 0;
}

static void
put_random(struct frame *f, unsigned len)
{
	uint8_t byte;

	for (; len > 0; len--) {
		byte = (uint8_t)random64();
		put(f, &byte, 1);
	}
}

static void
put16(struct frame *f, uint16_t v)
{
	uint16_t be = htons(v);

	put(f, &be, 2);
}

static struct addr
random_addr(bool is_v6)
{
	static const uint8_t bytes[] = { 0, 10, 0x20, 0x7f, 0xfe, 0xff };
	struct addr a = { .family = is_v6 ? ADDR_V6 : ADDR_V4 };
	unsigned i;

	for (i = 0; i < addr_len(&a); i++)
		a.bytes[i] = bytes[random64() % sizeof(bytes)];
	return a;
}

static void
put_tcp(struct frame *f)
{
	uint8_t h[20];
	unsigned i;

	for (i = 0; i < sizeof(h); i++)
		h[i] = (uint8_t)random64();
	if (random64() % 2 == 0)
		h[13] = 0x02;
	put(f, h, sizeof(h));
}

static void
put_v4(struct frame *f, const struct addr *source)
{
	static const uint8_t protocols[] = { 6, 17, 1, 47 };
	uint8_t h[20] = { 0 }, options = (uint8_t)(random64() % 3 == 0 ? random64() % 11 : 0);

	h[0] = (uint8_t)(0x45 + options);
	if (random64() % 50 == 0)
		h[0] = (uint8_t)random64();
	h[6] = (uint8_t)(random64() % 4 == 0 ? random64() : 0x40);
	h[7] = (uint8_t)(random64() % 4 == 0 ? random64() : 0);
	h[8] = 64;
	h[9] = protocols[random64() % sizeof(protocols)];
	memcpy(h + 12, source->bytes, 4);
	put(f, h, sizeof(h));
	put_random(f, options * 4u);
	put_tcp(f);
}

static void
put_v6(struct frame *f, const struct addr *source)
{
	static const uint8_t kinds[] = { 0, 43, 60, 44, 51, 6, 17, 58, 50 };
	uint8_t h[40] = { 0x60 }, x[16] = { 0 };
	unsigned len;

	h[6] = kinds[random64() % sizeof(kinds)];
	memcpy(h + 8, source->bytes, 16);
	put(f, h, sizeof(h));
	for (x[0] = h[6]; x[0] == 0 || x[0] == 43 || x[0] == 60 || x[0] == 44 || x[0] == 51;) {
		/* x[0] becomes what follows this one, whose length is in x[1]. */
		len = x[0] == 44 ? 8 : x[0] == 51 ? 16 : 8 * (1 + (unsigned)(random64() % 2));
		x[1] = x[0] == 51 ? 2 : x[0] == 44 ? 0 : (uint8_t)(len / 8 - 1);
		x[2] = x[0] == 44 && random64() % 2 == 0 ? (uint8_t)random64() : 0;
		x[3] = x[0] == 44 ? (uint8_t)(random64() % 8) : 0;
		x[0] = kinds[random64() % sizeof(kinds)];
		put(f, x, len);
	}
	put_tcp(f);
}

static void
frame_make(struct frame *f, const struct addr *source)
{
	static const uint16_t tags[] = { 0x8100, 0x88a8, 0x9100 };
	unsigned n = (unsigned)(random64() % 4);

	f->len = 0;
	put_random(f, 12);
	for (n = random64() % 2 == 0 ? 0 : n; n > 0; n--) {
		put16(f, tags[random64() % 3]);
		put_random(f, 2);
	}
	put16(f, random64() % 40 == 0 ? (uint16_t)random64() : source->family == ADDR_V4 ? 0x0800 : 0x86dd);
	if (source->family == ADDR_V4)
		put_v4(f, source);
	else
		put_v6(f, source);
	put_random(f, 20);
	if (random64() % 8 == 0)
		f->len = 14 + (unsigned)(random64() % (f->len - 13));
}

/* --- the second opinion */

struct meaning {
	struct addr	source;		/* ADDR_NONE: nothing of IP */
	bool		opens_tcp;
};

static bool
is_syn(const uint8_t *p, const uint8_t *end)
{
	return end - p >= 14 && (p[13] & 0x17) == 0x02;
}

static struct meaning
read_v4(const uint8_t *p, const uint8_t *end)
{
	struct meaning m = { .source = { .family = ADDR_NONE } };
	unsigned len;

	if (end - p < 20 || p[0] >> 4 != 4 || (len = (p[0] & 15u) * 4) < 20)
		return m;
	m.source.family = ADDR_V4;
	memcpy(m.source.bytes, p + 12, 4);
	m.opens_tcp = p[9] == 6 && (p[6] & 0x1f) == 0 && p[7] == 0 && (size_t)(end - p) > len && is_syn(p + len, end);
	return m;
}

static struct meaning
read_v6(const uint8_t *p, const uint8_t *end)
{
	struct meaning m = { .source = { .family = ADDR_NONE } };
	unsigned i, len;
	uint8_t next;

	if (end - p < 40 || p[0] >> 4 != 6)
		return m;
	m.source.family = ADDR_V6;
	memcpy(m.source.bytes, p + 8, 16);
	next = p[6];
	p += 40;
	for (i = 0; next != 6; i++) {
		if (i == 6 || end - p < 8 || (next != 0 && next != 43 && next != 60 && next != 44 && next != 51) ||
		    (next == 44 && (p[2] != 0 || p[3] >> 3 != 0)))
			return m;
		len = next == 44 ? 8 : next == 51 ? (p[1] + 2u) * 4 : (p[1] + 1u) * 8;
		next = p[0];
		if ((size_t)(end - p) < len)
			return m;
		p += len;
	}
	m.opens_tcp = is_syn(p, end);
	return m;
}

static struct meaning
frame_read(const struct frame *f)
{
	const uint8_t *p = f->bytes + 12, *end = f->bytes + f->len;
	struct meaning nothing = { .source = { .family = ADDR_NONE } };
	unsigned tags;
	uint16_t type;

	for (tags = 0;; tags++, p += 4) {
		if (end - p < 2)
			return nothing;
		type = (uint16_t)(p[0] << 8 | p[1]);
		if ((type != 0x8100 && type != 0x88a8) || tags == 2)
			break;
	}
	p += 2;
	return type == 0x0800 ? read_v4(p, end) : type == 0x86dd ? read_v6(p, end) : nothing;
}

static bool
is_in(const struct prefix *items, uint32_t n, const struct addr *a)
{
	struct prefix p;
	uint32_t i;

	for (i = 0; i < n; i++) {
		p = prefix_network(&items[i]);
		if (prefix_contains(&p, a))
			return true;
	}
	return false;
}

static void
random_list(struct prefix *items, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		items[i].addr = random_addr(random64() % 2);
		items[i].len = (uint8_t)(8 + random64() % (addr_len(&items[i].addr) * 8 - 7));
	}
}

/* --- tests */

static void
test_same_verdict(void **state)
{
	struct prefix items[PREFIXES];
	struct xdp_count counts[XDP_REASONS];
	struct loaded l;
	struct frame f;
	struct meaning m;
	struct addr source;
	unsigned i, k, dropped = 0, sent = 0;
	bool is_drop;

	(void)state;
	load(&l, false);
	for (k = 0; k < 20; k++) {
		random_list(items, PREFIXES);
		list_take(&l, items, PREFIXES);
		for (i = 0; i < times(400); i++, sent++) {
			source = random64() % 2 == 0 ? items[random64() % PREFIXES].addr : random_addr(random64() % 2);
			frame_make(&f, &source);
			m = frame_read(&f);
			is_drop = m.source.family != ADDR_NONE && is_in(items, PREFIXES, &m.source);
			assert_int_equal(run(&l, &f), is_drop ? XDP_DROP : XDP_PASS);
			dropped += is_drop;
		}
	}
	/* Sent = dropped + passed, and there were enough of both. */
	xdp_arrays_counts(&l.live, counts);
	assert_int_equal(counts[XDP_PASSED].packets, sent - dropped);
	assert_int_equal(counts[XDP_LISTED_V4].packets + counts[XDP_LISTED_V6].packets, dropped);
	assert_true(dropped > sent / 10 && dropped < sent - sent / 10);
	assert_true(counts[XDP_LISTED_V4].packets > sent / 50 && counts[XDP_LISTED_V6].packets > sent / 50);
	unload(&l);
}

/* Bytes of any kind: it ends, and what is not IP passes. */
static void
test_noise(void **state)
{
	struct prefix all[2];
	struct loaded l;
	struct frame f;
	unsigned i;

	(void)state;
	assert_int_equal(prefix_parse("0.0.0.0/0", &all[0]), 0);
	assert_int_equal(prefix_parse("::/0", &all[1]), 0);
	load(&l, false);
	list_take(&l, all, 2);
	for (i = 0; i < times(5000); i++) {
		f.len = 0;
		put_random(&f, 14 + (unsigned)(random64() % 120));
		if (random64() % 2 == 0)
			memcpy(f.bytes + 12, random64() % 2 == 0 ? "\x08\x00" : "\x86\xdd", 2);
		assert_int_equal(run(&l, &f), frame_read(&f).source.family != ADDR_NONE ? XDP_DROP : XDP_PASS);
	}
	unload(&l);
}

static struct frame
frame_from(const char *address, bool is_syn_frame)
{
	struct frame f = { .len = 0 };
	struct addr a;

	assert_int_equal(addr_parse(address, &a), 0);
	memset(f.bytes, 0, sizeof(f.bytes));
	f.len = 80;
	if (a.family == ADDR_V4) {
		memcpy(f.bytes + 12, "\x08\x00\x45", 3);
		f.bytes[23] = 6;
		memcpy(f.bytes + 26, a.bytes, 4);
		f.bytes[47] = is_syn_frame ? 0x02 : 0x10;
	} else {
		memcpy(f.bytes + 12, "\x86\xdd\x60", 3);
		f.bytes[20] = 6;
		memcpy(f.bytes + 22, a.bytes, 16);
		f.bytes[67] = is_syn_frame ? 0x02 : 0x10;
	}
	return f;
}

struct swapping {
	struct loaded	*l;
	bool		 is_over;
	unsigned	 nasked;
	unsigned	 nwrong;
};

/* A source that every list has is never let through, and one that none has is never dropped. */
static void *
ask_on(void *arg)
{
	struct swapping *s = arg;
	struct frame always = frame_from("192.0.2.77", false), never = frame_from("198.51.100.1", false),
	    always6 = frame_from("2001:db8::77", false), never6 = frame_from("2001:db8:1::1", false);

	for (; !__atomic_load_n(&s->is_over, __ATOMIC_RELAXED); s->nasked++)
		s->nwrong += (run(s->l, &always) != XDP_DROP) + (run(s->l, &never) != XDP_PASS) + (run(s->l, &always6) != XDP_DROP) +
		    (run(s->l, &never6) != XDP_PASS);
	return NULL;
}

static void
test_swap_under_traffic(void **state)
{
	static struct prefix items[2000];
	struct loaded l;
	struct swapping s = { .l = &l };
	pthread_t thread;
	unsigned i, k;

	(void)state;
	load(&l, false);
	for (k = 0; k < times(40); k++) {
		for (i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
			/* 203.0.113.0/24 and others below 192: never the two that are asked about. */
			items[i].addr = random_addr(i % 2);
			items[i].addr.bytes[0] = (uint8_t)(random64() % 0x1f);
			items[i].len = (uint8_t)(i % 2 == 0 ? 25 + random64() % 8 : 40 + random64() % 80);
		}
		assert_int_equal(prefix_parse(k % 2 == 0 ? "192.0.2.77/32" : "192.0.2.0/25", &items[0]), 0);
		assert_int_equal(prefix_parse(k % 2 == 0 ? "2001:db8::/64" : "2001:db8::77/128", &items[1]), 0);
		list_take(&l, items, (uint32_t)(sizeof(items) / sizeof(items[0]) / (1 + k % 3)));
		if (k == 0)
			assert_int_equal(pthread_create(&thread, NULL, ask_on, &s), 0);
	}
	__atomic_store_n(&s.is_over, true, __ATOMIC_RELAXED);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(s.nwrong, 0);
	assert_true(s.nasked > 100);
	unload(&l);
}

/* A pool that is too small for two lists says so, and what is in force stays. */
static void
test_no_room(void **state)
{
	static struct prefix items[120000];
	struct xdp_prefixes all = { items, 120000 };
	struct frame f = frame_from("10.0.0.1", false), g = frame_from("11.0.0.1", false);
	struct xdp_list *list;
	struct loaded l;
	uint32_t i;

	(void)state;
	load(&l, false);
	for (i = 0; i < 120000; i++)
		items[i] = (struct prefix){ { ADDR_V4, { 10, (uint8_t)(i >> 8), (uint8_t)i, 1 } }, 32 };
	for (i = 65536; i < 120000; i++)
		items[i].addr.bytes[0] = 12;
	list_take(&l, items, 120000);
	assert_int_equal(run(&l, &f), XDP_DROP);
	items[0].addr.bytes[0] = 11;
	assert_int_equal(xdp_list_new(&all, 1, &list), 0);
	assert_int_equal(xdp_arrays_swap(&l.live, list), -ENOSPC);
	xdp_list_free(list);
	assert_int_equal(run(&l, &f), XDP_DROP);
	assert_int_equal(run(&l, &g), XDP_PASS);
	unload(&l);
}

#define HOUR_NS	3600000000000ull

static void
test_rates(void **state)
{
	/* Three at once, then one an hour. */
	struct xdp_rate rates[XDP_METERS] = { [XDP_METER_SOURCE] = { HOUR_NS, 2 * HOUR_NS } };
	struct frame a = frame_from("192.0.2.1", false), b = frame_from("192.0.2.2", false), x = frame_from("2001:db8::1", false),
	    y = frame_from("2001:db8::2", false), s = frame_from("192.0.2.3", true), t = frame_from("192.0.2.4", true);
	struct xdp_count counts[XDP_REASONS];
	struct loaded l;
	unsigned i;

	(void)state;
	load(&l, true);
	xdp_arrays_rates(&l.live, rates);
	for (i = 0; i < 6; i++) {
		assert_int_equal(run(&l, &a), i < 3 ? XDP_PASS : XDP_DROP);
		assert_int_equal(run(&l, &b), i < 3 ? XDP_PASS : XDP_DROP);
	}
	/* Two addresses of one network of 64 bits are one source. */
	assert_int_equal(run(&l, &x), XDP_PASS);
	assert_int_equal(run(&l, &y), XDP_PASS);
	assert_int_equal(run(&l, &x), XDP_PASS);
	assert_int_equal(run(&l, &y), XDP_DROP);
	/* What opens connections has limits of its own: here two for each, three in all. */
	memset(rates, 0, sizeof(rates));
	rates[XDP_METER_SYN] = (struct xdp_rate){ HOUR_NS, HOUR_NS };
	rates[XDP_METER_SYN_TOTAL] = (struct xdp_rate){ HOUR_NS, 2 * HOUR_NS };
	xdp_arrays_rates(&l.live, rates);
	assert_int_equal(run(&l, &a), XDP_PASS);
	assert_int_equal(run(&l, &s), XDP_PASS);
	assert_int_equal(run(&l, &s), XDP_PASS);
	assert_int_equal(run(&l, &s), XDP_DROP);
	assert_int_equal(run(&l, &t), XDP_PASS);
	assert_int_equal(run(&l, &t), XDP_DROP);
	xdp_arrays_counts(&l.live, counts);
	assert_int_equal(counts[XDP_OVER_SOURCE].packets, 7);
	assert_int_equal(counts[XDP_OVER_SYN].packets, 1);
	assert_int_equal(counts[XDP_OVER_SYN_TOTAL].packets, 1);
	unload(&l);
}

/* The same packet to another host, from another port. */
static struct frame
call_from(const char *address, uint8_t host, uint16_t port)
{
	struct frame f = frame_from(address, true);
	bool is_v6 = f.bytes[13] == 0xdd;

	f.bytes[is_v6 ? 53 : 33] = host;
	f.bytes[is_v6 ? 54 : 34] = (uint8_t)(port >> 8);
	f.bytes[is_v6 ? 55 : 35] = (uint8_t)port;
	return f;
}

/* What comes to a destination over its rate passes when it is sent again, and only that. */
static void
test_repeats(void **state)
{
	static const char *const senders[] = { "192.0.2.", "2001:db8::" };
	struct xdp_rate rates[XDP_METERS] = { [XDP_METER_SYN_TARGET] = { HOUR_NS, HOUR_NS } };
	struct xdp_count counts[XDP_REASONS];
	char address[ADDR_STRLEN];
	struct frame f, once;
	struct loaded l;
	unsigned k, i;

	(void)state;
	load(&l, true);
	xdp_arrays_rates(&l.live, rates);
	for (k = 0; k < 2; k++) {
		for (i = 1; i < 60; i++) {
			(void)snprintf(address, sizeof(address), "%s%u", senders[k], i);
			f = call_from(address, 1, 1000);
			/* Two are within the rate. */
			assert_int_equal(run(&l, &f), i <= 2 ? XDP_PASS : XDP_DROP);
		}
		assert_int_equal(run(&l, &f), XDP_PASS);
		assert_int_equal(run(&l, &f), XDP_PASS);
		/* Another port is another connection, another host another destination; and what opens none passes. */
		once = call_from(address, 1, 1001);
		assert_int_equal(run(&l, &once), XDP_DROP);
		once = call_from(address, 2, 1001);
		assert_int_equal(run(&l, &once), XDP_PASS);
		once = frame_from(address, false);
		once.bytes[k == 0 ? 33 : 53] = 1;
		assert_int_equal(run(&l, &once), XDP_PASS);
	}
	xdp_arrays_counts(&l.live, counts);
	assert_int_equal(counts[XDP_NOT_REPEATED].packets, 2 * 58);
	unload(&l);
}

/* As many SYNs are seen as the second opinion sees, whatever lies before them. */
static void
test_same_opening(void **state)
{
	struct xdp_rate rates[XDP_METERS] = { [XDP_METER_SYN_TOTAL] = { 1, 0 } };
	struct xdp_count counts[XDP_REASONS];
	struct addr source;
	struct loaded l;
	struct frame f;
	unsigned i, nsyn = 0, n = times(3000);

	(void)state;
	load(&l, true);
	/* Nothing is due before the end of time. */
	l.live.state->control.syn_total = UINT64_MAX / 2;
	xdp_arrays_rates(&l.live, rates);
	for (i = 0; i < n; i++) {
		source = random_addr(random64() % 2);
		frame_make(&f, &source);
		nsyn += frame_read(&f).opens_tcp;
		assert_int_equal(run(&l, &f), frame_read(&f).opens_tcp ? XDP_DROP : XDP_PASS);
	}
	xdp_arrays_counts(&l.live, counts);
	assert_int_equal(counts[XDP_OVER_SYN_TOTAL].packets, nsyn);
	assert_true(nsyn > n / 50);
	unload(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_verdict),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_swap_under_traffic),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_same_opening),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
