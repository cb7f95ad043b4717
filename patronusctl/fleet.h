/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUSCTL_FLEET_H
#define PATRONUSCTL_FLEET_H

struct ctl;

/*
 * The same command on several boxes at once, each in a process of its own.  Every line of theirs starts with the box's name.  The exit code is
 * theirs when it is the same everywhere, else EXIT_PARTIAL.
 */
int	 fleet_run(struct ctl *);

#endif
