/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "daemon/daemon.h"
#include "ipc/channel.h"
#include "ipc/ids.h"

#include "confd.h"
#include "helper.h"
#include "tpm.h"
#include "vault.h"

#define TIMEOUT_MS	15000
#define TRIES		6	/* of a tick each: about a minute */
#define PCRS		24
#define PCRS_AT_ONCE	8
#define WHY_MAX		400
#define RECOVER		"unlock with the recovery passphrase (patronusctl secret unlock), then bind the key anew (patronusctl secret protect tpm)"

struct asking {
	struct confd	*confd;
	struct channel	*helper;
	tpm_end		*on_end;
	void		*arg;
	uint8_t		 act;		/* enum tpm_act */
	/* TPM_SEAL: */
	uint32_t	 pcrs;
	uint8_t		 key[CIPHER_KEY_LEN];
	char		 passphrase[VAULT_PASSPHRASE_MAX + 1];
};

static bool	is_asking;
static unsigned	tries;
static char	refusal[WHY_MAX];

const char *
tpm_refusal(void)
{
	return (refusal);
}

/* --- registers --- */

int
tpm_pcrs_parse(const char *text, uint32_t *ret)
{
	uint32_t bits = 0;
	uint64_t n;
	size_t len;
	char one[4];

	if (strcmp(text, "none") == 0) {
		*ret = 0;
		return (0);
	}
	for (;; text += len + 1) {
		len = strcspn(text, "+");
		if (len == 0 || len >= sizeof(one))
			return (-EINVAL);
		(void)str_copy(one, text, len + 1);
		if (str_u64(one, 0, PCRS - 1, &n) != 0 || (bits >> n & 1) != 0)
			return (-EINVAL);
		bits |= 1u << n;
		if (text[len] == '\0')
			break;
	}
	if (__builtin_popcount(bits) > PCRS_AT_ONCE)
		return (-EINVAL);
	*ret = bits;
	return (0);
}

void
tpm_pcrs_print(uint32_t pcrs, char ret[TPM_PCRS_TEXT_MAX])
{
	size_t at = 0;
	unsigned i;

	(void)str_copy(ret, "none", TPM_PCRS_TEXT_MAX);
	for (i = 0; i < PCRS; i++)
		if ((pcrs >> i & 1) != 0 && at < TPM_PCRS_TEXT_MAX - 4)
			at += (size_t)snprintf(ret + at, TPM_PCRS_TEXT_MAX - at, at > 0 ? "+%u" : "%u", i);
}

/* --- the answer --- */

static void
explain(const struct tpm_rep *r, char *ret, size_t size)
{
	char pcrs[TPM_PCRS_TEXT_MAX];

	tpm_pcrs_print(r->changed, pcrs);
	switch ((enum tpm_verdict)r->verdict) {
	case TPM_DONE:
		(void)str_copy(ret, "", size);
		break;
	case TPM_ABSENT:
		(void)str_copy(ret, "this box has no TPM 2.0 that can be opened (/dev/tpmrm0)", size);
		break;
	case TPM_CHANGED:
		(void)snprintf(ret, size, "the TPM no longer releases the key, because PCR %s changed; " RECOVER, pcrs);
		break;
	case TPM_OTHER:
		(void)str_copy(ret, "this is another TPM than the one that sealed the key, or it was cleared; " RECOVER, size);
		break;
	case TPM_FAILED:
	case TPM_VERDICT_INVALID:
		(void)snprintf(ret, size, "%s", r->text);
		break;
	}
}

static int
take_sealed(struct asking *a, const struct tpm_rep *r)
{
	return (vault_protect_tpm(a->confd->vault, a->key, a->pcrs, r->sealed.data, r->sealed.len, a->passphrase, strlen(a->passphrase)));
}

static int
take_key(struct asking *a, const struct tpm_rep *r)
{
	int error;

	if (r->key.len != CIPHER_KEY_LEN)
		return (-EPROTO);
	/* Somebody was quicker with the passphrase, or protects it in another way by now. */
	if ((error = vault_unlock_key(a->confd->vault, r->key.data)) == -EALREADY)
		return (0);
	if (error == 0)
		daemon_audit("system", "start", "secret", "vault", "unlocked", "%s", "by the TPM");
	return (error);
}

static void
asking_free(struct asking *a)
{
	explicit_bzero(a, sizeof(*a));
	free(a);
	is_asking = false;
}

static void
on_reply(struct channel *c, struct message *m, int error, void *arg)
{
	struct asking *a = arg;
	const struct tpm_rep *r = m != NULL && error == 0 ? m->body : NULL;
	char why[WHY_MAX] = "the process that asks the TPM ended; try again";

	(void)c;
	if (a->helper == NULL)
		return;
	c = a->helper;
	a->helper = NULL;
	error = -EREMOTEIO;
	if (r != NULL && r->verdict == TPM_DONE)
		error = a->act == TPM_SEAL ? take_sealed(a, r) : take_key(a, r);
	else if (r != NULL)
		explain(r, why, sizeof(why));
	if (r != NULL && r->verdict != TPM_ABSENT)
		tries = 0;
	if (a->act == TPM_UNSEAL) {
		(void)str_copy(refusal, error == 0 ? "" : error == -EREMOTEIO ? why : "what the TPM gave is not the key of these secrets",
		    sizeof(refusal));
		if (error != 0)
			log_warnx("vault", "the secrets stay locked: %s", refusal);
	} else if (error == 0)
		refusal[0] = '\0';
	if (a->on_end != NULL)
		a->on_end(error, why, a->arg);
	channel_free(c);
	asking_free(a);
}

/* --- the question --- */

static const struct channel_dispatch helper_table[] = { { 0, 0, NULL } };
static const struct channel_ops helper_ops = { .table = helper_table };

static int
ask(struct asking *a, const struct tpm_req *q)
{
	int error, fd;

	if ((error = helper_open(HELPER_TPM, &fd)) != 0)
		return (error);
	if ((a->helper = channel_new(a->confd->base, fd, "tpm", ROLE_CONFD, ROLE_TPM, &helper_ops, a)) == NULL)
		return (-ENOMEM);
	if ((error = channel_call(a->helper, MSG_TPM, 0, q, NULL, 0, TIMEOUT_MS, on_reply, a)) != 0) {
		channel_free(a->helper);
		a->helper = NULL;
	}
	return (error);
}

static struct asking *
asking_new(struct confd *confd, enum tpm_act act, tpm_end *on_end, void *arg)
{
	struct asking *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return (NULL);
	a->confd = confd;
	a->act = (uint8_t)act;
	a->on_end = on_end;
	a->arg = arg;
	is_asking = true;
	return (a);
}

int
tpm_unlock(struct confd *confd, tpm_end *on_end, void *arg)
{
	struct tpm_req q = { .act = TPM_UNSEAL };
	struct vault_status st;
	struct asking *a;
	int error;

	vault_status(confd->vault, &st);
	q.sealed.data = vault_tpm_sealed(confd->vault, &q.sealed.len);
	if (!st.is_locked || q.sealed.data == NULL)
		return (-EALREADY);
	if (is_asking)
		return (-EBUSY);
	if ((a = asking_new(confd, TPM_UNSEAL, on_end, arg)) == NULL)
		return (-ENOMEM);
	if ((error = ask(a, &q)) != 0) {
		(void)snprintf(refusal, sizeof(refusal), "the process that asks the TPM cannot be started: %s", strerror(-error));
		log_warnx("vault", "the secrets stay locked: %s", refusal);
		asking_free(a);
	}
	return (error);
}

int
tpm_protect(struct confd *confd, uint32_t pcrs, const char *passphrase, tpm_end *on_end, void *arg)
{
	struct tpm_req q = { .act = TPM_SEAL, .pcrs = pcrs };
	struct vault_status st;
	struct asking *a;
	int error;

	vault_status(confd->vault, &st);
	if (st.is_locked)
		return (-ENOKEY);
	if (strlen(passphrase) < VAULT_PASSPHRASE_MIN || strlen(passphrase) > VAULT_PASSPHRASE_MAX)
		return (-ERANGE);
	if (is_asking)
		return (-EBUSY);
	if ((a = asking_new(confd, TPM_SEAL, on_end, arg)) == NULL)
		return (-ENOMEM);
	a->pcrs = pcrs;
	(void)str_copy(a->passphrase, passphrase, sizeof(a->passphrase));
	cipher_random(a->key, sizeof(a->key));
	q.key = (struct bytes){ .data = a->key, .len = sizeof(a->key) };
	if ((error = ask(a, &q)) != 0)
		asking_free(a);
	return (error);
}

void
tpm_tick(struct confd *confd)
{
	if (tries == 0)
		return;
	tries--;
	(void)tpm_unlock(confd, NULL, NULL);
}

void
tpm_start(struct confd *confd)
{
	tries = TRIES;
	tpm_tick(confd);
}
