/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is dropped in the driver: sources that a list has, and sources that send or open too much; and what is answered there (syn.bpf.c).
 * Everything else goes on as if this were not there.  Nothing is allocated, and nothing here lets a packet pass that the policy denies.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <stdbool.h>
#include <stddef.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "shared.h"

#define VLAN_TAGS	2
#define EXTENSIONS	6	/* headers of IPv6 that are skipped on the way to TCP; behind more of them nothing is TCP to us */
#define TRIES		4	/* to take a token that other processors take from too */
#define TCP_FLAGS	13	/* offset of the byte */
#define OFFSET_MASK	0x3fff	/* no header that counts begins behind it */
#define FLAG_SYN	0x02
#define FLAGS_OPEN	0x17	/* ACK, SYN, RST, FIN */

#define ARRAY(name, entry, n)    				\
	struct {						\
		__uint(type, BPF_MAP_TYPE_ARRAY);		\
		__uint(map_flags, BPF_F_MMAPABLE);		\
		__uint(max_entries, n);      			\
		__uint(key_size, sizeof(uint32_t));		\
		__uint(value_size, sizeof(entry));		\
	} name SEC(".maps")

ARRAY(state, union xdp_state, XDP_STATES);
ARRAY(groups, struct xdp_group, 2 * XDP_GROUPS);
ARRAY(pool, union xdp_slot, 1);		/* how many, the loader says */
ARRAY(cells, uint64_t, 1);		/* the same */

char drop_license[] SEC("license") = "GPL";

struct packet {
	uint64_t	 source[2];	/* IPv6 as two numbers; IPv4 in the first */
	uint32_t	 offset;	/* of the IP header */
	bool		 is_v6;
};

/*
 * Functions that are not static are judged by the verifier by themselves, for whatever arguments, and only once: so loops stay cheap to load.
 */
int	is_listed_v6(uint32_t buckets, uint64_t high, uint64_t low);
/* Where the header of TCP begins, when the packet opens a connection; or 0. */
int	opens_tcp(struct xdp_md *, uint32_t offset, uint32_t is_v6);

/* --- headers */

/* false: nothing of IP. */
static __always_inline bool
packet_read(struct packet *p, void *data, void *end)
{
	struct ethhdr *h = data;
	struct ipv6hdr *v6;
	struct iphdr *v4;
	uint16_t *tag, type;
	int i;

	if ((void *)(h + 1) > end)
		return false;
	type = h->h_proto;
	p->offset = sizeof(*h);
	for (i = 0; i < VLAN_TAGS && (type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD)); i++) {
		tag = data + p->offset;
		if ((void *)(tag + 2) > end)
			return false;
		type = tag[1];
		p->offset += 4;
	}
	v4 = data + p->offset;
	v6 = data + p->offset;
	if (type == bpf_htons(ETH_P_IP)) {
		if ((void *)(v4 + 1) > end || v4->version != 4 || v4->ihl < 5)
			return false;
		p->source[0] = bpf_ntohl(v4->saddr);
		return true;
	}
	if (type != bpf_htons(ETH_P_IPV6) || (void *)(v6 + 1) > end || v6->version != 6)
		return false;
	p->source[0] = (uint64_t)bpf_ntohl(v6->saddr.in6_u.u6_addr32[0]) << 32 | bpf_ntohl(v6->saddr.in6_u.u6_addr32[1]);
	p->source[1] = (uint64_t)bpf_ntohl(v6->saddr.in6_u.u6_addr32[2]) << 32 | bpf_ntohl(v6->saddr.in6_u.u6_addr32[3]);
	p->is_v6 = true;
	return true;
}

/* What of RFC 8200, section 4 can stand before TCP. */
static __always_inline bool
is_extension(uint8_t type)
{
	return type == IPPROTO_HOPOPTS || type == IPPROTO_ROUTING || type == IPPROTO_DSTOPTS || type == IPPROTO_FRAGMENT || type == IPPROTO_AH;
}

static __always_inline uint32_t
extension_len(uint8_t type, uint8_t len)
{
	return type == IPPROTO_FRAGMENT ? 8 : type == IPPROTO_AH ? (len + 2) * 4 : (len + 1) * 8;
}

/* Where TCP begins; 0: this is none, or not its beginning. */
static __always_inline uint32_t
tcp_after_v6(void *data, void *end, uint32_t offset)
{
	uint8_t *h = data + offset, next;
	int i;

	if ((void *)(h + sizeof(struct ipv6hdr)) > end)
		return 0;
	next = h[6];
	offset += sizeof(struct ipv6hdr);
	for (i = 0; i < EXTENSIONS && next != IPPROTO_TCP; i++) {
		offset &= OFFSET_MASK;
		h = data + offset;
		if (!is_extension(next) || (void *)(h + 8) > end || (next == IPPROTO_FRAGMENT && (h[2] != 0 || (h[3] & 0xf8) != 0)))
			return 0;
		offset += extension_len(next, h[1]);
		next = h[0];
	}
	return next == IPPROTO_TCP ? offset : 0;
}

static __always_inline uint32_t
tcp_after_v4(void *data, void *end, uint32_t offset)
{
	struct iphdr *h = data + offset;

	if ((void *)(h + 1) > end || h->protocol != IPPROTO_TCP || (h->frag_off & bpf_htons(0x1fff)) != 0)
		return 0;
	return offset + h->ihl * 4;
}

__attribute__((noinline)) int
opens_tcp(struct xdp_md *ctx, uint32_t offset, uint32_t is_v6)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	uint8_t *h;

	offset &= OFFSET_MASK;
	offset = is_v6 ? tcp_after_v6(data, end, offset) : tcp_after_v4(data, end, offset);
	h = data + (offset & OFFSET_MASK);
	return offset != 0 && (void *)(h + TCP_FLAGS + 1) <= end && (h[TCP_FLAGS] & FLAGS_OPEN) == FLAG_SYN ? (int)(offset & OFFSET_MASK) : 0;
}

/* --- lists */

static __always_inline bool
is_listed_v4(uint64_t word, uint32_t address)
{
	uint32_t key = (word & XDP_HALF ? XDP_GROUPS : 0) | address >> 14;
	uint64_t bit = 1ull << (address >> 8 & 63);
	const struct xdp_group *g = bpf_map_lookup_elem(&groups, &key);
	const union xdp_slot *b;

	if (g == NULL || g->all & bit)
		return g != NULL;
	if (!(g->some & bit))
		return false;
	key = g->base + (uint32_t)__builtin_popcountll(g->some & (bit - 1));
	b = bpf_map_lookup_elem(&pool, &key);
	return b != NULL && b->bits[address >> 6 & 3] >> (address & 63) & 1;
}

static __always_inline bool
is_less(uint64_t high, uint64_t low, const uint64_t b[2])
{
	return high < b[0] || (high == b[0] && low < b[1]);
}

__attribute__((noinline)) int
is_listed_v6(uint32_t buckets, uint64_t high, uint64_t low)
{
	uint32_t top = (uint32_t)(high >> 48), key = buckets + top / XDP_PER_SLOT, begin, end;
	const union xdp_slot *s = bpf_map_lookup_elem(&pool, &key);
	int i;

	if (s == NULL)
		return 0;
	begin = s->buckets[top % XDP_PER_SLOT].begin;
	end = s->buckets[top % XDP_PER_SLOT].end;
	for (i = 0; i < XDP_STEPS && begin < end; i++) {
		key = begin + (end - begin) / 2;
		s = bpf_map_lookup_elem(&pool, &key);
		if (s == NULL)
			return 0;
		if (is_less(high, low, s->range.first))
			end = key;
		else if (high > s->range.last[0] || (high == s->range.last[0] && low > s->range.last[1]))
			begin = key + 1;
		else
			return 1;
		/* All ways round the loop look the same to the verifier. */
		begin &= XDP_SLOT_MASK;
		end &= XDP_SLOT_MASK;
	}
	return 0;
}

/* --- rates */

static __always_inline uint64_t
mix(uint64_t x)
{
	/* The finalizer of splitmix64 (Steele, Lea, Flood 2014). */
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

/* GCRA: one word, so that processors agree without a lock. */
static __always_inline bool
is_over(uint64_t *due, const struct xdp_rate *r, uint64_t now)
{
	uint64_t was, from;
	int i;

	for (i = 0; i < TRIES; i++) {
		was = *(volatile uint64_t *)due;
		from = was > now ? was : now;
		if (from - now > r->tolerance_ns)
			return true;
		if (__sync_val_compare_and_swap(due, was, from + r->interval_ns) == was)
			return false;
	}
	return false;
}

static __always_inline bool
is_source_over(const struct xdp_rate *r, uint32_t from, uint64_t hash, uint64_t now)
{
	uint32_t key = from | (hash & (XDP_CELLS - 1));
	uint64_t *due = bpf_map_lookup_elem(&cells, &key);

	return due != NULL && is_over(due, r, now);
}

/* A connection as hashes: of whom it calls, and of all that a repetition of its first packet has in common with that. */
struct call {
	uint64_t	target;
	uint64_t	all;
};

static __always_inline bool
call_read(struct xdp_md *ctx, const struct packet *p, uint32_t tcp, uint64_t seed, struct call *ret)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct iphdr *v4 = data + (p->offset & OFFSET_MASK);
	struct ipv6hdr *v6 = (void *)v4;
	uint32_t *ports = data + (tcp & OFFSET_MASK), *to = v6->daddr.in6_u.u6_addr32;

	if ((void *)(ports + 1) > end || (void *)(v4 + 1) > end)
		return false;
	if (!p->is_v6) {
		ret->target = mix(v4->daddr ^ seed);
	} else {
		if ((void *)(v6 + 1) > end)
			return false;
		ret->target = mix(((uint64_t)to[0] << 32 | to[1]) ^ mix(((uint64_t)to[2] << 32 | to[3]) ^ seed));
	}
	ret->all = mix(ret->target ^ mix(p->source[0] ^ mix(p->source[1] ^ *ports ^ seed)));
	return true;
}

/*
 * Who opens a connection in earnest sends the packet again when nothing comes back; who forges senders by the million does not.  So under a flood a
 * connection costs its opener a second, and the flood gets nowhere.
 */
static __always_inline bool
is_repeated(uint64_t hash, uint64_t now)
{
	uint32_t key = (2 * XDP_CELLS + XDP_TARGETS) | (hash & (XDP_REPEATS - 1));
	uint64_t *cell = bpf_map_lookup_elem(&cells, &key), ms = now / 1000000 & XDP_REPEAT_TIME, was;

	if (cell == NULL)
		return true;
	was = *(volatile uint64_t *)cell;
	if (((was ^ hash) & ~XDP_REPEAT_TIME) == 0 && ((ms - was) & XDP_REPEAT_TIME) < XDP_REPEAT_MS)
		return true;
	*(volatile uint64_t *)cell = (hash & ~XDP_REPEAT_TIME) | ms;
	return false;
}

static __always_inline bool
is_target_over(struct xdp_md *ctx, const struct xdp_control *c, const struct packet *p, uint32_t tcp, uint64_t now)
{
	struct call call;
	uint64_t *due;
	uint32_t key;

	if (!call_read(ctx, p, tcp, c->seed, &call))
		return false;
	key = 2 * XDP_CELLS | (call.target & (XDP_TARGETS - 1));
	due = bpf_map_lookup_elem(&cells, &key);
	return due != NULL && is_over(due, &c->rates[XDP_METER_SYN_TARGET], now) && !is_repeated(call.all, now);
}

static __always_inline enum xdp_reason
rates_check(struct xdp_md *ctx, struct xdp_control *c, const struct packet *p)
{
	const struct xdp_rate *all = &c->rates[XDP_METER_SOURCE], *syn = &c->rates[XDP_METER_SYN], *total = &c->rates[XDP_METER_SYN_TOTAL];
	uint64_t target = c->rates[XDP_METER_SYN_TARGET].interval_ns, hash, now;
	uint32_t tcp = (syn->interval_ns | target | total->interval_ns) != 0 ? (uint32_t)opens_tcp(ctx, p->offset, p->is_v6) : 0;

	if (all->interval_ns == 0 && tcp == 0)
		return XDP_PASSED;
	/* A host of IPv6 has 64 bits of addresses: its network counts. */
	hash = mix(p->source[0] ^ c->seed);
	now = bpf_ktime_get_coarse_ns();
	if (all->interval_ns != 0 && is_source_over(all, 0, hash, now))
		return XDP_OVER_SOURCE;
	if (tcp != 0 && syn->interval_ns != 0 && is_source_over(syn, XDP_CELLS, hash, now))
		return XDP_OVER_SYN;
	if (tcp != 0 && target != 0 && is_target_over(ctx, c, p, tcp, now))
		return XDP_NOT_REPEATED;
	if (tcp != 0 && total->interval_ns != 0 && is_over(&c->syn_total, total, now))
		return XDP_OVER_SYN_TOTAL;
	return XDP_PASSED;
}

static __always_inline enum xdp_reason
judge(struct xdp_md *ctx, struct xdp_control *c, void *data, void *end)
{
	uint64_t word = *(volatile uint64_t *)&c->word;
	struct packet p = { .is_v6 = false };

	if (!packet_read(&p, data, end))
		return XDP_PASSED;
	if (!p.is_v6 && word & XDP_HAS_V4 && is_listed_v4(word, (uint32_t)p.source[0]))
		return XDP_LISTED_V4;
	if (p.is_v6 && word & XDP_HAS_V6 && is_listed_v6(c->buckets[word & XDP_HALF], p.source[0], p.source[1]))
		return XDP_LISTED_V6;
	return rates_check(ctx, c, &p);
}

#include "syn.bpf.c"

static __always_inline int
decide(struct xdp_md *ctx, bool answers)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	uint32_t first = 0, mine = 1 + (bpf_get_smp_processor_id() & (XDP_CPUS - 1)), table;
	union xdp_state *s = bpf_map_lookup_elem(&state, &first), *n = bpf_map_lookup_elem(&state, &mine);
	uint64_t len = (uint64_t)(end - data);
	enum xdp_reason reason;

	if (s == NULL || n == NULL)
		return XDP_PASS;
	reason = judge(ctx, &s->control, data, end);
	if (answers && reason == XDP_PASSED && (table = *(volatile uint32_t *)&s->control.answers) != 0 && answer(ctx, table) == 1)
		reason = XDP_ANSWERED;
	n->counts[reason & (XDP_COUNTS - 1)].packets++;
	n->counts[reason & (XDP_COUNTS - 1)].bytes += len;
	return reason == XDP_PASSED ? XDP_PASS : reason == XDP_ANSWERED ? XDP_TX : XDP_DROP;
}

SEC("xdp.frags")
int
patronus_drop(struct xdp_md *ctx)
{
	return decide(ctx, false);
}

/* Where SYN packets are answered: in a kernel that has no such cookies it cannot be loaded, and the other one is. */
SEC("xdp.frags")
int
patronus_answer(struct xdp_md *ctx)
{
	return decide(ctx, true);
}
