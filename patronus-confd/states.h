/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_STATES_H
#define PATRONUS_CONFD_STATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Live state: asked of its owner for every request (nothing is cached, so nothing can be old), and what was told unasked:
 * drift, process events, counters.
 */

struct arena;
struct bytes;
struct buf;
struct channel;
struct confd;
struct drift_req;
struct event_req;
struct message;
struct proc_event_req;
struct proc_status_rep;
struct states;

#define STATES_CALL_MS	5000

struct states	*states_new(struct confd *);
void		 states_free(struct states *);

/* From owners and from privd. */
void		 states_on_drift(struct states *, const struct drift_req *);
void		 states_on_event(struct states *, const struct event_req *);
void		 states_on_process(struct states *, const struct proc_event_req *);

/* The owner of a state by its name ("routes"), or NULL: no such state. */
const char	*states_owner(const char *name);

/* What an owner answered, or why not.  record is NULL with an error; it lives in arena. */
struct state_answer {
	int		 error;		/* -EAGAIN: the owner is away */
	const void	*record;
	struct arena	*arena;
};
typedef void states_then(const struct state_answer *, void *arg);

/* Ask an owner.  then is called exactly once, perhaps before this returns. */
void		 states_ask(struct states *, const char *name, uint32_t limit, states_then *then, void *arg);

/* {"drift": [...]}, newest first. */
void		 states_print_drift(const struct states *, struct buf *);
/* "critical" drift of the last hour, and owners that do not have the running revision: JSON objects with commas. */
void		 states_print_alarms(const struct states *, struct buf *);
/* {"processes": [...]}; 0 or -errno when privd does not tell. */
int		 states_print_processes(struct buf *);

#endif
