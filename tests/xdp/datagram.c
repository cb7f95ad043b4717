/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>
#include <string.h>

#include "datagram.h"

#define ETHERNET	12	/* both addresses */
#define FIRST_MIN	24	/* RFC 8200, section 4.5: the first fragment has the header of what it carries */
#define ID_PROTOCOLS	6

static uint64_t	state_ = 1;

void
datagram_seed(uint64_t seed)
{
	state_ = seed * 0x9e3779b97f4a7c15ull | 1;
}

uint64_t
random64(void)
{
	state_ ^= state_ >> 12;
	state_ ^= state_ << 25;
	state_ ^= state_ >> 27;
	return state_ * 0x2545f4914f6cdd1dull;
}

unsigned
random_below(unsigned n)
{
	return (unsigned)(random64() >> 16) % n;
}

static void
put(struct frame *f, const void *data, unsigned len)
{
	memcpy(f->bytes + f->len, data, len);
	f->len += len;
}

static void
put16(struct frame *f, unsigned v)
{
	const uint8_t be[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	put(f, be, sizeof(be));
}

static void
random_bytes(uint8_t *p, unsigned len)
{
	for (; len > 0; len--)
		*p++ = (uint8_t)random64();
}

/* --- headers of Ethernet */

/* Tags with the number 0 are priorities: any stack takes them for untagged frames (IEEE 802.1Q, 6.9). */
static void
put_ethernet(struct frame *f, const struct datagram *d, unsigned ntags)
{
	f->len = ETHERNET;
	if (ntags == 2) {
		put16(f, 0x88a8);
		put16(f, 0x4000);
	}
	if (ntags >= 1) {
		put16(f, 0x8100);
		put16(f, 0x2000);
	}
	put16(f, d->source.family == ADDR_V4 ? 0x0800 : 0x86dd);
}

/* --- IPv4 */

struct part {
	unsigned	from;
	unsigned	len;
	bool		has_more;
};

struct body {
	uint8_t		bytes[TOTAL_MAX];
	unsigned	len;
	uint8_t		protocol;
	uint32_t	id;
	unsigned	ntags;
	uint8_t		options[40];	/* of IPv4 */
	unsigned	noptions;
	uint8_t		kinds[3];	/* extension headers of IPv6, before that of a fragment */
	unsigned	nkinds;
};

static void
checksum(uint8_t *h, unsigned len)
{
	uint32_t sum = 0;
	unsigned i;

	for (i = 0; i < len; i += 2)
		sum += (uint32_t)h[i] << 8 | h[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~(sum + (sum >> 16));
	h[10] = (uint8_t)(sum >> 8);
	h[11] = (uint8_t)sum;
}

static void
put_v4(struct frame *f, const struct datagram *d, const struct body *b, const struct part *p)
{
	unsigned header = 20 + b->noptions, total = header + p->len, offset = p->from / 8 | (p->has_more ? 0x2000 : 0);
	uint8_t h[60] = { (uint8_t)(0x40 | header / 4), 0, (uint8_t)(total >> 8), (uint8_t)total, (uint8_t)(b->id >> 8), (uint8_t)b->id,
	    (uint8_t)(offset >> 8), (uint8_t)offset, 64, b->protocol, 0, 0, 0, 0, 0, 0, 198, 18, (uint8_t)(b->id >> 24), (uint8_t)(b->id >> 16) };

	memcpy(h + 12, d->source.bytes, 4);
	memcpy(h + 20, b->options, b->noptions);
	checksum(h, header);
	put(f, h, header);
	put(f, b->bytes + p->from, p->len);
}

/* --- IPv6 */

/* Returns where the type of what follows has to be written. */
static unsigned
put_extension(struct frame *f, uint8_t kind)
{
	/* One option, which pads (RFC 8200, section 4.2); a routing header that is done. */
	uint8_t x[16] = { 0, 0, 1, 4 }, routing[8] = { 0, 0, 253, 0 };
	unsigned at = f->len;

	if (kind == IPPROTO_ROUTING)
		memcpy(x, routing, sizeof(routing));
	if (kind == IPPROTO_DSTOPTS && random_below(2) == 0) {
		x[1] = 1;
		x[3] = 12;
	}
	put(f, x, 8u + 8u * x[1]);
	return at;
}

static void
put_v6(struct frame *f, const struct datagram *d, const struct body *b, const struct part *p)
{
	uint8_t h[40] = { 0x60, [7] = 64, [24] = 0x20, 1, 0x0d, 0xb8, 9 };
	uint8_t fragment[8] = { 0, 0, (uint8_t)(p->from >> 8), (uint8_t)((p->from & 0xf8) | p->has_more), (uint8_t)(b->id >> 24),
	    (uint8_t)(b->id >> 16), (uint8_t)(b->id >> 8), (uint8_t)b->id };
	unsigned begin = f->len, next = begin + 6, i, total;

	memcpy(h + 8, d->source.bytes, 16);
	put(f, h, sizeof(h));
	for (i = 0; i < b->nkinds; i++) {
		f->bytes[next] = b->kinds[i];
		next = put_extension(f, b->kinds[i]);
	}
	if (d->is_fragmented) {
		f->bytes[next] = IPPROTO_FRAGMENT;
		next = f->len;
		put(f, fragment, sizeof(fragment));
	}
	f->bytes[next] = b->protocol;
	put(f, b->bytes + p->from, p->len);
	total = f->len - begin - (unsigned)sizeof(h);
	f->bytes[begin + 4] = (uint8_t)(total >> 8);
	f->bytes[begin + 5] = (uint8_t)total;
}

/* --- a datagram */

static struct body
body_random(const struct datagram *d, uint32_t number)
{
	static const uint8_t protocols[ID_PROTOCOLS] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_GRE, IPPROTO_ESP, IPPROTO_SCTP, IPPROTO_TCP };
	struct body b = { .id = number, .len = 8 * (4 + random_below(TOTAL_MAX / 8 - 4)), .protocol = protocols[random_below(ID_PROTOCOLS)] };

	random_bytes(b.bytes, b.len);
	b.ntags = random_below(3) == 0 ? 1 + random_below(2) : 0;
	if (random_below(3) != 0)
		return b;
	if (d->source.family == ADDR_V4) {
		b.noptions = 4 * (1 + random_below(10));
		memset(b.options, 1, b.noptions);	/* RFC 791: no operation */
		return b;
	}
	if (random_below(2) == 0)
		b.kinds[b.nkinds++] = IPPROTO_HOPOPTS;
	if (random_below(2) == 0)
		b.kinds[b.nkinds++] = IPPROTO_ROUTING;
	if (random_below(2) == 0 || b.nkinds == 0)
		b.kinds[b.nkinds++] = IPPROTO_DSTOPTS;
	return b;
}

static void
put_part(struct datagram *d, const struct body *b, unsigned from, unsigned to)
{
	const struct part p = { from, to - from, to < b->len };
	struct frame *f = &d->frames[d->n++];

	put_ethernet(f, d, b->ntags);
	if (d->source.family == ADDR_V4)
		put_v4(f, d, b, &p);
	else
		put_v6(f, d, b, &p);
}

static void
fragment(struct datagram *d, const struct body *b)
{
	unsigned left = 2 + random_below(2), from = 0, to, i, k;
	struct frame f;

	for (; left > 1 && b->len - from > FIRST_MIN; left--, from = to) {
		to = from + FIRST_MIN + 8 * random_below(4);
		to = to < b->len ? to : b->len - 8;
		put_part(d, b, from, to);
	}
	put_part(d, b, from, b->len);
	/* In any order; perhaps one of them twice, or not at all. */
	for (i = d->n - 1; i > 0; i--) {
		k = random_below(i + 1);
		f = d->frames[i];
		d->frames[i] = d->frames[k];
		d->frames[k] = f;
	}
	if (random_below(8) == 0) {
		d->n--;
		d->is_whole = false;
	}
}

static void
spoil(struct datagram *d)
{
	struct frame *f = &d->frames[random_below(d->n)];
	unsigned i;

	d->is_whole = false;
	if (random_below(2) == 0) {
		f->len = 14 + random_below(f->len - 14);
		return;
	}
	for (i = 1 + random_below(3); i > 0; i--)
		f->bytes[ETHERNET + random_below(f->len - ETHERNET)] ^= (uint8_t)(1u << random_below(8));
}

static void
number_all(struct datagram *d, uint32_t number)
{
	unsigned i;

	for (i = 0; i < d->n; i++) {
		d->frames[i].bytes[6] = 2;
		d->frames[i].bytes[8] = (uint8_t)(number >> 24);
		d->frames[i].bytes[9] = (uint8_t)(number >> 16);
		d->frames[i].bytes[10] = (uint8_t)(number >> 8);
		d->frames[i].bytes[11] = (uint8_t)number;
	}
}

void
datagram_call(struct datagram *d, const struct addr *source, const struct addr *destination, uint16_t port, bool is_opening, uint32_t number)
{
	struct body b = { .id = number, .len = 20, .protocol = IPPROTO_TCP, .bytes = { (uint8_t)(port >> 8), (uint8_t)port, 0, 80, [12] = 0x50 } };
	uint8_t *ip;

	b.bytes[13] = is_opening ? 0x02 : 0x10;
	*d = (struct datagram){ .source = *source, .is_whole = true };
	put_part(d, &b, 0, b.len);
	ip = d->frames[0].bytes + 14;
	memcpy(ip + (source->family == ADDR_V4 ? 16 : 24), destination->bytes, addr_len(destination));
	if (source->family == ADDR_V4) {
		ip[10] = ip[11] = 0;
		checksum(ip, 20);
	}
	number_all(d, number);
}

void
datagram_make(struct datagram *d, const struct addr *source, uint32_t number)
{
	struct body b;

	*d = (struct datagram){ .source = *source, .is_whole = true, .is_fragmented = random_below(3) == 0 };
	b = body_random(d, number);
	d->is_tagged = b.ntags > 0;
	d->has_options = b.noptions > 0 || b.nkinds > 0;
	if (d->is_fragmented)
		fragment(d, &b);
	else
		put_part(d, &b, 0, b.len);
	if (random_below(8) == 0)
		spoil(d);
	number_all(d, number);
}

void
datagram_link(struct datagram *d, const uint8_t to[6], uint8_t link)
{
	unsigned i;

	for (i = 0; i < d->n; i++) {
		memcpy(d->frames[i].bytes, to, 6);
		d->frames[i].bytes[7] = link;
	}
}
