/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NET_CHECK_H
#define PATRONUS_NET_CHECK_H

#include <stdbool.h>

/* Pure checks of the few strings that a request may carry. */
bool	 check_hostname(const char *);		/* RFC 1123, one or more labels, at most 63 bytes (the kernel's bound is 64) */
bool	 check_ifname(const char *);		/* also "all" and "default" */
bool	 check_timezone(const char *);		/* "Europe/Berlin": a relative path of plain components */

#endif
