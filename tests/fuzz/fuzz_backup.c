/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "backup.h"
#include "document_tree.h"
#include "jsondoc.h"
#include "node.h"
#include "problem.h"
#include "schema.h"

/*
 * What was inside a backup: refused with a reason, or a document.
 */

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct schema *schema;
	struct problems *problems = problems_new();
	struct arena *arena = arena_new(0);
	struct document *d = NULL;
	struct node *root;
	struct backup b;
	int ok;

	if (schema == NULL)
		schema = schema_new();
	ok = jsondoc_read_up_to(NODE_BACKUP_MAX, (const char *)data, len, arena, problems, &root) == 0 && backup_read(root, problems, &b);
	if (ok && b.configuration != NULL)
		ok = document_of_nodes(schema, b.configuration, arena, problems, &d) == 0;
	if (!ok && problems_count(problems) == 0) {
		(void)fprintf(stderr, "refused without a reason\n");
		abort();
	}
	document_free(d);
	arena_free(arena);
	problems_free(problems);
	return 0;
}
