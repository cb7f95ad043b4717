/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_VAULT_DB_H
#define PATRONUS_CONFD_VAULT_DB_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What the vault has on disk, for vault.c alone: one row that says how the key key is found, the wrapped keys, the sealed values.  Nothing
 * here can be read without a key.  0 or -errno.
 */

#define VAULT_DB_FINGERPRINT_KEY	0	/* in the place of an epoch */

#define VAULT_TPM_MAX		4096

/* What only the TPM of the box makes a key of, and the same key under the recovery passphrase. */
struct vault_tpm {
	uint32_t	 pcrs;		/* registers that it depends on, as bits */
	uint8_t		 sealed[VAULT_TPM_MAX];
	uint32_t	 len;		/* 0: none */
	char		 recovery[256];
};

struct vault_meta {
	uint8_t		 protection;	/* enum vault_protection */
	char		 device[33];
	char		 key_id[17];	/* of the key file */
	uint8_t		 salt[16];	/* of the passphrase */
	unsigned	 log_n;
	uint32_t	 epoch;
	struct vault_tpm tpm;
};

struct vault_db_key {
	uint32_t	 epoch;
	char		*wrapped;
};

struct vault_db;

int	 vault_db_open(const char *dir, struct vault_db **ret);
void	 vault_db_close(struct vault_db *);	/* NULL is fine */

int	 vault_db_meta(struct vault_db *, struct vault_meta *ret);	/* -ENOENT: nothing was made yet */
/* The row and all wrapped keys take the place of what was there, at once. */
int	 vault_db_put_keys(struct vault_db *, const struct vault_meta *, const struct vault_db_key *, unsigned n);
/* By epoch, the least first. */
int	 vault_db_keys(struct vault_db *, void (*fn)(uint32_t epoch, const char *wrapped, void *arg), void *arg);

int	 vault_db_put(struct vault_db *, const char *path, const char *fingerprint, uint32_t epoch, const char *sealed);
int	 vault_db_get(struct vault_db *, const char *path, const char *fingerprint, char **ret);	/* malloc'd; -ENOENT */
int	 vault_db_count(struct vault_db *, uint32_t epoch, unsigned *ret_n, unsigned *ret_old);
/*
 * Up to n values that are not of this epoch: reseal() makes a new text (malloc'd) of each; one that fails is left as it is and not
 * counted.  All at once.
 */
int	 vault_db_reseal(struct vault_db *, uint32_t epoch, unsigned n,
	    int (*reseal)(const char *path, const char *sealed, char **ret, void *arg), void *arg, unsigned *ret_done);
/* Forget keys of other epochs that no value is under. */
int	 vault_db_forget_epochs(struct vault_db *, uint32_t epoch, unsigned *ret_forgotten);
int	 vault_db_sweep(struct vault_db *, bool (*is_used)(const char *path, const char *fingerprint, void *arg), void *arg);

#endif
