/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FETCHD_SYSLOG_H
#define PATRONUS_FETCHD_SYSLOG_H

struct channel;
struct event_base;
struct message;

void	 syslog_init(struct event_base *);
void	 syslog_fini(void);
/* FETCH_RECEIVERS: where syslog may go. */
void	 syslog_receivers(struct channel *, struct message *, void *arg);
/* FETCH_SYSLOG: frames into a connection that is kept for the next ones. */
void	 syslog_request(struct channel *, struct message *, void *arg);

#endif
