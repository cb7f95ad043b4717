/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "ipc/msg.h"

#include "mem.h"
#include "nft_encode.h"
#include "prove.h"
#include "prove_packet.h"

#define ADDRESSES_MAX	8192
#define RULESET_MAX	(48u << 20)

static uint8_t
host_length(const struct addr *a)
{
	return (uint8_t)(addr_len(a) * 8);
}

static uint8_t
link_add(struct prove_req *q, const char *ifname)
{
	q->links.items[q->links.n++] = ifname;
	return (uint8_t)q->links.n;
}

/* Those of links that stand in are on them, the others on the loopback: they are the box's all the same. */
static bool
put_addresses(const struct prove_question *p, struct prove_req *q, uint8_t in, uint8_t out, struct arena *a)
{
	const struct journey_place *place;
	const struct prefix *address;
	uint32_t n = 0;

	for (place = p->places->items; place < p->places->items + p->places->n; place++)
		n += place->n_addresses;
	if (n > ADDRESSES_MAX)
		return false;
	q->addresses.items = mem_alloc(a, n, sizeof(*q->addresses.items));
	for (place = p->places->items; place < p->places->items + p->places->n; place++) {
		for (address = place->addresses; address < place->addresses + place->n_addresses; address++) {
			const uint8_t link = place == p->journey->in ? in : place == p->journey->out ? out : 0;

			q->addresses.items[q->addresses.n++] = (struct prove_address){ .link = link, .address = address->addr,
			    .length = link != 0 ? address->len : host_length(&address->addr) };
		}
	}
	return true;
}

static void
put_host(struct prove_req *q, const struct addr *a, uint8_t link)
{
	q->hosts.items[q->hosts.n++] = (struct prove_address){ .link = link, .address = *a, .length = host_length(a) };
}

/* The ways that the journey went by. */
static void
put_ways(const struct prove_question *p, struct prove_req *q, struct arena *a)
{
	const struct journey *j = p->journey;
	uint8_t in, out, elsewhere;

	q->links.items = mem_alloc(a, 3, sizeof(*q->links.items));
	q->hosts.items = mem_alloc(a, 3, sizeof(*q->hosts.items));
	elsewhere = link_add(q, "elsewhere");
	in = j->in != NULL ? link_add(q, j->in->ifname) : 0;
	out = j->out == NULL ? 0 : j->out == j->in ? in : link_add(q, j->out->ifname);
	q->in = in;
	if (in != 0)
		put_host(q, &p->packet->source, j->packet.has_way_back ? in : elsewhere);
	if (out != 0)
		put_host(q, &j->packet.destination, out);
}

static const char *
put_packet(const struct prove_question *p, struct prove_req *q, struct arena *a)
{
	uint8_t *bytes = mem_alloc(a, 1, PROVE_PACKET_MAX);

	if (p->packet->ct_state != IR_CT_NEW)
		return "only the first packet of a connection can be sent";
	if (p->packet->mark != 0 && p->journey->in == NULL)
		return "a packet of the box itself has no mark before rules see it";
	put_ways(p, q, a);
	if (!put_addresses(p, q, q->in, p->journey->out == NULL ? 0 : p->journey->out == p->journey->in ? q->in : (uint8_t)q->links.n, a))
		return "the box has too many addresses for a stand-in";
	q->mark = p->packet->mark;
	q->packet = (struct bytes){ bytes, (uint32_t)prove_packet(p->packet, bytes) };
	return NULL;
}

/* A bridge with two ports. */
static void
put_frame(const struct prove_question *p, struct prove_req *q, struct arena *a)
{
	uint8_t *bytes = mem_alloc(a, 1, PROVE_FRAME_MAX);

	q->links.items = mem_alloc(a, 2, sizeof(*q->links.items));
	q->bridge = p->journey->bridge;
	q->in = link_add(q, p->journey->packet.in_link);
	(void)link_add(q, p->journey->packet.out_link);
	q->packet = (struct bytes){ bytes, (uint32_t)prove_frame(p->packet, bytes) };
}

const char *
prove_request(const struct prove_question *p, struct buf *batch, struct prove_req *ret, struct arena *a)
{
	struct nft_batch b;
	const char *why = NULL;

	memset(ret, 0, sizeof(*ret));
	ret->bridge = "";
	if (p->packet->frame != NULL)
		put_frame(p, ret, a);
	else
		why = put_packet(p, ret, a);
	if (why != NULL)
		return why;
	nft_batch_init(&b);
	b.family = p->packet->frame != NULL ? NFPROTO_BRIDGE : NFPROTO_INET;	/* no packet of one comes by the other */
	b.is_expanded = true;		/* a trace names the rule, not the look-up that has it in an element */
	nft_put_all(&b, p->ir);
	*batch = b.out;
	buf_init(&b.out, 0);
	nft_batch_fini(&b);
	if (buf_failed(batch) || batch->len > RULESET_MAX)
		return "the ruleset with its lists is too large for a stand-in";
	ret->ruleset = (struct bytes){ batch->data, (uint32_t)batch->len };
	return NULL;
}
