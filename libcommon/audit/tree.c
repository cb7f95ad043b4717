/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "audit/tree.h"

struct nodes {
	audit_node_read	*read;
	void		*arg;
};

unsigned
audit_tree_append(struct audit_tree *t, const struct audit_hash *leaf, struct audit_hash ret_nodes[AUDIT_LEVELS])
{
	struct audit_hash h = *leaf;
	unsigned level = 0;

	ret_nodes[0] = h;
	/* Adding one to a binary number: each carry joins two subtrees of the same height. */
	for (; (t->size >> level & 1) != 0; level++) {
		audit_hash_node(&t->peaks[level], &h, &h);
		ret_nodes[level + 1] = h;
	}
	t->peaks[level] = h;
	t->size++;
	return level + 1;
}

void
audit_tree_root(const struct audit_tree *t, struct audit_hash *ret)
{
	bool is_first = true;
	unsigned level;

	if (t->size == 0)
		audit_hash_bytes("", 0, ret);
	for (level = 0; level < AUDIT_LEVELS; level++) {
		if ((t->size >> level & 1) == 0)
			continue;
		if (is_first)
			*ret = t->peaks[level];
		else
			audit_hash_node(&t->peaks[level], ret, ret);
		is_first = false;
	}
}

uint64_t
audit_tree_nodes(uint64_t size)
{
	return 2 * size - (uint64_t)__builtin_popcountll(size);
}

uint64_t
audit_tree_size(uint64_t nodes)
{
	uint64_t size = 0, whole;
	int level;

	for (level = 62; level >= 0; level--) {
		whole = (2ull << level) - 1;
		if (nodes >= whole) {
			nodes -= whole;
			size |= 1ull << level;
		}
	}
	return size;
}

/* The root of leaves index << level and the (1 << level) - 1 after it: it is stored right after the last of them. */
static uint64_t
place_of(uint64_t index, unsigned level)
{
	return audit_tree_nodes(((index + 1) << level) - 1) + level;
}

uint64_t
audit_tree_leaf_at(uint64_t index)
{
	return place_of(index, 0);
}

int
audit_tree_load(audit_node_read *read, void *arg, uint64_t size, struct audit_tree *ret)
{
	struct audit_tree t = { .size = size };
	unsigned level;
	int error;

	for (level = 0; level < AUDIT_LEVELS; level++) {
		if ((size >> level & 1) == 0)
			continue;
		/* What lies left of this subtree is what the higher bits make. */
		error = read(arg, place_of((size >> level) - 1, level), &t.peaks[level]);
		if (error != 0)
			return error;
	}
	*ret = t;
	return 0;
}

/* The largest power of two smaller than n, as an exponent; n > 1. */
static unsigned
split(uint64_t n)
{
	return 63 - (unsigned)__builtin_clzll(n - 1);
}

/* MTH(D[lo:hi]).  lo is a multiple of the largest power of two below hi - lo, as everywhere in these recursions. */
static int
range_root(const struct nodes *nodes, uint64_t lo, uint64_t hi, struct audit_hash *ret)
{
	struct audit_hash left, right;
	uint64_t n = hi - lo;
	unsigned k;
	int error;

	if ((n & (n - 1)) == 0) {
		k = (unsigned)__builtin_ctzll(n);
		return nodes->read(nodes->arg, place_of(lo >> k, k), ret);
	}
	k = split(n);
	error = range_root(nodes, lo, lo + (1ull << k), &left);
	if (error == 0)
		error = range_root(nodes, lo + (1ull << k), hi, &right);
	if (error == 0)
		audit_hash_node(&left, &right, ret);
	return error;
}

static int
add_range(const struct nodes *nodes, uint64_t lo, uint64_t hi, struct audit_proof *p)
{
	return p->n < AUDIT_LEVELS ? range_root(nodes, lo, hi, &p->path[p->n++]) : -ERANGE;
}

/* PATH(m, D[lo:hi]), 2.1.3.1. */
static int
path(const struct nodes *nodes, uint64_t m, uint64_t lo, uint64_t hi, struct audit_proof *p)
{
	uint64_t middle;
	int error;

	if (hi - lo == 1)
		return 0;
	middle = lo + (1ull << split(hi - lo));
	if (m < middle) {
		error = path(nodes, m, lo, middle, p);
		return error != 0 ? error : add_range(nodes, middle, hi, p);
	}
	error = path(nodes, m, middle, hi, p);
	return error != 0 ? error : add_range(nodes, lo, middle, p);
}

int
audit_prove_inclusion(audit_node_read *read, void *arg, uint64_t index, uint64_t size, struct audit_proof *ret)
{
	struct nodes nodes = { read, arg };

	ret->n = 0;
	return index < size ? path(&nodes, index, 0, size, ret) : -ERANGE;
}

/* SUBPROOF(m, D[lo:hi], is_known), 2.1.4.1: is_known while the old tree's root is this subtree's. */
static int
subproof(const struct nodes *nodes, uint64_t m, uint64_t lo, uint64_t hi, bool is_known, struct audit_proof *p)
{
	uint64_t middle;
	int error;

	if (m == hi)
		return is_known ? 0 : add_range(nodes, lo, hi, p);
	middle = lo + (1ull << split(hi - lo));
	if (m <= middle) {
		error = subproof(nodes, m, lo, middle, is_known, p);
		return error != 0 ? error : add_range(nodes, middle, hi, p);
	}
	error = subproof(nodes, m, middle, hi, false, p);
	return error != 0 ? error : add_range(nodes, lo, middle, p);
}

int
audit_prove_consistency(audit_node_read *read, void *arg, uint64_t from, uint64_t to, struct audit_proof *ret)
{
	struct nodes nodes = { read, arg };

	ret->n = 0;
	return from > 0 && from <= to ? subproof(&nodes, from, 0, to, true, ret) : -ERANGE;
}

bool
audit_verify_inclusion(const struct audit_hash *leaf, uint64_t index, uint64_t size, const struct audit_proof *p,
    const struct audit_hash *root)
{
	uint64_t fn = index, sn = size - 1;
	struct audit_hash r = *leaf;
	unsigned i;

	if (index >= size)
		return false;
	for (i = 0; i < p->n; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			audit_hash_node(&p->path[i], &r, &r);
			for (; (fn & 1) == 0 && fn != 0; fn >>= 1)
				sn >>= 1;
		} else
			audit_hash_node(&r, &p->path[i], &r);
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && audit_hash_equal(&r, root);
}

bool
audit_verify_consistency(uint64_t from, const struct audit_hash *from_root, uint64_t to, const struct audit_hash *to_root,
    const struct audit_proof *p)
{
	uint64_t fn = from - 1, sn = to - 1;
	struct audit_hash fr, sr;
	unsigned i = 0;

	if (from == 0 || from > to)
		return false;
	if (from == to)
		return p->n == 0 && audit_hash_equal(from_root, to_root);
	for (; (fn & 1) != 0; fn >>= 1)
		sn >>= 1;
	/* A complete old tree is itself the first node of the path. */
	if ((from & (from - 1)) == 0)
		fr = *from_root;
	else if (p->n > 0)
		fr = p->path[i++];
	else
		return false;
	sr = fr;
	for (; i < p->n; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			audit_hash_node(&p->path[i], &fr, &fr);
			audit_hash_node(&p->path[i], &sr, &sr);
			for (; (fn & 1) == 0 && fn != 0; fn >>= 1)
				sn >>= 1;
		} else
			audit_hash_node(&sr, &p->path[i], &sr);
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && audit_hash_equal(&fr, from_root) && audit_hash_equal(&sr, to_root);
}
