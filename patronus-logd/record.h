/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_LOGD_RECORD_H
#define PATRONUS_LOGD_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ipc/msg.h"

/*
 * A log record as one line of JSON.  Whatever a field carries, it stays inside its quotes and inside its line: a user
 * name with a line feed is a name with an escaped line feed (CVE-2026-63442, CVE-2026-44195 were log lines that a name
 * made up).
 */

/* Append a JSON string with its quotes: control bytes, quotes, line separators and what is no UTF-8 are escaped. */
void	 record_string(struct buf *, const char *, size_t len);
/*
 * The text of a member as it stands in a line that logd wrote, still escaped; NULL when there is none.  begins is the member up to the quote of
 * its value: a quote inside a value is always escaped, so its bytes stand nowhere else.
 */
const char *record_member(const char *line, size_t len, const char *begins, size_t *ret_len);

/* who is the process at the other end of the channel, not what the message claims. */
void	 record_line(struct buf *, uint64_t seq, uint64_t now_ms, const char *who, const struct log_line_req *);
void	 record_audit(struct buf *, uint64_t seq, uint64_t now_ms, const char *who, const struct log_audit_req *);
/* A record of logd's own: how many were lost, and why. */
void	 record_lost(struct buf *, uint64_t seq, uint64_t now_ms, const char *who, uint64_t lost, const char *why);

#endif
