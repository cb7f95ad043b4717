/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "ipc/ids.h"

#include "tpm/answer.h"
#include "tpm/chip.h"

_Static_assert(sizeof(((struct tpm_answer *)0)->key) == CHIP_KEY_LEN, "one key");

static void
verdict(struct tpm_answer *a, enum tpm_verdict v, const char *text)
{
	a->rep.verdict = (uint8_t)v;
	(void)snprintf(a->text, sizeof(a->text), "%s", text);
}

static void
failed(struct tpm_answer *a, const struct chip *c, TSS2_RC rc)
{
	a->rep.verdict = TPM_FAILED;
	(void)snprintf(a->text, sizeof(a->text), "the TPM does not take %s (code 0x%x)", c->what, (unsigned)rc);
}

/* Which of the registers have another value than then. */
static uint32_t
differences(const struct sealed *s, const TPML_DIGEST *now)
{
	uint32_t found = 0;
	unsigned i, k = 0;

	for (i = 0; i < SEALED_PCRS && k < s->values.count && k < now->count; i++) {
		if ((s->pcrs >> i & 1) == 0)
			continue;
		if (s->values.digests[k].size != now->digests[k].size ||
		    memcmp(s->values.digests[k].buffer, now->digests[k].buffer, now->digests[k].size) != 0)
			found |= 1u << i;
		k++;
	}
	return (found);
}

/* A register that nothing was written to says nothing about the boot: 0 at first, and all ones for those that only a late launch sets. */
static bool
is_blank(const TPM2B_DIGEST *value)
{
	unsigned i;

	for (i = 1; i < value->size && value->buffer[i] == value->buffer[0]; i++)
		continue;
	return (value->size == 0 || (i == value->size && (value->buffer[0] == 0 || value->buffer[0] == 0xff)));
}

static bool
check_registers(struct tpm_answer *a, uint32_t pcrs, const TPML_DIGEST *values)
{
	unsigned i, k = 0;

	for (i = 0; i < SEALED_PCRS && k < values->count; i++) {
		if ((pcrs >> i & 1) == 0)
			continue;
		if (!is_blank(&values->digests[k++]))
			continue;
		a->rep.verdict = TPM_FAILED;
		(void)snprintf(a->text, sizeof(a->text), "PCR %u (SHA-256) is blank: this machine measures nothing into it; choose other ones, or none", i);
		return (false);
	}
	return (true);
}

/* What was sealed must come back before anybody relies on it. */
static void
seal(const struct tpm_req *q, struct tpm_answer *a, struct chip *c)
{
	struct sealed s = { .pcrs = q->pcrs, .primary = c->name };
	TSS2_RC rc;

	if (q->key.len != CHIP_KEY_LEN || q->pcrs >> SEALED_PCRS != 0 || __builtin_popcount(q->pcrs) > SEALED_PCRS_MAX) {
		verdict(a, TPM_FAILED, "not a key, or too many registers");
		return;
	}
	if ((rc = chip_registers(c, s.pcrs, &s.values)) != TSS2_RC_SUCCESS) {
		failed(a, c, rc);
		return;
	}
	if (!check_registers(a, s.pcrs, &s.values))
		return;
	if ((rc = chip_seal(c, s.pcrs, q->key.data, &s.public, &s.private)) != TSS2_RC_SUCCESS ||
	    (rc = chip_unseal(c, s.pcrs, &s.public, &s.private, a->key)) != TSS2_RC_SUCCESS)
		failed(a, c, rc);
	else if (memcmp(a->key, q->key.data, CHIP_KEY_LEN) != 0 || (a->rep.sealed.len = (uint32_t)sealed_pack(&s, a->sealed)) == 0)
		verdict(a, TPM_FAILED, "the TPM gives back another key");
	else {
		a->rep.sealed.data = a->sealed;
		verdict(a, TPM_DONE, "");
	}
	explicit_bzero(a->key, sizeof(a->key));
}

static void
unseal(const struct tpm_req *q, struct tpm_answer *a, struct chip *c)
{
	struct sealed s;
	TPML_DIGEST now;
	TSS2_RC rc;

	if (sealed_unpack(q->sealed.data, q->sealed.len, &s) != 0) {
		verdict(a, TPM_FAILED, "what the TPM sealed is damaged on the disk");
		return;
	}
	if (s.primary.size != c->name.size || memcmp(s.primary.name, c->name.name, s.primary.size) != 0) {
		verdict(a, TPM_OTHER, "");
		return;
	}
	if ((rc = chip_unseal(c, s.pcrs, &s.public, &s.private, a->key)) == TSS2_RC_SUCCESS) {
		a->rep.key = (struct bytes){ .data = a->key, .len = CHIP_KEY_LEN };
		verdict(a, TPM_DONE, "");
		return;
	}
	failed(a, c, rc);
	if (chip_registers(c, s.pcrs, &now) == TSS2_RC_SUCCESS && (a->rep.changed = differences(&s, &now)) != 0)
		verdict(a, TPM_CHANGED, "");
}

void
tpm_answer(const void *req, void *answer)
{
	const struct tpm_req *q = req;
	struct tpm_answer *a = answer;
	struct chip c = { 0 };
	TSS2_RC rc;

	a->rep = (struct tpm_rep){ .text = a->text };
	if (a->fd == -1) {
		verdict(a, TPM_ABSENT, "");
		return;
	}
	if ((rc = chip_open(&c, a->fd)) != TSS2_RC_SUCCESS)
		failed(a, &c, rc);
	else if (q->act == TPM_SEAL)
		seal(q, a, &c);
	else
		unseal(q, a, &c);
	chip_close(&c);
}
