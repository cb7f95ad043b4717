/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole work of patronus-tpm against a software TPM 2.0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/ids.h"
#include "patronus-confd/tpm/answer.h"
#include "swtpm.h"

#define PCR(n)		(1u << (n))

static const uint8_t key[32] = "\x01\x23\x45\x67\x89 the key of all the keys";

static enum tpm_verdict
seal(struct swtpm *c, uint32_t pcrs, struct tpm_answer *a)
{
	struct tpm_req q = { .act = TPM_SEAL, .pcrs = pcrs, .key = { .data = key, .len = sizeof(key) } };

	memset(a, 0, sizeof(*a));
	a->fd = c != NULL ? c->fd : -1;
	tpm_answer(&q, a);
	return ((enum tpm_verdict)a->rep.verdict);
}

static enum tpm_verdict
unseal(struct swtpm *c, const uint8_t *sealed, uint32_t len, struct tpm_answer *a)
{
	struct tpm_req q = { .act = TPM_UNSEAL, .sealed = { .data = sealed, .len = len } };

	memset(a, 0, sizeof(*a));
	a->fd = c != NULL ? c->fd : -1;
	tpm_answer(&q, a);
	return ((enum tpm_verdict)a->rep.verdict);
}

static bool
gave_the_key(const struct tpm_answer *a)
{
	return (a->rep.key.len == sizeof(key) && memcmp(a->rep.key.data, key, sizeof(key)) == 0);
}

/* --- */

static void
test_what_is_sealed_comes_back(void **state)
{
	struct swtpm c;
	struct tpm_answer a, b;
	struct sealed s;

	(void)state;
	swtpm_start(&c);
	assert_int_equal(seal(&c, 0, &a), TPM_DONE);
	assert_true(a.rep.sealed.len > 100);
	assert_int_equal(a.rep.key.len, 0);
	assert_int_equal(unseal(&c, a.sealed, a.rep.sealed.len, &b), TPM_DONE);
	assert_true(gave_the_key(&b));
	/* Nothing of it lies in what goes to the disk, or crossed the bus: what did cross is there to be found. */
	assert_null(memmem(a.sealed, a.rep.sealed.len, key, 16));
	assert_false(swtpm_saw(&c, key, 16));
	assert_int_equal(sealed_unpack(a.sealed, a.rep.sealed.len, &s), 0);
	assert_true(swtpm_saw(&c, s.public.publicArea.authPolicy.buffer, 32));
	swtpm_stop(&c);
}

static void
test_a_changed_register_is_named(void **state)
{
	struct swtpm c;
	struct tpm_answer with7, with, without, got;

	(void)state;
	swtpm_start(&c);
	assert_int_equal(seal(&c, PCR(7), &with7), TPM_FAILED);
	assert_non_null(strstr(with7.text, "PCR 7 (SHA-256) is blank"));
	swtpm_extend(&c, 7);
	swtpm_extend(&c, 0);
	assert_int_equal(seal(&c, PCR(7), &with7), TPM_DONE);
	assert_int_equal(seal(&c, PCR(0) | PCR(7), &with), TPM_DONE);
	assert_int_equal(seal(&c, 0, &without), TPM_DONE);
	assert_int_equal(unseal(&c, with.sealed, with.rep.sealed.len, &got), TPM_DONE);
	assert_true(gave_the_key(&got));
	swtpm_extend(&c, 0);
	assert_int_equal(unseal(&c, with.sealed, with.rep.sealed.len, &got), TPM_CHANGED);
	assert_int_equal(got.rep.changed, PCR(0));
	assert_int_equal(got.rep.key.len, 0);
	assert_int_equal(unseal(&c, with7.sealed, with7.rep.sealed.len, &got), TPM_DONE);
	swtpm_extend(&c, 7);
	assert_int_equal(unseal(&c, with.sealed, with.rep.sealed.len, &got), TPM_CHANGED);
	assert_int_equal(got.rep.changed, PCR(0) | PCR(7));
	assert_int_equal(unseal(&c, with7.sealed, with7.rep.sealed.len, &got), TPM_CHANGED);
	assert_int_equal(unseal(&c, without.sealed, without.rep.sealed.len, &got), TPM_DONE);
	assert_true(gave_the_key(&got));
	swtpm_stop(&c);
}

/* It is the TPM that refuses, not our reading of its registers: a record that lies about them opens nothing. */
static void
test_the_tpm_itself_refuses(void **state)
{
	struct swtpm c;
	struct tpm_answer a, got;
	struct sealed s;
	size_t len;

	(void)state;
	swtpm_start(&c);
	swtpm_extend(&c, 7);
	assert_int_equal(seal(&c, PCR(7), &a), TPM_DONE);
	swtpm_extend(&c, 7);
	assert_int_equal(sealed_unpack(a.sealed, a.rep.sealed.len, &s), 0);
	s.pcrs = 0;
	s.values.count = 0;
	len = sealed_pack(&s, a.sealed);
	assert_int_equal(unseal(&c, a.sealed, (uint32_t)len, &got), TPM_FAILED);
	assert_non_null(strstr(got.text, "Unseal"));
	assert_int_equal(got.rep.key.len, 0);
	swtpm_stop(&c);
}

static void
test_another_tpm_has_nothing(void **state)
{
	struct swtpm c, other;
	struct tpm_answer a, got;
	struct sealed s, theirs;
	size_t len;

	(void)state;
	swtpm_start(&c);
	swtpm_start(&other);
	assert_int_equal(seal(&c, 0, &a), TPM_DONE);
	assert_int_equal(unseal(&other, a.sealed, a.rep.sealed.len, &got), TPM_OTHER);
	/* Nor when the record says that it is the right one. */
	assert_int_equal(seal(&other, 0, &got), TPM_DONE);
	assert_int_equal(sealed_unpack(got.sealed, got.rep.sealed.len, &theirs), 0);
	assert_int_equal(sealed_unpack(a.sealed, a.rep.sealed.len, &s), 0);
	s.primary = theirs.primary;
	len = sealed_pack(&s, a.sealed);
	assert_int_equal(unseal(&other, a.sealed, (uint32_t)len, &got), TPM_FAILED);
	assert_int_equal(got.rep.key.len, 0);
	swtpm_stop(&c);
	swtpm_stop(&other);
}

static void
test_a_damaged_record_gives_no_key(void **state)
{
	struct swtpm c;
	struct tpm_answer a, got;
	uint32_t i, stride = getenv("PATRONUS_SOAK") != NULL ? 1 : 23;

	(void)state;
	swtpm_start(&c);
	assert_int_equal(seal(&c, 0, &a), TPM_DONE);
	for (i = 0; i < a.rep.sealed.len; i += stride) {
		a.sealed[i] ^= 0x10;
		assert_int_not_equal(unseal(&c, a.sealed, a.rep.sealed.len, &got), TPM_DONE);
		assert_int_equal(got.rep.key.len, 0);
		a.sealed[i] ^= 0x10;
	}
	assert_int_equal(unseal(&c, a.sealed, a.rep.sealed.len - 1, &got), TPM_FAILED);
	assert_int_equal(unseal(&c, NULL, 0, &got), TPM_FAILED);
	assert_int_equal(unseal(&c, a.sealed, a.rep.sealed.len, &got), TPM_DONE);
	swtpm_stop(&c);
}

static void
test_without_a_tpm(void **state)
{
	struct swtpm c;
	struct tpm_answer a;

	(void)state;
	assert_int_equal(seal(NULL, 0, &a), TPM_ABSENT);
	assert_int_equal(unseal(NULL, key, sizeof(key), &a), TPM_ABSENT);
	swtpm_start(&c);
	assert_int_equal(kill(c.tpm, SIGKILL), 0);
	assert_int_equal(seal(&c, 0, &a), TPM_FAILED);
	assert_non_null(strstr(a.text, "CreatePrimary"));
	swtpm_stop(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_sealed_comes_back),
		cmocka_unit_test(test_a_changed_register_is_named),
		cmocka_unit_test(test_the_tpm_itself_refuses),
		cmocka_unit_test(test_another_tpm_has_nothing),
		cmocka_unit_test(test_a_damaged_record_gives_no_key),
		cmocka_unit_test(test_without_a_tpm),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	(void)setenv("TSS2_LOG", "all+NONE", 1);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
