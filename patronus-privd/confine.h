/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_PRIVD_CONFINE_H
#define PATRONUS_PRIVD_CONFINE_H

struct options;

/* privd gives away what its requests do not need: capabilities, files, system calls.  After the spawner was forked.  0 or -errno. */
int	 confine_self(const struct options *);

#endif
