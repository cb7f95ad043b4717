/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "net/nlmsg.h"

#include "flowlog.h"
#include "hash.h"
#include "mem.h"

#define WAYS	8	/* places that an entry may be in */

struct flowlog {
	struct flowlog_entry	entries[FLOWLOG_SIZE];
};

struct flowlog *
flowlog_new(void)
{
	return mem_new(1, sizeof(struct flowlog));
}

void
flowlog_free(struct flowlog *l)
{
	free(l);
}

static bool
is_alike(const struct flow *a, const struct flow *b)
{
	return a->protocol == b->protocol && a->icmp_type == b->icmp_type && addr_equal(&a->original.source, &b->original.source) &&
	    addr_equal(&a->original.destination, &b->original.destination) && a->original.destination_port == b->original.destination_port &&
	    addr_equal(&a->reply.source, &b->reply.source) && a->reply.source_port == b->reply.source_port &&
	    addr_equal(&a->reply.destination, &b->reply.destination);
}

static uint64_t
hash(const struct flow *f)
{
	uint64_t h = hash_u64((uint64_t)f->protocol << 24 | (uint64_t)f->icmp_type << 16 | f->original.destination_port, HASH_SEED);

	h = hash_bytes(f->original.source.bytes, addr_len(&f->original.source), h);
	return hash_bytes(f->original.destination.bytes, addr_len(&f->original.destination), h);
}

void
flowlog_add(struct flowlog *l, const struct flow *f, uint64_t now_ms)
{
	struct flowlog_entry *e = &l->entries[hash(f) % (FLOWLOG_SIZE / WAYS) * WAYS], *oldest = e, *end = e + WAYS;

	for (; e < end; e++) {
		if (e->first_ms != 0 && is_alike(&e->flow, f)) {
			e->flow = *f;
			e->last_ms = now_ms;
			return;
		}
		if (e->last_ms < oldest->last_ms)
			oldest = e;
	}
	*oldest = (struct flowlog_entry){ .flow = *f, .first_ms = now_ms, .last_ms = now_ms };
}

void
flowlog_take(struct flowlog *l, const uint8_t *data, size_t len, uint64_t now_ms)
{
	struct nl_reader r;
	struct nl_msg m;
	struct flow f;

	nlmsg_reader_init(&r, data, len);
	while (nlmsg_next(&r, &m) == 1)
		if (flow_read(&m, &f))
			flowlog_add(l, &f, now_ms);
}

const struct flowlog_entry *
flowlog_next(const struct flowlog *l, uint32_t *at, uint64_t now_ms)
{
	const struct flowlog_entry *e;

	while (*at < FLOWLOG_SIZE) {
		e = &l->entries[(*at)++];
		if (e->first_ms != 0 && e->last_ms + FLOWLOG_KEEP_MS >= now_ms)
			return e;
	}
	return NULL;
}
