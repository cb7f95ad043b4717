/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/random.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "strset.h"

static uint64_t
seed(void)
{
	static uint64_t value;

	while (value == 0)
		if (getrandom(&value, sizeof(value), GRND_NONBLOCK) != sizeof(value))
			value = (uint64_t)(uintptr_t)&value * 0x9e3779b97f4a7c15ull;
	return value;
}

static uint32_t
hash_of(const char *text)
{
	uint64_t h = seed();

	for (; *text != '\0'; text++) {
		h = (h ^ (uint8_t)*text) * 0x9fb21c651e98df25ull;
		h ^= h >> 29;
	}
	return (uint32_t)(h ^ h >> 32);
}

void
strset_init(struct strset *s)
{
	memset(s, 0, sizeof(*s));
}

void
strset_fini(struct strset *s)
{
	free(s->slots);
	strset_init(s);
}

static struct strset_slot *
slot_of(const struct strset *s, const char *text, uint32_t hash)
{
	size_t i;

	for (i = hash & (s->size - 1); s->slots[i].text != NULL; i = (i + 1) & (s->size - 1))
		if (s->slots[i].hash == hash && strcmp(s->slots[i].text, text) == 0)
			break;
	return &s->slots[i];
}

static int
grow(struct strset *s)
{
	struct strset bigger = { .n = s->n, .size = s->size > 0 ? 2 * s->size : 16 };
	size_t i;

	bigger.slots = calloc(bigger.size, sizeof(bigger.slots[0]));
	if (bigger.slots == NULL)
		return -ENOMEM;
	for (i = 0; i < s->size; i++)
		if (s->slots[i].text != NULL)
			*slot_of(&bigger, s->slots[i].text, s->slots[i].hash) = s->slots[i];
	free(s->slots);
	*s = bigger;
	return 0;
}

int
strset_add(struct strset *s, const char *text, unsigned value)
{
	struct strset_slot *slot;
	uint32_t hash = hash_of(text);

	if (2 * s->n >= s->size && grow(s) != 0)
		return -ENOMEM;
	slot = slot_of(s, text, hash);
	if (slot->text != NULL)
		return 0;
	*slot = (struct strset_slot){ text, value, hash };
	s->n++;
	return 1;
}

const struct strset_slot *
strset_find(const struct strset *s, const char *text)
{
	const struct strset_slot *slot;

	if (s->size == 0)
		return NULL;
	slot = slot_of(s, text, hash_of(text));
	return slot->text != NULL ? slot : NULL;
}
