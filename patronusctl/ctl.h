/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUSCTL_CTL_H
#define PATRONUSCTL_CTL_H

#include <stdbool.h>

#include "command.h"

/*
 * One invocation: what was typed, taken apart.
 */

struct client;

#define HOSTS_MAX	32

enum format {
	FORMAT_TEXT = 0,
	FORMAT_JSON,
	FORMAT_YAML,
};

struct ctl {
	const struct command	*command;
	const char		*args[ARGS_MAX + 1];	/* NULL after the last */
	int			 nargs;
	const char		*values[OPTIONS_MAX];	/* of the command's options by their place; "" for a flag */
	const char		*group;			/* help was asked for: below these words */
	bool			 wants_help;
	bool			 wants_version;
	enum format		 format;
	const char		*socket;
	const char		*hosts[HOSTS_MAX];	/* boxes that are far away; none: the socket */
	unsigned		 nhosts;
	const char		*workspace;		/* NULL: the newest of ours */
	const char		*color;
	unsigned		 timeout_ms;
	struct client		*client;		/* NULL until the first request */
};

/*
 * Take the words apart (argv[0] is the program).  0, or -1 with the message on standard error: exit with EXIT_USAGE.
 */
int		 ctl_parse(struct ctl *, int argc, char **argv);
/* Take from another invocation what was not given in this one: where the box is, workspace, colour. */
void		 ctl_inherit(struct ctl *, const struct ctl *from);
/* Value of an option of the running command; NULL when it was not given. */
const char	*ctl_option(const struct ctl *, const char *name);

#define CTL_FILE_MAX	(16u << 20)	/* of a request's body; the reader's own limit is lower and its message better */

struct buf;

/* A file behind what is in the buffer; "-" is standard input.  An exit code; a failure has been told. */
int	 ctl_read_file(const char *name, struct buf *ret);

#endif
