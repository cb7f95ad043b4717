/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Commits as confd stores them, and what is left of them.
 *
 *	power_store write DIR DEVICE OFFSET COMMITS	each acknowledged number is written to DEVICE at OFFSET, behind the file system
 *	power_store check DIR				prints "running N kept N mirror N"; exit 1 when anything is torn
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "patronus-confd/digest.h"
#include "patronus-confd/store.h"

#define SECTOR	4096

static void
die(const char *what, int error)
{
	(void)fprintf(stderr, "power_store: %s: %s\n", what, strerror(-error));
	exit(1);
}

/* Every third is long; the text says which revision it is, at both ends. */
static void
document(uint32_t number, struct buf *b)
{
	uint32_t i, lines = number % 3 == 0 ? 400 : number % 7;

	buf_reset(b);
	buf_printf(b, "# revision %u\n", number);
	for (i = 0; i < lines; i++)
		buf_printf(b, "rule: %u of %u\n", i, number);
	buf_printf(b, "# end %u\n", number);
}

/* KEPT, PENDING and confirmed, PENDING and rolled back, refused: in turn. */
static void
commit(struct store *st, uint32_t number, struct buf *text)
{
	struct store_pointers later = { .deadline_boot_ms = 1, .boot_id = "1" };
	struct revision rev = { .number = number, .author = "root", .origin = "local", .comment = "", .time_ms = number };
	enum revision_state state = number % 4 == 1 || number % 4 == 2 ? REVISION_PENDING : number % 4 == 3 ? REVISION_ROLLED_BACK : REVISION_KEPT;
	int error;

	if ((error = digest_hex(text->data, text->len, rev.digest)) != 0 ||
	    (error = store_prepare(st, &rev, (const char *)text->data, text->len)) != 0 ||
	    (error = store_finish(st, number, state, &later)) != 0)
		die("commit", error);
	if (state == REVISION_PENDING && (error = number % 4 == 1 ? store_confirm(st) : store_roll_back(st)) != 0)
		die("end of pending", error);
}

static void
acknowledge(int fd, off_t offset, uint32_t number)
{
	void *sector;

	if (posix_memalign(&sector, SECTOR, SECTOR) != 0)
		die("memory", -ENOMEM);
	memset(sector, 0, SECTOR);
	(void)snprintf(sector, SECTOR, "acknowledged %u\n", number);
	if (pwrite(fd, sector, SECTOR, offset) != SECTOR)
		die("acknowledge", -errno);
	free(sector);
}

static int
write_all(const char *dir, const char *device, off_t offset, uint32_t commits)
{
	struct store_pointers at;
	enum store_found found;
	struct store *st;
	struct buf text;
	uint32_t number;
	int error, fd;

	if ((fd = open(device, O_WRONLY | O_DIRECT | O_CLOEXEC)) == -1)
		die(device, -errno);
	if ((error = store_open(dir, &st, &found)) != 0)
		die("store", error);
	buf_init(&text, 1 << 20);
	for (number = 1; number <= commits; number++) {
		document(number, &text);
		commit(st, number, &text);
		store_pointers(st, &at);
		acknowledge(fd, offset, at.kept);
		if (at.kept == number && (error = store_mirror_put(st, (const char *)text.data, text.len)) != 0)
			die("mirror", error);
	}
	buf_fini(&text);
	store_close(st);
	return (0);
}

static uint32_t
expect_whole(const char *text, size_t len, const char *what)
{
	struct buf wanted;
	uint32_t number;

	number = len > 11 ? (uint32_t)strtoul(text + 11, NULL, 10) : 0;
	buf_init(&wanted, 1 << 20);
	document(number, &wanted);
	if (wanted.len != len || memcmp(wanted.data, text, len) != 0) {
		(void)fprintf(stderr, "power_store: %s is torn\n", what);
		exit(1);
	}
	buf_fini(&wanted);
	return (number);
}

static int
check(const char *dir)
{
	struct store_pointers at;
	enum store_found found;
	uint32_t mirror = 0;
	struct store *st;
	char *text;
	size_t len;
	int error;

	if ((error = store_open(dir, &st, &found)) != 0)
		die("store", error);
	store_pointers(st, &at);
	if (at.kept != 0) {
		if ((error = store_document(st, at.kept, &text, &len)) != 0)
			die("document", error);
		if (expect_whole(text, len, "document") != at.kept)
			die("another document", -EINVAL);
		free(text);
	}
	if ((error = store_mirror_get(st, &text, &len)) == 0) {
		mirror = expect_whole(text, len, "running.yaml");
		free(text);
	} else if (error != -ENOENT)
		die("mirror", error);
	store_close(st);
	printf("%s kept %u mirror %u\n", found == STORE_FOUND_BROKEN ? "broken" : "good", at.kept, mirror);
	return (0);
}

int
main(int argc, char **argv)
{
	uint64_t offset, commits;

	if (argc == 3 && strcmp(argv[1], "check") == 0)
		return (check(argv[2]));
	if (argc != 6 || strcmp(argv[1], "write") != 0 || str_u64(argv[4], 0, INT64_MAX, &offset) != 0 ||
	    str_u64(argv[5], 1, 100000, &commits) != 0)
		return (2);
	return (write_all(argv[2], argv[3], (off_t)offset, (uint32_t)commits));
}
