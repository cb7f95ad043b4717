/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an import makes of a file, as YAML and as an account: import_tool FORMAT FILE [CONTEXT...].  The document must be valid.
 */
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
#include "problem.h"
#include "schema.h"

static uint8_t
format_of(const char *name)
{
	static const char *const names[] = { "iptables", "pf", "uci", "nft" };
	static const uint8_t formats[] = { PARSE_IPTABLES, PARSE_PF, PARSE_UCI, PARSE_NFT };
	size_t i;

	for (i = 0; i < 4; i++)
		if (strcmp(names[i], name) == 0)
			return formats[i];
	return PARSE_INVALID;
}

static void
print_texts(const struct node *list, const char *before)
{
	const struct node *n;

	for (n = list->first; n != NULL; n = n->next)
		printf("#    %s%s\n", before, n->text);
}

static void
print_account(const struct node *account)
{
	const struct node *e;

	for (e = account->first; e != NULL; e = e->next) {
		printf("# %s %s, line %s%s%s\n", node_member(e, "outcome")->text, node_member(e, "place")->text, node_member(e, "line")->text,
		    node_member(e, "text")->len > 0 ? ": " : "", node_member(e, "text")->text);
		print_texts(node_member(e, "objects"), "-> ");
		print_texts(node_member(e, "notes"), "");
	}
}

static int
print_problems(const struct problems *problems, const char *file)
{
	struct buf b;

	buf_init(&b, 0);
	problems_print_text(problems, file, &b);
	fprintf(stderr, "%s", (const char *)b.data);
	buf_fini(&b);
	return 1;
}

int
main(int argc, char **argv)
{
	struct problems *problems = problems_new();
	struct arena *arena = arena_new(0);
	struct schema *schema = schema_new();
	struct document *doc = NULL;
	struct node *root = NULL;
	struct buf text, out;
	char chunk[4096];
	size_t n;
	FILE *f;

	if (argc < 3 || (f = fopen(argv[2], "r")) == NULL)
		return 2;
	buf_init(&text, 0);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_put(&text, chunk, n);
	(void)fclose(f);
	if (import_read(format_of(argv[1]), (const char *)text.data, text.len, (const char *const *)argv + 3, (size_t)argc - 3, arena, problems,
	    &root) != 0)
		return print_problems(problems, argv[2]);
	print_account(node_member(root, "account"));
	if (document_of_nodes(schema, node_dup(arena, node_member(root, "document")), arena, problems, &doc) != 0)
		return print_problems(problems, argv[2]);
	buf_init(&out, 0);
	(void)document_print(doc, DOCUMENT_YAML, 0, &out);
	printf("%.*s", (int)out.len, (const char *)out.data);
	/* Interfaces that the workspace has are not in the document: references to them hold there. */
	if (argc == 3 && document_validate(doc, problems) != 0)
		return print_problems(problems, argv[2]);
	buf_fini(&out);
	buf_fini(&text);
	document_free(doc);
	schema_free(schema);
	arena_free(arena);
	problems_free(problems);
	return 0;
}
