/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "actual.h"
#include "before.h"
#include "memory.h"

/* Any bytes as what was written down: they are taken or refused, and what was taken is the same when it is written down again. */

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
print(const uint8_t *data, size_t len, struct buf *ret)
{
	static struct link links[] = { { .index = 2, .name = "eth0", .mtu = 1 }, { .index = 3, .name = "eth1", .mtu = 1, .flags = IFF_UP } };
	const struct actual actual = { .links = links, .nlinks = 2 };
	struct memory *m = memory_new();

	memory_text_set(m, MEMORY_RESOLV_CONF, "ours");
	(void)before_parse(m, &actual, (const char *)data, len);
	buf_init(ret, BEFORE_MAX);
	before_print(m, &actual, ret);
	memory_free(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf once, twice;

	print(data, len, &once);
	if (!buf_failed(&once)) {
		print(once.data, once.len, &twice);
		if (once.len != twice.len || (once.len > 0 && memcmp(once.data, twice.data, once.len) != 0))
			abort();
		buf_fini(&twice);
	}
	buf_fini(&once);
	return 0;
}
