/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"
#include "problems.h"

void
problems_init(struct problems *p, struct arena *a)
{
	memset(p, 0, sizeof(*p));
	p->arena = a;
}

void
problems_add(struct problems *p, const char *path, const char *code, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (p->n == PROBLEMS_MAX)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->items[p->n].path = mem_strdup(p->arena, path);
	p->items[p->n].code = code;
	p->items[p->n].text = mem_strdup(p->arena, text);
	p->n++;
}
