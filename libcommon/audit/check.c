/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/check.h"
#include "audit/lines.h"

#define RECENT_MAX	65536		/* records between two heads, of which a changed one is found exactly */
#define HEADS_MAX	(16u << 20)

struct audit_check {
	const struct audit_key	*key;
	struct audit_key	*own_key;	/* that the export brought */
	struct audit_tree	 tree;
	uint64_t		 proven;	/* size of the tree up to which all is proven */
	bool			 has_begun;	/* a record or prefix was seen: the heads are sorted */
	uint64_t		 line;
	struct audit_head	*heads;		/* that were kept elsewhere */
	size_t			 nheads;
	size_t			 heads_cap;
	size_t			 next;		/* of them: those before it were compared */
	struct audit_head	 last;		/* head that was seen, whatever was proven with it; number 0: none */
	struct audit_hash	*recent;	/* leaves since `proven` */
	struct audit_result	 result;
};

struct audit_check *
audit_check_new(const struct audit_key *key)
{
	struct audit_check *c = calloc(1, sizeof(*c));

	if (c == NULL || (c->recent = calloc(RECENT_MAX, sizeof(*c->recent))) == NULL) {
		free(c);
		return NULL;
	}
	c->key = key;
	return c;
}

void
audit_check_free(struct audit_check *c)
{
	if (c == NULL)
		return;
	audit_key_free(c->own_key);
	free(c->heads);
	free(c->recent);
	free(c);
}

const struct audit_result *
audit_check_result(const struct audit_check *c)
{
	return &c->result;
}

const struct audit_tree *
audit_check_tree(const struct audit_check *c)
{
	return &c->tree;
}

const struct audit_key *
audit_check_key(const struct audit_check *c)
{
	return c->key;
}

static int __attribute__((format(printf, 3, 4)))
bad(struct audit_check *c, uint64_t record, const char *fmt, ...)
{
	va_list ap;

	c->result.bad = record;
	va_start(ap, fmt);
	(void)vsnprintf(c->result.problem, sizeof(c->result.problem), fmt, ap);
	va_end(ap);
	return -EBADMSG;
}

static unsigned long long
number(uint64_t n)
{
	return n;
}

/* --- heads --- */

int
audit_check_expect(struct audit_check *c, const char *line, size_t len)
{
	struct audit_head h, *more;

	if (!audit_head_is(line, len))
		return 0;
	if (audit_head_parse(line, len, &h) != 0)
		return bad(c, 0, "the heads: a line starts as a head and is none");
	if (c->nheads == c->heads_cap) {
		c->heads_cap = c->heads_cap == 0 ? 256 : 2 * c->heads_cap;
		more = c->heads_cap <= HEADS_MAX ? reallocarray(c->heads, c->heads_cap, sizeof(*more)) : NULL;
		if (more == NULL)
			return -ENOMEM;
		c->heads = more;
	}
	c->heads[c->nheads++] = h;
	return 0;
}

static int
by_size(const void *a, const void *b)
{
	const struct audit_head *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* A head by itself and after the one before it: signature, chain, and that there are no two of one number. */
static int
see_head(struct audit_check *c, const struct audit_head *h)
{
	struct audit_hash hash, other;

	if (c->key != NULL && !audit_head_verify(h, c->key))
		return bad(c, 0, "head %llu: the signature is not by the key of this box", number(h->number));
	if (c->last.number != 0) {
		audit_head_hash(&c->last, &other);
		audit_head_hash(h, &hash);
		if (h->number == c->last.number || h->size == c->last.size)
			return audit_hash_equal(&hash, &other) ? 0 : bad(c, 0, "two different heads %llu of size %llu were signed",
			    number(h->number), number(h->size));
		if (h->number < c->last.number || h->size < c->last.size)
			return bad(c, 0, "head %llu does not belong after head %llu", number(h->number), number(c->last.number));
		if (h->number == c->last.number + 1 && !audit_hash_equal(&h->previous, &other))
			return bad(c, 0, "head %llu does not name head %llu as the one before it", number(h->number), number(c->last.number));
	}
	c->last = *h;
	return 0;
}

/* A head of exactly the records so far. */
static int
prove(struct audit_check *c, const struct audit_head *h)
{
	struct audit_hash root;

	if (see_head(c, h) != 0)
		return -EBADMSG;
	if (c->result.heads > 0 && c->result.head.number == h->number)
		return 0;
	audit_tree_root(&c->tree, &root);
	if (!audit_hash_equal(&root, &h->root)) {
		if (c->tree.size == c->proven)
			return bad(c, 0, "head %llu was not signed over the records before record %llu", number(h->number),
			    number(c->tree.size + 1));
		if (c->tree.size == c->proven + 1)
			return bad(c, c->tree.size, "record %llu is not the one that head %llu was signed over", number(c->tree.size),
			    number(h->number));
		return bad(c, c->proven + 1, "records %llu to %llu are not those that head %llu was signed over: the first bad one is among them",
		    number(c->proven + 1), number(c->tree.size), number(h->number));
	}
	c->proven = c->tree.size;
	c->result.heads++;
	c->result.head = *h;
	return 0;
}

/* The kept heads that are due now. */
static int
prove_due(struct audit_check *c)
{
	const struct audit_head *h;
	int error = 0;

	for (; error == 0 && c->next < c->nheads && c->heads[c->next].size <= c->tree.size; c->next++) {
		h = &c->heads[c->next];
		error = h->size == c->tree.size ? prove(c, h) : see_head(c, h);
	}
	return error;
}

static int
on_head(struct audit_check *c, const char *line, size_t len)
{
	struct audit_head h;

	if (audit_head_parse(line, len, &h) != 0)
		return bad(c, 0, "line %llu starts as a head and is none", number(c->line));
	if (h.size > c->tree.size)
		return bad(c, c->tree.size + 1, "records %llu to %llu are missing: head %llu was signed over them", number(c->tree.size + 1),
		    number(h.size), number(h.number));
	if (h.size < c->tree.size)
		return bad(c, 0, "head %llu stands after record %llu, and was signed over %llu", number(h.number), number(c->tree.size),
		    number(h.size));
	return prove(c, &h);
}

/* --- what stands between them --- */

static int
begin(struct audit_check *c, const struct audit_tree *before)
{
	c->has_begun = true;
	c->tree = *before;
	c->proven = before->size;
	if (c->nheads > 0)
		qsort(c->heads, c->nheads, sizeof(*c->heads), by_size);
	return prove_due(c);
}

static int
on_record(struct audit_check *c, const char *line, size_t len, uint64_t seq)
{
	static const struct audit_tree nothing;
	struct audit_hash leaf, nodes[AUDIT_LEVELS];
	uint64_t expected;

	if (!c->has_begun && begin(c, &nothing) != 0)
		return -EBADMSG;
	expected = c->tree.size + 1;
	if (seq > expected && c->result.last == 0)
		return bad(c, expected, "the first record is %llu, and nothing tells of those before it; records 1 to %llu are missing",
		    number(seq), number(seq - 1));
	if (seq > expected)
		return bad(c, expected, "record %llu follows record %llu: %llu missing", number(seq), number(expected - 1),
		    number(seq - expected));
	if (seq < expected)
		return bad(c, seq, "record %llu stands after record %llu", number(seq), number(expected - 1));
	audit_hash_leaf(line, len, &leaf);
	if (c->tree.size - c->proven < RECENT_MAX)
		c->recent[c->tree.size - c->proven] = leaf;
	(void)audit_tree_append(&c->tree, &leaf, nodes);
	if (c->result.first == 0)
		c->result.first = seq;
	c->result.last = seq;
	return prove_due(c);
}

static int
on_key(struct audit_check *c, const uint8_t *der, size_t len)
{
	struct audit_key *key = audit_key_new(der, len);

	if (key == NULL)
		return bad(c, 0, "line %llu holds no public key", number(c->line));
	if (c->key != NULL && !audit_key_equal(c->key, key)) {
		audit_key_free(key);
		return bad(c, 0, "this export is not by the key of this box");
	}
	if (c->key == NULL)
		c->key = c->own_key = key;
	else
		audit_key_free(key);
	return 0;
}

/* At the start: what was before.  Later, as between two parts of an export: it must agree. */
static int
on_prefix(struct audit_check *c, const struct audit_tree *before)
{
	struct audit_hash ours, theirs;

	if (!c->has_begun)
		return begin(c, before);
	audit_tree_root(&c->tree, &ours);
	audit_tree_root(before, &theirs);
	if (before->size != c->tree.size || !audit_hash_equal(&ours, &theirs))
		return bad(c, 0, "line %llu: this part does not continue with record %llu", number(c->line), number(c->tree.size + 1));
	return 0;
}

static int
on_leaves(struct audit_check *c, uint64_t first, const struct audit_hash *leaves, size_t n)
{
	uint64_t record, at;
	size_t i;

	for (i = 0; i < n; i++) {
		record = first + i;
		if (record > c->tree.size)
			return bad(c, record, "record %llu is missing: its hash is there", number(record));
		at = record - c->proven - 1;
		if (record <= c->proven || at >= RECENT_MAX)
			continue;
		if (!audit_hash_equal(&c->recent[at], &leaves[i]))
			return bad(c, record, "record %llu is not what was written", number(record));
	}
	return 0;
}

static int
on_other(struct audit_check *c, const char *line, size_t len)
{
	static struct audit_hash leaves[AUDIT_LEAVES_MAX];
	uint8_t key[AUDIT_KEY_MAX];
	struct audit_tree before;
	uint64_t first;
	size_t n;
	int error;

	if ((error = audit_key_line_parse(line, len, key, &n)) == 0)
		return on_key(c, key, n);
	if (error == -ENOENT && (error = audit_prefix_line_parse(line, len, &before)) == 0)
		return on_prefix(c, &before);
	if (error == -ENOENT && (error = audit_leaves_line_parse(line, len, &first, leaves, &n)) == 0)
		return on_leaves(c, first, leaves, n);
	return bad(c, 0, error == -ENOENT ? "line %llu is neither a record nor a head" : "line %llu is damaged", number(c->line));
}

int
audit_check_line(struct audit_check *c, const char *line, size_t len)
{
	uint64_t seq;

	if (c->result.problem[0] != '\0')
		return -EBADMSG;
	c->line++;
	seq = audit_record_seq(line, len);
	if (seq != 0)
		return on_record(c, line, len, seq);
	return audit_head_is(line, len) ? on_head(c, line, len) : on_other(c, line, len);
}

int
audit_check_refuse(struct audit_check *c, uint64_t record, const char *why)
{
	return bad(c, record, "record %llu: %s", number(record), why);
}

int
audit_check_end(struct audit_check *c)
{
	static const struct audit_tree nothing;
	const struct audit_head *h;

	if (c->result.problem[0] != '\0' || (!c->has_begun && begin(c, &nothing) != 0))
		return -EBADMSG;
	if (c->next == c->nheads)
		return 0;
	h = &c->heads[c->next];
	if (see_head(c, h) != 0)
		return -EBADMSG;
	return bad(c, c->tree.size + 1, "records %llu to %llu are missing: head %llu was signed over them", number(c->tree.size + 1),
	    number(h->size), number(h->number));
}
