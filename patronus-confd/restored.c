/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/log.h"
#include "base/str.h"
#include "daemon/daemon.h"

#include "backup_contents.h"
#include "confd.h"
#include "contents.h"
#include "database.h"
#include "restored.h"
#include "snapshot.h"

#define AGAIN_S	1	/* after something else was under way */

struct entry {
	char			 workspace[17];	/* "": committed */
	char			 user[65];
	uint32_t		 revision;	/* 0: not committed */
	struct backup_contents	*contents;	/* NULL: free */
};

struct restored {
	struct confd	*confd;
	struct event	*again;
	struct entry	 entry[RESTORED_MAX];
};

/* Of one part, on its way into force. */
struct bringing {
	char	user[65];
	char	name[65];	/* of a list; "": a database */
	enum addrdb_kind kind;
};

static struct entry *
find(struct restored *r, const char *workspace)
{
	unsigned i;

	for (i = 0; i < RESTORED_MAX; i++)
		if (r->entry[i].contents != NULL && r->entry[i].workspace[0] != '\0' && strcmp(r->entry[i].workspace, workspace) == 0)
			return (&r->entry[i]);
	return (NULL);
}

static void
clear(struct entry *e)
{
	backup_contents_free(e->contents);
	memset(e, 0, sizeof(*e));
}

int
restored_put(struct restored *r, const char *workspace, const char *user, struct backup_contents *c)
{
	size_t bytes = backup_contents_size(c);
	struct entry *free_one = NULL;
	unsigned i;

	for (i = 0; i < RESTORED_MAX; i++) {
		if (r->entry[i].contents == NULL)
			free_one = &r->entry[i];
		else
			bytes += backup_contents_size(r->entry[i].contents);
	}
	if (free_one == NULL || bytes > RESTORED_BYTES_MAX)
		return (-ENOBUFS);
	*free_one = (struct entry){ .contents = c };
	(void)str_copy(free_one->workspace, workspace, sizeof(free_one->workspace));
	(void)str_copy(free_one->user, user, sizeof(free_one->user));
	return (0);
}

void
restored_drop(struct restored *r, const char *workspace)
{
	struct entry *e = r != NULL ? find(r, workspace) : NULL;

	if (e != NULL)
		clear(e);
}

/* --- before the commit --- */

int
restored_place(struct restored *r, const char *workspace)
{
	struct entry *e = find(r, workspace);
	struct backup_list *l;
	struct addrdb c;
	int error = 0;
	uint32_t i;

	for (i = 0; e != NULL && i < e->contents->n && error == 0; i++) {
		l = &e->contents->lists[i];
		if (contents_of_list(r->confd->contents, l->name) == NULL)
			error = contents_place(r->confd->contents, l->name, &l->content);
	}
	if (error != 0)
		restored_unplace(r, workspace);
	/* Nobody asks for what there is of a database; what is there for somebody waits until the revision is kept. */
	for (i = 0; i < ADDRDB_KIND_MAX && error == 0 && e != NULL; i++) {
		if (!e->contents->databases[i].is_there || database_is_wanted(r->confd->databases[i]))
			continue;
		c = backup_contents_database(e->contents, i);
		e->contents->databases[i].is_there = database_restore(r->confd->databases[i], &c, NULL, NULL) != 0;
	}
	return (error);
}

void
restored_unplace(struct restored *r, const char *workspace)
{
	struct entry *e = find(r, workspace);
	uint32_t i;

	for (i = 0; e != NULL && i < e->contents->n; i++)
		contents_unplace(r->confd->contents, e->contents->lists[i].name);
}

/* --- behind it --- */

static void
on_brought(int error, const char *text, void *arg)
{
	struct bringing *b = arg;

	const char *database = backup_database_name(b->kind);

	daemon_audit(b->user, "restore", b->name[0] != '\0' ? "list" : database, b->name[0] != '\0' ? b->name : database,
	    error == 0 ? "restored" : "failed", "%s", text);
	if (error != 0)
		log_errx("backup", "%s%s of a restore: %s", b->name[0] != '\0' ? "list " : database, b->name, text);
	free(b);
}

static struct bringing *
bringing(const struct entry *e, const char *name)
{
	struct bringing *b = calloc(1, sizeof(*b));

	if (b == NULL)
		fatalx("backup", "no memory");
	(void)str_copy(b->user, e->user, sizeof(b->user));
	(void)str_copy(b->name, name, sizeof(b->name));
	return (b);
}

/* false: something else is under way, and it has to wait. */
static bool
bring_list(struct restored *r, const struct entry *e, struct backup_list *l)
{
	struct bringing *b;
	int error;

	if (l->content.n4 + l->content.n6 == 0)
		return (true);
	b = bringing(e, l->name);
	if ((error = contents_offer(r->confd->contents, l->name, &l->content, on_brought, b)) == 0)
		return (true);
	if (error == -EBUSY)
		free(b);
	else
		on_brought(error, "the list is not there any more, or is fetched now", b);
	return (error != -EBUSY);
}

static bool
bring_database(struct restored *r, const struct entry *e, enum addrdb_kind kind)
{
	struct addrdb c = backup_contents_database(e->contents, kind);
	struct bringing *b;

	if (!e->contents->databases[kind].is_there)
		return (true);
	b = bringing(e, "");
	b->kind = kind;
	if (database_restore(r->confd->databases[kind], &c, on_brought, b) == 0)
		return (true);
	free(b);
	return (false);
}

static void
bring(struct restored *r, struct entry *e)
{
	bool is_done = true;
	uint32_t i;

	for (i = 0; i < e->contents->n; i++)
		is_done = bring_list(r, e, &e->contents->lists[i]) && is_done;
	for (i = 0; i < ADDRDB_KIND_MAX; i++) {
		if (bring_database(r, e, i))
			e->contents->databases[i].is_there = false;
		else
			is_done = false;
	}
	if (is_done)
		clear(e);
	else
		(void)event_add(r->again, &(const struct timeval){ .tv_sec = AGAIN_S });
}

void
restored_changed(struct restored *r)
{
	struct entry *e;
	unsigned i;

	for (i = 0; i < RESTORED_MAX; i++) {
		e = &r->entry[i];
		if (e->contents == NULL || e->revision == 0)
			continue;
		if (r->confd->kept->number >= e->revision)
			bring(r, e);
		else if (r->confd->running->number < e->revision)
			clear(e);		/* it went back, and what was there before is there */
	}
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	restored_changed(arg);
}

void
restored_committed(struct restored *r, const char *workspace, uint32_t revision)
{
	struct entry *e = find(r, workspace);

	if (e == NULL)
		return;
	e->workspace[0] = '\0';
	e->revision = revision;
	restored_changed(r);
}

struct restored *
restored_new(struct confd *confd)
{
	struct restored *r = calloc(1, sizeof(*r));

	if (r == NULL || (r->again = evtimer_new(confd->base, on_again, r)) == NULL) {
		free(r);
		return (NULL);
	}
	r->confd = confd;
	return (r);
}

void
restored_free(struct restored *r)
{
	unsigned i;

	if (r == NULL)
		return;
	for (i = 0; i < RESTORED_MAX; i++)
		if (r->entry[i].contents != NULL)
			clear(&r->entry[i]);
	event_free(r->again);
	free(r);
}
