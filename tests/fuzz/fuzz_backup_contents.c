/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "backup_contents.h"
#include "dbtext.h"
#include "listtext.h"
#include "problem.h"

/*
 * What stands behind the document of a backup, in pieces of any size (the first byte says which): refused with a reason at a place, or lists and
 * databases as they are kept.
 */

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(bool is_true, const char *what)
{
	if (is_true)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

/* As patronus-parse reads lines, and confd believes nothing of it. */
static bool
read_lines(struct backup_reader *r, enum backup_step step, const char *text, size_t len, struct problems *problems)
{
	struct dbtext t;
	struct listtext l;
	struct buf b;
	bool ok;

	check(len > 0 && text[len - 1] == '\n', "lines are whole");
	buf_init(&b, 0);
	if (step == BACKUP_STEP_LIST) {
		listtext_pack(text, len, &b);
		check(listtext_unpack(b.data, b.len, &l) == 0, "the answer of a list");
		ok = backup_reader_take_list(r, &l, problems);
	} else {
		dbtext_pack(backup_reader_kind(r), (const uint8_t *)text, len, &b);
		check(dbtext_unpack(backup_reader_kind(r), b.data, b.len, &t) == 0, "the answer of a database");
		ok = backup_reader_take_database(r, &t, problems);
	}
	buf_fini(&b);
	return ok;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct backup_reader *r = backup_reader_new();
	struct problems *problems = problems_new();
	size_t piece = len > 0 ? data[0] + (size_t)1 : 1, at = len > 0, n, text_len;
	enum backup_step step;
	struct addrdb all;
	unsigned kind;
	struct backup_contents *c;
	const char *text;

	for (;;) {
		step = backup_reader_next(r, problems, &text, &text_len);
		if (step == BACKUP_STEP_MORE) {
			n = len - at < piece ? len - at : piece;
			backup_reader_give(r, data + at, n);
			at += n;
		} else if (step == BACKUP_STEP_END || step == BACKUP_STEP_REFUSED || !read_lines(r, step, text, text_len, problems))
			break;
	}
	check((step == BACKUP_STEP_END) == (problems_count(problems) == 0), "refused without a reason, or with one and taken");
	c = backup_reader_contents(r);
	for (kind = 0; kind < ADDRDB_KIND_MAX; kind++) {
		all = backup_contents_database(c, kind);
		check(problems_count(problems) > 0 || addrdb_is_sound(&all), "a database that is not sound was taken");
	}
	backup_contents_free(c);
	backup_reader_free(r);
	problems_free(problems);
	return 0;
}
