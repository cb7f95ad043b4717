/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_BECH32_H
#define PATRONUS_CONFD_BECH32_H

#include <stdint.h>

/*
 * Bech32 (BIP 173) as age writes keys: PREFIX, "1", and 32 bytes with a checksum.
 */

#define BECH32_BYTES	32

/* 0, or -EINVAL: another prefix, another length, mixed case, a checksum that does not hold, bits after the last byte. */
int	 bech32_decode(const char *text, const char *prefix, uint8_t ret[BECH32_BYTES]);
/* Lower case.  ret holds strlen(prefix) + 60 bytes. */
void	 bech32_encode(const char *prefix, const uint8_t bytes[BECH32_BYTES], char *ret);

#endif
