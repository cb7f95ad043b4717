/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tempdir.h"

int
tempdir_make(char dir[TEMPDIR_LEN], const char *name)
{
	(void)snprintf(dir, TEMPDIR_LEN, "%s/patronus-%s-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", name);
	return (mkdtemp(dir) == NULL ? -1 : 0);
}

static int
remove_one(const char *path, const struct stat *sb, int flag, struct FTW *ftw)
{
	(void)sb;
	(void)flag;
	(void)ftw;
	return (remove(path));
}

int
tempdir_remove(const char *dir)
{
	return (nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS));
}
