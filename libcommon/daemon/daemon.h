/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_DAEMON_DAEMON_H
#define PATRONUS_DAEMON_DAEMON_H

#include <stdint.h>

#include "ipc/channel.h"

/*
 * The common main() of every unprivileged daemon: log, HELLO to privd on fd 3, channels to peers as they come (PEER), confinement,
 * event loop.  A daemon is its const struct daemon.
 */

struct event_base;
struct daemon;

struct daemon_peer {
	uint8_t				 role;		/* enum role of the other end */
	uint8_t				 purpose;	/* enum peer_purpose */
	const struct channel_ops	*ops;		/* on_close comes after the common code forgot the channel, which it frees itself */
	/* Called instead of making a channel when ops is NULL: takes the fd. */
	void				(*take)(struct daemon *, int fd);
};

struct daemon {
	const char			*name;		/* "fwd" */
	uint8_t				 role;
	const struct daemon_peer	*peers;		/* ends with role 0 */
	/* Before confinement: open what must be opened, load what must be loaded.  0 or -errno. */
	int				(*init)(struct daemon *);
	/* After confinement and HELLO: start serving.  0 or -errno. */
	int				(*start)(struct daemon *);
	/* What privd sends beyond PEER (LISTENER, PROC_EVENT); may be NULL. */
	void				(*on_priv)(struct daemon *, struct message *);
	void				(*stop)(struct daemon *);	/* may be NULL */

	struct event_base		*base;		/* set by daemon_main */
	void				*state;		/* the daemon's own */
	int				 argc;
	char				**argv;
};

/* Never returns before the end of the process; its value is the exit status. */
int	 daemon_main(struct daemon *, int argc, char **argv);

/* The channel to a peer, or NULL while it is away. */
struct channel	*daemon_channel(uint8_t role, uint8_t purpose);

/* One record for the auditor, through logd. */
void	 daemon_audit(const char *actor, const char *origin, const char *action, const char *object, const char *result,
	    const char *fmt, ...) __attribute__((format(printf, 6, 7)));

#endif
