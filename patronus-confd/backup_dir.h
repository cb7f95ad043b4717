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
#define BACKUP_BYTES_MAX	(17u << 20)

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
int	 backup_dir_remove(struct backup_dir *, const char *name);
/* On disk, whole or not at all; the name is made of the rest of *file and written there.  -EDQUOT: too many of one's own making. */
int	 backup_dir_write(struct backup_dir *, const char *hostname, struct backup_file *file, const void *data, size_t len);
/* One from elsewhere under its own name.  -EINVAL: no name of a backup; -EEXIST. */
int	 backup_dir_take(struct backup_dir *, const char *name, const void *data, size_t len);
/* Remove the oldest of the schedule beyond so many. */
void	 backup_dir_keep(struct backup_dir *, unsigned n);

#endif
