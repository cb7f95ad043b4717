/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"

#define LOG_TEXT_MAX	2048

static const char	*process = "patronus";
static enum log_level	 verbose = LOG_LEVEL_INFO;
static log_sink		*sink;
static void		*sink_arg;

void
log_init(const char *name, enum log_level level)
{
	process = name;
	verbose = level;
}

void
log_set_sink(log_sink *s, void *arg)
{
	sink = s;
	sink_arg = arg;
}

const char *
log_process(void)
{
	return process;
}

static void __attribute__((format(printf, 4, 0)))
log_emit(enum log_level level, const char *subsystem, int error, const char *fmt, va_list ap)
{
	static const char *const names[LOG_LEVEL_MAX] = { "?", "error", "warning", "info", "debug" };
	char text[LOG_TEXT_MAX], line[LOG_TEXT_MAX + 128];
	int n;

	if (level > verbose)
		return;
	n = vsnprintf(text, sizeof(text), fmt, ap);
	if (n < 0)
		return;
	if (error != 0 && (size_t)n < sizeof(text) - 1)
		(void)snprintf(text + n, sizeof(text) - (size_t)n, ": %s", strerror(error));
	str_clean(text);	/* a line stays one line, and text, whatever a peer put into it */
	if (sink != NULL) {
		sink(level, subsystem, text, sink_arg);
		return;
	}
	n = snprintf(line, sizeof(line), "patronus-%s: %s: %s: %s\n", process, names[level], subsystem, text);
	if (n > 0 && write(STDERR_FILENO, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1) == -1)
		return;		/* nowhere left to say it */
}

#define LOG_BODY(level, error) do {			\
	int saved = errno;				\
	va_list ap;					\
	va_start(ap, fmt);				\
	log_emit(level, subsystem, error, fmt, ap);	\
	va_end(ap);					\
	errno = saved;					\
} while (0)

void
log_err(const char *subsystem, const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_ERR, saved);
}

void
log_errx(const char *subsystem, const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_ERR, 0);
}

void
log_warn(const char *subsystem, const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_WARN, saved);
}

void
log_warnx(const char *subsystem, const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_WARN, 0);
}

void
log_info(const char *subsystem, const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_INFO, 0);
}

void
log_debug(const char *subsystem, const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_DEBUG, 0);
}

void
fatal(const char *subsystem, const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_ERR, saved);
	exit(1);
}

void
fatalx(const char *subsystem, const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_ERR, 0);
	exit(1);
}
