/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_BACKUPS_H
#define PATRONUS_CONFD_BACKUPS_H

#include <stddef.h>
#include <stdint.h>

#include "age.h"
#include "backup.h"
#include "backup_dir.h"

/*
 * Backups of this box: made by hand or by the schedule of management.backup, kept, and sent to the targets.
 */

struct backups;
struct buf;
struct confd;

struct backups	*backups_new(struct confd *, const char *dir);	/* NULL, logged, without memory or directory */
void		 backups_free(struct backups *);
struct backup_dir *backups_dir(struct backups *);

/* Make one and keep it; *ret says how it is called.  The errors of backup_print() and age_seal(), -EDQUOT. */
int		 backups_make(struct backups *, enum backup_content, const struct age_lock *, bool is_auto, struct backup_file *ret,
		    const char **ret_bad);
/* Now and then: is one due, or one to be sent? */
void		 backups_tick(struct backups *);

/* Members "targets" and "schedule" of the answer, with a comma before. */
void		 backups_print(struct backups *, struct buf *);
/* What an administrator should hear; "" for nothing.  i counts from 0, false after the last. */
bool		 backups_alarm(struct backups *, unsigned i, char *ret, size_t size);

#endif
