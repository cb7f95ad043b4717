/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <string.h>

#include "audit/check.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "export.h"
#include "ledger.h"
#include "review.h"

#define SLICE		(256u << 10)	/* bytes at a time: about 2 ms */
#define SLICE_EVERY_MS	10		/* records come in between */
#define AGAIN_S		86400
#define LINES_MAX	(4u << 20)

static struct ledger		*ledger;
static struct event		*timer;
static const struct audit_key	*key;
static struct audit_check	*check;		/* NULL: no review is under way */
static struct export		 export;
static struct buf		 lines;
static struct review_done	 done;

static void
schedule(unsigned ms)
{
	struct timeval tv = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

	(void)event_add(timer, &tv);
}

static void
end(int error)
{
	const struct audit_result *r = audit_check_result(check);

	if (error == -EBADMSG)
		ledger_alarm(ledger, "%s", r->problem);
	else if (error != 0)
		log_errx("audit", "the audit log cannot be read again: %s", strerror(-error));
	else
		log_debug("audit", "all of the audit log up to head %llu is as it was written", (unsigned long long)r->head.number);
	done = (struct review_done){ .head = r->head.number, .size = r->head.size, .time_ms = clock_wall_ms() };
	export_close(&export);
	audit_check_free(check);
	check = NULL;
	buf_fini(&lines);
	schedule(AGAIN_S * 1000u);
}

/* A log that does not begin with its first record, though no rotation has dropped a file. */
static void
look_at_the_beginning(uint64_t first)
{
	if (first > 1 && logread_rotated(LEDGER_LOG, LEDGER_KEEP) < LEDGER_KEEP)
		ledger_alarm(ledger, "records 1 to %llu are missing", (unsigned long long)first - 1);
}

static int
judge(void)
{
	const char *at = (const char *)lines.data, *until = at + lines.len, *feed;
	int error = 0;

	for (; error == 0 && at < until; at = feed + 1) {
		feed = memchr(at, '\n', (size_t)(until - at));
		if (feed == NULL)
			break;
		error = audit_check_line(check, at, (size_t)(feed - at));
	}
	buf_reset(&lines);
	return error;
}

static void
begin(void)
{
	check = audit_check_new(key);
	if (check == NULL)
		fatalx("audit", "no memory");
	buf_init(&lines, LINES_MAX);
	if (export_open(&export, ledger, 0, &lines) != 0) {
		end(-EIO);
		return;
	}
	look_at_the_beginning(export.leaves);
	schedule(SLICE_EVERY_MS);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	size_t read = 0;
	int n = 1, error = 0;

	(void)fd;
	(void)what;
	(void)arg;
	if (check == NULL) {
		begin();
		return;
	}
	while (n == 1 && error == 0 && read < SLICE) {
		error = judge();
		if (error == 0)
			n = export_next(&export, &lines);
		read += lines.len;
	}
	if (error == 0)
		error = n < 0 ? n : judge();
	if (error == 0 && n == 1) {
		schedule(SLICE_EVERY_MS);
		return;
	}
	end(error != 0 ? error : audit_check_end(check));
}

int
review_init(struct event_base *base, struct ledger *l)
{
	ledger = l;
	timer = evtimer_new(base, on_timer, NULL);
	return timer != NULL ? 0 : -ENOMEM;
}

void
review_start(const struct audit_key *with)
{
	key = with;
	if (check == NULL)
		schedule(0);
}

const struct review_done *
review_last(void)
{
	return &done;
}
