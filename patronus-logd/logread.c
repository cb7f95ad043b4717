/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logread.h"

#define DATA_MAX	(2 * LOGREAD_LINE_MAX)

static int
open_nth(const char *name, unsigned n)
{
	char path[80];
	int fd;

	(void)snprintf(path, sizeof(path), n == 0 ? "%s" : "%s.%u", name, n);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd == -1 ? -errno : fd;
}

unsigned
logread_rotated(const char *name, unsigned keep)
{
	char path[80];
	struct stat st;
	unsigned n;

	for (n = keep; n > 0; n--) {
		(void)snprintf(path, sizeof(path), "%s.%u", name, n);
		if (lstat(path, &st) == 0)
			break;
	}
	return n;
}

static ssize_t
read_at(int fd, char *buf, size_t size, off_t at)
{
	ssize_t n;

	do
		n = pread(fd, buf, size, at);
	while (n == -1 && errno == EINTR);
	return n == -1 ? -errno : n;
}

/*
 * The first line that begins at or after `at`: its number and where it begins.  Number UINT64_MAX: there is none before the end.
 */
static int
line_after(struct logread *r, off_t at, uint64_t *ret_number, off_t *ret_begin)
{
	ssize_t n = read_at(r->fd, r->data, DATA_MAX, at > 0 ? at - 1 : 0);
	const char *begin = r->data, *end;

	if (n < 0)
		return (int)n;
	*ret_number = UINT64_MAX;
	*ret_begin = at;
	/* The byte before says whether a line begins here. */
	if (at > 0) {
		begin = memchr(r->data, '\n', (size_t)n);
		if (begin == NULL)
			return 0;
		begin++;
	}
	end = memchr(begin, '\n', (size_t)(r->data + n - begin));
	if (end == NULL)
		return 0;
	*ret_number = r->number(begin, (size_t)(end - begin));
	*ret_begin = (at > 0 ? at - 1 : 0) + (begin - r->data);
	return 0;
}

static int
first_number(struct logread *r, uint64_t *ret)
{
	off_t begin;

	return line_after(r, 0, ret, &begin);
}

/* In the file that is open: where the first line with a number of at least `from` begins. */
static int
bisect(struct logread *r, uint64_t from)
{
	off_t low = 0, high, middle, begin;
	uint64_t number;
	struct stat st;
	int error;

	if (fstat(r->fd, &st) == -1)
		return -errno;
	high = st.st_size;
	/* Every line that begins before low is too small; the one looked for begins at or before high. */
	while (low < high) {
		middle = low + (high - low) / 2;
		error = line_after(r, middle, &number, &begin);
		if (error != 0)
			return error;
		if (number >= from)
			high = middle;
		else
			low = begin + 1;
	}
	error = line_after(r, low, &number, &begin);
	r->at = number == UINT64_MAX ? st.st_size : begin;
	return error;
}

int
logread_open(struct logread *r, const char *name, unsigned keep, logread_number *number, uint64_t from)
{
	unsigned oldest = logread_rotated(name, keep), n;
	uint64_t first;
	int error;

	memset(r, 0, sizeof(*r));
	r->name = name;
	r->keep = keep;
	r->number = number;
	r->fd = -1;
	r->data = malloc(DATA_MAX);
	if (r->data == NULL)
		return -ENOMEM;
	for (n = from == 0 ? oldest : 0;; n++) {
		r->fd = open_nth(name, n);
		if (r->fd < 0) {
			error = r->fd;
			r->fd = -1;
			return error == -ENOENT ? 0 : error;
		}
		error = first_number(r, &first);
		if (error != 0 || n == oldest || first <= from)
			break;
		(void)close(r->fd);
		r->fd = -1;
	}
	return error != 0 || from == 0 ? error : bisect(r, from);
}

/* Which name does the open file have now?  The one that is newer comes next. */
static int
next_file(struct logread *r)
{
	struct stat ours, st;
	char path[80];
	unsigned n;
	int fd;

	if (fstat(r->fd, &ours) == -1)
		return -errno;
	for (n = 1; n <= r->keep; n++) {
		(void)snprintf(path, sizeof(path), "%s.%u", r->name, n);
		if (lstat(path, &st) == -1 || st.st_ino != ours.st_ino || st.st_dev != ours.st_dev)
			continue;
		fd = open_nth(r->name, n - 1);
		if (fd < 0)
			return fd == -ENOENT ? 0 : fd;
		(void)close(r->fd);
		r->fd = fd;
		r->at = 0;
		r->from = r->to = 0;
		return 1;
	}
	return 0;
}

static int
fill(struct logread *r)
{
	ssize_t n;

	memmove(r->data, r->data + r->from, r->to - r->from);
	r->to -= r->from;
	r->from = 0;
	if (r->to == DATA_MAX)
		return -EFBIG;
	n = read_at(r->fd, r->data + r->to, DATA_MAX - r->to, r->at);
	if (n < 0)
		return (int)n;
	r->at += n;
	r->to += (size_t)n;
	return n > 0;
}

int
logread_next(struct logread *r, const char **ret_line, size_t *ret_len)
{
	char *end;
	int n;

	while (r->fd != -1) {
		end = r->from < r->to ? memchr(r->data + r->from, '\n', r->to - r->from) : NULL;
		if (end != NULL) {
			*ret_line = r->data + r->from;
			*ret_len = (size_t)(end - *ret_line);
			r->from += *ret_len + 1;
			return 1;
		}
		n = fill(r);
		if (n == 0)
			n = next_file(r);
		if (n <= 0)
			return n;
	}
	return 0;
}

void
logread_close(struct logread *r)
{
	if (r->fd != -1)
		(void)close(r->fd);
	r->fd = -1;
	free(r->data);
	r->data = NULL;
}

int
logread_first(const char *name, unsigned keep, logread_number *number, uint64_t *ret)
{
	struct logread r;
	const char *line;
	size_t len;
	int n;

	*ret = UINT64_MAX;
	n = logread_open(&r, name, keep, number, 0);
	if (n == 0)
		n = logread_next(&r, &line, &len);
	if (n == 1)
		*ret = number(line, len);
	logread_close(&r);
	return n < 0 ? n : 0;
}

int
logread_last(const char *name, unsigned keep, char *ret, size_t *ret_len)
{
	static char tail[DATA_MAX];
	unsigned oldest = logread_rotated(name, keep), i;
	struct stat st;
	const char *end, *line;
	ssize_t n;
	int fd;

	for (i = 0; i <= oldest; i++) {
		fd = open_nth(name, i);
		if (fd < 0)
			continue;
		n = fstat(fd, &st) == 0 ? read_at(fd, tail, sizeof(tail), st.st_size > DATA_MAX ? st.st_size - DATA_MAX : 0) : -errno;
		(void)close(fd);
		if (n < 0)
			return (int)n;
		end = n > 0 ? memrchr(tail, '\n', (size_t)n) : NULL;
		if (end == NULL)
			continue;
		line = memrchr(tail, '\n', (size_t)(end - tail));
		line = line != NULL ? line + 1 : tail;
		*ret_len = (size_t)(end - line);
		if (*ret_len >= LOGREAD_LINE_MAX)
			return -EFBIG;
		memcpy(ret, line, *ret_len);
		return 0;
	}
	return -ENOENT;
}
