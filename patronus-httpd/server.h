/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_HTTPD_SERVER_H
#define PATRONUS_HTTPD_SERVER_H

#include <stdbool.h>

#include "conn.h"

/*
 * The listening socket and the list of connections: accepts while there is a certificate and a signer, ends what takes
 * too long, and drops the connection that is idle longest when there are too many, strangers first.
 */

#define SERVER_CONNS_MAX	1024

void	 server_init(struct event_base *, const struct conn_ops *);
/* A listening socket from privd for a slot (enum sock_slot); replaces the one it had for it.  Takes fd. */
void	 server_listen(uint8_t slot, int fd);
/* Accept now, or let new connections wait in the kernel's queue. */
void	 server_set_accepting(bool);
/* conn_ops.freed */
void	 server_forget(struct conn *);
unsigned server_nconns(void);

#endif
