/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#include "digest.h"
#include "keyfile.h"
#include "vault.h"
#include "vault_db.h"

#define LOG_N		17	/* 128 MiB and about 0.3 s: what guessing costs, too */
#define EPOCHS_MAX	64	/* that wait for their values to be brought over */
#define TRIES_AT_ONCE	5
#define TRY_MS		2000	/* one more try each */

struct vault {
	struct vault_db		*db;
	struct keyfile		*keyfile;
	struct vault_meta	 meta;
	bool			 is_open;	/* the keys below are there */
	bool			 is_stuck;	/* what is still of old epochs does not open */
	uint8_t			 kek[CIPHER_KEY_LEN];
	uint8_t			 fingerprint_key[CIPHER_KEY_LEN];
	uint32_t		 epochs[EPOCHS_MAX];	/* ascending; the last is meta.epoch */
	uint8_t			 keys[EPOCHS_MAX][CIPHER_KEY_LEN];
	unsigned		 nepochs;
	unsigned		 tries;
	uint64_t		 tries_ms;	/* when one was given back last */
};

static int	 make(struct vault *);
static int	 open_key_file(struct vault *);
static int	 load_keys(struct vault *, const uint8_t kek[CIPHER_KEY_LEN]);
static int	 wrap_keys(struct vault *, const struct vault_meta *, const uint8_t kek[CIPHER_KEY_LEN]);

const char *
vault_protection_name(enum vault_protection p)
{
	static const char *const names[VAULT_PROTECTION_MAX] = { "", "key-file", "passphrase", "tpm" };

	return (p > VAULT_PROTECTION_INVALID && p < VAULT_PROTECTION_MAX ? names[p] : "");
}

/* --- opening --- */

static void
forget_keys(struct vault *v)
{
	explicit_bzero(v->kek, sizeof(v->kek));
	explicit_bzero(v->fingerprint_key, sizeof(v->fingerprint_key));
	explicit_bzero(v->keys, sizeof(v->keys));
	v->nepochs = 0;
	v->is_open = false;
}

int
vault_open(const char *dir, struct vault **ret)
{
	struct vault *v;
	int error;

	if ((v = calloc(1, sizeof(*v))) == NULL)
		return (-ENOMEM);
	v->tries = TRIES_AT_ONCE;
	v->tries_ms = clock_mono_ms();
	if ((error = keyfile_open(dir, &v->keyfile)) == 0 && (error = vault_db_open(dir, &v->db)) == 0) {
		error = vault_db_meta(v->db, &v->meta);
		if (error == -ENOENT)
			error = make(v);
		else if (error == 0 && v->meta.protection == VAULT_KEY_FILE)
			error = open_key_file(v);
	}
	if (error != 0) {
		vault_close(v);
		return (error);
	}
	keyfile_tidy(v->keyfile, v->meta.protection == VAULT_KEY_FILE ? v->meta.key_id : "");
	*ret = v;
	return (0);
}

void
vault_close(struct vault *v)
{
	if (v == NULL)
		return;
	forget_keys(v);
	keyfile_close(v->keyfile);
	vault_db_close(v->db);
	free(v);
}

/* The first start: all keys are made on the box, none comes with the image. */
static int
make(struct vault *v)
{
	struct vault_meta meta = { .protection = VAULT_KEY_FILE, .epoch = 1 };
	uint8_t kek[CIPHER_KEY_LEN];
	int error;

	digest_random_id(meta.device, 16);
	digest_random_id(meta.key_id, 8);
	cipher_random(kek, sizeof(kek));
	cipher_random(v->fingerprint_key, sizeof(v->fingerprint_key));
	cipher_random(v->keys[0], CIPHER_KEY_LEN);
	v->epochs[0] = meta.epoch;
	v->nepochs = 1;
	if ((error = keyfile_write(v->keyfile, meta.key_id, kek)) == 0)
		error = wrap_keys(v, &meta, kek);
	explicit_bzero(kek, sizeof(kek));
	v->is_open = error == 0;
	return (error);
}

/* Without its file the vault stays locked: the box serves what needs no secret, and says so. */
static int
open_key_file(struct vault *v)
{
	uint8_t kek[CIPHER_KEY_LEN];
	int error;

	error = keyfile_read(v->keyfile, v->meta.key_id, kek);
	if (error == 0)
		error = load_keys(v, kek);
	explicit_bzero(kek, sizeof(kek));
	if (error == -ENOMEM)
		return (error);
	if (error != 0)
		log_errx("vault", "the secrets cannot be read: the key file %s", error == -ENOENT ? "is missing" :
		    error == -EBADMSG ? "is not theirs" : strerror(-error));
	return (0);
}

/* --- keys --- */

/* Keys are sealed like values, under the key key, at places that no schema has. */
static struct seal_place
key_place(const struct vault_meta *meta, uint32_t epoch)
{
	return ((struct seal_place){ .path = epoch == VAULT_DB_FINGERPRINT_KEY ? "key:fingerprints" : "key:data", .device = meta->device,
	    .epoch = epoch == VAULT_DB_FINGERPRINT_KEY ? 1 : epoch });
}

static int
unwrap(const struct vault *v, const uint8_t kek[CIPHER_KEY_LEN], uint32_t epoch, const char *wrapped, uint8_t ret[CIPHER_KEY_LEN])
{
	struct seal_place place = key_place(&v->meta, epoch);
	char *key;
	size_t len;
	int error;

	if ((error = seal_open(kek, &place, wrapped, &key, &len)) != 0)
		return (error);
	if (len == CIPHER_KEY_LEN)
		memcpy(ret, key, CIPHER_KEY_LEN);
	else
		error = -EBADMSG;
	vault_value_free(key, len);
	return (error);
}

struct key_load {
	struct vault	*vault;
	const uint8_t	*kek;
	int		 error;
	bool		 has_fingerprint_key;
};

static void
load_one(uint32_t epoch, const char *wrapped, void *arg)
{
	struct key_load *load = arg;
	struct vault *v = load->vault;

	if (load->error != 0)
		return;
	if (epoch == VAULT_DB_FINGERPRINT_KEY) {
		load->has_fingerprint_key = true;
		load->error = unwrap(v, load->kek, epoch, wrapped, v->fingerprint_key);
	} else if (v->nepochs == EPOCHS_MAX)
		load->error = -EBADMSG;
	else if ((load->error = unwrap(v, load->kek, epoch, wrapped, v->keys[v->nepochs])) == 0)
		v->epochs[v->nepochs++] = epoch;
}

static int
load_keys(struct vault *v, const uint8_t kek[CIPHER_KEY_LEN])
{
	struct key_load load = { .vault = v, .kek = kek };
	int error;

	forget_keys(v);
	if ((error = vault_db_keys(v->db, load_one, &load)) == 0)
		error = load.error;
	if (error == 0 && (!load.has_fingerprint_key || v->nepochs == 0 || v->epochs[v->nepochs - 1] != v->meta.epoch))
		error = -EBADMSG;
	if (error != 0)
		forget_keys(v);
	else
		memcpy(v->kek, kek, sizeof(v->kek));
	v->is_open = error == 0;
	return (error);
}

/* All keys under this key key, with what tells how it is found again: one transaction. */
static int
wrap_keys(struct vault *v, const struct vault_meta *meta, const uint8_t kek[CIPHER_KEY_LEN])
{
	struct vault_db_key keys[EPOCHS_MAX + 1];
	struct seal_place place = key_place(meta, VAULT_DB_FINGERPRINT_KEY);
	unsigned i, n = 0;
	int error;

	keys[0].epoch = VAULT_DB_FINGERPRINT_KEY;
	if ((error = seal_value(kek, &place, v->fingerprint_key, CIPHER_KEY_LEN, &keys[0].wrapped)) == 0)
		n = 1;
	for (i = 0; i < v->nepochs && error == 0; i++) {
		place = key_place(meta, v->epochs[i]);
		keys[n].epoch = v->epochs[i];
		if ((error = seal_value(kek, &place, v->keys[i], CIPHER_KEY_LEN, &keys[n].wrapped)) == 0)
			n++;
	}
	if (error == 0)
		error = vault_db_put_keys(v->db, meta, keys, n);
	while (n > 0)
		free(keys[--n].wrapped);
	if (error != 0)
		return (error);
	v->meta = *meta;
	if (kek != v->kek)
		memcpy(v->kek, kek, sizeof(v->kek));
	return (0);
}

static int
kek_of_passphrase(const struct vault_meta *meta, const char *passphrase, size_t len, uint8_t ret[CIPHER_KEY_LEN])
{
	return (cipher_scrypt((struct cipher_bytes){ passphrase, len }, (struct cipher_bytes){ meta->salt, sizeof(meta->salt) }, meta->log_n,
	    ret));
}

/* Under the recovery passphrase lies the key itself: the TPM and the passphrase open the same. */
static struct seal_place
recovery_place(const struct vault_meta *meta)
{
	return ((struct seal_place){ .path = "key:recovery", .device = meta->device, .epoch = 1 });
}

static int
recovery_make(struct vault_meta *meta, const uint8_t kek[CIPHER_KEY_LEN], const char *passphrase, size_t len)
{
	struct seal_place place = recovery_place(meta);
	uint8_t key[CIPHER_KEY_LEN];
	char *text = NULL;
	int error;

	if ((error = kek_of_passphrase(meta, passphrase, len, key)) == 0 && (error = seal_value(key, &place, kek, CIPHER_KEY_LEN, &text)) == 0 &&
	    str_copy(meta->tpm.recovery, text, sizeof(meta->tpm.recovery)) >= sizeof(meta->tpm.recovery))
		error = -EMSGSIZE;
	explicit_bzero(key, sizeof(key));
	free(text);
	return (error);
}

static int
recovery_open(const struct vault_meta *meta, const char *passphrase, size_t len, uint8_t ret[CIPHER_KEY_LEN])
{
	struct seal_place place = recovery_place(meta);
	uint8_t key[CIPHER_KEY_LEN];
	char *kek = NULL;
	size_t n = 0;
	int error;

	if ((error = kek_of_passphrase(meta, passphrase, len, key)) == 0)
		error = seal_open(key, &place, meta->tpm.recovery, &kek, &n);
	explicit_bzero(key, sizeof(key));
	if (error == 0 && n == CIPHER_KEY_LEN)
		memcpy(ret, kek, CIPHER_KEY_LEN);
	else if (error == 0)
		error = -EBADMSG;
	vault_value_free(kek, n);
	return (error);
}

/* Guesses are for people who forgot: five, then one in two seconds. */
static bool
take_try(struct vault *v)
{
	uint64_t now = clock_mono_ms(), back = (now - v->tries_ms) / TRY_MS;

	if (back > 0) {
		v->tries = back > TRIES_AT_ONCE - v->tries ? TRIES_AT_ONCE : v->tries + (unsigned)back;
		v->tries_ms = now;
	}
	return (v->tries > 0 && v->tries-- > 0);
}

int
vault_unlock(struct vault *v, const char *passphrase, size_t len)
{
	uint8_t kek[CIPHER_KEY_LEN];
	int error;

	if (v->is_open)
		return (-EALREADY);
	if (v->meta.protection == VAULT_KEY_FILE)
		return ((error = open_key_file(v)) != 0 ? error : v->is_open ? 0 : -ENOKEY);
	if (len > VAULT_PASSPHRASE_MAX)
		return (-EACCES);
	if (!take_try(v))
		return (-EAGAIN);
	error = v->meta.protection == VAULT_TPM ? recovery_open(&v->meta, passphrase, len, kek) : kek_of_passphrase(&v->meta, passphrase, len, kek);
	if (error == 0)
		error = load_keys(v, kek);
	explicit_bzero(kek, sizeof(kek));
	return (error == -EBADMSG ? -EACCES : error);
}

int
vault_unlock_key(struct vault *v, const uint8_t key[CIPHER_KEY_LEN])
{
	int error;

	if (v->is_open)
		return (-EALREADY);
	error = load_keys(v, key);
	return (error == -EBADMSG ? -EACCES : error);
}

/* Nothing of the protection before it stays. */
static struct vault_meta
fresh_meta(const struct vault *v, enum vault_protection protection)
{
	struct vault_meta meta = { .protection = (uint8_t)protection, .epoch = v->meta.epoch, .log_n = LOG_N };

	(void)str_copy(meta.device, v->meta.device, sizeof(meta.device));
	cipher_random(meta.salt, sizeof(meta.salt));
	return (meta);
}

int
vault_protect_passphrase(struct vault *v, const char *passphrase, size_t len)
{
	struct vault_meta meta = fresh_meta(v, VAULT_PASSPHRASE);
	uint8_t kek[CIPHER_KEY_LEN];
	int error;

	if (!v->is_open)
		return (-ENOKEY);
	if (len < VAULT_PASSPHRASE_MIN || len > VAULT_PASSPHRASE_MAX)
		return (-ERANGE);
	if ((error = kek_of_passphrase(&meta, passphrase, len, kek)) == 0)
		error = wrap_keys(v, &meta, kek);
	explicit_bzero(kek, sizeof(kek));
	if (error == 0)
		keyfile_tidy(v->keyfile, "");
	return (error);
}

int
vault_protect_key_file(struct vault *v)
{
	struct vault_meta meta = fresh_meta(v, VAULT_KEY_FILE);
	uint8_t kek[CIPHER_KEY_LEN];
	int error;

	if (!v->is_open)
		return (-ENOKEY);
	digest_random_id(meta.key_id, 8);
	cipher_random(kek, sizeof(kek));
	/* The file before what needs it, and the old one goes only when nothing needs it any more. */
	if ((error = keyfile_write(v->keyfile, meta.key_id, kek)) == 0)
		error = wrap_keys(v, &meta, kek);
	explicit_bzero(kek, sizeof(kek));
	keyfile_tidy(v->keyfile, v->meta.protection == VAULT_KEY_FILE ? v->meta.key_id : "");
	return (error);
}

int
vault_protect_tpm(struct vault *v, const uint8_t key[CIPHER_KEY_LEN], uint32_t pcrs, const uint8_t *sealed, size_t len,
    const char *passphrase, size_t passphrase_len)
{
	struct vault_meta meta = fresh_meta(v, VAULT_TPM);
	int error;

	if (!v->is_open)
		return (-ENOKEY);
	if (passphrase_len < VAULT_PASSPHRASE_MIN || passphrase_len > VAULT_PASSPHRASE_MAX)
		return (-ERANGE);
	if (len == 0 || len > sizeof(meta.tpm.sealed))
		return (-EMSGSIZE);
	meta.tpm.pcrs = pcrs;
	memcpy(meta.tpm.sealed, sealed, len);
	meta.tpm.len = (uint32_t)len;
	if ((error = recovery_make(&meta, key, passphrase, passphrase_len)) == 0 && (error = wrap_keys(v, &meta, key)) == 0)
		keyfile_tidy(v->keyfile, "");
	return (error);
}

const uint8_t *
vault_tpm_sealed(const struct vault *v, uint32_t *ret_len)
{
	*ret_len = v->meta.tpm.len;
	return (v->meta.protection == VAULT_TPM ? v->meta.tpm.sealed : NULL);
}

int
vault_rotate(struct vault *v)
{
	struct vault_meta meta = v->meta;
	int error;

	if (!v->is_open)
		return (-ENOKEY);
	if (v->nepochs == EPOCHS_MAX || meta.epoch == UINT32_MAX)
		return (-EBUSY);
	v->is_stuck = false;
	v->epochs[v->nepochs] = ++meta.epoch;
	cipher_random(v->keys[v->nepochs++], CIPHER_KEY_LEN);
	if ((error = wrap_keys(v, &meta, v->kek)) != 0)
		explicit_bzero(v->keys[--v->nepochs], CIPHER_KEY_LEN);
	return (error);
}

/* --- values --- */

static const uint8_t *
key_of_epoch(const struct vault *v, uint32_t epoch)
{
	unsigned i;

	for (i = 0; i < v->nepochs; i++)
		if (v->epochs[i] == epoch)
			return (v->keys[i]);
	return (NULL);
}

static int
open_value(const struct vault *v, const char *path, const char *sealed, char **ret, size_t *ret_len)
{
	struct seal_place place = { .path = path, .device = v->meta.device, .epoch = seal_epoch(sealed) };
	const uint8_t *key = key_of_epoch(v, place.epoch);

	return (key != NULL ? seal_open(key, &place, sealed, ret, ret_len) : -EBADMSG);
}

static int
reseal(const char *path, const char *sealed, char **ret, void *arg)
{
	struct vault *v = arg;
	struct seal_place place = { .path = path, .device = v->meta.device, .epoch = v->meta.epoch };
	char *value;
	size_t len;
	int error;

	if ((error = open_value(v, path, sealed, &value, &len)) == 0) {
		error = seal_value(v->keys[v->nepochs - 1], &place, value, len, ret);
		vault_value_free(value, len);
	} else
		log_errx("vault", "the secret of %s does not open: it must be set again", path);
	return (error);
}

int
vault_step(struct vault *v, unsigned n)
{
	unsigned done, forgotten, all, old;
	uint8_t kek[CIPHER_KEY_LEN];
	int error;

	if (!v->is_open)
		return (-ENOKEY);
	if (v->nepochs == 1 || v->is_stuck)
		return (0);
	if ((error = vault_db_reseal(v->db, v->meta.epoch, n, reseal, v, &done)) != 0 ||
	    (error = vault_db_count(v->db, v->meta.epoch, &all, &old)) != 0)
		return (error);
	if (old > 0 && done > 0)
		return ((int)old);
	v->is_stuck = old > 0;
	if ((error = vault_db_forget_epochs(v->db, v->meta.epoch, &forgotten)) == 0 && forgotten > 0) {
		memcpy(kek, v->kek, sizeof(kek));
		error = load_keys(v, kek);
		explicit_bzero(kek, sizeof(kek));
	}
	return (error);
}

int
vault_set(struct vault *v, const char *path, const void *value, size_t len, char ret_fingerprint[SEAL_FINGERPRINT_LEN])
{
	struct seal_place place = { .path = path, .device = v->meta.device, .epoch = v->meta.epoch };
	char *sealed;
	int error;

	if (!v->is_open)
		return (-ENOKEY);
	if (strlen(path) > VAULT_PATH_MAX)
		return (-EMSGSIZE);
	if ((error = seal_fingerprint(v->fingerprint_key, path, value, len, ret_fingerprint)) != 0 ||
	    (error = seal_value(v->keys[v->nepochs - 1], &place, value, len, &sealed)) != 0)
		return (error);
	error = vault_db_put(v->db, path, ret_fingerprint, place.epoch, sealed);
	free(sealed);
	return (error);
}

int
vault_get(struct vault *v, const char *path, const char *fingerprint, char **ret, size_t *ret_len)
{
	char *sealed;
	int error;

	if (!v->is_open)
		return (-ENOKEY);
	if ((error = vault_db_get(v->db, path, fingerprint, &sealed)) != 0)
		return (error);
	error = open_value(v, path, sealed, ret, ret_len);
	free(sealed);
	return (error);
}

void
vault_value_free(char *value, size_t len)
{
	if (value == NULL)
		return;
	explicit_bzero(value, len);
	free(value);
}

bool
vault_has(struct vault *v, const char *path, const char *fingerprint)
{
	char *sealed;

	if (vault_db_get(v->db, path, fingerprint, &sealed) != 0)
		return (false);
	free(sealed);
	return (true);
}

int
vault_sweep(struct vault *v, bool (*is_used)(const char *path, const char *fingerprint, void *arg), void *arg)
{
	return (vault_db_sweep(v->db, is_used, arg));
}

void
vault_status(struct vault *v, struct vault_status *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->protection = v->meta.protection;
	ret->is_locked = !v->is_open;
	ret->epoch = v->meta.epoch;
	ret->pcrs = v->meta.tpm.pcrs;
	(void)str_copy(ret->device, v->meta.device, sizeof(ret->device));
	(void)vault_db_count(v->db, v->meta.epoch, &ret->nsecrets, &ret->nold);
}
