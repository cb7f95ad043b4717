/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/netfilter.h>
#include <string.h>

#include "compile.h"
#include "ir_list.h"
#include "live.h"
#include "mem.h"

#define LIST_MIN	16384	/* addresses of a group that is a list */

/* A group is made a list once, however many rules ask for it. */
struct compile_list {
	struct compile_list	*next;
	struct addrlist		*v4;
	struct addrlist		*v6;
};

static struct compile_list *
list_of(struct compiler *c, const struct policy_addresses *a)
{
	struct addrlist_draft d4, d6;
	struct compile_list *l;
	uint32_t i;

	l = names_get(&c->list_names, a->name);
	if (l != NULL)
		return l;
	l = mem_alloc(c->scratch, 1, sizeof(*l));
	addrlist_draft_init(&d4, 4);
	addrlist_draft_init(&d6, 16);
	for (i = 0; i < a->n; i++)
		addrlist_draft_prefix(a->items[i].addr.family == ADDR_V4 ? &d4 : &d6, &a->items[i]);
	for (i = 0; i < a->n_ranges; i++)
		addrlist_draft_add(a->ranges[i].family == NFPROTO_IPV4 ? &d4 : &d6, a->ranges[i].lo, a->ranges[i].hi);
	l->v4 = addrlist_make(&d4);
	l->v6 = addrlist_make(&d6);
	l->next = c->lists;
	c->lists = l;
	names_put(c->scratch, &c->list_names, a->name, l);
	return l;
}

const struct addrlist *
compile_list(struct compiler *c, const struct policy_addresses *a, uint8_t family)
{
	const struct compile_list *l;

	/* What ends by itself is for the kernel to end. */
	if (a->name == NULL || a->is_timed || a->n + a->n_ranges < (c->policy->list_min != 0 ? c->policy->list_min : LIST_MIN))
		return NULL;
	l = list_of(c, a);
	return family == NFPROTO_IPV4 ? l->v4 : l->v6;
}

static void
put_set(struct ir_draft *d, uint8_t field, bool is_in, const struct ir_set *set)
{
	ir_match_set(d, (enum ir_field)field, is_in ? IR_IN_SET : IR_NOT_IN_SET, set);
}

/*
 * In the list: (in base and not in less) or in more.  Not in it: (neither in base nor in more) or in less.  What is added is not in base and
 * what was taken away is, so no packet meets both halves, and no counter or limit sees it twice.
 */
void
compile_in_list(struct compiler *c, struct ir_draft *d, const struct policy_addresses *a, uint8_t field, bool is_second)
{
	const struct compile_list *l = list_of(c, a);
	bool is_v4 = field == IR_SADDR4 || field == IR_DADDR4;
	const struct ir_list *list = ir_list_get(c->ir, a->name, a->path, field, is_v4 ? l->v4 : l->v6);

	if (is_second) {
		put_set(d, field, true, a->is_not ? list->less : list->more);
		return;
	}
	put_set(d, field, !a->is_not, list->base);
	put_set(d, field, false, a->is_not ? list->more : list->less);
}

void
compile_lists_free(struct compiler *c)
{
	struct compile_list *l;

	for (l = c->lists; l != NULL; l = l->next) {
		addrlist_unref(l->v4);
		addrlist_unref(l->v6);
	}
	c->lists = NULL;
}
