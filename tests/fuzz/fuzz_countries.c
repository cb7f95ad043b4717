/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Databases of countries from outside: whatever the bytes, the answer unpacks; whatever the answer, it is refused or sound. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"

#include "countrytext.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct countrytext t;
	struct buf b;

	(void)countrytext_unpack(data, len, &t);
	buf_init(&b, 0);
	countrytext_pack(data, len, &b);
	if (countrytext_unpack(b.data, b.len, &t) != 0)
		abort();
	buf_fini(&b);
	return 0;
}
