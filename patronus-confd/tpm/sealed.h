/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TPM_SEALED_H
#define PATRONUS_TPM_SEALED_H

#include <stddef.h>
#include <stdint.h>

#include <tss2/tss2_tpm2_types.h>

/*
 * What a TPM made of a key, and what must be told when it does not give it back: it lies in the vault, as bytes in the encoding of the
 * TPM.  Nothing in it is secret without that TPM.  Pure.
 */

#define SEALED_MAX	4096
#define SEALED_PCRS	24
#define SEALED_PCRS_MAX	8	/* at once */

struct sealed {
	uint32_t	 pcrs;		/* bits */
	TPM2B_NAME	 primary;	/* of the key above it: another TPM, or one that was cleared, has another */
	TPML_DIGEST	 values;	/* of those registers then, the least first */
	TPM2B_PUBLIC	 public;
	TPM2B_PRIVATE	 private;
};

/* How many bytes of ret, 0 when there is no room. */
size_t	 sealed_pack(const struct sealed *, uint8_t ret[SEALED_MAX]);
/* 0, or -EBADMSG: not written by sealed_pack(). */
int	 sealed_unpack(const uint8_t *data, size_t len, struct sealed *ret);

#endif
