/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store.h"

int
store_read(const char *name, size_t max, char **ret, size_t *ret_len)
{
	struct stat st;
	size_t len = 0;
	char *data;
	ssize_t n;
	int fd, error;

	fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return -errno;
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) || st.st_size < 0 || (uint64_t)st.st_size > max) {
		(void)close(fd);
		return -EFBIG;
	}
	data = malloc((size_t)st.st_size + 1);
	error = data == NULL ? -ENOMEM : 0;
	while (error == 0 && len < (size_t)st.st_size) {
		n = read(fd, data + len, (size_t)st.st_size - len);
		if (n == 0)
			break;
		if (n > 0)
			len += (size_t)n;
		else if (errno != EINTR)
			error = -errno;
	}
	(void)close(fd);
	if (error != 0) {
		free(data);
		return error;
	}
	data[len] = '\0';
	*ret = data;
	*ret_len = len;
	return 0;
}

static int
write_all(int fd, const char *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
sync_directory(void)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error;

	if (fd == -1)
		return -errno;
	error = fsync(fd) == -1 ? -errno : 0;
	(void)close(fd);
	return error;
}

int
store_write(const char *name, const void *data, size_t len, mode_t mode)
{
	char temp[64];
	int fd, error;

	(void)snprintf(temp, sizeof(temp), "%s.new", name);
	/* What a crash left behind; O_EXCL below refuses whatever else may lie there. */
	if (unlink(temp) == -1 && errno != ENOENT)
		return -errno;
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return -errno;
	error = write_all(fd, data, len);
	if (error == 0 && (fchmod(fd, mode) == -1 || fsync(fd) == -1))
		error = -errno;
	if (close(fd) == -1 && error == 0)
		error = -errno;
	if (error == 0 && rename(temp, name) == -1)
		error = -errno;
	if (error != 0) {
		(void)unlink(temp);
		return error;
	}
	return sync_directory();
}

int
store_each_line(const char *name, size_t max, int (*take)(char *line))
{
	char *text, *line, *at = NULL;
	size_t len;
	int error;

	error = store_read(name, max, &text, &len);
	if (error != 0)
		return error == -ENOENT ? 0 : error;
	if (strlen(text) != len)
		error = -EBADMSG;
	for (line = strtok_r(text, "\n", &at); line != NULL && error == 0; line = strtok_r(NULL, "\n", &at))
		error = take(line);
	explicit_bzero(text, len);
	free(text);
	return error;
}

int
store_set_aside(const char *name)
{
	char damaged[64];

	(void)snprintf(damaged, sizeof(damaged), "%s.damaged", name);
	if (rename(name, damaged) == -1)
		return -errno;
	return sync_directory();
}

int
store_remove(const char *name)
{
	if (unlink(name) == -1)
		return errno == ENOENT ? 0 : -errno;
	return sync_directory();
}
