/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "problems.h"

void
problems_init(struct problems *p, struct arena *arena)
{
	memset(p, 0, sizeof(*p));
	p->arena = arena;
}

void
problems_add(struct problems *p, const char *path, const char *code, const char *fmt, ...)
{
	char text[1024];
	struct ipc_problem *item;
	va_list ap;

	if (p->n == PROBLEMS_MAX)
		return;		/* a hundred are enough to act on; the next try shows the rest */
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	item = &p->items[p->n++];
	item->path = path;
	item->code = code;
	item->text = arena_strdup(p->arena, text);
	if (item->text == NULL)
		fatalx("netd", "out of memory");
}
