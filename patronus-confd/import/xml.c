/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <expat.h>

#include "base/arena.h"
#include "base/buf.h"

#include "import/xml.h"

#define DEPTH_MAX	32
#define ELEMENTS_MAX	300000
#define TEXT_MAX	(1u << 20)	/* of one element: lists of addresses, never more */

struct xml_reader {
	struct draft	*d;
	XML_Parser	 parser;
	struct xml	*root, *at;
	struct buf	 text[DEPTH_MAX];
	unsigned	 depth;
	unsigned	 n;
};

static void
stop(struct xml_reader *r, const char *why)
{
	draft_fail(r->d, why);
	(void)XML_StopParser(r->parser, XML_FALSE);
}

static void
on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct xml_reader *r = arg;
	struct xml *x = arena_alloc(r->d->arena, 1, sizeof(*x));

	(void)attributes;
	if (r->depth == DEPTH_MAX || ++r->n > ELEMENTS_MAX) {
		stop(r, "the XML is deeper or longer than a configuration");
		return;
	}
	if (x == NULL || (x->name = arena_strdup(r->d->arena, name)) == NULL) {
		stop(r, NULL);
		return;
	}
	x->text = "";
	x->line = (unsigned)XML_GetCurrentLineNumber(r->parser);
	x->parent = r->at;
	if (r->at == NULL)
		r->root = x;
	else if (r->at->last == NULL)
		r->at->first = r->at->last = x;
	else {
		r->at->last->next = x;
		r->at->last = x;
	}
	r->at = x;
	buf_reset(&r->text[r->depth++]);
}

static const char *
trimmed(struct draft *d, const struct buf *b)
{
	size_t from = 0, end = b->len;

	while (from < end && strchr(" \t\r\n", b->data[from]) != NULL)
		from++;
	while (end > from && strchr(" \t\r\n", b->data[end - 1]) != NULL)
		end--;
	return from == end ? "" : arena_strndup(d->arena, (const char *)b->data + from, end - from);
}

static void
on_end(void *arg, const XML_Char *name)
{
	struct xml_reader *r = arg;
	struct buf *b = &r->text[r->depth - 1];

	(void)name;
	if (buf_failed(b)) {
		stop(r, "an element of the XML is longer than 1 MiB");
		return;
	}
	if ((r->at->text = trimmed(r->d, b)) == NULL) {
		stop(r, NULL);
		return;
	}
	r->depth--;
	r->at = r->at->parent;
}

static void
on_text(void *arg, const XML_Char *text, int len)
{
	struct xml_reader *r = arg;

	if (r->depth > 0)
		buf_put(&r->text[r->depth - 1], text, (size_t)len);
}

/* Entities are declared there: none is wanted, of whatever kind (billion laughs, files). */
static void
on_doctype(void *arg, const XML_Char *name, const XML_Char *sysid, const XML_Char *pubid, int has_subset)
{
	(void)name;
	(void)sysid;
	(void)pubid;
	(void)has_subset;
	stop(arg, "the XML has a document type; a configuration has none");
}

struct xml *
xml_read(struct draft *d, const char *text, size_t len)
{
	struct xml_reader r = { .d = d };
	unsigned i;

	if ((r.parser = XML_ParserCreate("UTF-8")) == NULL) {
		draft_fail(d, NULL);
		return NULL;
	}
	for (i = 0; i < DEPTH_MAX; i++)
		buf_init(&r.text[i], TEXT_MAX);
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, on_start, on_end);
	XML_SetCharacterDataHandler(r.parser, on_text);
	XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
	if (XML_Parse(r.parser, text, (int)len, XML_TRUE) != XML_STATUS_OK && !d->failed)
		draft_fail(d, arena_printf(d->arena, "line %lu: this is no XML: %s", (unsigned long)XML_GetCurrentLineNumber(r.parser),
		    XML_ErrorString(XML_GetErrorCode(r.parser))));
	XML_ParserFree(r.parser);
	for (i = 0; i < DEPTH_MAX; i++)
		buf_fini(&r.text[i]);
	return d->failed ? NULL : r.root;
}

struct xml *
xml_child(const struct xml *x, const char *name)
{
	struct xml *c;

	for (c = x != NULL ? x->first : NULL; c != NULL; c = c->next)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

const char *
xml_text(const struct xml *x, const char *name)
{
	const struct xml *c = xml_child(x, name);

	return c != NULL ? c->text : "";
}

bool
xml_flag(const struct xml *x, const char *name)
{
	const struct xml *c = xml_child(x, name);

	return c != NULL && strcmp(c->text, "0") != 0 && strcmp(c->text, "no") != 0;
}
