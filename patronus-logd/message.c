/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "audit/hash.h"
#include "audit/head.h"
#include "audit/lines.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "conf/generated.h"
#include "message.h"
#include "net/addr.h"
#include "record.h"
#include "syslog.h"

#define TIME_LEN	40
#define APP_LEN		48
#define VALUE_MAX	16384

static void
header(struct buf *b, const struct message_from *f, unsigned facility, unsigned severity, const char *time, const char *app, const char *id)
{
	struct syslog_header h = { .facility = f->facility != SYSLOG_BY_CLASS ? f->facility : facility, .severity = severity, .time = time,
	    .host = f->host, .app = app, .id = id };

	syslog_header(b, &h);
}

static void
param_number(struct buf *b, const char *name, uint64_t value)
{
	char text[24];

	syslog_param(b, name, text, (size_t)snprintf(text, sizeof(text), "%llu", (unsigned long long)value));
}

static void
param_text(struct buf *b, const char *name, const char *value)
{
	syslog_param(b, name, value, strlen(value));
}

static void
param_hash(struct buf *b, const char *name, const struct audit_hash *hash)
{
	char text[2 * AUDIT_HASH_LEN + 1];

	str_hex(hash->b, AUDIT_HASH_LEN, text);
	param_text(b, name, text);
}

/* --- lines that logd wrote --- */

/* A member's value as people mean it; control characters stay as they were escaped. */
static void
unescape(struct buf *ret, const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (s[i] == '\\' && i + 1 < len && (s[i + 1] == '"' || s[i + 1] == '\\'))
			i++;
		buf_putc(ret, s[i]);
	}
}

static bool
member(const char *line, size_t len, const char *name, struct buf *ret)
{
	char begins[32];
	const char *at;
	size_t n;

	(void)snprintf(begins, sizeof(begins), ",\"%s\":\"", name);
	buf_reset(ret);
	if ((at = record_member(line, len, begins, &n)) == NULL)
		return false;
	unescape(ret, at, n);
	return !buf_failed(ret);
}

static void
copy_member(const char *line, size_t len, const char *name, char *ret, size_t size)
{
	struct buf value;

	ret[0] = '\0';
	buf_init(&value, VALUE_MAX);
	if (member(line, len, name, &value)) {
		buf_putc(&value, '\0');
		if (!buf_failed(&value))
			(void)str_copy(ret, (const char *)value.data, size);
	}
	buf_fini(&value);
}

/* "patronus-confd" from the process that the line names. */
static void
app_of(const char *line, size_t len, char ret[APP_LEN])
{
	char process[32];

	copy_member(line, len, "process", process, sizeof(process));
	(void)snprintf(ret, APP_LEN, "patronus-%s", process);
}

static unsigned
record_severity(const char *line, size_t len)
{
	static const char *const bad[] = { "refused", "failed", "rolled-back", "second factor missing", "too many tries", "weak password",
	    "not claimable", "permission", "different" };
	char action[32], result[32];
	size_t i;

	copy_member(line, len, "action", action, sizeof(action));
	copy_member(line, len, "result", result, sizeof(result));
	if (strcmp(action, "violation") == 0)
		return SYSLOG_CRITICAL;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (strcmp(result, bad[i]) == 0)
			return SYSLOG_WARNING;
	return SYSLOG_NOTICE;
}

void
message_record(struct buf *b, const struct message_from *f, const char *line, size_t len, const struct audit_hash *leaf)
{
	static const char *const members[] = { "actor", "origin", "action", "object", "result" };
	char time[TIME_LEN], app[APP_LEN];
	struct buf value;
	size_t i;

	copy_member(line, len, "time", time, sizeof(time));
	app_of(line, len, app);
	header(b, f, SYSLOG_AUDIT, record_severity(line, len), time, app, "audit");
	syslog_element(b, "audit");
	param_number(b, "index", audit_record_seq(line, len));
	param_hash(b, "leaf", leaf);
	buf_init(&value, VALUE_MAX);
	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (member(line, len, members[i], &value))
			syslog_param(b, members[i], (const char *)value.data, value.len);
	buf_fini(&value);
	syslog_element_end(b);
	syslog_json(b, line, len);
}

void
message_head(struct buf *b, const struct message_from *f, const struct audit_head *head)
{
	char signature[2 * AUDIT_SIGNATURE_MAX + 1];
	struct buf line;

	header(b, f, SYSLOG_AUDIT, SYSLOG_NOTICE, head->time, "patronus-logd", "audit-head");
	syslog_element(b, "audit-head");
	param_number(b, "number", head->number);
	param_number(b, "size", head->size);
	param_hash(b, "root", &head->root);
	str_hex(head->signature, head->signature_len, signature);
	param_text(b, "signature", signature);
	syslog_element_end(b);
	buf_init(&line, AUDIT_HEAD_MAX);
	audit_head_print(head, &line);
	syslog_json(b, (const char *)line.data, line.len);
	buf_fini(&line);
}

void
message_line(struct buf *b, const struct message_from *f, const char *id, const char *line, size_t len)
{
	char time[TIME_LEN];

	header(b, f, SYSLOG_AUDIT, SYSLOG_NOTICE, clock_rfc3339(clock_wall_ms(), time), "patronus-logd", id);
	syslog_nothing(b);
	syslog_json(b, line, len);
}

unsigned
message_event_severity(const char *line, size_t len)
{
	static const struct { const char *name; unsigned severity; } levels[] = { { "error", SYSLOG_ERROR }, { "warning", SYSLOG_WARNING },
	    { "info", SYSLOG_INFO }, { "debug", SYSLOG_DEBUG } };
	char level[16];
	size_t i;

	copy_member(line, len, "level", level, sizeof(level));
	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(level, levels[i].name) == 0)
			return levels[i].severity;
	return SYSLOG_WARNING;		/* that lines were lost */
}

void
message_event(struct buf *b, const struct message_from *f, const char *line, size_t len)
{
	char time[TIME_LEN], app[APP_LEN], subsystem[64];
	struct buf text, value;

	copy_member(line, len, "time", time, sizeof(time));
	copy_member(line, len, "subsystem", subsystem, sizeof(subsystem));
	app_of(line, len, app);
	header(b, f, SYSLOG_DAEMON, message_event_severity(line, len), time, app, "event");
	syslog_element(b, "event");
	param_number(b, "index", audit_record_seq(line, len));
	param_text(b, "subsystem", subsystem);
	syslog_element_end(b);
	/* The subsystem comes first: no text that somebody chose begins a message. */
	buf_init(&text, VALUE_MAX);
	buf_init(&value, VALUE_MAX);
	buf_printf(&text, "%s: ", subsystem[0] != '\0' ? subsystem : "log");
	if (member(line, len, "text", &value))
		buf_put(&text, value.data, value.len);
	else if (member(line, len, "reason", &value)) {
		buf_puts(&text, "records were lost: ");
		buf_put(&text, value.data, value.len);
	}
	syslog_text(b, (const char *)text.data, text.len);
	buf_fini(&value);
	buf_fini(&text);
}

/* --- packets --- */

unsigned
message_packet_severity(void)
{
	return SYSLOG_INFO;
}

static void
endpoint(struct buf *b, struct buf *text, const char *name, const struct addr *a, bool has_port, uint16_t port)
{
	char address[ADDR_STRLEN], port_name[32];

	if (addr_len(a) == 0)
		return;
	(void)addr_format(a, address, sizeof(address));
	param_text(b, name, address);
	buf_printf(text, " %s %s", strcmp(name, "source") == 0 ? "from" : "to", address);
	if (!has_port)
		return;
	(void)snprintf(port_name, sizeof(port_name), "%s-port", name);
	param_number(b, port_name, port);
	buf_printf(text, " port %u", port);
}

void
message_packet(struct buf *b, const struct message_from *f, const struct state_log_event *p)
{
	const char *action = p->action > STATE_ACTION_INVALID && p->action < STATE_ACTION_MAX ? state_action_names[p->action] : "log";
	char time[TIME_LEN];
	struct buf text;

	buf_init(&text, VALUE_MAX);
	buf_printf(&text, "%s: rule %s: %s", action, p->rule, p->protocol);
	header(b, f, SYSLOG_LOCAL0, message_packet_severity(), clock_rfc3339(p->time, time), "patronus-fwd", "firewall");
	syslog_element(b, "firewall");
	param_number(b, "index", p->sequence);
	param_text(b, "rule", p->rule);
	if (p->text != NULL)
		param_text(b, "text", p->text);
	param_text(b, "action", action);
	if (p->in_interface != NULL)
		param_text(b, "in-interface", p->in_interface);
	if (p->out_interface != NULL)
		param_text(b, "out-interface", p->out_interface);
	param_text(b, "protocol", p->protocol);
	endpoint(b, &text, "source", &p->source, p->has_source_port, p->source_port);
	endpoint(b, &text, "destination", &p->destination, p->has_destination_port, p->destination_port);
	param_number(b, "length", p->length);
	syslog_element_end(b);
	syslog_text(b, (const char *)text.data, text.len);
	buf_fini(&text);
}
