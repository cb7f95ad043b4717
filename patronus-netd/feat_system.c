/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The box itself: its name, its time zone and whom it asks for names. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "conf/generated.h"
#include "desired.h"
#include "feature.h"
#include "plan_steps.h"

/* The resolver's file (resolv.conf(5)): addresses only, formatted here and nothing passed through. */
static const char *
resolv_conf(const struct conf_system *s, struct arena *arena)
{
	char text[ADDR_STRLEN];
	const char *ret;
	struct buf b;
	uint32_t i;

	buf_init(&b, 4096);
	buf_puts(&b, RESOLV_CONF_HEAD);
	for (i = 0; i < s->name_servers.n; i++)
		buf_printf(&b, "nameserver %s\n", addr_format(&s->name_servers.items[i], text, sizeof(text)));
	ret = buf_failed(&b) ? NULL : arena_strdup(arena, (const char *)b.data);
	buf_fini(&b);
	if (ret == NULL)
		fatalx("netd", "out of memory");
	return ret;
}

static void
desire(const struct conf_netd *conf, struct desired *d, struct problems *problems)
{
	(void)problems;
	d->hostname = conf->system->hostname;
	d->time_zone = conf->system->time_zone;
	/* A box that asks nobody keeps what it has, or had before us: there may be somebody else who manages it. */
	d->resolv_conf = conf->system->name_servers.n > 0 ? resolv_conf(conf->system, d->arena) : NULL;
}

const struct feature feature_system = { .name = "system", .desire = desire, .plan = plan_system };
