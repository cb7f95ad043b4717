/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TESTS_TEMPDIR_H
#define PATRONUS_TESTS_TEMPDIR_H

/*
 * A directory of a test's own, in memory where there is /dev/shm: who kills does not cut the power, and need not wait for a disk.
 */

#define TEMPDIR_LEN	64

/* Makes it, by a name that begins with patronus-`name`; 0, or -1 with errno. */
int	tempdir_make(char dir[TEMPDIR_LEN], const char *name);
/* Removes it with all that is in it; the same. */
int	tempdir_remove(const char *dir);

#endif
