/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_HTTPD_ROUTE_H
#define PATRONUS_HTTPD_ROUTE_H

#include "conn.h"

/* Which part of httpd answers a request. */
enum conn_next	 route_request(struct conn *, const struct http_request *);

#endif
