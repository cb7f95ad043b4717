/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audit/lines.h"
#include "base/buf.h"
#include "ledger.h"
#include "logread.h"
#include "record.h"
#include "search.h"

#define BLOCK		256		/* records that are read forward at a time */
#define BYTES_MAX	(16u << 20)	/* of one search: some 50 ms */
#define PATTERN_MAX	4096

static bool
compare(const char *line, size_t len, const char *begins, const char *wanted, bool is_part)
{
	const char *at;
	struct buf b;
	size_t n;
	bool same = false;

	if (wanted[0] == '\0')
		return true;
	at = record_member(line, len, begins, &n);
	buf_init(&b, PATTERN_MAX);
	record_string(&b, wanted, strlen(wanted));
	if (at != NULL && !buf_failed(&b))
		same = is_part ? memmem(at, n, b.data + 1, b.len - 2) != NULL : n == b.len - 2 && memcmp(at, b.data + 1, n) == 0;
	buf_fini(&b);
	return same;
}

/* RFC 3339 in UTC sorts as text does. */
static bool
is_in_time(const struct search *s, const char *line, size_t len)
{
	const char *at;
	size_t n;

	if (s->since[0] == '\0' && s->until[0] == '\0')
		return true;
	at = record_member(line, len, "\"time\":\"", &n);
	if (at == NULL)
		return false;
	if (s->since[0] != '\0' && strncmp(at, s->since, n) < 0)
		return false;
	return s->until[0] == '\0' || strncmp(at, s->until, n) < 0;
}

bool
search_matches(const struct search *s, const char *line, size_t len)
{
	return is_in_time(s, line, len) && compare(line, len, ",\"actor\":\"", s->actor, false) &&
	    compare(line, len, ",\"action\":\"", s->action, false) && compare(line, len, ",\"object\":\"", s->object, true);
}

/* Lines of a block, forward: those that match are remembered as offsets into text. */
struct block {
	struct buf	 text;
	size_t		 at[BLOCK];
	size_t		 len[BLOCK];
	uint64_t	 seq[BLOCK];
	unsigned	 n;
};

static int
read_block(struct block *b, const struct search *s, uint64_t from, uint64_t before, size_t *bytes)
{
	struct logread r;
	const char *line;
	size_t len;
	uint64_t seq;
	int n;

	b->n = 0;
	buf_reset(&b->text);
	n = logread_open(&r, LEDGER_LOG, LEDGER_KEEP, audit_record_seq, from);
	while (n == 0 && b->n < BLOCK && (n = logread_next(&r, &line, &len)) == 1) {
		n = 0;
		seq = audit_record_seq(line, len);
		if (seq >= before)
			break;
		*bytes += len;
		if (!search_matches(s, line, len))
			continue;
		b->at[b->n] = b->text.len;
		b->len[b->n] = len;
		b->seq[b->n++] = seq;
		buf_put(&b->text, line, len);
	}
	logread_close(&r);
	return n < 0 ? n : 0;
}

int
search_run(const struct search *s, uint64_t before, uint32_t limit, struct buf *ret, uint64_t *ret_next)
{
	struct block *b = calloc(1, sizeof(*b));
	uint64_t from, oldest = 1;
	uint32_t found = 0;
	size_t bytes = 0;
	int error = b == NULL ? -ENOMEM : logread_first(LEDGER_LOG, LEDGER_KEEP, audit_record_seq, &oldest);

	if (b != NULL)
		buf_init(&b->text, 0);
	while (error == 0 && before > oldest && found < limit && bytes < BYTES_MAX && !buf_failed(ret)) {
		from = before > BLOCK ? before - BLOCK : 1;
		error = read_block(b, s, from, before, &bytes);
		before = from;
		while (error == 0 && b->n > 0 && found < limit) {
			b->n--;
			if (ret->max != 0 && ret->len + b->len[b->n] + 1 > ret->max) {
				before = b->seq[b->n] + 1;
				limit = found;
				break;
			}
			buf_put(ret, b->text.data + b->at[b->n], b->len[b->n]);
			buf_putc(ret, '\n');
			found++;
			if (found == limit)
				before = b->seq[b->n];
		}
	}
	if (b != NULL)
		buf_fini(&b->text);
	free(b);
	*ret_next = before > oldest ? before : 0;
	return error;
}
