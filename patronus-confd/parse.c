/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/queue.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/clock.h"
#include "base/log.h"
#include "ipc/channel.h"
#include "ipc/ids.h"

#include "helper.h"
#include "parse.h"

#define AT_ONCE		2
#define TIMEOUT_MS	15000
#define RETRY_MS	10

struct reading {
	STAILQ_ENTRY(reading)	 link;
	struct event_base	*base;
	struct parse_req	 req;
	parse_end		*on_end;
	void			*arg;
	struct channel		*reader;
	uint64_t		 give_up_ms;
};

static STAILQ_HEAD(, reading)	 waiting = STAILQ_HEAD_INITIALIZER(waiting);
static unsigned			 nwaiting, nrunning;
static struct event		*retry;

static void	 start_next(void);

static void
on_reply(struct channel *c, struct message *m, int error, void *arg)
{
	struct reading *r = arg;

	(void)c;
	if (r->reader == NULL)
		return;
	if (m == NULL || error != 0)
		log_warnx("parse", "the reader of a document ended: %s", strerror(-error));
	nrunning--;
	r->on_end(m == NULL || error != 0 ? -EBADMSG : 0, m, r->arg);
	/* It ends when its socket does. */
	c = r->reader;
	r->reader = NULL;
	channel_free(c);
	free(r);
	start_next();
}

static const struct channel_dispatch reader_table[] = { { 0, 0, NULL } };
/* The end of the channel ends its call: nothing is left to do in on_close. */
static const struct channel_ops reader_ops = { .table = reader_table };

static int
ask(struct reading *r)
{
	struct channel *reader;
	int fd, error;

	if ((error = helper_open(HELPER_PARSE, &fd)) != 0)
		return (error);
	if ((reader = channel_new(r->base, fd, "parse", ROLE_CONFD, ROLE_PARSE, &reader_ops, r)) == NULL)
		return (-ENOMEM);
	r->reader = reader;
	if ((error = channel_call(reader, MSG_PARSE, 0, &r->req, NULL, 0, TIMEOUT_MS, on_reply, r)) != 0) {
		r->reader = NULL;
		channel_free(reader);
	}
	return (error);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	start_next();
}

/* A reader that has answered may still be ending: privd has none free, but will. */
static bool
must_wait(const struct reading *r, int error)
{
	static const struct timeval a_moment = { 0, RETRY_MS * 1000 };

	if (error != -EBUSY || clock_mono_ms() >= r->give_up_ms)
		return (false);
	if (retry == NULL)
		retry = event_new(r->base, -1, 0, on_retry, NULL);
	return (retry != NULL && event_add(retry, &a_moment) == 0);
}

static void
start_next(void)
{
	struct reading *r;
	int error;

	while (nrunning < AT_ONCE && (r = STAILQ_FIRST(&waiting)) != NULL) {
		if ((error = ask(r)) != 0 && must_wait(r, error))
			return;
		STAILQ_REMOVE_HEAD(&waiting, link);
		nwaiting--;
		if (error == 0) {
			nrunning++;
			continue;
		}
		log_warnx("parse", "no reader for a document: %s", strerror(-error));
		r->on_end(-EAGAIN, NULL, r->arg);
		free(r);
	}
}

int
parse_start(struct event_base *base, const struct parse_req *req, parse_end *on_end, void *arg)
{
	struct reading *r;

	if (nwaiting == PARSE_WAITING_MAX)
		return (-EAGAIN);
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return (-ENOMEM);
	r->base = base;
	r->req = *req;
	r->on_end = on_end;
	r->arg = arg;
	r->give_up_ms = clock_mono_ms() + TIMEOUT_MS;
	STAILQ_INSERT_TAIL(&waiting, r, link);
	nwaiting++;
	start_next();
	return (0);
}
