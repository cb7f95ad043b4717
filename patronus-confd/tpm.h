/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_TPM_H
#define PATRONUS_CONFD_TPM_H

#include <stddef.h>
#include <stdint.h>

/*
 * The key of the vault and the TPM of the box, through patronus-tpm: one question at a time.
 */

struct confd;

#define TPM_PCRS_DEFAULT	"7"
#define TPM_PCRS_TEXT_MAX	64

/* error 0, or -errno of the vault; -EREMOTEIO: the TPM does not do it, and why says the reason and the remedy. */
typedef void tpm_end(int error, const char *why, void *arg);

/* Ask the TPM for the key of a vault that is locked.  on_end may be NULL.  0: it is called later; -EALREADY, -EBUSY, -errno. */
int	 tpm_unlock(struct confd *, tpm_end *, void *arg);
/* A new key, sealed by the TPM while these registers are as they are, and under the recovery passphrase.  Likewise. */
int	 tpm_protect(struct confd *, uint32_t pcrs, const char *passphrase, tpm_end *, void *arg);
/* At the start: a vault that the TPM opens is opened. */
void	 tpm_start(struct confd *);
/* Now and then: a TPM that was not there at the start, or did not answer, is asked again for a while. */
void	 tpm_tick(struct confd *);
/* Why the TPM did not give the key when it was asked last; "" when it did, or was not asked. */
const char *tpm_refusal(void);

/* "0+7" or "none" to bits; -EINVAL.  And back. */
int	 tpm_pcrs_parse(const char *text, uint32_t *ret);
void	 tpm_pcrs_print(uint32_t pcrs, char ret[TPM_PCRS_TEXT_MAX]);

#endif
