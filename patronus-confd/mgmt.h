/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_MGMT_H
#define PATRONUS_CONFD_MGMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/channel.h"

/*
 * Where requests come in: connections of the local socket, and the channel of httpd.  Both speak the messages of ipc/mgmt.def.
 */

struct confd;
struct mgmt;
struct origin;

#define MGMT_CONNECTIONS	64	/* of the local socket */
#define MGMT_PER_UID		16	/* of one user other than root */
#define MGMT_HELLO_MS		5000
#define MGMT_QUEUE_MAX		(20u << 20)	/* the largest answer, and some events */

struct mgmt	*mgmt_new(struct confd *);
void		 mgmt_free(struct mgmt *);

/* Accept connections; takes the listening descriptor.  0 or -errno. */
int		 mgmt_listen(struct mgmt *, int fd);
/* Requests of httpd; NULL: it went away. */
void		 mgmt_httpd(struct mgmt *, struct channel *);
/* The dispatch table for the channel of httpd (its argument is not looked at). */
extern const struct channel_dispatch mgmt_httpd_table[];
/* The only one of the process, for the handlers of that table. */
void		 mgmt_set_current(struct mgmt *);

/* For events.h: a listener is a connection. */
int		 mgmt_send_event(void *listener, uint32_t stream, uint64_t id, const char *topic, const char *data, size_t len);

/* A connection that came from somewhere else than the listener: for tests.  Takes the fd. */
int		 mgmt_adopt(struct mgmt *, int fd, uint32_t uid);

#endif
