/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a backup to a document.  Nothing is applied here: what comes out goes into a workspace, and from there the way of every change:
 * diff, validation, commit with a confirmation, each under the rights of who does it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

#include "backup.h"
#include "confd.h"
#include "document.h"
#include "document_tree.h"
#include "edit.h"
#include "node.h"
#include "problem.h"
#include "record_json.h"
#include "secret.h"
#include "secrets.h"
#include "session.h"
#include "snapshot.h"
#include "user_role.h"

struct restore {
	struct confd		*confd;
	struct document		*doc;
	const struct node	*secrets;
	struct problems		*problems;
	struct backup_notes	*notes;
	bool			 is_dry;
	int			 error;
};

static void
note(struct buf *b, const char *text)
{
	if (b->len > 0)
		buf_putc(b, ',');
	record_json_string(text, strlen(text), b);
}

/* --- interfaces --- */

static int
map_interface(struct restore *r, const struct backup_mapping *m)
{
	char path[320], pointer[320];
	struct buf b;
	int error;

	(void)snprintf(path, sizeof(path), "/interfaces/%.64s/match", m->interface);
	(void)snprintf(pointer, sizeof(pointer), "/interfaces/%.64s", m->interface);
	if (!edit_exists(r->doc, pointer)) {
		problems_add(r->problems, pointer, NULL, 0, "unknown-reference", "", "the backup has no interface \"%.64s\"", m->interface);
		return (-EINVAL);
	}
	buf_init(&b, 1024);
	buf_printf(&b, "{\"%.8s\":", m->kind);
	record_json_string(m->value, strlen(m->value), &b);
	buf_putc(&b, '}');
	error = buf_failed(&b) ? -ENOMEM : edit_put(r->doc, path, DOCUMENT_JSON, (const char *)b.data, b.len, 0, NULL, r->problems);
	buf_fini(&b);
	return (error);
}

/* --- people --- */

/* How a Unix account of this box acts as somebody is said on this box. */
static int
keep_uid(struct restore *r, const char *user)
{
	const char *here, *there;
	char path[128];
	int error;

	(void)snprintf(path, sizeof(path), "/users/%.64s/system-uid", user);
	here = document_value(r->confd->running->doc, path);
	there = document_value(r->doc, path);
	if (there == NULL || (here != NULL && strcmp(here, there) == 0))
		return (0);
	error = here != NULL ? edit_put(r->doc, path, DOCUMENT_JSON, here, strlen(here), 0, NULL, r->problems) :
	    edit_delete(r->doc, path, r->problems);
	note(r->notes->uids, user);
	return (error);
}

/* Who cannot sign in today, or would come back as more than he is, does not because of a file: an administrator says so, in the open. */
static void
check_user(const char *user, void *arg)
{
	struct restore *r = arg;
	struct user_role *here, *there;
	char path[128];
	bool covers;

	if (r->error != 0 || session_role_in(r->doc, user) == NULL)
		return;
	/* By what the roles mean on either side: the file may bring another one of the same name. */
	here = user_role_load(r->confd->running->doc, session_role_in(r->confd->running->doc, user));
	there = user_role_load(r->doc, session_role_in(r->doc, user));
	covers = there == NULL || user_role_covers(here, there, NULL, NULL);
	user_role_free(here);
	user_role_free(there);
	if (covers) {
		r->error = keep_uid(r, user);
		return;
	}
	(void)snprintf(path, sizeof(path), "/users/%.64s/enabled", user);
	r->error = edit_put(r->doc, path, DOCUMENT_JSON, "false", 5, 0, NULL, r->problems);
	note(r->notes->users, user);
}

struct names {
	char		name[4096][65];	/* as many as the schema lets be */
	unsigned	n;
};

static void
add_name(const char *key, void *arg)
{
	struct names *names = arg;

	if (names->n < sizeof(names->name) / sizeof(names->name[0]))
		(void)str_copy(names->name[names->n++], key, sizeof(names->name[0]));
}

/* In rounds: an edit may move what document_each() walks over. */
static int
disable_users(struct restore *r)
{
	static struct names names;
	unsigned i;

	names.n = 0;
	document_each(r->doc, "/users", add_name, &names);
	for (i = 0; i < names.n; i++)
		check_user(names.name[i], r);
	return (r->error);
}

/* --- secrets --- */

static int
refer(struct restore *r, const char *pointer, const char *fingerprint)
{
	char body[96];
	int n = snprintf(body, sizeof(body), "{\"set\":true,\"fingerprint\":\"%.32s\"}", fingerprint);

	return (edit_put(r->doc, pointer, DOCUMENT_JSON, body, (size_t)n, 0, NULL, r->problems));
}

/* Each secret of the backup that its document refers to, or (keys alone) that has a place in this one. */
static int
set_secrets(struct restore *r)
{
	char print[SEAL_FINGERPRINT_LEN];
	const struct node *n;
	int error = 0;

	for (n = r->secrets != NULL ? r->secrets->first : NULL; n != NULL && error == 0; n = n->next) {
		if (n->kind != NODE_SCALAR || n->style != NODE_QUOTED) {
			problems_add(r->problems, n->name, NULL, n->line, "type", "", "a secret is text");
			return (-EINVAL);
		}
		if (!secret_check(r->confd->schema, n->name, n->text, n->line, r->problems))
			return (-EINVAL);
		r->notes->nsecrets++;
		if (r->is_dry)
			continue;
		if ((error = vault_set(r->confd->vault, n->name, n->text, n->len, print)) == 0)
			error = refer(r, n->name, print);
		r->confd->must_sweep = true;
	}
	/* Where its entry is not there any more, there is nothing to set. */
	return (error == -ENOENT ? -EINVAL : error);
}

struct pointers {
	char		at[256][VAULT_PATH_MAX + 1];
	unsigned	n;
	struct restore	*r;
};

static void
find_unset(const char *pointer, const char *fingerprint, void *arg)
{
	struct pointers *p = arg;
	const char *now;

	if ((p->r->secrets != NULL && node_member(p->r->secrets, pointer) != NULL) || p->n == sizeof(p->at) / sizeof(p->at[0]))
		return;
	now = document_value(p->r->confd->running->doc, pointer);
	if (now != NULL || vault_has(p->r->confd->vault, pointer, fingerprint))
		return;
	(void)str_copy(p->at[p->n++], pointer, sizeof(p->at[0]));
}

/* A reference to what neither the backup nor this box has would be a lie. */
static int
drop_unset(struct restore *r)
{
	static struct pointers p;
	unsigned i;
	int error = 0;

	p.n = 0;
	p.r = r;
	secret_each(r->doc, find_unset, &p);
	for (i = 0; i < p.n && error == 0; i++) {
		note(r->notes->missing, p.at[i]);
		error = edit_delete(r->doc, p.at[i], r->problems);
	}
	return (error);
}

/* --- the whole --- */

static int
adapt(struct restore *r, const struct backup_mapping *map, size_t n)
{
	size_t i;
	int error = 0;

	for (i = 0; i < n && error == 0; i++)
		error = map_interface(r, &map[i]);
	if (error == 0)
		error = disable_users(r);
	/* First what is set here today, then what the backup brings. */
	if (error == 0)
		error = secrets_keep(r->confd, r->doc);
	if (error == 0)
		error = drop_unset(r);
	if (error == 0)
		error = set_secrets(r);
	return (error);
}

int
backup_restore(struct confd *confd, struct backup *b, struct arena *arena, const struct backup_mapping *map, size_t n, bool is_dry,
    struct problems *problems, struct backup_notes *notes, struct document **ret)
{
	struct restore r = { .confd = confd, .secrets = b->secrets, .problems = problems, .notes = notes, .is_dry = is_dry };
	struct vault_status st;
	int error;

	vault_status(confd->vault, &st);
	if (st.is_locked && b->secrets != NULL && b->secrets->n > 0 && !is_dry)
		return (-ENOKEY);
	if (b->configuration != NULL)
		error = document_of_nodes(confd->schema, b->configuration, arena, problems, &r.doc);
	else
		error = (r.doc = document_dup(confd->running->doc)) != NULL ? 0 : -ENOMEM;
	if (error != 0)
		return (error);
	if ((error = adapt(&r, map, n)) != 0) {
		document_free(r.doc);
		return (error);
	}
	*ret = r.doc;
	return (0);
}
