/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/random.h>

#include <errno.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "base/log.h"
#include "base/str.h"

#include "digest.h"

int
digest_hex(const void *data, size_t len, char ret[DIGEST_STRLEN])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (EVP_Digest(data, len, md, &n, EVP_sha256(), NULL) != 1 || n != 32)
		return (-ENOMEM);
	str_hex(md, 32, ret);
	return (0);
}

/* A name for the library's context: what callers see is ours. */
static EVP_MD_CTX *
context(struct digest *d)
{
	return ((EVP_MD_CTX *)d);
}

struct digest *
digest_new(void)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();

	if (c != NULL && EVP_DigestInit_ex(c, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(c);
		c = NULL;
	}
	return ((struct digest *)c);
}

void
digest_free(struct digest *d)
{
	EVP_MD_CTX_free(context(d));
}

int
digest_add(struct digest *d, const void *data, size_t len)
{
	return (EVP_DigestUpdate(context(d), data, len) == 1 ? 0 : -ENOMEM);
}

int
digest_end(struct digest *d, char ret[DIGEST_STRLEN])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (EVP_DigestFinal_ex(context(d), md, &n) != 1 || n != 32)
		return (-ENOMEM);
	str_hex(md, 32, ret);
	return (0);
}

void
digest_random_id(char *ret, size_t n)
{
	uint8_t bytes[32];

	if (n > sizeof(bytes))
		n = sizeof(bytes);
	if (getrandom(bytes, n, 0) != (ssize_t)n)
		fatal("digest", "cannot get random bytes");
	str_hex(bytes, n, ret);
}
