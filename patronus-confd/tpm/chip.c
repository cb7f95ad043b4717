/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "tpm/chip.h"

#define SESSION	(TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT)

/* TCG TPM v2.0 Provisioning Guidance, 7.5.1: the storage primary seed makes the same key of this each time. */
static const TPM2B_PUBLIC primary_template = { .publicArea = {
	.type = TPM2_ALG_ECC, .nameAlg = TPM2_ALG_SHA256,
	.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
	    TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
	.parameters.eccDetail = { .symmetric = { .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB },
	    .scheme.scheme = TPM2_ALG_NULL, .curveID = TPM2_ECC_NIST_P256, .kdf.scheme = TPM2_ALG_NULL },
	.unique.ecc = { .x.size = 32, .y.size = 32 } } };

/* No password opens it, only its policy, and a wrong one does not count as an attack: a changed boot must not lock the TPM. */
static const TPM2B_PUBLIC sealed_template = { .publicArea = {
	.type = TPM2_ALG_KEYEDHASH, .nameAlg = TPM2_ALG_SHA256,
	.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_NODA,
	.parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL } };

/* A salted session: who listens on the bus sees neither its key nor what goes through it. */
static TSS2_RC
session_start(struct chip *c, ESYS_TR salt, TPM2_SE type, ESYS_TR *ret)
{
	static const TPMT_SYM_DEF cipher = { .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB };
	TSS2_RC rc;

	c->what = "StartAuthSession";
	rc = Esys_StartAuthSession(c->esys, salt, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, type, &cipher,
	    TPM2_ALG_SHA256, ret);
	if (rc != TSS2_RC_SUCCESS || salt == ESYS_TR_NONE)
		return (rc);
	return (Esys_TRSess_SetAttributes(c->esys, *ret, SESSION, 0xff));
}

static void
flush(struct chip *c, ESYS_TR *handle)
{
	if (*handle != ESYS_TR_NONE)
		(void)Esys_FlushContext(c->esys, *handle);
	*handle = ESYS_TR_NONE;
}

static TSS2_RC
primary_make(struct chip *c)
{
	static const TPM2B_SENSITIVE_CREATE nothing;
	static const TPML_PCR_SELECTION none;
	static const TPM2B_DATA outside;
	TPM2B_NAME *name;
	TSS2_RC rc;

	c->what = "CreatePrimary";
	rc = Esys_CreatePrimary(c->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &nothing, &primary_template, &outside,
	    &none, &c->primary, NULL, NULL, NULL, NULL);
	if (rc != TSS2_RC_SUCCESS || (rc = Esys_TR_GetName(c->esys, c->primary, &name)) != TSS2_RC_SUCCESS)
		return (rc);
	c->name = *name;
	Esys_Free(name);
	return (TSS2_RC_SUCCESS);
}

TSS2_RC
chip_open(struct chip *c, int fd)
{
	TSS2_RC rc;

	memset(c, 0, sizeof(*c));
	c->primary = c->session = c->object = ESYS_TR_NONE;
	c->what = "Initialize";
	if ((rc = Esys_Initialize(&c->esys, link_init(&c->link, fd), NULL)) != TSS2_RC_SUCCESS || (rc = primary_make(c)) != TSS2_RC_SUCCESS)
		return (rc);
	return (session_start(c, c->primary, TPM2_SE_HMAC, &c->session));
}

void
chip_close(struct chip *c)
{
	if (c->esys == NULL)
		return;
	flush(c, &c->object);
	flush(c, &c->session);
	flush(c, &c->primary);
	Esys_Finalize(&c->esys);
}

static TPML_PCR_SELECTION
selection(uint32_t pcrs)
{
	return ((TPML_PCR_SELECTION){ .count = pcrs != 0, .pcrSelections = { { .hash = TPM2_ALG_SHA256, .sizeofSelect = 3,
	    .pcrSelect = { (BYTE)pcrs, (BYTE)(pcrs >> 8), (BYTE)(pcrs >> 16) } } } });
}

TSS2_RC
chip_registers(struct chip *c, uint32_t pcrs, TPML_DIGEST *ret)
{
	TPML_PCR_SELECTION one;
	TPML_DIGEST *values;
	unsigned i;
	TSS2_RC rc;

	c->what = "PCR_Read";
	memset(ret, 0, sizeof(*ret));
	for (i = 0; i < SEALED_PCRS && ret->count < SEALED_PCRS_MAX; i++) {
		if ((pcrs >> i & 1) == 0)
			continue;
		one = selection(1u << i);
		if ((rc = Esys_PCR_Read(c->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &one, NULL, NULL, &values)) != TSS2_RC_SUCCESS)
			return (rc);
		if (values->count == 1)
			ret->digests[ret->count] = values->digests[0];
		ret->count++;
		Esys_Free(values);
	}
	return (TSS2_RC_SUCCESS);
}

/* The registers as they are, and nothing but Unseal. */
static TSS2_RC
policy_say(struct chip *c, ESYS_TR session, uint32_t pcrs)
{
	static const TPM2B_DIGEST as_they_are;
	TPML_PCR_SELECTION which = selection(pcrs);
	TSS2_RC rc = TSS2_RC_SUCCESS;

	c->what = "PolicyPCR";
	if (pcrs != 0)
		rc = Esys_PolicyPCR(c->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &as_they_are, &which);
	if (rc != TSS2_RC_SUCCESS)
		return (rc);
	c->what = "PolicyCommandCode";
	return (Esys_PolicyCommandCode(c->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CC_Unseal));
}

static TSS2_RC
policy_digest(struct chip *c, uint32_t pcrs, TPM2B_DIGEST *ret)
{
	ESYS_TR trial = ESYS_TR_NONE;
	TPM2B_DIGEST *digest;
	TSS2_RC rc;

	if ((rc = session_start(c, ESYS_TR_NONE, TPM2_SE_TRIAL, &trial)) == TSS2_RC_SUCCESS)
		rc = policy_say(c, trial, pcrs);
	if (rc == TSS2_RC_SUCCESS && (rc = Esys_PolicyGetDigest(c->esys, trial, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &digest)) ==
	    TSS2_RC_SUCCESS) {
		*ret = *digest;
		Esys_Free(digest);
	}
	flush(c, &trial);
	return (rc);
}

TSS2_RC
chip_seal(struct chip *c, uint32_t pcrs, const uint8_t key[CHIP_KEY_LEN], TPM2B_PUBLIC *ret_public, TPM2B_PRIVATE *ret_private)
{
	static const TPML_PCR_SELECTION none;
	static const TPM2B_DATA outside;
	TPM2B_SENSITIVE_CREATE in = { .sensitive.data.size = CHIP_KEY_LEN };
	TPM2B_PUBLIC template = sealed_template, *public;
	TPM2B_PRIVATE *private;
	TSS2_RC rc;

	if ((rc = policy_digest(c, pcrs, &template.publicArea.authPolicy)) != TSS2_RC_SUCCESS)
		return (rc);
	memcpy(in.sensitive.data.buffer, key, CHIP_KEY_LEN);
	c->what = "Create";
	rc = Esys_Create(c->esys, c->primary, c->session, ESYS_TR_NONE, ESYS_TR_NONE, &in, &template, &outside, &none, &private, &public, NULL,
	    NULL, NULL);
	explicit_bzero(&in, sizeof(in));
	if (rc != TSS2_RC_SUCCESS)
		return (rc);
	*ret_public = *public;
	*ret_private = *private;
	Esys_Free(public);
	Esys_Free(private);
	return (TSS2_RC_SUCCESS);
}

static TSS2_RC
give_back(struct chip *c, uint32_t pcrs, uint8_t ret[CHIP_KEY_LEN])
{
	ESYS_TR policy = ESYS_TR_NONE;
	TPM2B_SENSITIVE_DATA *data = NULL;
	TSS2_RC rc;

	if ((rc = session_start(c, c->primary, TPM2_SE_POLICY, &policy)) == TSS2_RC_SUCCESS &&
	    (rc = policy_say(c, policy, pcrs)) == TSS2_RC_SUCCESS) {
		c->what = "Unseal";
		rc = Esys_Unseal(c->esys, c->object, policy, ESYS_TR_NONE, ESYS_TR_NONE, &data);
	}
	if (rc == TSS2_RC_SUCCESS && data->size != CHIP_KEY_LEN)
		rc = TSS2_ESYS_RC_MALFORMED_RESPONSE;
	if (rc == TSS2_RC_SUCCESS)
		memcpy(ret, data->buffer, CHIP_KEY_LEN);
	if (data != NULL)
		explicit_bzero(data, sizeof(*data));
	Esys_Free(data);
	flush(c, &policy);
	return (rc);
}

TSS2_RC
chip_unseal(struct chip *c, uint32_t pcrs, const TPM2B_PUBLIC *public, const TPM2B_PRIVATE *private, uint8_t ret[CHIP_KEY_LEN])
{
	TSS2_RC rc;

	c->what = "Load";
	if ((rc = Esys_Load(c->esys, c->primary, c->session, ESYS_TR_NONE, ESYS_TR_NONE, private, public, &c->object)) == TSS2_RC_SUCCESS)
		rc = give_back(c, pcrs, ret);
	flush(c, &c->object);
	return (rc);
}
