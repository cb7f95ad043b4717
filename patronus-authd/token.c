/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "guard.h"
#include "net/addr.h"
#include "store.h"
#include "token.h"

#define FILE_MAX	(4u << 20)
#define FIELDS		12

static struct token	*tokens;
static size_t		 ntokens;
static bool		 is_used;	/* something was used since the file was written */

void
token_unload(void)
{
	free(tokens);
	tokens = NULL;
	ntokens = 0;
	is_used = false;
}

static int
save(void)
{
	char hex[2 * SECRET_HASH_LEN + 1];
	const struct token *t;
	struct buf b;
	size_t i;
	int error;

	buf_init(&b, FILE_MAX);
	for (i = 0; i < ntokens; i++) {
		t = &tokens[i];
		str_hex(t->hash, SECRET_HASH_LEN, hex);
		buf_printf(&b, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%llu\t%llu\t%llu\t%s\t%s\n", t->id, hex, t->user, t->role, t->cap, t->scopes, t->networks,
		    (unsigned long long)t->created_ms, (unsigned long long)t->expires_ms, (unsigned long long)t->used_ms, t->used_from, t->name);
	}
	error = buf_failed(&b) ? -EFBIG : store_write(TOKENS_FILE, b.len > 0 ? (void *)b.data : "", b.len, 0600);
	buf_fini(&b);
	if (error == 0)
		is_used = false;
	return error;
}

/* Text that a field of the file can hold. */
static bool
fits(const char *s, size_t size)
{
	size_t n = strlen(s);

	return n < size && !str_has_control(s, n);
}

static int
take_line(char *line)
{
	struct token *t = ntokens < TOKENS_MAX ? reallocarray(tokens, ntokens + 1, sizeof(*t)) : NULL;
	char *part[FIELDS];
	size_t i;

	if (t == NULL)
		return -ENOMEM;
	tokens = t;
	t = &tokens[ntokens];
	memset(t, 0, sizeof(*t));
	for (i = 0; i < FIELDS; i++)
		if ((part[i] = strsep(&line, "\t")) == NULL)
			return -EBADMSG;
	if (line != NULL || strlen(part[0]) != TOKEN_ID_LEN || str_unhex(part[1], t->hash, SECRET_HASH_LEN) != 0 ||
	    !account_name_valid(part[2]) || !fits(part[3], sizeof(t->role)) || !fits(part[4], sizeof(t->cap)) ||
	    !fits(part[5], sizeof(t->scopes)) || !fits(part[6], sizeof(t->networks)) ||
	    str_u64(part[7], 0, UINT64_MAX, &t->created_ms) != 0 || str_u64(part[8], 0, UINT64_MAX, &t->expires_ms) != 0 ||
	    str_u64(part[9], 0, UINT64_MAX, &t->used_ms) != 0 || !fits(part[10], sizeof(t->used_from)) || !fits(part[11], sizeof(t->name)))
		return -EBADMSG;
	(void)str_copy(t->id, part[0], sizeof(t->id));
	(void)str_copy(t->user, part[2], sizeof(t->user));
	(void)str_copy(t->role, part[3], sizeof(t->role));
	(void)str_copy(t->cap, part[4], sizeof(t->cap));
	(void)str_copy(t->scopes, part[5], sizeof(t->scopes));
	(void)str_copy(t->networks, part[6], sizeof(t->networks));
	(void)str_copy(t->used_from, part[10], sizeof(t->used_from));
	(void)str_copy(t->name, part[11], sizeof(t->name));
	ntokens++;
	return 0;
}

int
token_load(void)
{
	int error;

	token_unload();
	error = store_each_line(TOKENS_FILE, FILE_MAX, take_line);
	if (error != 0)
		token_unload();
	return error;
}

/* Every prefix of the list, to see(); false as soon as that says so, or for a word that is no prefix. */
static bool
each_network(const char *networks, bool (*see)(const struct prefix *, void *arg), void *arg)
{
	char word[PREFIX_STRLEN];
	struct prefix p;
	size_t len;

	for (; *networks != '\0'; networks += len) {
		networks += strspn(networks, " ");
		len = strcspn(networks, " ");
		if (len == 0)
			break;
		if (len >= sizeof(word))
			return false;
		(void)str_copy(word, networks, len + 1);
		if (prefix_parse(word, &p) != 0 || !see(&p, arg))
			return false;
	}
	return true;
}

static bool
is_prefix(const struct prefix *p, void *arg)
{
	(void)p;
	(void)arg;
	return true;
}

static bool
is_elsewhere(const struct prefix *p, void *arg)
{
	return !prefix_contains(p, arg);
}

static bool
may_come_from(const struct token *t, const char *source)
{
	char text[64];
	struct addr a;

	if (t->networks[0] == '\0')
		return true;
	guard_address(source, text);
	return addr_parse(text, &a) == 0 && !each_network(t->networks, is_elsewhere, &a);
}

static size_t
count_user(const char *user)
{
	size_t i, n = 0;

	for (i = 0; i < ntokens; i++)
		n += strcmp(tokens[i].user, user) == 0 ? 1 : 0;
	return n;
}

static bool
is_valid(const struct token *t)
{
	return account_name_valid(t->user) && t->name[0] != '\0' && fits(t->name, sizeof(t->name)) && fits(t->role, sizeof(t->role)) &&
	    fits(t->cap, sizeof(t->cap)) && fits(t->scopes, sizeof(t->scopes)) && fits(t->networks, sizeof(t->networks)) &&
	    each_network(t->networks, is_prefix, NULL) && t->expires_ms > clock_wall_ms();
}

static void
remove_at(size_t at)
{
	memmove(&tokens[at], &tokens[at + 1], (ntokens - at - 1) * sizeof(*tokens));
	ntokens--;
}

int
token_new(struct token *t, char ret_token[TOKEN_LEN + 1])
{
	struct token *more;
	uint8_t raw[SECRET_HASH_LEN];
	int error;

	if (!is_valid(t))
		return -EINVAL;
	if (ntokens >= TOKENS_MAX || count_user(t->user) >= TOKENS_USER_MAX)
		return -ENOSPC;
	(void)str_copy(ret_token, TOKEN_PREFIX, TOKEN_LEN + 1);
	if (secret_text(ret_token + sizeof(TOKEN_PREFIX) - 1) != 0)
		return -EIO;
	secret_hash(ret_token, TOKEN_LEN, t->hash);
	/* The id is a hash of the hash: it says nothing of the token, and no two have the same. */
	secret_hash(t->hash, sizeof(t->hash), raw);
	str_hex(raw, TOKEN_ID_LEN / 2, t->id);
	t->created_ms = clock_wall_ms();
	t->used_ms = 0;
	more = reallocarray(tokens, ntokens + 1, sizeof(*more));
	if (more == NULL)
		return -ENOMEM;
	tokens = more;
	tokens[ntokens++] = *t;
	error = save();
	if (error != 0) {
		ntokens--;
		explicit_bzero(ret_token, TOKEN_LEN + 1);
	}
	return error;
}

bool
token_is_token(const char *s)
{
	return strncmp(s, TOKEN_PREFIX, sizeof(TOKEN_PREFIX) - 1) == 0;
}

const struct token *
token_check(const char *token, const char *source)
{
	uint8_t hash[SECRET_HASH_LEN];
	struct token *found = NULL;
	size_t i;

	if (!token_is_token(token) || strlen(token) != TOKEN_LEN)
		return NULL;
	secret_hash(token, TOKEN_LEN, hash);
	for (i = 0; i < ntokens; i++)
		if (str_equal_ct(tokens[i].hash, hash, sizeof(hash)))
			found = &tokens[i];
	if (found == NULL || found->expires_ms <= clock_wall_ms() || !may_come_from(found, source))
		return NULL;
	found->used_ms = clock_wall_ms();
	guard_address(source, found->used_from);
	is_used = true;
	return found;
}

const struct token *
token_at(size_t i)
{
	return i < ntokens ? &tokens[i] : NULL;
}

int
token_revoke(const char *id, const char *user)
{
	struct token old;
	size_t i;
	int error;

	for (i = 0; i < ntokens; i++)
		if (strcmp(tokens[i].id, id) == 0 && (user[0] == '\0' || strcmp(tokens[i].user, user) == 0))
			break;
	if (i == ntokens)
		return -ENOENT;
	old = tokens[i];
	remove_at(i);
	error = save();
	/* It stays revoked in this process, and the file is written again with the next change; whoever asked hears of it. */
	if (error != 0)
		log_errx("token", "%s is revoked, but that cannot be written down: %s", old.id, strerror(-error));
	return error;
}

int
token_revoke_user(const char *user)
{
	size_t i, before = ntokens;

	for (i = ntokens; i > 0; i--)
		if (strcmp(tokens[i - 1].user, user) == 0)
			remove_at(i - 1);
	return ntokens != before ? save() : 0;
}

void
token_sweep(void)
{
	uint64_t now = clock_wall_ms();
	size_t i, before = ntokens;
	int error;

	for (i = ntokens; i > 0; i--)
		if (tokens[i - 1].expires_ms <= now)
			remove_at(i - 1);
	if (ntokens == before && !is_used)
		return;
	error = save();
	if (error != 0)
		log_warnx("token", "the last uses cannot be written down: %s", strerror(-error));
}
