/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logged packets: headers are read as far as they are there, and never further. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netfilter_bridge.h>

#include "base/buf.h"
#include "logring.h"
#include "nflog.h"

static const uint8_t tcp4[] = {
	0x45, 0, 0, 60, 0, 0, 0x40, 0, 64, 6, 0, 0, 192, 0, 2, 10, 198, 51, 100, 1,
	0xd4, 0x31, 0x01, 0xbb, 0, 0, 0, 0
};
static const uint8_t udp6[] = {
	0x60, 0, 0, 0, 0, 24, 0, 64,						/* next: hop-by-hop */
	0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
	44, 0, 1, 4, 0, 0, 0, 0,						/* next: fragment */
	17, 0, 0, 1, 0, 0, 0, 9,						/* first fragment of UDP */
	0x14, 0xe9, 0x00, 0x35, 0, 8, 0, 0
};

static void
test_tcp4(void **state)
{
	struct nflog_packet p;
	struct addr a;

	(void)state;
	memset(&p, 0, sizeof(p));
	assert_true(nflog_read_ip(tcp4, sizeof(tcp4), &p));
	assert_int_equal(p.protocol, 6);
	assert_int_equal(p.len, 60);
	assert_true(p.has_ports);
	assert_int_equal(p.source_port, 54321);
	assert_int_equal(p.destination_port, 443);
	assert_int_equal(addr_parse("198.51.100.1", &a), 0);
	assert_true(addr_equal(&a, &p.destination));
}

static void
test_later_fragment_has_no_ports(void **state)
{
	struct nflog_packet p;
	uint8_t copy[sizeof(tcp4)];

	(void)state;
	memcpy(copy, tcp4, sizeof(copy));
	copy[6] = 0x00;
	copy[7] = 0x10;
	memset(&p, 0, sizeof(p));
	assert_true(nflog_read_ip(copy, sizeof(copy), &p));
	assert_false(p.has_ports);
}

static void
test_udp6_behind_extensions(void **state)
{
	struct nflog_packet p;
	uint8_t copy[sizeof(udp6)];

	(void)state;
	memset(&p, 0, sizeof(p));
	assert_true(nflog_read_ip(udp6, sizeof(udp6), &p));
	assert_int_equal(p.protocol, 17);
	assert_int_equal(p.len, 64);
	assert_true(p.has_ports);
	assert_int_equal(p.source_port, 5353);
	assert_int_equal(p.destination_port, 53);

	memcpy(copy, udp6, sizeof(copy));
	copy[51] = 9;		/* another fragment of it */
	memset(&p, 0, sizeof(p));
	assert_true(nflog_read_ip(copy, sizeof(copy), &p));
	assert_int_equal(p.protocol, 17);
	assert_false(p.has_ports);
}

/* Each cut is in memory of its own, so that a sanitizer sees the first byte too many. */
static void
test_every_cut(void **state)
{
	struct nflog_packet p;
	uint8_t *exact;
	size_t len;

	(void)state;
	for (len = 0; len <= sizeof(udp6); len++) {
		exact = malloc(len + (len == 0));
		memcpy(exact, udp6, len);
		memset(&p, 0, sizeof(p));
		assert_true(nflog_read_ip(exact, len, &p) == (len >= 40));
		assert_true(p.has_ports == (len >= 60));
		free(exact);
	}
	for (len = 0; len <= sizeof(tcp4); len++) {
		exact = malloc(len + (len == 0));
		memcpy(exact, tcp4, len);
		memset(&p, 0, sizeof(p));
		assert_true(nflog_read_ip(exact, len, &p) == (len >= 20));
		assert_true(p.has_ports == (len >= 24));
		free(exact);
	}
}

static void
test_header_that_lies(void **state)
{
	struct nflog_packet p;
	uint8_t copy[sizeof(tcp4)];

	(void)state;
	memcpy(copy, tcp4, sizeof(copy));
	copy[0] = 0x4f;		/* 60 bytes of header in 28 */
	assert_false(nflog_read_ip(copy, sizeof(copy), &p));
	copy[0] = 0x44;		/* less than a header */
	assert_false(nflog_read_ip(copy, sizeof(copy), &p));
	copy[0] = 0x55;
	assert_false(nflog_read_ip(copy, sizeof(copy), &p));
}

/* A frame of a bridge, of which each cut is tried: it tells the port, and whom the ARP packet asks for. */
static void
test_arp(void **state)
{
	static const uint8_t arp[] = {
		0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0x5e, 0, 0x53, 1, 192, 0, 2, 10, 0, 0, 0, 0, 0, 0, 192, 0, 2, 20
	};
	struct nfulnl_msg_packet_hdr h = { .hw_protocol = htons(ETH_P_ARP), .hook = NF_BR_FORWARD };
	struct nfgenmsg g = { .nfgen_family = NFPROTO_BRIDGE };
	struct nflog_packet p;
	struct nl_reader r;
	struct nl_msg m;
	struct buf b;
	size_t len, at;

	(void)state;
	for (len = 0; len <= sizeof(arp); len++) {
		buf_init(&b, 0);
		at = nlmsg_begin(&b, NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET, 0, 0, &g, sizeof(g));
		nlattr_put(&b, NFULA_PACKET_HDR, &h, sizeof(h));
		nlattr_put_be32(&b, NFULA_IFINDEX_INDEV, 9);
		nlattr_put_be32(&b, NFULA_IFINDEX_PHYSINDEV, 3);
		nlattr_put_be32(&b, NFULA_IFINDEX_OUTDEV, 4);
		nlattr_put(&b, NFULA_PAYLOAD, arp, len);
		nlmsg_end(&b, at);
		nlmsg_reader_init(&r, b.data, b.len);
		assert_int_equal(nlmsg_next(&r, &m), 1);
		assert_int_equal(nflog_read(&m, &p), len == sizeof(arp));
		buf_fini(&b);
	}
	assert_true(p.is_arp && !p.has_ports);
	assert_int_equal(p.in_index, 3);
	assert_int_equal(p.out_index, 4);
	assert_int_equal(p.source.bytes[3], 10);
	assert_int_equal(p.destination.bytes[3], 20);
}

struct told {
	uint64_t	sequence[8];
	unsigned	n;
	uint32_t	lost;
};

static void
nothing(const struct nflog_packet *p, struct logring_entry *e, void *arg)
{
	(void)p;
	(void)e;
	(void)arg;
}

static void
note_entry(const struct logring_entry *e, void *arg)
{
	struct told *t = arg;

	t->sequence[t->n++] = e->sequence;
}

static void
note_lost(uint32_t n, void *arg)
{
	struct told *t = arg;

	t->lost += n;
}

/* What the kernel had no room for shows by the numbers of what comes: also from the first on, and by a message that is no packet of ours. */
static void
test_lost(void **state)
{
	static const struct logring_ops ops = { .explain = nothing, .on_entry = note_entry, .on_lost = note_lost };
	static const uint32_t numbers[] = { 2, 3, 4, 9, 10, 12 };
	static const struct { uint64_t sequence; } wanted[] = { { 3 }, { 4 }, { 9 }, { 10 }, { 12 } };
	struct nfgenmsg g = { .nfgen_family = AF_INET };
	struct told t = { .n = 0 };
	struct logring *l = logring_new(&ops, &t);
	struct buf b;
	unsigned i;
	size_t at;

	(void)state;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		buf_init(&b, 0);
		at = nlmsg_begin(&b, NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET, 0, 0, &g, sizeof(g));
		nlattr_put_be32(&b, NFULA_SEQ, numbers[i]);
		nlattr_put(&b, NFULA_PAYLOAD, tcp4, numbers[i] == 4 ? 1 : sizeof(tcp4));
		nlmsg_end(&b, at);
		logring_take(l, b.data, b.len);
		buf_fini(&b);
	}
	assert_int_equal(t.lost, 2 + 4 + 1);
	assert_int_equal(t.n, 5);
	for (i = 0; i < t.n; i++)
		assert_int_equal(t.sequence[i], wanted[i].sequence);
	assert_int_equal(logring_get(l, 0)->sequence, 12);
	assert_int_equal(logring_get(l, 4)->sequence, 3);
	assert_null(logring_get(l, 5));
	logring_free(l);
}

static void
test_protocol_names(void **state)
{
	char number[4];

	(void)state;
	assert_string_equal(nflog_protocol_name(6, number), "tcp");
	assert_string_equal(nflog_protocol_name(58, number), "icmpv6");
	assert_string_equal(nflog_protocol_name(255, number), "255");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp4),
		cmocka_unit_test(test_later_fragment_has_no_ports),
		cmocka_unit_test(test_udp6_behind_extensions),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_header_that_lies),
		cmocka_unit_test(test_arp),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_protocol_names)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
