/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUSCTL_SETFILE_H
#define PATRONUSCTL_SETFILE_H

#include <stdbool.h>

struct buf;
struct ctl;

/*
 * A file of set-commands, as "patronusctl diff --as set" prints them: set PATH VALUE, delete PATH, move PATH PLACE, one on a line,
 * # for remarks.  They are made in the workspace all together or not at all.
 */
bool	 setfile_is(const struct buf *);
/* An exit code; every error is told with its line.  *ret_n edits were made. */
int	 setfile_load(struct ctl *, const struct buf *, const char *file, const char *workspace, unsigned *ret_n);

#endif
