/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"

#include "backup_contents.h"
#include "dbtext.h"
#include "listtext.h"
#include "node.h"
#include "problem.h"

#define MARK		"--- "
#define MARK_LEN	(sizeof(MARK) - 1)
#define HEAD_MAX	256		/* of a line that begins a part */
#define DIGEST_LEN	64		/* SHA-256 in hexadecimal digits */
#define NAME_CHARS	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

/* --- what there is --- */

struct backup_contents *
backup_contents_new(void)
{
	struct backup_contents *c = calloc(1, sizeof(*c));
	unsigned i;

	if (c == NULL || (c->lists = calloc(BACKUP_LISTS_MAX, sizeof(*c->lists))) == NULL) {
		free(c);
		return (NULL);
	}
	for (i = 0; i < ADDRDB_KIND_MAX; i++) {
		buf_init(&c->databases[i].v4, addrdb_max(i) * addrdb_range_len(i, 4));
		buf_init(&c->databases[i].v6, addrdb_max(i) * addrdb_range_len(i, 16));
	}
	return (c);
}

void
backup_contents_free(struct backup_contents *c)
{
	uint32_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->n; i++) {
		free(c->lists[i].content.v4);
		free(c->lists[i].content.v6);
	}
	for (i = 0; i < ADDRDB_KIND_MAX; i++) {
		buf_fini(&c->databases[i].v4);
		buf_fini(&c->databases[i].v6);
	}
	free(c->lists);
	free(c);
}

bool
backup_contents_is_empty(const struct backup_contents *c)
{
	unsigned i;

	for (i = 0; i < ADDRDB_KIND_MAX && !c->databases[i].is_there; i++)
		;
	return (c->n == 0 && i == ADDRDB_KIND_MAX);
}

size_t
backup_contents_size(const struct backup_contents *c)
{
	size_t n = BACKUP_LISTS_MAX * sizeof(*c->lists);
	uint32_t i;

	for (i = 0; i < ADDRDB_KIND_MAX; i++)
		n += c->databases[i].v4.cap + c->databases[i].v6.cap;

	for (i = 0; i < c->n; i++)
		n += (size_t)c->lists[i].content.n4 * 8 + (size_t)c->lists[i].content.n6 * 32;
	return (n);
}

struct addrdb
backup_contents_database(const struct backup_contents *c, enum addrdb_kind kind)
{
	const struct buf *v4 = &c->databases[kind].v4, *v6 = &c->databases[kind].v6;
	struct addrdb db;

	(void)addrdb_from_bytes(kind, v4->data, v4->len, v6->data, v6->len, &db);
	return (db);
}

const char *
backup_database_name(enum addrdb_kind kind)
{
	return (kind == ADDRDB_SYSTEMS ? "autonomous-systems" : "countries");
}

/* --- taking it apart --- */

enum place {
	IN_DOCUMENT = 0,
	AT_HEAD,
	IN_LIST,
	IN_DATABASE,
	AT_END,
};

struct backup_reader {
	struct backup_contents	*contents;
	struct buf		 document;
	struct buf		 b;		/* what is behind it, and not consumed */
	size_t			 consumed;	/* of b, by the last step */
	size_t			 searched;	/* of the document, for its end */
	enum place		 place;
	enum addrdb_kind	 kind;		/* IN_DATABASE: which */
	bool			 is_whole;	/* no more will come */
	bool			 has_parts;
	unsigned		 line;		/* of the plain text: where b begins */
	unsigned		 part_line;	/* where its part begins */
	unsigned		 nlines;	/* of the text of the last step */
};

struct backup_reader *
backup_reader_new(void)
{
	struct backup_reader *r = calloc(1, sizeof(*r));

	if (r == NULL || (r->contents = backup_contents_new()) == NULL) {
		free(r);
		return (NULL);
	}
	buf_init(&r->document, NODE_BACKUP_MAX + BACKUP_TEXT_MAX);
	buf_init(&r->b, 2 * BACKUP_TEXT_MAX);
	r->line = 1;
	return (r);
}

void
backup_reader_free(struct backup_reader *r)
{
	if (r == NULL)
		return;
	if (r->document.data != NULL)
		explicit_bzero(r->document.data, r->document.cap);
	if (r->b.data != NULL)
		explicit_bzero(r->b.data, r->b.cap);
	buf_fini(&r->document);
	buf_fini(&r->b);
	backup_contents_free(r->contents);
	free(r);
}

void
backup_reader_give(struct backup_reader *r, const void *data, size_t len)
{
	r->is_whole |= len == 0;
	buf_put(r->place == IN_DOCUMENT ? &r->document : &r->b, data, len);
}

static unsigned
count_lines(const uint8_t *text, size_t len)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < len; i++)
		n += text[i] == '\n';
	return (n);
}

static enum backup_step
refused(struct backup_reader *r, const char *text, struct problems *problems)
{
	const char *list = r->place == IN_LIST ? r->contents->lists[r->contents->n - 1].name : NULL;
	char pointer[80];

	(void)snprintf(pointer, sizeof(pointer), list != NULL ? "/lists/%s" : "/%s", list != NULL ? list :
	    r->place == IN_DATABASE ? backup_database_name(r->kind) : "contents");
	problems_add(problems, pointer, NULL, r->line, "backup", "", "%s", text);
	return (BACKUP_STEP_REFUSED);
}

/* Its lines are those of the part, as they are in a file that one uploads. */
void
backup_reader_refuse(struct backup_reader *r, const char *text, struct problems *problems)
{
	(void)refused(r, text, problems);
}

static void
consume(struct backup_reader *r)
{
	if (r->consumed == 0)
		return;
	r->line += r->nlines;
	memmove(r->b.data, r->b.data + r->consumed, r->b.len - r->consumed);
	r->b.len -= r->consumed;
	r->consumed = 0;
	r->nlines = 0;
}

/* JSON has no line that begins so: a line's end does not stand in its texts. */
static enum backup_step
end_document(struct backup_reader *r, struct problems *problems)
{
	size_t from = r->searched > MARK_LEN ? r->searched - MARK_LEN : 0;
	const uint8_t *end = r->document.len > from ? memmem(r->document.data + from, r->document.len - from, "\n" MARK, MARK_LEN + 1) : NULL;
	size_t len;

	r->searched = r->document.len;
	len = end != NULL ? (size_t)(end - r->document.data) + 1 : r->document.len;
	if (len > NODE_BACKUP_MAX || buf_failed(&r->document))
		return (refused(r, "the document of the backup is larger than 16 MiB", problems));
	if (end == NULL)
		return (r->is_whole ? BACKUP_STEP_END : BACKUP_STEP_MORE);
	r->line += count_lines(r->document.data, len);
	buf_put(&r->b, r->document.data + len, r->document.len - len);
	explicit_bzero(r->document.data + len, r->document.len - len);
	r->document.len = len;
	r->has_parts = true;
	r->place = AT_HEAD;
	return (BACKUP_STEP_INVALID);
}

static enum backup_step
begin_list(struct backup_reader *r, char *name, struct problems *problems)
{
	struct backup_contents *c = r->contents;
	char *digest = strchr(name, ' ');
	uint32_t i;

	if (digest != NULL)
		*digest++ = '\0';
	if (digest == NULL || strlen(digest) != DIGEST_LEN || digest[strspn(digest, "0123456789abcdef")] != '\0' || name[0] == '\0' ||
	    strlen(name) >= sizeof(c->lists[0].name) || name[strspn(name, NAME_CHARS)] != '\0')
		return (refused(r, "is no list with its name and its digest", problems));
	for (i = 0; i < c->n; i++)
		if (strcmp(c->lists[i].name, name) == 0)
			return (refused(r, "a list that was there before", problems));
	if (c->n == BACKUP_LISTS_MAX)
		return (refused(r, "one list more than 1024", problems));
	(void)str_copy(c->lists[c->n].name, name, sizeof(c->lists[0].name));
	(void)str_copy(c->lists[c->n].content.etag, digest, sizeof(c->lists[0].content.etag));
	c->n++;
	r->place = IN_LIST;
	return (BACKUP_STEP_INVALID);
}

/* Once for each kind. */
static bool
begin_database(struct backup_reader *r, const char *name)
{
	unsigned i;

	for (i = 0; i < ADDRDB_KIND_MAX; i++) {
		if (strcmp(name, backup_database_name(i)) != 0 || r->contents->databases[i].is_there)
			continue;
		r->contents->databases[i].is_there = true;
		r->kind = i;
		return (true);
	}
	return (false);
}

/* The line that begins a part. */
static enum backup_step
begin_part(struct backup_reader *r, struct problems *problems)
{
	const uint8_t *end = memchr(r->b.data, '\n', r->b.len < HEAD_MAX ? r->b.len : HEAD_MAX);
	char head[HEAD_MAX];
	size_t len;

	if (end == NULL && r->b.len < HEAD_MAX && !r->is_whole)
		return (BACKUP_STEP_MORE);
	if (end == NULL)
		return (refused(r, "the backup ends before its end", problems));
	len = (size_t)(end - r->b.data);
	memcpy(head, r->b.data, len);
	head[len] = '\0';
	if (strlen(head) != len || strncmp(head, MARK, MARK_LEN) != 0)
		return (refused(r, "is not the beginning of a part", problems));
	r->part_line = r->line;
	if (strncmp(head + MARK_LEN, "list ", 5) == 0) {
		if (begin_list(r, head + MARK_LEN + 5, problems) == BACKUP_STEP_REFUSED)
			return (BACKUP_STEP_REFUSED);
	} else if (begin_database(r, head + MARK_LEN)) {
		r->place = IN_DATABASE;
	} else if (strcmp(head + MARK_LEN, "end") == 0) {
		r->place = AT_END;
	} else
		return (refused(r, "is not a list, a database or the end", problems));
	r->consumed = len + 1;
	r->nlines = 1;
	return (BACKUP_STEP_INVALID);
}

/* Whole lines of the part, up to the next one. */
static enum backup_step
take_text(struct backup_reader *r, struct problems *problems, const char **ret_text, size_t *ret_len)
{
	const uint8_t *next, *last;
	size_t len;

	if (r->b.len >= MARK_LEN && memcmp(r->b.data, MARK, MARK_LEN) == 0) {
		r->place = AT_HEAD;
		return (BACKUP_STEP_INVALID);
	}
	next = r->b.len > 0 ? memmem(r->b.data, r->b.len, "\n" MARK, MARK_LEN + 1) : NULL;
	if (next == NULL && r->is_whole)
		return (refused(r, "the backup ends before its end", problems));
	if (next == NULL && r->b.len < BACKUP_TEXT_MAX)
		return (BACKUP_STEP_MORE);
	last = next != NULL ? next : memrchr(r->b.data, '\n', r->b.len);
	if (last == NULL)
		return (refused(r, "a line that does not end", problems));
	len = (size_t)(last - r->b.data) + 1;
	r->nlines = count_lines(r->b.data, len);
	r->consumed = len;
	*ret_text = (const char *)r->b.data;
	*ret_len = len;
	return (r->place == IN_LIST ? BACKUP_STEP_LIST : BACKUP_STEP_DATABASE);
}

enum backup_step
backup_reader_next(struct backup_reader *r, struct problems *problems, const char **ret_text, size_t *ret_len)
{
	enum backup_step step = BACKUP_STEP_INVALID;

	while (step == BACKUP_STEP_INVALID) {
		consume(r);
		switch (r->place) {
		case IN_DOCUMENT:
			step = end_document(r, problems);
			break;
		case AT_HEAD:
			step = begin_part(r, problems);
			break;
		case IN_LIST:
		case IN_DATABASE:
			step = take_text(r, problems, ret_text, ret_len);
			break;
		case AT_END:
			step = r->b.len > 0 ? refused(r, "something stands behind the end", problems) : r->is_whole ? BACKUP_STEP_END : BACKUP_STEP_MORE;
			break;
		}
	}
	return (buf_failed(&r->b) ? refused(r, "a part cannot be held", problems) : step);
}

void
backup_reader_document(const struct backup_reader *r, const char **ret, size_t *ret_len, bool *ret_has_parts)
{
	*ret = r->document.len > 0 ? (const char *)r->document.data : "";
	*ret_len = r->document.len;
	*ret_has_parts = r->has_parts;
}

/* --- what was read --- */

/* A line of the last text, in the whole of the part. */
static bool
bad_line(struct backup_reader *r, uint32_t line, const char *what, struct problems *problems)
{
	char text[200];

	(void)snprintf(text, sizeof(text), "line %u %s", r->line - r->part_line + line - 1, what);
	(void)refused(r, text, problems);
	return (false);
}

enum addrdb_kind
backup_reader_kind(const struct backup_reader *r)
{
	return (r->kind);
}

bool
backup_reader_take_list(struct backup_reader *r, const struct listtext *l, struct problems *problems)
{
	struct store_content *c = &r->contents->lists[r->contents->n - 1].content;

	if (l->nbad > 0)
		return (bad_line(r, l->first_bad, listtext_fault_text(l->fault), problems));
	if (listtext_add(&c->v4, &c->n4, l->v4, l->n4, 4) && listtext_add(&c->v6, &c->n6, l->v6, l->n6, 16))
		return (true);
	(void)refused(r, "it has more than 1,000,000 ranges of a family", problems);
	return (false);
}

bool
backup_reader_take_database(struct backup_reader *r, const struct dbtext *t, struct problems *problems)
{
	struct buf *v4 = &r->contents->databases[r->kind].v4, *v6 = &r->contents->databases[r->kind].v6;
	struct addrdb all;

	if (t->nbad > 0)
		return (bad_line(r, t->first_bad, r->kind == ADDRDB_SYSTEMS ? "says no range of an autonomous system" :
		    "says no range of a country", problems));
	buf_put(v4, t->db.v4, t->db.n4 * addrdb_range_len(r->kind, 4));
	buf_put(v6, t->db.v6, t->db.n6 * addrdb_range_len(r->kind, 16));
	all = backup_contents_database(r->contents, r->kind);
	if (!buf_failed(v4) && !buf_failed(v6) && addrdb_is_sound(&all))
		return (true);
	(void)refused(r, "its ranges are too many, or not in order", problems);
	return (false);
}

struct backup_contents *
backup_reader_contents(struct backup_reader *r)
{
	struct backup_contents *c = r->contents;

	r->contents = NULL;
	return (c);
}
