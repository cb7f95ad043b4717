/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "syslog.h"
#include "text.h"

#define HOST_MAX	255	/* RFC 5424, 6 */
#define APP_MAX		48
#define ID_MAX		32
#define TIME_MAX	32

static const char bom[] = "\xef\xbb\xbf", replacement[] = "\xef\xbf\xbd";

/* PRINTUSASCII, at most so many; "-" for nothing. */
static void
put_word(struct buf *b, const char *s, size_t max)
{
	size_t i;

	buf_putc(b, ' ');
	for (i = 0; s[i] != '\0' && i < max; i++)
		buf_putc(b, s[i] > ' ' && s[i] < 0x7f ? s[i] : '_');
	if (i == 0)
		buf_putc(b, '-');
}

/* "2026-11-28T10:00:00.123Z", as clock_rfc3339() writes it. */
static bool
is_time(const char *s)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd";
	size_t i;

	for (i = 0; shape[i] != '\0'; i++)
		if (shape[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != shape[i])
			return false;
	if (s[i] == '.')
		i += 1 + strspn(s + i + 1, "0123456789");
	return strcmp(s + i, "Z") == 0;
}

void
syslog_header(struct buf *b, const struct syslog_header *h)
{
	buf_printf(b, "<%u>1", h->facility * 8 + h->severity);
	put_word(b, is_time(h->time) ? h->time : "", TIME_MAX);
	put_word(b, h->host, HOST_MAX);
	put_word(b, h->app, APP_MAX);
	put_word(b, "", 1);			/* PROCID: one process of each name */
	put_word(b, h->id, ID_MAX);
	buf_putc(b, ' ');
}

void
syslog_element(struct buf *b, const char *name)
{
	buf_printf(b, "[%s@" SYSLOG_ENTERPRISE, name);
}

/* One character, kept in its line; special: those that need a backslash. */
static void
put_character(struct buf *b, const char *s, size_t n, const char *special)
{
	unsigned control = n > 0 ? text_control(s, n) : 0;

	if (n == 0 && *s != '\0')
		buf_puts(b, replacement);
	else if (n == 0 || control != 0)
		/* A backslash that stands for itself is written as two where it is special. */
		buf_printf(b, *special != '\0' ? "\\\\u%04x" : "\\u%04x", control);
	else {
		if (n == 1 && strchr(special, *s) != NULL)
			buf_putc(b, '\\');
		buf_put(b, s, n);
	}
}

static void
put_text(struct buf *b, const char *s, size_t len, const char *special)
{
	size_t i, n;

	for (i = 0; i < len; i += n > 0 ? n : 1) {
		n = text_character(s + i, len - i);
		put_character(b, s + i, n, special);
	}
}

void
syslog_param(struct buf *b, const char *name, const char *value, size_t len)
{
	buf_printf(b, " %s=\"", name);
	put_text(b, value, len, "\"\\]");	/* RFC 5424, 6.3.3 */
	buf_putc(b, '"');
}

void
syslog_element_end(struct buf *b)
{
	buf_putc(b, ']');
}

void
syslog_nothing(struct buf *b)
{
	buf_putc(b, '-');
}

void
syslog_text(struct buf *b, const char *text, size_t len)
{
	size_t i;

	buf_putc(b, ' ');
	for (i = 0; i < len && (unsigned char)text[i] < 0x80; i++)
		continue;
	if (i < len)
		buf_puts(b, bom);
	put_text(b, text, len, "");
}

void
syslog_json(struct buf *b, const char *json, size_t len)
{
	buf_putc(b, ' ');
	put_text(b, json, len, "");
}

void
syslog_frame(struct buf *frames, const struct buf *message)
{
	buf_printf(frames, "%zu ", message->len);
	buf_put(frames, message->data, message->len);
}
