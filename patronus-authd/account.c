/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "password.h"
#include "store.h"

#define FILE_MAX	(1u << 20)
#define FILE_MODE	0640		/* the PAM helper reads it through our group */

struct account {
	char	name[ACCOUNT_NAME_MAX + 1];
	char	hash[PASSWORD_HASH_MAX];
};

static struct account	*accounts;	/* the first is ACCOUNT_NOBODY */
static size_t		 naccounts;

bool
account_name_valid(const char *s)
{
	size_t i, n = strlen(s);

	if (n == 0 || n > ACCOUNT_NAME_MAX)
		return false;
	for (i = 0; i < n; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || s[i] == '_' ||
			(i > 0 && ((s[i] >= '0' && s[i] <= '9') || s[i] == '-'))))
			return false;
	return true;
}

static struct account *
find(const char *name)
{
	size_t i;

	for (i = 0; i < naccounts; i++)
		if (strcmp(accounts[i].name, name) == 0)
			return &accounts[i];
	return NULL;
}

bool
account_exists(const char *user)
{
	return account_name_valid(user) && find(user) != NULL;
}

bool
account_any(void)
{
	size_t i;

	for (i = 0; i < naccounts; i++)
		if (strcmp(accounts[i].name, ACCOUNT_NOBODY) != 0)
			return true;
	return false;
}

static int
save(const struct account *a, size_t n)
{
	struct buf b;
	size_t i;
	int error;

	buf_init(&b, FILE_MAX);
	for (i = 0; i < n; i++)
		buf_printf(&b, "%s:%s\n", a[i].name, a[i].hash);
	error = buf_failed(&b) ? -EFBIG : store_write(ACCOUNTS_FILE, b.data, b.len, FILE_MODE);
	if (b.data != NULL)
		explicit_bzero(b.data, b.len);
	buf_fini(&b);
	return error;
}

/* The new table takes the place of the old one when it is on the disk. */
static int
replace(struct account *a, size_t n)
{
	int error = save(a, n);

	if (error != 0) {
		free(a);
		return error;
	}
	account_unload();
	accounts = a;
	naccounts = n;
	return 0;
}

static struct account *
copy(size_t room)
{
	struct account *a = calloc(naccounts + room, sizeof(*a));

	if (a != NULL && naccounts > 0)
		memcpy(a, accounts, naccounts * sizeof(*a));
	return a;
}

static int
put(const char *name, const char *hash)
{
	struct account *a, *old = find(name);
	size_t at = old != NULL ? (size_t)(old - accounts) : naccounts;

	if (strlen(hash) >= PASSWORD_HASH_MAX || strpbrk(hash, ":\n") != NULL)
		return -EINVAL;
	if (at >= ACCOUNTS_MAX)
		return -ENOSPC;
	a = copy(1);
	if (a == NULL)
		return -ENOMEM;
	(void)str_copy(a[at].name, name, sizeof(a[at].name));
	(void)str_copy(a[at].hash, hash, sizeof(a[at].hash));
	return replace(a, old != NULL ? naccounts : naccounts + 1);
}

int
account_set(const char *user, const char *hash)
{
	return account_name_valid(user) ? put(user, hash) : -EINVAL;
}

int
account_remove(const char *user)
{
	struct account *a, *old = account_name_valid(user) ? find(user) : NULL;
	size_t at;

	if (old == NULL)
		return -ENOENT;
	at = (size_t)(old - accounts);
	a = copy(0);
	if (a == NULL)
		return -ENOMEM;
	memmove(a + at, a + at + 1, (naccounts - at - 1) * sizeof(*a));
	return replace(a, naccounts - 1);
}

static int
parse_line(char *line, struct account *ret)
{
	char *colon = strchr(line, ':');

	if (colon == NULL)
		return -EBADMSG;
	*colon++ = '\0';
	if (!account_name_valid(line) && strcmp(line, ACCOUNT_NOBODY) != 0)
		return -EBADMSG;
	if (*colon != '$' || strpbrk(colon, ": \t") != NULL ||
	    str_copy(ret->hash, colon, sizeof(ret->hash)) >= sizeof(ret->hash))
		return -EBADMSG;
	(void)str_copy(ret->name, line, sizeof(ret->name));
	return 0;
}

static int
parse(char *text)
{
	char *line, *save_at = NULL;
	struct account *a;
	int error;

	for (line = strtok_r(text, "\n", &save_at); line != NULL; line = strtok_r(NULL, "\n", &save_at)) {
		if (naccounts >= ACCOUNTS_MAX)
			return -EBADMSG;
		a = copy(1);
		if (a == NULL)
			return -ENOMEM;
		error = parse_line(line, &a[naccounts]);
		if (error == 0 && find(a[naccounts].name) != NULL)
			error = -EBADMSG;
		if (error != 0) {
			free(a);
			return error;
		}
		free(accounts);
		accounts = a;
		naccounts++;
	}
	return 0;
}

int
account_load(void)
{
	char hash[PASSWORD_HASH_MAX], *text;
	size_t len;
	int error;

	account_unload();
	error = store_read(ACCOUNTS_FILE, FILE_MAX, &text, &len);
	if (error == 0) {
		error = strlen(text) == len ? parse(text) : -EBADMSG;
		explicit_bzero(text, len);
		free(text);
	} else if (error == -ENOENT)
		error = 0;
	if (error != 0 || find(ACCOUNT_NOBODY) != NULL)
		return error;
	error = password_hash_random(hash);
	return error != 0 ? error : put(ACCOUNT_NOBODY, hash);
}

void
account_unload(void)
{
	if (accounts != NULL)
		explicit_bzero(accounts, naccounts * sizeof(*accounts));
	free(accounts);
	accounts = NULL;
	naccounts = 0;
}
