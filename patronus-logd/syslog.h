/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_LOGD_SYSLOG_H
#define PATRONUS_LOGD_SYSLOG_H

#include <stddef.h>

struct buf;

/*
 * One message of RFC 5424, written in its order: header, then structured data (elements with parameters, or syslog_nothing()), then at most one
 * text.  Whatever a value or a text carries, it stays inside its quotes and inside its line: control characters are written as \uXXXX.
 */

#define SYSLOG_ENTERPRISE	"32473"		/* the number for documentation (RFC 5612): there is none of ours */

enum syslog_severity {				/* RFC 5424, 6.2.1 */
	SYSLOG_CRITICAL = 2,
	SYSLOG_ERROR = 3,
	SYSLOG_WARNING = 4,
	SYSLOG_NOTICE = 5,
	SYSLOG_INFO = 6,
	SYSLOG_DEBUG = 7,
};

enum syslog_facility {
	SYSLOG_DAEMON = 3,
	SYSLOG_AUDIT = 13,
	SYSLOG_LOCAL0 = 16,
	SYSLOG_FACILITY_MAX = 23,
	SYSLOG_BY_CLASS = 255,			/* none: each class of messages has its own */
};

struct syslog_header {
	unsigned	 facility;
	unsigned	 severity;
	const char	*time;			/* RFC 3339; "" or what is none: not told */
	const char	*host;			/* each: what is no printing ASCII becomes "_"; "": not told */
	const char	*app;
	const char	*id;			/* MSGID */
};

void	 syslog_header(struct buf *, const struct syslog_header *);
/* "[name@32473"; ends with syslog_element_end(). */
void	 syslog_element(struct buf *, const char *name);
void	 syslog_param(struct buf *, const char *name, const char *value, size_t len);
void	 syslog_element_end(struct buf *);
void	 syslog_nothing(struct buf *);
/* MSG for people.  It starts with a BOM when it is more than ASCII (RFC 5424, 6.4). */
void	 syslog_text(struct buf *, const char *text, size_t len);
/* MSG that is one text of JSON, which never starts with a BOM (RFC 8259, 8.1). */
void	 syslog_json(struct buf *, const char *json, size_t len);

/* Octet counting (RFC 6587, 3.4.1; RFC 5425, 4.3). */
void	 syslog_frame(struct buf *frames, const struct buf *message);

#endif
