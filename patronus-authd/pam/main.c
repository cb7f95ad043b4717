/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * patronus-pam: one PAM conversation for authd, in a process that holds no privilege and ends with its verdict.  PAM
 * modules are other people's code; what they could do wrong they do here.
 */
#include <errno.h>
#include <poll.h>
#include <security/pam_appl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "sandbox/sandbox.h"

#define AUTHD_FD	3
#define LIFETIME_MS	5000
#define SERVICE		"patronus"
#define SERVICE_DIR	"pam.d"

static uint8_t		 frame[FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX];
static struct assembler	 assembler;

/* The next message from authd: 0 or -errno. */
static int
receive(uint64_t deadline_ms, struct message *ret)
{
	struct pollfd p = { .fd = AUTHD_FD, .events = POLLIN };
	struct frame_header h;
	uint64_t now;
	int n;

	for (;;) {
		n = frame_recv(AUTHD_FD, frame, &h, NULL);
		if (n == 0)
			n = assembler_add(&assembler, &h, frame + FRAME_HEADER_LEN, NULL, ret, NULL);
		if (n == 1)
			return 0;
		if (n < 0 && n != -EAGAIN)
			return n;
		now = clock_mono_ms();
		if (now >= deadline_ms)
			return -ETIMEDOUT;
		if (n == -EAGAIN && poll(&p, 1, (int)(deadline_ms - now)) == -1 && errno != EINTR)
			return -errno;
	}
}

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
	case PAM_PERM_DENIED:
		return AUTH_REFUSED;
	default:
		log_errx("pam", "%s", pam_strerror(NULL, e));
		return AUTH_FAILED;
	}
}

static int
serve(uint64_t deadline_ms)
{
	struct frame_header h = { .type = MSG_HELLO };
	struct hello_req hello = { .protocol = msg_protocol_hash(), .role = ROLE_PAM };
	const struct hello_req *theirs;
	struct pam_verify_rep rep;
	struct message m;
	int error;

	error = msg_send_sync(AUTHD_FD, &h, &hello, NULL, LIFETIME_MS);
	if (error == 0)
		error = receive(deadline_ms, &m);
	if (error != 0)
		return error;
	theirs = m.body;
	if (m.header.type != MSG_HELLO || theirs->role != ROLE_AUTHD || theirs->protocol != hello.protocol)
		return -EPROTO;
	message_fini(&m);
	error = receive(deadline_ms, &m);
	if (error != 0)
		return error;
	if (m.header.type != MSG_PAM_VERIFY || m.header.flags != 0)
		return -EPROTO;
	rep.verdict = verify(m.body);
	h = (struct frame_header){ .type = MSG_PAM_VERIFY, .flags = FRAME_REPLY, .id = m.header.id };
	return msg_send_sync(AUTHD_FD, &h, &rep, NULL, LIFETIME_MS);
}

int
main(void)
{
	int error;

	log_init("pam", LOG_LEVEL_INFO);
	error = sandbox_enter(ROLE_PAM);
	if (error != 0)
		fatalx("pam", "confinement: %s", strerror(-error));
	assembler_init(&assembler);
	error = serve(clock_mono_ms() + LIFETIME_MS);
	/* No clean-up of the password: the memory ends here. */
	if (error != 0)
		log_errx("pam", "no verdict: %s", strerror(-error));
	return error == 0 ? 0 : 1;
}
