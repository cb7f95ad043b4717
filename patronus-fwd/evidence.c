/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"

#include "evidence.h"
#include "mem.h"
#include "names.h"

#define RULES_MAX	200000	/* ids that come and go for years: those behind are counted while they are in force, and not remembered */

struct item {
	struct item		*next;
	struct evidence_rule	 is;
	bool			 is_untold;
};

struct evidence {
	struct arena	*arena;
	struct names	 names;
	struct item	*first;
	struct item	*told_up_to;	/* where the next round of telling goes on */
	uint32_t	 n;
};

struct evidence *
evidence_new(void)
{
	struct evidence *e = mem_new(1, sizeof(*e));

	if ((e->arena = arena_new(0)) == NULL)
		fatalx("evidence", "out of memory");
	return e;
}

void
evidence_free(struct evidence *e)
{
	if (e == NULL)
		return;
	arena_free(e->arena);
	free(e);
}

static struct item *
item_get(struct evidence *e, const char *id)
{
	struct item *i = names_get(&e->names, id);

	if (i != NULL || e->n == RULES_MAX)
		return i;
	i = mem_alloc(e->arena, 1, sizeof(*i));
	i->is.id = mem_strdup(e->arena, id);
	i->next = e->first;
	e->first = i;
	e->n++;
	names_put(e->arena, &e->names, i->is.id, i);
	return i;
}

void
evidence_load(struct evidence *e, const struct evidence_rule *r)
{
	struct item *i = names_get(&e->names, r->id);
	const char *id;

	/* What this process knows is newer: confd was restarted, and not fwd. */
	if (i != NULL || (i = item_get(e, r->id)) == NULL)
		return;
	id = i->is.id;
	i->is = *r;
	i->is.id = id;
}

/* A counter that has gone back began anew; then all of it is new. */
static uint64_t
gain(uint64_t before, uint64_t now)
{
	return now >= before ? now - before : now;
}

void
evidence_count(struct evidence *e, const char *id, uint64_t packets, uint64_t bytes, uint64_t now_ms)
{
	struct item *i = item_get(e, id);
	struct evidence_rule *r;

	if (i == NULL)
		return;
	r = &i->is;
	if (r->since_ms == 0) {
		r->since_ms = now_ms;
		i->is_untold = true;
	}
	if (packets == r->seen_packets && bytes == r->seen_bytes)
		return;
	if (packets != 0) {
		r->packets += gain(r->seen_packets, packets);
		r->bytes += packets >= r->seen_packets ? gain(r->seen_bytes, bytes) : bytes;
		r->last_ms = now_ms;
		if (r->first_ms == 0)
			r->first_ms = now_ms;
	}
	r->seen_packets = packets;
	r->seen_bytes = bytes;
	i->is_untold = true;
}

void
evidence_restart(struct evidence *e, const char *id)
{
	struct item *i = names_get(&e->names, id);

	if (i == NULL || i->is.seen_packets == 0)
		return;
	i->is.seen_packets = i->is.seen_bytes = 0;
	i->is_untold = true;
}

struct evidence_sum
evidence_get(const struct evidence *e, const char *id)
{
	const struct item *i = names_get(&e->names, id);

	if (i == NULL)
		return (struct evidence_sum){ 0 };
	return (struct evidence_sum){ .packets = i->is.packets, .bytes = i->is.bytes, .since_ms = i->is.since_ms, .first_ms = i->is.first_ms,
	    .last_ms = i->is.last_ms };
}

uint32_t
evidence_tell(struct evidence *e, struct evidence_rule *ret, uint32_t max)
{
	struct item *i;
	uint32_t n = 0;

	for (i = e->told_up_to != NULL ? e->told_up_to : e->first; i != NULL && n < max; i = i->next) {
		if (!i->is_untold)
			continue;
		i->is_untold = false;
		ret[n++] = i->is;
	}
	e->told_up_to = i;
	return n;
}

void
evidence_tell_again(struct evidence *e)
{
	struct item *i;

	for (i = e->first; i != NULL; i = i->next)
		i->is_untold |= i->is.since_ms != 0;
	e->told_up_to = NULL;
}
