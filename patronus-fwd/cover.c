/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "cover.h"
#include "mem.h"

#define GROUPS_MAX	(1u << BOX_DIMS)
#define MEETING_MAX	4096	/* pieces that one box meets */
#define LEFT_MAX	2048	/* parts of it that are left at a time */

struct piece {
	struct box		 box;		/* first: the index knows pieces by it */
	const struct ir_origin	*origin;
	uint32_t		 order;
};

/* Pieces that are bounded in the same dimensions, which is what makes an index of them good. */
struct cover {
	struct arena	*arena;
	struct boxes	 groups[GROUPS_MAX];
	uint16_t	 used[GROUPS_MAX];	/* those that have pieces */
	unsigned	 n_used;
	uint32_t	 n;
	struct piece	**meeting;		/* while a question is answered */
	struct box	*left;
};

struct cover *
cover_new(struct arena *a)
{
	struct cover *c = mem_alloc(a, 1, sizeof(*c));

	c->arena = a;
	c->meeting = mem_new(MEETING_MAX, sizeof(*c->meeting));
	c->left = mem_new(LEFT_MAX, sizeof(*c->left));
	return c;
}

void
cover_free(struct cover *c)
{
	unsigned i;

	for (i = 0; i < c->n_used; i++)
		boxes_fini(&c->groups[c->used[i]]);
	free(c->meeting);
	free(c->left);
}

void
cover_add(struct cover *c, const struct box *b, unsigned dims, const struct ir_origin *o)
{
	struct piece *p = mem_alloc(c->arena, 1, sizeof(*p));

	dims &= GROUPS_MAX - 1;
	if (c->groups[dims].n_by == 0) {
		boxes_init(&c->groups[dims], dims);
		c->used[c->n_used++] = (uint16_t)dims;
	}
	p->box = *b;
	p->origin = o;
	p->order = c->n++;
	boxes_add(&c->groups[dims], &p->box);
}

static int
by_order(const void *a, const void *b)
{
	const struct piece *const *x = a, *const *y = b;

	return ((*x)->order > (*y)->order) - ((*x)->order < (*y)->order);
}

/* Take one piece out of all that is left: true when that made a difference. */
static bool
take_out(struct box *left, unsigned *n, const struct box *piece, bool *ret_is_too_much)
{
	struct box parts[BOX_PARTS];
	unsigned i, k, n_parts, end = *n;
	bool is_less = false;

	for (i = 0; i < end;) {
		if (!box_meets(&left[i], piece)) {
			i++;
			continue;
		}
		is_less = true;
		n_parts = box_subtract(&left[i], piece, parts);
		/* The last one that was not looked at yet takes its place, and behind the end come its parts. */
		left[i] = left[--end];
		left[end] = left[--*n];
		if (*n + n_parts > LEFT_MAX) {
			*ret_is_too_much = true;
			return true;
		}
		for (k = 0; k < n_parts; k++)
			left[(*n)++] = parts[k];
	}
	return is_less;
}

/* Which of the pieces (skip: not that one) does it take?  Those that made a difference are moved to the front. */
static enum cover_answer
subtract_all(const struct box *b, struct piece **pieces, uint32_t *n_pieces, uint32_t skip, struct box *left)
{
	bool is_too_much = false;
	unsigned n = 1;
	uint32_t i, used = 0;

	left[0] = *b;
	box_clamp(&left[0]);
	for (i = 0; i < *n_pieces && n > 0 && !is_too_much; i++)
		if (i != skip && take_out(left, &n, &pieces[i]->box, &is_too_much) && skip == UINT32_MAX)
			pieces[used++] = pieces[i];
	if (skip == UINT32_MAX)
		*n_pieces = used;
	return is_too_much ? COVER_UNKNOWN : n == 0 ? COVER_WHOLLY : COVER_NOT;
}

/* Leave out whatever the others do without; from the end, so that those stay that come first. */
static void
thin(const struct box *b, struct piece **pieces, uint32_t *n, struct box *left)
{
	uint32_t i;

	for (i = *n; i > 0 && *n > 1; i--) {
		if (subtract_all(b, pieces, n, i - 1, left) != COVER_WHOLLY)
			continue;
		memmove(pieces + i - 1, pieces + i, (*n - i) * sizeof(*pieces));
		--*n;
	}
}

static unsigned
name_witnesses(struct piece *const *pieces, uint32_t n, const struct ir_origin *ret[COVER_WITNESSES])
{
	unsigned n_ret = 0, k;
	uint32_t i;

	for (i = 0; i < n && n_ret < COVER_WITNESSES; i++) {
		for (k = 0; k < n_ret && ret[k] != pieces[i]->origin; k++)
			;
		if (k == n_ret)
			ret[n_ret++] = pieces[i]->origin;
	}
	return n_ret;
}

enum cover_answer
cover_ask(const struct cover *c, const struct box *b, const struct ir_origin *ret[COVER_WITNESSES], unsigned *ret_n)
{
	struct piece **pieces = c->meeting;
	enum cover_answer answer = COVER_UNKNOWN;
	uint32_t n = 0;
	unsigned i;

	for (i = 0; i < c->n_used && n <= MEETING_MAX; i++)
		n += boxes_meeting(&c->groups[c->used[i]], b, (struct box **)(void *)(pieces + n), MEETING_MAX - n);
	if (n <= MEETING_MAX) {
		qsort(pieces, n, sizeof(*pieces), by_order);
		answer = subtract_all(b, pieces, &n, UINT32_MAX, c->left);
	}
	*ret_n = 0;
	if (answer == COVER_WHOLLY) {
		if (n <= COVER_WITNESSES)
			thin(b, pieces, &n, c->left);
		*ret_n = name_witnesses(pieces, n, ret);
	}
	return answer;
}
