/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/str.h"
#include "session.h"

#define BUCKETS		256		/* by the first byte of the hash */

struct entry {
	LIST_ENTRY(entry)	 link;
	uint8_t			 hash[SECRET_HASH_LEN];
	uint64_t		 born_ms;	/* monotonic */
	uint64_t		 used_ms;
	uint64_t		 fresh_until_ms;
	struct session		 session;
};

static LIST_HEAD(, entry)	 table[BUCKETS];
static unsigned			 nsessions;

static void
entry_free(struct entry *e)
{
	LIST_REMOVE(e, link);
	nsessions--;
	explicit_bzero(e, sizeof(*e));
	free(e);
}

static bool
is_over(const struct entry *e, uint64_t now)
{
	return now - e->used_ms >= SESSION_IDLE_S * 1000ull || now - e->born_ms >= SESSION_ABSOLUTE_S * 1000ull;
}

/*
 * The token is looked up by its hash: the comparison's time then tells something about hashes, from which no token
 * follows.
 */
static struct entry *
find(const char *token)
{
	uint8_t hash[SECRET_HASH_LEN];
	struct entry *e;

	if (strlen(token) != SESSION_TOKEN_LEN)
		return NULL;
	secret_hash(token, SESSION_TOKEN_LEN, hash);
	LIST_FOREACH(e, &table[hash[0]], link)
		if (str_equal_ct(e->hash, hash, sizeof(hash)))
			break;
	if (e == NULL || !is_over(e, clock_mono_ms()))
		return e;
	entry_free(e);
	return NULL;
}

/* The one that was used least lately, of one user or (NULL) of all. */
static void
end_oldest(const char *user)
{
	struct entry *e, *oldest = NULL;
	unsigned i;

	for (i = 0; i < BUCKETS; i++)
		LIST_FOREACH(e, &table[i], link)
			if ((user == NULL || strcmp(e->session.user, user) == 0) &&
			    (oldest == NULL || e->used_ms < oldest->used_ms))
				oldest = e;
	if (oldest != NULL)
		entry_free(oldest);
}

static unsigned
count_user(const char *user)
{
	struct entry *e;
	unsigned i, n = 0;

	for (i = 0; i < BUCKETS; i++)
		LIST_FOREACH(e, &table[i], link)
			if (strcmp(e->session.user, user) == 0)
				n++;
	return n;
}

int
session_new(const char *user, const char *source, char ret_token[SESSION_TOKEN_LEN + 1], struct session *ret)
{
	struct entry *e;
	int error;

	session_sweep();
	if (count_user(user) >= SESSIONS_USER_MAX)
		end_oldest(user);
	else if (nsessions >= SESSIONS_MAX)
		end_oldest(NULL);
	e = calloc(1, sizeof(*e));
	if (e == NULL)
		return -ENOMEM;
	error = secret_text(ret_token);
	if (error == 0)
		error = secret_text(e->session.csrf);
	if (error == 0)
		error = secret_digits(e->session.id, SESSION_ID_LEN);
	if (error != 0) {
		free(e);
		return error;
	}
	secret_hash(ret_token, SESSION_TOKEN_LEN, e->hash);
	(void)str_copy(e->session.user, user, sizeof(e->session.user));
	(void)str_copy(e->session.source, source, sizeof(e->session.source));
	e->born_ms = e->used_ms = clock_mono_ms();
	e->session.created_ms = e->session.used_ms = clock_wall_ms();
	e->session.expires_ms = e->session.created_ms + SESSION_ABSOLUTE_S * 1000ull;
	LIST_INSERT_HEAD(&table[e->hash[0]], e, link);
	nsessions++;
	*ret = e->session;
	return 0;
}

int
session_check(const char *token, const char *source, struct session *ret)
{
	struct entry *e = find(token);
	uint64_t now = clock_mono_ms();

	if (e == NULL)
		return -ENOENT;
	e->used_ms = now;
	e->session.used_ms = clock_wall_ms();
	if (source[0] != '\0')
		(void)str_copy(e->session.source, source, sizeof(e->session.source));
	e->session.fresh_s = e->fresh_until_ms > now ? (uint32_t)((e->fresh_until_ms - now) / 1000) : 0;
	*ret = e->session;
	return 0;
}

int
session_step_up(const char *token)
{
	struct entry *e = find(token);

	if (e == NULL)
		return -ENOENT;
	e->fresh_until_ms = clock_mono_ms() + SESSION_FRESH_S * 1000ull;
	return 0;
}

void
session_each(void (*see)(const struct session *, void *arg), void *arg)
{
	struct entry *e;
	unsigned i;

	session_sweep();
	for (i = 0; i < BUCKETS; i++)
		LIST_FOREACH(e, &table[i], link)
			see(&e->session, arg);
}

int
session_end_id(const char *id, const char *user)
{
	struct entry *e;
	unsigned i;

	for (i = 0; i < BUCKETS; i++)
		LIST_FOREACH(e, &table[i], link) {
			if (strcmp(e->session.id, id) != 0 || (user[0] != '\0' && strcmp(e->session.user, user) != 0))
				continue;
			entry_free(e);
			return 0;
		}
	return -ENOENT;
}

int
session_end(const char *token)
{
	struct entry *e = find(token);

	if (e == NULL)
		return -ENOENT;
	entry_free(e);
	return 0;
}

unsigned
session_end_user(const char *user, const char *except_token)
{
	struct entry *e, *next, *keep = find(except_token);
	unsigned i, n = 0;

	for (i = 0; i < BUCKETS; i++)
		for (e = LIST_FIRST(&table[i]); e != NULL; e = next) {
			next = LIST_NEXT(e, link);
			if (e == keep || strcmp(e->session.user, user) != 0)
				continue;
			entry_free(e);
			n++;
		}
	return n;
}

void
session_sweep(void)
{
	struct entry *e, *next;
	uint64_t now = clock_mono_ms();
	unsigned i;

	for (i = 0; i < BUCKETS; i++)
		for (e = LIST_FIRST(&table[i]); e != NULL; e = next) {
			next = LIST_NEXT(e, link);
			if (is_over(e, now))
				entry_free(e);
		}
}

unsigned
session_count(void)
{
	return nsessions;
}
