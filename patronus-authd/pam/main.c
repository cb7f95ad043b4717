/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * patronus-pam: one PAM conversation for authd, in a process that holds no privilege and ends with its verdict.  PAM
 * modules are other people's code; what they could do wrong they do here.
 */
#include <security/pam_appl.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "ipc/oneshot.h"
#include "sandbox/sandbox.h"

#define AUTHD_FD	3
#define LIFETIME_MS	5000
#define SERVICE		"patronus"
#define SERVICE_DIR	"pam.d"

/*
 * Every prompt without echo is for the password; anything else that PAM asks for is refused, what it tells is dropped.
 */
static int
converse(int n, const struct pam_message **messages, struct pam_response **ret, void *arg)
{
	struct pam_response *replies;
	int i;

	if (n <= 0 || n > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	replies = calloc((size_t)n, sizeof(*replies));
	if (replies == NULL)
		return PAM_BUF_ERR;
	for (i = 0; i < n; i++) {
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			replies[i].resp = strdup(arg);
		else if (messages[i]->msg_style == PAM_PROMPT_ECHO_ON) {
			free(replies);
			return PAM_CONV_ERR;
		}
	}
	*ret = replies;
	return PAM_SUCCESS;
}

static uint8_t
verify(const struct pam_verify_req *r)
{
	struct pam_conv conv = { .conv = converse, .appdata_ptr = (void *)(uintptr_t)r->password };
	pam_handle_t *pam = NULL;
	int e;

	e = pam_start_confdir(SERVICE, r->user, &conv, SERVICE_DIR, &pam);
	if (e != PAM_SUCCESS)
		return AUTH_FAILED;
	e = pam_set_item(pam, PAM_RHOST, r->source);
	if (e == PAM_SUCCESS)
		e = pam_authenticate(pam, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
	if (e == PAM_SUCCESS)
		e = pam_acct_mgmt(pam, PAM_SILENT);
	(void)pam_end(pam, e);
	switch (e) {
	case PAM_SUCCESS:
		return AUTH_ACCEPTED;
	case PAM_AUTH_ERR:
	case PAM_USER_UNKNOWN:
	case PAM_MAXTRIES:
	case PAM_ACCT_EXPIRED:
		return AUTH_REFUSED;
	default:	/* PAM_PERM_DENIED too: so libpam says that a module could not be loaded, and nobody has judged the password */
		log_errx("pam", "%s", pam_strerror(NULL, e));
		return AUTH_FAILED;
	}
}

static void
answer(const void *req, void *rep)
{
	((struct pam_verify_rep *)rep)->verdict = verify(req);
}

int
main(void)
{
	struct pam_verify_rep rep = { 0 };
	const struct oneshot question = { .self = ROLE_PAM, .peer = ROLE_AUTHD, .type = MSG_PAM_VERIFY, .lifetime_ms = LIFETIME_MS,
	    .answer = answer, .rep = &rep };
	int error;

	log_init("pam", LOG_LEVEL_INFO);
	error = sandbox_enter(ROLE_PAM);
	if (error != 0)
		fatalx("pam", "confinement: %s", strerror(-error));
	error = oneshot_serve(AUTHD_FD, &question);
	/* No clean-up of the password: the memory ends here. */
	if (error != 0)
		log_errx("pam", "no verdict: %s", strerror(-error));
	return error == 0 ? 0 : 1;
}
