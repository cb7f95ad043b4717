/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUDIT_TREE_H
#define PATRONUS_AUDIT_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "audit/hash.h"

/*
 * The Merkle tree of RFC 9162 over the records of the audit log: record n is leaf n - 1.
 *
 * In memory are only the roots of the complete subtrees that the size is made of (one per set bit).  Stored are all nodes in the order
 * in which they become known: each leaf, then the nodes it completes.  A node never changes after that, so the file only grows, and any
 * node is found by arithmetic.
 */

#define AUDIT_LEVELS	64		/* of a tree, and hashes of a proof */

struct audit_tree {
	uint64_t		size;			/* leaves */
	struct audit_hash	peaks[AUDIT_LEVELS];	/* by level; those whose bit is set in size */
};

/* An empty tree is all zeros. */

/*
 * Add a leaf.  What must be stored, in order, is in ret_nodes: the leaf and the nodes it completes.  Returns how many.
 */
unsigned audit_tree_append(struct audit_tree *, const struct audit_hash *leaf, struct audit_hash ret_nodes[AUDIT_LEVELS]);
void	 audit_tree_root(const struct audit_tree *, struct audit_hash *ret);

/* How many nodes are stored for a tree of that size, and the size of the greatest tree that so many nodes hold. */
uint64_t audit_tree_nodes(uint64_t size);
uint64_t audit_tree_size(uint64_t nodes);
/* The place of a leaf among the nodes; 0 is the first. */
uint64_t audit_tree_leaf_at(uint64_t index);

/* Reads the stored node at a place: 0 or -errno. */
typedef int audit_node_read(void *arg, uint64_t place, struct audit_hash *ret);

/* The tree of the first so many leaves, from at most 64 nodes.  0 or -errno. */
int	 audit_tree_load(audit_node_read *, void *arg, uint64_t size, struct audit_tree *ret);

struct audit_proof {
	struct audit_hash	path[AUDIT_LEVELS];
	unsigned		n;
};

/* RFC 9162, 2.1.3.1 and 2.1.4.1.  0, -ERANGE unless index < size, 0 < from <= to, or -errno of the reader. */
int	 audit_prove_inclusion(audit_node_read *, void *arg, uint64_t index, uint64_t size, struct audit_proof *ret);
int	 audit_prove_consistency(audit_node_read *, void *arg, uint64_t from, uint64_t to, struct audit_proof *ret);
/* RFC 9162, 2.1.3.2 and 2.1.4.2. */
bool	 audit_verify_inclusion(const struct audit_hash *leaf, uint64_t index, uint64_t size, const struct audit_proof *,
	    const struct audit_hash *root);
bool	 audit_verify_consistency(uint64_t from, const struct audit_hash *from_root, uint64_t to, const struct audit_hash *to_root,
	    const struct audit_proof *);

#endif
