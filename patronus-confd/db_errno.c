/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stddef.h>

#include <sqlite3.h>

#include "db_errno.h"

int
db_errno(struct sqlite3 *db)
{
	switch (db != NULL ? sqlite3_errcode(db) & 0xff : SQLITE_NOMEM) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
	case SQLITE_ERROR:	/* the schema is another one */
		return (-EUCLEAN);
	case SQLITE_FULL:
		return (-ENOSPC);
	case SQLITE_NOMEM:
		return (-ENOMEM);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return (-EBUSY);
	default:
		return (-EIO);
	}
}
