/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "desired.h"
#include "memory.h"
#include "plan.h"
#include "plan_steps.h"

/* No name servers wanted: back to the file from before us, when we replaced it and know what it was. */
static const char *
wanted_resolv_conf(const struct planner *p)
{
	if (p->desired->resolv_conf != NULL || memory_text_get(p->memory, MEMORY_RESOLV_CONF) == NULL)
		return p->desired->resolv_conf;
	return memory_text_get(p->memory, MEMORY_RESOLV_CONF_BEFORE);
}

static void
plan_text_setting(const struct planner *p, enum op_kind kind, enum memory_text which, const char *path, const char *object,
    const char *want)
{
	const char *have = memory_text_get(p->memory, which);
	const char *detail;
	struct op *op;

	if (want == NULL || (have != NULL && strcmp(have, want) == 0))
		return;
	if (kind == OP_RESOLV_CONF)
		detail = "new content";
	else if (have != NULL)
		detail = plan_text(p->plan, "was %s, becomes %s", have, want);
	else
		detail = plan_text(p->plan, "set to %s", want);
	op = plan_add(p->plan, kind, path, detail, "%s", object);
	op->text = want;
}

void
plan_system(const struct planner *p)
{
	plan_text_setting(p, OP_HOSTNAME, MEMORY_HOSTNAME, "/system/hostname", "host name", p->desired->hostname);
	plan_text_setting(p, OP_TIME_ZONE, MEMORY_TIME_ZONE, "/system/time-zone", "time zone", p->desired->time_zone);
	plan_text_setting(p, OP_RESOLV_CONF, MEMORY_RESOLV_CONF, "/system/name-servers", "resolver",
	    wanted_resolv_conf(p));
}
