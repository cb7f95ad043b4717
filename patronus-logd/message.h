/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_LOGD_MESSAGE_H
#define PATRONUS_LOGD_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

struct audit_hash;
struct audit_head;
struct buf;
struct state_log_event;

/*
 * What the logs hold as messages of syslog, each a whole message without its frame.  What is of the audit log has the line as it was written as
 * its text, so that a file of these texts is an export of the audit log (audit/received.h).
 */

struct message_from {
	const char	*host;
	unsigned	 facility;	/* SYSLOG_BY_CLASS: that of the class */
};

/* A record of audit.log, with its number and the hash of its leaf. */
void		 message_record(struct buf *, const struct message_from *, const char *line, size_t len, const struct audit_hash *leaf);
void		 message_head(struct buf *, const struct message_from *, const struct audit_head *);
/* A line of an export that is neither: id says what it is. */
void		 message_line(struct buf *, const struct message_from *, const char *id, const char *line, size_t len);
/* A record of patronus.log. */
void		 message_event(struct buf *, const struct message_from *, const char *line, size_t len);
unsigned	 message_event_severity(const char *line, size_t len);
void		 message_packet(struct buf *, const struct message_from *, const struct state_log_event *);
unsigned	 message_packet_severity(void);

#endif
