/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/lines.h"
#include "base/log.h"
#include "base/str.h"
#include "logfile.h"

#define TAIL	65536		/* longer than any record */
#define MODE	0640

static const char *
rotated(const struct logfile *f, unsigned n, char ret[80])
{
	(void)snprintf(ret, 80, n == 0 ? "%s" : "%s.%u", f->name, n);
	return ret;
}

/*
 * The number of the last whole record in fd, and where it ends.  The power may have gone before bytes were written whose length was: those are
 * zeros, which no record has, and what follows them was never synced either.
 */
static int
read_tail(int fd, uint64_t size, uint64_t *ret_seq, uint64_t *ret_end)
{
	static char tail[TAIL];
	uint64_t from = size > TAIL ? size - TAIL : 0;
	ssize_t n = pread(fd, tail, TAIL, (off_t)from);
	char *end, *line;

	if (n == -1)
		return -errno;
	*ret_seq = 0;
	if (n > 0 && (end = memchr(tail, '\0', (size_t)n)) != NULL)
		n = end - tail;
	end = n > 0 ? memrchr(tail, '\n', (size_t)n) : NULL;
	if (end == NULL) {
		*ret_end = from;
		return 0;
	}
	*ret_end = from + (uint64_t)(end - tail) + 1;
	line = memrchr(tail, '\n', (size_t)(end - tail));
	line = line != NULL ? line + 1 : tail;
	*ret_seq = audit_record_seq(line, (size_t)(end - line));
	return 0;
}

/* After a rotation the new file is empty: the number is in the one before. */
static uint64_t
seq_of_previous(const struct logfile *f)
{
	char name[80];
	uint64_t seq = 0, end;
	struct stat st;
	int fd = open(rotated(f, 1, name), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd == -1)
		return 0;
	if (fstat(fd, &st) == 0)
		(void)read_tail(fd, (uint64_t)st.st_size, &seq, &end);
	(void)close(fd);
	return seq;
}

static int
open_file(struct logfile *f)
{
	struct stat st;

	f->fd = open(f->name, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, MODE);
	if (f->fd == -1)
		return -errno;
	if (fstat(f->fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		logfile_close(f);
		return -EINVAL;
	}
	f->size = (uint64_t)st.st_size;
	return 0;
}

int
logfile_open(struct logfile *f, const char *name, uint64_t rotate_at, unsigned keep)
{
	uint64_t end;
	int error;

	memset(f, 0, sizeof(*f));
	(void)str_copy(f->name, name, sizeof(f->name));
	f->rotate_at = rotate_at;
	f->keep = keep;
	error = open_file(f);
	if (error == 0)
		error = read_tail(f->fd, f->size, &f->seq, &end);
	if (error != 0)
		return error;
	if (end < f->size) {
		log_warnx("log", "%s: cut off %llu bytes of a torn record", name, (unsigned long long)(f->size - end));
		if (ftruncate(f->fd, (off_t)end) == -1)
			return -errno;
		f->size = end;
	}
	if (f->seq == 0)
		f->seq = seq_of_previous(f);
	return 0;
}

void
logfile_close(struct logfile *f)
{
	if (f->fd != -1)
		(void)close(f->fd);
	f->fd = -1;
}

/* NAME -> NAME.1 -> NAME.2 ...; the oldest is overwritten.  On failure the present file goes on. */
static int
rotate(struct logfile *f)
{
	char from[80], to[80];
	unsigned n;
	int old = f->fd, error;

	(void)logfile_sync(f);
	for (n = f->keep; n > 0; n--)
		if (rename(rotated(f, n - 1, from), rotated(f, n, to)) == -1 && errno != ENOENT)
			return -errno;
	error = open_file(f);
	if (error != 0) {
		f->fd = old;
		return error;
	}
	(void)close(old);
	return 0;
}

int
logfile_append(struct logfile *f, const char *line, size_t len)
{
	ssize_t n;
	int error;

	if (f->size > 0 && f->size + len > f->rotate_at && (error = rotate(f)) != 0)
		log_warnx("log", "%s: cannot rotate: %s", f->name, strerror(-error));
	do
		n = write(f->fd, line, len);
	while (n == -1 && errno == EINTR);
	if (n == (ssize_t)len) {
		f->size += len;
		f->is_dirty = true;
		return 0;
	}
	error = n == -1 ? -errno : -ENOSPC;
	/* Half a record is none. */
	if (n > 0 && ftruncate(f->fd, (off_t)f->size) == -1)
		f->size += (uint64_t)n;
	f->lost++;
	return error;
}

int
logfile_sync(struct logfile *f)
{
	if (!f->is_dirty)
		return 0;
	if (fdatasync(f->fd) == -1)
		return -errno;
	f->is_dirty = false;
	return 0;
}
