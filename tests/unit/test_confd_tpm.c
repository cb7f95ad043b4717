/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The key of the vault in a TPM: the whole of confd and the work of patronus-tpm, with a software TPM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "confd_rig.h"
#include "ipc/ids.h"
#include "ipc/oneshot.h"
#include "patronus-confd/tpm.h"
#include "patronus-confd/tpm/answer.h"
#include "patronus-confd/vault.h"
#include "swtpm.h"

#define RECOVERY	"the way back when the TPM will not"
#define PROTECT(pcrs)	PUT("/vault/protection", "{\"protection\":\"tpm\",\"passphrase\":\"" RECOVERY "\",\"pcrs\":\"" pcrs "\"}")

static const char users_yaml[] = "users:\n  alice: { role: admin }\n  olga: { role: operator }\n";

static struct rig	*rig;
static struct swtpm	 chip;
static int		 chip_fd;
static bool		 has_answered;

/* One question, as main() of patronus-tpm has it answered. */
static void
serve(int fd)
{
	struct tpm_answer a = { .fd = chip_fd };
	const struct oneshot question = { .self = ROLE_TPM, .peer = ROLE_CONFD, .type = MSG_TPM, .lifetime_ms = 10000, .answer = tpm_answer,
	    .rep = &a };

	(void)oneshot_serve(fd, &question);
	__atomic_store_n(&has_answered, true, __ATOMIC_RELEASE);
}

/* It ends at once: before it is asked, over its question, or between the two. */
static void
die(int fd)
{
	(void)fd;
}

static int
setup(void **state)
{
	(void)state;
	swtpm_start(&chip);
	chip_fd = chip.fd;
	rig = rig_new(NULL);
	rig->tpm = serve;
	rig_connect(rig);
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	rig_free(rig, false);
	swtpm_stop(&chip);
	return (0);
}

/* Runs until confd has heard what it asks the TPM by itself: the answer is in its socket, and the loop looks there. */
static void
ask_by_itself(void (*ask)(struct confd *))
{
	has_answered = false;
	ask(&rig->confd);
	assert_true(rig_until(rig, &has_answered, 30000));
	rig_wait(rig, 10);
}

/* confd ends and starts, and asks the TPM as it does at the start. */
static void
restart(void)
{
	char dir[64];

	(void)str_copy(dir, rig->dir, sizeof(dir));
	rig_free(rig, true);
	rig = rig_new(dir);
	rig->tpm = serve;
	rig_connect(rig);
	ask_by_itself(tpm_start);
}

static const char *
member(const char *name)
{
	return (rig_member(rig_expect(rig, 200, GET("/vault"))->body, name));
}

static void
test_it_opens_by_itself(void **state)
{
	(void)state;
	(void)rig_expect(rig, 200, PROTECT("none"));
	assert_string_equal(member("protection"), "tpm");
	assert_string_equal(member("pcrs"), "none");
	assert_non_null(strstr(rig->audit, "by tpm"));
	restart();
	assert_string_equal(member("locked"), "false");
	assert_string_equal(member("refusal"), "");
	assert_non_null(strstr(rig->audit, "by the TPM"));
	/* The words of the passphrase went nowhere else. */
	assert_null(strstr(rig->audit, RECOVERY));
	assert_false(swtpm_saw(&chip, RECOVERY, 8));
}

static void
test_a_changed_boot_is_refused_by_name(void **state)
{
	(void)state;
	swtpm_extend(&chip, 7);
	(void)rig_expect(rig, 200, PROTECT("7"));
	swtpm_extend(&chip, 7);
	restart();
	assert_string_equal(member("locked"), "true");
	assert_non_null(strstr(member("refusal"), "no longer releases the key, because PCR 7 changed; unlock with the recovery passphrase"));
	/* Asked once more it says the same, and the passphrase opens. */
	(void)rig_expect(rig, 409, POST("/vault/unlock", ""));
	(void)rig_expect(rig, 403, POST("/vault/unlock", "{\"passphrase\":\"not this one\"}"));
	(void)rig_expect(rig, 200, POST("/vault/unlock", "{\"passphrase\":\"" RECOVERY "\"}"));
	assert_string_equal(member("locked"), "false");
	assert_non_null(strstr(member("refusal"), "PCR 7"));
	/* Bound to the boot as it is now. */
	(void)rig_expect(rig, 200, PROTECT("7"));
	assert_string_equal(member("refusal"), "");
	restart();
	assert_string_equal(member("locked"), "false");
}

static void
test_a_stolen_disk_opens_by_the_passphrase_alone(void **state)
{
	struct swtpm other;

	(void)state;
	(void)rig_expect(rig, 200, PROTECT("none"));
	swtpm_start(&other);
	chip_fd = other.fd;
	restart();
	assert_string_equal(member("locked"), "true");
	assert_non_null(strstr(member("refusal"), "another TPM than the one that sealed the key"));
	(void)rig_expect(rig, 200, POST("/vault/unlock", "{\"passphrase\":\"" RECOVERY "\"}"));
	chip_fd = -1;
	restart();
	assert_non_null(strstr(member("refusal"), "no TPM 2.0"));
	/* One that comes late is asked again. */
	chip_fd = chip.fd;
	ask_by_itself(tpm_tick);
	assert_string_equal(member("locked"), "false");
	swtpm_stop(&other);
}

static void
test_what_is_refused(void **state)
{
	(void)state;
	(void)rig_load(rig, users_yaml, 201);
	(void)rig_expect(rig, 422, PROTECT("24"));
	(void)rig_expect(rig, 422, PROTECT("7+7"));
	(void)rig_expect(rig, 422, PROTECT(""));
	(void)rig_expect(rig, 422, PROTECT("0+1+2+3+4+5+6+7+8"));
	(void)rig_expect(rig, 422, PUT("/vault/protection", "{\"protection\":\"tpm\",\"passphrase\":\"too short\"}"));
	(void)rig_expect(rig, 422, PUT("/vault/protection", "{\"protection\":\"tpm\"}"));
	(void)rig_expect(rig, 403, PUT("/vault/protection", "{\"protection\":\"tpm\",\"passphrase\":\"" RECOVERY "\"}", .remote = "olga"));
	/* A register that nothing is measured into would be a promise about nothing. */
	assert_non_null(strstr(rig_expect(rig, 409, PROTECT("7"))->body, "PCR 7 (SHA-256) is blank"));
	chip_fd = -1;
	assert_non_null(strstr(rig_expect(rig, 409, PROTECT("none"))->body, "no TPM 2.0"));
	rig->tpm = die;
	assert_non_null(strstr(rig_expect(rig, 409, PROTECT("none"))->body, "the process that asks the TPM ended"));
	rig->tpm = NULL;
	(void)rig_expect(rig, 503, PROTECT("none"));
	assert_string_equal(member("protection"), "key-file");
	/* A second factor that is not fresh is asked for. */
	rig->factors = "alice";
	assert_non_null(strstr(rig_expect(rig, 403, PUT("/vault/protection", "{\"protection\":\"tpm\",\"passphrase\":\"" RECOVERY "\"}",
	    .remote = "alice"))->body, "step-up-required"));
}

static void
test_registers_as_text(void **state)
{
	char text[TPM_PCRS_TEXT_MAX];
	uint32_t bits;

	(void)state;
	assert_int_equal(tpm_pcrs_parse("0+7", &bits), 0);
	assert_int_equal(bits, 0x81);
	tpm_pcrs_print(bits, text);
	assert_string_equal(text, "0+7");
	assert_int_equal(tpm_pcrs_parse("23", &bits), 0);
	tpm_pcrs_print(0, text);
	assert_string_equal(text, "none");
	assert_int_equal(tpm_pcrs_parse("7+", &bits), -22);
	assert_int_equal(tpm_pcrs_parse("07+", &bits), -22);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_it_opens_by_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_changed_boot_is_refused_by_name, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_stolen_disk_opens_by_the_passphrase_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_refused, setup, teardown),
		cmocka_unit_test(test_registers_as_text),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	(void)setenv("TSS2_LOG", "all+NONE", 1);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
