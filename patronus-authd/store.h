/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUTHD_STORE_H
#define PATRONUS_AUTHD_STORE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Small files in authd's own directory, which is its working directory.  A file is replaced whole: written beside,
 * fsync, renamed, and the directory synced, so that a power cut leaves the old or the new one.
 */

/* The whole file, malloc'd and terminated with a NUL that *ret_len does not count.  0 or -errno (-ENOENT, -EFBIG). */
int	 store_read(const char *name, size_t max, char **ret, size_t *ret_len);
/* 0 or -errno; on failure the old file is untouched. */
int	 store_write(const char *name, const void *data, size_t len, mode_t mode);
/*
 * Each line of a text file, to take() as long as that says 0; its bytes are wiped afterwards.  0 or -errno: what take() said,
 * -EBADMSG for a NUL, 0 when there is no file.
 */
int	 store_each_line(const char *name, size_t max, int (*take)(char *line));
/* A file that cannot be understood is kept for people as NAME.damaged, and out of the way.  0 or -errno. */
int	 store_set_aside(const char *name);
/* Gone, also after a power cut.  0 when it was not there. */
int	 store_remove(const char *name);

#endif
