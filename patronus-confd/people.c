/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "daemon/daemon.h"
#include "ipc/channel.h"
#include "ipc/ids.h"

#include "confd.h"
#include "document.h"
#include "edit.h"
#include "events.h"
#include "people.h"
#include "user_role.h"
#include "session.h"
#include "snapshot.h"

/* What ends when somebody changes. */
enum ending {
	ENDING_SESSIONS = 0,
	ENDING_TOKENS,		/* and the API tokens */
	ENDING_ALL,		/* and all that proves who he is */
};

struct person {
	char		name[65];
	char		role[USER_ROLE_NAME_LEN];	/* as session_role_in() says: "" when switched off */
	enum ending	ending;		/* of those in `missed` */
};

struct names {
	struct person	*person;
	unsigned	 n;
};

struct people {
	struct confd	*confd;
	struct snapshot	*seen;		/* the running revision of the last look */
	struct snapshot	*seen_kept;
	struct names	 running;
	struct names	 kept;
	struct names	 missed;	/* sign-outs that authd has not heard of */
};

struct collecting {
	struct names		*list;
	const struct document	*doc;
};

static struct person *
add(struct names *list, const char *name, const char *role)
{
	struct person *p = reallocarray(list->person, list->n + 1, sizeof(*p));

	if (p == NULL)
		fatalx("people", "no memory");
	list->person = p;
	p = &list->person[list->n++];
	memset(p, 0, sizeof(*p));
	(void)str_copy(p->name, name, sizeof(p->name));
	(void)str_copy(p->role, role != NULL ? role : "", sizeof(p->role));
	return (p);
}

static void
collect_one(const char *key, void *arg)
{
	struct collecting *c = arg;

	(void)add(c->list, key, session_role_in(c->doc, key));
}

static struct names
collect(const struct document *doc)
{
	struct names list = { 0 };
	struct collecting c = { .list = &list, .doc = doc };

	document_each(doc, "/users", collect_one, &c);
	return (list);
}

static const struct person *
find(const struct names *list, const char *name)
{
	unsigned i;

	for (i = 0; i < list->n; i++)
		if (strcmp(list->person[i].name, name) == 0)
			return (&list->person[i]);
	return (NULL);
}

static void
replace(struct names *list, struct names with)
{
	free(list->person);
	*list = with;
}

static void
look_at(struct snapshot **seen, struct snapshot *now)
{
	snapshot_unref(*seen);
	*seen = snapshot_ref(now);
}

struct people *
people_new(struct confd *confd)
{
	struct people *p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return (NULL);
	p->confd = confd;
	look_at(&p->seen, confd->running);
	look_at(&p->seen_kept, confd->kept);
	p->running = collect(confd->running->doc);
	p->kept = collect(confd->kept->doc);
	return (p);
}

void
people_free(struct people *p)
{
	if (p == NULL)
		return;
	snapshot_unref(p->seen);
	snapshot_unref(p->seen_kept);
	free(p->running.person);
	free(p->kept.person);
	free(p->missed.person);
	free(p);
}

static bool
tell_authd(const char *user, enum ending ending)
{
	struct auth_revoke_req req = { .user = user, .tokens = ending >= ENDING_TOKENS, .forget = ending == ENDING_ALL };
	struct channel *authd = daemon_channel(ROLE_AUTHD, PEER_MAIN);

	return (authd != NULL && channel_send(authd, MSG_AUTH_REVOKE, 0, &req, NULL, 0) == 0);
}

static void
sign_out(struct people *p, const char *user, enum ending ending)
{
	sessions_flush(p->confd->sessions);
	events_end(p->confd->events, NULL, user);
	if (!tell_authd(user, ending))
		add(&p->missed, user, NULL)->ending = ending;
}

/* A role that means something else now: rights are those of now, but a stream was judged when it began. */
static void
end_streams(struct people *p, const struct person *who, const struct document *is)
{
	char path[64], before[33] = "", now[33] = "";

	(void)snprintf(path, sizeof(path), "/roles/%s", who->role);
	(void)edit_etag(p->seen->doc, path, before);
	(void)edit_etag(is, path, now);
	if (strcmp(before, now) != 0)
		events_end(p->confd->events, NULL, who->name);
}

void
people_changed(struct people *p)
{
	struct confd *confd = p->confd;
	const struct person *is;
	struct names now;
	unsigned i;

	if (p->seen != confd->running) {
		now = collect(confd->running->doc);
		for (i = 0; i < p->running.n; i++) {
			is = find(&now, p->running.person[i].name);
			if (is == NULL || strcmp(is->role, p->running.person[i].role) != 0)
				sign_out(p, p->running.person[i].name, ENDING_SESSIONS);
			else
				end_streams(p, is, confd->running->doc);
		}
		replace(&p->running, now);
		look_at(&p->seen, confd->running);
	}
	if (p->seen_kept != confd->kept) {
		now = collect(confd->kept->doc);
		for (i = 0; i < p->kept.n; i++) {
			is = find(&now, p->kept.person[i].name);
			if (is == NULL || strcmp(is->role, p->kept.person[i].role) != 0)
				sign_out(p, p->kept.person[i].name, is == NULL ? ENDING_ALL : ENDING_TOKENS);
		}
		replace(&p->kept, now);
		look_at(&p->seen_kept, confd->kept);
	}
}

void
people_authd_ready(struct people *p)
{
	struct names missed = p->missed;
	unsigned i;

	/* Sessions end with authd: what was believed of them is out of date. */
	sessions_flush(p->confd->sessions);

	p->missed = (struct names){ 0 };
	for (i = 0; i < missed.n; i++)
		if (!tell_authd(missed.person[i].name, missed.person[i].ending))
			add(&p->missed, missed.person[i].name, NULL)->ending = missed.person[i].ending;
	free(missed.person);
}
