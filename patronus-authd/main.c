/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * patronus-authd: who is it?  Passwords (verified by PAM in a one-shot child), second factor, sessions, and the keys that
 * only sign: TLS handshakes for httpd, heads of the audit log for logd.  Its working directory is its own; confd asks about
 * people, nobody else speaks to it.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account.h"
#include "auditkey.h"
#include "base/clock.h"
#include "base/log.h"
#include "claim.h"
#include "config.h"
#include "daemon/daemon.h"
#include "desk.h"
#include "guard.h"
#include "recovery.h"
#include "ipc/ids.h"
#include "session.h"
#include "store.h"
#include "tlskey.h"
#include "token.h"
#include "totp.h"
#include "verify.h"

#define SIGNATURES_A_SECOND	2000	/* far above what this box can handshake; a flood beyond it is no web server */
#define SIGNATURE_MAX		128
#define SWEEP_S			30

/* --- httpd's channel for signatures --- */

static bool
may_sign(void)
{
	static uint64_t second;
	static unsigned n;
	uint64_t now = clock_mono_ms() / 1000;

	if (now != second) {
		second = now;
		n = 0;
	}
	return n++ < SIGNATURES_A_SECOND;
}

static void
on_sign(struct channel *c, struct message *m, void *arg)
{
	const struct tls_sign_req *r = m->body;
	uint8_t signature[SIGNATURE_MAX];
	struct tls_sign_rep rep = { .signature = { signature, 0 } };
	size_t len;
	int error;

	(void)arg;
	error = may_sign() ? tlskey_sign(r->digest.data, r->digest.len, signature, sizeof(signature), &len) : -EAGAIN;
	if (error != 0) {
		log_warnx("tls", "no signature for httpd: %s", strerror(-error));
		(void)channel_reply_error(c, &m->header, error, 0, "no signature");
		return;
	}
	rep.signature.len = (uint32_t)len;
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

static void
on_cert(struct channel *c, struct message *m, void *arg)
{
	struct tls_cert_rep rep;
	size_t len;

	(void)arg;
	rep.chain.data = tlskey_chain(&len);
	rep.chain.len = (uint32_t)len;
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

static const struct channel_dispatch tls_table[] = {
	{ MSG_TLS_SIGN, CHANNEL_PHASE_READY, on_sign },
	{ MSG_TLS_CERT, CHANNEL_PHASE_READY, on_cert },
	{ 0, 0, NULL }
};

static const struct channel_ops tls_ops = { .table = tls_table };
static const struct channel_ops logd_ops = { .table = auditkey_table };
static const struct channel_ops confd_ops = { .table = desk_table, .on_close = desk_on_close };

static const struct daemon_peer peers[] = {
	{ .role = ROLE_CONFD, .purpose = PEER_MAIN, .ops = &confd_ops },
	{ .role = ROLE_HTTPD, .purpose = PEER_TLS, .ops = &tls_ops },
	{ .role = ROLE_LOGD, .purpose = PEER_MAIN, .ops = &logd_ops },
	{ .role = ROLE_INVALID }
};

/* --- start --- */

/*
 * What the PAM helper obeys.  It lies beside the accounts because both are found from the helper's working directory,
 * which is ours, read-only. No delay on failure: the time of a refusal is the time of the hash, and guesses are
 * counted, not slowed.
 */
static int
write_pam_service(void)
{
	static const char service[] =
	    "auth required pam_pwdfile.so nodelay pwdfile=" ACCOUNTS_FILE "\naccount required pam_permit.so\n";

	char *old;
	size_t len;
	bool same;

	if (mkdir("pam.d", 0750) == -1 && errno != EEXIST)
		return -errno;
	/* A restart writes nothing: it would wait for the disk. */
	if (store_read("pam.d/patronus", 4096, &old, &len) == 0) {
		same = len == sizeof(service) - 1 && memcmp(old, service, len) == 0;
		free(old);
		if (same)
			return 0;
	}
	return store_write("pam.d/patronus", service, sizeof(service) - 1, 0640);
}

static int
open_claim(void)
{
	int error;

	error = account_any() ? claim_close() : claim_init();
	if (error == 0 && claim_is_open())
		log_info("claim", "there is no administrator yet; the claim code is in %s", CLAIM_FILE);
	return error;
}

/*
 * Damaged files cost what they held, and nothing else: passwords are set anew (with the claim code, which root alone
 * can read), second factors keep everybody out who may have had one; the web page and root on the local socket go on.
 */
static int
load_accounts(void)
{
	int error = account_load();

	if (error != -EBADMSG)
		return error;
	log_errx("accounts", "%s cannot be understood; it is kept as %s.damaged, and passwords must be set anew",
	    ACCOUNTS_FILE, ACCOUNTS_FILE);
	error = store_set_aside(ACCOUNTS_FILE);
	return error != 0 ? error : account_load();
}

static int
load_totp(void)
{
	int error = totp_load();

	if (error != -EBADMSG)
		return error;
	log_errx("totp", "%s cannot be understood: nobody can sign in until it is repaired or removed", TOTP_FILE);
	return 0;
}

static int
load_or_set_aside(const char *name, int (*load)(void), const char *cost)
{
	int error = load();

	if (error != -EBADMSG)
		return error;
	log_errx("authd", "%s cannot be understood; it is kept as %s.damaged, and %s", name, name, cost);
	return store_set_aside(name);
}

static int
load_recovery(void)
{
	return load_or_set_aside(RECOVERY_FILE, recovery_load, "nobody has recovery codes until he makes new ones");
}

static int
load_tokens(void)
{
	return load_or_set_aside(TOKENS_FILE, token_load, "all API tokens have ended");
}

static const struct {
	const char	*what;
	int		(*run)(void);
} steps[] = {
	{ "PAM service", write_pam_service },
	{ "accounts", load_accounts },
	{ "second factors", load_totp },
	{ "recovery codes", load_recovery },
	{ "API tokens", load_tokens },
	{ "claim code", open_claim },
	{ "TLS key", tlskey_init },
	{ "audit key", auditkey_init },
	{ "guard", guard_init },
	{ "known networks", guard_load },
};

static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	session_sweep();
	token_sweep();
}

static int
start(struct daemon *d)
{
	static const struct timeval period = { SWEEP_S, 0 };
	struct event *sweep;
	size_t i;
	int error;

	(void)umask(0027);
	/*
	 * Our group (the PAM helper's second one) may look up the two files it needs; they carry its right, the others
	 * do not.
	 */
	if (chmod(".", 0750) == -1)
		log_warn("authd", "state directory");
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		error = steps[i].run();
		if (error != 0) {
			log_errx("authd", "%s: %s", steps[i].what, strerror(-error));
			return error;
		}
	}
	claim_announce();
	verify_init(d->base);
	sweep = event_new(d->base, -1, EV_PERSIST, on_sweep, NULL);
	return sweep == NULL || event_add(sweep, &period) == -1 ? -ENOMEM : 0;
}

int
main(int argc, char **argv)
{
	struct daemon d = { .name = "authd", .role = ROLE_AUTHD, .peers = peers, .start = start };

	return daemon_main(&d, argc, argv);
}
