/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/log.h"
#include "base/str.h"
#include "ipc/channel.h"
#include "ipc/msg.h"

#include "db_errno.h"
#include "evidence.h"

#define BATCH		256	/* rules in one message */

struct evidence {
	sqlite3		*db;
	char		 boot[40];
	bool		 has_failed;	/* and that was logged */
};

/* A commit of the write-ahead log that a power cut takes back is some seconds of counters. */
static const char setup_sql[] =
    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-64; PRAGMA trusted_schema=OFF;"
    "PRAGMA cell_size_check=ON; PRAGMA journal_size_limit=1048576; PRAGMA wal_autocheckpoint=256;"
    "CREATE TABLE IF NOT EXISTS rules(id TEXT PRIMARY KEY, packets INTEGER NOT NULL, bytes INTEGER NOT NULL, seen_packets INTEGER NOT NULL,"
    " seen_bytes INTEGER NOT NULL, boot TEXT NOT NULL, since_ms INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL)"
    " WITHOUT ROWID;";

static void
failed(struct evidence *e, const char *what)
{
	if (!e->has_failed)
		log_warnx("evidence", "%s: %s", what, sqlite3_errmsg(e->db));
	e->has_failed = true;
}

static bool
exec(struct evidence *e, const char *sql)
{
	if (sqlite3_exec(e->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return (true);
	failed(e, "statement");
	return (false);
}

static bool
open_file(struct evidence *e, const char *path, bool *ret_is_damaged)
{
	if (sqlite3_open_v2(path, &e->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW, NULL) == SQLITE_OK && exec(e, setup_sql))
		return (true);
	*ret_is_damaged = db_errno(e->db) == -EUCLEAN;
	(void)sqlite3_close(e->db);
	e->db = NULL;
	return (false);
}

/* One that is damaged is begun anew: it is no more than a memory of counters.  One that cannot be opened now is left alone. */
struct evidence *
evidence_open(const char *dir, const char *boot)
{
	struct evidence *e = calloc(1, sizeof(*e));
	bool is_damaged;
	char path[512];

	if (e == NULL || (size_t)snprintf(path, sizeof(path), "%s/evidence.db", dir) >= sizeof(path)) {
		free(e);
		return (NULL);
	}
	(void)str_copy(e->boot, boot, sizeof(e->boot));
	if (open_file(e, path, &is_damaged) || (is_damaged && open_file(e, path, &is_damaged)))
		return (e);
	if (is_damaged && unlink(path) == 0 && open_file(e, path, &is_damaged)) {
		e->has_failed = false;
		return (e);
	}
	log_warnx("evidence", "what is known of rules is not kept");
	free(e);
	return (NULL);
}

void
evidence_close(struct evidence *e)
{
	if (e == NULL)
		return;
	(void)sqlite3_close(e->db);
	free(e);
}

static uint64_t
number(sqlite3_stmt *q, int column)
{
	return ((uint64_t)sqlite3_column_int64(q, column));
}

/* Of another boot the kernel's counters are not what they were. */
static void
read_rule(const struct evidence *e, sqlite3_stmt *q, struct evidence_rule *r)
{
	const char *boot = (const char *)sqlite3_column_text(q, 5);
	bool is_of_now = e->boot[0] != '\0' && boot != NULL && strcmp(boot, e->boot) == 0;

	*r = (struct evidence_rule){ .id = (const char *)sqlite3_column_text(q, 0), .packets = number(q, 1), .bytes = number(q, 2),
	    .seen_packets = is_of_now ? number(q, 3) : 0, .seen_bytes = is_of_now ? number(q, 4) : 0, .since_ms = number(q, 6),
	    .first_ms = number(q, 7), .last_ms = number(q, 8) };
}

/* A page of rules behind an id; how many there were, and the last of them in after. */
static uint32_t
send_page(struct evidence *e, struct channel *ch, char after[130])
{
	static const char sql[] = "SELECT id, packets, bytes, seen_packets, seen_bytes, boot, since_ms, first_ms, last_ms FROM rules WHERE id > ?"
	    " ORDER BY id LIMIT 256";
	struct evidence_rule rules[BATCH];
	struct evidence_load_req req = { .rules = { .items = rules } };
	char ids[BATCH][129];
	sqlite3_stmt *q;
	uint32_t n = 0;

	if (sqlite3_prepare_v2(e->db, sql, -1, &q, NULL) != SQLITE_OK) {
		failed(e, "rules");
		return (0);
	}
	(void)sqlite3_bind_text(q, 1, after, -1, SQLITE_TRANSIENT);
	for (; n < BATCH && sqlite3_step(q) == SQLITE_ROW; n++) {
		read_rule(e, q, &rules[n]);
		(void)str_copy(ids[n], rules[n].id != NULL ? rules[n].id : "", sizeof(ids[n]));
		rules[n].id = ids[n];
		(void)str_copy(after, ids[n], 130);
	}
	(void)sqlite3_finalize(q);
	req.rules.n = n;
	req.is_last = n < BATCH;
	(void)channel_send(ch, MSG_EVIDENCE_LOAD, 0, &req, NULL, 0);
	return (n);
}

void
evidence_send(struct evidence *e, struct channel *ch)
{
	static const struct evidence_load_req none = { .is_last = true };
	char after[130] = "";

	if (e == NULL)
		(void)channel_send(ch, MSG_EVIDENCE_LOAD, 0, &none, NULL, 0);
	while (e != NULL && send_page(e, ch, after) == BATCH)
		;
}

static bool
put_rule(struct evidence *e, sqlite3_stmt *q, const struct evidence_rule *r)
{
	const uint64_t numbers[] = { r->packets, r->bytes, r->seen_packets, r->seen_bytes, 0, r->since_ms, r->first_ms, r->last_ms };
	size_t i;

	(void)sqlite3_reset(q);
	(void)sqlite3_bind_text(q, 1, r->id, -1, SQLITE_STATIC);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		(void)sqlite3_bind_int64(q, (int)i + 2, (sqlite3_int64)numbers[i]);
	(void)sqlite3_bind_text(q, 6, e->boot, -1, SQLITE_STATIC);
	return (sqlite3_step(q) == SQLITE_DONE);
}

void
evidence_take(struct evidence *e, const struct evidence_req *req)
{
	static const char sql[] = "INSERT OR REPLACE INTO rules(id, packets, bytes, seen_packets, seen_bytes, boot, since_ms, first_ms, last_ms)"
	    " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)";
	sqlite3_stmt *q = NULL;
	bool is_good = true;
	uint32_t i;

	if (e == NULL || !exec(e, "BEGIN"))
		return;
	if (sqlite3_prepare_v2(e->db, sql, -1, &q, NULL) != SQLITE_OK)
		is_good = false;
	for (i = 0; i < req->rules.n && is_good; i++)
		is_good = put_rule(e, q, &req->rules.items[i]);
	if (!is_good)
		failed(e, "rules");
	(void)sqlite3_finalize(q);
	if (exec(e, is_good ? "COMMIT" : "ROLLBACK") && is_good)
		e->has_failed = false;
}
