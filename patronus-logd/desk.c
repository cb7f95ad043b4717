/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "audit/lines.h"
#include "base/buf.h"
#include "base/str.h"
#include "desk.h"
#include "export.h"
#include "ledger.h"
#include "review.h"
#include "search.h"
#include "signer.h"

#define LIST_MAX	(2u << 20)
#define HEADS_MAX	(1u << 20)
#define EXPORT_MAX	(8u << 20)	/* of one part */
#define EXPORT_STOP	(EXPORT_MAX - (1u << 20))

static struct ledger	*ledger;

void
desk_init(struct ledger *l)
{
	ledger = l;
}

static void
fail(struct channel *c, const struct message *m, int error)
{
	(void)channel_reply_error(c, &m->header, error, 0, "%s", error == -ERANGE ? "there is no such record or tree" :
	    error == -ENOENT ? "the record is not kept any more" : "the audit log cannot be read");
}

static struct bytes
bytes_of(const struct buf *b)
{
	return (struct bytes){ b->data, (uint32_t)b->len };
}

void
desk_on_state(struct channel *c, struct message *m, void *arg)
{
	const struct review_done *done = review_last();
	struct audit_state_rep rep = { .size = ledger->log.seq, .checked_head = done->head, .checked_size = done->size,
	    .checked_ms = done->time_ms, .alarm = ledger->alarm, .problem = signer_problem(), .head = "" };
	struct buf head;

	(void)arg;
	buf_init(&head, AUDIT_HEAD_MAX);
	if (ledger->last.number > 0) {
		audit_head_print(&ledger->last, &head);
		rep.head = buf_failed(&head) ? "" : (const char *)head.data;
	}
	if (logread_first(LEDGER_LOG, LEDGER_KEEP, audit_record_seq, &rep.oldest) != 0 || rep.oldest > rep.size)
		rep.oldest = 0;
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
	buf_fini(&head);
}

void
desk_on_list(struct channel *c, struct message *m, void *arg)
{
	const struct audit_list_req *r = m->body;
	struct search s = { .actor = r->actor, .action = r->action, .object = r->object, .since = r->since, .until = r->until };
	struct audit_list_rep rep = { .size = ledger->log.seq };
	struct buf lines;
	int error;

	(void)arg;
	buf_init(&lines, LIST_MAX);
	error = search_run(&s, r->before != 0 ? r->before : ledger->log.seq + 1, r->limit, &lines, &rep.next);
	rep.lines = bytes_of(&lines);
	if (error == 0)
		(void)channel_reply(c, &m->header, &rep, NULL, 0);
	else
		fail(c, m, error);
	buf_fini(&lines);
}

void
desk_on_heads(struct channel *c, struct message *m, void *arg)
{
	const struct audit_heads_req *r = m->body;
	struct audit_heads_rep rep = { .last = ledger->last.number };
	struct logread read;
	struct buf lines;
	const char *line;
	uint32_t found = 0;
	size_t len;
	int n;

	(void)arg;
	buf_init(&lines, HEADS_MAX);
	n = logread_open(&read, LEDGER_HEADS, LEDGER_HEADS_KEEP, ledger_head_number, r->from);
	while (n == 0 && found < r->limit && lines.len < HEADS_MAX - LOGREAD_LINE_MAX && (n = logread_next(&read, &line, &len)) == 1) {
		n = 0;
		buf_put(&lines, line, len);
		buf_putc(&lines, '\n');
		found++;
	}
	logread_close(&read);
	rep.lines = bytes_of(&lines);
	if (n == 0)
		(void)channel_reply(c, &m->header, &rep, NULL, 0);
	else
		fail(c, m, n);
	buf_fini(&lines);
}

/* The line of one record. */
static int
record_line(uint64_t record, struct buf *ret)
{
	struct logread r;
	const char *line;
	size_t len;
	int n;

	n = logread_open(&r, LEDGER_LOG, LEDGER_KEEP, audit_record_seq, record);
	if (n == 0)
		n = logread_next(&r, &line, &len);
	if (n == 1 && audit_record_seq(line, len) == record)
		buf_put(ret, line, len);
	else if (n >= 0)
		n = -ENOENT;
	logread_close(&r);
	return n < 0 ? n : buf_failed(ret) ? -ENOMEM : 0;
}

void
desk_on_proof(struct channel *c, struct message *m, void *arg)
{
	const struct audit_proof_req *r = m->body;
	struct audit_proof_rep rep = { .size = r->size != 0 ? r->size : ledger->last.size };
	struct audit_proof proof;
	struct audit_hash leaf, root;
	struct buf line;
	int error = -ERANGE;

	(void)arg;
	buf_init(&line, LOGREAD_LINE_MAX);
	if (r->record > 0 && r->record <= rep.size && rep.size <= ledger->tree.size)
		error = record_line(r->record, &line);
	if (error == 0)
		error = audit_prove_inclusion(ledger_node, ledger, r->record - 1, rep.size, &proof);
	if (error == 0)
		error = ledger_node(ledger, audit_tree_leaf_at(r->record - 1), &leaf);
	if (error == 0)
		error = ledger_root(ledger, rep.size, &root);
	if (error == 0) {
		rep.record = bytes_of(&line);
		rep.leaf = (struct bytes){ leaf.b, AUDIT_HASH_LEN };
		rep.root = (struct bytes){ root.b, AUDIT_HASH_LEN };
		rep.path = (struct bytes){ proof.path[0].b, proof.n * AUDIT_HASH_LEN };
		(void)channel_reply(c, &m->header, &rep, NULL, 0);
	} else
		fail(c, m, error);
	buf_fini(&line);
}

void
desk_on_consistency(struct channel *c, struct message *m, void *arg)
{
	const struct audit_consistency_req *r = m->body;
	struct audit_consistency_rep rep;
	struct audit_proof proof;
	struct audit_hash from, to;
	int error = r->to <= ledger->tree.size ? 0 : -ERANGE;

	(void)arg;
	if (error == 0)
		error = audit_prove_consistency(ledger_node, ledger, r->from, r->to, &proof);
	if (error == 0)
		error = ledger_root(ledger, r->from, &from);
	if (error == 0)
		error = ledger_root(ledger, r->to, &to);
	if (error != 0) {
		fail(c, m, error);
		return;
	}
	rep.from_root = (struct bytes){ from.b, AUDIT_HASH_LEN };
	rep.to_root = (struct bytes){ to.b, AUDIT_HASH_LEN };
	rep.path = (struct bytes){ proof.path[0].b, proof.n * AUDIT_HASH_LEN };
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

/* A part that starts with record `from`.  It holds at least one record when there is one. */
void
desk_on_export(struct channel *c, struct message *m, void *arg)
{
	const struct audit_export_req *r = m->body;
	struct audit_export_rep rep = { .size = ledger->log.seq };
	struct export e;
	struct buf lines;
	int n;

	(void)arg;
	buf_init(&lines, EXPORT_MAX);
	n = export_open(&e, ledger, r->from, &lines);
	if (n == 0)
		do
			n = export_next(&e, &lines);
		while (n == 1 && lines.len < EXPORT_STOP);
	rep.next = n == 1 ? e.last + 1 : 0;
	rep.lines = bytes_of(&lines);
	export_close(&e);
	if (n >= 0 && !buf_failed(&lines))
		(void)channel_reply(c, &m->header, &rep, NULL, 0);
	else
		fail(c, m, n < 0 ? n : -ENOMEM);
	buf_fini(&lines);
}
