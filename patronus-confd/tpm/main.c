/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * patronus-tpm: asks the TPM of the box to seal one key or to give one back, for confd, and ends.  The library for that is large and other
 * people's: it runs where there is nothing but the descriptor of the TPM.
 */
#include <fcntl.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/heap.h"
#include "base/log.h"
#include "ipc/ids.h"
#include "ipc/oneshot.h"
#include "sandbox/sandbox.h"

#include "tpm/answer.h"

#define CONFD_FD	3
#define TPM_FD		4
#define LIFETIME_MS	13000

int
main(void)
{
	static struct tpm_answer a;
	const struct oneshot question = { .self = ROLE_TPM, .peer = ROLE_CONFD, .type = MSG_TPM, .lifetime_ms = LIFETIME_MS,
	    .answer = tpm_answer, .rep = &a };
	unsigned char byte;
	int error;

	log_init("tpm", LOG_LEVEL_INFO);
	heap_init();
	/* It reads its configuration, were there one, and sets up its randomness while that is still possible. */
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1 || RAND_bytes(&byte, 1) != 1)
		fatalx("tpm", "libcrypto");
	error = sandbox_enter(ROLE_TPM);
	if (error != 0)
		fatalx("tpm", "confinement: %s", strerror(-error));
	a.fd = fcntl(TPM_FD, F_GETFD) != -1 ? TPM_FD : -1;
	error = oneshot_serve(CONFD_FD, &question);
	explicit_bzero(&a, sizeof(a));
	if (error != 0)
		log_errx("tpm", "no answer: %s", strerror(-error));
	return (error == 0 ? 0 : 1);
}
