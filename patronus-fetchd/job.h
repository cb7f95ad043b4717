/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FETCHD_JOB_H
#define PATRONUS_FETCHD_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/channel.h"

/*
 * One request of confd while it is carried out.  The request's message is kept until the end: its strings and bytes are used where
 * they are, and wiped with it.
 */

#define JOBS_MAX	32

struct job {
	struct message	 message;	/* the request */
	struct channel	*channel;	/* NULL once confd has gone: nobody waits for the answer any more */
	uint64_t	 started_us;
	struct job	*next;
};

/* Takes the message.  NULL when too many are under way: the answer has been sent. */
struct job	*job_new(struct channel *, struct message *);
/* The request's body. */
const void	*job_body(const struct job *);
uint32_t	 job_took_us(const struct job *);
/* The end of it: sends the reply (struct fetch_*_rep) and frees. */
void		 job_end(struct job *, const void *rep);
/* confd has gone. */
void		 jobs_orphan(const struct channel *);

#endif
