/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"

#include "logring.h"
#include "mem.h"
#include "nflog.h"

#define DATAGRAMS_PER_TURN	64	/* then others have their turn */
#define RETRY_S			1

struct logring {
	struct logring_entry	 entries[LOGRING_SIZE];
	uint64_t		 n;		/* ever */
	uint64_t		 sequence;	/* with those that were lost */
	uint32_t		 next;		/* the number that the kernel gives next */
	const struct logring_ops *ops;
	void			*arg;
	struct event_base	*base;
	struct event		*readable;
	struct event		*timer;
	int			 fd;
	uint8_t			 data[131072];
};

static void	open_socket(struct logring *);

struct logring *
logring_new(const struct logring_ops *ops, void *arg)
{
	struct logring *l;

	l = mem_new(1, sizeof(*l));
	l->ops = ops;
	l->arg = arg;
	l->fd = -1;
	return l;
}

static void
close_socket(struct logring *l)
{
	if (l->readable == NULL)
		return;
	event_free(l->readable);
	l->readable = NULL;
	(void)close(l->fd);
	l->fd = -1;
}

void
logring_free(struct logring *l)
{
	if (l == NULL)
		return;
	close_socket(l);
	if (l->timer != NULL)
		event_free(l->timer);
	free(l);
}

static void
take_packet(struct logring *l, const struct nflog_packet *p)
{
	struct logring_entry *e;

	e = &l->entries[l->n++ % LOGRING_SIZE];
	memset(e, 0, sizeof(*e));
	e->sequence = ++l->sequence;
	e->time_ms = p->time_ms != 0 ? p->time_ms : clock_wall_ms();
	e->protocol = p->protocol;
	e->is_arp = p->is_arp;
	e->has_ports = p->has_ports;
	e->source_port = p->source_port;
	e->destination_port = p->destination_port;
	e->source = p->source;
	e->destination = p->destination;
	e->len = p->len;
	l->ops->explain(p, e, l->arg);
	l->ops->on_entry(e, l->arg);
}

static void
take_number(struct logring *l, const struct nflog_packet *p)
{
	uint32_t lost = p->number - l->next;

	if (!p->has_number)
		return;
	l->next = p->number + 1;
	if (lost == 0)
		return;
	l->sequence += lost;
	l->ops->on_lost(lost, l->arg);
}

void
logring_take(struct logring *l, const uint8_t *data, size_t len)
{
	struct nflog_packet p;
	struct nl_reader r;
	struct nl_msg m;
	bool is_packet;

	nlmsg_reader_init(&r, data, len);
	while (nlmsg_next(&r, &m) == 1) {
		is_packet = nflog_read(&m, &p);
		take_number(l, &p);
		if (is_packet)
			take_packet(l, &p);
	}
}

static void
retry(struct logring *l)
{
	static const struct timeval tv = { RETRY_S, 0 };

	close_socket(l);
	if (event_add(l->timer, &tv) == -1)
		fatalx("log", "cannot set a timer");
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct logring *l = arg;
	ssize_t n;
	unsigned i;

	(void)what;
	for (i = 0; i < DATAGRAMS_PER_TURN; i++) {
		n = recv(fd, l->data, sizeof(l->data), MSG_DONTWAIT);
		if (n > 0) {
			logring_take(l, l->data, (size_t)n);
		} else if (n == -1 && errno == ENOBUFS) {
			continue;	/* how many it were, the next number tells */
		} else if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
			return;
		} else {
			log_warn("log", "log socket");
			retry(l);
			return;
		}
	}
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	open_socket(arg);
}

static void
open_socket(struct logring *l)
{
	struct sock_open_req req = { .slot = SOCK_NFLOG };
	struct privcall_error e;

	if (privcall_take_fd(MSG_SOCK_OPEN, &req, &l->fd, &e) != 0) {
		log_warnx("log", "cannot open the log socket: %s", e.text);
		retry(l);
		return;
	}
	l->next = 0;
	l->readable = event_new(l->base, l->fd, EV_READ | EV_PERSIST, on_readable, l);
	if (l->readable == NULL || event_add(l->readable, NULL) == -1)
		fatalx("log", "cannot watch the log socket");
}

void
logring_listen(struct logring *l, struct event_base *base)
{
	l->base = base;
	l->timer = evtimer_new(base, on_timer, l);
	if (l->timer == NULL)
		fatalx("log", "out of memory");
	open_socket(l);
}

const struct logring_entry *
logring_get(const struct logring *l, uint32_t n)
{
	if (n >= LOGRING_SIZE || n >= l->n)
		return NULL;
	return &l->entries[(l->n - 1 - n) % LOGRING_SIZE];
}

void
logring_describe(const struct logring_entry *e, struct state_log_event *s, struct arena *a)
{
	char number[4];

	memset(s, 0, sizeof(*s));
	s->sequence = e->sequence;
	s->time = e->time_ms;
	s->rule = e->rule;
	s->text = e->text != 0 ? e->rule + e->text : NULL;
	s->action = e->action;
	s->in_interface = e->in_interface[0] != '\0' ? e->in_interface : NULL;
	s->out_interface = e->out_interface[0] != '\0' ? e->out_interface : NULL;
	s->family = e->source.family == ADDR_V4 ? STATE_LOG_EVENT_FAMILY_IPV4 : STATE_LOG_EVENT_FAMILY_IPV6;
	s->protocol = mem_strdup(a, e->is_arp ? "arp" : nflog_protocol_name(e->protocol, number));
	s->source = e->source;
	s->destination = e->destination;
	s->has_source_port = e->has_ports;
	s->source_port = e->source_port;
	s->has_destination_port = e->has_ports;
	s->destination_port = e->destination_port;
	s->length = e->len;
}
