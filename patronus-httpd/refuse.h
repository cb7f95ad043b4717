/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_HTTPD_REFUSE_H
#define PATRONUS_HTTPD_REFUSE_H

#include "conn.h"

/* Reply to a request with a problem of our own; always CONN_REPLIED.  allow goes with 405, NULL otherwise. */
enum conn_next	 refuse_request(struct conn *, const struct http_request *, unsigned status, const char *allow);
/* The last reply on a connection whose request could not be read. */
void		 refuse_connection(struct conn *, unsigned status);

#endif
