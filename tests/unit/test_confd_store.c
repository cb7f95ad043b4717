/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/str.h"
#include "patronus-confd/store.h"
#include "tempdir.h"

static char dir[TEMPDIR_LEN];

static int
setup(void **state)
{
	(void)state;
	return (tempdir_make(dir, "store"));
}

static int
teardown(void **state)
{
	(void)state;
	return (tempdir_remove(dir));
}

static struct revision
revision_of(uint32_t number, uint32_t parent, const char *text)
{
	struct revision rev = { .number = number, .parent = parent, .author = "alice", .origin = "192.0.2.10:40000",
	    .comment = "a change", .time_ms = 1700000000000 };

	assert_int_equal(digest_hex(text, strlen(text), rev.digest), 0);
	return (rev);
}

static struct store *
open_store(enum store_found want)
{
	enum store_found found = STORE_FOUND_INVALID;
	struct store *st;

	assert_int_equal(store_open(dir, &st, &found), 0);
	assert_int_equal(found, want);
	return (st);
}

static void
commit(struct store *st, uint32_t number, const char *text, enum revision_state state)
{
	struct store_pointers deadline = { .deadline_boot_ms = 5000, .deadline_wall_ms = 6000, .boot_id = "7" };
	struct revision rev = revision_of(number, number - 1, text);

	assert_int_equal(store_prepare(st, &rev, text, strlen(text)), 0);
	assert_int_equal(store_finish(st, number, state, &deadline), 0);
}

static void
expect_document(struct store *st, uint32_t number, const char *want)
{
	char *text;
	size_t len;

	assert_int_equal(store_document(st, number, &text, &len), 0);
	assert_int_equal(len, strlen(want));
	assert_string_equal(text, want);
	free(text);
}

static void
test_kept_revision_survives_reopening(void **state)
{
	struct store_pointers at;
	struct revision rev;
	struct store *st;

	(void)state;
	st = open_store(STORE_FOUND_NOTHING);
	commit(st, 1, "{\"a\":1}", REVISION_KEPT);
	store_close(st);
	st = open_store(STORE_FOUND_GOOD);
	store_pointers(st, &at);
	assert_int_equal(at.running, 1);
	assert_int_equal(at.kept, 1);
	assert_int_equal(at.pending, 0);
	assert_int_equal(store_last(st), 1);
	assert_int_equal(store_revision(st, 1, &rev), 0);
	assert_int_equal(rev.state, REVISION_KEPT);
	assert_string_equal(rev.author, "alice");
	assert_string_equal(rev.origin, "192.0.2.10:40000");
	assert_string_equal(rev.comment, "a change");
	expect_document(st, 1, "{\"a\":1}");
	assert_int_equal(store_revision(st, 2, &rev), -ENOENT);
	store_close(st);
}

static void
test_prepared_revision_is_history_after_a_crash(void **state)
{
	struct revision rev = revision_of(2, 1, "{\"b\":2}");
	struct store_pointers at;
	struct store *st;

	(void)state;
	st = open_store(STORE_FOUND_NOTHING);
	commit(st, 1, "{}", REVISION_KEPT);
	assert_int_equal(store_prepare(st, &rev, "{\"b\":2}", 7), 0);
	store_close(st);
	st = open_store(STORE_FOUND_GOOD);
	store_pointers(st, &at);
	assert_int_equal(at.running, 1);
	assert_int_equal(store_last(st), 2);
	assert_int_equal(store_revision(st, 2, &rev), 0);
	assert_int_equal(rev.state, REVISION_ROLLED_BACK);
	store_close(st);
}

static void
test_pending_is_confirmed_or_left(void **state)
{
	struct store_pointers at;
	struct revision rev;
	struct store *st;

	(void)state;
	st = open_store(STORE_FOUND_NOTHING);
	assert_int_equal(store_confirm(st), -ENOENT);
	assert_int_equal(store_roll_back(st), -ENOENT);
	commit(st, 1, "{}", REVISION_KEPT);
	commit(st, 2, "{\"b\":2}", REVISION_PENDING);
	store_close(st);
	st = open_store(STORE_FOUND_GOOD);
	store_pointers(st, &at);
	assert_int_equal(at.running, 2);
	assert_int_equal(at.kept, 1);
	assert_int_equal(at.pending, 2);
	assert_int_equal(at.deadline_boot_ms, 5000);
	assert_string_equal(at.boot_id, "7");
	assert_int_equal(store_roll_back(st), 0);
	store_pointers(st, &at);
	assert_int_equal(at.running, 1);
	assert_int_equal(at.pending, 0);
	commit(st, 3, "{\"c\":3}", REVISION_PENDING);
	assert_int_equal(store_confirm(st), 0);
	store_close(st);
	st = open_store(STORE_FOUND_GOOD);
	store_pointers(st, &at);
	assert_int_equal(at.running, 3);
	assert_int_equal(at.kept, 3);
	assert_int_equal(store_revision(st, 2, &rev), 0);
	assert_int_equal(rev.state, REVISION_ROLLED_BACK);
	assert_int_equal(store_revision(st, 3, &rev), 0);
	assert_int_equal(rev.state, REVISION_KEPT);
	store_close(st);
}

static void
test_discarded_revision_leaves_nothing(void **state)
{
	struct revision rev = revision_of(2, 1, "{\"b\":2}");
	struct store *st;
	char *text;
	size_t len;

	(void)state;
	st = open_store(STORE_FOUND_NOTHING);
	commit(st, 1, "{}", REVISION_KEPT);
	assert_int_equal(store_prepare(st, &rev, "{\"b\":2}", 7), 0);
	assert_int_equal(store_discard(st, 2), 0);
	assert_int_equal(store_last(st), 1);
	assert_int_equal(store_revision(st, 2, &rev), -ENOENT);
	assert_int_equal(store_document(st, 2, &text, &len), -ENOENT);
	commit(st, 2, "{\"again\":2}", REVISION_KEPT);
	expect_document(st, 2, "{\"again\":2}");
	store_close(st);
}

static void
test_list_goes_back_in_pages(void **state)
{
	struct revision list[3];
	struct store *st;
	char text[32];
	unsigned i, n;

	(void)state;
	st = open_store(STORE_FOUND_NOTHING);
	for (i = 1; i <= 7; i++) {
		(void)snprintf(text, sizeof(text), "{\"n\":%u}", i);
		commit(st, i, text, REVISION_KEPT);
	}
	assert_int_equal(store_list(st, 0, 3, list, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(list[0].number, 7);
	assert_int_equal(list[2].number, 5);
	assert_int_equal(store_list(st, 5, 3, list, &n), 0);
	assert_int_equal(list[0].number, 4);
	assert_int_equal(store_list(st, 2, 3, list, &n), 0);
	assert_int_equal(n, 1);
	store_close(st);
}

static void
damage(const char *name, off_t at, size_t len)
{
	char path[128];
	char bytes[8192];
	int fd;

	memset(bytes, 0x5a, sizeof(bytes));
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY);
	assert_int_not_equal(fd, -1);
	assert_int_equal(pwrite(fd, bytes, len, at), (ssize_t)len);
	close(fd);
}

static void
test_damaged_database_is_set_aside(void **state)
{
	struct store_pointers at;
	struct store *st;
	char *text;
	size_t len;

	(void)state;
	st = open_store(STORE_FOUND_NOTHING);
	commit(st, 1, "{\"a\":1}", REVISION_KEPT);
	assert_int_equal(store_mirror_put(st, "a: 1\n", 5), 0);
	store_close(st);
	/* The header, and then (on the new one) the pages behind it. */
	damage("patronus.db", 0, 100);
	st = open_store(STORE_FOUND_BROKEN);
	store_pointers(st, &at);
	assert_int_equal(at.running, 0);
	assert_int_equal(store_mirror_get(st, &text, &len), 0);
	assert_string_equal(text, "a: 1\n");
	free(text);
	commit(st, 1, "{\"a\":1}", REVISION_KEPT);
	store_close(st);
	damage("patronus.db", 4096, 8192);
	st = open_store(STORE_FOUND_BROKEN);
	store_close(st);
}

static void
test_document_must_have_its_digest(void **state)
{
	char path[128], *text;
	struct store *st;
	sqlite3 *db;
	size_t len;

	(void)state;
	st = open_store(STORE_FOUND_NOTHING);
	commit(st, 1, "{\"a\":1}", REVISION_KEPT);
	store_close(st);
	(void)snprintf(path, sizeof(path), "%s/patronus.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE documents SET document = CAST('{\"a\":2}' AS BLOB)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	st = open_store(STORE_FOUND_GOOD);
	assert_int_equal(store_document(st, 1, &text, &len), -EIO);
	store_close(st);
}

/* Commits one revision after another and says each number once it is acknowledged. */
static void
commit_until_killed(int out)
{
	enum store_found found;
	struct revision rev;
	struct store *st;
	char text[20000];
	uint32_t number;

	if (store_open(dir, &st, &found) != 0)
		_exit(2);
	for (;;) {
		number = store_last(st) + 1;
		memset(text, 'x', sizeof(text));
		(void)snprintf(text, sizeof(text), "{\"number\":%u}", number);
		text[strlen(text)] = ' ';
		rev = (struct revision){ .number = number, .parent = number - 1, .author = "kill", .time_ms = 1 };
		if (digest_hex(text, sizeof(text), rev.digest) != 0 || store_prepare(st, &rev, text, sizeof(text)) != 0 ||
		    store_finish(st, number, REVISION_KEPT, NULL) != 0)
			_exit(3);
		if (write(out, &number, sizeof(number)) != sizeof(number))
			_exit(4);
	}
}

/* kill -9 at 40 instants: what was acknowledged is there, what was not is either whole or never was. */
static void
test_kill_never_loses_what_was_acknowledged(void **state)
{
	struct store_pointers at;
	struct revision rev;
	uint32_t number, acknowledged = 0, i;
	struct store *st;
	pid_t pid;
	int status, out[2], round;
	char *text;
	size_t len;

	(void)state;
	store_close(open_store(STORE_FOUND_NOTHING));
	/* Under a sanitizer on a busy machine few commits fit into the first rounds: go on, more slowly. */
	for (round = 0; round < 40 || (acknowledged <= 20 && round < 400); round++) {
		assert_int_equal(pipe(out), 0);
		pid = fork();
		assert_int_not_equal(pid, -1);
		if (pid == 0) {
			close(out[0]);
			commit_until_killed(out[1]);
		}
		close(out[1]);
		usleep((useconds_t)(3000 + round * 571 % 9000) * (unsigned)(1 + round / 40));
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		while (read(out[0], &number, sizeof(number)) == sizeof(number))
			acknowledged = number;
		close(out[0]);
		st = open_store(STORE_FOUND_GOOD);
		store_pointers(st, &at);
		assert_true(at.running >= acknowledged);
		assert_int_equal(at.running, at.kept);
		for (i = at.running; i > 0 && i + 3 > at.running; i--) {
			assert_int_equal(store_revision(st, i, &rev), 0);
			if (i == at.running)
				assert_int_equal(rev.state, REVISION_KEPT);
			assert_int_not_equal(rev.state, REVISION_PREPARED);
			assert_int_equal(store_document(st, i, &text, &len), 0);
			free(text);
		}
		store_close(st);
	}
	assert_true(acknowledged > 20);
}

/* No room on the disk: the commit is refused, and everything is as before. */
static void
test_full_disk_refuses_and_keeps(void **state)
{
	struct rlimit limit = { .rlim_cur = 256 << 10, .rlim_max = 256 << 10 };
	struct store_pointers at;
	enum store_found found;
	struct revision rev;
	struct store *st;
	static char big[512 << 10];
	int status;
	pid_t pid;

	(void)state;
	memset(big, 'y', sizeof(big) - 1);
	st = open_store(STORE_FOUND_NOTHING);
	commit(st, 1, "{}", REVISION_KEPT);
	store_close(st);
	if ((pid = fork()) == 0) {
		signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &limit) != 0 || store_open(dir, &st, &found) != 0)
			_exit(1);
		rev = (struct revision){ .number = 2, .parent = 1 };
		if (digest_hex(big, sizeof(big) - 1, rev.digest) != 0 || store_prepare(st, &rev, big, sizeof(big) - 1) == 0)
			_exit(2);
		store_pointers(st, &at);
		if (at.running != 1 || store_last(st) != 1)
			_exit(3);
		/* A small one has room. */
		rev = (struct revision){ .number = 2, .parent = 1 };
		if (digest_hex("{}", 2, rev.digest) != 0 || store_prepare(st, &rev, "{}", 2) != 0 ||
		    store_finish(st, 2, REVISION_KEPT, NULL) != 0)
			_exit(4);
		store_close(st);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	st = open_store(STORE_FOUND_GOOD);
	store_pointers(st, &at);
	assert_int_equal(at.running, 2);
	store_close(st);
}

static void
test_forgetting_spares_running_and_kept(void **state)
{
	static char big[1 << 20];
	struct store *st;
	struct revision rev;
	char *text;
	size_t len;
	uint32_t i;

	(void)state;
	memset(big, 'z', sizeof(big));
	st = open_store(STORE_FOUND_NOTHING);
	for (i = 1; i <= 70; i++) {
		big[0] = (char)('a' + i % 26);
		rev = (struct revision){ .number = i, .parent = i - 1 };
		assert_int_equal(digest_hex(big, sizeof(big), rev.digest), 0);
		assert_int_equal(store_prepare(st, &rev, big, sizeof(big)), 0);
		assert_int_equal(store_finish(st, i, i == 1 ? REVISION_KEPT : i == 70 ? REVISION_PENDING : REVISION_ROLLED_BACK,
		    &(struct store_pointers){ .deadline_boot_ms = 1 }), 0);
	}
	assert_int_equal(store_forget_old(st, 1000, 0), 0);
	assert_int_equal(store_document(st, 1, &text, &len), 0);	/* kept */
	free(text);
	assert_int_equal(store_document(st, 2, &text, &len), -ENOENT);
	assert_int_equal(store_document(st, 69, &text, &len), 0);
	free(text);
	assert_int_equal(store_revision(st, 2, &rev), 0);	/* its line of history stays */
	assert_int_equal(store_forget_old(st, 10, 0), 0);
	assert_int_equal(store_document(st, 60, &text, &len), -ENOENT);
	assert_int_equal(store_document(st, 61, &text, &len), 0);
	free(text);
	assert_int_equal(store_forget_old(st, 1000, 1), 0);		/* they are from 1970 */
	assert_int_equal(store_document(st, 69, &text, &len), -ENOENT);
	assert_int_equal(store_document(st, 70, &text, &len), 0);
	free(text);
	store_close(st);
}

/* --- the chain --- */

static void
sql(const char *text)
{
	char path[96];
	sqlite3 *db;

	(void)snprintf(path, sizeof(path), "%s/patronus.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static struct {
	unsigned	 n;
	uint32_t	 number;	/* the first */
	char		 code[32];
} faults;

static void
on_fault(uint32_t number, const char *code, void *arg)
{
	(void)arg;
	if (faults.n++ > 0)
		return;
	faults.number = number;
	(void)snprintf(faults.code, sizeof(faults.code), "%s", code);
}

static struct store_verdict
verify(void)
{
	struct store *st = open_store(STORE_FOUND_GOOD);
	struct store_verdict verdict;

	memset(&faults, 0, sizeof(faults));
	assert_int_equal(store_verify(st, &verdict, on_fault, NULL), 0);
	store_close(st);
	return (verdict);
}

static void
make_history(void)
{
	struct store *st = open_store(STORE_FOUND_NOTHING);
	char text[32];
	uint32_t i;

	for (i = 1; i <= 5; i++) {
		(void)snprintf(text, sizeof(text), "{\"n\":%u}", i);
		commit(st, i, text, REVISION_KEPT);
	}
	store_close(st);
}

/* Every edit of one row, a deletion, a swap, an insertion, and the loss of the end. */
static void
test_rewritten_history_is_found(void **state)
{
	static const struct {
		const char	*sql;
		uint32_t	 number;
		const char	*code;
	} acts[] = {
		{ "UPDATE revisions SET parent = 1 WHERE number = 3", 3, "chain" },
		{ "UPDATE revisions SET digest = '00' WHERE number = 3", 3, "chain" },
		{ "UPDATE revisions SET author = 'mallory' WHERE number = 3", 3, "chain" },
		{ "UPDATE revisions SET origin = 'local' WHERE number = 3", 3, "chain" },
		{ "UPDATE revisions SET comment = 'nothing' WHERE number = 3", 3, "chain" },
		{ "UPDATE revisions SET time_ms = time_ms + 1 WHERE number = 3", 3, "chain" },
		{ "UPDATE revisions SET chain = '00' WHERE number = 3", 3, "chain" },
		{ "UPDATE revisions SET author = 'mallory' WHERE number = 5", 5, "chain" },
		{ "UPDATE revisions SET number = 6 WHERE number = 3; UPDATE pointers SET last = 6", 4, "chain" },
		{ "DELETE FROM revisions WHERE number = 1", 2, "chain" },
		{ "DELETE FROM revisions WHERE number = 3", 4, "chain" },
		{ "DELETE FROM revisions WHERE number = 5", 5, "missing" },
		{ "UPDATE revisions SET number = 9 WHERE number = 3; UPDATE revisions SET number = 3 WHERE number = 4;"
		    "UPDATE revisions SET number = 4 WHERE number = 9", 3, "chain" },
		{ "INSERT INTO revisions SELECT 6, 5, digest, 'mallory', origin, comment, time_ms, state, '', chain FROM revisions WHERE"
		    " number = 5; UPDATE pointers SET last = 6", 6, "chain" },
		{ "UPDATE documents SET document = '{\"n\":9}' WHERE number = 3", 3, "document" },
	};
	struct store_verdict verdict;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		make_history();
		verdict = verify();
		assert_int_equal(faults.n, 0);
		assert_int_equal(verdict.revisions, 5);
		assert_int_equal(verdict.documents, 5);
		assert_int_equal(verdict.head, 5);
		assert_int_equal(strlen(verdict.chain), 64);
		sql(acts[i].sql);
		(void)verify();
		if (faults.n == 0 || faults.number != acts[i].number || strcmp(faults.code, acts[i].code) != 0)
			fail_msg("%s: %u faults, first %u %s", acts[i].sql, faults.n, faults.number, faults.code);
		(void)teardown(NULL);
		(void)setup(NULL);
	}
}

/* What changes in an honest life: states, documents that are forgotten, a prepared revision that comes to nothing. */
static void
test_honest_history_holds(void **state)
{
	struct store_verdict verdict;
	struct revision rev;
	struct store *st;

	(void)state;
	make_history();
	st = open_store(STORE_FOUND_GOOD);
	rev = revision_of(6, 5, "{}");
	assert_int_equal(store_prepare(st, &rev, "{}", 2), 0);
	assert_int_equal(store_discard(st, 6), 0);
	commit(st, 6, "{\"n\":6}", REVISION_PENDING);
	assert_int_equal(store_roll_back(st), 0);
	commit(st, 7, "{\"n\":7}", REVISION_ROLLED_BACK);
	assert_int_equal(store_forget_old(st, 2, 0), 0);
	store_close(st);
	verdict = verify();
	assert_int_equal(faults.n, 0);
	assert_int_equal(verdict.revisions, 7);
	assert_int_equal(verdict.head, 7);
}

/* A store of before the chain: its history is linked at the first start, and stays as it is. */
static void
test_old_store_is_linked(void **state)
{
	struct store_verdict verdict;
	struct revision rev;
	struct store *st;
	char link[DIGEST_STRLEN];

	(void)state;
	make_history();
	(void)str_copy(link, verify().chain, sizeof(link));
	sql("CREATE TABLE old AS SELECT number, parent, digest, author, origin, comment, time_ms, state FROM revisions; DROP TABLE revisions;"
	    "CREATE TABLE revisions(number INTEGER PRIMARY KEY, parent INTEGER NOT NULL, digest TEXT NOT NULL, author TEXT NOT NULL,"
	    " origin TEXT NOT NULL, comment TEXT NOT NULL, time_ms INTEGER NOT NULL, state INTEGER NOT NULL);"
	    "INSERT INTO revisions SELECT * FROM old; DROP TABLE old; PRAGMA user_version = 0");
	verdict = verify();
	assert_int_equal(faults.n, 0);
	assert_int_equal(verdict.revisions, 5);
	assert_string_equal(verdict.chain, link);
	st = open_store(STORE_FOUND_GOOD);
	commit(st, 6, "{\"n\":6}", REVISION_KEPT);
	assert_int_equal(store_revision(st, 3, &rev), 0);
	assert_string_equal(rev.author, "alice");
	store_close(st);
	assert_int_equal(verify().head, 6);
	assert_int_equal(faults.n, 0);
}

static void
test_requests_are_found_again(void **state)
{
	struct store *st;
	struct revision rev;

	(void)state;
	st = open_store(STORE_FOUND_NOTHING);
	rev = revision_of(1, 0, "{}");
	(void)str_copy(rev.request, "key-1 abcd", sizeof(rev.request));
	assert_int_equal(store_prepare(st, &rev, "{}", 2), 0);
	assert_int_equal(store_finish(st, 1, REVISION_KEPT, NULL), 0);
	rev = revision_of(2, 1, "{}");
	(void)str_copy(rev.request, "key-2 abcd", sizeof(rev.request));
	assert_int_equal(store_prepare(st, &rev, "{}", 2), 0);
	assert_int_equal(store_finish(st, 2, REVISION_ROLLED_BACK, NULL), 0);
	rev = revision_of(3, 1, "{}");
	(void)str_copy(rev.request, "key-3 abcd", sizeof(rev.request));
	assert_int_equal(store_prepare(st, &rev, "{}", 2), 0);
	store_close(st);
	st = open_store(STORE_FOUND_GOOD);
	assert_int_equal(store_find_request(st, "alice", "key-1 ", &rev), 0);
	assert_int_equal(rev.number, 1);
	assert_string_equal(rev.request, "key-1 abcd");
	assert_int_equal(store_find_request(st, "bob", "key-1 ", &rev), -ENOENT);
	assert_int_equal(store_find_request(st, "alice", "key- ", &rev), -ENOENT);
	/* What was refused, or never ended, may be asked for again. */
	assert_int_equal(store_find_request(st, "alice", "key-2 ", &rev), -ENOENT);
	assert_int_equal(store_find_request(st, "alice", "key-3 ", &rev), -ENOENT);
	store_close(st);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kept_revision_survives_reopening, setup, teardown),
		cmocka_unit_test_setup_teardown(test_prepared_revision_is_history_after_a_crash, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pending_is_confirmed_or_left, setup, teardown),
		cmocka_unit_test_setup_teardown(test_discarded_revision_leaves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_list_goes_back_in_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_database_is_set_aside, setup, teardown),
		cmocka_unit_test_setup_teardown(test_document_must_have_its_digest, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kill_never_loses_what_was_acknowledged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_disk_refuses_and_keeps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forgetting_spares_running_and_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rewritten_history_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(test_honest_history_holds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_old_store_is_linked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_requests_are_found_again, setup, teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
