/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_LOGD_EXPORT_H
#define PATRONUS_LOGD_EXPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "audit/head.h"
#include "logread.h"

struct buf;
struct ledger;

/*
 * The audit log as lines that prove themselves (libcommon/audit/lines.h), from some record on.  It is what a person exports, and what
 * the box itself reviews.
 */

struct export {
	struct ledger		*ledger;
	struct logread		 records;
	struct logread		 heads;
	struct audit_head	 head;		/* the next one; number 0: there is none */
	char			 head_line[AUDIT_HEAD_MAX];
	size_t			 head_len;
	uint64_t		 leaves;	/* the next record whose hash is told */
	uint64_t		 until;		/* the last record when it was opened ... */
	uint64_t		 until_head;	/* ... and the size of the last head: what comes meanwhile is not told */
	uint64_t		 last;		/* that was told; 0: none yet */
};

/*
 * From the first record that is there and is numbered at least `from`, to what the log ends with now.  The lines before the first record go
 * into ret.  0 or -errno; export_close() in any case.
 */
int	 export_open(struct export *, struct ledger *, uint64_t from, struct buf *ret);
/* The next record and what belongs behind it, lines with their line feeds.  1, 0 at the end, or -errno. */
int	 export_next(struct export *, struct buf *ret);
void	 export_close(struct export *);

#endif
