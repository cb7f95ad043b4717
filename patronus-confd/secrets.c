/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

#include "confd.h"
#include "document.h"
#include "edit.h"
#include "problem.h"
#include "secret.h"
#include "secrets.h"
#include "snapshot.h"
#include "transaction.h"
#include "workspace.h"

#define RESEAL_AT_ONCE	32

static bool
refers(const struct document *doc, const char *path, const char *fingerprint)
{
	const char *print = doc != NULL ? document_value(doc, path) : NULL;

	return (print != NULL && strcmp(print, fingerprint) == 0);
}

/* --- what is not there --- */

struct search {
	const struct confd	*confd;
	struct problems		*problems;
	unsigned		 n;
};

/* "/management/backup/password" -> "management.backup.password" */
static void
path_of(const char *pointer, char *ret, size_t size)
{
	size_t i;

	(void)snprintf(ret, size, "%s", pointer + 1);
	for (i = 0; ret[i] != '\0'; i++)
		if (ret[i] == '/')
			ret[i] = '.';
}

static void
find_missing(const char *pointer, const char *fingerprint, void *arg)
{
	struct search *s = arg;
	char path[VAULT_PATH_MAX + 1], remedy[VAULT_PATH_MAX + 64];

	if (refers(s->confd->running->doc, pointer, fingerprint) || vault_has(s->confd->vault, pointer, fingerprint))
		return;
	s->n++;
	path_of(pointer, path, sizeof(path));
	(void)snprintf(remedy, sizeof(remedy), "give it with patronusctl secret set %s, or remove it", path);
	problems_add(s->problems, pointer, path, 0, "secret-missing", remedy, "this box has no secret with the fingerprint %s here",
	    fingerprint);
}

unsigned
secrets_missing(const struct confd *confd, const struct document *doc, struct problems *problems)
{
	struct search s = { .confd = confd, .problems = problems };

	secret_each(doc, find_missing, &s);
	return (s.n);
}

static void
count_lost(const char *pointer, const char *fingerprint, void *arg)
{
	struct search *s = arg;

	s->n += !vault_has(s->confd->vault, pointer, fingerprint);
}

unsigned
secrets_lost(const struct confd *confd)
{
	struct search s = { .confd = confd };

	secret_each(confd->running->doc, count_lost, &s);
	return (s.n);
}

/* --- a document of long ago --- */

struct carry {
	const struct document	*from;
	struct document		*to;
	struct problems		*problems;
	int			 error;
};

static void
carry_one(const char *pointer, const char *fingerprint, void *arg)
{
	struct carry *c = arg;
	char body[96];
	int n;

	if (c->error != 0 || !edit_exists(c->to, pointer) || refers(c->to, pointer, fingerprint))
		return;
	n = snprintf(body, sizeof(body), "{\"set\":true,\"fingerprint\":\"%.32s\"}", fingerprint);
	c->error = edit_put(c->to, pointer, DOCUMENT_JSON, body, (size_t)n, 0, NULL, c->problems);
}

int
secrets_keep(const struct confd *confd, struct document *doc)
{
	struct carry c = { .from = confd->running->doc, .to = doc, .problems = problems_new() };

	if (c.problems == NULL)
		return (-ENOMEM);
	secret_each(c.from, carry_one, &c);
	problems_free(c.problems);
	return (c.error);
}

int
secrets_value(const struct confd *confd, const char *path, char **ret, size_t *ret_len)
{
	const char *fingerprint = document_value(confd->running->doc, path);

	return (fingerprint != NULL ? vault_get(confd->vault, path, fingerprint, ret, ret_len) : -ENOENT);
}

/* --- now and then --- */

static bool
is_used(const char *path, const char *fingerprint, void *arg)
{
	struct confd *confd = arg;
	struct workspace *w;
	unsigned i;

	if (refers(confd->running->doc, path, fingerprint) || refers(confd->kept->doc, path, fingerprint))
		return (true);
	for (i = 0; (w = workspace_get(confd->workspaces, i)) != NULL; i++)
		if (refers(workspace_document(w), path, fingerprint))
			return (true);
	return (false);
}

void
secrets_tidy(struct confd *confd)
{
	int error;

	/* A commit on its way stands between two documents: neither of them may lose anything. */
	if (transaction_is_busy(confd->transaction))
		return;
	if (confd->must_sweep) {
		confd->must_sweep = false;
		if ((error = vault_sweep(confd->vault, is_used, confd)) != 0)
			log_warnx("vault", "cannot forget old secrets: %s", strerror(-error));
	}
	if ((error = vault_step(confd->vault, RESEAL_AT_ONCE)) < 0 && error != -ENOKEY)
		log_warnx("vault", "cannot seal secrets anew: %s", strerror(-error));
}
