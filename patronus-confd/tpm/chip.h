/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TPM_CHIP_H
#define PATRONUS_TPM_CHIP_H

#include <stddef.h>
#include <stdint.h>

#include <tss2/tss2_esys.h>

#include "tpm/link.h"
#include "tpm/sealed.h"

/*
 * The few things that are asked of a TPM 2.0.  Below the storage hierarchy, under the primary key of the TCG's template for P-256; every
 * secret crosses the bus encrypted by a session that is salted with that key.  The functions give the TPM's code, 0 for success; chip_what()
 * names the command that failed.
 */

#define CHIP_KEY_LEN	32

struct chip {
	struct link	 link;
	ESYS_CONTEXT	*esys;
	ESYS_TR		 primary, session, object;
	TPM2B_NAME	 name;		/* of the primary key */
	const char	*what;		/* was asked last */
};

/* Makes the primary key (it is the same each time) and a session. */
TSS2_RC	 chip_open(struct chip *, int fd);
void	 chip_close(struct chip *);

/* The SHA-256 values of these registers; an empty one for each that the TPM has not. */
TSS2_RC	 chip_registers(struct chip *, uint32_t pcrs, TPML_DIGEST *ret);
/* A key that the TPM gives back while the registers are as they are now. */
TSS2_RC	 chip_seal(struct chip *, uint32_t pcrs, const uint8_t key[CHIP_KEY_LEN], TPM2B_PUBLIC *ret_public, TPM2B_PRIVATE *ret_private);
TSS2_RC	 chip_unseal(struct chip *, uint32_t pcrs, const TPM2B_PUBLIC *, const TPM2B_PRIVATE *, uint8_t ret[CHIP_KEY_LEN]);

#endif
