/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "document.h"
#include "document_tree.h"
#include "import/import.h"
#include "ipc/ids.h"
#include "node.h"
#include "nodes.h"
#include "problem.h"
#include "schema.h"

/*
 * A hostile configuration of another firewall: 'i', 'p', 'u' or 'n', then the text.  Refused with a reason; or taken, and then confd can unpack
 * the answer and has an outcome for each object.  Whether the document is valid is for the schema to say; that it says so without harm is
 * tried here as well.
 */

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
broken(const char *what)
{
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

static uint8_t
format_of(uint8_t byte)
{
	switch (byte) {
	case 'i':
		return PARSE_IPTABLES;
	case 'p':
		return PARSE_PF;
	case 'u':
		return PARSE_UCI;
	case 'n':
		return PARSE_NFT;
	default:
		return PARSE_INVALID;
	}
}

static void
check_answer(struct arena *arena, const struct schema *schema, const struct node *root)
{
	struct problems *none = problems_new(), *problems = problems_new();
	const struct node *entry;
	struct document *doc = NULL;
	struct node *again = NULL;
	struct buf b;

	buf_init(&b, 0);
	nodes_pack(root, none, &b);
	if (nodes_unpack(b.data, b.len, arena, problems, &again) != 0)
		broken("its answer does not unpack");
	for (entry = node_member(again, "account")->first; entry != NULL; entry = entry->next)
		if (node_member_text(entry, "outcome") == NULL)
			broken("an object without outcome");
	(void)document_of_nodes(schema, node_dup(arena, node_member(again, "document")), arena, problems, &doc);
	document_free(doc);
	buf_fini(&b);
	problems_free(none);
	problems_free(problems);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const context[] = { "eth0\twan\twan\t198.51.100.2/24 2001:db8:51::2/64", "eth1\tlan\tlan\t192.0.2.1/25" };
	static struct schema *schema;
	struct problems *problems;
	struct arena *arena;
	struct node *root;
	int error;

	if (schema == NULL && (schema = schema_new()) == NULL)
		abort();
	if (size < 1 || !import_is_format(format_of(data[0])))
		return 0;
	arena = arena_new(64u << 20);
	problems = problems_new();
	error = import_read(format_of(data[0]), (const char *)data + 1, size - 1, context, 2, arena, problems, &root);
	if (error == 0)
		check_answer(arena, schema, root);
	else if (error == -22 && problems_count(problems) == 0)
		broken("refused without a reason");
	arena_free(arena);
	problems_free(problems);
	return 0;
}
