/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "account.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "ipc/channel.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"
#include "verify.h"

#define RETRY_MS	50

struct question {
	STAILQ_ENTRY(question)	 link;
	uint64_t		 give_up_ms;	/* when there has been no helper until then */
	struct channel		*helper;
	bool			 is_nobody;
	bool			 is_done;
	char			 user[ACCOUNT_NAME_MAX + 1];
	char			 password[513];
	char			 source[65];
	verify_done		*done;
	void			*arg;
};

static struct event_base		*base;
static struct event			*retry;
static STAILQ_HEAD(, question)		 waiting = STAILQ_HEAD_INITIALIZER(waiting);
static unsigned				 nwaiting, nrunning;

static void	 start_next(void);

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	start_next();
}

void
verify_init(struct event_base *b)
{
	base = b;
	retry = event_new(b, -1, 0, on_retry, NULL);
	if (retry == NULL)
		fatalx("login", "no memory");
}

static void
question_free(struct question *q)
{
	explicit_bzero(q, sizeof(*q));
	free(q);
}

static void
finish(struct question *q, unsigned verdict)
{
	struct channel *helper = q->helper;

	if (q->is_done)
		return;
	q->is_done = true;
	nrunning--;
	/* The helper ends when its socket does. */
	channel_free(helper);
	if (verdict == AUTH_ACCEPTED && q->is_nobody)
		verdict = AUTH_REFUSED;
	q->done(verdict, q->arg);
	question_free(q);
	start_next();
}

static void
on_reply(struct channel *c, struct message *m, int error, void *arg)
{
	struct question *q = arg;
	const struct pam_verify_rep *rep;

	(void)c;
	if (q->is_done)
		return;
	if (m == NULL || error != 0) {
		log_warnx("login", "the PAM helper gave no answer: %s", strerror(-error));
		finish(q, AUTH_FAILED);
		return;
	}
	rep = m->body;
	/* Whatever else it may have said is a fault. */
	finish(q, rep->verdict == AUTH_ACCEPTED || rep->verdict == AUTH_REFUSED ? rep->verdict : AUTH_FAILED);
}

static const struct channel_dispatch helper_table[] = { { 0, 0, NULL } };
/* The end of the channel ends its call, which finishes the question: nothing is left to do in on_close. */
static const struct channel_ops helper_ops = { .table = helper_table };

/* 0, or -errno and the question is not running. */
static int
ask(struct question *q)
{
	struct helper_open_req open = { .helper = HELPER_PAM };
	struct pam_verify_req req = { .user = q->user, .password = q->password, .source = q->source };
	struct privcall_error e;
	int fd, error;

	if ((error = privcall_take_fd(MSG_HELPER_OPEN, &open, &fd, &e)) != 0)
		return error;
	q->helper = channel_new(base, fd, "pam", ROLE_AUTHD, ROLE_PAM, &helper_ops, q);
	if (q->helper == NULL)
		return -ENOMEM;
	error = channel_call(q->helper, MSG_PAM_VERIFY, 0, &req, NULL, 0, VERIFY_TIMEOUT_MS, on_reply, q);
	if (error != 0)
		channel_free(q->helper);
	return error;
}

/* A helper that has answered may still be ending: privd has none free, but will. */
static bool
must_wait(struct question *q, int error)
{
	static const struct timeval a_moment = { 0, RETRY_MS * 1000 };

	return error == -EBUSY && clock_mono_ms() < q->give_up_ms && event_add(retry, &a_moment) == 0;
}

static void
start_next(void)
{
	struct question *q;
	int error;

	while (nrunning < VERIFY_AT_ONCE && (q = STAILQ_FIRST(&waiting)) != NULL) {
		STAILQ_REMOVE_HEAD(&waiting, link);
		nwaiting--;
		nrunning++;
		error = ask(q);
		if (error == 0)
			continue;
		nrunning--;
		if (must_wait(q, error)) {
			STAILQ_INSERT_HEAD(&waiting, q, link);
			nwaiting++;
			return;
		}
		log_warnx("login", "no PAM helper: %s", strerror(-error));
		q->done(AUTH_FAILED, q->arg);
		question_free(q);
	}
}

int
verify_start(const char *user, const char *password, const char *source, verify_done *done, void *arg)
{
	struct question *q;

	if (nwaiting >= VERIFY_WAITING_MAX)
		return -EBUSY;
	q = calloc(1, sizeof(*q));
	if (q == NULL)
		return -ENOMEM;
	q->is_nobody = !account_exists(user);
	(void)str_copy(q->user, q->is_nobody ? ACCOUNT_NOBODY : user, sizeof(q->user));
	(void)str_copy(q->password, password, sizeof(q->password));
	(void)str_copy(q->source, source, sizeof(q->source));
	q->done = done;
	q->arg = arg;
	q->give_up_ms = clock_mono_ms() + VERIFY_TIMEOUT_MS;
	STAILQ_INSERT_TAIL(&waiting, q, link);
	nwaiting++;
	start_next();
	return 0;
}
