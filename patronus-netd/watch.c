/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"
#include "actual.h"
#include "watch.h"

#define DEBOUNCE_MS	50	/* a burst is looked at once */
#define DEBOUNCE_MAX_MS	500
#define RESUBSCRIBE_MS	1000

struct watch {
	struct event_base	*base;
	struct event		*readable;	/* NULL while there is no subscription */
	struct event		*timer;
	int			 fd;
	bool			 is_pending;	/* timer runs for a burst */
	uint64_t		 cost_ms;	/* of the last look */
	void			(*on_change)(void *);
	void			*arg;
	uint8_t			 data[32768];
};

static void	subscribe(struct watch *);

static void
arm(struct watch *w, uint64_t ms)
{
	struct timeval tv = { (time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000) };

	if (event_add(w->timer, &tv) == -1)
		fatalx("watch", "timer");
}

/* The first event of a burst starts the clock; looks that are dear are spread further. */
static void
note(struct watch *w)
{
	uint64_t ms = w->cost_ms * 4;

	if (w->is_pending)
		return;
	w->is_pending = true;
	arm(w, ms < DEBOUNCE_MS ? DEBOUNCE_MS : ms > DEBOUNCE_MAX_MS ? DEBOUNCE_MAX_MS : ms);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;
	uint64_t start;

	(void)fd;
	(void)what;
	w->is_pending = false;
	if (w->readable == NULL)
		subscribe(w);
	start = clock_mono_ms();
	w->on_change(w->arg);
	w->cost_ms = clock_mono_ms() - start;
}

static void
unsubscribe(struct watch *w)
{
	if (w->readable == NULL)
		return;
	event_free(w->readable);
	w->readable = NULL;
	(void)close(w->fd);
	w->fd = -1;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;
	ssize_t n;

	(void)what;
	for (;;) {
		n = recv(fd, w->data, sizeof(w->data), MSG_DONTWAIT);
		if (n > 0) {
			if (actual_is_news(w->data, (size_t)n))
				note(w);
			continue;
		}
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n == -1 && errno == ENOBUFS) {
			/* Events were lost: everything is looked at, and the socket goes on. */
			log_info("watch", "the kernel dropped events: looking at everything");
			note(w);
			continue;
		}
		log_warn("watch", "event socket");
		unsubscribe(w);
		note(w);
		return;
	}
}

static void
subscribe(struct watch *w)
{
	struct nl_subscribe_req req = { .what = NL_SUBSCRIBE_ROUTE };
	struct privcall_error err;

	if (privcall_take_fd(MSG_NL_SUBSCRIBE, &req, &w->fd, &err) != 0) {
		log_warnx("watch", "cannot subscribe to the kernel's events: %s", err.text);
		arm(w, RESUBSCRIBE_MS);
		return;
	}
	w->readable = event_new(w->base, w->fd, EV_READ | EV_PERSIST, on_readable, w);
	if (w->readable == NULL || event_add(w->readable, NULL) == -1)
		fatalx("watch", "cannot watch the event socket");
}

struct watch *
watch_new(struct event_base *base, void (*on_change)(void *), void *arg)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		fatal("watch", "memory");
	w->base = base;
	w->fd = -1;
	w->on_change = on_change;
	w->arg = arg;
	w->timer = evtimer_new(base, on_timer, w);
	if (w->timer == NULL)
		fatalx("watch", "memory");
	subscribe(w);
	return w;
}

void
watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	unsubscribe(w);
	event_free(w->timer);
	free(w);
}

void
watch_again(struct watch *w, unsigned delay_ms)
{
	if (!w->is_pending)
		arm(w, delay_ms);
}
