/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_BASE_LOG_H
#define PATRONUS_BASE_LOG_H

#include <stdarg.h>

/*
 * Logging with the semantics of err(3): *_warn and fatal append strerror(errno), the x forms do not; errno is kept.
 * The first argument is a subsystem token; messages are lower case, without a full stop, and name the object.
 */

enum log_level {
	LOG_LEVEL_INVALID = 0,
	LOG_LEVEL_ERR,		/* an operator must act */
	LOG_LEVEL_WARN,		/* degraded */
	LOG_LEVEL_INFO,		/* a change of state an auditor wants to see */
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_MAX
};

/* Called with each line; replaces stderr.  Must not log itself. */
typedef void log_sink(enum log_level, const char *subsystem, const char *text, void *arg);

/* process is a constant that outlives the process; lines above verbose are dropped. */
void	 log_init(const char *process, enum log_level verbose);
void	 log_set_sink(log_sink *, void *arg);
const char *log_process(void);

void	 log_err(const char *subsystem, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void	 log_errx(const char *subsystem, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void	 log_warn(const char *subsystem, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void	 log_warnx(const char *subsystem, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void	 log_info(const char *subsystem, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void	 log_debug(const char *subsystem, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The end of the process, with status 1. */
void	 fatal(const char *subsystem, const char *fmt, ...) __attribute__((noreturn, format(printf, 2, 3)));
void	 fatalx(const char *subsystem, const char *fmt, ...) __attribute__((noreturn, format(printf, 2, 3)));

#endif
