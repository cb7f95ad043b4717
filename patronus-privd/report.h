/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_PRIVD_REPORT_H
#define PATRONUS_PRIVD_REPORT_H

struct peer;

/* privd's own lines and audit records: to stderr, and to logd once it is there (what came before it is kept, up to a bound). */

void		 report_init(void);
/* The channel to a (new) logd; takes fd. */
void		 report_connect(int fd);
struct peer	*report_peer(void);		/* for the poll loop */
void		 report_disconnect(void);
/* actor is always "privd". */
void		 report_audit(const char *action, const char *object, const char *result, const char *detail);

#endif
