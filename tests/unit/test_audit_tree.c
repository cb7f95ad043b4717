/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tree of RFC 9162 against reference roots, the RFC's recursive definition, and everything else that a proof could say. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audit/tree.h"
#include "base/str.h"

#define N	512

static struct audit_hash	nodes[2 * N];
static struct audit_hash	leaves[N];
static struct audit_hash	roots[N + 1];
static uint64_t			random_state = 88172645463325252ull;

static uint64_t
random_below(uint64_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % n;
}

static int
read_node(void *arg, uint64_t place, struct audit_hash *ret)
{
	(void)arg;
	if (place >= audit_tree_nodes(N))
		return -EIO;
	*ret = nodes[place];
	return 0;
}

/* MTH of RFC 9162, 2.1.1, word for word. */
static void
definition(const struct audit_hash *d, uint64_t n, struct audit_hash *ret)
{
	struct audit_hash left, right;
	uint64_t k = 1;

	if (n == 1) {
		*ret = d[0];
		return;
	}
	while (2 * k < n)
		k *= 2;
	definition(d, k, &left);
	definition(d + k, n - k, &right);
	audit_hash_node(&left, &right, ret);
}

static int
grow(void **state)
{
	struct audit_tree t = { .size = 0 };
	struct audit_hash made[AUDIT_LEVELS];
	unsigned at = 0, n, i;
	char text[32];

	(void)state;
	for (i = 0; i < N; i++) {
		audit_tree_root(&t, &roots[i]);
		audit_hash_leaf(text, (size_t)snprintf(text, sizeof(text), "record %u", i), &leaves[i]);
		n = audit_tree_append(&t, &leaves[i], made);
		memcpy(nodes + at, made, n * sizeof(made[0]));
		at += n;
	}
	audit_tree_root(&t, &roots[N]);
	return at == audit_tree_nodes(N) ? 0 : -1;
}

/* The leaves and roots that Certificate Transparency's own tests use. */
static void
test_reference_roots(void **state)
{
	static const struct {
		const char	*leaf;
		const char	*root;
	} rows[] = {
		{ "", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
		{ "00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
		{ "10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
		{ "2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" },
		{ "3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4" },
		{ "40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef" },
		{ "5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" },
		{ "606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" },
	};
	struct audit_tree t = { .size = 0 };
	struct audit_hash leaf, root, made[AUDIT_LEVELS];
	char text[AUDIT_HASH_HEX + 1];
	uint8_t bytes[16];
	size_t i, len;

	(void)state;
	audit_tree_root(&t, &root);
	str_hex(root.b, AUDIT_HASH_LEN, text);
	assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		len = strlen(rows[i].leaf) / 2;
		assert_int_equal(str_unhex(rows[i].leaf, bytes, len), 0);
		audit_hash_leaf(bytes, len, &leaf);
		(void)audit_tree_append(&t, &leaf, made);
		audit_tree_root(&t, &root);
		str_hex(root.b, AUDIT_HASH_LEN, text);
		assert_string_equal(text, rows[i].root);
	}
}

static void
test_definition(void **state)
{
	struct audit_hash root;
	uint64_t n;

	(void)state;
	for (n = 1; n <= N; n++) {
		definition(leaves, n, &root);
		assert_true(audit_hash_equal(&root, &roots[n]));
	}
}

/* Any size is loaded from the nodes that a greater tree has stored. */
static void
test_stored_nodes(void **state)
{
	struct audit_tree t;
	struct audit_hash root, node;
	uint64_t n, nodes_n;

	(void)state;
	for (n = 0; n <= N; n++) {
		nodes_n = audit_tree_nodes(n);
		assert_int_equal(audit_tree_size(nodes_n), n);
		/* What is torn holds the tree before it. */
		if (n > 0)
			assert_int_equal(audit_tree_size(nodes_n - 1), n - 1);
		assert_int_equal(audit_tree_load(read_node, NULL, n, &t), 0);
		audit_tree_root(&t, &root);
		assert_true(audit_hash_equal(&root, &roots[n]));
		if (n < N) {
			assert_int_equal(read_node(NULL, audit_tree_leaf_at(n), &node), 0);
			assert_true(audit_hash_equal(&node, &leaves[n]));
		}
	}
	assert_int_equal(audit_tree_size(audit_tree_nodes(1ull << 40)), 1ull << 40);
	assert_int_equal(audit_tree_size(audit_tree_nodes((1ull << 62) - 1)), (1ull << 62) - 1);
	assert_int_equal(audit_tree_load(read_node, NULL, 4 * N, &t), -EIO);
}

static void
flip(struct audit_hash *h, unsigned bit)
{
	h->b[bit / 8] ^= (uint8_t)(1u << bit % 8);
}

/* Every bit of a small proof, a few of a large one. */
static void
flips_inclusion(uint64_t index, uint64_t size, struct audit_proof *p)
{
	unsigned bits = p->n * AUDIT_HASH_LEN * 8, tries = size <= 12 ? bits : bits > 0 ? 1 : 0, i, bit;
	struct audit_hash leaf = leaves[index];

	for (i = 0; i < tries; i++) {
		bit = tries == bits ? i : (unsigned)random_below(bits);
		flip(&p->path[bit / 256], bit % 256);
		assert_false(audit_verify_inclusion(&leaf, index, size, p, &roots[size]));
		flip(&p->path[bit / 256], bit % 256);
	}
	flip(&leaf, (unsigned)random_below(256));
	assert_false(audit_verify_inclusion(&leaf, index, size, p, &roots[size]));
}

static void
test_inclusion(void **state)
{
	struct audit_proof p;
	uint64_t n, m;

	(void)state;
	for (n = 1; n <= N; n++)
		for (m = 0; m < n; m++) {
			assert_int_equal(audit_prove_inclusion(read_node, NULL, m, n, &p), 0);
			assert_true(audit_verify_inclusion(&leaves[m], m, n, &p, &roots[n]));
			flips_inclusion(m, n, &p);
			if (n > 64 && (m + n) % 8 != 0)
				continue;
			/* Another place, another tree, a shorter or longer path. */
			if (n > 1)
				assert_false(audit_verify_inclusion(&leaves[m], (m + 1) % n, n, &p, &roots[n]));
			assert_false(audit_verify_inclusion(&leaves[m], m, n, &p, &roots[n - 1]));
			p.path[p.n++] = leaves[m];
			assert_false(audit_verify_inclusion(&leaves[m], m, n, &p, &roots[n]));
			if (p.n > 1) {
				p.n -= 2;
				assert_false(audit_verify_inclusion(&leaves[m], m, n, &p, &roots[n]));
			}
		}
	assert_int_equal(audit_prove_inclusion(read_node, NULL, 5, 5, &p), -ERANGE);
	assert_false(audit_verify_inclusion(&leaves[0], 0, 0, &p, &roots[0]));
}

static void
flips_consistency(uint64_t from, uint64_t to, struct audit_proof *p)
{
	unsigned bits = p->n * AUDIT_HASH_LEN * 8, tries = to <= 12 ? bits : bits > 0 ? 1 : 0, i, bit;
	struct audit_hash root = roots[from];

	for (i = 0; i < tries; i++) {
		bit = tries == bits ? i : (unsigned)random_below(bits);
		flip(&p->path[bit / 256], bit % 256);
		assert_false(audit_verify_consistency(from, &roots[from], to, &roots[to], p));
		flip(&p->path[bit / 256], bit % 256);
	}
	flip(&root, (unsigned)random_below(256));
	assert_false(audit_verify_consistency(from, &root, to, &roots[to], p));
	assert_false(audit_verify_consistency(from, &roots[from], to, &root, p));
}

static void
test_consistency(void **state)
{
	struct audit_proof p;
	uint64_t n, m;

	(void)state;
	for (n = 1; n <= N; n++)
		for (m = 1; m <= n; m++) {
			assert_int_equal(audit_prove_consistency(read_node, NULL, m, n, &p), 0);
			assert_true(audit_verify_consistency(m, &roots[m], n, &roots[n], &p));
			flips_consistency(m, n, &p);
			if (n > 64 && (m + n) % 8 != 0)
				continue;
			p.path[p.n++] = leaves[0];
			assert_false(audit_verify_consistency(m, &roots[m], n, &roots[n], &p));
			if (p.n > 1) {
				p.n -= 2;
				assert_false(audit_verify_consistency(m, &roots[m], n, &roots[n], &p));
			}
		}
	assert_int_equal(audit_prove_consistency(read_node, NULL, 0, 5, &p), -ERANGE);
	assert_int_equal(audit_prove_consistency(read_node, NULL, 6, 5, &p), -ERANGE);
	assert_false(audit_verify_consistency(0, &roots[0], 5, &roots[5], &p));
	assert_false(audit_verify_consistency(6, &roots[6], 5, &roots[5], &p));
}

/* A leaf is no node: the second preimage that a tree without leading bytes would allow. */
static void
test_leaves_are_not_nodes(void **state)
{
	struct audit_hash as_leaf, as_node;
	uint8_t both[2 * AUDIT_HASH_LEN];

	(void)state;
	memcpy(both, leaves[0].b, AUDIT_HASH_LEN);
	memcpy(both + AUDIT_HASH_LEN, leaves[1].b, AUDIT_HASH_LEN);
	audit_hash_leaf(both, sizeof(both), &as_leaf);
	audit_hash_node(&leaves[0], &leaves[1], &as_node);
	assert_false(audit_hash_equal(&as_leaf, &as_node));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reference_roots),
		cmocka_unit_test(test_definition),
		cmocka_unit_test(test_stored_nodes),
		cmocka_unit_test(test_inclusion),
		cmocka_unit_test(test_consistency),
		cmocka_unit_test(test_leaves_are_not_nodes),
	};

	return cmocka_run_group_tests(tests, grow, NULL);
}
