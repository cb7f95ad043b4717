/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "hash.h"
#include "mem.h"
#include "names.h"

/* Open addressing, grown at three quarters. */
void
names_put(struct arena *a, struct names *t, const char *name, void *item)
{
	struct names old;
	uint32_t i;

	if (t->n * 4 >= t->size * 3) {
		old = *t;
		t->size = old.size == 0 ? 64 : old.size * 2;
		t->items = mem_alloc(a, t->size, sizeof(*t->items));
		t->names = mem_alloc(a, t->size, sizeof(*t->names));
		t->n = 0;
		for (i = 0; i < old.size; i++)
			if (old.items[i] != NULL)
				names_put(a, t, old.names[i], old.items[i]);
	}
	i = (uint32_t)hash_string(name) & (t->size - 1);
	while (t->items[i] != NULL)
		i = (i + 1) & (t->size - 1);
	t->items[i] = item;
	t->names[i] = name;
	t->n++;
}

void *
names_get(const struct names *t, const char *name)
{
	uint32_t i;

	if (t->size == 0)
		return NULL;
	i = (uint32_t)hash_string(name) & (t->size - 1);
	for (; t->items[i] != NULL; i = (i + 1) & (t->size - 1))
		if (strcmp(t->names[i], name) == 0)
			return t->items[i];
	return NULL;
}
