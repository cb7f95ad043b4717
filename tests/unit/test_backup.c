/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "confd_rig.h"
#include "ipc/ids.h"
#include "patronus-confd/backups.h"
#include "patronus-confd/snapshot.h"
#include "tempdir.h"

#define DAY_MS	86400000ull

static char		 dir[TEMPDIR_LEN];
static struct rig	*rig;

static int
setup_dir(void **state)
{
	(void)state;
	return (tempdir_make(dir, "backup"));
}

static int
teardown_dir(void **state)
{
	(void)state;
	return (tempdir_remove(dir));
}

static int
setup_rig(void **state)
{
	(void)state;
	rig = rig_new(NULL);
	rig_connect(rig);
	(void)rig_load(rig, "system: { hostname: edge1 }\nusers:\n  alice: { role: admin }\n  olga: { role: operator }\n", 201);
	return (0);
}

static int
teardown_rig(void **state)
{
	(void)state;
	rig_free(rig, false);
	return (0);
}

static int
write_whole(struct backup_dir *d, const char *hostname, struct backup_file *f, const void *data, size_t len)
{
	int error = backup_dir_begin(d, f->is_auto);

	return (error == 0 ? backup_dir_end(d, hostname, f, backup_dir_put(d, data, len)) : error);
}

/* Pieces of what comes from elsewhere follow one another, and it is there with the last. */
static void
test_pieces_follow_one_another(void **state)
{
	const char *name = "edge2-20251128T033000Z-full.age";
	struct backup_dir *d;
	uint64_t size;
	uint8_t *data;
	size_t len;

	(void)state;
	assert_int_equal(backup_dir_open(dir, &d), 0);
	assert_int_equal(backup_dir_take(d, name, 0, 6, "abc", 3), 0);
	assert_int_equal(backup_dir_read(d, name, &data, &len), -ENOENT);
	assert_int_equal(backup_dir_take(d, name, 4, 6, "ef", 2), -ESTALE);
	assert_int_equal(backup_dir_take(d, name, 3, 7, "def", 3), -ESTALE);
	assert_int_equal(backup_dir_take(d, name, 3, 6, "defg", 4), -ESTALE);
	assert_int_equal(backup_dir_take(d, name, 3, 6, "def", 3), 0);
	assert_int_equal(backup_dir_read_piece(d, name, 2, 3, &data, &len, &size), 0);
	assert_true(len == 3 && size == 6 && memcmp(data, "cde", 3) == 0);
	free(data);
	assert_int_equal(backup_dir_read_piece(d, name, 9, 3, &data, &len, &size), 0);
	assert_int_equal(len, 0);
	free(data);
	/* What was begun is gone with another one. */
	assert_int_equal(backup_dir_remove(d, name), 0);
	assert_int_equal(backup_dir_take(d, name, 0, 6, "abc", 3), 0);
	assert_int_equal(write_whole(d, "edge1", &(struct backup_file){ .content = "keys", .time_ms = 1000 }, "y", 1), 0);
	assert_int_equal(backup_dir_take(d, name, 3, 6, "def", 3), -ESTALE);
	assert_int_equal(backup_dir_take(d, name, 0, (uint64_t)BACKUP_BYTES_MAX + 1, "abc", 3), -EFBIG);
	assert_int_equal(backup_dir_remove(d, "edge1-19700101T000001Z-keys.age"), 0);
	backup_dir_close(d);
}

static void
test_files_have_names_that_say_all(void **state)
{
	struct backup_file f = { .content = "full", .is_auto = true, .time_ms = 1764300600000 }, twin = f, *list;
	struct backup_dir *d;
	uint8_t *data;
	unsigned n, i;
	size_t len;

	(void)state;
	assert_int_equal(backup_dir_open(dir, &d), 0);
	assert_int_equal(write_whole(d, "edge_1", &f, "abc", 3), 0);
	assert_string_equal(f.name, "edge-1-20251128T033000Z-full-auto.age");
	/* Another one of the same second. */
	assert_int_equal(write_whole(d, "edge_1", &twin, "defg", 4), 0);
	assert_string_equal(twin.name, "edge-1-20251128T033001Z-full-auto.age");
	assert_int_equal(backup_dir_list(d, &list, &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].name, twin.name);
	assert_true(list[0].is_auto && list[0].size == 4 && list[0].time_ms == 1764300601000 && strcmp(list[0].content, "full") == 0);
	free(list);
	assert_int_equal(backup_dir_read(d, f.name, &data, &len), 0);
	assert_int_equal(len, 3);
	free(data);
	for (i = 0; i < 5; i++) {
		twin.time_ms = 1764300600000 + (i + 1) * DAY_MS;
		assert_int_equal(write_whole(d, "edge1", &twin, "x", 1), 0);
	}
	f = (struct backup_file){ .content = "keys", .time_ms = 1000 };
	assert_int_equal(write_whole(d, "", &f, "y", 1), 0);
	backup_dir_keep(d, 3);
	assert_int_equal(backup_dir_list(d, &list, &n), 0);
	/* Three of the schedule, the newest; and the one that was made by hand, however old. */
	assert_int_equal(n, 4);
	assert_string_equal(list[3].name, "patronus-19700101T000001Z-keys.age");
	assert_string_equal(list[2].name, "edge1-20251201T033000Z-full-auto.age");
	free(list);
	assert_int_equal(backup_dir_remove(d, f.name), 0);
	assert_int_equal(backup_dir_remove(d, f.name), -ENOENT);
	backup_dir_close(d);
}

/* A name is looked up, and never a path. */
static void
test_no_name_is_a_path(void **state)
{
	static const char *const names[] = { "", ".", "..", "../vault.db", "/etc/passwd", "edge1-20251128T033000Z-full.age/..", ".new",
	    "edge1-20251128T033000Z-full.txt", "edge1-20251399T033000Z-full.age", "edge1-20251128T033000Z-half.age", "-20251128T033000Z-full.age",
	    "20251128T033000Z-full.age", "edge1-20251128T033000Z-full.age\n", "edge1%2f20251128T033000Z-full.age" };
	const char *real = "edge1-20251128T033000Z-full.age";
	struct backup_dir *d;
	char path[160];
	uint8_t *data;
	size_t i, len;

	(void)state;
	assert_int_equal(backup_dir_open(dir, &d), 0);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(backup_dir_read(d, names[i], &data, &len), -ENOENT);
		assert_int_equal(backup_dir_remove(d, names[i]), -ENOENT);
		assert_int_equal(backup_dir_take(d, names[i], 0, 1, "x", 1), -EINVAL);
	}
	/* Something else in its place is not followed. */
	(void)snprintf(path, sizeof(path), "%s/backups/%s", dir, real);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(backup_dir_read(d, real, &data, &len), -ENOENT);
	assert_int_equal(backup_dir_take(d, real, 0, 1, "x", 1), -EEXIST);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(backup_dir_read(d, real, &data, &len), -ENOENT);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(backup_dir_take(d, real, 0, 1, "x", 1), 0);
	backup_dir_close(d);
}

static void
test_made_listed_and_verified(void **state)
{
	const struct rig_answer *a;
	char name[128], path[160], body[256];

	(void)state;
	(void)rig_expect(rig, 422, POST("/backups", "{}"));
	(void)rig_expect(rig, 422, POST("/backups", "{\"passphrase\":\"short\"}"));
	(void)rig_expect(rig, 422, POST("/backups", "{\"recipients\":[\"age1nobody\"]}"));
	(void)rig_expect(rig, 422, POST("/backups", "{\"passphrase\":\"long enough for it\",\"content\":\"half\"}"));
	a = rig_expect(rig, 201, POST("/backups", "{\"passphrase\":\"long enough for it\"}"));
	(void)str_copy(name, rig_member(a->body, "name"), sizeof(name));
	assert_non_null(strstr(a->location, name));
	assert_non_null(strstr(rig_expect(rig, 200, GET("/backups"))->body, name));
	(void)snprintf(path, sizeof(path), "/backups/%s", name);
	a = rig_expect(rig, 200, GET(path));
	assert_memory_equal(a->body, "age-encryption.org/v1\n", 22);
	(void)snprintf(body, sizeof(body), "{\"name\":\"%s\",\"passphrase\":\"long enough for it\"}", name);
	a = rig_expect(rig, 200, POST("/backups/verify", body));
	assert_string_equal(rig_member(a->body, "valid"), "true");
	a = rig_expect(rig, 201, POST("/backups/restore", body));
	assert_string_equal(rig_member(a->body, "changes"), "0");
	(void)snprintf(body, sizeof(body), "{\"name\":\"%s\",\"passphrase\":\"another one of them\"}", name);
	(void)rig_expect(rig, 403, POST("/backups/verify", body));
	(void)rig_expect(rig, 404, POST("/backups/verify", "{\"name\":\"../vault.db\",\"passphrase\":\"x\"}"));
	(void)rig_expect(rig, 422, POST("/backups/verify", "{\"name\":\"x\"}"));
	(void)rig_expect(rig, 404, GET("/backups/..%2fvault.db"));
	(void)rig_expect(rig, 422, PUT("/backups/x.age", "hello", .type = "application/octet-stream"));
	(void)rig_expect(rig, 415, PUT("/backups/x.age", "{}"));
	(void)rig_expect(rig, 403, GET("/backups", .remote = "olga"));
}

/* Locked secrets: a configuration can be saved, the secrets cannot. */
static void
test_locked(void **state)
{
	char where[64];

	(void)state;
	(void)rig_expect(rig, 200, PUT("/vault/protection", "{\"protection\":\"passphrase\",\"passphrase\":\"for the boot, this\"}"));
	(void)str_copy(where, rig->dir, sizeof(where));
	rig_free(rig, true);
	rig = rig_new(where);
	rig_connect(rig);
	(void)rig_expect(rig, 409, POST("/backups", "{\"passphrase\":\"long enough for it\"}"));
	(void)rig_expect(rig, 409, POST("/backups", "{\"passphrase\":\"long enough for it\",\"content\":\"keys\"}"));
	(void)rig_expect(rig, 201, POST("/backups", "{\"passphrase\":\"long enough for it\",\"content\":\"configuration\"}"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_files_have_names_that_say_all, setup_dir, teardown_dir),
		cmocka_unit_test_setup_teardown(test_pieces_follow_one_another, setup_dir, teardown_dir),
		cmocka_unit_test_setup_teardown(test_no_name_is_a_path, setup_dir, teardown_dir),
		cmocka_unit_test_setup_teardown(test_made_listed_and_verified, setup_rig, teardown_rig),
		cmocka_unit_test_setup_teardown(test_locked, setup_rig, teardown_rig),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
