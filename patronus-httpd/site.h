/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_HTTPD_SITE_H
#define PATRONUS_HTTPD_SITE_H

#include "http_request.h"

/*
 * Did our own page cause this request to the API?  Three independent answers of the browser are asked: Sec-Fetch-Site,
 * Origin, and the media type (a form of another site cannot send JSON without asking first).  The fourth, the
 * Patronus-CSRF value, is confd's to check. 0, or the negative status to refuse with: -403, -415.  Programs that are no
 * browser send neither field, and pass.
 */
int	 site_check(const struct http_request *);

#endif
