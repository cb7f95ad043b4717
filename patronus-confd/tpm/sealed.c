/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include <tss2/tss2_mu.h>

#include "tpm/sealed.h"

#define VERSION	0x50544d31u	/* PTM1 */

size_t
sealed_pack(const struct sealed *s, uint8_t ret[SEALED_MAX])
{
	size_t at = 0;

	if (Tss2_MU_UINT32_Marshal(VERSION, ret, SEALED_MAX, &at) != TSS2_RC_SUCCESS ||
	    Tss2_MU_UINT32_Marshal(s->pcrs, ret, SEALED_MAX, &at) != TSS2_RC_SUCCESS ||
	    Tss2_MU_TPM2B_NAME_Marshal(&s->primary, ret, SEALED_MAX, &at) != TSS2_RC_SUCCESS ||
	    Tss2_MU_TPML_DIGEST_Marshal(&s->values, ret, SEALED_MAX, &at) != TSS2_RC_SUCCESS ||
	    Tss2_MU_TPM2B_PUBLIC_Marshal(&s->public, ret, SEALED_MAX, &at) != TSS2_RC_SUCCESS ||
	    Tss2_MU_TPM2B_PRIVATE_Marshal(&s->private, ret, SEALED_MAX, &at) != TSS2_RC_SUCCESS)
		return (0);
	return (at);
}

int
sealed_unpack(const uint8_t *data, size_t len, struct sealed *ret)
{
	struct sealed s = { 0 };
	uint8_t again[SEALED_MAX];
	uint32_t version;
	size_t at = 0;

	if (Tss2_MU_UINT32_Unmarshal(data, len, &at, &version) != TSS2_RC_SUCCESS || version != VERSION ||
	    Tss2_MU_UINT32_Unmarshal(data, len, &at, &s.pcrs) != TSS2_RC_SUCCESS || s.pcrs >> SEALED_PCRS != 0 ||
	    Tss2_MU_TPM2B_NAME_Unmarshal(data, len, &at, &s.primary) != TSS2_RC_SUCCESS ||
	    Tss2_MU_TPML_DIGEST_Unmarshal(data, len, &at, &s.values) != TSS2_RC_SUCCESS ||
	    s.values.count != (uint32_t)__builtin_popcount(s.pcrs) ||
	    Tss2_MU_TPM2B_PUBLIC_Unmarshal(data, len, &at, &s.public) != TSS2_RC_SUCCESS ||
	    Tss2_MU_TPM2B_PRIVATE_Unmarshal(data, len, &at, &s.private) != TSS2_RC_SUCCESS)
		return (-EBADMSG);
	/* The library reads some things in more than one way, and things that no TPM makes. */
	if (s.public.publicArea.type != TPM2_ALG_KEYEDHASH || sealed_pack(&s, again) != len || memcmp(again, data, len) != 0)
		return (-EBADMSG);
	*ret = s;
	return (0);
}
