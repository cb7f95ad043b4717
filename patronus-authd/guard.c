/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "bucket.h"
#include "guard.h"
#include "net/addr.h"
#include "store.h"

#define SOURCE_BURST		20
#define SOURCE_REFILL_MS	30000
#define STRANGERS_BURST		30		/* what the hash may cost this box */
#define STRANGERS_REFILL_MS	500
#define KEYS_MAX		8192
#define KNOWN_FILE_MAX		(64u << 10)
#define KNOWN_MAX		256		/* remembered pairs of user and network, the oldest goes */

struct known {
	char	key[128];
};

static struct {
	struct buckets	*users;
	struct buckets	*sources;
	struct buckets	*strangers;
	struct known	 known[KNOWN_MAX];
	unsigned	 nknown;	/* ever stored; the ring's next place is nknown % KNOWN_MAX */
	bool		 is_stored;
} guard;

int
guard_init(void)
{
	guard_fini();
	guard.users = buckets_new(GUARD_USER_BURST, GUARD_USER_REFILL_MS, KEYS_MAX);
	guard.sources = buckets_new(SOURCE_BURST, SOURCE_REFILL_MS, KEYS_MAX);
	guard.strangers = buckets_new(STRANGERS_BURST, STRANGERS_REFILL_MS, 1);
	return guard.users != NULL && guard.sources != NULL && guard.strangers != NULL ? 0 : -ENOMEM;
}

void
guard_fini(void)
{
	buckets_free(guard.users);
	buckets_free(guard.sources);
	buckets_free(guard.strangers);
	memset(&guard, 0, sizeof(guard));
}

void
guard_address(const char *source, char ret[64])
{
	const char *colon = strrchr(source, ':'), *end;
	size_t size = 64;
	char *p;

	if (*source == '[') {
		end = strchr(source, ']');
		(void)str_copy(
		    ret, source + 1, end != NULL && (size_t)(end - source) < size ? (size_t)(end - source) : size);
	} else if (colon != NULL && strchr(source, ':') == colon)
		(void)str_copy(ret, source, (size_t)(colon - source) < size ? (size_t)(colon - source) + 1 : size);
	else
		(void)str_copy(ret, source, size);
	p = strchr(ret, '%');
	if (p != NULL)
		*p = '\0';
}

void
guard_network(const char *source, char ret[64])
{
	char text[64];
	struct prefix p;

	guard_address(source, text);
	if (addr_parse(text, &p.addr) != 0) {
		(void)str_copy(ret, text, 64);
		return;
	}
	p.len = p.addr.family == ADDR_V4 ? 24 : 64;
	p = prefix_network(&p);
	(void)prefix_format(&p, ret, 64);
}

static bool
is_known(const char *key)
{
	unsigned i;

	for (i = 0; i < KNOWN_MAX && i < guard.nknown; i++)
		if (strcmp(guard.known[i].key, key) == 0)
			return true;
	return false;
}

/* The keys of one guess.  A user in a known network has a bucket apart from the one that strangers can empty. */
static bool
keys(const char *user, const char *source, char user_key[128], char network[64])
{
	bool known;

	guard_network(source, network);
	(void)snprintf(user_key, 128, "%.60s %s", user, network);
	known = is_known(user_key);
	/* Strangers type any name, also one that reads like a known pair; no user's name begins with this mark. */
	if (!known)
		(void)snprintf(user_key, 128, "?%.60s", user);
	return known;
}

bool
guard_enter(const char *user, const char *source, uint64_t now, uint32_t *ret_retry_s)
{
	char user_key[128], network[64];
	bool known = keys(user, source, user_key, network);
	uint64_t wait = buckets_wait(guard.users, user_key, now), w;

	w = buckets_wait(guard.sources, network, now);
	wait = w > wait ? w : wait;
	w = known ? 0 : buckets_wait(guard.strangers, "", now);
	wait = w > wait ? w : wait;
	if (wait > 0) {
		*ret_retry_s = (uint32_t)((wait + 999) / 1000);
		return false;
	}
	(void)buckets_take(guard.users, user_key, now);
	(void)buckets_take(guard.sources, network, now);
	if (!known)
		(void)buckets_take(guard.strangers, "", now);
	return true;
}

void
guard_undo(const char *user, const char *source, uint64_t now)
{
	char user_key[128], network[64];

	if (!keys(user, source, user_key, network))
		buckets_give(guard.strangers, "", now);
	buckets_give(guard.users, user_key, now);
	buckets_give(guard.sources, network, now);
}

static int
take_known(char *line)
{
	/* Longer than a name and a network can be, or no pair: somebody else wrote it. */
	if (strlen(line) >= sizeof(guard.known[0].key) || strchr(line, ' ') == NULL)
		return -EBADMSG;
	(void)str_copy(guard.known[guard.nknown++ % KNOWN_MAX].key, line, sizeof(guard.known[0].key));
	return 0;
}

int
guard_load(void)
{
	int error = store_each_line(GUARD_KNOWN_FILE, KNOWN_FILE_MAX, take_known);

	guard.is_stored = true;
	if (error == 0)
		return 0;
	log_warnx("guard", "the known networks cannot be read: %s", strerror(-error));
	memset(guard.known, 0, sizeof(guard.known));
	guard.nknown = 0;
	return 0;
}

static void
save_known(void)
{
	unsigned i, n = guard.nknown < KNOWN_MAX ? guard.nknown : KNOWN_MAX;
	struct buf b;

	if (!guard.is_stored)
		return;
	buf_init(&b, KNOWN_FILE_MAX);
	for (i = guard.nknown - n; i < guard.nknown; i++)
		buf_printf(&b, "%s\n", guard.known[i % KNOWN_MAX].key);
	if (buf_failed(&b) || store_write(GUARD_KNOWN_FILE, b.data, b.len, 0600) != 0)
		log_warnx("guard", "the known networks cannot be written down");
	buf_fini(&b);
}

void
guard_pass(const char *user, const char *source, uint64_t now)
{
	char user_key[128], network[64], *key;

	guard_undo(user, source, now);
	if (keys(user, source, user_key, network))
		return;
	key = guard.known[guard.nknown++ % KNOWN_MAX].key;
	(void)snprintf(key, sizeof(guard.known[0].key), "%.60s %s", user, network);
	save_known();
}
