/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_PRIVD_JAIL_H
#define PATRONUS_PRIVD_JAIL_H

#include <sys/types.h>

struct options;
struct profile;

/*
 * The first stage of confinement, in the new process: a root of its own with nothing in it but libraries and the row's state
 * directory, then limits, uid, no capability, and the program.
 */
struct jail {
	const struct options	*options;
	const struct profile	*profile;
	int			 exe;		/* the program, opened when privd started */
	int			 channel;	/* becomes descriptor 3 */
};

/* The namespaces of a child (for clone). */
int	 jail_namespaces(const struct profile *);
/* Never returns. */
void	 jail_run(const struct jail *) __attribute__((noreturn));

#endif
