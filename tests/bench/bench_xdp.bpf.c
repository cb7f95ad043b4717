/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What bench_xdp measures beside the program itself: nothing, the peers' maps, and pseudo-random senders for ours and for them. */
#include "xdp/drop.bpf.c"

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1200000);
	__uint(key_size, 8);
	__uint(value_size, 8);
} trie SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 20);
	__uint(key_size, 8);
	__uint(value_size, 8);
} lru SEC(".maps");

ARRAY(draws, uint64_t, 1);

/* Half of them are listed when the list is of every second network of 20 bits, and no two are near each other. */
static __always_inline uint32_t
draw(void)
{
	uint32_t first = 0;
	uint64_t *n = bpf_map_lookup_elem(&draws, &first);

	return n != NULL ? (uint32_t)(mix((*n)++) >> 32) : 0;
}

SEC("xdp.frags")
int
bench_empty(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_DROP;
}

SEC("xdp.frags")
int
bench_draw(struct xdp_md *ctx)
{
	(void)ctx;
	return draw() & 1 ? XDP_DROP : XDP_PASS;
}

SEC("xdp.frags")
int
bench_cold(struct xdp_md *ctx)
{
	uint32_t first = 0;
	union xdp_state *s = bpf_map_lookup_elem(&state, &first);

	(void)ctx;
	return s != NULL && is_listed_v4(s->control.word, draw()) ? XDP_DROP : XDP_PASS;
}

SEC("xdp.frags")
int
bench_trie(struct xdp_md *ctx)
{
	struct { uint32_t len, address; } key = { 32, bpf_htonl(draw()) };

	(void)ctx;
	return bpf_map_lookup_elem(&trie, &key) != NULL ? XDP_DROP : XDP_PASS;
}

SEC("xdp.frags")
int
bench_lru(struct xdp_md *ctx)
{
	uint64_t key = draw(), now = bpf_ktime_get_coarse_ns(), *due = bpf_map_lookup_elem(&lru, &key);

	(void)ctx;
	if (due == NULL)
		bpf_map_update_elem(&lru, &key, &now, BPF_ANY);
	else if (*due > now)
		return XDP_DROP;
	else
		*due = now;
	return XDP_PASS;
}

/* --- senders of frames, through a pair of veth: where to, the first sender, how far from each to the next, and how many */

struct sending {
	uint32_t	link;
	uint32_t	first;
	uint32_t	shift;
	uint32_t	n;
};

ARRAY(sending, struct sending, 1);

static __always_inline const struct sending *
source_draw(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct iphdr *h = data + sizeof(struct ethhdr);
	uint32_t first = 0;
	const struct sending *s = bpf_map_lookup_elem(&sending, &first);

	if (s == NULL || s->n == 0 || (void *)(h + 1) > end)
		return NULL;
	h->saddr = bpf_htonl(s->first + ((draw() % s->n) << (s->shift & 31)));
	return s;
}

SEC("xdp")
int
bench_send(struct xdp_md *ctx)
{
	const struct sending *s = source_draw(ctx);

	return s != NULL ? (int)bpf_redirect(s->link, 0) : XDP_ABORTED;
}

SEC("xdp")
int
bench_send_nowhere(struct xdp_md *ctx)
{
	return source_draw(ctx) != NULL ? XDP_DROP : XDP_ABORTED;
}
