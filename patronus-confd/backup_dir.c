/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/mman.h>
#include <sys/stat.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"

#include "backup_dir.h"

#define TIME_LEN	16	/* 20261128T033000Z */
#define MANUAL_MAX	200
#define MANUAL_BYTES	(3400ull << 20)	/* of these together */

struct backup_dir {
	int		fd;
	int		new_fd;				/* of the one that is being written; -1: none */
	size_t		new_len;
	char		taken[BACKUP_NAME_LEN];		/* that comes in pieces; "" for none */
	uint64_t	taken_size;
	uint64_t	taken_at;
};

int
backup_dir_open(const char *dir, struct backup_dir **ret)
{
	struct backup_dir *d;
	int parent, error = 0;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return (-ENOMEM);
	if ((parent = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1) {
		error = -errno;
		free(d);
		return (error);
	}
	d->fd = d->new_fd = -1;
	if (mkdirat(parent, "backups", 0700) == -1 && errno != EEXIST)
		error = -errno;
	else if ((d->fd = openat(parent, "backups", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) == -1)
		error = -errno;
	(void)close(parent);
	if (error != 0) {
		backup_dir_close(d);
		return (error);
	}
	*ret = d;
	return (0);
}

void
backup_dir_close(struct backup_dir *d)
{
	if (d == NULL)
		return;
	if (d->new_fd != -1)
		(void)close(d->new_fd);
	if (d->fd != -1)
		(void)close(d->fd);
	free(d);
}

/* --- names --- */

static bool
take_suffix(char *name, const char *suffix)
{
	size_t n = strlen(name), len = strlen(suffix);

	if (n <= len || strcmp(name + n - len, suffix) != 0)
		return (false);
	name[n - len] = '\0';
	return (true);
}

/* "20261128T033000Z" */
static bool
read_time(const char *text, uint64_t *ret_ms)
{
	struct tm tm = { 0 }, back;
	time_t t;

	if (strlen(text) != TIME_LEN || text[8] != 'T' || text[15] != 'Z' || strspn(text, "0123456789TZ") != TIME_LEN ||
	    strptime(text, "%Y%m%dT%H%M%SZ", &tm) == NULL)
		return (false);
	t = timegm(&tm);
	if (t < 0 || gmtime_r(&t, &back) == NULL || back.tm_mday != tm.tm_mday)
		return (false);
	*ret_ms = (uint64_t)t * 1000;
	return (true);
}

static bool
read_name(const char *name, struct backup_file *ret)
{
	char copy[BACKUP_NAME_LEN], *dash;

	if (str_copy(copy, name, sizeof(copy)) >= sizeof(copy) ||
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.")] != '\0' || !take_suffix(copy, ".age"))
		return (false);
	memset(ret, 0, sizeof(*ret));
	(void)str_copy(ret->name, name, sizeof(ret->name));
	ret->is_auto = take_suffix(copy, "-auto");
	if ((dash = strrchr(copy, '-')) == NULL || (strcmp(dash, "-full") != 0 && strcmp(dash, "-configuration") != 0 &&
	    strcmp(dash, "-keys") != 0))
		return (false);
	(void)str_copy(ret->content, dash + 1, sizeof(ret->content));
	*dash = '\0';
	dash = strrchr(copy, '-');
	return (dash != NULL && dash > copy && read_time(dash + 1, &ret->time_ms));
}

static void
make_name(const char *hostname, struct backup_file *f)
{
	time_t t = (time_t)(f->time_ms / 1000);
	char host[33], when[TIME_LEN + 1];
	struct tm tm;
	size_t i;

	(void)str_copy(host, hostname[0] != '\0' ? hostname : "patronus", sizeof(host));
	for (i = 0; host[i] != '\0'; i++)
		if (!isalnum((unsigned char)host[i]))
			host[i] = '-';
	(void)strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", gmtime_r(&t, &tm));
	(void)snprintf(f->name, sizeof(f->name), "%s-%s-%s%s.age", host, when, f->content, f->is_auto ? "-auto" : "");
}

/* --- files --- */

static int
compare(const void *a, const void *b)
{
	const struct backup_file *x = a, *y = b;

	return (x->time_ms > y->time_ms ? -1 : x->time_ms < y->time_ms ? 1 : strcmp(y->name, x->name));
}

int
backup_dir_list(struct backup_dir *d, struct backup_file **ret, unsigned *ret_n)
{
	struct backup_file *files = calloc(BACKUP_FILES_MAX, sizeof(*files));
	int fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *e;
	struct stat st;
	unsigned n = 0;
	DIR *dir;

	if (files == NULL || fd == -1 || (dir = fdopendir(fd)) == NULL) {
		if (fd != -1)
			(void)close(fd);
		free(files);
		return (-ENOMEM);
	}
	while (n < BACKUP_FILES_MAX && (e = readdir(dir)) != NULL) {
		if (!read_name(e->d_name, &files[n]) || fstatat(d->fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1 || !S_ISREG(st.st_mode))
			continue;
		files[n++].size = (uint64_t)st.st_size;
	}
	(void)closedir(dir);
	qsort(files, n, sizeof(*files), compare);
	*ret = files;
	*ret_n = n;
	return (0);
}

static int
read_from(int fd, uint64_t offset, size_t len, uint8_t **ret)
{
	uint8_t *data = malloc(len + 1);
	size_t at = 0;
	ssize_t n = 0;

	if (data == NULL)
		return (-ENOMEM);
	for (; at < len && (n = pread(fd, data + at, len - at, (off_t)(offset + at))) > 0; at += (size_t)n)
		;
	if (at < len) {
		free(data);
		return (-EIO);
	}
	*ret = data;
	return (0);
}

/* A descriptor, or -errno. */
static int
open_file(struct backup_dir *d, const char *name, size_t *ret_size)
{
	struct backup_file f;
	struct stat st;
	int fd;

	if (!read_name(name, &f))
		return (-ENOENT);
	if ((fd = openat(d->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)) == -1)
		return (errno == ELOOP ? -ENOENT : -errno);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) || st.st_size < 0 || st.st_size > BACKUP_BYTES_MAX) {
		(void)close(fd);
		return (-ENOENT);
	}
	*ret_size = (size_t)st.st_size;
	return (fd);
}

int
backup_dir_read_piece(struct backup_dir *d, const char *name, uint64_t offset, size_t max, uint8_t **ret, size_t *ret_len, uint64_t *ret_size)
{
	size_t size, len;
	int fd, error;

	if ((fd = open_file(d, name, &size)) < 0)
		return (fd);
	offset = offset < size ? offset : size;
	len = size - offset < max ? size - (size_t)offset : max;
	if ((error = read_from(fd, offset, len, ret)) == 0) {
		*ret_len = len;
		*ret_size = size;
	}
	(void)close(fd);
	return (error);
}

/* Files here are written once and then linked: nobody makes one shorter. */
int
backup_dir_map(struct backup_dir *d, const char *name, void **ret, size_t *ret_len)
{
	size_t size;
	void *data;
	int fd, error;

	if ((fd = open_file(d, name, &size)) < 0)
		return (fd);
	data = size > 0 ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
	error = data != MAP_FAILED ? 0 : size > 0 ? -errno : -ENOENT;
	(void)close(fd);
	if (error != 0)
		return (error);
	*ret = data;
	*ret_len = size;
	return (0);
}

void
backup_dir_unmap(void *data, size_t len)
{
	if (data != NULL)
		(void)munmap(data, len);
}

int
backup_dir_read(struct backup_dir *d, const char *name, uint8_t **ret, size_t *ret_len)
{
	uint64_t size;

	return (backup_dir_read_piece(d, name, 0, BACKUP_BYTES_MAX, ret, ret_len, &size));
}

int
backup_dir_remove(struct backup_dir *d, const char *name)
{
	struct backup_file f;

	if (!read_name(name, &f))
		return (-ENOENT);
	return (unlinkat(d->fd, name, 0) == -1 ? -errno : 0);
}

static int
write_all(int fd, const uint8_t *data, size_t len)
{
	ssize_t n;

	for (; len > 0; data += n, len -= (size_t)n) {
		n = write(fd, data, len);
		if (n == -1 && errno == EINTR)
			n = 0;
		else if (n == -1)
			return (-errno);
	}
	return (0);
}

/* May there be another of one's own making? */
static bool
has_room(struct backup_dir *d)
{
	struct backup_file *files;
	unsigned n, i, manual = 0;
	uint64_t bytes = 0;

	if (backup_dir_list(d, &files, &n) != 0)
		return (true);
	for (i = 0; i < n; i++) {
		manual += !files[i].is_auto;
		bytes += files[i].is_auto ? 0 : files[i].size;
	}
	free(files);
	return (manual < MANUAL_MAX && bytes < MANUAL_BYTES);
}

/* The bytes come under the name ".new". */
static int
begin(struct backup_dir *d)
{
	d->taken[0] = '\0';
	if (d->new_fd != -1)
		(void)close(d->new_fd);
	d->new_len = 0;
	d->new_fd = -1;
	if (unlinkat(d->fd, ".new", 0) == -1 && errno != ENOENT)
		return (-errno);
	if ((d->new_fd = openat(d->fd, ".new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) == -1)
		return (-errno);
	return (0);
}

int
backup_dir_begin(struct backup_dir *d, bool is_auto)
{
	return (!is_auto && !has_room(d) ? -EDQUOT : begin(d));
}

int
backup_dir_put(struct backup_dir *d, const void *data, size_t len)
{
	if (len > BACKUP_BYTES_MAX - d->new_len)
		return (-EFBIG);
	d->new_len += len;
	return (write_all(d->new_fd, data, len));
}

/* Safe on disk, before it gets a name. */
static int
settle(struct backup_dir *d, int error)
{
	if (error == 0 && fsync(d->new_fd) == -1)
		error = -errno;
	if (d->new_fd != -1)
		(void)close(d->new_fd);
	d->new_fd = -1;
	return (error);
}

static int
end_new(struct backup_dir *d, int error)
{
	(void)unlinkat(d->fd, ".new", 0);
	return (error == 0 && fsync(d->fd) == -1 ? -errno : error);
}

int
backup_dir_end(struct backup_dir *d, const char *hostname, struct backup_file *f, int error)
{
	error = settle(d, error);
	/* Two of one second: the later one gets the next. */
	for (make_name(hostname, f); error == 0; f->time_ms += 1000, make_name(hostname, f)) {
		if (linkat(d->fd, ".new", d->fd, f->name, 0) == 0)
			break;
		if (errno != EEXIST)
			error = -errno;
	}
	f->size = d->new_len;
	return (end_new(d, error));
}

/* The first piece. */
static int
begin_taken(struct backup_dir *d, const char *name, uint64_t size)
{
	struct backup_file f;
	struct stat st;
	int error;

	if (!read_name(name, &f))
		return (-EINVAL);
	if (size > BACKUP_BYTES_MAX)
		return (-EFBIG);
	if (fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return (-EEXIST);
	if ((error = backup_dir_begin(d, f.is_auto)) != 0)
		return (error);
	(void)str_copy(d->taken, name, sizeof(d->taken));
	d->taken_size = size;
	d->taken_at = 0;
	return (0);
}

int
backup_dir_take(struct backup_dir *d, const char *name, uint64_t offset, uint64_t size, const void *data, size_t len)
{
	int error;

	if (offset == 0 && (error = begin_taken(d, name, size)) != 0)
		return (error);
	if (strcmp(d->taken, name) != 0 || offset != d->taken_at || size != d->taken_size || len > size - offset)
		return (-ESTALE);
	error = backup_dir_put(d, data, len);
	d->taken_at += len;
	if (error == 0 && d->taken_at < size)
		return (0);
	d->taken[0] = '\0';
	error = settle(d, error);
	if (error == 0 && linkat(d->fd, ".new", d->fd, name, 0) == -1)
		error = -errno;
	return (end_new(d, error));
}

void
backup_dir_keep(struct backup_dir *d, unsigned keep)
{
	struct backup_file *files;
	unsigned n, i, kept = 0;

	if (backup_dir_list(d, &files, &n) != 0)
		return;
	for (i = 0; i < n; i++)
		if (files[i].is_auto && ++kept > keep && backup_dir_remove(d, files[i].name) != 0)
			log_warnx("backup", "%s: cannot be removed", files[i].name);
	free(files);
}
