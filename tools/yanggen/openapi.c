/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The OpenAPI 3.1 document: what is no schema (sessions, workspaces, commits, ...) from a fixed document, and paths and
 * shapes of configuration and state from the YANG modules.
 */
#include <stdlib.h>
#include <string.h>

#include "yanggen.h"

json_t *
openapi_make(const struct gen *g)
{
	json_error_t e;
	json_t *doc = json_load_file(g->fixed, 0, &e);

	if (doc == NULL)
		die("%s:%d: %s", g->fixed, e.line, e.text);
	return doc;
}

void
openapi_write(const struct gen *g, FILE *f)
{
	json_t *j = openapi_make(g);

	if (json_dumpf(j, f, JSON_INDENT(1)) != 0)
		die("cannot write JSON");
	fputc('\n', f);
	json_decref(j);
}
