/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#include "db_errno.h"
#include "vault_db.h"

struct vault_db {
	sqlite3	*db;
	char	*path;
};

/* A journal that is removed after each commit and pages that are cleared: what was sealed under an old key does not lie about. */
static const char setup_sql[] =
    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=DELETE; PRAGMA synchronous=EXTRA; PRAGMA secure_delete=ON;"
    "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-256; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
    "CREATE TABLE IF NOT EXISTS vault(id INTEGER PRIMARY KEY CHECK(id = 1), protection INTEGER NOT NULL, device TEXT NOT NULL,"
    " key_id TEXT NOT NULL, salt BLOB NOT NULL, log_n INTEGER NOT NULL, epoch INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS tpm(id INTEGER PRIMARY KEY CHECK(id = 1), pcrs INTEGER NOT NULL, sealed BLOB NOT NULL, recovery TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS keys(epoch INTEGER PRIMARY KEY, wrapped TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS secrets(path TEXT NOT NULL, fingerprint TEXT NOT NULL, epoch INTEGER NOT NULL, sealed TEXT NOT NULL,"
    " PRIMARY KEY(path, fingerprint)) WITHOUT ROWID;";

static int
failed(struct vault_db *d, const char *what)
{
	log_errx("vault", "%s: %s", what, d->db != NULL ? sqlite3_errmsg(d->db) : "no memory");
	return (db_errno(d->db));
}

static int
exec(struct vault_db *d, const char *sql)
{
	return (sqlite3_exec(d->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : failed(d, "statement"));
}

/* A statement with its parameters: 's' text, 'i' number. */
static sqlite3_stmt *
prepare(struct vault_db *d, const char *sql, const char *kinds, ...)
{
	sqlite3_stmt *q = NULL;
	va_list ap;
	int i;

	if (sqlite3_prepare_v2(d->db, sql, -1, &q, NULL) != SQLITE_OK) {
		(void)failed(d, "statement");
		return (NULL);
	}
	va_start(ap, kinds);
	for (i = 0; kinds[i] != '\0'; i++) {
		if (kinds[i] == 's')
			(void)sqlite3_bind_text(q, i + 1, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
		else
			(void)sqlite3_bind_int64(q, i + 1, (sqlite3_int64)va_arg(ap, unsigned));
	}
	va_end(ap);
	return (q);
}

/* For what gives no rows; takes the statement. */
static int
finish(struct vault_db *d, sqlite3_stmt *q)
{
	int error;

	if (q == NULL)
		return (-EIO);
	error = sqlite3_step(q) == SQLITE_DONE ? 0 : failed(d, "statement");
	(void)sqlite3_finalize(q);
	return (error);
}

static int
end(struct vault_db *d, int error)
{
	if (error == 0 && (error = exec(d, "COMMIT")) == 0)
		return (0);
	if (sqlite3_get_autocommit(d->db) == 0)
		(void)exec(d, "ROLLBACK");
	return (error);
}

static int
open_file(struct vault_db *d)
{
	int error;

	if (sqlite3_open_v2(d->path, &d->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW, NULL) != SQLITE_OK)
		error = failed(d, "open");
	else
		error = exec(d, setup_sql);
	if (error == 0)
		return (0);
	(void)sqlite3_close(d->db);
	d->db = NULL;
	return (error);
}

/* A damaged vault is kept for who can mend it; the box goes on without its secrets. */
static int
set_aside(struct vault_db *d)
{
	char *to;
	int error = 0;

	if (asprintf(&to, "%s.damaged-%llu", d->path, (unsigned long long)clock_wall_ms()) == -1)
		return (-ENOMEM);
	if (rename(d->path, to) == -1)
		error = -errno;
	else
		log_errx("vault", "the damaged vault was moved to %s: its secrets must be set again", to);
	free(to);
	return (error);
}

int
vault_db_open(const char *dir, struct vault_db **ret)
{
	struct vault_db *d;
	int error;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return (-ENOMEM);
	if (asprintf(&d->path, "%s/vault.db", dir) == -1) {
		free(d);
		return (-ENOMEM);
	}
	/* What a disk did not give once it may give the second time: then nothing is damaged. */
	if ((error = open_file(d)) == -EUCLEAN)
		error = open_file(d);
	if (error == -EUCLEAN && (error = set_aside(d)) == 0)
		error = open_file(d);
	if (error != 0) {
		vault_db_close(d);
		return (error);
	}
	*ret = d;
	return (0);
}

void
vault_db_close(struct vault_db *d)
{
	if (d == NULL)
		return;
	(void)sqlite3_close(d->db);
	free(d->path);
	free(d);
}

static const char *
text(sqlite3_stmt *q, int column)
{
	const unsigned char *s = sqlite3_column_text(q, column);

	return (s != NULL ? (const char *)s : "");
}

static int
get_tpm(struct vault_db *d, struct vault_tpm *ret)
{
	sqlite3_stmt *q = prepare(d, "SELECT pcrs, sealed, recovery FROM tpm WHERE id = 1", "");
	int len;

	if (q == NULL)
		return (-EIO);
	if (sqlite3_step(q) == SQLITE_ROW && (len = sqlite3_column_bytes(q, 1)) > 0 && len <= VAULT_TPM_MAX) {
		ret->pcrs = (uint32_t)sqlite3_column_int64(q, 0);
		memcpy(ret->sealed, sqlite3_column_blob(q, 1), (size_t)len);
		ret->len = (uint32_t)len;
		(void)str_copy(ret->recovery, text(q, 2), sizeof(ret->recovery));
	}
	(void)sqlite3_finalize(q);
	return (0);
}

int
vault_db_meta(struct vault_db *d, struct vault_meta *ret)
{
	sqlite3_stmt *q = prepare(d, "SELECT protection, device, key_id, salt, log_n, epoch FROM vault WHERE id = 1", "");
	int error = -ENOENT;

	if (q == NULL)
		return (-EIO);
	if (sqlite3_step(q) == SQLITE_ROW) {
		memset(ret, 0, sizeof(*ret));
		ret->protection = (uint8_t)sqlite3_column_int(q, 0);
		(void)str_copy(ret->device, text(q, 1), sizeof(ret->device));
		(void)str_copy(ret->key_id, text(q, 2), sizeof(ret->key_id));
		if (sqlite3_column_bytes(q, 3) == sizeof(ret->salt))
			memcpy(ret->salt, sqlite3_column_blob(q, 3), sizeof(ret->salt));
		ret->log_n = (unsigned)sqlite3_column_int(q, 4);
		ret->epoch = (uint32_t)sqlite3_column_int64(q, 5);
		error = 0;
	}
	(void)sqlite3_finalize(q);
	return (error == 0 ? get_tpm(d, &ret->tpm) : error);
}

static int
put_tpm(struct vault_db *d, const struct vault_tpm *t)
{
	sqlite3_stmt *q;
	int error = exec(d, "DELETE FROM tpm");

	if (error != 0 || t->len == 0)
		return (error);
	if ((q = prepare(d, "INSERT INTO tpm(id, pcrs, recovery, sealed) VALUES(1, ?, ?, ?)", "is", t->pcrs, t->recovery)) == NULL)
		return (-EIO);
	(void)sqlite3_bind_blob(q, 3, t->sealed, (int)t->len, SQLITE_TRANSIENT);
	return (finish(d, q));
}

static int
put_meta(struct vault_db *d, const struct vault_meta *m)
{
	sqlite3_stmt *q = prepare(d, "INSERT OR REPLACE INTO vault VALUES(1, ?, ?, ?, zeroblob(0), ?, ?)", "issii", (unsigned)m->protection,
	    m->device, m->key_id, m->log_n, m->epoch);
	int error = finish(d, q);

	if (error != 0 || (q = prepare(d, "UPDATE vault SET salt = ? WHERE id = 1", "")) == NULL)
		return (error != 0 ? error : -EIO);
	(void)sqlite3_bind_blob(q, 1, m->salt, sizeof(m->salt), SQLITE_TRANSIENT);
	return (finish(d, q));
}

int
vault_db_put_keys(struct vault_db *d, const struct vault_meta *m, const struct vault_db_key *keys, unsigned n)
{
	unsigned i;
	int error;

	if ((error = exec(d, "BEGIN IMMEDIATE")) != 0)
		return (error);
	if ((error = put_meta(d, m)) == 0 && (error = put_tpm(d, &m->tpm)) == 0)
		error = exec(d, "DELETE FROM keys");
	for (i = 0; i < n && error == 0; i++)
		error = finish(d, prepare(d, "INSERT INTO keys VALUES(?, ?)", "is", keys[i].epoch, keys[i].wrapped));
	return (end(d, error));
}

int
vault_db_keys(struct vault_db *d, void (*fn)(uint32_t epoch, const char *wrapped, void *arg), void *arg)
{
	sqlite3_stmt *q = prepare(d, "SELECT epoch, wrapped FROM keys ORDER BY epoch", "");
	int rc, error = 0;

	if (q == NULL)
		return (-EIO);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW)
		fn((uint32_t)sqlite3_column_int64(q, 0), text(q, 1), arg);
	if (rc != SQLITE_DONE)
		error = failed(d, "keys");
	(void)sqlite3_finalize(q);
	return (error);
}

int
vault_db_put(struct vault_db *d, const char *path, const char *fingerprint, uint32_t epoch, const char *sealed)
{
	return (finish(d, prepare(d, "INSERT OR REPLACE INTO secrets VALUES(?, ?, ?, ?)", "ssis", path, fingerprint, epoch, sealed)));
}

int
vault_db_get(struct vault_db *d, const char *path, const char *fingerprint, char **ret)
{
	sqlite3_stmt *q = prepare(d, "SELECT sealed FROM secrets WHERE path = ? AND fingerprint = ?", "ss", path, fingerprint);
	int rc, error = -ENOENT;

	if (q == NULL)
		return (-EIO);
	if ((rc = sqlite3_step(q)) == SQLITE_ROW)
		error = (*ret = strdup(text(q, 0))) != NULL ? 0 : -ENOMEM;
	else if (rc != SQLITE_DONE)
		error = failed(d, "secret");
	(void)sqlite3_finalize(q);
	return (error);
}

int
vault_db_count(struct vault_db *d, uint32_t epoch, unsigned *ret_n, unsigned *ret_old)
{
	sqlite3_stmt *q = prepare(d, "SELECT count(*), count(*) FILTER (WHERE epoch <> ?) FROM secrets", "i", epoch);
	int error = 0;

	if (q == NULL)
		return (-EIO);
	if (sqlite3_step(q) == SQLITE_ROW) {
		*ret_n = (unsigned)sqlite3_column_int(q, 0);
		*ret_old = (unsigned)sqlite3_column_int(q, 1);
	} else
		error = failed(d, "count");
	(void)sqlite3_finalize(q);
	return (error);
}

int
vault_db_reseal(struct vault_db *d, uint32_t epoch, unsigned n,
    int (*reseal)(const char *path, const char *sealed, char **ret, void *arg), void *arg, unsigned *ret_done)
{
	sqlite3_stmt *q;
	char *sealed;
	int error;

	*ret_done = 0;
	if ((error = exec(d, "BEGIN IMMEDIATE")) != 0)
		return (error);
	if ((q = prepare(d, "SELECT path, fingerprint, sealed FROM secrets WHERE epoch <> ? LIMIT ?", "ii", epoch, n)) == NULL)
		return (end(d, -EIO));
	while (error == 0 && sqlite3_step(q) == SQLITE_ROW) {
		if (reseal(text(q, 0), text(q, 2), &sealed, arg) != 0)
			continue;
		error = finish(d, prepare(d, "UPDATE secrets SET epoch = ?, sealed = ? WHERE path = ? AND fingerprint = ?", "isss", epoch,
		    sealed, text(q, 0), text(q, 1)));
		free(sealed);
		*ret_done += error == 0;
	}
	(void)sqlite3_finalize(q);
	return (end(d, error));
}

int
vault_db_forget_epochs(struct vault_db *d, uint32_t epoch, unsigned *ret_forgotten)
{
	int error = finish(d, prepare(d, "DELETE FROM keys WHERE epoch NOT IN (?, ?) AND epoch NOT IN (SELECT epoch FROM secrets)", "ii",
	    (unsigned)VAULT_DB_FINGERPRINT_KEY, epoch));

	*ret_forgotten = error == 0 ? (unsigned)sqlite3_changes(d->db) : 0;
	return (error);
}

int
vault_db_sweep(struct vault_db *d, bool (*is_used)(const char *path, const char *fingerprint, void *arg), void *arg)
{
	sqlite3_stmt *q;
	int error;

	if ((error = exec(d, "BEGIN IMMEDIATE")) != 0)
		return (error);
	if ((q = prepare(d, "SELECT path, fingerprint FROM secrets", "")) == NULL)
		return (end(d, -EIO));
	while (error == 0 && sqlite3_step(q) == SQLITE_ROW)
		if (!is_used(text(q, 0), text(q, 1), arg))
			error = finish(d, prepare(d, "DELETE FROM secrets WHERE path = ? AND fingerprint = ?", "ss", text(q, 0), text(q, 1)));
	(void)sqlite3_finalize(q);
	return (end(d, error));
}
