/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program with a fault that was planted: it lets fragments of IPv4 pass, whoever sent them.  For xdp_same, which has to find that. */
#define patronus_drop	without_fault
#include "xdp/drop.bpf.c"
#undef patronus_drop

SEC("xdp.frags")
int
patronus_drop(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	uint32_t first = 0;
	union xdp_state *s = bpf_map_lookup_elem(&state, &first);
	struct ethhdr *e = data;
	struct iphdr *h = (void *)(e + 1);

	if ((void *)(h + 1) <= end && e->h_proto == bpf_htons(ETH_P_IP) && (h->frag_off & bpf_htons(0x3fff)) != 0)
		return XDP_PASS;
	return s == NULL || judge(ctx, &s->control, data, end) == XDP_PASSED ? XDP_PASS : XDP_DROP;
}
