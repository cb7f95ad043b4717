/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The web app, compiled in: httpd has no filesystem after start. tools/embed-assets.py makes the one .c file that defines the table.
 *
 * `assets` is sorted by path with strcmp order, so that a reader may use bsearch. A path is what follows the host in the address
 * ("/assets/index-1a2b3c4d.js"); the page itself is "/index.html" and is also what "/" means. An encoding that would be larger than the
 * plain form is left out: data NULL and len 0. `immutable` is true when the name carries a hash of the contents: such a file
 * may be cached for ever; everything else is no-store. The etag is quoted, ready for a header, and stands for the plain form.
 */
#ifndef PATRONUS_HTTPD_ASSETS_H
#define PATRONUS_HTTPD_ASSETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct asset_body {
	const uint8_t	*data;
	uint32_t	 len;
};

struct asset {
	const char		*path;
	const char		*type;		/* "text/html; charset=utf-8" */
	bool			 immutable;
	struct asset_body	 plain, gzip, br;
	const char		*etag;
};

extern const struct asset	assets[];
extern const size_t		nassets;

#endif
