/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Databases about addresses from outside: whatever the bytes, the answer unpacks; whatever the answer, it is refused or sound.  Of each kind. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"

#include "dbtext.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct dbtext t;
	struct buf b;
	unsigned kind;

	for (kind = 0; kind < ADDRDB_KIND_MAX; kind++) {
		(void)dbtext_unpack(kind, data, len, &t);
		buf_init(&b, 0);
		dbtext_pack(kind, data, len, &b);
		if (dbtext_unpack(kind, b.data, b.len, &t) != 0)
			abort();
		buf_fini(&b);
	}
	return 0;
}
