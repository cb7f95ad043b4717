/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "hash.h"
#include "ir_field.h"
#include "ir_list.h"
#include "mem.h"

#define SET_NAME_SIZE	256

static unsigned
family_of(const struct ir_list *l)
{
	return ir_field_info(l->field)->len == 4 ? 4 : 6;
}

const char *
ir_list_base_name(const struct ir_list *l, const struct addrlist *content, uint32_t salt, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s.list%u.%016llx", l->name, family_of(l),
	    (unsigned long long)(salt == 0 ? content->digest : hash_u64(salt, content->digest)));
	return buf;
}

/* Takes its own reference; the name is the caller's business. */
static void
set_base(struct ir_list *l, struct addrlist *content)
{
	struct addrlist *old = l->base->list;

	l->base->list = addrlist_ref(content);
	l->base->flags = content->has_ranges ? IR_SET_INTERVAL : 0;
	ir_set_rehash(l->base);
	addrlist_unref(old);
}

static struct ir_set *
set_new(struct ir *ir, const struct ir_list *l, const char *name, uint8_t flags, const char *path)
{
	struct ir_set *s;

	s = ir_set_new(ir, name, flags, &l->field, 1);
	s->path = mem_strdup(ir->arena, path);
	s->is_of_list = true;
	return s;
}

static void
fill(struct ir *ir, struct ir_set *s, const struct addrlist *content)
{
	struct ir_elem *e;
	uint32_t i;

	ir->n_elems -= s->n;
	s->n = s->cap = 0;
	s->hash = 0;
	for (i = 0; i < content->n; i++) {
		e = ir_set_add(ir, s);
		memcpy(e->lo, addrlist_first(content, i), content->len);
		memcpy(e->hi, addrlist_last(content, i), content->len);
	}
	ir_set_seal(ir, s);
}

static struct ir_list *
find(const struct ir *ir, const char *name, uint8_t field)
{
	struct ir_list *l;

	for (l = ir->lists; l != NULL; l = l->next)
		if (l->field == field && strcmp(l->name, name) == 0)
			return l;
	return NULL;
}

struct ir_list *
ir_list_get(struct ir *ir, const char *name, const char *path, uint8_t field, struct addrlist *wanted)
{
	struct ir_list *l;

	field = ir_field_info(field)->like;
	l = find(ir, name, field);
	if (l != NULL)
		return l;
	l = mem_alloc(ir->arena, 1, sizeof(*l));
	l->name = mem_strdup(ir->arena, name);
	l->field = field;
	l->wanted = addrlist_ref(wanted);
	l->base = set_new(ir, l, mem_printf(ir->arena, "%s.list%u", name, family_of(l)), 0, path);
	set_base(l, wanted);
	l->more = set_new(ir, l, mem_printf(ir->arena, "%s.more%u", name, family_of(l)), IR_SET_INTERVAL, path);
	ir_set_seal(ir, l->more);
	l->less = set_new(ir, l, mem_printf(ir->arena, "%s.less%u", name, family_of(l)), IR_SET_INTERVAL, path);
	ir_set_seal(ir, l->less);
	l->next = ir->lists;
	ir->lists = l;
	return l;
}

/* This base, and the rest as changes. */
static void
place(struct ir *ir, struct ir_list *l, struct addrlist *base, uint32_t salt, struct addrlist *more, struct addrlist *less)
{
	char text[SET_NAME_SIZE];

	l->salt = salt;
	set_base(l, base);
	ir_set_rename(ir, l->base, ir_list_base_name(l, base, salt, text, sizeof(text)));
	fill(ir, l->more, more);
	fill(ir, l->less, less);
}

bool
ir_list_place_on(struct ir *ir, struct ir_list *l, struct addrlist *base, uint32_t salt)
{
	struct addrlist *more = addrlist_minus(l->wanted, base, IR_LIST_CHANGES_MAX);
	struct addrlist *less = more != NULL ? addrlist_minus(base, l->wanted, IR_LIST_CHANGES_MAX - more->n) : NULL;
	bool is_small = less != NULL;

	if (is_small)
		place(ir, l, base, salt, more, less);
	addrlist_unref(more);
	addrlist_unref(less);
	return is_small;
}

static void
place_anew(struct ir *ir, struct ir_list *l)
{
	static struct addrlist nothing;

	place(ir, l, l->wanted, 0, &nothing, &nothing);
}

void
ir_lists_place(struct ir *ir, const struct ir *have)
{
	const struct ir_list *old;
	struct ir_list *l;

	for (l = ir->lists; l != NULL; l = l->next) {
		old = have != NULL ? find(have, l->name, l->field) : NULL;
		/* One that is the same shares its memory with it. */
		if (old != NULL && old->base->list != l->wanted && addrlist_equal(old->base->list, l->wanted)) {
			addrlist_unref(l->wanted);
			l->wanted = addrlist_ref(old->base->list);
		}
		if (old == NULL || !ir_list_place_on(ir, l, old->base->list, old->salt))
			place_anew(ir, l);
	}
	if (ir->lists != NULL)
		ir_rehash(ir);
}

void
ir_lists_renew(struct ir *ir)
{
	char text[SET_NAME_SIZE];
	struct ir_list *l;
	bool is_any = false;

	for (l = ir->lists; l != NULL; l = l->next) {
		if (!l->base->is_spoilt)
			continue;
		l->base->is_spoilt = false;
		l->salt = (l->salt + 1) % IR_LIST_SALTS;
		ir_set_rename(ir, l->base, ir_list_base_name(l, l->base->list, l->salt, text, sizeof(text)));
		is_any = true;
	}
	if (is_any)
		ir_rehash(ir);
}
