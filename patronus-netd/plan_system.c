/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "actual.h"
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
plan_text_setting(const struct planner *p, enum op_kind kind, const char *path, const char *object, const char *have, const char *want)
{
	const char *detail;
	struct op *op;

	if (want == NULL || (have != NULL && strcmp(have, want) == 0))
		return;
	if (kind == OP_RESOLV_CONF)
		detail = have == NULL ? "is a link, or no text" : have[0] == '\0' ? "is missing" : "has another content";
	else
		detail = plan_text(p->plan, "is %s, not %s", have != NULL && have[0] != '\0' ? have : "none", want);
	op = plan_add(p->plan, kind, path, detail, "%s", object);
	op->text = want;
}

void
plan_system(const struct planner *p)
{
	const struct actual *a = p->actual;

	if (!a->has_host)
		return;
	plan_text_setting(p, OP_HOSTNAME, "/system/hostname", "host name", a->hostname, p->desired->hostname);
	plan_text_setting(p, OP_TIME_ZONE, "/system/time-zone", "time zone", a->time_zone, p->desired->time_zone);
	plan_text_setting(p, OP_RESOLV_CONF, "/system/name-servers", "resolver", a->resolv_conf, wanted_resolv_conf(p));
}
