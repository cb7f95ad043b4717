/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/netfilter.h>
#include <string.h>

#include "base/arena.h"

#include "analysis_bogons.h"
#include "compile.h"
#include "cover.h"
#include "ir.h"
#include "mem.h"
#include "policy_bogons.h"

#define BIT(n)		(1u << (n))
#define DHCP_SERVER	67
#define DHCP_CLIENT	68
#define PARTS_MAX	512	/* of one network, when exceptions are taken out of it; more of them hide nothing */
#define EXCEPT_MAX	64

/* Exceptions as boxes: more of them than there are is safe, fewer are not. */
struct exceptions {
	struct box	items[EXCEPT_MAX + 3];
	unsigned	n;
};

static struct box
source_box(const struct prefix *p)
{
	struct box b;
	unsigned bits = 8 * addr_len(&p->addr);
	box_value host = p->len == 128 ? 0 : p->len == 0 && bits == 128 ? (box_value)-1 : ((box_value)1 << (bits - p->len)) - 1;

	box_init(&b);
	b.family = p->addr.family == ADDR_V4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	b.lo[BOX_SADDR] = box_value_of(p->addr.bytes, addr_len(&p->addr)) & ~host;
	b.hi[BOX_SADDR] = b.lo[BOX_SADDR] | host;
	return b;
}

static void
bound(struct box *b, enum box_dim dim, box_value value)
{
	b->lo[dim] = b->hi[dim] = value;
}

static void
except_dhcp(struct exceptions *e, uint16_t from, uint16_t to)
{
	struct box *b = &e->items[e->n++];

	box_init(b);
	b->family = NFPROTO_IPV4;
	bound(b, BOX_PROTOCOL, IPPROTO_UDP);
	bound(b, BOX_SPORT, from);
	bound(b, BOX_DPORT, to);
}

/* As compile_bogons() has them; false: it is not known now what they are. */
static bool
gather(struct exceptions *e, const struct policy_endpoint *except)
{
	static const struct prefix unspecified = { { .family = ADDR_V6 }, 128 };
	const struct policy_addresses *a;
	uint32_t i;

	e->n = 0;
	for (a = except->criteria; a < except->criteria + except->n; a++) {
		if (a->is_not || a->is_live || a->is_timed || a->n_ranges > 0 || a->n > EXCEPT_MAX - e->n)
			return false;
		for (i = 0; i < a->n; i++)
			e->items[e->n++] = source_box(&a->items[i]);
	}
	e->items[e->n] = source_box(&unspecified);
	bound(&e->items[e->n++], BOX_PROTOCOL, IPPROTO_ICMPV6);
	except_dhcp(e, DHCP_CLIENT, DHCP_SERVER);
	except_dhcp(e, DHCP_SERVER, DHCP_CLIENT);
	return true;
}

/* What is left of the parts when one more is taken out of them; false: too many. */
static bool
take_out(struct box *parts, unsigned *n, const struct box *one)
{
	unsigned i, n_now = *n;

	for (i = 0; i < n_now;) {
		if (!box_meets(&parts[i], one)) {
			i++;
			continue;
		}
		if (*n + BOX_PARTS > PARTS_MAX)
			return false;
		*n += box_subtract(&parts[i], one, parts + *n);
		parts[i] = parts[--n_now];
		parts[n_now] = parts[--*n];
	}
	return true;
}

static unsigned
dims_of(const struct box *b)
{
	struct box whole;
	unsigned i, dims = 0;

	box_init(&whole);
	whole.family = b->family;
	box_clamp(&whole);
	for (i = 0; i < BOX_DIMS; i++)
		if (b->lo[i] != whole.lo[i] || b->hi[i] != whole.hi[i])
			dims |= BIT(i);
	return dims;
}

static void
add(struct cover *c, const struct policy_addresses *a, const struct exceptions *e, const struct ir_origin *o, struct box *parts)
{
	uint32_t i;
	unsigned k, n;
	bool is_known;

	for (i = 0; i < a->n; i++) {
		parts[0] = source_box(&a->items[i]);
		box_clamp(&parts[0]);
		for (n = 1, k = 0, is_known = true; k < e->n && is_known; k++)
			is_known = take_out(parts, &n, &e->items[k]);
		for (k = 0; is_known && k < n; k++)
			cover_add(c, &parts[k], dims_of(&parts[k]), o);
	}
}

void
analysis_bogons(struct cover *c, const struct fw_policy *p, const struct ir *ir, uint32_t zone, struct arena *a)
{
	const struct ir_origin *o = ir_origin_find(ir, "bogon:drop");
	const unsigned blocks = zone != POLICY_LOCAL ? p->zones[zone].blocks : 0;
	struct exceptions *e;
	struct box *parts;

	if (p->bogons == NULL || blocks == 0 || o == NULL)
		return;
	e = mem_alloc(a, 1, sizeof(*e));
	parts = mem_alloc(a, PARTS_MAX, sizeof(*parts));
	if (!gather(e, &p->bogons->except))
		return;
	if ((blocks & POLICY_BOGON_RESERVED) != 0)
		add(c, &p->bogons->reserved, e, o, parts);
	if ((blocks & POLICY_BOGON_PRIVATE) != 0)
		add(c, &p->bogons->private, e, o, parts);
}
