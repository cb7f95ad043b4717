/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "conf/generated.h"

#include "excerpt.h"
#include "mem.h"
#include "problems.h"
#include "successor.h"

/* Rules of one list stand together. */
static void
put_list(const struct excerpt *e, uint8_t list, struct conf_rule **ret_items, uint32_t *ret_n)
{
	uint32_t i;

	*ret_items = NULL;
	*ret_n = 0;
	for (i = 0; i < e->n; i++) {
		if (e->lists[i] != list)
			continue;
		if (*ret_n == 0)
			*ret_items = (struct conf_rule *)&e->rules[i];
		++*ret_n;
	}
}

static uint32_t
count_enabled(const struct excerpt *e)
{
	uint32_t i, n;

	for (i = 0, n = 0; i < e->n; i++)
		n += e->rules[i].enabled;
	return n;
}

static uint32_t
count_forwards(const struct excerpt *e)
{
	uint32_t i, n;

	for (i = 0, n = 0; i < e->n_forwards; i++)
		n += e->forwards[i].enabled;
	return n;
}

struct fw_policy *
excerpt_resolve(const struct excerpt *e, const struct conf_fwd *frame, const struct succession *q, struct arena *a)
{
	struct conf_firewall firewall = *frame->firewall;
	struct conf_nat nat = { .description = NULL };
	struct conf_fwd conf = *frame;
	struct problems problems;
	struct fw_policy *p;

	put_list(e, CONF_LIST_PRE, &firewall.pre_rules.items, &firewall.pre_rules.n);
	put_list(e, CONF_LIST_RULES, &firewall.rules.items, &firewall.rules.n);
	put_list(e, CONF_LIST_POST, &firewall.post_rules.items, &firewall.post_rules.n);
	conf.firewall = &firewall;
	if (frame->nat != NULL)
		nat = *frame->nat;
	nat.port_forwards.items = (struct conf_port_forward *)e->forwards;
	nat.port_forwards.n = e->n_forwards;
	conf.nat = frame->nat != NULL ? &nat : NULL;
	problems_init(&problems, a);
	p = policy_with_live(&conf, q->links, q->live, a, &problems);
	if (p == NULL || p->xdp != NULL || p->n_rules != count_enabled(e) || p->n_forwards != count_forwards(e))
		return NULL;
	policy_set_time(p, q->now);
	return p;
}
