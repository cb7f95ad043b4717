/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FETCHD_PROBE_H
#define PATRONUS_FETCHD_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/msg.h"

/*
 * A probe: one question to one place, with one time limit for all of it.  Each kind is a row {start, stop}; what it needs to remember it
 * keeps in state.
 */

struct channel;
struct event;
struct event_base;
struct job;
struct resolved;

struct probe {
	struct job			*job;
	const struct probe_kind_ops	*ops;
	struct event			*timeout;
	void				*state;		/* of the kind; freed by its stop */
	bool				 is_ended;	/* the resolver may still call */
	bool				 is_resolving;
	char				 where[300];	/* for people */
};

struct probe_kind_ops {
	uint16_t	 port;				/* when the request gives none */
	/* Where to ask: NULL takes target and port as they are; otherwise 0 or -EINVAL with *ret_why a constant. */
	int		(*place)(const struct fetch_probe_req *, char *ret_host, size_t, uint16_t *ret_port, const char **ret_why);
	void		(*start)(struct probe *, const struct resolved *);
	void		(*stop)(struct probe *);
};

extern const struct probe_kind_ops probe_ping, probe_tcp, probe_http, probe_dns;

void			 probe_init(struct event_base *);
struct event_base	*probe_base(void);
void			 probe_fini(void);
/* FETCH_PROBE */
void			 probe_request(struct channel *, struct message *, void *arg);

const struct fetch_probe_req *probe_req(const struct probe *);
/* The verdict; the probe is gone afterwards. */
void			 probe_end(struct probe *, bool is_good, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* After confinement: the two sockets from privd. */
void			 probe_ping_open(void);

#endif
