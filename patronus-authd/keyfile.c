/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/pem.h>

#include "base/log.h"
#include "keyfile.h"
#include "store.h"

#define FILE_MAX	65536

static int
load(const char *name, EVP_PKEY **ret)
{
	EVP_PKEY *key;
	char *pem;
	size_t len;
	BIO *bio;
	int error;

	error = store_read(name, FILE_MAX, &pem, &len);
	if (error != 0)
		return error;
	bio = BIO_new_mem_buf(pem, (int)len);
	key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
	BIO_free(bio);
	explicit_bzero(pem, len);
	free(pem);
	if (key == NULL || !EVP_PKEY_is_a(key, "EC")) {
		EVP_PKEY_free(key);
		return -EBADMSG;
	}
	*ret = key;
	return 0;
}

static int
make(const char *name, const char *subsystem, EVP_PKEY **ret)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *bio = BIO_new(BIO_s_secmem());
	char *pem;
	long len;
	int error = -ENOMEM;

	if (key != NULL && bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
		len = BIO_get_mem_data(bio, &pem);
		error = store_write(name, pem, (size_t)len, 0600);
		explicit_bzero(pem, (size_t)len);
	}
	BIO_free(bio);
	if (error != 0) {
		EVP_PKEY_free(key);
		return error;
	}
	log_info(subsystem, "made a new key");
	*ret = key;
	return 0;
}

int
keyfile_open(const char *name, const char *subsystem, EVP_PKEY **ret)
{
	int error = load(name, ret);

	if (error == -EBADMSG) {
		log_errx(subsystem, "%s cannot be understood; it is kept as %s.damaged", name, name);
		error = store_set_aside(name) == 0 ? -ENOENT : -EBADMSG;
	}
	return error == -ENOENT ? make(name, subsystem, ret) : error;
}
