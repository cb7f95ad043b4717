/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_XDP_SHARED_H
#define PATRONUS_FWD_XDP_SHARED_H

#ifdef __bpf__
#include <linux/types.h>
typedef __u8	uint8_t;
typedef __u16	uint16_t;
typedef __u32	uint32_t;
typedef __u64	uint64_t;
#else
#include <stdint.h>
#endif

/*
 * What the program in the kernel and its owner in user space share: arrays that both see.  Lists are there twice, as half 0 and half 1, and
 * one word says which half counts.
 */

/* --- state: element 0 is the control, the next count for a processor each, and those behind are what is answered */

#define XDP_HALF	1u	/* in the word: which half counts, */
#define XDP_HAS_V4	2u	/* and what it lists */
#define XDP_HAS_V6	4u

enum xdp_meter {
	XDP_METER_SOURCE = 0,	/* all packets of a source */
	XDP_METER_SYN,		/* TCP connections that a source opens, */
	XDP_METER_SYN_TARGET,	/* that are opened to a destination: what is over that passes when it is repeated, */
	XDP_METER_SYN_TOTAL,	/* that all open together */
	XDP_METERS
};

/* A token bucket as GCRA (ITU-T I.371): a packet each interval, and up to tolerance ahead of that. */
struct xdp_rate {
	uint64_t	interval_ns;	/* 0: no limit */
	uint64_t	tolerance_ns;
};

struct xdp_control {
	uint64_t	word;		/* the store to it exchanges all lists at once */
	uint64_t	seed;		/* so that nobody chooses whose bucket he shares */
	uint64_t	syn_total;	/* when the next is due that XDP_METER_SYN_TOTAL lets pass */
	uint32_t	buckets[2];	/* of each half: the slot in which its buckets begin */
	uint32_t	answers;	/* which half of them counts, and how many it has: XDP_ANSWER_HALF, XDP_ANSWER_COUNT */
	uint32_t	unused;
	struct xdp_rate	rates[XDP_METERS];
};

enum xdp_reason {
	XDP_PASSED = 0,
	XDP_LISTED_V4,
	XDP_LISTED_V6,
	XDP_OVER_SOURCE,
	XDP_OVER_SYN,
	XDP_NOT_REPEATED,
	XDP_OVER_SYN_TOTAL,
	XDP_ANSWERED,		/* for a server with SYN protection */
	XDP_REASONS
};

#define XDP_COUNTS	8	/* at least XDP_REASONS */
#define XDP_CPUS	512	/* more share */

struct xdp_count {
	uint64_t	packets;
	uint64_t	bytes;
};

/*
 * SYN packets that the driver answers itself, in the order of the rules: the first that fits decides.  What none fits is the ruleset's, and so is
 * what a rule has that cannot be said here.
 */
#define XDP_ANSWERS		64	/* in each half */
#define XDP_ANSWER_HALF		0x80000000u
#define XDP_ANSWER_COUNT	0xffu
#define XDP_ANSWER_AT(half, i)	(1 + XDP_CPUS + ((half) != 0 ? XDP_ANSWERS : 0) + (i))	/* among the elements of the state */
#define XDP_STATES		(1 + XDP_CPUS + 2 * XDP_ANSWERS)

#define XDP_TCP_MSS		0x01	/* options of TCP: what a caller has, and what a server knows */
#define XDP_TCP_SCALE		0x02
#define XDP_TCP_SACK		0x04
#define XDP_TCP_TIME		0x08

struct xdp_answer_entry {
	uint64_t	address[2];	/* of the server, as numbers; IPv4 in the first */
	uint64_t	mask[2];
	uint32_t	in;		/* links by their index */
	uint32_t	out;		/* 0: whichever */
	uint16_t	low;		/* ports */
	uint16_t	high;
	uint16_t	mss;
	uint8_t		mac[6];		/* of the link by which it comes */
	uint8_t		is_v6;
	uint8_t		is_left;	/* to the ruleset */
	uint8_t		options;
	uint8_t		window_scale;
};

union xdp_state {
	struct xdp_control	control;
	struct xdp_count	counts[XDP_COUNTS];
	struct xdp_answer_entry	answer;
};

/* --- groups: IPv4 as DIR-24-8 with ranks */

#define XDP_GROUPS	(1u << 18)	/* in each half; 64 networks of 24 bits are a group */

struct xdp_group {
	uint64_t	all;		/* networks of which every address is listed */
	uint64_t	some;		/* networks that have a slot */
	uint32_t	base;		/* the slot of the first of these; the others follow */
	uint32_t	unused;
};

/* --- the pool: slots that a half has in one run: blocks, then buckets, then ranges */

#define XDP_BUCKETS	65536u	/* by the first 16 bits of IPv6; as many as that, or none */
#define XDP_PER_SLOT	4	/* buckets */
#define XDP_SLOT_MASK	0x7fffffu	/* a slot's number has no other bits */
#define XDP_STEPS	23	/* of a search among so many */

struct xdp_bucket {
	uint32_t	begin;		/* slots begin..end-1: ranges in ascending order, none of which leaves its bucket */
	uint32_t	end;
};

union xdp_slot {
	uint64_t		bits[4];	/* a block: one bit for each address of a network of 24 bits */
	struct xdp_bucket	buckets[XDP_PER_SLOT];
	struct {
		uint64_t	first[2];	/* the halves of an address, as numbers */
		uint64_t	last[2];
	} range;
};

/* --- cells: when the next packet of a source, or to a destination, is due; they share them by their hash */

#define XDP_CELLS	(1u << 20)	/* for each meter by source, of which there are two */
#define XDP_TARGETS	(1u << 16)	/* behind them, for the one by destination */
#define XDP_REPEATS	(1u << 19)	/* behind these: what was asked to be repeated, and when */
#define XDP_CELLS_ALL	(2 * XDP_CELLS + XDP_TARGETS + XDP_REPEATS)

/* The time is in milliseconds; the rest of the word tells one packet from another whose cell is the same. */
#define XDP_REPEAT_TIME	((1ull << 40) - 1)
#define XDP_REPEAT_MS	10000	/* for as long a repetition counts: RFC 6298 repeats after 1 and 3 seconds, older systems after 3 and 9 */

#endif
