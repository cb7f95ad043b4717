/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_HTTPD_ROUTE_H
#define PATRONUS_HTTPD_ROUTE_H

#include "conn.h"

/* Which part of httpd answers a request. */
enum conn_next	 route_request(struct conn *, const struct http_request *);
void		 route_refuse(struct conn *, unsigned status);
/* Reply with a problem of our own; always CONN_REPLIED. */
enum conn_next	 route_problem(struct conn *, const struct http_request *, unsigned status, const char *allow);

#endif
