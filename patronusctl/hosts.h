/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUSCTL_HOSTS_H
#define PATRONUSCTL_HOSTS_H

#include <stddef.h>

/*
 * Boxes that are far away, by the names that a person gives them: one line each in ~/.config/patronus/hosts,
 *   NAME URL [token-file=FILE] [ca=FILE] [pin=sha256//BASE64]
 * A box without ca and pin is checked against the authorities of this machine.
 */

#define HOST_TEXT	512

struct host {
	char	name[65];
	char	url[HOST_TEXT];		/* "https://edge1.example:8443", without a path */
	char	token[129];		/* from the file, or PATRONUS_TOKEN; "" for none */
	char	ca[HOST_TEXT];		/* a file; "" for none */
	char	pin[HOST_TEXT];		/* of the public key; "" for none */
};

/* name is one of the file, or a URL.  0, or -1 after telling why. */
int	 host_find(const char *name, struct host *ret);

#endif
