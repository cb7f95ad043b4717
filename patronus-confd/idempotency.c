/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#include "commit.h"
#include "confd.h"
#include "digest.h"
#include "idempotency.h"
#include "reply.h"
#include "request.h"
#include "route.h"
#include "route_common.h"
#include "store.h"

#define KEY_MAX		100
#define LIFE_MS		(IDEMPOTENCY_HOURS * 3600ull * 1000)

struct keyed {
	char		 user[65];	/* "": free */
	char		 mark[KEY_MAX + 2 + DIGEST_STRLEN];	/* the key, a blank, the digest of the request */
	uint64_t	 since_ms;	/* monotonic */
	bool		 is_done;	/* else it is under way */
	/* The answer. */
	unsigned	 status;
	char		*type, *etag, *location, *link;
	void		*body;
	size_t		 len;
};

struct idempotency {
	struct keyed	keyed[IDEMPOTENCY_KEYS];
	size_t		bytes;
};

struct idempotency *
idempotency_new(void)
{
	return (calloc(1, sizeof(struct idempotency)));
}

static void
forget(struct idempotency *all, struct keyed *k)
{
	all->bytes -= k->len;
	free(k->type);
	free(k->etag);
	free(k->location);
	free(k->link);
	free(k->body);
	memset(k, 0, sizeof(*k));
}

void
idempotency_free(struct idempotency *all)
{
	size_t i;

	for (i = 0; all != NULL && i < IDEMPOTENCY_KEYS; i++)
		if (all->keyed[i].user[0] != '\0')
			forget(all, &all->keyed[i]);
	free(all);
}

/* The oldest that has been answered, or NULL. */
static struct keyed *
oldest(struct idempotency *all)
{
	struct keyed *k, *found = NULL;
	size_t i;

	for (i = 0; i < IDEMPOTENCY_KEYS; i++) {
		k = &all->keyed[i];
		if (k->user[0] != '\0' && k->is_done && (found == NULL || k->since_ms < found->since_ms))
			found = k;
	}
	return (found);
}

static struct keyed *
place(struct idempotency *all)
{
	struct keyed *k;
	size_t i;

	for (i = 0; i < IDEMPOTENCY_KEYS; i++)
		if (all->keyed[i].user[0] == '\0')
			return (&all->keyed[i]);
	if ((k = oldest(all)) != NULL)
		forget(all, k);
	return (k);
}

/* The one with this key (and a blank); what is too old goes. */
static struct keyed *
find(struct idempotency *all, const char *user, const char *key)
{
	uint64_t now = clock_mono_ms();
	struct keyed *k, *found = NULL;
	size_t i;

	for (i = 0; i < IDEMPOTENCY_KEYS; i++) {
		k = &all->keyed[i];
		if (k->user[0] != '\0' && k->is_done && now - k->since_ms > LIFE_MS)
			forget(all, k);
		if (strcmp(k->user, user) == 0 && strncmp(k->mark, key, strlen(key)) == 0)
			found = k;
	}
	return (found);
}

/*
 * The key with a blank behind it.  The header is a string of RFC 8941, but bare ones are common: quotes are taken off.  false, answered,
 * when it is nothing that can be a key.
 */
static bool
read_key(struct request *req, char ret[KEY_MAX + 2])
{
	const char *text = req->in->idempotency_key;
	size_t len = strlen(text), i;

	if (len >= 2 && text[0] == '"' && text[len - 1] == '"') {
		text++;
		len -= 2;
	}
	for (i = 0; i < len && text[i] > ' ' && text[i] < 0x7f && text[i] != '"' && text[i] != '\\'; i++)
		;
	if (len == 0 || len > KEY_MAX || i < len) {
		reply_problem(req, PROBLEM_SYNTAX, "Idempotency-Key must be 1 to %d visible characters without quotes", KEY_MAX);
		return (false);
	}
	memcpy(ret, text, len);
	ret[len] = ' ';
	ret[len + 1] = '\0';
	return (true);
}

/* Everything that says what is asked for. */
static int
digest_request(const struct request *req, char ret[DIGEST_STRLEN])
{
	const struct mgmt_req *in = req->in;
	struct buf b;
	int error;

	buf_init(&b, 20u << 20);
	buf_printf(&b, "%s\n%s\n%s\n%s\n", in->path, in->query, in->workspace, in->content_type);
	buf_put(&b, in->body.data, in->body.len);
	error = buf_failed(&b) ? -ENOMEM : digest_hex(b.data, b.len, ret);
	buf_fini(&b);
	return (error);
}

static void
replay(struct request *req, const struct keyed *k)
{
	struct reply_extra extra = { .etag_text = k->etag, .location = k->location, .link = k->link };

	if (k->len == 0)
		reply_empty(req, k->status, &extra);
	else
		reply_text(req, k->status, k->type, k->body, k->len, &extra);
}

/* A commit that an earlier process made by this key: true, answered. */
static bool
replay_commit(struct request *req, const char *key, const char *mark)
{
	struct revision rev;
	struct commit c;

	if (req->route->handler != commit_create || store_find_request(req->confd->store, req->user, key, &rev) != 0 ||
	    clock_wall_ms() - rev.time_ms > LIFE_MS)
		return (false);
	if (strcmp(rev.request, mark) != 0) {
		reply_problem(req, PROBLEM_REUSED, "this key was used for another request");
		return (true);
	}
	commit_from_revision(&c, &rev);
	route_reply_commit(req, 201, &c);
	return (true);
}

static bool
answer_known(struct request *req, const struct keyed *k, const char *mark)
{
	if (k == NULL)
		return (false);
	if (strcmp(k->mark, mark) != 0)
		reply_problem(req, PROBLEM_REUSED, "this key was used for another request");
	else if (!k->is_done)
		reply_problem_with(req, PROBLEM_HELD, "", &(struct reply_extra){ .retry_after_s = 1 },
		    "the first request with this key is being answered");
	else
		replay(req, k);
	return (true);
}

bool
idempotency_begin(struct request *req)
{
	struct idempotency *all = req->confd->idempotency;
	char mark[sizeof(all->keyed[0].mark)], key[KEY_MAX + 2], digest[DIGEST_STRLEN];
	struct keyed *k;

	/* Answers of the other calls may hold secrets: they are not kept. */
	if (req->route->right != RIGHT_CONFIG_EDIT && req->route->right != RIGHT_COMMIT) {
		reply_problem(req, PROBLEM_SYNTAX, "this call takes no Idempotency-Key");
		return (false);
	}
	if (!read_key(req, key))
		return (false);
	if (digest_request(req, digest) != 0)
		fatalx("idempotency", "no memory");
	(void)snprintf(mark, sizeof(mark), "%s%s", key, digest);
	if (answer_known(req, find(all, req->user, key), mark) || replay_commit(req, key, mark))
		return (false);
	if ((k = place(all)) == NULL) {
		reply_problem_with(req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 }, "too many keys are in use");
		return (false);
	}
	*k = (struct keyed){ .since_ms = clock_mono_ms() };
	(void)str_copy(k->user, req->user, sizeof(k->user));
	(void)str_copy(k->mark, mark, sizeof(k->mark));
	req->keyed = k;
	return (true);
}

const char *
idempotency_mark(const struct request *req)
{
	return (req->keyed != NULL ? req->keyed->mark : "");
}

void
idempotency_end(struct confd *confd, struct keyed *k, const struct mgmt_rep *rep)
{
	struct idempotency *all = confd->idempotency;
	struct keyed *old;

	if (rep->status >= 300 || rep->body.len > IDEMPOTENCY_BYTES / 8) {
		forget(all, k);
		return;
	}
	while (all->bytes + rep->body.len > IDEMPOTENCY_BYTES && (old = oldest(all)) != NULL)
		forget(all, old);
	k->status = rep->status;
	k->type = strdup(rep->content_type);
	k->etag = strdup(rep->etag);
	k->location = strdup(rep->location);
	k->link = strdup(rep->link);
	k->body = malloc((size_t)rep->body.len + 1);
	if (k->type == NULL || k->etag == NULL || k->location == NULL || k->link == NULL || k->body == NULL)
		fatalx("idempotency", "no memory");
	if (rep->body.len > 0)
		memcpy(k->body, rep->body.data, rep->body.len);
	k->len = rep->body.len;
	all->bytes += k->len;
	k->is_done = true;
}
