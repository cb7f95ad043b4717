/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_SANDBOX_CAPS_H
#define PATRONUS_SANDBOX_CAPS_H

/* No capability can come back to this process or its children: securebits locked, the bounding set cut to keep.  0 or -errno. */
int	 caps_lock(const int *keep, unsigned nkeep);
/* The process' own sets become keep, nothing else (NULL, 0: none). */
int	 caps_set(const int *keep, unsigned nkeep);
/* Leaves in list what this process may have at all; how many that are. */
unsigned caps_held(int *list, unsigned n);
/* The same as caps_set(), for an exec to keep too; and from here on no capability is passed on by anybody, for good.  Needs CAP_SETPCAP. */
int	 caps_give(const int *keep, unsigned nkeep);

#endif
