/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUTHD_TRAIL_H
#define PATRONUS_AUTHD_TRAIL_H

/* What authd tells the auditor. */

/*
 * The name somebody typed may be a password in the wrong field: only names that exist are written down, the others as
 * "(unknown user)".
 */
void	 trail_write(const char *user, const char *source, const char *action, unsigned verdict);
/*
 * Tries that were not even judged cost nobody anything, so anybody can make thousands: one record in a while, with the
 * number of those in between, lest they push the history out of the log.
 */
void	 trail_too_many(const char *user, const char *source, const char *action);
const char *trail_verdict(unsigned verdict);

#endif
