/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_PRIVD_LISTENER_H
#define PATRONUS_PRIVD_LISTENER_H

#include <stdint.h>

struct child;

/* The web listeners: kept open here, so that a new httpd serves the connections that waited meanwhile. */

/* Take what LISTEN_FDS hands in under the name "web"; everything else that was handed in is closed. */
void	 listener_activate(void);
/* Listen on a port, dual stack.  0 or -errno. */
int	 listener_open(uint16_t port);
/* All that are open, to httpd. */
void	 listener_give(struct child *httpd);

#endif
