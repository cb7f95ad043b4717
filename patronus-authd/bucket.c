/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/str.h"
#include "bucket.h"

#define KEY_MAX		128
#define HASH_SLOTS	1024

struct bucket {
	LIST_ENTRY(bucket)	 link;
	char			 key[KEY_MAX];
	/*
	 * Filled by time: when it was (or will be) full.  A token moves it by refill_ms; now + (capacity - 1) *
	 * refill_ms is the end.
	 */
	uint64_t		 full_ms;
};

struct buckets {
	unsigned		 capacity;
	uint64_t		 refill_ms;
	unsigned		 max_keys;
	unsigned		 n;
	struct bucket		 shared;	/* of all keys for which there was no room */
	LIST_HEAD(, bucket)	 slots[HASH_SLOTS];
};

struct buckets *
buckets_new(unsigned capacity, uint64_t refill_ms, unsigned max_keys)
{
	struct buckets *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->capacity = capacity;
	b->refill_ms = refill_ms;
	b->max_keys = max_keys;
	return b;
}

void
buckets_free(struct buckets *b)
{
	struct bucket *e;
	unsigned i;

	for (i = 0; b != NULL && i < HASH_SLOTS; i++)
		while ((e = LIST_FIRST(&b->slots[i])) != NULL) {
			LIST_REMOVE(e, link);
			free(e);
		}
	free(b);
}

static unsigned
slot_of(const char *key)
{
	uint32_t h = 2166136261u;

	for (; *key != '\0'; key++)
		h = (h ^ (unsigned char)*key) * 16777619u;
	return h % HASH_SLOTS;
}

static struct bucket *
find(struct buckets *b, const char *key)
{
	struct bucket *e;

	LIST_FOREACH(e, &b->slots[slot_of(key)], link)
		if (strncmp(e->key, key, KEY_MAX - 1) == 0)
			return e;
	return NULL;
}

static void
forget_full(struct buckets *b, uint64_t now)
{
	struct bucket *e, *next;
	unsigned i;

	for (i = 0; i < HASH_SLOTS; i++)
		for (e = LIST_FIRST(&b->slots[i]); e != NULL; e = next) {
			next = LIST_NEXT(e, link);
			if (e->full_ms > now)
				continue;
			LIST_REMOVE(e, link);
			free(e);
			b->n--;
		}
}

/* The bucket to take from; the shared one when there is no room for another. */
static struct bucket *
get(struct buckets *b, const char *key, uint64_t now)
{
	struct bucket *e = find(b, key);

	if (e != NULL)
		return e;
	if (b->n >= b->max_keys)
		forget_full(b, now);
	e = b->n < b->max_keys ? calloc(1, sizeof(*e)) : NULL;
	if (e == NULL)
		return &b->shared;
	(void)str_copy(e->key, key, sizeof(e->key));
	LIST_INSERT_HEAD(&b->slots[slot_of(key)], e, link);
	b->n++;
	return e;
}

static uint64_t
wait_of(const struct buckets *b, const struct bucket *e, uint64_t now)
{
	uint64_t limit = now + (b->capacity - 1) * b->refill_ms;

	return e->full_ms > limit ? e->full_ms - limit : 0;
}

uint64_t
buckets_wait(struct buckets *b, const char *key, uint64_t now)
{
	const struct bucket *e = find(b, key);

	if (e == NULL && b->n >= b->max_keys) {
		forget_full(b, now);
		if (b->n >= b->max_keys)
			e = &b->shared;
	}
	return e != NULL ? wait_of(b, e, now) : 0;
}

bool
buckets_take(struct buckets *b, const char *key, uint64_t now)
{
	struct bucket *e = get(b, key, now);

	if (wait_of(b, e, now) > 0)
		return false;
	e->full_ms = (e->full_ms > now ? e->full_ms : now) + b->refill_ms;
	return true;
}

void
buckets_give(struct buckets *b, const char *key, uint64_t now)
{
	struct bucket *e = find(b, key);

	/* Not from the shared one: it may not be the one that was taken from. */
	if (e != NULL && e->full_ms > now)
		e->full_ms -= b->refill_ms;
}

unsigned
buckets_count(const struct buckets *b)
{
	return b->n;
}
