/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "net/nlmsg.h"
#include "net/policy.h"

int
policy_refuse(struct policy_walk *w, size_t offset, uint16_t attr, const char *reason)
{
	w->ret->offset = (uint32_t)offset;
	w->ret->attr = attr;
	w->ret->reason = reason;
	return -EPERM;
}

static int
number_check(struct policy_walk *w, const struct nl_attr *a, const struct policy_attr *p, uint64_t v, size_t size)
{
	if (a->len != size)
		return policy_refuse(w, a->offset, a->type, "wrong length");
	if (v < p->min || v > p->max)
		return policy_refuse(w, a->offset, a->type, "value out of range");
	return 0;
}

static int
bits_check(struct policy_walk *w, const struct nl_attr *a, const struct policy_attr *p, uint32_t v)
{
	if (a->len != sizeof(v))
		return policy_refuse(w, a->offset, a->type, "wrong length");
	if ((v & ~p->max) != 0)
		return policy_refuse(w, a->offset, a->type, "flag that is not allowed");
	return 0;
}

static int
name_check(struct policy_walk *w, const struct nl_attr *a, const struct policy_attr *p)
{
	const char *s = nlattr_str(a);
	uint32_t i;

	if (s == NULL || a->len < 2 || a->len - 1 > p->max)
		return policy_refuse(w, a->offset, a->type, "not a name");
	for (i = 0; i + 1 < a->len; i++)
		if (s[i] < 0x20 || s[i] > 0x7e)
			return policy_refuse(w, a->offset, a->type, "not a printable name");
	return 0;
}

bool
policy_is_numbered(const char *s, const char *text)
{
	size_t len = strlen(text), n;

	if (strncmp(s, text, len) != 0 || s[len] != '.')
		return false;
	n = strspn(s + len + 1, "0123456789");
	return n > 0 && n <= POLICY_DIGITS_MAX && s[len + 1 + n] == '\0';
}

static int
numbered_check(struct policy_walk *w, const struct nl_attr *a, const struct policy_attr *p)
{
	const char *s = nlattr_str(a);

	if (s == NULL || (strcmp(s, p->text) != 0 && !policy_is_numbered(s, p->text)))
		return policy_refuse(w, a->offset, a->type, "belongs to somebody else");
	return 0;
}

static int
nest_check(struct policy_walk *w, const struct nl_attr *a, const struct policy *nested)
{
	struct nl_reader r;
	int error;

	if (w->depth >= POLICY_DEPTH_MAX)
		return policy_refuse(w, a->offset, a->type, "nested too deep");
	w->depth++;
	nlattr_reader_nested(&r, a);
	error = policy_walk_attrs(w, r, nested);
	w->depth--;
	return error;
}

static int
list_check(struct policy_walk *w, const struct nl_attr *a, const struct policy_attr *p)
{
	struct nl_reader r;
	struct nl_attr item;
	int n, error = 0;

	if (w->depth >= POLICY_DEPTH_MAX)
		return policy_refuse(w, a->offset, a->type, "nested too deep");
	w->depth++;
	nlattr_reader_nested(&r, a);
	while (error == 0 && (n = nlattr_next(&r, &item)) != 0) {
		if (n < 0)
			error = policy_refuse(w, item.offset, a->type, "not an attribute");
		else if (item.type != p->min)
			error = policy_refuse(w, item.offset, item.type, "not an item of this list");
		else
			error = nest_check(w, &item, p->nested);
	}
	w->depth--;
	return error;
}

static int
attr_check(struct policy_walk *w, const struct nl_attr *a, const struct policy_attr *p)
{
	switch ((enum policy_kind)p->kind) {
	case POLICY_U8:
		return number_check(w, a, p, nlattr_u8(a), 1);
	case POLICY_U16:
		return number_check(w, a, p, nlattr_u16(a), 2);
	case POLICY_U32:
		return number_check(w, a, p, nlattr_u32(a), 4);
	case POLICY_BE16:
		return number_check(w, a, p, nlattr_be16(a), 2);
	case POLICY_BE32:
		return number_check(w, a, p, nlattr_be32(a), 4);
	case POLICY_BE64:
		return a->len == 8 ? 0 : policy_refuse(w, a->offset, a->type, "wrong length");
	case POLICY_BITS32:
		return bits_check(w, a, p, nlattr_u32(a));
	case POLICY_BEBITS32:
		return bits_check(w, a, p, nlattr_be32(a));
	case POLICY_BYTES:
		return a->len >= p->min && a->len <= p->max ? 0 : policy_refuse(w, a->offset, a->type, "wrong length");
	case POLICY_NAME:
		return name_check(w, a, p);
	case POLICY_NUMBERED:
		return numbered_check(w, a, p);
	case POLICY_NEST:
		return nest_check(w, a, p->nested);
	case POLICY_LIST:
		return list_check(w, a, p);
	case POLICY_CUSTOM:
		return 0;
	case POLICY_REFUSED:
	case POLICY_KIND_MAX:
		break;
	}
	return policy_refuse(w, a->offset, a->type, "attribute that is not allowed");
}

int
policy_check_attr(struct policy_walk *w, const struct nl_attr *a, const struct policy_attr *p)
{
	return attr_check(w, a, p);
}

int
policy_walk_attrs(struct policy_walk *w, struct nl_reader r, const struct policy *policy)
{
	const struct nl_reader start = r;
	const struct policy_attr *p;
	struct nl_attr a;
	uint64_t seen = 0;
	uint16_t i;
	int n, error;

	while ((n = nlattr_next(&r, &a)) != 0) {
		if (n < 0)
			return policy_refuse(w, a.offset, 0, "not an attribute");
		if (a.type >= policy->n)
			return policy_refuse(w, a.offset, a.type, "attribute that is not allowed");
		/* The kernel would take the last one. */
		if (seen & (1ull << a.type))
			return policy_refuse(w, a.offset, a.type, "attribute given twice");
		seen |= 1ull << a.type;
		p = &policy->attrs[a.type];
		error = attr_check(w, &a, p);
		if (error == 0 && p->check != NULL)
			error = p->check(w, &a);
		if (error != 0)
			return error;
	}
	for (i = 0; i < policy->n; i++)
		if (policy->attrs[i].is_required && (seen & (1ull << i)) == 0)
			return policy_refuse(w, start.base, i, "required attribute is missing");
	return policy->check != NULL ? policy->check(w, &start) : 0;
}
