/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_PRIVD_FILES_H
#define PATRONUS_PRIVD_FILES_H

struct options;

/* The directories that requests may write in, opened once before privd is confined.  0 or -errno (and logged). */
int	 files_init(const struct options *);

#endif
