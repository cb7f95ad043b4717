/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"

#include "live.h"
#include "mem.h"
#include "policy_syn.h"
#include "policy_xdp.h"
#include "xdp/plan.h"

#define PREFIXES_PER_RANGE	256	/* at most, of IPv6: RFC 4291 leaves no longer addresses */

/* What the kernel's coarse clock counts in: packets within a tick come at the same time. */
static uint64_t
tick_ns(void)
{
	struct timespec t = { 0, 4000000 };

	(void)clock_getres(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static struct xdp_rate
rate_of(const struct policy_rate *r)
{
	uint64_t interval, ahead, tick = tick_ns();

	if (r->rate.count == 0)
		return (struct xdp_rate){ 0, 0 };
	interval = (uint64_t)r->rate.seconds * 1000000000 / r->rate.count;
	interval = interval > 0 ? interval : 1;
	ahead = (r->burst > 0 ? r->burst - 1 : 0) * interval;
	/* A burst shorter than a tick would keep the rate below what was asked for. */
	return (struct xdp_rate){ interval, ahead > tick ? ahead : tick };
}

/* --- ranges as prefixes */

/* The number of low bits that a block may have that begins at lo and ends at or before hi. */
static unsigned
block_bits(const uint8_t *lo, const uint8_t *hi, unsigned width)
{
	uint8_t last[16];
	unsigned n, byte;

	for (n = 0; n < width && (lo[(width - 1 - n) / 8] >> n % 8 & 1) == 0; n++) {
		memcpy(last, lo, width / 8);
		for (byte = 0; byte <= n; byte++)
			last[(width - 1 - byte) / 8] |= (uint8_t)(1u << byte % 8);
		if (memcmp(last, hi, width / 8) > 0)
			break;
	}
	return n;
}

/* The address behind the block; false when there is none. */
static bool
step(uint8_t *lo, unsigned bits, unsigned width)
{
	unsigned at = width - bits, i;

	if (bits == width)
		return false;
	i = (at - 1) / 8;
	lo[i] = (uint8_t)(lo[i] + (1u << bits % 8));
	if (lo[i] >> bits % 8 != 0)
		return true;
	while (i-- > 0)
		if (++lo[i] != 0)
			return true;
	return false;
}

static uint32_t
range_split(const struct live_range *r, struct prefix *ret)
{
	unsigned width = r->family == NFPROTO_IPV4 ? 32 : 128, bits;
	uint8_t lo[16];
	uint32_t n = 0;

	memcpy(lo, r->lo, sizeof(lo));
	do {
		bits = block_bits(lo, r->hi, width);
		ret[n] = (struct prefix){ .addr.family = width == 32 ? ADDR_V4 : ADDR_V6, .len = (uint8_t)(width - bits) };
		memcpy(ret[n++].addr.bytes, lo, width / 8);
	} while (n < PREFIXES_PER_RANGE && step(lo, bits, width) && memcmp(lo, r->hi, width / 8) <= 0);
	return n;
}

static void
prefixes_of(const struct policy_addresses *a, struct arena *scratch, struct xdp_prefixes *ret)
{
	struct prefix some[PREFIXES_PER_RANGE], *all = NULL;
	uint32_t i, n, k, total = 0;
	unsigned cap = 0;

	ret->items = a->items;
	ret->n = a->n;
	if (!a->is_live)
		return;
	for (i = 0; i < a->n_ranges; i++)
		for (n = range_split(&a->ranges[i], some), k = 0; k < n; k++) {
			all = mem_grow(scratch, all, total, sizeof(*all), &cap);
			all[total++] = some[k];
		}
	ret->items = all;
	ret->n = total;
}

/* --- what is answered */

static uint64_t
number(const uint8_t *bytes, unsigned n)
{
	uint64_t v = 0;
	unsigned i;

	for (i = 0; i < n; i++)
		v = v << 8 | bytes[i];
	return v;
}

static uint64_t
mask(unsigned bits, unsigned width)
{
	return bits == 0 ? 0 : (~0ull << (64 - bits)) >> (64 - width);
}

static struct xdp_answer_entry
entry_of(const struct policy_answer *a)
{
	struct xdp_answer_entry e = { .low = a->ports.low, .high = a->ports.high, .is_v6 = a->to.addr.family == ADDR_V6, .is_left = a->syn == NULL };
	const struct prefix p = prefix_network(&a->to);

	if (!e.is_v6) {
		e.address[0] = number(p.addr.bytes, 4);
		e.mask[0] = mask(p.len, 32);
	} else {
		e.address[0] = number(p.addr.bytes, 8);
		e.address[1] = number(p.addr.bytes + 8, 8);
		e.mask[0] = mask(p.len < 64 ? p.len : 64, 64);
		e.mask[1] = mask(p.len > 64 ? p.len - 64u : 0, 64);
	}
	if (a->syn != NULL) {
		e.mss = a->syn->mss;
		e.window_scale = a->syn->window_scale;
		e.options = (uint8_t)(XDP_TCP_MSS | XDP_TCP_SCALE | (a->syn->has_timestamps ? XDP_TCP_TIME : 0) |
		    (a->syn->has_selective_ack ? XDP_TCP_SACK : 0));
	}
	return e;
}

static void
answers_take(struct xdp_plan *p, const struct policy_xdp *x)
{
	uint32_t i;

	p->has_answers = x->has_answers;
	p->answers = mem_new(x->n_answers + 1, sizeof(*p->answers));
	p->rules = mem_new(x->n_answered + 1, sizeof(*p->rules));
	for (i = 0; i < x->n_answers; i++) {
		(void)str_copy(p->answers[i].in, x->answers[i].in, IFNAMSIZ);
		if (x->answers[i].out != NULL)
			(void)str_copy(p->answers[i].out, x->answers[i].out, IFNAMSIZ);
		p->answers[i].entry = entry_of(&x->answers[i]);
	}
	for (i = 0; i < x->n_answered; i++) {
		(void)str_copy(p->rules[i].id, x->answered[i].rule, sizeof(p->rules[i].id));
		(void)str_copy(p->rules[i].reason, x->answered[i].reason != NULL ? x->answered[i].reason : "", sizeof(p->rules[i].reason));
		p->rules[i].is_answered = x->answered[i].is_answered;
	}
	p->n_answers = x->n_answers;
	p->n_rules = x->n_answered;
}

/* --- the plan */

int
xdp_plan_new(const struct policy_xdp *x, struct arena *scratch, struct xdp_plan **ret)
{
	struct xdp_prefixes lists = { NULL, 0 };
	struct xdp_plan *p;
	int error;

	*ret = NULL;
	if (x == NULL || x->links.n == 0)
		return 0;
	p = mem_new(1, sizeof(*p));
	for (; p->nlinks < x->links.n && p->nlinks < XDP_LINKS_MAX; p->nlinks++)
		(void)str_copy(p->links[p->nlinks], x->links.items[p->nlinks], IFNAMSIZ);
	if (x->source.n > 0)
		prefixes_of(&x->source.criteria[0], scratch, &lists);
	p->rates[XDP_METER_SOURCE] = rate_of(&x->source_rate);
	p->rates[XDP_METER_SYN] = rate_of(&x->open_rate);
	p->rates[XDP_METER_SYN_TARGET] = rate_of(&x->target_rate);
	p->rates[XDP_METER_SYN_TOTAL] = rate_of(&x->total_rate);
	p->has_rates = x->source_rate.rate.count > 0 || x->open_rate.rate.count > 0 || x->target_rate.rate.count > 0;
	answers_take(p, x);
	error = xdp_list_new(&lists, 1, &p->list);
	if (error != 0) {
		xdp_plan_free(p);
		return error;
	}
	p->digest = p->list->digest;
	*ret = p;
	return 0;
}

void
xdp_plan_free(struct xdp_plan *p)
{
	if (p == NULL)
		return;
	xdp_list_free(p->list);
	free(p->answers);
	free(p->rules);
	free(p);
}
