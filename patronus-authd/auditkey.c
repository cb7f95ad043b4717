/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "audit/head.h"
#include "audit/tree.h"
#include "auditkey.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "ipc/msg.h"
#include "keyfile.h"
#include "store.h"

static EVP_PKEY			*key;
static unsigned char		*der;
static int			 der_len;
static struct audit_head	 last;		/* number 0: none was signed yet */
static bool			 is_damaged;	/* there was a last one, and it cannot be read */

static int
load_head(void)
{
	char *text;
	size_t len;
	int error;

	memset(&last, 0, sizeof(last));
	is_damaged = false;
	error = store_read(AUDITKEY_HEAD_FILE, 2 * AUDIT_HEAD_MAX, &text, &len);
	if (error == -ENOENT)
		return 0;
	if (error != 0)
		return error;
	if (len > 0 && text[len - 1] == '\n')
		len--;
	/* To forget it would be to sign another past.  Signing stops; people decide. */
	if (audit_head_parse(text, len, &last) != 0) {
		is_damaged = true;
		log_errx("audit", "%s cannot be understood: no heads of the audit log are signed until it is removed", AUDITKEY_HEAD_FILE);
	}
	free(text);
	return 0;
}

int
auditkey_init(void)
{
	int error;

	auditkey_fini();
	error = keyfile_open(AUDITKEY_FILE, "audit", &key);
	if (error != 0)
		return error;
	der_len = i2d_PUBKEY(key, &der);
	if (der_len <= 0 || der_len > AUDIT_KEY_MAX)
		return -EIO;
	return load_head();
}

void
auditkey_fini(void)
{
	EVP_PKEY_free(key);
	key = NULL;
	OPENSSL_free(der);
	der = NULL;
}

const uint8_t *
auditkey_public(size_t *ret_len)
{
	*ret_len = (size_t)der_len;
	return der;
}

static int
sign(struct audit_head *h)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct buf b;
	bool ok;

	buf_init(&b, AUDIT_HEAD_MAX);
	audit_head_statement(h, &b);
	h->signature_len = sizeof(h->signature);
	ok = ctx != NULL && !buf_failed(&b) && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	    EVP_DigestSign(ctx, h->signature, &h->signature_len, b.data, b.len) == 1;
	EVP_MD_CTX_free(ctx);
	buf_fini(&b);
	return ok ? 0 : -EIO;
}

static bool
take_hash(const struct bytes *b, struct audit_hash *ret)
{
	if (b->len != AUDIT_HASH_LEN)
		return false;
	memcpy(ret->b, b->data, AUDIT_HASH_LEN);
	return true;
}

static bool
take_proof(const struct bytes *b, struct audit_proof *ret)
{
	if (b->len % AUDIT_HASH_LEN != 0 || b->len > sizeof(ret->path))
		return false;
	ret->n = b->len / AUDIT_HASH_LEN;
	if (ret->n > 0)
		memcpy(ret->path, b->data, b->len);
	return true;
}

/* May this be the head after the last one? */
static const char *
objection(const struct audit_head *h, const struct audit_proof *proof)
{
	struct audit_hash hash;

	if (is_damaged)
		return "authd cannot read the head it signed last; remove " AUDITKEY_HEAD_FILE " to begin anew";
	/* Without a memory (a new box, or one that people have cleared) logd's word is taken. */
	if (last.number == 0)
		return NULL;
	audit_head_hash(&last, &hash);
	if (h->number != last.number + 1 || !audit_hash_equal(&h->previous, &hash))
		return "authd has signed a head that logd does not have: audit.heads was cut or is of another time";
	if (h->size <= last.size || !audit_verify_consistency(last.size, &last.root, h->size, &h->root, proof))
		return "the records that were signed before are not the same any more";
	return NULL;
}

static bool
is_last_again(const struct audit_head *h)
{
	return last.number != 0 && h->number == last.number && audit_hash_equal(&h->previous, &last.previous);
}

static int
print(const struct audit_head *h, char *ret)
{
	struct buf b;
	int error = -ENOMEM;

	buf_init(&b, AUDIT_HEAD_MAX);
	audit_head_print(h, &b);
	if (!buf_failed(&b)) {
		(void)str_copy(ret, (const char *)b.data, AUDIT_HEAD_MAX + 1);
		error = 0;
	}
	buf_fini(&b);
	return error;
}

int
auditkey_sign(const struct audit_sign_req *r, char *ret, const char **ret_why)
{
	struct audit_head h = { .number = r->number, .size = r->size };
	struct audit_proof proof;
	int error;

	*ret_why = "that is no head";
	if (r->number == 0 || r->size == 0 || r->number > UINT64_MAX >> 2 || r->size > UINT64_MAX >> 2 || !take_hash(&r->root, &h.root) ||
	    !take_hash(&r->previous, &h.previous) || !take_proof(&r->proof, &proof))
		return -EINVAL;
	if (is_last_again(&h))
		return print(&last, ret);
	*ret_why = objection(&h, &proof);
	if (*ret_why != NULL)
		return -EPERM;
	*ret_why = "the head cannot be signed or stored";
	(void)clock_rfc3339(clock_wall_ms(), h.time);
	error = sign(&h);
	if (error == 0)
		error = print(&h, ret);
	/* First our memory, then the answer: a head that somebody has is one that we know. */
	if (error == 0)
		error = store_write(AUDITKEY_HEAD_FILE, ret, strlen(ret), 0600);
	if (error == 0)
		last = h;
	return error;
}

/* --- the channels --- */

void
auditkey_on_key(struct channel *c, struct message *m, void *arg)
{
	struct audit_key_rep rep;
	size_t len;

	(void)arg;
	rep.key.data = auditkey_public(&len);
	rep.key.len = (uint32_t)len;
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

static void
on_sign(struct channel *c, struct message *m, void *arg)
{
	char line[AUDIT_HEAD_MAX + 1];
	struct audit_sign_rep rep = { .head = line };
	const char *why;
	int error = auditkey_sign(m->body, line, &why);

	(void)arg;
	if (error == 0) {
		(void)channel_reply(c, &m->header, &rep, NULL, 0);
		return;
	}
	log_errx("audit", "no signature for the audit log: %s", why);
	(void)channel_reply_error(c, &m->header, error, 0, "%s", why);
}

const struct channel_dispatch auditkey_table[] = {
	{ MSG_AUDIT_KEY, CHANNEL_PHASE_READY, auditkey_on_key },
	{ MSG_AUDIT_SIGN, CHANNEL_PHASE_READY, on_sign },
	{ 0, 0, NULL }
};
