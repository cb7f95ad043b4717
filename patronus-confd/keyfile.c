/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

#include "keyfile.h"

#define NAME_LEN	64

struct keyfile {
	int	dirfd;
};

int
keyfile_open(const char *dir, struct keyfile **ret)
{
	struct keyfile *k;
	int error;

	if ((k = calloc(1, sizeof(*k))) == NULL)
		return (-ENOMEM);
	if ((k->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1) {
		error = -errno;
		free(k);
		return (error);
	}
	*ret = k;
	return (0);
}

void
keyfile_close(struct keyfile *k)
{
	if (k == NULL)
		return;
	(void)close(k->dirfd);
	free(k);
}

static void
name_of(const char *id, char ret[NAME_LEN])
{
	(void)snprintf(ret, NAME_LEN, "vault-%.32s.key", id);
}

int
keyfile_write(struct keyfile *k, const char *id, const uint8_t key[CIPHER_KEY_LEN])
{
	char name[NAME_LEN];
	int fd, error = 0;

	name_of(id, name);
	/* A new name: nothing can be there, and what somebody put there is not followed. */
	if ((fd = openat(k->dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)) == -1)
		return (-errno);
	if (write(fd, key, CIPHER_KEY_LEN) != CIPHER_KEY_LEN || fsync(fd) == -1)
		error = errno != 0 ? -errno : -EIO;
	(void)close(fd);
	if (error == 0 && fsync(k->dirfd) == -1)
		error = -errno;
	if (error != 0)
		(void)unlinkat(k->dirfd, name, 0);
	return (error);
}

int
keyfile_read(struct keyfile *k, const char *id, uint8_t ret[CIPHER_KEY_LEN])
{
	char name[NAME_LEN], more;
	struct stat st;
	int fd, error = 0;

	name_of(id, name);
	if ((fd = openat(k->dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)) == -1)
		return (errno == ELOOP ? -EBADMSG : -errno);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) || read(fd, ret, CIPHER_KEY_LEN) != CIPHER_KEY_LEN || read(fd, &more, 1) != 0)
		error = -EBADMSG;
	(void)close(fd);
	return (error);
}

/* What a solid-state disk makes of overwriting is its own affair: a key that was ever in a file is not as good as one that was not. */
static void
remove_one(struct keyfile *k, const char *name)
{
	static const uint8_t zeros[CIPHER_KEY_LEN];
	int fd = openat(k->dirfd, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd != -1) {
		if (write(fd, zeros, sizeof(zeros)) != sizeof(zeros) || fsync(fd) == -1)
			log_warn("vault", "%s: cannot be overwritten", name);
		(void)close(fd);
	}
	if (unlinkat(k->dirfd, name, 0) == -1 && errno != ENOENT)
		log_warn("vault", "%s: cannot be removed", name);
}

void
keyfile_tidy(struct keyfile *k, const char *id)
{
	int fd = openat(k->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *e;
	char keep[NAME_LEN];
	size_t len;
	DIR *dir;

	if (fd == -1 || (dir = fdopendir(fd)) == NULL) {
		if (fd != -1)
			(void)close(fd);
		return;
	}
	name_of(id, keep);
	while ((e = readdir(dir)) != NULL) {
		len = strlen(e->d_name);
		if (strncmp(e->d_name, "vault-", 6) == 0 && len > 10 && strcmp(e->d_name + len - 4, ".key") == 0 &&
		    (id[0] == '\0' || strcmp(e->d_name, keep) != 0))
			remove_one(k, e->d_name);
	}
	(void)closedir(dir);
}
