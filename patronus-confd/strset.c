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
	s->slots = NULL;
	s->n = s->size = 0;
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
	struct strset_slot *old = s->size > 0 ? s->slots : s->few;
	size_t n = s->size > 0 ? s->size : s->n, size = s->size > 0 ? 2 * s->size : 4 * STRSET_FEW, i;
	struct strset bigger = { .size = size };

	bigger.slots = calloc(size, sizeof(bigger.slots[0]));
	if (bigger.slots == NULL)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		if (old[i].text == NULL)
			continue;
		if (s->size == 0)
			old[i].hash = hash_of(old[i].text);
		*slot_of(&bigger, old[i].text, old[i].hash) = old[i];
	}
	free(s->slots);
	s->slots = bigger.slots;
	s->size = size;
	return 0;
}

static const struct strset_slot *
find_few(const struct strset *s, const char *text)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->few[i].text, text) == 0)
			return &s->few[i];
	return NULL;
}

int
strset_add(struct strset *s, const char *text, unsigned value)
{
	struct strset_slot *slot;
	uint32_t hash;

	if (s->size == 0 && find_few(s, text) != NULL)
		return 0;
	if (s->size == 0 && s->n < STRSET_FEW) {
		s->few[s->n++] = (struct strset_slot){ text, value, 0 };
		return 1;
	}
	if (2 * s->n >= s->size && grow(s) != 0)
		return -ENOMEM;
	hash = hash_of(text);
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
		return find_few(s, text);
	slot = slot_of(s, text, hash_of(text));
	return slot->text != NULL ? slot : NULL;
}
