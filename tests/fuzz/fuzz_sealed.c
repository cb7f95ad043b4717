/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "patronus-confd/tpm/sealed.h"

/* What lies on the disk of a TPM's: whatever is read is written the same again. */

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t again[SEALED_MAX];
	struct sealed s;

	if (sealed_unpack(data, len, &s) == 0 && (sealed_pack(&s, again) != len || memcmp(again, data, len) != 0 || s.pcrs >> SEALED_PCRS != 0))
		abort();
	return 0;
}
