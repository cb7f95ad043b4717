/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "hash.h"
#include "mem.h"
#include "names.h"

/* Open addressing, grown at three quarters.  The hashes are kept: most names that are not the one are told from it without being read. */

#define SIZE_FIRST	64

/* Where the name is, or the free slot where it belongs. */
static uint32_t
slot_of(const struct names *t, const char *name, uint32_t hash)
{
	uint32_t i;

	for (i = hash & (t->size - 1); t->items[i] != NULL; i = (i + 1) & (t->size - 1))
		if (t->hashes[i] == hash && (t->names[i] == name || strcmp(t->names[i], name) == 0))
			break;
	return i;
}

static void
fill(struct names *t, uint32_t at, const char *name, uint32_t hash, void *item)
{
	t->items[at] = item;
	t->names[at] = name;
	t->hashes[at] = hash;
	t->n++;
}

static void
grow(struct arena *a, struct names *t)
{
	struct names old = *t;
	uint32_t i, k;

	t->size = old.size == 0 ? SIZE_FIRST : old.size * 2;
	t->items = mem_alloc(a, t->size, sizeof(*t->items));
	t->names = mem_alloc(a, t->size, sizeof(*t->names));
	t->hashes = mem_alloc(a, t->size, sizeof(*t->hashes));
	t->n = 0;
	for (i = 0; i < old.size; i++) {
		if (old.items[i] == NULL)
			continue;
		for (k = old.hashes[i] & (t->size - 1); t->items[k] != NULL; k = (k + 1) & (t->size - 1))
			;
		fill(t, k, old.names[i], old.hashes[i], old.items[i]);
	}
}

void *
names_add(struct arena *a, struct names *t, const char *name, void *item)
{
	uint32_t hash = (uint32_t)hash_quick(name, strlen(name), HASH_SEED), at;

	if (t->n * 4 >= t->size * 3)
		grow(a, t);
	at = slot_of(t, name, hash);
	if (t->items[at] != NULL)
		return t->items[at];
	fill(t, at, name, hash, item);
	return item;
}

void
names_put(struct arena *a, struct names *t, const char *name, void *item)
{
	(void)names_add(a, t, name, item);
}

void *
names_get(const struct names *t, const char *name)
{
	if (t->size == 0)
		return NULL;
	return t->items[slot_of(t, name, (uint32_t)hash_quick(name, strlen(name), HASH_SEED))];
}

/* What stands behind it moves up, unless it is before the place where it would be looked for first. */
void
names_remove(struct names *t, const char *name)
{
	uint32_t at = slot_of(t, name, (uint32_t)hash_quick(name, strlen(name), HASH_SEED)), mask = t->size - 1, i;

	for (i = (at + 1) & mask; t->items[i] != NULL; i = (i + 1) & mask) {
		if (((i - t->hashes[i]) & mask) < ((i - at) & mask))
			continue;
		t->items[at] = t->items[i];
		t->names[at] = t->names[i];
		t->hashes[at] = t->hashes[i];
		at = i;
	}
	t->items[at] = NULL;
	t->n--;
}

void
names_copy(struct arena *a, struct names *to, const struct names *from, void *(*twin)(const void *, void *, const char **), void *arg)
{
	uint32_t i;

	*to = *from;
	if (from->size == 0)
		return;
	to->items = mem_alloc(a, to->size, sizeof(*to->items));
	to->names = mem_alloc(a, to->size, sizeof(*to->names));
	to->hashes = mem_alloc(a, to->size, sizeof(*to->hashes));
	memcpy(to->hashes, from->hashes, to->size * sizeof(*to->hashes));
	for (i = 0; i < to->size; i++)
		if (from->items[i] != NULL)
			to->items[i] = twin(from->items[i], arg, &to->names[i]);
}
