/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/str.h"

#include "age.h"
#include "bech32.h"
#include "cipher.h"

#define INTRO		"age-encryption.org/v1\n"
#define FILE_KEY_LEN	16
#define WRAPPED_LEN	(FILE_KEY_LEN + CIPHER_TAG_LEN)
#define WRAPPED_TEXT	43	/* in base64: less than a line of 64 */
#define MAC_LEN		32
#define SALT_LEN	16
#define NONCE_LEN	16	/* of the payload */
#define CHUNK		AGE_CHUNK
#define STANZAS_MAX	(AGE_RECIPIENTS_MAX + 16)
#define LINE_LEN_MAX	512

static const struct cipher_bytes nothing = { "", 0 };
static const uint8_t zero_nonce[CIPHER_NONCE_LEN];

/* --- keys --- */

static int
curve(const uint8_t secret[32], const uint8_t public[32], uint8_t ret[32])
{
	EVP_PKEY *mine = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, 32), *theirs = NULL;
	EVP_PKEY_CTX *ctx = NULL;
	size_t len = 32;
	int error = -EIO;

	if (mine != NULL && (theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, public, 32)) != NULL &&
	    (ctx = EVP_PKEY_CTX_new(mine, NULL)) != NULL && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, theirs) == 1)
		/* A point of small order makes nothing but zeros, and libcrypto refuses it. */
		error = EVP_PKEY_derive(ctx, ret, &len) == 1 && len == 32 ? 0 : -EBADMSG;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(theirs);
	EVP_PKEY_free(mine);
	return (error);
}

static int
public_of(const uint8_t secret[32], uint8_t ret[32])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, 32);
	size_t len = 32;
	int error = key != NULL && EVP_PKEY_get_raw_public_key(key, ret, &len) == 1 && len == 32 ? 0 : -EIO;

	EVP_PKEY_free(key);
	return (error);
}

/* The key that wraps the file key between an ephemeral share and a recipient. */
static int
share_key(const uint8_t secret[32], const uint8_t peer[32], const uint8_t share[32], const uint8_t recipient[32], uint8_t ret[32])
{
	static const char info[] = "age-encryption.org/v1/X25519";
	uint8_t shared[32], salt[64];
	int error;

	memcpy(salt, share, 32);
	memcpy(salt + 32, recipient, 32);
	if ((error = curve(secret, peer, shared)) == 0)
		error = cipher_hkdf((struct cipher_bytes){ shared, 32 }, (struct cipher_bytes){ salt, 64 },
		    (struct cipher_bytes){ info, sizeof(info) - 1 }, ret);
	explicit_bzero(shared, sizeof(shared));
	return (error);
}

static int
passphrase_key(const char *passphrase, const uint8_t salt[SALT_LEN], unsigned log_n, uint8_t ret[32])
{
	static const char label[] = "age-encryption.org/v1/scrypt";
	uint8_t full[sizeof(label) - 1 + SALT_LEN];

	memcpy(full, label, sizeof(label) - 1);
	memcpy(full + sizeof(label) - 1, salt, SALT_LEN);
	return (cipher_scrypt((struct cipher_bytes){ passphrase, strlen(passphrase) }, (struct cipher_bytes){ full, sizeof(full) }, log_n, ret));
}

static int
header_mac(const uint8_t file_key[FILE_KEY_LEN], const void *header, size_t len, uint8_t ret[MAC_LEN])
{
	uint8_t key[32];
	int error;

	error = cipher_hkdf((struct cipher_bytes){ file_key, FILE_KEY_LEN }, nothing, (struct cipher_bytes){ "header", 6 }, key);
	if (error == 0)
		error = cipher_hmac((struct cipher_bytes){ key, sizeof(key) }, (struct cipher_bytes){ header, len }, ret);
	explicit_bzero(key, sizeof(key));
	return (error);
}

static int
payload_key(const uint8_t file_key[FILE_KEY_LEN], const uint8_t nonce[NONCE_LEN], uint8_t ret[32])
{
	return (cipher_hkdf((struct cipher_bytes){ file_key, FILE_KEY_LEN }, (struct cipher_bytes){ nonce, NONCE_LEN },
	    (struct cipher_bytes){ "payload", 7 }, ret));
}

/* STREAM: the number of the chunk, big-endian, and whether it is the last. */
static void
chunk_nonce(uint64_t n, bool is_last, uint8_t ret[CIPHER_NONCE_LEN])
{
	unsigned i;

	memset(ret, 0, CIPHER_NONCE_LEN);
	for (i = 0; i < 8; i++)
		ret[3 + i] = (uint8_t)(n >> (8 * (7 - i)));
	ret[CIPHER_NONCE_LEN - 1] = is_last;
}

/* --- sealing --- */

static void
put_base64(struct buf *b, const uint8_t *data, size_t len)
{
	char text[128];

	cipher_base64(data, len, text);
	buf_put(b, text, cipher_base64_len(len));
}

static int
put_wrapped(struct buf *b, const uint8_t key[32], const uint8_t file_key[FILE_KEY_LEN])
{
	uint8_t wrapped[WRAPPED_LEN];
	int error = cipher_seal(CIPHER_CHACHA20_POLY1305, key, zero_nonce, nothing, file_key, FILE_KEY_LEN, wrapped);

	put_base64(b, wrapped, sizeof(wrapped));
	buf_putc(b, '\n');
	return (error);
}

static int
put_recipient(struct buf *b, const char *recipient, const uint8_t file_key[FILE_KEY_LEN])
{
	uint8_t secret[32], share[32], public[32], key[32];
	int error;

	if (bech32_decode(recipient, "age", public) != 0)
		return (-EINVAL);
	cipher_random(secret, sizeof(secret));
	if ((error = public_of(secret, share)) == 0 && (error = share_key(secret, public, share, public, key)) == 0) {
		buf_puts(b, "-> X25519 ");
		put_base64(b, share, sizeof(share));
		buf_putc(b, '\n');
		error = put_wrapped(b, key, file_key);
	}
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(key, sizeof(key));
	/* A recipient that is no point to speak of is none. */
	return (error == -EBADMSG ? -EINVAL : error);
}

static int
put_passphrase(struct buf *b, const char *passphrase, const uint8_t file_key[FILE_KEY_LEN])
{
	uint8_t salt[SALT_LEN], key[32];
	int error;

	cipher_random(salt, sizeof(salt));
	if ((error = passphrase_key(passphrase, salt, AGE_LOG_N, key)) == 0) {
		buf_puts(b, "-> scrypt ");
		put_base64(b, salt, sizeof(salt));
		buf_printf(b, " %u\n", AGE_LOG_N);
		error = put_wrapped(b, key, file_key);
	}
	explicit_bzero(key, sizeof(key));
	return (error);
}

static int
put_header(struct buf *b, const struct age_lock *lock, const uint8_t file_key[FILE_KEY_LEN], const char **ret_bad)
{
	uint8_t mac[MAC_LEN];
	unsigned i;
	int error = 0;

	buf_puts(b, INTRO);
	if (lock->passphrase != NULL)
		error = put_passphrase(b, lock->passphrase, file_key);
	for (i = 0; lock->passphrase == NULL && i < lock->nrecipients && error == 0; i++)
		if ((error = put_recipient(b, lock->recipients[i], file_key)) == -EINVAL)
			*ret_bad = lock->recipients[i];
	buf_puts(b, "---");
	if (error != 0 || buf_failed(b))
		return (error != 0 ? error : -ENOMEM);
	if ((error = header_mac(file_key, b->data, b->len, mac)) != 0)
		return (error);
	buf_putc(b, ' ');
	put_base64(b, mac, sizeof(mac));
	buf_putc(b, '\n');
	return (0);
}

struct age_writer {
	age_sink	*sink;
	void		*arg;
	uint64_t	 n;			/* of the chunk that is filled */
	size_t		 len;			/* of it */
	uint8_t		 key[32];
	uint8_t		 plain[CHUNK];
	uint8_t		 sealed[CHUNK + CIPHER_TAG_LEN];
};

static int
flush_chunk(struct age_writer *w, bool is_last)
{
	uint8_t chunk_n[CIPHER_NONCE_LEN];
	int error;

	chunk_nonce(w->n++, is_last, chunk_n);
	error = cipher_seal(CIPHER_CHACHA20_POLY1305, w->key, chunk_n, nothing, w->plain, w->len, w->sealed);
	if (error == 0)
		error = w->sink(w->sealed, w->len + CIPHER_TAG_LEN, w->arg);
	w->len = 0;
	return (error);
}

/* Header, nonce and key. */
static int
begin(struct age_writer *w, const struct age_lock *lock, const char **ret_bad)
{
	uint8_t file_key[FILE_KEY_LEN], nonce[NONCE_LEN];
	struct buf b;
	int error;

	buf_init(&b, 0);
	cipher_random(file_key, sizeof(file_key));
	cipher_random(nonce, sizeof(nonce));
	error = put_header(&b, lock, file_key, ret_bad);
	buf_put(&b, nonce, sizeof(nonce));
	if (error == 0)
		error = payload_key(file_key, nonce, w->key);
	explicit_bzero(file_key, sizeof(file_key));
	if (error == 0)
		error = buf_failed(&b) ? -ENOMEM : w->sink(b.data, b.len, w->arg);
	buf_fini(&b);
	return (error);
}

int
age_writer_new(const struct age_lock *lock, age_sink *sink, void *arg, struct age_writer **ret, const char **ret_bad)
{
	struct age_writer *w;
	int error;

	*ret_bad = NULL;
	if (lock->passphrase == NULL && (lock->nrecipients == 0 || lock->nrecipients > AGE_RECIPIENTS_MAX))
		return (-EINVAL);
	if ((w = calloc(1, sizeof(*w))) == NULL)
		return (-ENOMEM);
	w->sink = sink;
	w->arg = arg;
	if ((error = begin(w, lock, ret_bad)) != 0) {
		age_writer_free(w);
		return (error);
	}
	*ret = w;
	return (0);
}

int
age_writer_put(struct age_writer *w, const void *data, size_t len)
{
	const uint8_t *at = data;
	size_t n;
	int error;

	for (; len > 0; at += n, len -= n) {
		/* A full chunk waits for more: the last one is sealed as the last. */
		if (w->len == CHUNK && (error = flush_chunk(w, false)) != 0)
			return (error);
		n = len < CHUNK - w->len ? len : CHUNK - w->len;
		memcpy(w->plain + w->len, at, n);
		w->len += n;
	}
	return (0);
}

int
age_writer_end(struct age_writer *w)
{
	return (flush_chunk(w, true));
}

void
age_writer_free(struct age_writer *w)
{
	if (w == NULL)
		return;
	explicit_bzero(w, sizeof(*w));
	free(w);
}

static int
sink_buf(const void *data, size_t len, void *arg)
{
	buf_put(arg, data, len);
	return (buf_failed(arg) ? -ENOMEM : 0);
}

int
age_seal(const struct age_lock *lock, const void *data, size_t len, struct buf *ret, const char **ret_bad)
{
	struct age_writer *w;
	int error;

	if ((error = age_writer_new(lock, sink_buf, ret, &w, ret_bad)) != 0)
		return (error);
	if ((error = age_writer_put(w, data, len)) == 0)
		error = age_writer_end(w);
	age_writer_free(w);
	return (error);
}

/* --- opening --- */

struct opener {
	const struct age_key	*key;
	uint8_t			 identity[32];		/* the secret half */
	uint8_t			 public[32];
	const char		*data;
	size_t			 len;
	size_t			 at;
	unsigned		 line;			/* of the header */
	unsigned		 nstanzas;
	bool			 has_scrypt;
	bool			 has_file_key;
	uint8_t			 file_key[FILE_KEY_LEN];
	struct age_fault	*fault;
};

static int __attribute__((format(printf, 2, 3)))
damaged(struct opener *o, const char *fmt, ...)
{
	char text[100];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)snprintf(o->fault->text, sizeof(o->fault->text), "header, line %u: %s", o->line, text);
	return (-EBADMSG);
}

/* The next line of the header, without its end, cut into words by single spaces; their number, or -EBADMSG. */
static int
take_line(struct opener *o, char buf[LINE_LEN_MAX], char *words[4])
{
	const char *start = o->data + o->at, *eol = memchr(start, '\n', o->len - o->at), *c;
	size_t n;
	int nwords = 0;
	char *p;

	o->line++;
	if (eol == NULL)
		return (damaged(o, "the file ends in its header"));
	n = (size_t)(eol - start);
	if (n >= LINE_LEN_MAX)
		return (damaged(o, "too long"));
	for (c = start; c < eol; c++)
		if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e)
			return (damaged(o, "a character that has no place here"));
	memcpy(buf, start, n);
	buf[n] = '\0';
	o->at += n + 1;
	for (p = buf; nwords < 4; p++) {
		words[nwords++] = p;
		p += strcspn(p, " ");
		if (*p == '\0')
			return (nwords);
		*p = '\0';
	}
	return (damaged(o, "too many words"));
}

/* Exactly n bytes in base64. */
static bool
take_base64(const char *text, uint8_t *ret, size_t n)
{
	return (strlen(text) == cipher_base64_len(n) && cipher_unbase64(text, strlen(text), ret) == (long)n);
}

static int
unwrap(struct opener *o, const uint8_t key[32], const uint8_t wrapped[WRAPPED_LEN])
{
	int error = cipher_open(CIPHER_CHACHA20_POLY1305, key, zero_nonce, nothing, wrapped, WRAPPED_LEN, o->file_key);

	o->has_file_key = error == 0;
	/* Not for this key: perhaps the next one is. */
	return (error == -EBADMSG ? 0 : error);
}

static int
try_x25519(struct opener *o, const char *argument, const uint8_t wrapped[WRAPPED_LEN])
{
	uint8_t share[32], key[32];
	int error;

	if (!take_base64(argument, share, sizeof(share)))
		return (damaged(o, "not a share of X25519"));
	if (o->key->passphrase != NULL || o->has_file_key)
		return (0);
	error = share_key(o->identity, share, share, o->public, key);
	if (error == -EBADMSG)
		return (damaged(o, "a share of X25519 that is none"));
	if (error == 0)
		error = unwrap(o, key, wrapped);
	explicit_bzero(key, sizeof(key));
	return (error);
}

static int
try_scrypt(struct opener *o, const char *salt_text, const char *log_text, const uint8_t wrapped[WRAPPED_LEN])
{
	uint8_t salt[SALT_LEN], key[32];
	uint64_t log_n;
	int error;

	if (!take_base64(salt_text, salt, sizeof(salt)))
		return (damaged(o, "not a salt"));
	if (log_text[0] == '0' || str_u64(log_text, 1, 64, &log_n) != 0)
		return (damaged(o, "not a work factor"));
	if (log_n > AGE_LOG_N_MAX)
		return (damaged(o, "a work factor of %u; %u is what this box has memory for", (unsigned)log_n, AGE_LOG_N_MAX));
	if (o->key->passphrase == NULL)
		return (0);
	if ((error = passphrase_key(o->key->passphrase, salt, (unsigned)log_n, key)) == 0)
		error = unwrap(o, key, wrapped);
	explicit_bzero(key, sizeof(key));
	return (error);
}

/* The body of a stanza: lines of 64 and a shorter last one.  *ret_len is 0 for one that is longer than ours are. */
static int
take_body(struct opener *o, uint8_t ret[WRAPPED_LEN], size_t *ret_len)
{
	char line[LINE_LEN_MAX], *words[4];
	uint8_t bytes[64];
	bool is_first = true;
	size_t n;
	long got;

	do {
		if (take_line(o, line, words) != 1)
			return (o->fault->text[0] != '\0' ? -EBADMSG : damaged(o, "not the body of a stanza"));
		n = strlen(line);
		if (n > 64 || (got = cipher_unbase64(line, n, bytes)) < 0)
			return (damaged(o, "not base64"));
		*ret_len = is_first && n == WRAPPED_TEXT ? (size_t)got : 0;
		if (*ret_len != 0)
			memcpy(ret, bytes, WRAPPED_LEN);
		is_first = false;
	} while (n == 64);
	return (0);
}

static int
take_stanza(struct opener *o, char *words[4], int nwords)
{
	char kept[3][LINE_LEN_MAX];
	uint8_t wrapped[WRAPPED_LEN];
	unsigned line = o->line;
	size_t len;
	int i, error;

	if (++o->nstanzas > STANZAS_MAX)
		return (damaged(o, "too many recipients"));
	for (i = 1; i < nwords; i++) {
		if (words[i][0] == '\0')
			return (damaged(o, "two spaces"));
		memcpy(kept[i - 1], words[i], strlen(words[i]) + 1);
	}
	if (nwords < 2)
		return (damaged(o, "a recipient without a kind"));
	if ((error = take_body(o, wrapped, &len)) != 0)
		return (error);
	o->line = line;
	if (strcmp(kept[0], "scrypt") == 0) {
		o->has_scrypt = true;
		error = nwords == 4 && len > 0 ? try_scrypt(o, kept[1], kept[2], wrapped) : damaged(o, "not a passphrase's line");
	} else if (strcmp(kept[0], "X25519") == 0)
		error = nwords == 3 && len > 0 ? try_x25519(o, kept[1], wrapped) : damaged(o, "not an X25519 line");
	o->line = line + 1;
	/* Other kinds are somebody else's. */
	if (error == 0 && o->has_scrypt && o->nstanzas > 1) {
		o->line = line;
		return (damaged(o, "a passphrase beside another recipient"));
	}
	return (error);
}

static int
check_mac(struct opener *o, size_t header_len, const char *text)
{
	uint8_t theirs[MAC_LEN], ours[MAC_LEN];
	int error;

	if (!take_base64(text, theirs, sizeof(theirs)))
		return (damaged(o, "no authentication code"));
	if (!o->has_file_key)
		return (-EACCES);
	if ((error = header_mac(o->file_key, o->data, header_len, ours)) != 0)
		return (error);
	return (str_equal_ct(theirs, ours, MAC_LEN) ? 0 : damaged(o, "the header was changed"));
}

static int
take_header(struct opener *o)
{
	char line[LINE_LEN_MAX], *words[4];
	size_t start;
	int n, error;

	if ((n = take_line(o, line, words)) < 0)
		return (n);
	if (n != 1 || strcmp(line, "age-encryption.org/v1") != 0)
		return (damaged(o, "not a file of age, version 1"));
	for (;;) {
		start = o->at;
		if ((n = take_line(o, line, words)) < 0)
			return (n);
		if (strcmp(words[0], "---") == 0)
			break;
		if (strcmp(words[0], "->") != 0)
			return (damaged(o, "neither a recipient nor the end of the header"));
		if ((error = take_stanza(o, words, n)) != 0)
			return (error);
	}
	if (n != 2 || o->nstanzas == 0)
		return (damaged(o, "the end of the header is not as it should be"));
	return (check_mac(o, start + 3, words[1]));
}

struct age_reader {
	struct opener	 o;		/* its bytes from `at` on are of the payload */
	uint64_t	 n;		/* of the next chunk */
	uint8_t		 key[32];
	bool		 is_over;
};

static int
begin_payload(struct age_reader *r)
{
	const uint8_t *nonce = (const uint8_t *)r->o.data + r->o.at;

	if (r->o.len - r->o.at < NONCE_LEN + CIPHER_TAG_LEN) {
		(void)snprintf(r->o.fault->text, sizeof(r->o.fault->text), "data, byte %zu: the file ends", r->o.len);
		return (-EBADMSG);
	}
	r->o.at += NONCE_LEN;
	return (payload_key(r->o.file_key, nonce, r->key));
}

int
age_reader_new(const struct age_key *key, const void *data, size_t len, struct age_reader **ret, struct age_fault *fault)
{
	struct age_reader *r = calloc(1, sizeof(*r));
	int error = 0;

	fault->text[0] = '\0';
	if (r == NULL)
		return (-ENOMEM);
	r->o = (struct opener){ .key = key, .data = data, .len = len, .fault = fault };
	if (key->passphrase == NULL && (bech32_decode(key->identity, "AGE-SECRET-KEY-", r->o.identity) != 0 || public_of(r->o.identity, r->o.public) != 0))
		error = -EINVAL;
	if (error == 0 && (error = take_header(&r->o)) == 0)
		error = begin_payload(r);
	/* Who asked, and with what, is of no use any more. */
	explicit_bzero(r->o.identity, sizeof(r->o.identity));
	explicit_bzero(r->o.file_key, sizeof(r->o.file_key));
	r->o.key = NULL;
	r->o.fault = NULL;
	if (error != 0)
		age_reader_free(r);
	else
		*ret = r;
	return (error);
}

int
age_reader_next(struct age_reader *r, uint8_t ret[AGE_CHUNK], size_t *ret_len, struct age_fault *fault)
{
	const uint8_t *at = (const uint8_t *)r->o.data + r->o.at;
	size_t left = r->o.len - r->o.at, n = left < CHUNK + CIPHER_TAG_LEN ? left : CHUNK + CIPHER_TAG_LEN;
	uint8_t chunk_n[CIPHER_NONCE_LEN];
	int error = -EBADMSG;

	*ret_len = 0;
	if (r->is_over)
		return (0);
	chunk_nonce(r->n, n == left, chunk_n);
	if (n >= CIPHER_TAG_LEN)
		error = cipher_open(CIPHER_CHACHA20_POLY1305, r->key, chunk_n, nothing, at, n, ret);
	/* Only a file without data may end in a chunk without any. */
	if (error == 0 && n == CIPHER_TAG_LEN && r->n > 0)
		error = -EBADMSG;
	if (error == -EBADMSG)
		(void)snprintf(fault->text, sizeof(fault->text), "data, byte %zu: damaged or cut off", r->o.at);
	if (error != 0)
		return (error);
	r->n++;
	r->o.at += n;
	r->is_over = n == left;
	*ret_len = n - CIPHER_TAG_LEN;
	return (0);
}

void
age_reader_free(struct age_reader *r)
{
	if (r == NULL)
		return;
	explicit_bzero(r, sizeof(*r));
	free(r);
}

int
age_open(const struct age_key *key, const void *data, size_t len, uint8_t **ret, size_t *ret_len, struct age_fault *fault)
{
	uint8_t *out = malloc(len + AGE_CHUNK + 1);
	struct age_reader *r;
	size_t at = 0, n;
	int error;

	if (out == NULL)
		return (-ENOMEM);
	if ((error = age_reader_new(key, data, len, &r, fault)) != 0) {
		free(out);
		return (error);
	}
	do {
		error = age_reader_next(r, out + at, &n, fault);
		at += n;
	} while (error == 0 && n > 0);
	age_reader_free(r);
	if (error != 0) {
		age_free(out, at);
		return (error);
	}
	out[at] = '\0';
	*ret = out;
	*ret_len = at;
	return (0);
}

void
age_free(uint8_t *data, size_t len)
{
	if (data == NULL)
		return;
	explicit_bzero(data, len);
	free(data);
}
