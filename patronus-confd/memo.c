/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "base/buf.h"
#include "memo.h"

#define MEMOS_MAX	256
#define MEMO_BYTES	(64u << 20)	/* of one: more than any list that is worth it */
#define SLOTS_MIN	64
#define OTHERS		16		/* entries of other documents that never matter */

struct slot {
	uint64_t	stamp;		/* 0: free */
	uint32_t	at;
	uint32_t	len;
};

struct memo {
	const void			*form;
	const struct schema_node	*list;
	struct buf			 bytes;
	struct slot			*slots;
	size_t				 size;		/* a power of two, at most half full; or 0 */
	size_t				 n;
};

struct memos {
	struct memo	all[MEMOS_MAX];
	unsigned	n;
};

struct memos *
memos_new(void)
{
	return calloc(1, sizeof(struct memos));
}

static void
forget(struct memo *m)
{
	buf_fini(&m->bytes);
	buf_init(&m->bytes, MEMO_BYTES);
	free(m->slots);
	m->slots = NULL;
	m->size = m->n = 0;
}

void
memos_free(struct memos *ms)
{
	unsigned i;

	for (i = 0; ms != NULL && i < ms->n; i++)
		forget(&ms->all[i]);
	free(ms);
}

struct memo *
memo_of(struct memos *ms, const void *form, const struct schema_node *list)
{
	struct memo *m;
	unsigned i;

	for (i = 0; ms != NULL && i < ms->n; i++)
		if (ms->all[i].form == form && ms->all[i].list == list)
			return &ms->all[i];
	if (ms == NULL || ms->n == MEMOS_MAX)
		return NULL;
	m = &ms->all[ms->n++];
	m->form = form;
	m->list = list;
	buf_init(&m->bytes, MEMO_BYTES);
	return m;
}

/* Where a stamp is, or would be.  Stamps are counted up, so neighbours of a list are neighbours here. */
static struct slot *
slot_of(const struct memo *m, uint64_t stamp)
{
	size_t i;

	for (i = stamp & (m->size - 1); m->slots[i].stamp != 0 && m->slots[i].stamp != stamp; i = (i + 1) & (m->size - 1))
		;
	return &m->slots[i];
}

bool
memo_get(const struct memo *m, uint64_t stamp, const uint8_t **ret, size_t *ret_len)
{
	const struct slot *s;

	if (m == NULL || m->size == 0 || (s = slot_of(m, stamp))->stamp == 0)
		return false;
	*ret = s->len > 0 ? m->bytes.data + s->at : (const uint8_t *)"";
	*ret_len = s->len;
	return true;
}

static bool
grow(struct memo *m)
{
	struct memo larger = { .size = m->size > 0 ? 2 * m->size : SLOTS_MIN };
	size_t i;

	if ((larger.slots = calloc(larger.size, sizeof(*larger.slots))) == NULL)
		return false;
	for (i = 0; i < m->size; i++)
		if (m->slots[i].stamp != 0)
			*slot_of(&larger, m->slots[i].stamp) = m->slots[i];
	free(m->slots);
	m->slots = larger.slots;
	m->size = larger.size;
	return true;
}

void
memo_put(struct memo *m, uint64_t stamp, const void *data, size_t len)
{
	size_t at;

	if (m == NULL)
		return;
	at = m->bytes.len;
	buf_put(&m->bytes, data, len);
	if (buf_failed(&m->bytes) || (2 * (m->n + 1) > m->size && !grow(m))) {
		forget(m);
		return;
	}
	*slot_of(m, stamp) = (struct slot){ .stamp = stamp, .at = (uint32_t)at, .len = (uint32_t)len };
	m->n++;
}

void
memo_end(struct memo *m, size_t n)
{
	if (m != NULL && m->n > 2 * n + OTHERS)
		forget(m);
}
