/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TPM_ANSWER_H
#define PATRONUS_TPM_ANSWER_H

#include "ipc/msg.h"
#include "tpm/sealed.h"

struct tpm_answer {
	struct tpm_rep	 rep;		/* first: what the helper's conversation knows of it; points into the rest */
	int		 fd;		/* of the TPM; -1: the box has none */
	uint8_t		 sealed[SEALED_MAX];
	uint8_t		 key[32];
	char		 text[160];
};

/* One act with the TPM at a->fd: req is struct tpm_req, a struct tpm_answer.  There is always an answer. */
void	 tpm_answer(const void *req, void *a);

#endif
