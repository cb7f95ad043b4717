/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "nodes.h"
#include "problem.h"

/*
 * The answer of a reader of documents that has been taken over: refused, or a tree that packs to the same bytes.
 */

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct problems *problems = problems_new();
	struct arena *arena = arena_new(0);
	struct node *root;
	struct buf b;

	if (nodes_unpack(data, len, arena, problems, &root) == 0) {
		buf_init(&b, 0);
		nodes_pack(root, problems, &b);
		if (b.len != len || memcmp(b.data, data, len) != 0) {
			(void)fprintf(stderr, "packs to other bytes than it was unpacked from\n");
			abort();
		}
		buf_fini(&b);
	}
	arena_free(arena);
	problems_free(problems);
	return 0;
}
