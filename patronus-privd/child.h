/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_PRIVD_CHILD_H
#define PATRONUS_PRIVD_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "peer.h"
#include "processes.h"

/* What runs in the rows of the process table: started, checked, connected to each other, buried, started again. */

struct child {
	unsigned		 row;
	uint8_t			 role;
	pid_t			 pid;			/* 0: does not run */
	struct peer		 peer;			/* its descriptor 3 */
	uint64_t		 started_us;
	uint64_t		 start_at_us;		/* next start, UINT64_MAX: none */
	uint32_t		 restarts;
	uint32_t		 failures;		/* in a row: back-off */
	bool			 is_missing;		/* no program installed */
	char			 last_exit[64];
	const char		*killed_for;		/* violation, or NULL */
};

extern struct child	children[PROCESSES_MAX];
extern uint64_t		children_since_us;	/* monotonic: when privd began */

void	 children_init(void);
/* Start what is due; the earliest next start or deadline lowers *deadline_us. */
void	 children_tick(uint64_t now_us, uint64_t *deadline_us);
/* Reap everything that has ended; false when the spawner has. */
bool	 children_reap(void);
/* End of service: channels are closed, and after a while what is left is killed. */
void	 children_stop(void);

/* The child of a role that runs and has been checked, or NULL. */
struct child	*child_ready(uint8_t role);
/* The peer broke the rules: a record that it could not have written, and its end. */
void	 child_violation(struct child *, const char *why);
/* Its channel has ended, which ends it. */
void	 child_hangup(struct child *);
/* Is it confined as its row says?  Reads /proc.  false: *ret_why is what is wrong, or NULL when nobody can say. */
bool	 child_check(const struct child *, const char **ret_why);
/* It was checked: give it its channels, its listeners, and whoever waited for it. */
void	 child_connect(struct child *);
/* Start a helper, whose descriptor 3 is the other end of *ret_fd: privd itself has no channel to it.  0, or -EBUSY when all are busy. */
int	 child_help(uint8_t role, int *ret_fd);

#endif
