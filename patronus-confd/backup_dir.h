/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_BACKUP_DIR_H
#define PATRONUS_CONFD_BACKUP_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Backups on the box: STATE/conf/backups, one encrypted file each.  The name says everything that a list shows:
 * HOST-20261128T033000Z-CONTENT.age, with "-auto" before the suffix for one that was made by the schedule.
 */

#define BACKUP_NAME_LEN		96
#define BACKUP_FILES_MAX	1200
#define BACKUP_BYTES_MAX	(60u << 20)	/* what fetchd carries at once */

struct backup_file {
	char		name[BACKUP_NAME_LEN];
	char		content[16];
	bool		is_auto;
	uint64_t	time_ms;	/* wall clock, by its name */
	uint64_t	size;
};

struct backup_dir;

/* dir is STATE/conf; backups is made below it. */
int	 backup_dir_open(const char *dir, struct backup_dir **ret);
void	 backup_dir_close(struct backup_dir *);		/* NULL is fine */

/* Newest first, at most BACKUP_FILES_MAX; the caller frees *ret.  0 or -errno. */
int	 backup_dir_list(struct backup_dir *, struct backup_file **ret, unsigned *ret_n);
/* -ENOENT for everything that is not in the list: no name is ever a path. */
int	 backup_dir_read(struct backup_dir *, const char *name, uint8_t **ret, size_t *ret_len);
/* As it lies on the disk, until backup_dir_unmap(): it is not in memory. */
int	 backup_dir_map(struct backup_dir *, const char *name, void **ret, size_t *ret_len);
void	 backup_dir_unmap(void *, size_t len);	/* NULL is fine */
/* A piece of at most max bytes from offset on; *ret_size is that of the whole. */
int	 backup_dir_read_piece(struct backup_dir *, const char *name, uint64_t offset, size_t max, uint8_t **ret, size_t *ret_len, uint64_t *ret_size);
int	 backup_dir_remove(struct backup_dir *, const char *name);
/* A new one, written in pieces, one at a time.  -EDQUOT: too many of one's own making, or too much; -EFBIG: larger than BACKUP_BYTES_MAX. */
int	 backup_dir_begin(struct backup_dir *, bool is_auto);
int	 backup_dir_put(struct backup_dir *, const void *data, size_t len);
/* With error 0 on disk, whole or not at all; the name is made of the rest of *file and written there.  Otherwise it is forgotten; the error. */
int	 backup_dir_end(struct backup_dir *, const char *hostname, struct backup_file *file, int error);
/*
 * One from elsewhere under its own name, in pieces that follow one another; it is there with the last.  -EINVAL: no name of a backup; -EEXIST;
 * -ESTALE: the piece does not continue the one before.
 */
int	 backup_dir_take(struct backup_dir *, const char *name, uint64_t offset, uint64_t size, const void *data, size_t len);
/* Remove the oldest of the schedule beyond so many. */
void	 backup_dir_keep(struct backup_dir *, unsigned n);

#endif
