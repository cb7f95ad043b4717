/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "audit/lines.h"
#include "base/buf.h"
#include "export.h"
#include "ledger.h"

static int
next_head(struct export *e)
{
	const char *line;
	size_t len;
	int n = logread_next(&e->heads, &line, &len);

	e->head.number = 0;
	if (n != 1)
		return n;
	/* A line that is no head is told as it is: who checks will see it. */
	if (audit_head_parse(line, len, &e->head) != 0)
		e->head = (struct audit_head){ .number = UINT64_MAX };
	e->head_len = len < sizeof(e->head_line) ? len : sizeof(e->head_line);
	memcpy(e->head_line, line, e->head_len);
	return 0;
}

int
export_open(struct export *e, struct ledger *l, uint64_t from, struct buf *ret)
{
	struct audit_tree before;
	uint64_t oldest = 0;
	int error;

	memset(e, 0, sizeof(*e));
	e->ledger = l;
	e->records.fd = e->heads.fd = -1;
	error = ledger_sync(l);
	e->until = l->log.seq;
	e->until_head = l->last.size > e->until ? l->last.size : e->until;
	if (error == 0)
		error = logread_first(LEDGER_LOG, LEDGER_KEEP, audit_record_seq, &oldest);
	if (oldest > e->until)
		oldest = e->until + 1;
	if (from <= oldest)
		from = oldest;
	e->leaves = from > 0 ? from : 1;
	if (error == 0)
		error = logread_open(&e->records, LEDGER_LOG, LEDGER_KEEP, audit_record_seq, from == oldest ? 0 : from);
	if (error == 0)
		error = logread_open(&e->heads, LEDGER_HEADS, LEDGER_HEADS_KEEP, ledger_head_size, e->leaves);
	if (error == 0)
		error = next_head(e);
	if (error == 0)
		error = audit_tree_load(ledger_node, l, e->leaves - 1 < l->tree.size ? e->leaves - 1 : l->tree.size, &before);
	if (error != 0)
		return error;
	audit_prefix_line_print(&before, ret);
	buf_putc(ret, '\n');
	return 0;
}

/* Hashes of the records from e->leaves to `to`, as they were when they were written. */
static int
tell_leaves(struct export *e, uint64_t to, struct buf *ret)
{
	struct audit_hash hashes[AUDIT_LEAVES_MAX];
	uint64_t first;
	size_t n;
	int error;

	if (to > e->ledger->tree.size)
		to = e->ledger->tree.size;
	while (e->leaves <= to) {
		first = e->leaves;
		for (n = 0; e->leaves <= to && n < AUDIT_LEAVES_MAX; n++, e->leaves++) {
			error = ledger_node(e->ledger, audit_tree_leaf_at(e->leaves - 1), &hashes[n]);
			if (error != 0)
				return error;
		}
		audit_leaves_line_print(first, hashes, n, ret);
		buf_putc(ret, '\n');
	}
	return 0;
}

static int
tell_head(struct export *e, struct buf *ret)
{
	int error = 0;

	if (e->head.number != UINT64_MAX)
		error = tell_leaves(e, e->head.size, ret);
	buf_put(ret, e->head_line, e->head_len);
	buf_putc(ret, '\n');
	return error != 0 ? error : next_head(e);
}

int
export_next(struct export *e, struct buf *ret)
{
	const char *line = NULL;
	uint64_t seq = UINT64_MAX;
	size_t len = 0;
	int n = 0, error = 0;

	if (e->last < e->until)
		n = logread_next(&e->records, &line, &len);
	if (n < 0)
		return n;
	if (n == 1)
		seq = audit_record_seq(line, len);
	/* Heads of records that should have come are told all the same; so are those at the end. */
	while (error == 0 && e->head.number != 0 && e->head.size < seq && e->head.size <= e->until_head)
		error = tell_head(e, ret);
	if (n == 0 || error != 0) {
		e->last = e->until;
		return error;
	}
	buf_put(ret, line, len);
	buf_putc(ret, '\n');
	if (seq > e->last)
		e->last = seq;
	while (error == 0 && e->head.number != 0 && e->head.size == seq)
		error = tell_head(e, ret);
	return error != 0 ? error : buf_failed(ret) ? -ENOMEM : 1;
}

void
export_close(struct export *e)
{
	logread_close(&e->records);
	logread_close(&e->heads);
}
