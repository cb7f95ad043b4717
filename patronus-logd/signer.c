/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "audit/key.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/daemon.h"
#include "ipc/ids.h"
#include "ledger.h"
#include "review.h"
#include "signer.h"

#define CALL_MS		10000
#define LEAST_MS	100		/* between two heads, however many records come */
#define RETRY_MS	30000		/* after a refusal */
#define AWAY_MS		60000		/* so long without authd is worth an alarm */

static struct ledger	*ledger;
static struct event	*timer;
static struct audit_key	*key;
static uint8_t		 key_der[AUDIT_KEY_MAX];
static size_t		 key_der_len;
static bool		 is_asking;
static uint64_t		 waits_since_ms;	/* monotonic, of the oldest record that is not signed; 0: all are */
static uint64_t		 not_before_ms;
static char		 problem[LEDGER_ALARM_MAX];

const char *
signer_problem(void)
{
	static char away[96];
	uint64_t now = clock_mono_ms();

	if (problem[0] != '\0' || waits_since_ms == 0 || now - waits_since_ms < AWAY_MS)
		return problem;
	(void)snprintf(away, sizeof(away), "no head was signed for %llu s, though there are new records",
	    (unsigned long long)(now - waits_since_ms) / 1000);
	return away;
}

const struct audit_key *
signer_key(void)
{
	return key;
}

struct bytes
signer_key_der(void)
{
	return (struct bytes){ key_der, (uint32_t)key_der_len };
}

/* --- asking --- */

static void
refused(const char *why, int error)
{
	if (strcmp(problem, why) != 0)
		log_errx("audit", "no head can be signed: %s (%s)", why, strerror(-error));
	(void)str_copy(problem, why, sizeof(problem));
	not_before_ms = clock_mono_ms() + RETRY_MS;
}

static void
on_signed(struct channel *c, struct message *m, int error, void *arg)
{
	const struct audit_sign_rep *rep;

	(void)c;
	(void)arg;
	is_asking = false;
	not_before_ms = clock_mono_ms() + LEAST_MS;
	if (m == NULL)
		return;		/* authd went away, or is slow: it is asked again when it is back, or soon */
	if (error != 0) {
		refused(((const struct ipc_error_req *)m->body)->text, error);
		signer_wake();
		return;
	}
	rep = m->body;
	error = ledger_add_head(ledger, rep->head, strlen(rep->head));
	if (error != 0)
		refused(error == -EBADMSG ? "authd has signed a head of another audit log" : "audit.heads cannot be written", error);
	else
		problem[0] = '\0';
	waits_since_ms = 0;
	signer_wake();
}

static int
ask(struct channel *c)
{
	struct audit_hash root, previous = { { 0 } };
	struct audit_proof proof = { .n = 0 };
	struct audit_sign_req r = { .number = ledger->last.number + 1, .size = ledger->tree.size };
	int error;

	error = ledger_root(ledger, r.size, &root);
	if (error == 0 && ledger->last.size > 0)
		error = audit_prove_consistency(ledger_node, ledger, ledger->last.size, r.size, &proof);
	if (error != 0)
		return error;
	if (ledger->last.number > 0)
		audit_head_hash(&ledger->last, &previous);
	r.root = (struct bytes){ root.b, AUDIT_HASH_LEN };
	r.previous = (struct bytes){ previous.b, AUDIT_HASH_LEN };
	r.proof = (struct bytes){ proof.path[0].b, proof.n * AUDIT_HASH_LEN };
	return channel_call(c, MSG_AUDIT_SIGN, 0, &r, NULL, 0, CALL_MS, on_signed, NULL);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct channel *c = daemon_channel(ROLE_AUTHD, PEER_MAIN);
	int error;

	(void)fd;
	(void)what;
	(void)arg;
	if (is_asking || c == NULL || ledger->log.seq <= ledger->last.size)
		return;
	error = ledger_settle(ledger);
	if (error == 0 && ledger->tree.size > ledger->last.size)
		error = ask(c);
	is_asking = error == 0;
	if (error != 0) {
		refused("the audit log cannot be made ready for it", error);
		signer_wake();
	}
}

void
signer_wake(void)
{
	uint64_t now = clock_mono_ms(), new = ledger->log.seq > ledger->last.size ? ledger->log.seq - ledger->last.size : 0, at;
	struct timeval tv;

	if (new == 0) {
		waits_since_ms = 0;
		return;
	}
	if (waits_since_ms == 0)
		waits_since_ms = now;
	if (is_asking)
		return;
	at = new >= SIGNER_RECORDS ? now : waits_since_ms + SIGNER_S * 1000;
	if (at < not_before_ms)
		at = not_before_ms;
	at = at > now ? at - now : 0;
	tv = (struct timeval){ (time_t)(at / 1000), (suseconds_t)(at % 1000) * 1000 };
	(void)event_add(timer, &tv);
}

/* --- authd comes --- */

static void
on_key(struct channel *c, struct message *m, int error, void *arg)
{
	const struct audit_key_rep *rep;
	struct audit_key *told;

	(void)c;
	(void)arg;
	if (m == NULL || error != 0)
		return;
	rep = m->body;
	told = rep->key.len <= sizeof(key_der) ? audit_key_new(rep->key.data, rep->key.len) : NULL;
	if (told == NULL) {
		refused("authd's public key cannot be understood", -EBADMSG);
		return;
	}
	key_der_len = rep->key.len;
	memcpy(key_der, rep->key.data, key_der_len);
	/* A review may hold the old one: it stays in memory in the one case in which there are two. */
	if (key != NULL && audit_key_equal(key, told))
		audit_key_free(told);
	else
		key = told;
	if (ledger->last.number > 0 && !audit_head_verify(&ledger->last, key))
		ledger_alarm(ledger, "head %llu is not signed by authd's key", (unsigned long long)ledger->last.number);
	review_start(key);
}

void
signer_ready(struct channel *c, void *arg)
{
	struct audit_key_req r = { 0 };

	(void)arg;
	is_asking = false;
	if (channel_call(c, MSG_AUDIT_KEY, 0, &r, NULL, 0, CALL_MS, on_key, NULL) != 0)
		log_warnx("audit", "cannot ask authd for its key");
	signer_wake();
}

int
signer_init(struct event_base *base, struct ledger *l)
{
	ledger = l;
	timer = evtimer_new(base, on_timer, NULL);
	return timer != NULL ? 0 : -ENOMEM;
}
