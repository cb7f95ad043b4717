/* SPDX-License-Identifier: GPL-3.0-or-later */
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

struct backup_dir {
	int	fd;
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
	d->fd = -1;
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

int
backup_dir_read(struct backup_dir *d, const char *name, uint8_t **ret, size_t *ret_len)
{
	struct backup_file f;
	uint8_t *data = NULL;
	struct stat st;
	int fd, error = 0;

	if (!read_name(name, &f))
		return (-ENOENT);
	if ((fd = openat(d->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)) == -1)
		return (errno == ELOOP ? -ENOENT : -errno);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) || st.st_size < 0 || st.st_size > BACKUP_BYTES_MAX)
		error = -ENOENT;
	else if ((data = malloc((size_t)st.st_size + 1)) == NULL)
		error = -ENOMEM;
	else if (read(fd, data, (size_t)st.st_size) != st.st_size)
		error = -EIO;
	(void)close(fd);
	if (error != 0) {
		free(data);
		return (error);
	}
	*ret = data;
	*ret_len = (size_t)st.st_size;
	return (0);
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
	return (fsync(fd) == -1 ? -errno : 0);
}

static unsigned
count_manual(struct backup_dir *d)
{
	struct backup_file *files;
	unsigned n, i, manual = 0;

	if (backup_dir_list(d, &files, &n) != 0)
		return (0);
	for (i = 0; i < n; i++)
		manual += !files[i].is_auto;
	free(files);
	return (manual);
}

/* The bytes under the name ".new", safe on disk. */
static int
write_new(struct backup_dir *d, const void *data, size_t len)
{
	int fd, error;

	if (unlinkat(d->fd, ".new", 0) == -1 && errno != ENOENT)
		return (-errno);
	if ((fd = openat(d->fd, ".new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) == -1)
		return (-errno);
	error = write_all(fd, data, len);
	(void)close(fd);
	return (error);
}

static int
end_new(struct backup_dir *d, int error)
{
	(void)unlinkat(d->fd, ".new", 0);
	return (error == 0 && fsync(d->fd) == -1 ? -errno : error);
}

int
backup_dir_write(struct backup_dir *d, const char *hostname, struct backup_file *f, const void *data, size_t len)
{
	int error;

	if (!f->is_auto && count_manual(d) >= MANUAL_MAX)
		return (-EDQUOT);
	error = write_new(d, data, len);
	/* Two of one second: the later one gets the next. */
	for (make_name(hostname, f); error == 0; f->time_ms += 1000, make_name(hostname, f)) {
		if (linkat(d->fd, ".new", d->fd, f->name, 0) == 0)
			break;
		if (errno != EEXIST)
			error = -errno;
	}
	f->size = len;
	return (end_new(d, error));
}

int
backup_dir_take(struct backup_dir *d, const char *name, const void *data, size_t len)
{
	struct backup_file f;
	int error;

	if (!read_name(name, &f))
		return (-EINVAL);
	if (!f.is_auto && count_manual(d) >= MANUAL_MAX)
		return (-EDQUOT);
	error = write_new(d, data, len);
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
