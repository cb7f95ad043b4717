/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/clock.h"
#include "record.h"
#include "text.h"

static const char prefix[] = "{\"seq\":";

static void
put_character(struct buf *b, const char *s, size_t n)
{
	unsigned control = n > 0 ? text_control(s, n) : 0;

	if (n == 0)
		buf_printf(b, "\\ufffd");
	else if (control != 0)
		buf_printf(b, "\\u%04x", control);
	else if (*s == '"' || *s == '\\') {
		buf_putc(b, '\\');
		buf_putc(b, *s);
	} else
		buf_put(b, s, n);
}

void
record_string(struct buf *b, const char *s, size_t len)
{
	size_t i, n;

	buf_putc(b, '"');
	for (i = 0; i < len; i += n > 0 ? n : 1) {
		n = text_character(s + i, len - i);
		/* A control byte is a character of its own; NUL too. */
		if (n == 0 && s[i] == '\0')
			buf_puts(b, "\\u0000");
		else
			put_character(b, s + i, n);
	}
	buf_putc(b, '"');
}

const char *
record_member(const char *line, size_t len, const char *begins, size_t *ret_len)
{
	const char *at = memmem(line, len, begins, strlen(begins)), *end;

	if (at == NULL)
		return NULL;
	at += strlen(begins);
	for (end = at; end < line + len && *end != '"'; end++)
		if (*end == '\\')
			end++;
	*ret_len = (size_t)(end - at);
	return end < line + len ? at : NULL;
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
