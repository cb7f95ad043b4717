/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_LIBMEMORY_H
#define PATRONUS_CONFD_LIBMEMORY_H

/*
 * SQLite and OpenSSL get their memory through heap.h from now on, and who gets none ends (docs/adr/0249).  What they make of it would be
 * something else: that there is no such row, or that a document does not have its digest.  A request for more than LIBMEMORY_LARGE bytes may
 * fail as before; its caller asks to be told.
 *
 * Before the first use of either library.  0 or -EBUSY when it is too late.
 */
#define LIBMEMORY_LARGE	(1u << 20)

int	 libmemory_start(void);

#endif
