/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <endian.h>
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

#include "base/buf.h"
#include "net/nlmsg.h"

#define ALIGN4(n)	(((n) + 3u) & ~(size_t)3u)

void
nlmsg_reader_init(struct nl_reader *r, const void *data, size_t len)
{
	r->data = data;
	r->len = len;
	r->at = 0;
	r->base = 0;
}

int
nlmsg_next(struct nl_reader *r, struct nl_msg *ret)
{
	struct nlmsghdr h;
	size_t left = r->len - r->at;

	ret->offset = r->base + r->at;
	if (left == 0)
		return 0;
	if (left < sizeof(h))
		return -EPROTO;
	memcpy(&h, r->data + r->at, sizeof(h));
	if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > left || (ALIGN4(h.nlmsg_len) > left && h.nlmsg_len != left))
		return -EPROTO;
	ret->type = h.nlmsg_type;
	ret->flags = h.nlmsg_flags;
	ret->seq = h.nlmsg_seq;
	ret->pid = h.nlmsg_pid;
	ret->data = r->data + r->at + sizeof(h);
	ret->len = h.nlmsg_len - (uint32_t)sizeof(h);
	r->at += ALIGN4(h.nlmsg_len) <= left ? ALIGN4(h.nlmsg_len) : left;
	return 1;
}

int
nlattr_reader_init(struct nl_reader *r, const struct nl_msg *m, size_t skip)
{
	skip = ALIGN4(skip);
	if (m->len < skip)
		return -EPROTO;
	r->data = m->data + skip;
	r->len = m->len - skip;
	r->at = 0;
	r->base = m->offset + sizeof(struct nlmsghdr) + skip;
	return 0;
}

void
nlattr_reader_nested(struct nl_reader *r, const struct nl_attr *a)
{
	r->data = a->data;
	r->len = a->len;
	r->at = 0;
	r->base = a->offset + sizeof(struct nlattr);
}

int
nlattr_next(struct nl_reader *r, struct nl_attr *ret)
{
	struct nlattr h;
	size_t left = r->len - r->at;

	ret->offset = r->base + r->at;
	if (left == 0)
		return 0;
	if (left < sizeof(h))
		return -EPROTO;
	memcpy(&h, r->data + r->at, sizeof(h));
	if (h.nla_len < sizeof(h) || h.nla_len > left || (h.nla_type & NLA_F_NET_BYTEORDER))
		return -EPROTO;
	/* The last one may lack its padding; what stands in the padding is read by nobody. */
	ret->type = h.nla_type & NLA_TYPE_MASK;
	ret->is_nested = (h.nla_type & NLA_F_NESTED) != 0;
	ret->data = r->data + r->at + sizeof(h);
	ret->len = h.nla_len - (uint32_t)sizeof(h);
	r->at += ALIGN4(h.nla_len) <= left ? ALIGN4(h.nla_len) : left;
	return 1;
}

bool
nlattr_find(struct nl_reader r, uint16_t type, struct nl_attr *ret)
{
	while (nlattr_next(&r, ret) == 1)
		if (ret->type == type)
			return true;
	return false;
}

#define GETTER(name, type, convert)			\
type							\
name(const struct nl_attr *a)				\
{							\
	type v;						\
	if (a->len != sizeof(v))			\
		return 0;				\
	memcpy(&v, a->data, sizeof(v));			\
	return convert(v);				\
}

GETTER(nlattr_u8, uint8_t, )
GETTER(nlattr_u16, uint16_t, )
GETTER(nlattr_u32, uint32_t, )
GETTER(nlattr_u64, uint64_t, )
GETTER(nlattr_be16, uint16_t, be16toh)
GETTER(nlattr_be32, uint32_t, be32toh)
GETTER(nlattr_be64, uint64_t, be64toh)

const char *
nlattr_str(const struct nl_attr *a)
{
	const uint8_t *nul = a->len > 0 ? memchr(a->data, '\0', a->len) : NULL;

	return nul != NULL && (size_t)(nul - a->data) == a->len - 1 ? (const char *)a->data : NULL;
}

/* --- writing --- */

static void
pad(struct buf *b)
{
	static const uint8_t zeros[4];

	buf_put(b, zeros, ALIGN4(b->len) - b->len);
}

size_t
nlmsg_begin(struct buf *b, uint16_t type, uint16_t flags, uint32_t seq, const void *family_header, size_t len)
{
	struct nlmsghdr h = { .nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = seq };
	size_t at = b->len;

	buf_put(b, &h, sizeof(h));
	buf_put(b, family_header, len);
	pad(b);
	return at;
}

void
nlmsg_end(struct buf *b, size_t at)
{
	uint32_t len;

	if (buf_failed(b))
		return;
	len = (uint32_t)(b->len - at);
	memcpy(b->data + at, &len, sizeof(len));
}

void
nlattr_put(struct buf *b, uint16_t type, const void *data, size_t len)
{
	struct nlattr h = { .nla_type = type, .nla_len = (uint16_t)(sizeof(struct nlattr) + len) };

	if (len > UINT16_MAX - sizeof(h)) {
		b->failed = true;
		return;
	}
	buf_put(b, &h, sizeof(h));
	buf_put(b, data, len);
	pad(b);
}

void
nlattr_put_str(struct buf *b, uint16_t type, const char *s)
{
	nlattr_put(b, type, s, strlen(s) + 1);
}

void
nlattr_put_u8(struct buf *b, uint16_t type, uint8_t v)
{
	nlattr_put(b, type, &v, sizeof(v));
}

void
nlattr_put_u32(struct buf *b, uint16_t type, uint32_t v)
{
	nlattr_put(b, type, &v, sizeof(v));
}

void
nlattr_put_be32(struct buf *b, uint16_t type, uint32_t v)
{
	v = htobe32(v);
	nlattr_put(b, type, &v, sizeof(v));
}

void
nlattr_put_be64(struct buf *b, uint16_t type, uint64_t v)
{
	v = htobe64(v);
	nlattr_put(b, type, &v, sizeof(v));
}

size_t
nlattr_begin(struct buf *b, uint16_t type)
{
	size_t at = b->len;

	nlattr_put(b, type | NLA_F_NESTED, NULL, 0);
	return at;
}

void
nlattr_end(struct buf *b, size_t at)
{
	uint16_t len;

	if (buf_failed(b))
		return;
	if (b->len - at > UINT16_MAX) {
		b->failed = true;
		return;
	}
	len = (uint16_t)(b->len - at);
	memcpy(b->data + at, &len, sizeof(len));
}
