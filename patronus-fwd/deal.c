/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "deal.h"
#include "ir_field.h"

struct deal_shape
deal_shape_of(const struct rule_boxes *r)
{
	struct deal_shape s = { .dims = r->dims, .family = r->family, .is_exact = r->is_exact };

	memcpy(s.fields, r->fields, sizeof(s.fields));
	return s;
}

bool
deal_shape_equal(const struct deal_shape *a, const struct deal_shape *b)
{
	return a->dims == b->dims && a->family == b->family && a->is_exact == b->is_exact && memcmp(a->fields, b->fields, sizeof(a->fields)) == 0;
}

static unsigned
key_len(const struct deal_shape *s)
{
	unsigned d, len;

	for (d = 0, len = 0; d < BOX_DIMS; d++)
		if ((s->dims & 1u << d) != 0)
			len += (ir_field_info(s->fields[d])->len + 3u) & ~3u;
	return len;
}

bool
deal_is_map(const struct deal_shape *s, unsigned n, unsigned min)
{
	return n >= min && s->dims != 0 && key_len(s) <= IR_KEY_MAX;
}
