/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FETCHD_PLACE_H
#define PATRONUS_FETCHD_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;
struct sockaddr_storage;

/*
 * Where a request may go.  The configuration names the place, but a name can lead anywhere: what points back at the box itself is
 * refused, whoever made the name say so.
 */

/* NULL when a connection may go there; otherwise a constant that says why not. */
const char	*place_refusal(const struct sockaddr *);
/* The same, whether it is an address of the box or not. */
const char	*place_refusal_of_kind(const struct sockaddr *);

/* A literal address with port, or false when text is no address (it is a name then). */
bool		 place_literal(const char *text, uint16_t port, struct sockaddr_storage *ret);
size_t		 place_len(const struct sockaddr *);

/* The parts of a URL of one of our schemes; a port that is left out is the scheme's. */
struct place {
	char		scheme[8];	/* "http", "https", "sftp" */
	char		host[256];	/* without the brackets of an IPv6 address */
	uint16_t	port;
	char		path[1024];	/* starts with "/" */
};

/* schemes: "https sftp".  0, or -EINVAL with *ret_why a constant. */
int		 place_parse(const char *url, const char *schemes, struct place *ret, const char **ret_why);
/* May the path be named in a command of the SFTP protocol without being quoted? */
bool		 place_path_is_plain(const char *path);

#endif
