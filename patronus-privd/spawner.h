/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_PRIVD_SPAWNER_H
#define PATRONUS_PRIVD_SPAWNER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The second role of the binary: the process that keeps the capabilities for making processes, so that privd, which talks to
 * the daemons, need not have them.  It is told a verb and the number of a row; the children it makes are privd's (CLONE_PARENT).
 */

struct options;

#define SPAWNER_TEXT_MAX	128

/* --- privd's side.  Fork it while there is one thread and nothing secret; 0 or -errno. */
int	 spawner_start(const struct options *);
pid_t	 spawner_pid(void);
/* Start a row with fd as its descriptor 3.  The pid or -errno. */
pid_t	 spawner_spawn(unsigned row, int fd);
/* SIGKILL to what runs in a row, if anything. */
int	 spawner_kill(unsigned row);
struct spawner_facts {
	uint32_t	pss_kb;
	char		namespaces[SPAWNER_TEXT_MAX];
};
int	 spawner_facts(unsigned row, struct spawner_facts *ret);
/* The kernel's host name; checked on both sides. */
int	 spawner_hostname(const char *);

#endif
