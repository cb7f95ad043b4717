/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Both trees are walked side by side.  Equal values are equal pointers (one dictionary), so that an unchanged rule costs
 * a few comparisons; entries are matched by position first and by key only between what is equal at both ends.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "diff.h"
#include "document.h"
#include "members.h"
#include "place.h"
#include "print.h"
#include "record_json.h"
#include "schema.h"
#include "schema_node.h"
#include "stamp.h"
#include "strset.h"

struct diff {
	struct arena		*arena;
	struct diff_change	*changes;
	size_t			 n;
	size_t			 cap;
	bool			 failed;
};

struct walk {
	const struct schema	*schema;
	struct diff		*diff;
};

static void	 diff_siblings(struct walk *, const struct place *up, const struct lyd_node *a, const struct lyd_node *b);

static const char *
key_of(const struct lyd_node *n)
{
	return members_key(n);
}

/* --- notes --- */

static struct diff_change *
add_change(struct walk *w, enum diff_op op, const struct place *p)
{
	struct diff *d = w->diff;
	char pointer[PLACE_LEN];
	size_t cap = d->cap > 0 ? 2 * d->cap : 64;
	void *changes;

	if (d->n == d->cap) {
		changes = reallocarray(d->changes, cap, sizeof(d->changes[0]));
		if (changes == NULL) {
			d->failed = true;
			return NULL;
		}
		d->changes = changes;
		d->cap = cap;
	}
	place_pointer(p, pointer);
	d->changes[d->n] = (struct diff_change){ .op = op, .path = arena_strdup(d->arena, pointer) };
	if (d->changes[d->n].path == NULL) {
		d->failed = true;
		return NULL;
	}
	return &d->changes[d->n++];
}

static const char *
keep(struct walk *w, struct buf *b)
{
	const char *text = NULL;

	if (!buf_failed(b))
		text = arena_strndup(w->diff->arena, (const char *)b->data, b->len);
	if (text == NULL)
		w->diff->failed = true;
	buf_fini(b);
	return text;
}

/* One node as JSON. */
static const char *
json_of(struct walk *w, const struct lyd_node *n)
{
	struct buf b;

	buf_init(&b, 0);
	if (n->schema->nodetype & (LYS_LEAF | LYS_LEAFLIST))
		print_json_scalar(schema_node_of(n), lyd_get_value(n), &b);
	else
		print_json(w->schema, n, NULL, 0, &b);
	return keep(w, &b);
}

/* All values of a leaf-list as a JSON array. */
static const char *
json_of_values(struct walk *w, const struct member *m)
{
	struct buf b;
	size_t i;

	buf_init(&b, 0);
	buf_putc(&b, '[');
	for (i = 0; i < m->n; i++) {
		if (i > 0)
			buf_putc(&b, ',');
		print_json_scalar(m->s, lyd_get_value(m->items[i]), &b);
	}
	buf_putc(&b, ']');
	return keep(w, &b);
}

static void
note(struct walk *w, const struct place *p, const char *old_json, const char *new_json)
{
	enum diff_op op = old_json == NULL ? DIFF_CREATE : new_json == NULL ? DIFF_DELETE : DIFF_REPLACE;
	struct diff_change *c = add_change(w, op, p);

	if (c == NULL)
		return;
	c->old_json = old_json;
	c->new_json = new_json;
}

/* --- equality --- */

static bool
is_same_value(const struct lyd_node *a, const struct lyd_node *b)
{
	const char *x = lyd_get_value(a), *y = lyd_get_value(b);

	return x == y || strcmp(x, y) == 0;
}

static const struct lyd_node *
skip_defaults(const struct lyd_node *n)
{
	while (n != NULL && members_is_default(n))
		n = n->next;
	return n;
}

/* Are they written alike, node for node?  "No" may also mean another order of what has none. */
static bool
is_alike(const struct lyd_node *a, const struct lyd_node *b)
{
	for (a = skip_defaults(a), b = skip_defaults(b); a != NULL && b != NULL;
	    a = skip_defaults(a->next), b = skip_defaults(b->next)) {
		if (a->schema != b->schema)
			return false;
		if (stamp_same(a, b))
			continue;
		if (a->schema->nodetype & (LYS_LEAF | LYS_LEAFLIST)) {
			if (!is_same_value(a, b))
				return false;
		} else if (!is_alike(lyd_child(a), lyd_child(b))) {
			return false;
		}
	}
	return a == NULL && b == NULL;
}

/* --- members --- */

static bool
are_values_equal(const struct member *a, const struct member *b)
{
	size_t i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (!is_same_value(a->items[i], b->items[i]))
			return false;
	return true;
}

static void
diff_leaf(struct walk *w, const struct place *p, const struct member *a, const struct member *b)
{
	if (a->n > 0 && b->n > 0 && is_same_value(a->items[0], b->items[0]))
		return;
	note(w, p, a->n > 0 ? json_of(w, a->items[0]) : NULL, b->n > 0 ? json_of(w, b->items[0]) : NULL);
}

static void
diff_values(struct walk *w, const struct place *p, const struct member *a, const struct member *b)
{
	if (!are_values_equal(a, b))
		note(w, p, a->n > 0 ? json_of_values(w, a) : NULL, b->n > 0 ? json_of_values(w, b) : NULL);
}

static void
diff_container(struct walk *w, const struct place *p, const struct member *a, const struct member *b)
{
	if (a->n == 0 || b->n == 0)
		note(w, p, a->n > 0 ? json_of(w, a->items[0]) : NULL, b->n > 0 ? json_of(w, b->items[0]) : NULL);
	else if (!is_alike(lyd_child(a->items[0]), lyd_child(b->items[0])))
		diff_siblings(w, p, a->items[0], b->items[0]);
}

/* --- lists --- */

static void
diff_entry(struct walk *w, const struct place *list, const struct lyd_node *a, const struct lyd_node *b)
{
	struct place p = { list->up, list->s, key_of(a != NULL ? a : b) };

	if (a != NULL && b != NULL) {
		if (!stamp_same(a, b) && !is_alike(lyd_child(a), lyd_child(b)))
			diff_siblings(w, &p, a, b);
		return;
	}
	note(w, &p, a != NULL ? json_of(w, a) : NULL, b != NULL ? json_of(w, b) : NULL);
}

/* {"after": "web-in"} or {"to": "first"} */
static const char *
json_of_position(struct walk *w, const struct lyd_node *before)
{
	struct buf b;

	buf_init(&b, 0);
	if (before == NULL) {
		buf_puts(&b, "{\"to\":\"first\"}");
	} else {
		buf_puts(&b, "{\"after\":");
		record_json_string(key_of(before), strlen(key_of(before)), &b);
		buf_putc(&b, '}');
	}
	return keep(w, &b);
}

/* The entry that was just noted as new does not stand at the end. */
static void
note_place(struct walk *w, const struct member *b, size_t bi)
{
	struct diff *d = w->diff;

	if (d->n > 0 && d->changes[d->n - 1].op == DIFF_CREATE && bi + 1 < b->n)
		d->changes[d->n - 1].place_json = json_of_position(w, bi > 0 ? b->items[bi - 1] : NULL);
}

static void
note_move(struct walk *w, const struct place *list, const struct member *a, size_t ai, const struct member *b, size_t bi)
{
	struct place p = { list->up, list->s, key_of(b->items[bi]) };
	struct diff_change *c = add_change(w, DIFF_MOVE, &p);

	if (c == NULL)
		return;
	c->old_json = json_of_position(w, ai > 0 ? a->items[ai - 1] : NULL);
	c->new_json = json_of_position(w, bi > 0 ? b->items[bi - 1] : NULL);
}

/*
 * The longest rising run of old positions stays where it is; every other entry that was there has moved.  pos[i] is the
 * old position of the i-th new entry, SIZE_MAX when it is new.  Sets keep[i].
 */
static bool
find_kept(const size_t *pos, size_t n, bool *kept)
{
	size_t *tail = calloc(n + 1, sizeof(*tail)), *prev = calloc(n + 1, sizeof(*prev)), len = 0, i, lo, hi, mid;

	if (tail == NULL || prev == NULL) {
		free(tail);
		free(prev);
		return false;
	}
	for (i = 0; i < n; i++) {
		if (pos[i] == SIZE_MAX)
			continue;
		for (lo = 0, hi = len; lo < hi;) {
			mid = (lo + hi) / 2;
			if (pos[tail[mid]] < pos[i])
				lo = mid + 1;
			else
				hi = mid;
		}
		prev[i] = lo > 0 ? tail[lo - 1] : SIZE_MAX;
		tail[lo] = i;
		if (lo == len)
			len++;
	}
	for (i = len > 0 ? tail[len - 1] : SIZE_MAX; i != SIZE_MAX; i = prev[i])
		kept[i] = true;
	free(tail);
	free(prev);
	return true;
}

/* Entries lo..a_hi of a and lo..b_hi of b, which have nothing in common at their ends. */
static void
diff_middle(struct walk *w, const struct place *list, const struct member *a, size_t a_hi, const struct member *b,
    size_t b_hi, size_t lo)
{
	struct strset old, new;
	const struct strset_slot *slot;
	size_t n = b_hi - lo, i, *pos = calloc(n + 1, sizeof(*pos));
	bool *kept = calloc(n + 1, sizeof(*kept));

	strset_init(&old);
	strset_init(&new);
	for (i = lo; i < a_hi; i++)
		w->diff->failed |= strset_add(&old, key_of(a->items[i]), (unsigned)i) < 0;
	for (i = lo; i < b_hi; i++)
		w->diff->failed |= strset_add(&new, key_of(b->items[i]), (unsigned)i) < 0;
	for (i = lo; i < a_hi && !w->diff->failed; i++)
		if (strset_find(&new, key_of(a->items[i])) == NULL)
			diff_entry(w, list, a->items[i], NULL);
	for (i = 0; i < n && pos != NULL; i++) {
		slot = strset_find(&old, key_of(b->items[lo + i]));
		pos[i] = slot != NULL ? slot->value : SIZE_MAX;
	}
	if (pos == NULL || kept == NULL || !find_kept(pos, n, kept))
		w->diff->failed = true;
	for (i = 0; i < n && !w->diff->failed; i++) {
		diff_entry(w, list, pos[i] != SIZE_MAX ? a->items[pos[i]] : NULL, b->items[lo + i]);
		if (list->s->is_ordered && pos[i] == SIZE_MAX)
			note_place(w, b, lo + i);
		else if (list->s->is_ordered && !kept[i])
			note_move(w, list, a, pos[i], b, lo + i);
	}
	strset_fini(&old);
	strset_fini(&new);
	free(pos);
	free(kept);
}

static bool
is_same_key(const struct lyd_node *a, const struct lyd_node *b)
{
	return key_of(a) == key_of(b) || strcmp(key_of(a), key_of(b)) == 0;
}

static void
diff_list(struct walk *w, const struct place *p, const struct member *a, const struct member *b)
{
	size_t lo = 0, a_hi = a->n, b_hi = b->n, i;

	while (lo < a_hi && lo < b_hi && is_same_key(a->items[lo], b->items[lo])) {
		diff_entry(w, p, a->items[lo], b->items[lo]);
		lo++;
	}
	while (a_hi > lo && b_hi > lo && is_same_key(a->items[a_hi - 1], b->items[b_hi - 1])) {
		a_hi--;
		b_hi--;
	}
	if (a_hi > lo || b_hi > lo)
		diff_middle(w, p, a, a_hi, b, b_hi, lo);
	for (i = 0; a_hi + i < a->n; i++)
		diff_entry(w, p, a->items[a_hi + i], b->items[b_hi + i]);
}

static void
diff_member(struct walk *w, const struct place *up, const struct member *a, const struct member *b)
{
	struct place p = { up, a->s, NULL };

	switch (a->s->node->nodetype) {
	case LYS_LEAF:
		diff_leaf(w, &p, a, b);
		break;
	case LYS_LEAFLIST:
		diff_values(w, &p, a, b);
		break;
	case LYS_CONTAINER:
		diff_container(w, &p, a, b);
		break;
	default:
		diff_list(w, &p, a, b);
	}
}

/* The members of two inner nodes; of the top level (up NULL), given the first node of each side, which may be NULL. */
static void
diff_siblings(struct walk *w, const struct place *up, const struct lyd_node *a, const struct lyd_node *b)
{
	struct members ma, mb;
	size_t i;

	if (members_init(&ma, w->schema, up != NULL ? a : NULL, a, false) != 0) {
		w->diff->failed = true;
		return;
	}
	if (members_init(&mb, w->schema, up != NULL ? b : NULL, b, false) != 0) {
		members_fini(&ma);
		w->diff->failed = true;
		return;
	}
	for (i = 0; i < ma.n && !w->diff->failed; i++)
		if (ma.all[i].n > 0 || mb.all[i].n > 0)
			diff_member(w, up, &ma.all[i], &mb.all[i]);
	members_fini(&ma);
	members_fini(&mb);
}

int
diff_documents(const struct document *a, const struct document *b, struct diff **ret)
{
	struct diff *d = calloc(1, sizeof(*d));
	struct walk w = { document_schema(a), d };

	if (d == NULL)
		return -ENOMEM;
	d->arena = arena_new(0);
	if (d->arena == NULL) {
		free(d);
		return -ENOMEM;
	}
	diff_siblings(&w, NULL, document_tree(a), document_tree(b));
	if (d->failed) {
		diff_free(d);
		return -ENOMEM;
	}
	*ret = d;
	return 0;
}

void
diff_free(struct diff *d)
{
	if (d == NULL)
		return;
	arena_free(d->arena);
	free(d->changes);
	free(d);
}

size_t
diff_count(const struct diff *d)
{
	return d->n;
}

const struct diff_change *
diff_get(const struct diff *d, size_t i)
{
	return i < d->n ? &d->changes[i] : NULL;
}

bool
diff_touches(const struct diff *d, const char *section)
{
	size_t len = strlen(section), i;
	const char *path;

	for (i = 0; i < d->n; i++) {
		path = d->changes[i].path;
		if (strncmp(path + 1, section, len) == 0 && (path[1 + len] == '\0' || path[1 + len] == '/'))
			return true;
	}
	return false;
}

static const char *
op_name(enum diff_op op)
{
	switch (op) {
	case DIFF_CREATE:
		return "create";
	case DIFF_DELETE:
		return "delete";
	case DIFF_REPLACE:
		return "replace";
	case DIFF_MOVE:
		return "move";
	case DIFF_INVALID:
		break;
	}
	return "";
}

void
diff_print_json(const struct diff *d, struct buf *b)
{
	const struct diff_change *c;
	size_t i;

	buf_putc(b, '[');
	for (i = 0; i < d->n; i++) {
		c = &d->changes[i];
		buf_printf(b, "%s{\"op\":\"%s\",\"path\":", i > 0 ? "," : "", op_name(c->op));
		record_json_string(c->path, strlen(c->path), b);
		if (c->old_json != NULL) {
			buf_puts(b, ",\"old\":");
			buf_puts(b, c->old_json);
		}
		if (c->new_json != NULL) {
			buf_puts(b, ",\"new\":");
			buf_puts(b, c->new_json);
		}
		buf_putc(b, '}');
	}
	buf_putc(b, ']');
}
