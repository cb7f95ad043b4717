/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "net/nftguard.h"
#include "net/nftwalk.h"
#include "guard.h"
#include "nft.h"

#define LKG_MAX		(64u << 20)
#define LKG_FILE	"privd/lkg-ruleset"

static int
file_read(const char *path, struct buf *b)
{
	uint8_t chunk[65536];
	struct stat st;
	ssize_t n = 0;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return -errno;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0)
		while ((n = read(fd, chunk, sizeof(chunk))) > 0)
			buf_put(b, chunk, (size_t)n);
	(void)close(fd);
	return n < 0 ? -EIO : buf_failed(b) ? -EFBIG : 0;
}

/* The file was walked when it was written, but it has been on a disk since. */
static int
lkg_load(const char *state)
{
	struct refusal why;
	struct buf b;
	char path[4096];
	uint32_t n, offset;
	size_t rest;
	int error;

	(void)snprintf(path, sizeof(path), "%s/" LKG_FILE, state);
	buf_init(&b, LKG_MAX);
	error = file_read(path, &b);
	if (error == 0 && b.len == 0)
		error = -ENOENT;
	if (error == 0 && nftwalk_batch(b.data, b.len, &n, &why) != 0) {
		log_errx("guard", "%s: refused at byte %u: %s", path, why.offset, why.reason);
		error = -EPERM;
	}
	/* Another kernel may have no tables of bridges, or take less in them: the rules of zones are better than the guard all the same. */
	if (error == 0 && (error = nft_apply(b.data, b.len, 0, false, NULL, &offset)) != 0 &&
	    (rest = nftwalk_without_bridges(b.data, b.len)) < b.len) {
		log_errx("guard", "%s: %s; without its rules for bridges, whose ports frames pass between", path, strerror(-error));
		error = nft_apply(b.data, rest, 0, false, NULL, &offset);
	}
	buf_fini(&b);
	if (error == 0)
		log_info("guard", "last known good ruleset is in force");
	else if (error != -ENOENT)
		log_errx("guard", "%s: %s; the guard ruleset takes its place", path, strerror(-error));
	return error;
}

int
guard_load(const char *state)
{
	struct buf b;
	uint32_t offset;
	int error;

	error = nft_table_exists();
	if (error == 1) {
		log_info("guard", "the ruleset is in the kernel already and stays");
		return 0;
	}
	if (error < 0)
		return error;
	if (lkg_load(state) == 0)
		return 0;
	buf_init(&b, NFTGUARD_MAX);
	nftguard_build(&b);
	error = buf_failed(&b) ? -ENOMEM : nft_apply(b.data, b.len, 0, false, NULL, &offset);
	buf_fini(&b);
	if (error == 0)
		log_info("guard", "guard ruleset is in force");
	return error;
}
