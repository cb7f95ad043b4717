/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "audit/hash.h"
#include "base/log.h"

/* Fetched once: looking an algorithm up costs more than hashing a record. */
static EVP_MD		*sha256;
static EVP_MD_CTX	*ctx;

static void
begin(void)
{
	if (ctx == NULL) {
		sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
		ctx = EVP_MD_CTX_new();
	}
	if (sha256 == NULL || ctx == NULL || EVP_DigestInit_ex2(ctx, sha256, NULL) != 1)
		fatalx("audit", "no SHA-256");
}

static void
add(const void *data, size_t len)
{
	if (EVP_DigestUpdate(ctx, data, len) != 1)
		fatalx("audit", "no SHA-256");
}

static void
end(struct audit_hash *ret)
{
	if (EVP_DigestFinal_ex(ctx, ret->b, NULL) != 1)
		fatalx("audit", "no SHA-256");
}

void
audit_hash_bytes(const void *data, size_t len, struct audit_hash *ret)
{
	begin();
	add(data, len);
	end(ret);
}

void
audit_hash_leaf(const void *record, size_t len, struct audit_hash *ret)
{
	begin();
	add("\0", 1);
	add(record, len);
	end(ret);
}

void
audit_hash_node(const struct audit_hash *left, const struct audit_hash *right, struct audit_hash *ret)
{
	uint8_t both[1 + 2 * AUDIT_HASH_LEN];

	both[0] = 0x01;
	memcpy(both + 1, left->b, AUDIT_HASH_LEN);
	memcpy(both + 1 + AUDIT_HASH_LEN, right->b, AUDIT_HASH_LEN);
	audit_hash_bytes(both, sizeof(both), ret);
}

bool
audit_hash_equal(const struct audit_hash *a, const struct audit_hash *b)
{
	return memcmp(a->b, b->b, AUDIT_HASH_LEN) == 0;
}
