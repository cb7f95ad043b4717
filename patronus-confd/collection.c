/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"

#include "collection.h"
#include "digest.h"
#include "jsondoc.h"
#include "node.h"
#include "problem.h"
#include "query.h"
#include "reply.h"
#include "request.h"

#define TEXT_MAX	(64u << 20)
#define ANSWER_MAX	(16u << 20)
#define SORTS_MAX	4
#define FILTERS_MAX	16
#define HASH_LEN	16	/* hex digits of the search in a cursor */
#define CURSOR_KEY_MAX	200

struct filter {
	const char	*member;	/* may have dots */
	const char	*values;	/* with commas */
};

struct sort {
	const char	*member;
	bool		 is_down;
};

struct search {
	struct request		*req;
	const struct collection	*of;
	const char		*q;
	const char		*fields;
	struct filter		 filters[FILTERS_MAX];
	size_t			 nfilters;
	struct sort		 sorts[SORTS_MAX];
	size_t			 nsorts;
	uint64_t		 limit;
	bool			 wants_count;
	char			 hash[HASH_LEN + 1];
	/* Of the cursor. */
	uint64_t		 at;
	char			 after[CURSOR_KEY_MAX + 1];	/* key of the item before; "": none */
};

struct item {
	const struct node	*node;
	uint32_t		 place;		/* in the list: what is equal stays in order */
	const struct node	*by[SORTS_MAX];
};

bool
collection_is_asked(struct request *req)
{
	static const char *const names[] = { "q", "sort", "fields", "limit", "cursor", "count" };
	const char *name, *value;
	unsigned i;
	size_t j;

	for (i = 0; query_get(req, i, &name, &value); i++) {
		if (name != NULL && strncmp(name, "filter[", 7) == 0)
			return (true);
		for (j = 0; name != NULL && j < sizeof(names) / sizeof(names[0]); j++)
			if (strcmp(name, names[j]) == 0)
				return (true);
	}
	return (false);
}

/* --- the query --- */

/* Is the word (up to a dot) one of the members?  Answered when not. */
static bool
check_member(struct request *req, const struct collection *of, const char *word, size_t len)
{
	const char *at = of->members;
	size_t plain = 0, n;

	while (plain < len && word[plain] != '.')
		plain++;
	for (;; at += n + 1) {
		n = strcspn(at, " ");
		if (n == plain && memcmp(at, word, n) == 0 && n > 0)
			return (true);
		if (at[n] == '\0')
			break;
	}
	reply_problem(req, PROBLEM_SYNTAX, "the items have no member \"%.*s\"; they have: %s", (int)(len < 64 ? len : 64), word, of->members);
	return (false);
}

static bool
read_filters(struct search *s)
{
	struct request *req = s->req;
	const char *name, *value;
	size_t len;
	unsigned i;

	for (i = 0; query_get(req, i, &name, &value); i++) {
		if (strncmp(name, "filter[", 7) != 0)
			continue;
		len = strlen(name) - 8;
		if (s->nfilters == FILTERS_MAX) {
			reply_problem(req, PROBLEM_SYNTAX, "there are more than %d filters", FILTERS_MAX);
			return (false);
		}
		if (!check_member(req, s->of, name + 7, len))
			return (false);
		s->filters[s->nfilters++] = (struct filter){ arena_strndup(req->message.arena, name + 7, len), value };
	}
	return (true);
}

static bool
read_sorts(struct search *s)
{
	const char *at = query_text(s->req, "sort");
	struct sort *sort;
	size_t len;

	for (; at != NULL; at = at[len] == ',' ? at + len + 1 : NULL) {
		len = strcspn(at, ",");
		if (s->nsorts == SORTS_MAX) {
			reply_problem(s->req, PROBLEM_SYNTAX, "sort takes at most %d members", SORTS_MAX);
			return (false);
		}
		sort = &s->sorts[s->nsorts++];
		sort->is_down = at[0] == '-';
		if (!check_member(s->req, s->of, at + sort->is_down, len - sort->is_down))
			return (false);
		sort->member = arena_strndup(s->req->message.arena, at + sort->is_down, len - sort->is_down);
	}
	return (true);
}

static bool
read_fields(struct search *s)
{
	const char *at;
	size_t len;

	s->fields = query_text(s->req, "fields");
	for (at = s->fields; at != NULL; at = at[len] == ',' ? at + len + 1 : NULL) {
		len = strcspn(at, ",");
		if (!check_member(s->req, s->of, at, len))
			return (false);
	}
	return (true);
}

/* What makes this search another one than the next: everything but where it goes on and how many are wanted. */
static int
hash_search(struct search *s)
{
	char digest[DIGEST_STRLEN];
	const char *name, *value;
	struct buf b;
	unsigned i;
	int error;

	buf_init(&b, 64 << 10);
	buf_printf(&b, "%s\n", s->req->in->path);
	for (i = 0; query_get(s->req, i, &name, &value); i++)
		if (strcmp(name, "cursor") != 0 && strcmp(name, "limit") != 0 && strcmp(name, "count") != 0)
			buf_printf(&b, "%s=%s\n", name, value);
	error = buf_failed(&b) ? -ENOMEM : digest_hex(b.data, b.len, digest);
	buf_fini(&b);
	if (error == 0)
		(void)str_copy(s->hash, digest, sizeof(s->hash));
	return (error);
}

static int
hex_value(char c)
{
	return (c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1);
}

/* "HASH.POSITION.KEY-IN-HEX" */
static bool
read_cursor(struct search *s)
{
	const char *text = query_text(s->req, "cursor"), *at;
	char number[24];
	size_t len, n = 0;
	int high = 0, low = 0;

	if (text == NULL)
		return (true);
	if (strncmp(text, s->hash, HASH_LEN) == 0 && text[HASH_LEN] == '.') {
		at = text + HASH_LEN + 1;
		len = strcspn(at, ".");
		if (at[len] == '.' && len < sizeof(number)) {
			(void)str_copy(number, at, len + 1);
			for (at += len + 1; at[0] != '\0' && n < CURSOR_KEY_MAX && high >= 0 && low >= 0; at += 2) {
				high = hex_value(at[0]);
				low = at[1] != '\0' ? hex_value(at[1]) : -1;
				if (high >= 0 && low >= 0)
					s->after[n++] = (char)(high << 4 | low);
				else
					break;
			}
			s->after[n] = '\0';
			if (at[0] == '\0' && str_u64(number, 0, UINT32_MAX, &s->at) == 0)
				return (true);
		}
	}
	reply_problem(s->req, PROBLEM_SYNTAX, "the cursor is not one of this search; take it from the Link of the answer before");
	return (false);
}

static bool
read_search(struct search *s)
{
	s->q = query_text(s->req, "q");
	if (!query_number(s->req, "limit", 1, COLLECTION_LIMIT_MAX, COLLECTION_LIMIT, &s->limit) ||
	    !query_flag(s->req, "count", false, &s->wants_count) || !read_filters(s) || !read_sorts(s) || !read_fields(s))
		return (false);
	if (hash_search(s) != 0)
		fatalx("collection", "no memory");
	return (read_cursor(s));
}

/* --- judging items --- */

/* The member of an item, through dots. */
static const struct node *
member_of(const struct node *item, const char *name)
{
	char word[128];
	size_t len;

	while (item != NULL) {
		len = strcspn(name, ".");
		if (len >= sizeof(word))
			return (NULL);
		memcpy(word, name, len);
		word[len] = '\0';
		item = node_member(item, word);
		if (name[len] == '\0')
			return (item);
		name += len + 1;
	}
	return (NULL);
}

static bool
contains(const struct node *node, const char *q)
{
	const struct node *child;

	if (node->kind == NODE_SCALAR)
		return (strcasestr(node->text, q) != NULL);
	for (child = node->first; child != NULL; child = child->next)
		if (contains(child, q))
			return (true);
	return (false);
}

/* Is the text one of the values with commas? */
static bool
is_one_of(const char *text, const char *values)
{
	size_t len;

	for (;; values += len + 1) {
		len = strcspn(values, ",");
		if (strlen(text) == len && memcmp(text, values, len) == 0)
			return (true);
		if (values[len] == '\0')
			return (false);
	}
}

static bool
passes(const struct filter *f, const struct node *item)
{
	const struct node *member = member_of(item, f->member), *n;
	bool is_empty = member == NULL || member->kind == NODE_NULL || (member->kind == NODE_SEQ && member->n == 0);

	if (f->values[0] == '\0' || is_empty)
		return (is_empty && f->values[0] == '\0');
	if (member->kind == NODE_SCALAR)
		return (is_one_of(member->text, f->values));
	for (n = member->first; n != NULL; n = n->next)
		if (n->kind == NODE_SCALAR && is_one_of(n->text, f->values))
			return (true);
	return (false);
}

static bool
is_wanted(const struct search *s, const struct node *item)
{
	size_t i;

	for (i = 0; i < s->nfilters; i++)
		if (!passes(&s->filters[i], item))
			return (false);
	return (s->q == NULL || contains(item, s->q));
}

/* As numbers where both are; what is not there comes last, whatever the direction. */
static int
compare_values(const struct node *a, const struct node *b, bool is_down)
{
	bool has_a = a != NULL && a->kind == NODE_SCALAR, has_b = b != NULL && b->kind == NODE_SCALAR;
	double x, y;
	int r;

	if (!has_a || !has_b)
		return (has_a ? -1 : has_b ? 1 : 0);
	if (a->style == NODE_NUMBER && b->style == NODE_NUMBER) {
		x = strtod(a->text, NULL);
		y = strtod(b->text, NULL);
		r = x < y ? -1 : x > y;
	} else
		r = strcmp(a->text, b->text);
	return (is_down ? -r : r);
}

static int
by_sorts(const void *a, const void *b, void *arg)
{
	const struct item *x = a, *y = b;
	const struct search *s = arg;
	size_t i;
	int r;

	for (i = 0; i < s->nsorts; i++)
		if ((r = compare_values(x->by[i], y->by[i], s->sorts[i].is_down)) != 0)
			return (r);
	return (x->place < y->place ? -1 : 1);
}

/* --- the answer --- */

static const char *
key_of(const struct search *s, const struct item *item)
{
	const struct node *key = s->of->key != NULL ? node_member(item->node, s->of->key) : NULL;

	return (key != NULL && key->kind == NODE_SCALAR && strlen(key->text) <= CURSOR_KEY_MAX ? key->text : "");
}

/* Where the page begins: behind the item of the cursor, or where it was when that is gone. */
static size_t
page_start(const struct search *s, const struct item *items, size_t n)
{
	size_t i;

	/* Where it was first: a key may stand for several. */
	if (s->at > 0 && s->at <= n && strcmp(key_of(s, &items[s->at - 1]), s->after) == 0)
		return ((size_t)s->at);
	for (i = 0; s->after[0] != '\0' && i < n; i++)
		if (strcmp(key_of(s, &items[i]), s->after) == 0)
			return (i + 1);
	return (s->at < n ? (size_t)s->at : n);
}

static bool
is_shown(const struct search *s, const char *name)
{
	const char *at = s->fields;
	size_t len;

	if (s->fields == NULL || (s->of->key != NULL && strcmp(name, s->of->key) == 0))
		return (true);
	for (;; at += len + 1) {
		len = strcspn(at, ",");
		if (strlen(name) == len && memcmp(name, at, len) == 0)
			return (true);
		if (at[len] == '\0')
			return (false);
	}
}

static void
print_item(const struct search *s, const struct node *item, struct buf *b)
{
	const struct node *child;
	bool is_first = true;

	if (s->fields == NULL || item->kind != NODE_MAP) {
		node_print_json(item, b);
		return;
	}
	buf_putc(b, '{');
	for (child = item->first; child != NULL; child = child->next) {
		if (!is_shown(s, child->name))
			continue;
		buf_printf(b, is_first ? "\"%s\":" : ",\"%s\":", child->name);
		node_print_json(child, b);
		is_first = false;
	}
	buf_putc(b, '}');
}

static void
print_page(const struct search *s, const struct node *whole, const struct item *items, size_t n, struct buf *b)
{
	const struct node *child;
	size_t i;

	if (s->of->list != NULL)
		buf_printf(b, "{\"%s\":", s->of->list);
	buf_putc(b, '[');
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(b, ',');
		print_item(s, items[i].node, b);
	}
	buf_putc(b, ']');
	if (s->of->list == NULL)
		return;
	/* What stands beside the list. */
	for (child = whole->first; child != NULL; child = child->next) {
		if (strcmp(child->name, s->of->list) == 0)
			continue;
		buf_printf(b, ",\"%s\":", child->name);
		node_print_json(child, b);
	}
	buf_putc(b, '}');
}

static void
put_encoded(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr("-._~/", *text) != NULL || (*text >= '0' && *text <= '9') || (*text >= 'A' && *text <= 'Z') ||
		    (*text >= 'a' && *text <= 'z'))
			buf_putc(b, *text);
		else
			buf_printf(b, "%%%02X", (unsigned char)*text);
	}
}

/* The query as it came, with another cursor. */
const char *
collection_link(struct request *req, const char *cursor)
{
	const char *query = req->in->query, *link = NULL;
	struct buf b;
	size_t len;

	buf_init(&b, 4095);
	buf_puts(&b, "</api/v1");
	put_encoded(&b, req->in->path);
	buf_putc(&b, '?');
	for (;; query += len + 1) {
		len = strcspn(query, "&");
		if (len > 0 && strncmp(query, "cursor=", 7) != 0) {
			buf_put(&b, query, len);
			buf_putc(&b, '&');
		}
		if (query[len] == '\0')
			break;
	}
	buf_printf(&b, "cursor=%s>; rel=\"next\"", cursor);
	if (!buf_failed(&b))
		link = arena_strndup(req->message.arena, (const char *)b.data, b.len);
	buf_fini(&b);
	return (link);
}

static const char *
next_link(const struct search *s, const struct item *last, size_t at)
{
	const char *key = key_of(s, last), *link = NULL;
	struct buf b;

	buf_init(&b, 4095);
	buf_printf(&b, "%s.%zu.", s->hash, at);
	for (; *key != '\0'; key++)
		buf_printf(&b, "%02x", (unsigned char)*key);
	if (!buf_failed(&b))
		link = collection_link(s->req, (const char *)b.data);
	buf_fini(&b);
	return (link);
}

static void
answer(struct search *s, const struct node *whole, const struct node *list, const char *etag)
{
	struct item *items = calloc(list->n + 1, sizeof(*items));
	struct reply_extra extra = { .etag = etag };
	const struct node *n;
	size_t found = 0, start, shown, i;
	uint32_t place = 0;
	char count[24];
	struct buf b;

	if (items == NULL)
		fatalx("collection", "no memory");
	for (n = list->first; n != NULL; n = n->next, place++) {
		if (!is_wanted(s, n))
			continue;
		items[found] = (struct item){ .node = n, .place = place };
		for (i = 0; i < s->nsorts; i++)
			items[found].by[i] = member_of(n, s->sorts[i].member);
		found++;
	}
	if (s->nsorts > 0)
		qsort_r(items, found, sizeof(*items), by_sorts, s);
	start = page_start(s, items, found);
	shown = found - start < s->limit ? found - start : (size_t)s->limit;
	if (start + shown < found)
		extra.link = next_link(s, &items[start + shown - 1], start + shown);
	(void)snprintf(count, sizeof(count), "%zu", found);
	if (s->wants_count)
		extra.count = count;
	buf_init(&b, ANSWER_MAX);
	print_page(s, whole, items + start, shown, &b);
	free(items);
	reply_json(s->req, 200, &b, &extra);
}

void
collection_reply(struct request *req, const struct collection *of, const char *text, size_t len, const char *etag)
{
	struct search s = { .req = req, .of = of };
	struct problems *problems;
	struct node *whole = NULL;
	const struct node *list;
	struct arena *arena;
	int error;

	if (!read_search(&s))
		return;
	/* The arena of the message is as large as messages are. */
	if ((problems = problems_new()) == NULL || (arena = arena_new(0)) == NULL)
		fatalx("collection", "no memory");
	error = jsondoc_read_up_to(TEXT_MAX, text, len, arena, problems, &whole);
	problems_free(problems);
	list = error == 0 && of->list != NULL ? node_member(whole, of->list) : whole;
	if (error != 0 || list == NULL || list->kind != NODE_SEQ)
		reply_problem(req, PROBLEM_INTERNAL, "the list cannot be read");
	else
		answer(&s, whole, list, etag);
	arena_free(arena);
}
