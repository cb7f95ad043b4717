/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/rtnetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "ipc/ids.h"
#include "plan.h"

/* The phase of routes depends on the change, see plan_routes.c. */
static const struct kind {
	char	sign;		/* in a diff */
	uint8_t	phase;
	bool	is_rtnl;
	uint8_t	area;		/* enum drift_area */
	uint8_t	class;		/* enum drift_class */
} kinds[OP_KIND_MAX] = {
	[OP_SYSCTL_SET]		= { '~', COMMIT_APPLY, false, DRIFT_SYSCTLS, DRIFT_CRITICAL },
	[OP_RULE_ADD]		= { '+', COMMIT_APPLY, true, DRIFT_ROUTES, DRIFT_CRITICAL },
	[OP_RULE_REMOVE]	= { '-', COMMIT_APPLY, true, DRIFT_ROUTES, DRIFT_CRITICAL },
	[OP_SHADOW_ADD]		= { '+', COMMIT_APPLY, true, DRIFT_ROUTES, DRIFT_INFO },
	[OP_SHADOW_REMOVE]	= { '-', COMMIT_APPLY, true, DRIFT_ROUTES, DRIFT_INFO },
	[OP_ROUTE_ADD]		= { '+', COMMIT_REMOVE, true, DRIFT_ROUTES, DRIFT_CRITICAL },
	[OP_ROUTE_REPLACE]	= { '~', COMMIT_REMOVE, true, DRIFT_ROUTES, DRIFT_CRITICAL },
	[OP_ROUTE_REMOVE]	= { '-', COMMIT_REMOVE, true, DRIFT_ROUTES, DRIFT_CRITICAL },
	[OP_PORT_UP]		= { '~', COMMIT_APPLY, true, DRIFT_LINKS, DRIFT_INFO },
	[OP_LINK_SET]		= { '~', COMMIT_APPLY, true, DRIFT_LINKS, DRIFT_WARNING },
	[OP_ADDR_ADD]		= { '+', COMMIT_APPLY, true, DRIFT_ADDRESSES, DRIFT_CRITICAL },
	[OP_HOSTNAME]		= { '~', COMMIT_APPLY, false, DRIFT_SYSTEM, DRIFT_INFO },
	[OP_TIME_ZONE]		= { '~', COMMIT_APPLY, false, DRIFT_SYSTEM, DRIFT_INFO },
	[OP_RESOLV_CONF]	= { '~', COMMIT_APPLY, false, DRIFT_SYSTEM, DRIFT_WARNING },
	[OP_LINK_DOWN]		= { '~', COMMIT_REMOVE, true, DRIFT_LINKS, DRIFT_CRITICAL },
	[OP_PORT_DOWN]		= { '~', COMMIT_REMOVE, true, DRIFT_LINKS, DRIFT_INFO },
	[OP_ADDR_REMOVE]	= { '-', COMMIT_REMOVE, true, DRIFT_ADDRESSES, DRIFT_WARNING },
	[OP_SYSCTL_WIDEN]	= { '~', COMMIT_REMOVE, false, DRIFT_SYSCTLS, DRIFT_CRITICAL },
};

void
plan_init(struct plan *p, struct arena *arena)
{
	memset(p, 0, sizeof(*p));
	p->arena = arena;
}

static const char * __attribute__((format(printf, 2, 0)))
vtext(struct plan *p, const char *fmt, va_list ap)
{
	char line[512];
	const char *s;

	(void)vsnprintf(line, sizeof(line), fmt, ap);
	s = arena_strdup(p->arena, line);
	if (s == NULL)
		fatalx("netd", "out of memory for a plan");
	return s;
}

const char *
plan_text(struct plan *p, const char *fmt, ...)
{
	const char *s;
	va_list ap;

	va_start(ap, fmt);
	s = vtext(p, fmt, ap);
	va_end(ap);
	return s;
}

static struct op *
plan_room(struct plan *p)
{
	struct op *ops;

	if (p->n < p->cap)
		return &p->ops[p->n];
	ops = arena_alloc(p->arena, p->cap > 0 ? (size_t)p->cap * 2 : 16, sizeof(*ops));
	if (ops == NULL)
		fatalx("netd", "out of memory for a plan");
	if (p->n > 0)
		memcpy(ops, p->ops, p->n * sizeof(*ops));
	p->cap = p->cap > 0 ? p->cap * 2 : 16;
	p->ops = ops;
	return &p->ops[p->n];
}

struct op *
plan_add(struct plan *p, enum op_kind kind, const char *path, const char *detail, const char *fmt, ...)
{
	struct op *op = plan_room(p);
	va_list ap;

	memset(op, 0, sizeof(*op));
	op->kind = (uint8_t)kind;
	op->phase = kinds[kind].phase;
	op->path = path;
	op->detail = detail;
	va_start(ap, fmt);
	op->object = vtext(p, fmt, ap);
	va_end(ap);
	p->n++;
	return op;
}

void
plan_push(struct plan *p, const struct op *op)
{
	*plan_room(p) = *op;
	p->n++;
}

/* One pass over the operations for each place in the order: stable, and linear when there are a hundred thousand routes. */
void
plan_sort(struct plan *p)
{
	struct op *sorted;
	uint32_t i, n = 0;
	unsigned phase, kind;

	if (p->n < 2)
		return;
	sorted = arena_alloc(p->arena, p->cap, sizeof(*sorted));
	if (sorted == NULL)
		fatalx("netd", "out of memory for a plan");
	for (phase = COMMIT_APPLY; phase <= COMMIT_REMOVE; phase++)
		for (kind = OP_INVALID + 1; kind < OP_KIND_MAX; kind++)
			for (i = 0; i < p->n; i++)
				if (p->ops[i].phase == phase && p->ops[i].kind == kind)
					sorted[n++] = p->ops[i];
	p->ops = sorted;
}

uint32_t
plan_count(const struct plan *p, uint8_t phase)
{
	uint32_t i, n = 0;

	for (i = 0; i < p->n; i++)
		if (phase == 0 || p->ops[i].phase == phase)
			n++;
	return n;
}

enum drift_class
op_class(const struct op *op)
{
	if (op->kind == OP_SYSCTL_SET && op->sysctl == SYSCTL_PROMOTE_SECONDARIES)
		return DRIFT_WARNING;
	/* Down, it forwards nothing; its MTU alone is another matter. */
	if (op->kind == OP_LINK_SET && op->set_up)
		return DRIFT_CRITICAL;
	return (enum drift_class)kinds[op->kind].class;
}

enum drift_area
op_area(const struct op *op)
{
	return (enum drift_area)kinds[op->kind].area;
}

bool
op_is_rtnl(const struct op *op)
{
	return kinds[op->kind].is_rtnl;
}

bool
op_is_link(const struct op *op)
{
	return op->kind == OP_LINK_SET || op->kind == OP_LINK_DOWN;
}

bool
op_is_port(const struct op *op)
{
	return op->kind == OP_PORT_UP || op->kind == OP_PORT_DOWN;
}

bool
op_is_route(const struct op *op)
{
	return (op->kind == OP_ROUTE_ADD || op->kind == OP_ROUTE_REPLACE || op->kind == OP_ROUTE_REMOVE) && op->table == RT_TABLE_MAIN;
}

bool
plan_turns(const struct plan *p)
{
	static const bool stays[OP_KIND_MAX] = {
		[OP_SYSCTL_SET] = true, [OP_SYSCTL_WIDEN] = true, [OP_HOSTNAME] = true, [OP_TIME_ZONE] = true, [OP_RESOLV_CONF] = true,
		[OP_PORT_UP] = true, [OP_PORT_DOWN] = true
	};
	uint32_t i;

	for (i = 0; i < p->n; i++)
		if (!stays[p->ops[i].kind])
			return true;
	return false;
}

void
op_format(const struct op *op, struct buf *b)
{
	char sign = kinds[op->kind].sign;

	/* What is added is missing and what is removed is too much: only a change needs more words. */
	if (sign == '~')
		buf_printf(b, "~ %s: %s", op->object, op->detail);
	else
		buf_printf(b, "%c %s", sign, op->object);
}

void
plan_format(const struct plan *p, struct buf *b)
{
	uint32_t i;

	for (i = 0; i < p->n; i++) {
		op_format(&p->ops[i], b);
		buf_putc(b, '\n');
	}
}
