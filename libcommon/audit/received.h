/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUDIT_RECEIVED_H
#define PATRONUS_AUDIT_RECEIVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/hash.h"

/*
 * What a receiver of syslog has written is an export of the audit log (lines.h) that came in pieces: among other messages, some of it twice, and
 * a head often behind records that are newer than it.  So such files are read twice: first for the key and the heads, then for the records.
 */

struct audit_check;

struct audit_received {
	const char		*line;		/* of an export */
	size_t			 len;
	bool			 has_leaf;	/* the message told the hash of its record */
	struct audit_hash	 leaf;
};

/*
 * One line of a file: a message of RFC 5424 as it was sent ("<109>1 2026-..."), or the text of one.  False when it holds nothing of the audit log.
 */
bool	 audit_received_parse(const char *line, size_t len, struct audit_received *ret);

/* A line when the files are read for the first time.  The errors of audit_check_expect() and audit_check_line(). */
int	 audit_received_first(struct audit_check *, const char *line, size_t len);
/* For the second time; *last is 0 before the first line.  What came before counts, and comes again without harm. */
int	 audit_received_second(struct audit_check *, uint64_t *last, const char *line, size_t len);

#endif
