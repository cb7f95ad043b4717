/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "record.h"

static const char prefix[] = "{\"seq\":";

/* The length of the well-formed UTF-8 character at s, 0 for a byte that begins none. */
static size_t
character(const char *s, size_t left)
{
	unsigned char c = (unsigned char)*s;
	size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;

	if (n == 0 || n > left || c == 0)
		return 0;
	return str_is_utf8(s, n) ? n : 0;
}

/* C1 controls and the separators U+2028 and U+2029 end a line for some readers. */
static bool
is_line_breaker(const unsigned char *s, size_t n)
{
	if (n == 2)
		return s[0] == 0xc2 && s[1] < 0xa0;
	return n == 3 && s[0] == 0xe2 && s[1] == 0x80 && (s[2] == 0xa8 || s[2] == 0xa9);
}

static void
put_character(struct buf *b, const unsigned char *s, size_t n)
{
	if (n == 0)
		buf_printf(b, "\\ufffd");
	else if (*s == '"' || *s == '\\') {
		buf_putc(b, '\\');
		buf_putc(b, (char)*s);
	} else if (*s < 0x20 || *s == 0x7f)
		buf_printf(b, "\\u%04x", *s);
	else if (is_line_breaker(s, n))
		buf_printf(b, "\\u%04x", n == 2 ? s[1] : 0x2000 + (s[2] & 0x3f));
	else
		buf_put(b, s, n);
}

void
record_string(struct buf *b, const char *s, size_t len)
{
	size_t i, n;

	buf_putc(b, '"');
	for (i = 0; i < len; i += n > 0 ? n : 1) {
		n = character(s + i, len - i);
		/* A control byte is a character of its own; NUL too. */
		if (n == 0 && s[i] == '\0')
			buf_puts(b, "\\u0000");
		else
			put_character(b, (const unsigned char *)s + i, n);
	}
	buf_putc(b, '"');
}

static void
field(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, ",\"%s\":", name);
	record_string(b, value, strlen(value));
}

static void
begin(struct buf *b, uint64_t seq, uint64_t now_ms, const char *who)
{
	char time[32];

	buf_printf(b, "%s%llu,\"time\":\"%s\"", prefix, (unsigned long long)seq, clock_rfc3339(now_ms, time));
	field(b, "process", who);
}

/* What the sender says about the time, when it is not what we see: a queue that waited, a clock that jumped, a lie. */
static void
sent(struct buf *b, uint64_t now_ms, uint64_t sent_ms)
{
	uint64_t d = now_ms > sent_ms ? now_ms - sent_ms : sent_ms - now_ms;
	char time[32];

	/* Beyond the year 9999 there is no RFC 3339. */
	if (d > 1000 && sent_ms < 253402300800000ull)
		buf_printf(b, ",\"sent\":\"%s\"", clock_rfc3339(sent_ms, time));
}

void
record_line(struct buf *b, uint64_t seq, uint64_t now_ms, const char *who, const struct log_line_req *r)
{
	static const char *const levels[] = { "none", "error", "warning", "info", "debug" };

	begin(b, seq, now_ms, who);
	sent(b, now_ms, r->time_ms);
	field(b, "level", r->level < sizeof(levels) / sizeof(levels[0]) ? levels[r->level] : levels[0]);
	field(b, "subsystem", r->subsystem);
	field(b, "text", r->text);
	buf_puts(b, "}\n");
}

void
record_audit(struct buf *b, uint64_t seq, uint64_t now_ms, const char *who, const struct log_audit_req *r)
{
	begin(b, seq, now_ms, who);
	sent(b, now_ms, r->time_ms);
	field(b, "actor", r->actor);
	field(b, "origin", r->origin);
	field(b, "action", r->action);
	field(b, "object", r->object);
	field(b, "result", r->result);
	field(b, "detail", r->detail);
	buf_puts(b, "}\n");
}

void
record_lost(struct buf *b, uint64_t seq, uint64_t now_ms, const char *who, uint64_t lost, const char *why)
{
	begin(b, seq, now_ms, who);
	buf_printf(b, ",\"lost\":%llu", (unsigned long long)lost);
	field(b, "reason", why);
	buf_puts(b, "}\n");
}
