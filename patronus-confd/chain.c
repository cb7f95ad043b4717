/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/buf.h"

#include "chain.h"
#include "store.h"

const char chain_start[DIGEST_STRLEN] = "0000000000000000000000000000000000000000000000000000000000000000";

/* With its length before it: no two texts together say the same as two others. */
static void
put(struct buf *b, const char *text)
{
	buf_printf(b, "%zu:%s\n", strlen(text), text);
}

int
chain_link(const char *prev, const struct revision *rev, char ret[DIGEST_STRLEN])
{
	struct buf b;
	int error;

	buf_init(&b, 4096);
	buf_puts(&b, "patronus revision 1\n");
	put(&b, prev);
	buf_printf(&b, "%u %u %llu\n", rev->number, rev->parent, (unsigned long long)rev->time_ms);
	put(&b, rev->digest);
	put(&b, rev->author);
	put(&b, rev->origin);
	put(&b, rev->comment);
	error = buf_failed(&b) ? -ENOMEM : digest_hex((const char *)b.data, b.len, ret);
	buf_fini(&b);
	return (error);
}
