/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONF_KIND_H
#define PATRONUS_CONF_KIND_H

#include <stdbool.h>

#include "ipc/codec.h"

/*
 * Which YANG typedefs are values of their own in C (net/addr.h) rather than strings.  The generator and the document
 * engine share this one table.
 */

struct conf_kind {
	const char	*name;		/* of the typedef, without prefix */
	enum field_kind	 kind;
	bool		 is_host_allowed;	/* FIELD_PREFIX: an address without length is a host */
	bool		 is_network;	/* FIELD_PREFIX: host bits must be 0 */
	bool		 is_v4;		/* FIELD_ADDR: only IPv4 */
};

/* NULL: the typedef is not in the table, its base type decides. */
const struct conf_kind	*conf_kind_find(const char *typedef_name);

#endif
