/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"

#include "confd.h"
#include "diff.h"
#include "edits.h"
#include "document_tree.h"
#include "merge.h"
#include "node.h"
#include "problem.h"
#include "record_json.h"
#include "schema.h"
#include "sight.h"
#include "snapshot.h"
#include "workspace.h"

#define VALUE_MAX	(16u << 20)
#define CONFLICTS_MAX	(256u << 10)	/* of their text: who has more shall start again */

/* An object that both reached, and how it ends. */
struct object {
	char	*path;
	bool	 is_settled;	/* both made the same of it */
	bool	 is_ours;
};

struct merge {
	struct workspaces	*ws;
	struct confd		*confd;
	struct workspace	*w;
	struct snapshot		*onto;
	const struct rights	*rights;	/* of who asks */
	struct merge_choice	*choices;
	size_t			 nchoices;
	struct buf		*conflicts;
	char			**mine;		/* object of each edit */
	struct object		*objects;
	size_t			 nobjects;
	bool			*is_dropped;	/* of each edit */
};

/* Is one of the paths the other, or below it? */
static bool
overlap(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), len = la < lb ? la : lb;

	return (memcmp(a, b, len) == 0 && (la == lb || (la > lb ? a : b)[len] == '/' || len == 0));
}

/* Is a place the object itself, or in it? */
static bool
is_within(const char *place, const char *object)
{
	return (strlen(place) >= strlen(object) && overlap(place, object));
}

/*
 * The object that a path is in: the outermost list entry, or the place itself.  Two changes of one entry are a conflict even when they
 * touch different members: who made the one has not seen the other.
 */
static char *
object_of(const struct confd *confd, const char *path)
{
	const struct lysc_node *node, *up = NULL;
	char *object = strdup(path);
	size_t at = 0;

	if (object == NULL)
		fatalx("merge", "no memory");
	while (path[at] == '/') {
		at += 1 + strcspn(path + at + 1, "/");
		object[at] = '\0';
		/* A key leads to the same schema node as its list. */
		node = schema_find(confd->schema, object);
		if (node == NULL || node == up)
			break;
		up = node;
		object[at] = path[at];
	}
	return (object);
}

/* Does a merge patch say anything about the node at `theirs`, or what is below or above it? */
static bool
patch_reaches(const struct edit *e, const char *theirs)
{
	struct arena *arena = arena_new(0);
	struct problems *problems = problems_new();
	struct node *node = NULL;
	size_t at = strlen(e->path), len;
	char name[256];
	int error;

	if (arena == NULL || problems == NULL)
		fatalx("merge", "no memory");
	error = document_read(e->format, e->body, e->len, arena, problems, &node);
	while (error == 0 && node != NULL && node->kind == NODE_MAP && strlen(theirs) > at && theirs[at] == '/') {
		len = strcspn(theirs + at + 1, "/");
		if (len >= sizeof(name))
			break;
		memcpy(name, theirs + at + 1, len);
		name[len] = '\0';
		node = node_member(node, name);
		at += 1 + len;
	}
	problems_free(problems);
	arena_free(arena);
	return (error != 0 || node != NULL);
}

/* One of their changes, by its object: does any of our edits reach it? */
static bool
is_reached(const struct merge *m, const char *theirs)
{
	const struct workspace *w = m->w;
	unsigned i;

	for (i = 0; i < w->nedits; i++)
		if (overlap(theirs, m->mine[i]) && (w->edits[i].kind != EDIT_KIND_PATCH || patch_reaches(&w->edits[i], theirs)))
			return (true);
	return (w->is_whole);
}

/* --- three values --- */

/* The value of an object as JSON, "null" when it is not there; the caller frees the buffer. */
static void
value_of(const struct document *doc, const char *path, struct buf *ret)
{
	buf_init(ret, VALUE_MAX);
	if (edit_exists(doc, path) && edit_get(doc, path, DOCUMENT_JSON, 0, ret) == 0)
		return;
	buf_reset(ret);
	buf_puts(ret, "null");
}

/* The same as the caller sees it. */
static void
seen_of(const struct merge *m, const struct document *doc, const char *path, struct buf *ret)
{
	struct document *owned;

	value_of(sight_of(m->rights, RIGHT_CONFIG_READ, doc, &owned), path, ret);
	document_free(owned);
}

static bool
is_same(const struct buf *a, const struct buf *b)
{
	return (!buf_failed(a) && !buf_failed(b) && a->len == b->len && memcmp(a->data, b->data, a->len) == 0);
}

static void
put_conflict(const struct merge *m, const char *path)
{
	const struct document *docs[] = { m->w->base->doc, workspace_document(m->w), m->onto->doc };
	static const char *const names[] = { "base", "ours", "theirs" };
	struct buf value;
	size_t i;

	if (m->conflicts->len > 0)
		buf_putc(m->conflicts, ',');
	buf_puts(m->conflicts, "{\"path\":");
	record_json_string(path, strlen(path), m->conflicts);
	for (i = 0; i < sizeof(docs) / sizeof(docs[0]); i++) {
		seen_of(m, docs[i], path, &value);
		buf_printf(m->conflicts, ",\"%s\":", names[i]);
		buf_put(m->conflicts, value.data, value.len);
		buf_fini(&value);
	}
	buf_putc(m->conflicts, '}');
}

static struct merge_choice *
choice_of(const struct merge *m, const char *path)
{
	struct merge_choice *rest = NULL;
	size_t i;

	for (i = 0; i < m->nchoices; i++) {
		if (m->choices[i].path == NULL)
			rest = &m->choices[i];
		else if (strcmp(m->choices[i].path, path) == 0)
			return (&m->choices[i]);
	}
	return (rest);
}

/* An object that both reached; path is taken. */
static void
judge(struct merge *m, char *path)
{
	struct merge_choice *choice = choice_of(m, path);
	struct object *objects;
	struct buf ours, theirs;
	bool is_settled;

	value_of(workspace_document(m->w), path, &ours);
	value_of(m->onto->doc, path, &theirs);
	is_settled = is_same(&ours, &theirs);
	if (choice != NULL)
		choice->was_used = true;
	if (is_settled || choice != NULL) {
		if ((objects = reallocarray(m->objects, m->nobjects + 1, sizeof(*objects))) == NULL)
			fatalx("merge", "no memory");
		m->objects = objects;
		objects[m->nobjects++] = (struct object){ .path = path, .is_settled = is_settled,
		    .is_ours = choice != NULL && choice->is_ours };
	} else {
		put_conflict(m, path);
		free(path);
	}
	buf_fini(&ours);
	buf_fini(&theirs);
}

static void
find_conflicts(struct merge *m, const struct diff *theirs)
{
	char *object, *last = NULL;
	size_t i;

	/* The changes of one object come one after the other. */
	for (i = 0; i < diff_count(theirs) && m->conflicts->len < CONFLICTS_MAX; i++) {
		object = object_of(m->confd, diff_get(theirs, i)->path);
		if ((last != NULL && strcmp(object, last) == 0) || !is_reached(m, object)) {
			free(object);
			continue;
		}
		free(last);
		if ((last = strdup(object)) == NULL)
			fatalx("merge", "no memory");
		judge(m, object);
	}
	free(last);
}

/* --- the merged document --- */

static bool
is_decided(const struct merge *m, const char *place)
{
	size_t i;

	for (i = 0; i < m->nobjects; i++)
		if (is_within(place, m->objects[i].path))
			return (true);
	return (false);
}

/* Their document with our edits, without those of objects that are decided.  NULL when one does not fit any more. */
static struct document *
replay(struct merge *m)
{
	struct document *doc = document_dup(m->onto->doc);
	struct problems *problems = problems_new();
	struct workspace *w = m->w;
	size_t before = m->conflicts->len;
	unsigned i;

	if (doc == NULL || problems == NULL)
		fatalx("merge", "no memory");
	for (i = 0; i < w->nedits; i++) {
		m->is_dropped[i] = is_decided(m, m->mine[i]);
		if (m->is_dropped[i] || edit_apply(doc, &w->edits[i], NULL, NULL, problems) == 0)
			continue;
		/* What it needs is gone, as the rule that another one shall stand before. */
		m->is_dropped[i] = true;
		judge(m, strdup(m->mine[i]));
	}
	problems_free(problems);
	if (m->conflicts->len == before)
		return (doc);
	document_free(doc);
	return (NULL);
}

/* The object becomes as the one who was chosen has it; noted as an edit where that is a change. */
static int
decide(struct merge *m, struct document *doc, const struct object *o, const struct document *ours)
{
	struct edit e = { .path = o->path, .format = DOCUMENT_JSON, .body = "" };
	struct problems *problems = problems_new();
	struct buf want, have;
	int error = 0;

	if (problems == NULL)
		fatalx("merge", "no memory");
	value_of(o->is_ours ? ours : m->onto->doc, o->path, &want);
	value_of(doc, o->path, &have);
	if (buf_failed(&want) || buf_failed(&have))
		error = -ENOMEM;
	else if (!is_same(&want, &have)) {
		e.kind = want.len == 4 && memcmp(want.data, "null", 4) == 0 ? EDIT_KIND_DELETE : EDIT_KIND_PUT;
		if (e.kind == EDIT_KIND_PUT) {
			e.body = (const char *)want.data;
			e.len = want.len;
		}
		if ((error = edit_apply(doc, &e, NULL, NULL, problems)) == 0)
			workspace_remember(m->w, &e, NULL);
	}
	buf_fini(&want);
	buf_fini(&have);
	problems_free(problems);
	return (error);
}

static void
drop_edits(struct merge *m)
{
	struct workspace *w = m->w;
	unsigned i, n = 0;

	for (i = 0; i < w->nedits; i++) {
		if (m->is_dropped[i]) {
			w->edit_bytes -= w->edits[i].len;
			edit_fini(&w->edits[i]);
		} else
			w->edits[n++] = w->edits[i];
	}
	w->nedits = n;
}

static int
stand_on(struct merge *m, struct document *doc)
{
	struct workspace *w = m->w;
	struct document *old = w->doc;
	int error = 0;
	size_t i;

	if (doc != old)
		drop_edits(m);
	if (!w->is_whole)
		w->changes = w->nedits;
	for (i = 0; i < m->nobjects && error == 0; i++)
		if (!m->objects[i].is_settled)
			error = decide(m, doc, &m->objects[i], old);
	w->doc = doc;
	snapshot_unref(w->base);
	w->base = snapshot_ref(m->onto);
	if (doc != old)
		document_free(old);
	if (w->doc != NULL && w->changes == 0 && !w->is_whole) {
		document_free(w->doc);
		w->doc = NULL;
	}
	if (error == 0 && w->is_whole)
		error = workspace_measure(m->ws, w);
	return (error);
}

/* Who decides about what is no conflict has seen something else. */
static bool
is_all_used(const struct merge *m)
{
	size_t i;

	for (i = 0; i < m->nchoices; i++)
		if (m->choices[i].path != NULL && !m->choices[i].was_used)
			return (false);
	return (true);
}

/* Theirs changed something: 0 when it is merged. */
static int
merge(struct merge *m, const struct diff *theirs)
{
	struct workspace *w = m->w;
	struct document *doc = NULL;
	unsigned j;

	for (j = 0; j < w->nedits; j++)
		m->mine[j] = object_of(m->confd, w->edits[j].path);
	find_conflicts(m, theirs);
	if (m->conflicts->len > 0)
		return (-EBUSY);
	if (w->doc != NULL && (doc = w->is_whole ? w->doc : replay(m)) == NULL)
		return (-EBUSY);
	if (!is_all_used(m)) {
		if (doc != w->doc)
			document_free(doc);
		return (-ENOENT);
	}
	return (stand_on(m, doc));
}

int
merge_workspace(struct workspaces *ws, struct workspace *w, const struct rights *rights, struct merge_choice *choices, size_t nchoices,
    struct buf *ret_conflicts)
{
	struct confd *confd = workspaces_confd(ws);
	struct merge m = { .ws = ws, .confd = confd, .w = w, .onto = confd->running, .rights = rights, .choices = choices, .nchoices = nchoices,
	    .conflicts = ret_conflicts };
	unsigned n = w->nedits, j;
	struct diff *theirs;
	size_t i;
	int error;

	if (w->base == m.onto)
		return (is_all_used(&m) ? 0 : -ENOENT);
	if ((error = diff_documents(w->base->doc, m.onto->doc, &theirs)) != 0)
		return (error);
	m.mine = calloc(n + 1, sizeof(*m.mine));
	m.is_dropped = calloc(n + 1, sizeof(*m.is_dropped));
	if (m.mine == NULL || m.is_dropped == NULL)
		fatalx("merge", "no memory");
	if (diff_count(theirs) == 0)
		error = is_all_used(&m) ? stand_on(&m, w->doc) : -ENOENT;
	else
		error = merge(&m, theirs);
	diff_free(theirs);
	for (j = 0; j < n; j++)
		free(m.mine[j]);
	for (i = 0; i < m.nobjects; i++)
		free(m.objects[i].path);
	free(m.mine);
	free(m.is_dropped);
	free(m.objects);
	return (error);
}
