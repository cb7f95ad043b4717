/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "document.h"
#include "problem.h"
#include "schema.h"

/*
 * A hostile document: 'y' or 'j', then YAML or JSON.  Refused with at least one problem whose words are text; or taken, and then what it
 * prints loads to the same, and its owners' wire forms encode.
 */

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
broken(const char *what, const struct buf *b)
{
	(void)fprintf(stderr, "%s\n%s\n", what, b != NULL && b->data != NULL ? (const char *)b->data : "");
	abort();
}

static void
check_problems(const struct problems *p)
{
	struct buf b;

	if (problems_count(p) == 0 || problems_count(p) > PROBLEMS_MAX)
		broken("refused, but not told why", NULL);
	buf_init(&b, 0);
	problems_print_text(p, "f", &b);
	if (!str_is_utf8((const char *)b.data, b.len))
		broken("a problem that is not text", &b);
	buf_reset(&b);
	problems_print_json(p, &b);
	buf_fini(&b);
}

static void
check_stable(const struct schema *schema, const struct document *doc, enum document_format format)
{
	struct problems *p = problems_new();
	struct document *again = NULL;
	struct buf one, two;

	buf_init(&one, 0);
	buf_init(&two, 0);
	if (document_print(doc, format, 0, &one) != 0)
		broken("does not print", NULL);
	if (document_check(schema, format, (const char *)one.data, one.len, p, &again) != 0)
		broken("what it prints does not load", &one);
	if (document_print(again, format, 0, &two) != 0 || one.len != two.len || memcmp(one.data, two.data, one.len) != 0)
		broken("what it prints is not stable", &one);
	document_free(again);
	buf_fini(&one);
	buf_fini(&two);
	problems_free(p);
}

static void
check_owners(const struct document *doc)
{
	uint8_t *data;
	size_t len;
	unsigned i;

	for (i = 0; schema_owner(i) != NULL; i++) {
		if (document_encode(doc, schema_owner(i), &data, &len) != 0)
			broken("valid, but cannot be sent to its owner", NULL);
		free(data);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct schema *schema;
	enum document_format format;
	struct document *doc = NULL;
	struct problems *p;

	if (schema == NULL && (schema = schema_new()) == NULL)
		abort();
	if (size < 1 || (data[0] != 'y' && data[0] != 'j'))
		return 0;
	format = data[0] == 'y' ? DOCUMENT_YAML : DOCUMENT_JSON;
	p = problems_new();
	if (p == NULL)
		return 0;
	if (document_check(schema, format, (const char *)data + 1, size - 1, p, &doc) == 0) {
		check_stable(schema, doc, DOCUMENT_YAML);
		check_stable(schema, doc, DOCUMENT_JSON);
		check_owners(doc);
	} else {
		check_problems(p);
	}
	document_free(doc);
	problems_free(p);
	return 0;
}
