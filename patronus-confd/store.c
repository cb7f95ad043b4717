/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/clock.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/str.h"

#include "chain.h"
#include "db_errno.h"
#include "store.h"

#define KEEP_BYTES	(64 << 20)	/* of documents, whatever the retention says */
#define VERSION		1		/* 1: links of the chain, and requests */

#define COLUMNS	"number, parent, digest, author, origin, comment, time_ms, state, request, chain"
#define MIRROR_MAX	(64 << 20)
#define REQUESTS_BACK	10000		/* revisions among which a request is looked for */

struct store {
	sqlite3			*db;
	int			 dirfd;
	char			*path;
	struct store_pointers	 at;
	uint32_t		 last;
};

static const char schema_sql[] =
    "CREATE TABLE IF NOT EXISTS revisions(number INTEGER PRIMARY KEY, parent INTEGER NOT NULL, digest TEXT NOT NULL,"
    " author TEXT NOT NULL, origin TEXT NOT NULL, comment TEXT NOT NULL, time_ms INTEGER NOT NULL, state INTEGER NOT NULL,"
    " request TEXT NOT NULL DEFAULT '', chain TEXT NOT NULL DEFAULT '');"
    "CREATE TABLE IF NOT EXISTS documents(number INTEGER PRIMARY KEY, document BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS pointers(id INTEGER PRIMARY KEY CHECK(id = 1), running INTEGER NOT NULL, kept INTEGER NOT NULL,"
    " pending INTEGER NOT NULL, deadline_boot_ms INTEGER NOT NULL, deadline_wall_ms INTEGER NOT NULL, boot_id TEXT NOT NULL,"
    " last INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS baselines(id TEXT PRIMARY KEY, owner TEXT NOT NULL, path TEXT NOT NULL, object TEXT NOT NULL,"
    " detail TEXT NOT NULL, class TEXT NOT NULL, since_ms INTEGER NOT NULL, author TEXT NOT NULL, origin TEXT NOT NULL,"
    " comment TEXT NOT NULL, time_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS temporary(id INTEGER PRIMARY KEY, member_of TEXT NOT NULL, address TEXT NOT NULL, author TEXT NOT NULL,"
    " origin TEXT NOT NULL, reason TEXT NOT NULL, boot TEXT NOT NULL, time_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL,"
    " mono_until_ms INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS contents(id TEXT PRIMARY KEY, url TEXT NOT NULL, etag TEXT NOT NULL, modified TEXT NOT NULL,"
    " time_ms INTEGER NOT NULL, v4 BLOB NOT NULL, v6 BLOB NOT NULL);"
    "INSERT OR IGNORE INTO pointers VALUES(1, 0, 0, 0, 0, 0, '', 0);";

/* The database belongs to this process alone: no shared-memory file, no lock traffic. */
static const char pragma_sql[] =
    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;"
    "PRAGMA cache_size=-512; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA wal_autocheckpoint=4000;"
    "PRAGMA journal_size_limit=8388608;";

static int	 db_open(struct store *);
static int	 db_migrate(struct store *);
static int	 db_load(struct store *);
static int	 db_check(struct store *);
static int	 db_error(struct store *, const char *what);
static int	 db_exec(struct store *, const char *sql);
static int	 set_aside(struct store *);
static int	 end_transaction(struct store *, int error);
static int	 next_revision(struct store *, uint32_t after, struct revision *);
static int	 run(struct store *, const char *sql, const char *kinds, ...);
static int	 write_pointers(struct store *, const struct store_pointers *, uint32_t last);
static int	 set_state(struct store *, uint32_t number, enum revision_state);
static int	 write_all(int fd, const char *text, size_t len);

const char *
revision_state_name(enum revision_state state)
{
	static const char *const names[] = { "", "prepared", "pending", "kept", "rolled-back" };

	return (state > REVISION_INVALID && state < REVISION_STATE_MAX ? names[state] : "");
}

int
store_open(const char *dir, struct store **ret, enum store_found *ret_found)
{
	struct store *st;
	struct stat sb;
	bool existed;
	int error;

	if ((st = calloc(1, sizeof(*st))) == NULL)
		return (-ENOMEM);
	st->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (st->dirfd == -1 || asprintf(&st->path, "%s/patronus.db", dir) == -1) {
		error = -errno;
		store_close(st);
		return (error);
	}
	existed = fstatat(st->dirfd, "patronus.db", &sb, AT_SYMLINK_NOFOLLOW) == 0;
	/* What a disk did not give once it may give the second time: then nothing is damaged. */
	if ((error = db_open(st)) == -EUCLEAN)
		error = db_open(st);
	if (error == 0 && (!existed || sb.st_size == 0))
		*ret_found = STORE_FOUND_NOTHING;
	else if (error == 0)
		*ret_found = STORE_FOUND_GOOD;
	else if (error == -EUCLEAN && (error = set_aside(st)) == 0 && (error = db_open(st)) == 0)
		*ret_found = STORE_FOUND_BROKEN;
	if (error != 0) {
		store_close(st);
		return (error);
	}
	*ret = st;
	return (0);
}

void
store_close(struct store *st)
{
	if (st == NULL)
		return;
	sqlite3_close(st->db);
	if (st->dirfd != -1)
		(void)close(st->dirfd);
	free(st->path);
	free(st);
}

static int
db_open(struct store *st)
{
	int error;

	if (sqlite3_open_v2(st->path, &st->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW, NULL) != SQLITE_OK)
		error = db_error(st, "open");
	else if ((error = db_exec(st, pragma_sql)) == 0 && (error = db_check(st)) == 0 && (error = db_exec(st, schema_sql)) == 0 &&
	    (error = db_migrate(st)) == 0 && (error = db_load(st)) == 0)
		return (0);
	sqlite3_close(st->db);
	st->db = NULL;
	return (error);
}

/* A page that was damaged on disk is found here, not in the middle of a commit. */
static int
db_check(struct store *st)
{
	sqlite3_stmt *q;
	int error = 0, rc;

	if (sqlite3_prepare_v2(st->db, "PRAGMA quick_check(1)", -1, &q, NULL) != SQLITE_OK)
		return (db_error(st, "check"));
	rc = sqlite3_step(q);
	if (rc != SQLITE_ROW)
		error = db_error(st, "check");
	else if (strcmp((const char *)sqlite3_column_text(q, 0), "ok") != 0) {
		log_errx("store", "database is damaged: %s", sqlite3_column_text(q, 0));
		error = -EUCLEAN;
	}
	(void)sqlite3_finalize(q);
	return (error);
}

static int
db_load(struct store *st)
{
	sqlite3_stmt *q;
	int error = -EUCLEAN;

	if (sqlite3_prepare_v2(st->db, "SELECT running, kept, pending, deadline_boot_ms, deadline_wall_ms, boot_id, last FROM pointers"
	    " WHERE id = 1", -1, &q, NULL) != SQLITE_OK)
		return (db_error(st, "pointers"));
	if (sqlite3_step(q) == SQLITE_ROW) {
		st->at.running = (uint32_t)sqlite3_column_int64(q, 0);
		st->at.kept = (uint32_t)sqlite3_column_int64(q, 1);
		st->at.pending = (uint32_t)sqlite3_column_int64(q, 2);
		st->at.deadline_boot_ms = (uint64_t)sqlite3_column_int64(q, 3);
		st->at.deadline_wall_ms = (uint64_t)sqlite3_column_int64(q, 4);
		str_copy(st->at.boot_id, (const char *)sqlite3_column_text(q, 5), sizeof(st->at.boot_id));
		st->last = (uint32_t)sqlite3_column_int64(q, 6);
		error = 0;
	}
	(void)sqlite3_finalize(q);
	if (error != 0)
		return (error);
	/* A commit that never ended: the kernel gets the running revision again, this one is history. */
	return (db_exec(st, "UPDATE revisions SET state = 4, request = '' WHERE state = 1"));
}

/* One number, or -errno. */
static int64_t
db_number(struct store *st, const char *sql)
{
	sqlite3_stmt *q;
	int64_t n;

	if (sqlite3_prepare_v2(st->db, sql, -1, &q, NULL) != SQLITE_OK)
		return (db_error(st, "query"));
	n = sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_int64(q, 0) : db_error(st, "query");
	(void)sqlite3_finalize(q);
	return (n);
}

/* The links of all revisions, computed. */
static int
make_chain(struct store *st)
{
	char prev[DIGEST_STRLEN];
	struct revision rev;
	uint32_t number;
	int error;

	memcpy(prev, chain_start, sizeof(prev));
	for (number = 0; (error = next_revision(st, number, &rev)) == 0; number = rev.number) {
		if ((error = chain_link(prev, &rev, rev.chain)) != 0 ||
		    (error = run(st, "UPDATE revisions SET chain = ? WHERE number = ?", "si", rev.chain, (uint64_t)rev.number)) != 0)
			return (error);
		memcpy(prev, rev.chain, sizeof(prev));
	}
	return (error == -ENOENT ? 0 : error);
}

/* A store of an older version gets what it has not; all of it or nothing. */
static int
db_migrate(struct store *st)
{
	int64_t version = db_number(st, "PRAGMA user_version"), columns;
	int error;

	if (version < 0 || version >= VERSION)
		return (version < 0 ? (int)version : 0);
	columns = db_number(st, "SELECT count(*) FROM pragma_table_info('revisions') WHERE name IN ('chain', 'request')");
	if (columns < 0)
		return ((int)columns);
	if ((error = db_exec(st, "BEGIN IMMEDIATE")) != 0)
		return (error);
	if (columns == 0)
		error = db_exec(st, "ALTER TABLE revisions ADD COLUMN request TEXT NOT NULL DEFAULT '';"
		    "ALTER TABLE revisions ADD COLUMN chain TEXT NOT NULL DEFAULT ''");
	if (error == 0 && (error = make_chain(st)) == 0)
		error = db_exec(st, "PRAGMA user_version = 1");
	return (end_transaction(st, error));
}

static int
db_error(struct store *st, const char *what)
{
	log_errx("store", "%s: %s", what, st->db != NULL ? sqlite3_errmsg(st->db) : "no memory");
	return (db_errno(st->db));
}

static int
db_exec(struct store *st, const char *sql)
{
	if (sqlite3_exec(st->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return (db_error(st, "statement"));
	return (0);
}

/* Nothing is deleted: somebody may want to look at it. */
static int
set_aside(struct store *st)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
	char from[64], to[96];
	uint64_t now = clock_wall_ms();
	size_t i;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		(void)snprintf(from, sizeof(from), "patronus.db%s", suffixes[i]);
		(void)snprintf(to, sizeof(to), "damaged-%llu.db%s", (unsigned long long)now, suffixes[i]);
		if (renameat(st->dirfd, from, st->dirfd, to) == -1 && errno != ENOENT)
			return (-errno);
	}
	log_errx("store", "the damaged database was moved to damaged-%llu.db", (unsigned long long)now);
	return (0);
}

void
store_pointers(const struct store *st, struct store_pointers *ret)
{
	*ret = st->at;
}

uint32_t
store_last(const struct store *st)
{
	return (st->last);
}

static int
end_transaction(struct store *st, int error)
{
	if (error == 0 && (error = db_exec(st, "COMMIT")) == 0)
		return (0);
	/* After some failures SQLite has rolled back by itself. */
	if (sqlite3_get_autocommit(st->db) == 0)
		(void)db_exec(st, "ROLLBACK");
	return (error);
}

/* Bind and step one statement: 'i' uint64_t, 's' text, 'b' bytes and length. */
static int
run(struct store *st, const char *sql, const char *kinds, ...)
{
	sqlite3_stmt *q;
	va_list ap;
	const void *data;
	int error = 0, i;

	if (sqlite3_prepare_v2(st->db, sql, -1, &q, NULL) != SQLITE_OK)
		return (db_error(st, "statement"));
	va_start(ap, kinds);
	for (i = 0; kinds[i] != '\0'; i++) {
		if (kinds[i] == 'i')
			(void)sqlite3_bind_int64(q, i + 1, (sqlite3_int64)va_arg(ap, uint64_t));
		else if (kinds[i] == 's')
			(void)sqlite3_bind_text(q, i + 1, va_arg(ap, const char *), -1, SQLITE_STATIC);
		else {
			data = va_arg(ap, const void *);
			(void)sqlite3_bind_blob64(q, i + 1, data, va_arg(ap, size_t), SQLITE_STATIC);
		}
	}
	va_end(ap);
	if (sqlite3_step(q) != SQLITE_DONE)
		error = db_error(st, "statement");
	(void)sqlite3_finalize(q);
	return (error);
}

static int
write_pointers(struct store *st, const struct store_pointers *at, uint32_t last)
{
	return (run(st, "UPDATE pointers SET running = ?, kept = ?, pending = ?, deadline_boot_ms = ?, deadline_wall_ms = ?,"
	    " boot_id = ?, last = ? WHERE id = 1", "iiiiisi", (uint64_t)at->running, (uint64_t)at->kept, (uint64_t)at->pending,
	    at->deadline_boot_ms, at->deadline_wall_ms, at->boot_id, (uint64_t)last));
}

static int
set_state(struct store *st, uint32_t number, enum revision_state state)
{
	return (run(st, "UPDATE revisions SET state = ? WHERE number = ?", "ii", (uint64_t)state, (uint64_t)number));
}

/* The link of a revision that comes last. */
static int
link_behind_last(struct store *st, const struct revision *rev, char ret[DIGEST_STRLEN])
{
	struct revision last;
	unsigned n;
	int error = store_list(st, 0, 1, &last, &n);

	return (error != 0 ? error : chain_link(n == 1 ? last.chain : chain_start, rev, ret));
}

int
store_prepare(struct store *st, const struct revision *rev, const char *document, size_t len)
{
	char chain[DIGEST_STRLEN];
	int error;

	if ((error = db_exec(st, "BEGIN IMMEDIATE")) != 0)
		return (error);
	if ((error = link_behind_last(st, rev, chain)) == 0 &&
	    (error = run(st, "INSERT INTO revisions(number, parent, digest, author, origin, comment, time_ms, state, request, chain)"
	    " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", "iissssiiss", (uint64_t)rev->number, (uint64_t)rev->parent, rev->digest, rev->author,
	    rev->origin, rev->comment, rev->time_ms, (uint64_t)REVISION_PREPARED, rev->request, chain)) == 0 &&
	    (error = run(st, "INSERT INTO documents VALUES(?, ?)", "ib", (uint64_t)rev->number, document, len)) == 0)
		error = write_pointers(st, &st->at, rev->number);
	if ((error = end_transaction(st, error)) == 0)
		st->last = rev->number;
	return (error);
}

int
store_finish(struct store *st, uint32_t number, enum revision_state state, const struct store_pointers *deadline)
{
	struct store_pointers at = st->at;
	int error;

	if (state == REVISION_KEPT) {
		at = (struct store_pointers){ .running = number, .kept = number };
	} else if (state == REVISION_PENDING) {
		at.running = at.pending = number;
		at.deadline_boot_ms = deadline->deadline_boot_ms;
		at.deadline_wall_ms = deadline->deadline_wall_ms;
		memcpy(at.boot_id, deadline->boot_id, sizeof(at.boot_id));
	}
	if ((error = db_exec(st, "BEGIN IMMEDIATE")) != 0)
		return (error);
	if ((error = set_state(st, number, state)) == 0)
		/* What came to nothing may be asked for again. */
		error = state == REVISION_ROLLED_BACK ?
		    run(st, "UPDATE revisions SET request = '' WHERE number = ?", "i", (uint64_t)number) : write_pointers(st, &at, st->last);
	if ((error = end_transaction(st, error)) != 0)
		return (error);
	st->at = at;
	return (0);
}

int
store_discard(struct store *st, uint32_t number)
{
	uint32_t last = st->last == number ? number - 1 : st->last;
	int error;

	if ((error = db_exec(st, "BEGIN IMMEDIATE")) != 0)
		return (error);
	if ((error = run(st, "DELETE FROM documents WHERE number = ?", "i", (uint64_t)number)) == 0 &&
	    (error = run(st, "DELETE FROM revisions WHERE number = ? AND state = 1", "i", (uint64_t)number)) == 0)
		error = write_pointers(st, &st->at, last);
	if ((error = end_transaction(st, error)) == 0)
		st->last = last;
	return (error);
}

/* The pending revision becomes `state`, and running becomes `to`. */
static int
end_pending(struct store *st, enum revision_state state, uint32_t to)
{
	struct store_pointers at = { .running = to, .kept = to };
	int error;

	if (st->at.pending == 0)
		return (-ENOENT);
	if ((error = db_exec(st, "BEGIN IMMEDIATE")) != 0)
		return (error);
	if ((error = set_state(st, st->at.pending, state)) == 0)
		error = write_pointers(st, &at, st->last);
	if ((error = end_transaction(st, error)) != 0)
		return (error);
	st->at = at;
	return (0);
}

int
store_confirm(struct store *st)
{
	return (end_pending(st, REVISION_KEPT, st->at.pending));
}

int
store_roll_back(struct store *st)
{
	return (end_pending(st, REVISION_ROLLED_BACK, st->at.kept));
}

int
store_forget_old(struct store *st, unsigned keep, uint64_t before_ms)
{
	return (run(st, "DELETE FROM documents WHERE number <> ? AND number <> ? AND number IN (SELECT number FROM (SELECT d.number,"
	    " r.time_ms, row_number() OVER w AS n, sum(length(d.document)) OVER w AS bytes FROM documents AS d JOIN revisions AS r"
	    " ON r.number = d.number WINDOW w AS (ORDER BY d.number DESC)) WHERE n > ? OR bytes > ? OR time_ms < ?)", "iiiii",
	    (uint64_t)st->at.running, (uint64_t)st->at.kept, (uint64_t)keep, (uint64_t)KEEP_BYTES, before_ms));
}

static void
read_row(sqlite3_stmt *q, struct revision *rev)
{
	memset(rev, 0, sizeof(*rev));
	rev->number = (uint32_t)sqlite3_column_int64(q, 0);
	rev->parent = (uint32_t)sqlite3_column_int64(q, 1);
	str_copy(rev->digest, (const char *)sqlite3_column_text(q, 2), sizeof(rev->digest));
	str_copy(rev->author, (const char *)sqlite3_column_text(q, 3), sizeof(rev->author));
	str_copy(rev->origin, (const char *)sqlite3_column_text(q, 4), sizeof(rev->origin));
	str_copy(rev->comment, (const char *)sqlite3_column_text(q, 5), sizeof(rev->comment));
	rev->time_ms = (uint64_t)sqlite3_column_int64(q, 6);
	rev->state = (enum revision_state)sqlite3_column_int(q, 7);
	str_copy(rev->request, (const char *)sqlite3_column_text(q, 8), sizeof(rev->request));
	str_copy(rev->chain, (const char *)sqlite3_column_text(q, 9), sizeof(rev->chain));
}

/* The first row of a query with one number or text bound, or -ENOENT. */
static int
one_revision(struct store *st, const char *sql, uint64_t number, const char *author, const char *request, struct revision *ret)
{
	sqlite3_stmt *q;
	int error = 0, rc;

	if (sqlite3_prepare_v2(st->db, sql, -1, &q, NULL) != SQLITE_OK)
		return (db_error(st, "revision"));
	(void)sqlite3_bind_int64(q, 1, (sqlite3_int64)number);
	if (author != NULL) {
		(void)sqlite3_bind_text(q, 2, author, -1, SQLITE_STATIC);
		(void)sqlite3_bind_text(q, 3, request, -1, SQLITE_STATIC);
	}
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		read_row(q, ret);
	else
		error = rc == SQLITE_DONE ? -ENOENT : db_error(st, "revision");
	(void)sqlite3_finalize(q);
	return (error);
}

/* The revision after this number. */
static int
next_revision(struct store *st, uint32_t after, struct revision *ret)
{
	return (one_revision(st, "SELECT " COLUMNS " FROM revisions WHERE number > ? ORDER BY number LIMIT 1", after, NULL, NULL, ret));
}

int
store_find_request(struct store *st, const char *author, const char *request, struct revision *ret)
{
	return (one_revision(st, "SELECT " COLUMNS " FROM revisions WHERE number > ? AND author = ? AND substr(request, 1, length(?3)) = ?3"
	    " ORDER BY number DESC LIMIT 1", st->last > REQUESTS_BACK ? st->last - REQUESTS_BACK : 0, author, request, ret));
}

int
store_verify(struct store *st, struct store_verdict *ret, void (*fault)(uint32_t, const char *, void *), void *arg)
{
	char link[DIGEST_STRLEN];
	struct revision rev;
	char *text;
	size_t len;
	int error;

	*ret = (struct store_verdict){ 0 };
	memcpy(ret->chain, chain_start, sizeof(ret->chain));
	while ((error = next_revision(st, ret->head, &rev)) == 0) {
		if ((error = chain_link(ret->chain, &rev, link)) != 0)
			return (error);
		if (strcmp(link, rev.chain) != 0)
			fault(rev.number, "chain", arg);
		ret->revisions++;
		ret->head = rev.number;
		/* What stands there, not what should: one fault is told once. */
		memcpy(ret->chain, rev.chain, sizeof(ret->chain));
		error = store_document(st, rev.number, &text, &len);
		if (error == 0)
			free(text);
		else if (error != -ENOENT && error != -EIO)
			return (error);
		ret->documents += error != -ENOENT;
		if (error == -EIO)
			fault(rev.number, "document", arg);
	}
	/* The end is gone: the pointers remember it. */
	if (error == -ENOENT && ret->head != st->last)
		fault(st->last, "missing", arg);
	return (error == -ENOENT ? 0 : error);
}

int
store_revision(struct store *st, uint32_t number, struct revision *ret)
{
	unsigned n;
	int error;

	if (number == 0 || number == UINT32_MAX)
		return (-ENOENT);
	if ((error = store_list(st, number + 1, 1, ret, &n)) != 0)
		return (error);
	return (n == 1 && ret->number == number ? 0 : -ENOENT);
}

int
store_list(struct store *st, uint32_t before, unsigned n, struct revision *ret, unsigned *ret_n)
{
	sqlite3_stmt *q;
	unsigned i = 0;
	int error = 0, rc = SQLITE_DONE;

	if (sqlite3_prepare_v2(st->db, "SELECT " COLUMNS " FROM revisions"
	    " WHERE number < ? ORDER BY number DESC LIMIT ?", -1, &q, NULL) != SQLITE_OK)
		return (db_error(st, "list"));
	(void)sqlite3_bind_int64(q, 1, before != 0 ? (sqlite3_int64)before : INT64_MAX);
	(void)sqlite3_bind_int64(q, 2, (sqlite3_int64)n);
	while (i < n && (rc = sqlite3_step(q)) == SQLITE_ROW)
		read_row(q, &ret[i++]);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		error = db_error(st, "list");
	(void)sqlite3_finalize(q);
	*ret_n = i;
	return (error);
}

int
store_document(struct store *st, uint32_t number, char **ret, size_t *ret_len)
{
	struct revision rev;
	sqlite3_stmt *q;
	char digest[DIGEST_STRLEN];
	char *text = NULL;
	size_t len = 0;
	int error = -ENOENT;

	if ((error = store_revision(st, number, &rev)) != 0)
		return (error);
	if (sqlite3_prepare_v2(st->db, "SELECT document FROM documents WHERE number = ?", -1, &q, NULL) != SQLITE_OK)
		return (db_error(st, "document"));
	(void)sqlite3_bind_int64(q, 1, (sqlite3_int64)number);
	error = -ENOENT;
	if (sqlite3_step(q) == SQLITE_ROW) {
		len = (size_t)sqlite3_column_bytes(q, 0);
		error = -ENOMEM;
		if ((text = malloc(len + 1)) != NULL) {
			if (len > 0)
				memcpy(text, sqlite3_column_blob(q, 0), len);
			text[len] = '\0';
			error = 0;
		}
	}
	(void)sqlite3_finalize(q);
	if (error == 0 && (error = digest_hex(text, len, digest)) == 0 && strcmp(digest, rev.digest) != 0) {
		log_errx("store", "document of revision %u does not have its digest", number);
		error = -EIO;
	}
	if (error != 0) {
		free(text);
		return (error);
	}
	*ret = text;
	*ret_len = len;
	return (0);
}

static int
write_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	while (len > 0) {
		if ((n = write(fd, text, len)) == -1) {
			if (errno == EINTR)
				continue;
			return (-errno);
		}
		text += n;
		len -= (size_t)n;
	}
	return (0);
}

/* --- differences that are accepted --- */

int
store_baseline_put(struct store *st, const struct store_baseline *b)
{
	const struct standing_item *i = &b->item;

	return (run(st, "INSERT OR REPLACE INTO baselines VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", "ssssssisssii", i->id, i->owner, i->path,
	    i->object, i->detail, i->class, i->since_ms, b->author, b->origin, b->comment, b->time_ms, b->until_ms));
}

int
store_baseline_remove(struct store *st, const char *id)
{
	return (run(st, "DELETE FROM baselines WHERE id = ?", "s", id));
}

static void
column(sqlite3_stmt *q, int i, char *ret, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(q, i);

	(void)str_copy(ret, text != NULL ? text : "", size);
}

int
store_baselines(struct store *st, void (*fn)(const struct store_baseline *, void *arg), void *arg)
{
	struct store_baseline b;
	sqlite3_stmt *q;
	int error = 0, rc;

	if (sqlite3_prepare_v2(st->db, "SELECT id, owner, path, object, detail, class, author, origin, comment, since_ms, time_ms, until_ms"
	    " FROM baselines ORDER BY time_ms", -1, &q, NULL) != SQLITE_OK)
		return (db_error(st, "baselines"));
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		memset(&b, 0, sizeof(b));
		column(q, 0, b.item.id, sizeof(b.item.id));
		column(q, 1, b.item.owner, sizeof(b.item.owner));
		column(q, 2, b.item.path, sizeof(b.item.path));
		column(q, 3, b.item.object, sizeof(b.item.object));
		column(q, 4, b.item.detail, sizeof(b.item.detail));
		column(q, 5, b.item.class, sizeof(b.item.class));
		column(q, 6, b.author, sizeof(b.author));
		column(q, 7, b.origin, sizeof(b.origin));
		column(q, 8, b.comment, sizeof(b.comment));
		b.item.since_ms = (uint64_t)sqlite3_column_int64(q, 9);
		b.time_ms = (uint64_t)sqlite3_column_int64(q, 10);
		b.until_ms = (uint64_t)sqlite3_column_int64(q, 11);
		fn(&b, arg);
	}
	if (rc != SQLITE_DONE)
		error = db_error(st, "baselines");
	(void)sqlite3_finalize(q);
	return (error);
}

int
store_temporary_put(struct store *st, const struct store_temporary *e)
{
	return (run(st, "INSERT OR REPLACE INTO temporary VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", "issssssiii", e->id, e->group, e->address,
	    e->author, e->origin, e->reason, e->boot, e->time_ms, e->until_ms, e->mono_until_ms));
}

int
store_temporary_remove(struct store *st, uint64_t id)
{
	return (run(st, "DELETE FROM temporary WHERE id = ?", "i", id));
}

int
store_temporaries(struct store *st, void (*fn)(const struct store_temporary *, void *arg), void *arg)
{
	struct store_temporary e;
	sqlite3_stmt *q;
	int error = 0, rc;

	if (sqlite3_prepare_v2(st->db, "SELECT member_of, address, author, origin, reason, boot, id, time_ms, until_ms, mono_until_ms FROM temporary"
	    " ORDER BY time_ms", -1, &q, NULL) != SQLITE_OK)
		return (db_error(st, "temporary"));
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		memset(&e, 0, sizeof(e));
		column(q, 0, e.group, sizeof(e.group));
		column(q, 1, e.address, sizeof(e.address));
		column(q, 2, e.author, sizeof(e.author));
		column(q, 3, e.origin, sizeof(e.origin));
		column(q, 4, e.reason, sizeof(e.reason));
		column(q, 5, e.boot, sizeof(e.boot));
		e.id = (uint64_t)sqlite3_column_int64(q, 6);
		e.time_ms = (uint64_t)sqlite3_column_int64(q, 7);
		e.until_ms = (uint64_t)sqlite3_column_int64(q, 8);
		e.mono_until_ms = (uint64_t)sqlite3_column_int64(q, 9);
		fn(&e, arg);
	}
	if (rc != SQLITE_DONE)
		error = db_error(st, "temporary");
	(void)sqlite3_finalize(q);
	return (error);
}

int
store_content_put(struct store *st, const char *id, const struct store_content *c)
{
	return (run(st, "INSERT OR REPLACE INTO contents VALUES(?, ?, ?, ?, ?, ?, ?)", "ssssibb", id, c->url, c->etag, c->modified, c->time_ms,
	    c->v4 != NULL ? (const void *)c->v4 : "", (size_t)c->n4 * 8, c->v6 != NULL ? (const void *)c->v6 : "", (size_t)c->n6 * 32));
}

int
store_content_remove(struct store *st, const char *id)
{
	return (run(st, "DELETE FROM contents WHERE id = ?", "s", id));
}

void
store_content_each(struct store *st, void (*fn)(const char *, void *), void *arg)
{
	sqlite3_stmt *q;
	char id[300];

	if (sqlite3_prepare_v2(st->db, "SELECT id FROM contents ORDER BY id", -1, &q, NULL) != SQLITE_OK)
		return;
	while (sqlite3_step(q) == SQLITE_ROW) {
		column(q, 0, id, sizeof(id));
		fn(id, arg);
	}
	(void)sqlite3_finalize(q);
}

static uint8_t *
blob(sqlite3_stmt *q, int i, unsigned unit, uint32_t *ret_n)
{
	const void *data = sqlite3_column_blob(q, i);
	size_t len = (size_t)sqlite3_column_bytes(q, i);
	uint8_t *copy = malloc(len + 1);

	*ret_n = 0;
	if (heap_checked(copy) == NULL || len % unit != 0)
		return (copy);
	if (len > 0)
		memcpy(copy, data, len);
	*ret_n = (uint32_t)(len / unit);
	return (copy);
}

int
store_content_get(struct store *st, const char *id, struct store_content *ret)
{
	sqlite3_stmt *q;
	int error, rc;

	if (sqlite3_prepare_v2(st->db, "SELECT url, etag, modified, time_ms, v4, v6 FROM contents WHERE id = ?", -1, &q, NULL) != SQLITE_OK)
		return (db_error(st, "contents"));
	(void)sqlite3_bind_text(q, 1, id, -1, SQLITE_STATIC);
	rc = sqlite3_step(q);
	error = rc == SQLITE_ROW ? 0 : rc == SQLITE_DONE ? -ENOENT : db_error(st, "contents");
	if (error == 0) {
		memset(ret, 0, sizeof(*ret));
		column(q, 0, ret->url, sizeof(ret->url));
		column(q, 1, ret->etag, sizeof(ret->etag));
		column(q, 2, ret->modified, sizeof(ret->modified));
		ret->time_ms = (uint64_t)sqlite3_column_int64(q, 3);
		ret->v4 = blob(q, 4, 8, &ret->n4);
		ret->v6 = blob(q, 5, 32, &ret->n6);
	}
	(void)sqlite3_finalize(q);
	return (error);
}

/* Beside, then renamed. */
static int
file_put(struct store *st, const char *name, const char *text, size_t len)
{
	char beside[64];
	int error, fd;

	(void)snprintf(beside, sizeof(beside), "%s.new", name);
	if ((fd = openat(st->dirfd, beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600)) == -1)
		return (-errno);
	if ((error = write_all(fd, text, len)) == 0 && fsync(fd) == -1)
		error = -errno;
	if (close(fd) == -1 && error == 0)
		error = -errno;
	if (error == 0 && renameat(st->dirfd, beside, st->dirfd, name) == -1)
		error = -errno;
	if (error == 0 && fsync(st->dirfd) == -1)
		error = -errno;
	if (error != 0)
		(void)unlinkat(st->dirfd, beside, 0);
	return (error);
}

static int
file_get(struct store *st, const char *name, char **ret, size_t *ret_len)
{
	struct stat sb;
	char *text = NULL;
	ssize_t n = 0;
	size_t at = 0;
	int error = 0, fd;

	if ((fd = openat(st->dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)) == -1)
		return (-errno);
	if (fstat(fd, &sb) == -1)
		error = -errno;
	else if (!S_ISREG(sb.st_mode) || sb.st_size > MIRROR_MAX)
		error = -EFBIG;
	else if ((text = malloc((size_t)sb.st_size + 1)) == NULL)
		error = -ENOMEM;
	while (error == 0 && at < (size_t)sb.st_size && (n = read(fd, text + at, (size_t)sb.st_size - at)) != 0) {
		if (n == -1)
			error = -errno;
		else
			at += (size_t)n;
	}
	(void)close(fd);
	if (error != 0) {
		free(text);
		return (error);
	}
	text[at] = '\0';
	*ret = text;
	*ret_len = at;
	return (0);
}

int
store_mirror_put(struct store *st, const char *text, size_t len)
{
	return (file_put(st, "running.yaml", text, len));
}

int
store_mirror_get(struct store *st, char **ret, size_t *ret_len)
{
	return (file_get(st, "running.yaml", ret, ret_len));
}

int
store_database_put(struct store *st, const char *id, const char *data, size_t len)
{
	return (file_put(st, id, data, len));
}

int
store_database_get(struct store *st, const char *id, char **ret, size_t *ret_len)
{
	return (file_get(st, id, ret, ret_len));
}

void
store_database_remove(struct store *st, const char *id)
{
	(void)unlinkat(st->dirfd, id, 0);
}
