/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#include "confd.h"
#include "diff.h"
#include "edits.h"
#include "problem.h"
#include "reach.h"
#include "record_json.h"
#include "restored.h"
#include "schema.h"
#include "snapshot.h"
#include "workspace.h"

/* Who commits again within this time finds a copy to edit; afterwards its memory is worth more than the time to make one. */
#define SPARE_IDLE_MS	20000
#define REPLAYED_MAX	2048	/* edits that are made again in the time in which 10,000 rules are copied: 10 us each, and 25 ms */

struct workspaces {
	struct confd		*confd;
	struct workspace	*item[WORKSPACES_MAX];

	/* The last commit, until its base is free to become the spare copy. */
	struct snapshot		*from;
	struct edit		*edits;
	unsigned		 nedits;
	uint32_t		 to;

	struct document		*spare;		/* equal to revision spare_number */
	uint32_t		 spare_number;
	uint64_t		 spare_ms;	/* when it was made */

	struct breach		 breach;	/* of the last edit that was refused */
};

static void	 forget_last(struct workspaces *);
static int	 replace_document(struct workspaces *, struct workspace *, const struct rights *, const struct edit *,
		    struct problems *);

struct workspaces *
workspaces_new(struct confd *confd)
{
	struct workspaces *ws;

	if ((ws = calloc(1, sizeof(*ws))) != NULL)
		ws->confd = confd;
	return (ws);
}

struct confd *
workspaces_confd(const struct workspaces *ws)
{
	return (ws->confd);
}

void
workspaces_free(struct workspaces *ws)
{
	unsigned i;

	if (ws == NULL)
		return;
	for (i = 0; i < WORKSPACES_MAX; i++)
		if (ws->item[i] != NULL)
			workspace_free(ws, ws->item[i]);
	forget_last(ws);
	document_free(ws->spare);
	free(ws);
}

static void
forget_edits(struct workspace *w)
{
	unsigned i;

	for (i = 0; i < w->nedits; i++)
		edit_fini(&w->edits[i]);
	free(w->edits);
	w->edits = NULL;
	w->nedits = 0;
	w->edit_bytes = 0;
}

void
workspace_free(struct workspaces *ws, struct workspace *w)
{
	unsigned i;

	restored_drop(ws->confd->restored, w->id);
	for (i = 0; i < WORKSPACES_MAX; i++)
		if (ws->item[i] == w)
			ws->item[i] = NULL;
	forget_edits(w);
	if (!w->is_busy)	/* else the transaction's, which may have ended with this process */
		document_free(w->doc);
	snapshot_unref(w->base);
	free(w);
}

static void
forget_idle(struct workspaces *ws)
{
	uint64_t now = clock_mono_ms();
	unsigned i;

	for (i = 0; i < WORKSPACES_MAX; i++)
		if (ws->item[i] != NULL && !ws->item[i]->is_busy && now - ws->item[i]->used_ms > WORKSPACE_IDLE_MS)
			workspace_free(ws, ws->item[i]);
}

/* A free place: what was idle for too long goes. */
static int
make_room(struct workspaces *ws, const char *owner)
{
	unsigned i, mine = 0;
	int place = -1;

	forget_idle(ws);
	for (i = 0; i < WORKSPACES_MAX; i++) {
		if (ws->item[i] == NULL)
			place = (int)i;
		else if (strcmp(ws->item[i]->owner, owner) == 0)
			mine++;
	}
	return (mine < WORKSPACES_PER_OWNER ? place : -1);
}

struct workspace *
workspace_new(struct workspaces *ws, const char *owner, struct document *doc, int *ret_error)
{
	int place = make_room(ws, owner);
	struct workspace *w;

	if (place == -1 || (w = calloc(1, sizeof(*w))) == NULL) {
		*ret_error = place == -1 ? -ENOBUFS : -ENOMEM;
		document_free(doc);
		return (NULL);
	}
	digest_random_id(w->id, 8);
	(void)str_copy(w->owner, owner, sizeof(w->owner));
	w->base = snapshot_ref(ws->confd->running);
	w->created_ms = clock_wall_ms();
	w->used_ms = clock_mono_ms();
	ws->item[place] = w;
	if (doc != NULL) {
		w->doc = doc;
		w->is_whole = true;
		if ((*ret_error = workspace_measure(ws, w)) != 0) {
			workspace_free(ws, w);
			return (NULL);
		}
	}
	return (w);
}

struct workspace *
workspace_find(struct workspaces *ws, const char *id)
{
	unsigned i;

	for (i = 0; i < WORKSPACES_MAX; i++) {
		if (ws->item[i] == NULL || strcmp(ws->item[i]->id, id) != 0)
			continue;
		ws->item[i]->used_ms = clock_mono_ms();
		return (ws->item[i]);
	}
	return (NULL);
}

struct workspace *
workspace_get(struct workspaces *ws, unsigned n)
{
	unsigned i;

	for (i = 0; i < WORKSPACES_MAX; i++)
		if (ws->item[i] != NULL && n-- == 0)
			return (ws->item[i]);
	return (NULL);
}

const struct document *
workspace_document(const struct workspace *w)
{
	return (w->doc != NULL ? w->doc : w->base->doc);
}

bool
workspace_may(const struct workspace *w, const char *user, const struct rights *rights)
{
	return ((rights_extent(rights, RIGHT_CONFIG_EDIT, "") == EXTENT_EVERYTHING && !rights->is_scoped) || strcmp(w->owner, user) == 0);
}

/* --- edits --- */

static bool
is_root(const char *path)
{
	return (path[0] == '\0' || strcmp(path, "/") == 0);
}

/*
 * Keep the edit for a rebase.  An appended entry whose key was made is kept as a put of that entry: a replay
 * must not make another one.
 */
void
workspace_remember(struct workspace *w, const struct edit *e, const char *key)
{
	struct edit *edits;
	struct edit copy;
	size_t size;
	char *path;

	w->changes++;
	if (w->is_whole)
		return;
	edits = w->edit_bytes + e->len <= WORKSPACE_EDIT_BYTES ? reallocarray(w->edits, w->nedits + 1, sizeof(*edits)) : NULL;
	if (edits == NULL || edit_copy(&copy, e) != 0) {
		if (edits != NULL)
			w->edits = edits;
		forget_edits(w);
		w->is_whole = true;
		return;
	}
	w->edits = edits;
	size = key != NULL ? strlen(e->path) + strlen(key) + 2 : 0;
	if (key != NULL && (path = malloc(size)) != NULL) {
		(void)snprintf(path, size, "%s/%s", e->path, key);
		free((char *)(uintptr_t)copy.path);
		copy.path = path;
		copy.kind = EDIT_KIND_PUT;
		copy.flags = EDIT_CREATE;
	}
	w->edits[w->nedits++] = copy;
	w->edit_bytes += e->len;
}

static struct document *
copy_of_base(struct workspaces *ws, const struct workspace *w)
{
	struct document *doc = ws->spare;

	if (doc == NULL || ws->spare_number != w->base->number)
		return (document_dup(w->base->doc));
	ws->spare = NULL;
	return (doc);
}

const struct breach *
workspaces_breach(const struct workspaces *ws)
{
	return (&ws->breach);
}

static int
refuse(struct workspaces *ws, const struct rights *rights, const char *path, size_t len)
{
	(void)snprintf(ws->breach.path, sizeof(ws->breach.path), "%.*s", (int)len, path);
	ws->breach.right = RIGHT_CONFIG_EDIT;
	(void)user_role_may(rights->role, RIGHT_CONFIG_EDIT, ws->breach.path, &ws->breach.right);
	ws->breach.is_hidden = !rights_may(rights, RIGHT_CONFIG_READ, ws->breach.path);
	return (-EACCES);
}

/* The order of a list belongs to the list: who may change one entry only cannot put it before another. */
static bool
may_move(const struct rights *rights, const struct edit *e, size_t *ret_len)
{
	const char *last = strrchr(e->path, '/');
	char list[1024];

	*ret_len = last != NULL ? (size_t)(last - e->path) : 0;
	(void)snprintf(list, sizeof(list), "%.*s", (int)*ret_len, e->path);
	return (rights_may(rights, RIGHT_CONFIG_EDIT, list) && rights_may(rights, RIGHT_CONFIG_EDIT, e->path));
}

/* The edit where it depends on what it changes: made, judged, and undone when it went too far. */
static int
edit_judged(struct workspaces *ws, struct workspace *w, const struct rights *rights, const struct edit *e, bool *ret_created,
    char **ret_key, struct problems *problems)
{
	struct document *before = document_dup(w->doc);
	int error;

	if (before == NULL)
		return (-ENOMEM);
	error = edit_apply(w->doc, e, ret_created, ret_key, problems);
	if (error == 0 && reach_breach(rights, RIGHT_CONFIG_EDIT, before, w->doc, &ws->breach)) {
		free(*ret_key);
		*ret_key = NULL;
		document_free(w->doc);
		w->doc = before;
		return (-EACCES);
	}
	document_free(before);
	return (error);
}

int
workspace_edit(struct workspaces *ws, struct workspace *w, const struct rights *rights, const struct edit *e, bool *ret_created,
    char **ret_key, struct problems *problems)
{
	enum extent extent = rights_extent(rights, RIGHT_CONFIG_EDIT, e->path);
	char *key = NULL;
	size_t len;
	int error;

	if (is_root(e->path) && (e->kind == EDIT_KIND_PUT || e->kind == EDIT_KIND_PATCH))
		return (replace_document(ws, w, rights, e, problems));
	if (e->kind == EDIT_KIND_MOVE && !may_move(rights, e, &len))
		return (refuse(ws, rights, e->path, len));
	if (extent == EXTENT_NOTHING)
		return (refuse(ws, rights, e->path, strlen(e->path)));
	if (w->doc == NULL && (w->doc = copy_of_base(ws, w)) == NULL)
		return (-ENOMEM);
	if (extent == EXTENT_EVERYTHING || e->kind == EDIT_KIND_MOVE)
		error = edit_apply(w->doc, e, ret_created, &key, problems);
	else
		error = edit_judged(ws, w, rights, e, ret_created, &key, problems);
	if (error != 0)
		return (error);
	workspace_remember(w, e, key);
	w->sections |= workspace_section_bit(ws->confd, e->path);
	if (ret_key != NULL)
		*ret_key = key;
	else
		free(key);
	return (0);
}

/* Only what cannot be made again from the base and the edits, or not as quickly as a copy, is copied. */
int
workspace_mark(const struct workspace *w, size_t more, struct workspace_mark *ret)
{
	*ret = (struct workspace_mark){ .nedits = w->nedits, .changes = w->changes, .sections = w->sections, .had_doc = w->doc != NULL };
	ret->is_copied = w->doc != NULL && (w->is_whole || w->nedits > REPLAYED_MAX || w->edit_bytes + more > WORKSPACE_EDIT_BYTES);
	if (ret->is_copied && (ret->doc = document_dup(w->doc)) == NULL)
		return (-ENOMEM);
	return (0);
}

static int
edits_make(struct document *doc, const struct edit *edits, unsigned n)
{
	struct problems *problems = problems_new();
	unsigned i;
	int error = 0;

	if (problems == NULL)
		fatalx("workspace", "no memory");
	for (i = 0; i < n && error == 0; i++)
		error = edit_apply(doc, &edits[i], NULL, NULL, problems);
	problems_free(problems);
	return (error);
}

void
workspace_back(struct workspaces *ws, struct workspace *w, struct workspace_mark *mark)
{
	struct document *doc = mark->doc;

	if (mark->had_doc && !mark->is_copied &&
	    (w->nedits < mark->nedits || (doc = copy_of_base(ws, w)) == NULL || edits_make(doc, w->edits, mark->nedits) != 0))
		fatalx("workspace", "no memory");
	document_free(w->doc);
	w->doc = doc;
	/* When there were too many to remember they are gone: it stays a document of its own. */
	for (; w->nedits > mark->nedits; w->nedits--) {
		w->edit_bytes -= w->edits[w->nedits - 1].len;
		edit_fini(&w->edits[w->nedits - 1]);
	}
	w->changes = mark->changes;
	w->sections = mark->sections;
	if (w->doc == NULL)
		w->is_whole = false;
	mark->doc = NULL;
}

void
workspace_unmark(struct workspace_mark *mark)
{
	document_free(mark->doc);
	mark->doc = NULL;
}

/* The whole document at once: what it changes is known by comparing. */
static int
replace_document(struct workspaces *ws, struct workspace *w, const struct rights *rights, const struct edit *e, struct problems *problems)
{
	struct document *doc, *old = w->doc;
	uint32_t sections = w->sections;
	bool was_whole = w->is_whole;
	unsigned changes = w->changes;
	int error;

	if (e->kind == EDIT_KIND_PUT) {
		if ((error = document_load(ws->confd->schema, e->format, e->body, e->len, problems, &doc)) == -EINVAL) {
			/* It is refused for its types; say in the same answer what else is wrong with it. */
			doc = NULL;
			if (document_check(ws->confd->schema, e->format, e->body, e->len, problems, &doc) == 0)
				document_free(doc);
		}
		if (error != 0)
			return (error);
	} else {
		if ((doc = document_dup(workspace_document(w))) == NULL)
			return (-ENOMEM);
		if ((error = edit_patch(doc, e->path, e->format, e->body, e->len, problems)) != 0) {
			document_free(doc);
			return (error);
		}
	}
	w->doc = doc;
	w->is_whole = true;
	if ((error = workspace_measure(ws, w)) == 0 && reach_breach(rights, RIGHT_CONFIG_EDIT, w->base->doc, w->doc, &ws->breach))
		error = -EACCES;
	if (error != 0) {
		w->doc = old;
		w->is_whole = was_whole;
		w->sections = sections;
		w->changes = changes;
		document_free(doc);
		return (error);
	}
	document_free(old);
	forget_edits(w);
	return (0);
}

/* Count the changes and note the sections of a document that was replaced. */
int
workspace_measure(struct workspaces *ws, struct workspace *w)
{
	struct diff *diff;
	const char *section;
	uint32_t sections = 0;
	unsigned i;
	int error;

	if ((error = diff_documents(w->base->doc, w->doc, &diff)) != 0)
		return (error);
	for (i = 0; i < WORKSPACE_SECTIONS && (section = schema_section(ws->confd->schema, i)) != NULL; i++)
		if (diff_touches(diff, section))
			sections |= 1u << i;
	w->sections = sections;
	w->changes = (unsigned)diff_count(diff);
	diff_free(diff);
	return (0);
}

int
workspace_check(struct workspace *w, struct problems *problems)
{
	const char **paths;
	unsigned i;
	int error;

	if (w->is_whole || w->nedits == 0)
		return (document_validate(w->doc, problems));
	if ((paths = calloc(w->nedits, sizeof(*paths))) == NULL)
		return (-ENOMEM);
	for (i = 0; i < w->nedits; i++)
		paths[i] = w->edits[i].path;
	error = document_validate_touched(w->doc, paths, w->nedits, problems);
	free(paths);
	return (error);
}

/* --- the spare copy --- */

static void
forget_last(struct workspaces *ws)
{
	unsigned i;

	for (i = 0; i < ws->nedits; i++)
		edit_fini(&ws->edits[i]);
	free(ws->edits);
	snapshot_unref(ws->from);
	ws->edits = NULL;
	ws->nedits = 0;
	ws->from = NULL;
	ws->to = 0;
}

void
workspace_committed(struct workspaces *ws, struct workspace *w, uint32_t number)
{
	forget_last(ws);
	if (!w->is_whole) {
		ws->from = snapshot_ref(w->base);
		ws->edits = w->edits;
		ws->nedits = w->nedits;
		ws->to = number;
		w->edits = NULL;
		w->nedits = 0;
	}
	w->doc = NULL;		/* it is the running document now */
	workspace_free(ws, w);
}

void
workspaces_settle(struct workspaces *ws)
{
	struct document *doc;
	int error;

	if (ws->spare != NULL && ws->spare_number != ws->confd->running->number) {
		document_free(ws->spare);
		ws->spare = NULL;
	}
	if (ws->from == NULL || ws->to != ws->confd->running->number) {
		forget_last(ws);
		return;
	}
	/* Somebody still goes back to it, or stands on it. */
	if (ws->confd->kept != ws->confd->running || ws->from->refs > 1)
		return;
	doc = snapshot_release(ws->from);
	error = edits_make(doc, ws->edits, ws->nedits);
	forget_last(ws);
	if (error != 0) {
		document_free(doc);
		return;
	}
	document_free(ws->spare);
	ws->spare = doc;
	ws->spare_number = ws->confd->running->number;
	ws->spare_ms = clock_mono_ms();
}

void
workspaces_tidy(struct workspaces *ws)
{
	forget_idle(ws);
	if (ws->spare == NULL || clock_mono_ms() - ws->spare_ms < SPARE_IDLE_MS)
		return;
	document_free(ws->spare);
	ws->spare = NULL;
}

/* --- sections --- */

uint32_t
workspace_section_bit(const struct confd *confd, const char *path)
{
	const char *section;
	size_t len;
	unsigned i;

	if (is_root(path))
		return (UINT32_MAX);
	len = strcspn(path + 1, "/");
	for (i = 0; i < WORKSPACE_SECTIONS && (section = schema_section(confd->schema, i)) != NULL; i++)
		if (strlen(section) == len && memcmp(section, path + 1, len) == 0)
			return (1u << i);
	return (0);
}

uint32_t
workspace_owners(const struct workspaces *ws, const struct workspace *w)
{
	const struct owners *os = &ws->confd->owners;
	const char *section;
	uint32_t mask = 0;
	unsigned i, j;

	for (i = 0; i < WORKSPACE_SECTIONS && (section = schema_section(ws->confd->schema, i)) != NULL; i++)
		for (j = 0; j < os->n && (w->sections & (1u << i)) != 0; j++)
			if (schema_is_owned(ws->confd->schema, os->owner[j].name, section))
				mask |= 1u << j;
	return (mask);
}

const char *
workspace_guarded(const struct workspaces *ws, const struct workspace *w)
{
	const char *section;
	unsigned i;

	for (i = 0; i < WORKSPACE_SECTIONS && (section = schema_section(ws->confd->schema, i)) != NULL; i++)
		if ((w->sections & (1u << i)) != 0 && rights_section_is_guarded(section))
			return (section);
	return (NULL);
}

void
workspace_print(const struct workspace *w, struct buf *b)
{
	char when[32];

	buf_printf(b, "{\"id\":\"%s\",\"base\":%u,\"owner\":", w->id, w->base->number);
	record_json_string(w->owner, strlen(w->owner), b);
	buf_printf(b, ",\"created-at\":\"%s\",\"changes\":%u}", clock_rfc3339(w->created_ms, when), w->changes);
}
