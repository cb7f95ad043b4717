/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_VAULT_H
#define PATRONUS_CONFD_VAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seal.h"

/*
 * The secrets of the configuration, in a database of their own (STATE/conf/vault.db): a document holds only that a secret is set and
 * its fingerprint, the value is here by place and fingerprint.  A value is stored before a revision refers to it and stays for as long
 * as one that may run does, so that going back brings the old secret back too.
 *
 * Three keys: a key key (never stored, or in a key file, or made from a passphrase) wraps the data keys, a data key of each epoch
 * seals the values (seal.h), and the key of the fingerprints.  While the key key is not known the vault is locked: what is there can
 * be told, nothing can be read or written.
 *
 * Each function that changes something is one transaction: after 0 it survives kill -9 and a power cut, before that nothing of it has
 * happened.  -ENOKEY: locked.
 */

enum vault_protection {
	VAULT_PROTECTION_INVALID = 0,
	VAULT_KEY_FILE,		/* the key lies beside what it protects: who has the disk has the secrets */
	VAULT_PASSPHRASE,	/* scrypt; locked after a start until it is given */
	VAULT_TPM,		/* sealed by the TPM of the box; locked after a start until the TPM, or the recovery passphrase, gives it */
	VAULT_PROTECTION_MAX
};

struct vault_status {
	enum vault_protection	 protection;
	bool			 is_locked;
	uint32_t		 epoch;		/* of the data key that seals new values */
	unsigned		 nsecrets;
	unsigned		 nold;		/* still sealed under an earlier epoch */
	char			 device[33];
	uint32_t		 pcrs;		/* VAULT_TPM: the registers that it depends on */
};

#define VAULT_PATH_MAX		1023
#define VAULT_PASSPHRASE_MIN	12
#define VAULT_PASSPHRASE_MAX	512

struct vault;

/* dir is STATE/conf.  Made when it is not there; a damaged one is moved aside, and logged.  0 or -errno. */
int	 vault_open(const char *dir, struct vault **ret);
void	 vault_close(struct vault *);		/* NULL is fine */
void	 vault_status(struct vault *, struct vault_status *ret);
const char *vault_protection_name(enum vault_protection);	/* "key-file" */

/* -EACCES: not this passphrase; -EALREADY: nothing is locked; -EAGAIN: too many tries, wait. */
int	 vault_unlock(struct vault *, const char *passphrase, size_t len);
/* Another key key; the data keys are wrapped anew.  A passphrase has VAULT_PASSPHRASE_MIN.._MAX bytes: -ERANGE. */
int	 vault_protect_passphrase(struct vault *, const char *passphrase, size_t len);
int	 vault_protect_key_file(struct vault *);
/* This key, which the TPM made `sealed` of; the passphrase is the way in when the TPM does not give it back. */
int	 vault_protect_tpm(struct vault *, const uint8_t key[CIPHER_KEY_LEN], uint32_t pcrs, const uint8_t *sealed, size_t len,
	    const char *passphrase, size_t passphrase_len);
/* What the TPM made of the key: bytes of the vault, NULL when it is not protected so. */
const uint8_t *vault_tpm_sealed(const struct vault *, uint32_t *ret_len);
/* The key that the TPM gave back.  -EACCES: it is not this one; -EALREADY. */
int	 vault_unlock_key(struct vault *, const uint8_t key[CIPHER_KEY_LEN]);
/* A new epoch: what is set from now on is sealed under it, and vault_step() brings the rest over. */
int	 vault_rotate(struct vault *);
/* Seal up to n values of old epochs anew, forget epochs that nothing is under any more.  How many are left, or -errno. */
int	 vault_step(struct vault *, unsigned n);

/* -EMSGSIZE: longer than SEAL_VALUE_MAX.  The same value at the same place has the same fingerprint again. */
int	 vault_set(struct vault *, const char *path, const void *value, size_t len, char ret_fingerprint[SEAL_FINGERPRINT_LEN]);
/* *ret is malloc'd and NUL-terminated; vault_value_free() it.  -ENOENT, -ENOKEY, -EBADMSG (the database was tampered with). */
int	 vault_get(struct vault *, const char *path, const char *fingerprint, char **ret, size_t *ret_len);
/* Clear and free what vault_get() gave; NULL is fine. */
void	 vault_value_free(char *value, size_t len);
bool	 vault_has(struct vault *, const char *path, const char *fingerprint);
/* Forget all values for which is_used() is false. */
int	 vault_sweep(struct vault *, bool (*is_used)(const char *path, const char *fingerprint, void *arg), void *arg);

#endif
