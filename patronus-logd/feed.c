/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "audit/key.h"
#include "audit/lines.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "conf/generated.h"
#include "conf/state.h"
#include "feed.h"
#include "ledger.h"
#include "packets.h"
#include "signer.h"
#include "syslog.h"

#define MESSAGE_MAX	(1u << 18)
#define PACKET_MAX	(1u << 16)

void
feed_init(struct feed *f, struct ledger *ledger, const struct logfile *events, unsigned events_keep)
{
	memset(f, 0, sizeof(*f));
	f->ledger = ledger;
	f->events = events;
	f->events_keep = events_keep;
	f->record_lines.fd = f->head_lines.fd = f->event_lines.fd = -1;
}

void
feed_fini(struct feed *f)
{
	logread_close(&f->record_lines);
	logread_close(&f->head_lines);
	logread_close(&f->event_lines);
	f->is_open = false;
}

struct feed_place
feed_now(const struct feed *f)
{
	const struct audit_head *last = &f->ledger->last;

	return (struct feed_place){ .record = last->size, .head = last->number > 0 ? last->number - 1 : 0, .event = f->events->seq,
	    .packet = packets_last() };
}

void
feed_seek(struct feed *f, const struct feed_place *to)
{
	feed_fini(f);
	f->at = *to;
	f->head.number = 0;
	f->owes_key = f->owes_prefix = true;
	/* A log that was begun anew is sent from its beginning. */
	if (f->at.record > f->ledger->log.seq || f->at.head > f->ledger->last.number)
		f->at.record = f->at.head = 0;
	if (f->at.event > f->events->seq)
		f->at.event = 0;
	if (f->at.packet > packets_last())
		f->at.packet = packets_last();
}

uint64_t
feed_lag(const struct feed *f, const struct feed_want *w)
{
	uint64_t n = 0;

	if (w->has_audit && f->ledger->log.seq > f->at.record)
		n += f->ledger->log.seq - f->at.record;
	if (w->has_events && f->events->seq > f->at.event)
		n += f->events->seq - f->at.event;
	if (w->has_packets && packets_last() > f->at.packet)
		n += packets_last() - f->at.packet;
	return n;
}

static int
readers_open(struct feed *f)
{
	int error;

	error = logread_open(&f->record_lines, LEDGER_LOG, LEDGER_KEEP, audit_record_seq, f->at.record + 1);
	if (error == 0)
		error = logread_open(&f->head_lines, LEDGER_HEADS, LEDGER_HEADS_KEEP, ledger_head_number, f->at.head + 1);
	if (error == 0)
		error = logread_open(&f->event_lines, f->events->name, f->events_keep, audit_record_seq, f->at.event + 1);
	f->is_open = error == 0;
	if (error != 0)
		feed_fini(f);
	return error;
}

/* --- each next message; 1, 0 when there is none, or -errno --- */

static int
next_key(struct feed *f, const struct feed_want *w, struct buf *message)
{
	const struct bytes key = signer_key_der();
	struct buf line;

	if (!f->owes_key || key.len == 0)
		return 0;
	buf_init(&line, LOGREAD_LINE_MAX);
	audit_key_line_print(key.data, key.len, &line);
	message_line(message, &w->from, "audit-key", (const char *)line.data, line.len);
	buf_fini(&line);
	f->owes_key = false;
	return 1;
}

/* What stands for the records up to here, so that a receiver's file proves what comes behind it. */
static int
next_prefix(struct feed *f, const struct feed_want *w, uint64_t record, struct buf *message)
{
	struct audit_tree before;
	struct buf line;
	int error;

	error = audit_tree_load(ledger_node, f->ledger, record, &before);
	if (error != 0)
		return error;
	buf_init(&line, LOGREAD_LINE_MAX);
	audit_prefix_line_print(&before, &line);
	message_line(message, &w->from, "audit-prefix", (const char *)line.data, line.len);
	buf_fini(&line);
	f->owes_prefix = false;
	return 1;
}

static int
read_head(struct feed *f)
{
	const char *line;
	size_t len;
	int n = 1;

	while (f->head.number == 0 && (n = logread_next(&f->head_lines, &line, &len)) == 1)
		if (audit_head_parse(line, len, &f->head) != 0 || f->head.number <= f->at.head)
			f->head.number = 0;
	return n < 0 ? n : 0;
}

static int
next_head(struct feed *f, const struct feed_want *w, struct buf *message)
{
	int error = read_head(f);

	if (error != 0 || f->head.number == 0 || (w->has_audit && f->head.size > f->at.record))
		return error;
	message_head(message, &w->from, &f->head);
	f->at.head = f->head.number;
	f->head.number = 0;
	return 1;
}

/* The line behind number `last`, which must be there: a reader that was overtaken by the rotation of its file begins anew. */
static int
next_line(struct logread *r, uint64_t last, const char **ret_line, size_t *ret_len)
{
	const char *name = r->name;
	unsigned keep = r->keep;
	int n = logread_next(r, ret_line, ret_len);

	if (n != 0)
		return n;
	logread_close(r);
	n = logread_open(r, name, keep, audit_record_seq, last + 1);
	return n != 0 ? n : logread_next(r, ret_line, ret_len);
}

static int
next_record(struct feed *f, const struct feed_want *w, struct buf *message, struct buf *frames)
{
	struct audit_hash leaf;
	const char *line;
	uint64_t seq;
	size_t len;
	int n, error;

	do {
		if (f->at.record >= f->ledger->log.seq)
			return 0;
		if ((n = next_line(&f->record_lines, f->at.record, &line, &len)) != 1)
			return n;
		seq = audit_record_seq(line, len);
	} while (seq <= f->at.record || seq > f->ledger->log.seq);
	if (seq > f->at.record + 1) {
		f->ndropped += seq - f->at.record - 1;
		log_errx("syslog", "records %llu to %llu of the audit log are not kept any more and were not sent",
		    (unsigned long long)f->at.record + 1, (unsigned long long)seq - 1);
		if ((n = next_prefix(f, w, seq - 1, message)) < 0)
			return n;
		syslog_frame(frames, message);
		buf_reset(message);
	}
	if ((error = ledger_node(f->ledger, audit_tree_leaf_at(seq - 1), &leaf)) != 0)
		return error;
	message_record(message, &w->from, line, len, &leaf);
	f->at.record = seq;
	return 1;
}

static int
next_event(struct feed *f, const struct feed_want *w, struct buf *message)
{
	const char *line;
	uint64_t seq;
	size_t len;
	int n;

	while (f->at.event < f->events->seq && (n = next_line(&f->event_lines, f->at.event, &line, &len)) == 1) {
		seq = audit_record_seq(line, len);
		if (seq <= f->at.event)
			continue;
		f->ndropped += seq - f->at.event - 1;
		f->at.event = seq;
		if (message_event_severity(line, len) > w->severity)
			continue;
		message_event(message, &w->from, line, len);
		return 1;
	}
	return 0;
}

static int
next_packet(struct feed *f, const struct feed_want *w, struct buf *message)
{
	struct bytes record;
	struct arena *arena;
	void *packet;
	int error;

	if (f->at.packet + 1 < packets_first()) {
		f->ndropped += packets_first() - f->at.packet - 1;
		f->at.packet = packets_first() - 1;
	}
	if (f->at.packet >= packets_last())
		return 0;
	record = packets_get(++f->at.packet);
	if (message_packet_severity() > w->severity)
		return next_packet(f, w, message);
	if ((arena = arena_new(PACKET_MAX)) == NULL)
		return -ENOMEM;
	error = codec_decode(conf_event_record("log"), record.data, record.len, arena, &packet, NULL);
	if (error == 0)
		message_packet(message, &w->from, packet);
	else
		f->ndropped++;
	arena_free(arena);
	return error == 0 ? 1 : next_packet(f, w, message);
}

static int
next_message(struct feed *f, const struct feed_want *w, struct buf *message, struct buf *frames)
{
	bool is_proven = w->has_audit || w->has_heads;
	int n = 0;

	if (is_proven)
		n = next_key(f, w, message);
	if (n == 0 && w->has_audit && f->owes_prefix)
		n = next_prefix(f, w, f->at.record, message);
	if (n == 0 && w->has_heads)
		n = next_head(f, w, message);
	if (n == 0 && w->has_audit)
		n = next_record(f, w, message, frames);
	if (n == 0 && w->has_events)
		n = next_event(f, w, message);
	if (n == 0 && w->has_packets)
		n = next_packet(f, w, message);
	return n;
}

int
feed_fill(struct feed *f, const struct feed_want *w, size_t max, struct buf *frames)
{
	struct buf message;
	int n = 0, count = 0;

	/* A record that is not on disk may yet be another one after a power cut: nobody is told of it before. */
	if (w->has_audit && (n = ledger_sync(f->ledger)) != 0)
		return n;
	if (!f->is_open && (n = readers_open(f)) != 0)
		return n;
	buf_init(&message, MESSAGE_MAX);
	while (frames->len < max && (n = next_message(f, w, &message, frames)) == 1) {
		if (buf_failed(&message)) {
			n = -ENOMEM;
			break;
		}
		syslog_frame(frames, &message);
		buf_reset(&message);
		count++;
	}
	buf_fini(&message);
	f->nsent += (uint64_t)count;
	return n < 0 ? n : buf_failed(frames) ? -ENOMEM : count;
}
