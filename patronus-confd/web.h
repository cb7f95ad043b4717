/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_WEB_H
#define PATRONUS_CONFD_WEB_H

/*
 * Where httpd listens: the port is configuration, the socket is privd's, and httpd gets it from there.
 */

struct confd;

/* Ask privd for the listener that the running revision wants, when it is another one than before; when the port cannot be had, again and again. */
void	 web_changed(struct confd *);
/* No more tries. */
void	 web_stop(struct confd *);
/* httpd was started: it has no listener of the configuration yet. */
void	 web_httpd_ready(struct confd *);

#endif
