/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>

#include <openssl/sha.h>

#include "base/clock.h"
#include "base/str.h"
#include "session.h"

#define BUCKETS		256		/* by the first byte of the hash */

struct entry {
	LIST_ENTRY(entry)	 link;
	uint8_t			 hash[SHA256_DIGEST_LENGTH];
	uint64_t		 born_ms;	/* monotonic */
	uint64_t		 used_ms;
	struct session		 session;
};

static LIST_HEAD(, entry)	 table[BUCKETS];
static unsigned			 nsessions;

static int
random_text(char ret[SESSION_TOKEN_LEN + 1])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint8_t raw[33] = { 0 };
	unsigned i;
	uint32_t v;

	if (getrandom(raw, 32, 0) != 32)
		return -EIO;
	for (i = 0; i < SESSION_TOKEN_LEN; i++) {
		v = (uint32_t)raw[i / 4 * 3] << 16 | (uint32_t)raw[i / 4 * 3 + 1] << 8 | raw[i / 4 * 3 + 2];
		ret[i] = digits[v >> (18 - 6 * (i % 4)) & 63];
	}
	ret[i] = '\0';
	explicit_bzero(raw, sizeof(raw));
	return 0;
}

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
	uint8_t hash[SHA256_DIGEST_LENGTH];
	struct entry *e;

	if (strlen(token) != SESSION_TOKEN_LEN)
		return NULL;
	(void)SHA256((const unsigned char *)token, SESSION_TOKEN_LEN, hash);
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
session_new(const char *user, char ret_token[SESSION_TOKEN_LEN + 1], struct session *ret)
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
	error = random_text(ret_token);
	if (error == 0)
		error = random_text(e->session.csrf);
	if (error != 0) {
		free(e);
		return error;
	}
	(void)SHA256((const unsigned char *)ret_token, SESSION_TOKEN_LEN, e->hash);
	(void)str_copy(e->session.user, user, sizeof(e->session.user));
	e->born_ms = e->used_ms = clock_mono_ms();
	e->session.expires_ms = clock_wall_ms() + SESSION_ABSOLUTE_S * 1000ull;
	LIST_INSERT_HEAD(&table[e->hash[0]], e, link);
	nsessions++;
	*ret = e->session;
	return 0;
}

int
session_check(const char *token, struct session *ret)
{
	struct entry *e = find(token);

	if (e == NULL)
		return -ENOENT;
	e->used_ms = clock_mono_ms();
	*ret = e->session;
	return 0;
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
