/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_DB_ERRNO_H
#define PATRONUS_CONFD_DB_ERRNO_H

struct sqlite3;

/* What the last call on this file failed with: -EUCLEAN when the file is damaged or not ours, -ENOSPC, -ENOMEM (also for NULL), -EBUSY or -EIO. */
int	 db_errno(struct sqlite3 *);

#endif
