/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "base/str.h"

#include "document.h"
#include "snapshot.h"

struct snapshot *
snapshot_new(uint32_t number, const char *digest, struct document *doc)
{
	struct snapshot *s;

	if (doc == NULL || (s = calloc(1, sizeof(*s))) == NULL) {
		document_free(doc);
		return (NULL);
	}
	s->refs = 1;
	s->number = number;
	s->doc = doc;
	(void)str_copy(s->digest, digest, sizeof(s->digest));
	return (s);
}

struct snapshot *
snapshot_ref(struct snapshot *s)
{
	s->refs++;
	return (s);
}

struct document *
snapshot_release(struct snapshot *s)
{
	struct document *doc = s->doc;

	s->doc = NULL;
	return (doc);
}

void
snapshot_unref(struct snapshot *s)
{
	if (s == NULL || --s->refs > 0)
		return;
	document_free(s->doc);
	free(s);
}
