/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUSCTL_HELP_H
#define PATRONUSCTL_HELP_H

#include <stdio.h>

struct command;

/* The page of a command, or of the commands below a group of words ("" for all). */
void	help_command(const struct command *, FILE *);
void	help_group(const char *group, FILE *);
/* "patronusctl show firewall log [-f | --follow] [--limit N] [FILTER]" without the program's name. */
void	help_usage(const struct command *, FILE *);

#endif
