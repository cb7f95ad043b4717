/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_HTTPD_API_H
#define PATRONUS_HTTPD_API_H

#include "conn.h"

/*
 * Requests below /api/v1: turned into MGMT_REQUEST for confd and back, without looking inside.  What they mean, and who
 * may do that, is confd's to judge.
 */

#define API_PREFIX	"/api/v1"

/* conn_ops.request for a path that begins with API_PREFIX "/". */
enum conn_next	 api_request(struct conn *, const struct http_request *);

#endif
