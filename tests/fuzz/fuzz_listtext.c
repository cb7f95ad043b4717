/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of addresses from outside: whatever the text, the answer unpacks; whatever the answer, it is refused or sorted. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"

#include "listtext.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct listtext l;
	struct buf b;

	(void)listtext_unpack(data, len, &l);
	buf_init(&b, 0);
	listtext_pack((const char *)data, len, &b);
	if (listtext_unpack(b.data, b.len, &l) != 0)
		abort();
	buf_fini(&b);
	return 0;
}
