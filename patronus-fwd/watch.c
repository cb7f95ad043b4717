/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <event2/event.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"
#include "net/nlmsg.h"

#include "mem.h"
#include "nft_read.h"
#include "watch.h"

#define DEBOUNCE_MS	50	/* a burst is looked at once */
#define RESUBSCRIBE_MS	1000

struct source {
	struct watch	*watch;
	uint8_t		 what;		/* enum nl_subscribe_what */
	int		 fd;
	struct event	*readable;	/* NULL while there is no subscription */
	struct event	*timer;
	bool		 is_pending;
	void		(*read)(struct watch *, const uint8_t *, size_t);
};

struct watch {
	struct event_base	*base;
	const struct watch_ops	*ops;
	void			*arg;
	struct source		 table;
	struct source		 links;
	bool			 is_ours;	/* the transaction that is being told touches our table, */
	bool			 is_beside;	/* made one beside it */
	uint8_t			 data[65536];
};

static void	subscribe(struct source *);

static void
arm(struct source *s, unsigned ms)
{
	struct timeval tv = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

	if (s->is_pending)
		return;
	s->is_pending = true;
	if (event_add(s->timer, &tv) == -1)
		fatalx("watch", "cannot set a timer");
}

static void
read_table(struct watch *w, const uint8_t *data, size_t len)
{
	struct nft_message n;
	struct nl_reader r;
	struct nl_msg m;

	nlmsg_reader_init(&r, data, len);
	while (nlmsg_next(&r, &m) == 1) {
		if (!nft_read(&m, &n))
			continue;
		if (n.object != NFT_OBJECT_GENERATION) {
			w->is_ours = w->is_ours || n.is_ours;
			w->is_beside = w->is_beside || (n.is_beside && !n.is_delete);
			continue;
		}
		/* The generation ends each transaction's messages. */
		if (w->ops->on_transaction(nft_read_generation(&n), w->is_ours, w->is_beside, w->arg))
			arm(&w->table, DEBOUNCE_MS);
		w->is_ours = w->is_beside = false;
	}
}

static void
read_links(struct watch *w, const uint8_t *data, size_t len)
{
	struct nl_reader r;
	struct nl_msg m;

	nlmsg_reader_init(&r, data, len);
	while (nlmsg_next(&r, &m) == 1)
		if (m.type == RTM_NEWLINK || m.type == RTM_DELLINK)
			arm(&w->links, DEBOUNCE_MS);
}

static void
unsubscribe(struct source *s)
{
	if (s->readable == NULL)
		return;
	event_free(s->readable);
	s->readable = NULL;
	(void)close(s->fd);
	s->fd = -1;
}

static void
drain(struct source *s)
{
	struct watch *w = s->watch;
	ssize_t n;

	while (s->readable != NULL) {
		n = recv(s->fd, w->data, sizeof(w->data), MSG_DONTWAIT);
		if (n > 0) {
			s->read(w, w->data, (size_t)n);
		} else if (n == -1 && errno == ENOBUFS) {
			w->is_ours = w->is_beside = false;
			if (s == &w->table)
				w->ops->on_lost(w->arg);
			arm(s, DEBOUNCE_MS);
		} else if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
			return;
		} else {
			log_warn("watch", "event socket");
			unsubscribe(s);
			arm(s, RESUBSCRIBE_MS);
		}
	}
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	drain(arg);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct source *s = arg;
	struct watch *w = s->watch;

	(void)fd;
	(void)what;
	s->is_pending = false;
	if (s->readable == NULL) {
		subscribe(s);
		if (s == &w->table)
			w->ops->on_lost(w->arg);
	}
	if (s == &w->table)
		w->ops->on_table(w->arg);
	else
		w->ops->on_links(w->arg);
}

static void
subscribe(struct source *s)
{
	struct nl_subscribe_req req = { .what = s->what };
	struct privcall_error e;

	if (privcall_take_fd(MSG_NL_SUBSCRIBE, &req, &s->fd, &e) != 0) {
		log_warnx("watch", "cannot subscribe to the kernel's events: %s", e.text);
		arm(s, RESUBSCRIBE_MS);
		return;
	}
	s->readable = event_new(s->watch->base, s->fd, EV_READ | EV_PERSIST, on_readable, s);
	if (s->readable == NULL || event_add(s->readable, NULL) == -1)
		fatalx("watch", "cannot watch the event socket");
}

static void
source_init(struct watch *w, struct source *s, uint8_t what, void (*read_events)(struct watch *, const uint8_t *, size_t))
{
	s->watch = w;
	s->what = what;
	s->fd = -1;
	s->read = read_events;
	s->timer = evtimer_new(w->base, on_timer, s);
	if (s->timer == NULL)
		fatalx("watch", "out of memory");
	subscribe(s);
}

struct watch *
watch_new(struct event_base *base, const struct watch_ops *ops, void *arg)
{
	struct watch *w;

	w = mem_new(1, sizeof(*w));
	w->base = base;
	w->ops = ops;
	w->arg = arg;
	source_init(w, &w->table, NL_SUBSCRIBE_NFT, read_table);
	source_init(w, &w->links, NL_SUBSCRIBE_ROUTE, read_links);
	return w;
}

void
watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	unsubscribe(&w->table);
	unsubscribe(&w->links);
	event_free(w->table.timer);
	event_free(w->links.timer);
	free(w);
}

void
watch_drain(struct watch *w)
{
	if (w != NULL)
		drain(&w->table);
}

void
watch_pause(struct watch *w)
{
	if (w != NULL)
		unsubscribe(&w->table);
}

void
watch_resume(struct watch *w)
{
	if (w == NULL || w->table.readable != NULL)
		return;
	w->is_ours = w->is_beside = false;
	subscribe(&w->table);
	w->ops->on_lost(w->arg);
}

void
watch_look(struct watch *w, unsigned ms)
{
	if (w != NULL)
		arm(&w->table, ms);
}
