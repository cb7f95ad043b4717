/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "alarms.h"

struct alarm {
	char	*object;
	bool	 is_raised;	/* in this look */
};

struct alarms {
	struct alarm	*items;
	size_t		 n;
};

struct alarms *
alarms_new(void)
{
	struct alarms *a = calloc(1, sizeof(*a));

	if (a == NULL)
		fatal("netd", "alarms");
	return a;
}

void
alarms_free(struct alarms *a)
{
	size_t i;

	if (a == NULL)
		return;
	for (i = 0; i < a->n; i++)
		free(a->items[i].object);
	free(a->items);
	free(a);
}

void
alarms_begin(struct alarms *a)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		a->items[i].is_raised = false;
}

bool
alarms_raise(struct alarms *a, const char *object)
{
	struct alarm *p;
	size_t i;

	for (i = 0; i < a->n; i++)
		if (strcmp(a->items[i].object, object) == 0) {
			a->items[i].is_raised = true;
			return false;
		}
	p = reallocarray(a->items, a->n + 1, sizeof(*p));
	if (p == NULL)
		fatal("netd", "alarms");
	a->items = p;
	p[a->n].object = strdup(object);
	if (p[a->n].object == NULL)
		fatal("netd", "alarms");
	p[a->n++].is_raised = true;
	return true;
}

void
alarms_end(struct alarms *a)
{
	size_t i;

	for (i = a->n; i-- > 0; )
		if (!a->items[i].is_raised) {
			free(a->items[i].object);
			a->items[i] = a->items[--a->n];
		}
}
