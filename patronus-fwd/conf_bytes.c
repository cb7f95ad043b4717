/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#include "conf_bytes.h"
#include "mem.h"

#define COUNT_BYTES	4	/* in front of a list */

static const struct record *const marked[] = { &conf_group_record, &conf_rule_record, &conf_port_forward_record, NULL };

static const struct record *const records[CONF_LIST_MAX] = {
	[CONF_LIST_GROUPS] = &conf_group_record,
	[CONF_LIST_PRE] = &conf_rule_record,
	[CONF_LIST_RULES] = &conf_rule_record,
	[CONF_LIST_POST] = &conf_rule_record,
	[CONF_LIST_FORWARDS] = &conf_port_forward_record
};

void
conf_bytes_fini(struct conf_bytes *b)
{
	free(b->data);
	codec_marks_fini(&b->marks);
	memset(b, 0, sizeof(*b));
}

static void
copy(struct conf_bytes *b, const void *data, size_t len)
{
	b->data = mem_new(len, 1);
	memcpy(b->data, data, len);
	b->len = len;
}

int
conf_bytes_new(struct conf_bytes *b, const void *data, size_t len, struct arena *a, struct conf_fwd **ret, struct codec_error *e)
{
	void *conf;
	int error;

	memset(b, 0, sizeof(*b));
	b->marks.recs = marked;
	error = codec_decode_marked(&conf_fwd_record, data, len, a, &conf, &b->marks, e);
	if (error != 0) {
		codec_marks_fini(&b->marks);
		return error;
	}
	copy(b, data, len);
	*ret = conf;
	return 0;
}

uint32_t
conf_bytes_n(const struct conf_bytes *b, unsigned list)
{
	return list < b->marks.nlists ? b->marks.lists[list].n : 0;
}

/* Where item i of a list begins; behind the last one, where the list ends. */
static uint32_t
begin_of(const struct conf_bytes *b, unsigned list, uint32_t i)
{
	return b->marks.at[b->marks.lists[list].first + i];
}

static uint32_t
end_of(const struct conf_bytes *b, unsigned list)
{
	return begin_of(b, list, conf_bytes_n(b, list));
}

/* --- the difference */
struct comparison {
	const struct conf_bytes	*old;
	const uint8_t		*data;
	size_t			 len;
};

static bool
same_bytes(const struct comparison *c, size_t at, uint32_t from, uint32_t to)
{
	return at <= c->len && c->len - at >= to - from && memcmp(c->data + at, c->old->data + from, to - from) == 0;
}

static uint32_t
read_count(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The first list that is not the same, when all in front of it is. */
static unsigned
first_list(const struct comparison *c)
{
	uint32_t at = 0, end;
	unsigned i;

	for (i = 0; i < c->old->marks.nlists; i++) {
		end = end_of(c->old, i);
		if (!same_bytes(c, at, at, end))
			break;
		at = end;
	}
	if (i == c->old->marks.nlists || !same_bytes(c, at, at, begin_of(c->old, i, 0) - COUNT_BYTES) ||
	    c->len < begin_of(c->old, i, 0))
		return CODEC_LISTS;
	return i;
}

/* Are the lists all those that are marked, in their order? */
static bool
has_lists(const struct conf_bytes *b)
{
	unsigned i;

	for (i = 0; i < b->marks.nlists; i++)
		if (i == CONF_LIST_MAX || b->marks.lists[i].rec != records[i])
			return false;
	return b->marks.nlists > CONF_LIST_POST;
}

/* Where the new items end, one after the other: each must be one of the list, and the last must end where the same ones go on. */
static bool
measure(const struct comparison *c, struct arena *a, unsigned list, uint32_t at, uint32_t end, uint32_t n, uint32_t *ends)
{
	size_t len;
	uint32_t i;
	void *item;

	if (end < at)
		return false;
	for (i = 0; i < n; i++) {
		if (codec_decode_first(records[list], c->data + at, end - at, a, &item, &len) != 0)
			return false;
		at += (uint32_t)len;
		ends[i] = at;
	}
	return at == end;
}

static void
put_marks(const struct conf_bytes *old, const struct conf_change *k, const uint32_t *ends, int64_t by, struct conf_bytes *next)
{
	const struct codec_marks *from = &old->marks;
	struct codec_marks *to = &next->marks;
	uint32_t split = from->lists[k->list].first + k->at, i, n;

	*to = *from;
	to->n = to->cap = from->n - k->n_old + k->n_next;
	to->at = mem_new(to->n, sizeof(*to->at));
	for (i = 0, n = 0; i <= split; i++)
		to->at[n++] = from->at[i];
	/* The last one ends where what is the same begins. */
	for (i = 0; i + 1 < k->n_next; i++)
		to->at[n++] = ends[i];
	for (i = split + (k->n_next > 0 ? k->n_old : k->n_old + 1); i < from->n; i++)
		to->at[n++] = (uint32_t)(from->at[i] + by);
	to->lists[k->list].n += k->n_next - k->n_old;
	for (i = k->list + 1; i < to->nlists; i++)
		to->lists[i].first += k->n_next - k->n_old;
}

/* How many items at the beginning, and of the others how many at the end, are the same. */
static void
find_change(const struct comparison *c, unsigned list, uint32_t n, int64_t by, struct conf_change *k)
{
	uint32_t n_old = conf_bytes_n(c->old, list), least = n < n_old ? n : n_old, i, from, to;

	for (i = 0; i < least && same_bytes(c, begin_of(c->old, list, i), begin_of(c->old, list, i), begin_of(c->old, list, i + 1)); i++)
		;
	k->list = list;
	k->at = i;
	for (; i < least; i++) {
		from = begin_of(c->old, list, n_old - 1 - (i - k->at));
		to = begin_of(c->old, list, n_old - (i - k->at));
		if ((int64_t)from + by < begin_of(c->old, list, k->at) || !same_bytes(c, (size_t)(from + by), from, to))
			break;
	}
	k->n_old = n_old - i;
	k->n_next = n - i;
}

bool
conf_bytes_compare(const struct conf_bytes *old, const void *data, size_t len, struct arena *scratch, struct conf_bytes *next, struct conf_change *ret)
{
	struct comparison c = { old, data, len };
	struct conf_change k;
	uint32_t ends[CONF_ITEMS_MAX], n, end;
	int64_t by;
	unsigned list;

	if (!has_lists(old) || len > UINT32_MAX)
		return false;
	list = first_list(&c);
	if (list == CODEC_LISTS) {
		if (len != old->len || memcmp(data, old->data, len) != 0)
			return false;
		k = (struct conf_change){ .list = CONF_LIST_RULES };
		by = 0;
	} else {
		by = (int64_t)len - (int64_t)old->len;
		end = end_of(old, list);
		if ((int64_t)end + by < begin_of(old, list, 0) || !same_bytes(&c, (size_t)(end + by), end, (uint32_t)old->len))
			return false;
		n = read_count(c.data + begin_of(old, list, 0) - COUNT_BYTES);
		find_change(&c, list, n, by, &k);
		if (n > old->marks.lists[list].max || k.n_old > CONF_ITEMS_MAX || k.n_next > CONF_ITEMS_MAX ||
		    !measure(&c, scratch, list, begin_of(old, list, k.at), (uint32_t)(begin_of(old, list, k.at + k.n_old) + by), k.n_next, ends))
			return false;
	}
	memset(next, 0, sizeof(*next));
	copy(next, data, len);
	put_marks(old, &k, ends, by, next);
	*ret = k;
	return true;
}

/* --- parts of it */
static bool
is_framed(unsigned list)
{
	return list == CONF_LIST_GROUPS;
}

struct conf_fwd *
conf_bytes_frame(const struct conf_bytes *b, struct arena *a)
{
	uint32_t at = 0, len = (uint32_t)b->len, begin;
	uint8_t *data;
	void *conf;
	unsigned i;

	for (i = 0; i < b->marks.nlists; i++)
		len -= is_framed(i) ? 0 : end_of(b, i) - begin_of(b, i, 0);
	data = mem_alloc(a, len, 1);
	for (i = 0, len = 0; i < b->marks.nlists; i++) {
		if (is_framed(i))
			continue;
		begin = begin_of(b, i, 0);
		memcpy(data + len, b->data + at, begin - at);
		len += begin - at;
		memset(data + len - COUNT_BYTES, 0, COUNT_BYTES);
		at = end_of(b, i);
	}
	memcpy(data + len, b->data + at, b->len - at);
	len += (uint32_t)b->len - at;
	return codec_decode(&conf_fwd_record, data, len, a, &conf, NULL) == 0 ? conf : NULL;
}

static void *
decode_item(const struct conf_bytes *b, unsigned list, uint32_t at, struct arena *a)
{
	uint32_t begin = begin_of(b, list, at);
	void *item;

	return codec_decode(records[list], b->data + begin, begin_of(b, list, at + 1) - begin, a, &item, NULL) == 0 ? item : NULL;
}

struct conf_rule *
conf_bytes_rule(const struct conf_bytes *b, unsigned list, uint32_t at, struct arena *a)
{
	return decode_item(b, list, at, a);
}

struct conf_port_forward *
conf_bytes_forward(const struct conf_bytes *b, uint32_t at, struct arena *a)
{
	return decode_item(b, CONF_LIST_FORWARDS, at, a);
}

/* The id is what an item begins with: its length and its bytes. */
unsigned
conf_bytes_count(const struct conf_bytes *b, unsigned first, unsigned last, const char *id)
{
	size_t len = strlen(id);
	uint32_t at, end, i;
	unsigned list, n;

	for (list = first, n = 0; list <= last; list++) {
		for (i = 0; i < conf_bytes_n(b, list); i++) {
			at = begin_of(b, list, i);
			end = begin_of(b, list, i + 1);
			n += end - at >= len + 2 && b->data[at] == (uint8_t)len && b->data[at + 1] == (uint8_t)(len >> 8) &&
			    memcmp(b->data + at + 2, id, len) == 0;
		}
	}
	return n;
}

/* Which item a byte is of. */
static uint32_t
item_at(const struct conf_bytes *b, unsigned list, uint32_t at)
{
	uint32_t low, high, middle;

	for (low = 0, high = conf_bytes_n(b, list); high - low > 1;) {
		middle = low + (high - low) / 2;
		if (begin_of(b, list, middle) <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* A text is its length and its bytes. */
void
conf_bytes_find(const struct conf_bytes *b, unsigned list, const char *word, bool *has)
{
	size_t len = strlen(word);
	const uint8_t *at, *end;
	uint8_t text[UINT8_MAX + 2];
	uint32_t i;

	if (conf_bytes_n(b, list) == 0)
		return;
	if (len > UINT8_MAX) {		/* none is, and who knows */
		memset(has, true, conf_bytes_n(b, list));
		return;
	}
	text[0] = (uint8_t)len;
	text[1] = 0;
	memcpy(text + 2, word, len);
	at = b->data + begin_of(b, list, 0);
	for (end = b->data + end_of(b, list); (at = memmem(at, (size_t)(end - at), text, len + 2)) != NULL; at = b->data + begin_of(b, list, i + 1)) {
		i = item_at(b, list, (uint32_t)(at - b->data));
		has[i] = true;
	}
}
