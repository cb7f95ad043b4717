/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "net/addrdb.h"

#include "dbranges.h"
#include "mmdb.h"

#define MARK		"\xab\xcd\xef" "MaxMind.com"
#define MARK_LEN	14
#define METADATA_MAX	(128u << 10)	/* it stands so near to the end */
#define SEPARATOR	16		/* zeros between tree and data */
#define DEPTH_MAX	16		/* of maps in maps */
#define VALUES_MAX	4096		/* looked at for one record */
#define VISITS_MAX	(64u << 20)	/* of nodes: a tree that shares its parts says as much as one that does not */

enum kind {
	KIND_EXTENDED = 0,
	KIND_POINTER = 1,
	KIND_STRING = 2,
	KIND_DOUBLE = 3,
	KIND_BYTES = 4,
	KIND_UINT16 = 5,
	KIND_UINT32 = 6,
	KIND_MAP = 7,
	KIND_INT32 = 8,
	KIND_UINT64 = 9,
	KIND_UINT128 = 10,
	KIND_ARRAY = 11,
	KIND_BOOLEAN = 14,
	KIND_FLOAT = 15,
};

/* A part of the file that has values; pointers count from its beginning. */
struct section {
	const uint8_t	*data;
	size_t		 len;
	unsigned	 budget;	/* values that may still be looked at */
};

struct value {
	enum kind	 kind;
	uint32_t	 size;		/* bytes; of maps and arrays: entries */
	size_t		 at;		/* of what it has */
	size_t		 after;		/* of what follows it, or its pointer; of maps and arrays: unknown, the same as at */
};

/* --- values --- */

static bool
number(const struct section *s, size_t at, unsigned n, uint64_t *ret)
{
	if (n > 8 || at > s->len || s->len - at < n)
		return (false);
	for (*ret = 0; n > 0; n--)
		*ret = *ret << 8 | s->data[at++];
	return (true);
}

/* *at is after the control byte. */
static bool
pointer(const struct section *s, uint8_t control, size_t *at, size_t *ret)
{
	static const uint32_t base[] = { 0, 2048, 526336, 0 };
	unsigned form = control >> 3 & 3;
	uint64_t low;

	if (!number(s, *at, form + 1, &low))
		return (false);
	*at += form + 1;
	*ret = (form == 3 ? 0 : (size_t)(control & 7) << (8 * (form + 1))) + (size_t)low + base[form];
	return (*ret < s->len);
}

static bool
size_of(const struct section *s, uint8_t control, size_t *at, uint32_t *ret)
{
	static const uint32_t base[] = { 29, 285, 65821 };
	unsigned n = control & 31;
	uint64_t more;

	*ret = n;
	if (n < 29)
		return (true);
	n -= 28;
	if (!number(s, *at, n, &more))
		return (false);
	*at += n;
	*ret = base[n - 1] + (uint32_t)more;
	return (true);
}

/* One value without pointers; of a map or array only its beginning. */
static bool
plain(struct section *s, size_t at, struct value *ret)
{
	uint8_t control;

	if (at >= s->len || s->budget == 0)
		return (false);
	s->budget--;
	control = s->data[at++];
	ret->kind = control >> 5;
	if (ret->kind == KIND_EXTENDED) {
		if (at == s->len || s->data[at] > KIND_FLOAT - 7)
			return (false);
		ret->kind = 7 + s->data[at++];
	}
	if (ret->kind == KIND_POINTER || !size_of(s, control, &at, &ret->size))
		return (false);
	ret->at = ret->after = at;
	if (ret->kind == KIND_MAP || ret->kind == KIND_ARRAY || ret->kind == KIND_BOOLEAN)
		return (true);
	ret->after = at + ret->size;
	return (s->len - at >= ret->size);
}

/* One value, also where a pointer leads; a pointer never leads to another one. */
static bool
get(struct section *s, size_t at, struct value *ret)
{
	size_t to;

	if (at >= s->len || s->data[at] >> 5 != KIND_POINTER)
		return (plain(s, at, ret));
	at++;
	if (!pointer(s, s->data[at - 1], &at, &to) || !plain(s, to, ret))
		return (false);
	ret->after = at;
	return (true);
}

static bool
skip(struct section *s, size_t at, unsigned depth, size_t *ret_after)
{
	bool is_pointer = at < s->len && s->data[at] >> 5 == KIND_POINTER;
	struct value v;
	uint64_t i, n;

	if (!get(s, at, &v))
		return (false);
	*ret_after = v.after;
	if (is_pointer || (v.kind != KIND_MAP && v.kind != KIND_ARRAY))
		return (true);
	n = (uint64_t)v.size * (v.kind == KIND_MAP ? 2 : 1);
	for (i = 0, at = v.at; i < n; i++)
		if (depth == 0 || !skip(s, at, depth - 1, &at))
			return (false);
	*ret_after = at;
	return (true);
}

/* The member of a map.  false: there is none. */
static bool
member(struct section *s, const struct value *map, const char *name, struct value *ret)
{
	size_t at = map->at, len = strlen(name);
	struct value key;
	uint32_t i;

	if (map->kind != KIND_MAP)
		return (false);
	for (i = 0; i < map->size; i++) {
		if (!get(s, at, &key) || key.kind != KIND_STRING)
			return (false);
		at = key.after;
		if (key.size == len && memcmp(s->data + key.at, name, len) == 0)
			return (get(s, at, ret));
		if (!skip(s, at, DEPTH_MAX, &at))
			return (false);
	}
	return (false);
}

/* --- what a leaf says --- */

static bool
code(const struct section *s, const struct value *v, uint8_t ret[2])
{
	if (v->kind != KIND_STRING || v->size != 2 || !addrdb_is_country((const char *)s->data + v->at))
		return (false);
	memcpy(ret, s->data + v->at, 2);
	return (true);
}

static bool
country_of(struct section *s, const struct value *of, uint8_t ret[2])
{
	struct value record = *of, country, v;

	if (member(s, &record, "country", &country) && ((member(s, &country, "iso_code", &v) && code(s, &v, ret)) || code(s, &country, ret)))
		return (true);
	if (member(s, &record, "registered_country", &country) && member(s, &country, "iso_code", &v) && code(s, &v, ret))
		return (true);
	return (member(s, &record, "country_code", &v) && code(s, &v, ret));
}

static bool
system_number(const struct section *s, const struct value *v, uint8_t ret[4])
{
	char text[16];
	uint64_t n;

	if (v->kind == KIND_STRING && v->size < sizeof(text)) {
		memcpy(text, s->data + v->at, v->size);
		text[v->size] = '\0';
		return (addrdb_system_parse(text, ret));
	}
	if (v->kind != KIND_UINT16 && v->kind != KIND_UINT32 && v->kind != KIND_UINT64)
		return (false);
	if (!number(s, v->at, v->size, &n) || n == 0 || n >= UINT32_MAX)
		return (false);
	addrdb_system_value((uint32_t)n, ret);
	return (true);
}

static bool
system_of(struct section *s, const struct value *record, uint8_t ret[4])
{
	struct value v;

	return ((member(s, record, "autonomous_system_number", &v) && system_number(s, &v, ret)) ||
	    (member(s, record, "asn", &v) && system_number(s, &v, ret)));
}

static bool
said_of(enum addrdb_kind kind, struct section *s, size_t at, uint8_t ret[ADDRDB_VALUE_MAX])
{
	struct value record;

	s->budget = VALUES_MAX;
	if (!get(s, at, &record))
		return (false);
	return (kind == ADDRDB_SYSTEMS ? system_of(s, &record, ret) : country_of(s, &record, ret));
}

/* --- the tree --- */

struct tree {
	const uint8_t		*data;
	uint32_t		 n;		/* nodes */
	unsigned		 record_bits;
	unsigned		 bits;		/* of its addresses: 32 or 128 */
	struct section		 values;
	uint32_t		 v4;		/* where IPv4 begins in a tree of IPv6 */
	struct dbranges	*to4;
	struct dbranges	*to6;
	uint32_t		 known_at;	/* what the last record said: networks that stand side by side say the same */
	bool			 is_known;
	uint8_t			 known[ADDRDB_VALUE_MAX];
	uint32_t		 visits;
};

static uint32_t
child(const struct tree *t, uint32_t node, unsigned side)
{
	const uint8_t *p = t->data + (size_t)node * t->record_bits / 4;

	switch (t->record_bits) {
	case 24:
		p += side * 3;
		return ((uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2]);
	case 28:
		return (side == 0 ? (uint32_t)(p[3] >> 4) << 24 | (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2] :
		    (uint32_t)(p[3] & 15) << 24 | (uint32_t)p[4] << 16 | (uint32_t)p[5] << 8 | p[6]);
	default:
		p += side * 4;
		return ((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
	}
}

/* The network of that many bits is what the record says. */
static int
leaf(struct tree *t, const uint8_t address[16], unsigned depth, uint32_t record)
{
	static const uint8_t zeros[12];
	bool is_v4 = t->bits == 32 || (depth >= 96 && memcmp(address, zeros, 12) == 0);
	unsigned first = t->bits == 128 && is_v4 ? 12 : 0, len = is_v4 ? 4 : 16, i;
	uint8_t lo[16] = { 0 }, hi[16] = { 0 };
	uint32_t at = record - t->n;

	if (at == 0)
		return (0);
	if (at < SEPARATOR || at - SEPARATOR >= t->values.len)
		return (-EBADMSG);
	if (t->known_at != at) {
		t->is_known = said_of(t->to4->kind, &t->values, at - SEPARATOR, t->known);
		t->known_at = at;
	}
	if (!t->is_known)
		return (0);
	for (i = 0; i < len; i++) {
		unsigned bits = 8 * (first + i);
		uint8_t host = (uint8_t)(depth >= bits + 8 ? 0 : depth <= bits ? 0xff : 0xff >> (depth - bits));

		lo[i] = address[first + i];
		hi[i] = lo[i] | host;
	}
	return (dbranges_add(is_v4 ? t->to4 : t->to6, lo, hi, t->known) ? 0 : -E2BIG);
}

/* IPv4 stands in a tree of IPv6 once, and other prefixes lead to the same nodes (6to4, mapped addresses): those say nothing of their own. */
static bool
is_alias(const struct tree *t, const uint8_t address[16], unsigned depth, uint32_t node)
{
	static const uint8_t zeros[12];

	return (t->bits == 128 && t->v4 < t->n && node == t->v4 && !(depth == 96 && memcmp(address, zeros, 12) == 0));
}

static int
walk(struct tree *t, uint32_t node, uint8_t address[16], unsigned depth)
{
	unsigned side;
	uint32_t next;
	int error = 0;

	if (++t->visits > VISITS_MAX)
		return (-E2BIG);
	for (side = 0; side < 2 && error == 0; side++) {
		next = child(t, node, side);
		if (side == 1)
			address[depth / 8] |= (uint8_t)(0x80 >> depth % 8);
		if (next >= t->n)
			error = leaf(t, address, depth + 1, next);
		else if (depth + 1 == t->bits)
			error = -EBADMSG;
		else if (!is_alias(t, address, depth + 1, next))
			error = walk(t, next, address, depth + 1);
	}
	address[depth / 8] &= (uint8_t)~(0x80 >> depth % 8);
	return (error);
}

static void
find_v4(struct tree *t)
{
	unsigned i;

	t->v4 = 0;
	for (i = 0; i < 96 && t->v4 < t->n; i++)
		t->v4 = child(t, t->v4, 0);
}

/* --- the file --- */

/* Where what follows the last mark begins; 0: there is none. */
static size_t
metadata(const uint8_t *data, size_t len)
{
	size_t at, first = len > METADATA_MAX ? len - METADATA_MAX : 0;

	for (at = len; at >= first + MARK_LEN; at--)
		if (memcmp(data + at - MARK_LEN, MARK, MARK_LEN) == 0)
			return (at);
	return (0);
}

bool
mmdb_is_one(const uint8_t *data, size_t len)
{
	return (metadata(data, len) != 0);
}

static bool
setting(struct section *s, const struct value *map, const char *name, uint64_t *ret)
{
	struct value v;

	return (member(s, map, name, &v) && v.kind >= KIND_UINT16 && v.kind <= KIND_UINT64 && v.kind != KIND_MAP && number(s, v.at, v.size, ret));
}

int
mmdb_read(const uint8_t *data, size_t len, struct dbranges *v4, struct dbranges *v6)
{
	size_t at = metadata(data, len), tree;
	struct section meta = { .data = data + at, .len = len - at, .budget = VALUES_MAX };
	struct tree t = { .data = data, .to4 = v4, .to6 = v6 };
	uint64_t nodes, bits, version, major;
	uint8_t address[16] = { 0 };
	struct value map;

	if (at == 0 || !get(&meta, 0, &map) || !setting(&meta, &map, "node_count", &nodes) || !setting(&meta, &map, "record_size", &bits) ||
	    !setting(&meta, &map, "ip_version", &version) || !setting(&meta, &map, "binary_format_major_version", &major))
		return (-EBADMSG);
	if (major != 2 || (version != 4 && version != 6) || (bits != 24 && bits != 28 && bits != 32) || nodes == 0 || nodes > len)
		return (-EBADMSG);
	tree = (size_t)nodes * (size_t)bits / 4;
	at -= MARK_LEN;
	if (tree + SEPARATOR > at)
		return (-EBADMSG);
	t.n = (uint32_t)nodes;
	t.record_bits = (unsigned)bits;
	t.bits = version == 4 ? 32 : 128;
	t.values = (struct section){ .data = data + tree + SEPARATOR, .len = at - tree - SEPARATOR };
	if (t.bits == 128)
		find_v4(&t);
	return (walk(&t, 0, address, 0));
}
