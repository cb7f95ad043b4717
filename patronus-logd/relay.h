/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_LOGD_RELAY_H
#define PATRONUS_LOGD_RELAY_H

#include "ipc/channel.h"

/*
 * Gets the logs to the receivers of syslog, through fetchd.  One request for each receiver is under way at a time; what it carried counts as
 * received only when its connection has stood for RELAY_SETTLE_MS after that, for syslog knows no acknowledgement: what the other kernel took,
 * a receiver that dies has not read.  A connection that ends earlier is followed by a new one that repeats what is in doubt.
 */

#define RELAY_SETTLE_MS		10000

struct event_base;
struct ledger;
struct logfile;

/* 0 or -errno. */
int	 relay_init(struct event_base *, struct ledger *, const struct logfile *events, unsigned events_keep);
/* Remembers how far everybody is. */
void	 relay_fini(void);
/* There is something new. */
void	 relay_wake(void);

/* LOG_RECEIVERS, LOG_PACKET and STATE_GET of "syslog", all from confd. */
void	 relay_on_receivers(struct channel *, struct message *, void *arg);
void	 relay_on_packet(struct channel *, struct message *, void *arg);
void	 relay_on_state(struct channel *, struct message *, void *arg);
/* fetchd's channel is there. */
void	 relay_fetchd_ready(struct channel *, void *arg);

#endif
