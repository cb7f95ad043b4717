/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Syslog knows no acknowledgement (RFC 5425, 4.4: a record may be lost with its connection).  The nearest thing to one is TCP's: a request
 * is done when the other kernel has acknowledged its last byte and has not closed since.  logd says which connection its frames go on in: one that
 * has ended since is told, not replaced.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "datagram.h"
#include "ipc/ids.h"
#include "job.h"
#include "place.h"
#include "resolve.h"
#include "syslog.h"
#include "transfer.h"
#include "trust.h"

#define LINKS_MAX	8
#define WRITE_S		30
#define DRAIN_MS	5
#define DRAIN_TRIES	2000
#define KEEPALIVE_S	10

/* The way to a receiver, as confd described it. */
struct link {
	char			 name[65];
	char			 host[257];	/* where it is */
	struct place		 place;		/* host is what the certificate must say */
	uint8_t			 transport;	/* enum syslog_transport */
	char			*trust;

	uint64_t		 connection;	/* 0: none */
	struct transfer		*transfer;	/* tls and tcp */
	int			 fd;		/* udp: ours; else the transfer's; -1: none */
	struct event		*writable;
	struct event		*drained;
	struct job		*job;		/* NULL: idle */
	bool			 is_resolving;	/* the resolver will call, whatever becomes of the job */
	bool			 is_gone;	/* out of the list: freed when it does */
	size_t			 sent;
	unsigned		 tries;
};

static struct link		*links[LINKS_MAX];	/* NULL: the place is free */
static struct event_base	*base;
static uint64_t			connections;

static void	 on_writable(evutil_socket_t, short, void *);
static void	 on_drained(evutil_socket_t, short, void *);

void
syslog_init(struct event_base *b)
{
	base = b;
}

static void
link_close(struct link *l)
{
	if (l->writable != NULL)
		event_free(l->writable);
	if (l->drained != NULL)
		event_free(l->drained);
	l->writable = l->drained = NULL;
	if (l->transport == SYSLOG_UDP && l->fd != -1)
		(void)close(l->fd);
	l->fd = -1;
	transfer_free(l->transfer);
	l->transfer = NULL;
	l->connection = 0;
}

/* The end of a request; a link that failed is closed. */
static void
link_end(struct link *l, const char *text)
{
	struct fetch_syslog_rep rep = { .is_done = text[0] == '\0', .text = text };
	struct job *job = l->job;

	l->job = NULL;
	if (text[0] != '\0')
		link_close(l);
	rep.connection = l->connection;
	if (job != NULL)
		job_end(job, &rep);
}

/* --- receivers --- */

static void
link_free(struct link *l)
{
	link_end(l, "the receiver is another one now");
	l->is_gone = true;
	if (l->is_resolving)
		return;
	free(l->trust);
	free(l);
}

void
syslog_fini(void)
{
	unsigned i;

	for (i = 0; i < LINKS_MAX; i++)
		if (links[i] != NULL)
			link_free(links[i]);
}

static bool
link_is_for(const struct link *l, const struct fetch_receiver *r)
{
	return strcmp(l->name, r->name) == 0 && strcmp(l->host, r->host) == 0 && l->place.port == r->port && l->transport == r->transport &&
	    strcmp(l->place.host, r->server_name[0] != '\0' ? r->server_name : r->host) == 0 && strcmp(l->trust, r->trust) == 0;
}

/* NULL: there is none of that name. */
static struct link *
link_find(const char *name)
{
	unsigned i;

	for (i = 0; i < LINKS_MAX; i++)
		if (links[i] != NULL && strcmp(links[i]->name, name) == 0)
			return links[i];
	return NULL;
}

static struct link *
link_new(const struct fetch_receiver *r)
{
	struct link *l = calloc(1, sizeof(*l));

	if (l == NULL)
		fatalx("syslog", "no memory");
	l->fd = -1;
	(void)str_copy(l->name, r->name, sizeof(l->name));
	(void)str_copy(l->host, r->host, sizeof(l->host));
	(void)str_copy(l->place.host, r->server_name[0] != '\0' ? r->server_name : r->host, sizeof(l->place.host));
	l->place.port = r->port;
	l->transport = r->transport;
	if ((l->trust = strdup(r->trust)) == NULL)
		fatalx("syslog", "no memory");
	return l;
}

static bool
is_among(const struct link *l, struct link *const list[LINKS_MAX])
{
	unsigned i;

	for (i = 0; i < LINKS_MAX; i++)
		if (list[i] == l)
			return true;
	return false;
}

void
syslog_receivers(struct channel *ch, struct message *m, void *arg)
{
	const struct fetch_receivers_req *req = m->body;
	struct link *next[LINKS_MAX] = { NULL }, *l;
	unsigned i;

	(void)ch;
	(void)arg;
	for (i = 0; i < req->receivers.n; i++) {
		l = link_find(req->receivers.items[i].name);
		next[i] = l != NULL && link_is_for(l, &req->receivers.items[i]) ? l : link_new(&req->receivers.items[i]);
	}
	for (i = 0; i < LINKS_MAX; i++)
		if (links[i] != NULL && !is_among(links[i], next))
			link_free(links[i]);
	memcpy(links, next, sizeof(links));
}

/* --- sending --- */

/* A server that has closed says so with an end of file, and one that is there says nothing. */
static bool
link_is_alive(struct link *l)
{
	char byte[64];
	size_t n;
	CURLcode r;

	if (l->transport == SYSLOG_UDP)
		return true;
	while ((r = curl_easy_recv(transfer_curl(l->transfer), byte, sizeof(byte), &n)) == CURLE_OK && n > 0)
		continue;
	return r == CURLE_AGAIN;
}

static void
drain(struct link *l)
{
	static const struct timeval soon = { 0, DRAIN_MS * 1000 };
	int left = 0;

	if (!link_is_alive(l))
		link_end(l, "the receiver closed the connection");
	else if (l->transport == SYSLOG_UDP || (ioctl(l->fd, SIOCOUTQ, &left) == 0 && left == 0))
		link_end(l, "");
	else if (++l->tries > DRAIN_TRIES)
		link_end(l, "the receiver does not acknowledge what was sent");
	else
		(void)event_add(l->drained, &soon);
}

static void
on_drained(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	drain(arg);
}

/* Into the stream: 0, -EAGAIN or -EPIPE. */
static int
stream_send(struct link *l, const struct fetch_syslog_req *r)
{
	CURLcode result;
	size_t n;

	while (l->sent < r->frames.len) {
		result = curl_easy_send(transfer_curl(l->transfer), r->frames.data + l->sent, r->frames.len - l->sent, &n);
		if (result != CURLE_OK)
			return result == CURLE_AGAIN ? -EAGAIN : -EPIPE;
		l->sent += n;
	}
	return 0;
}

static void
link_write(struct link *l)
{
	static const struct timeval patience = { WRITE_S, 0 };
	const struct fetch_syslog_req *r = job_body(l->job);
	int error;

	error = l->transport == SYSLOG_UDP ? datagram_send(l->fd, r->frames.data, r->frames.len, &l->sent) : stream_send(l, r);
	if (error == -EAGAIN)
		(void)event_add(l->writable, &patience);
	else if (error == 0)
		drain(l);
	else
		link_end(l, error == -EPIPE ? "the connection broke" : error == -ECONNREFUSED ? "nobody listens there" : strerror(-error));
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct link *l = arg;

	(void)fd;
	if ((what & EV_TIMEOUT) != 0)
		link_end(l, "the receiver takes nothing more");
	else
		link_write(l);
}

/* --- connecting --- */

static void
link_ready(struct link *l)
{
	l->writable = event_new(base, l->fd, EV_WRITE, on_writable, l);
	l->drained = evtimer_new(base, on_drained, l);
	if (l->writable == NULL || l->drained == NULL)
		fatalx("syslog", "no memory");
	l->connection = ++connections;
	link_write(l);
}

static void
on_connected(struct transfer *t, CURLcode result, const char *text, void *arg)
{
	struct link *l = arg;
	curl_socket_t fd;
	char why[400];

	if (result == CURLE_PEER_FAILED_VERIFICATION || result == CURLE_SSL_PINNEDPUBKEYNOTMATCH) {
		(void)snprintf(why, sizeof(why), "it is not the one that trust tells, and gets nothing (%s); check trust and server-name", text);
		text = why;
	}
	if (result != CURLE_OK) {
		link_end(l, text);
		return;
	}
	if (curl_easy_getinfo(transfer_curl(t), CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK || fd == CURL_SOCKET_BAD) {
		link_end(l, "the connection broke");
		return;
	}
	l->fd = fd;
	link_ready(l);
}

static void
stream_open(struct link *l, const struct resolved *to)
{
	const char *scheme = l->transport == SYSLOG_TLS ? "https" : "http";
	char url[300];
	CURL *c;

	(void)snprintf(url, sizeof(url), strchr(l->place.host, ':') != NULL ? "%s://[%s]:%u/" : "%s://%s:%u/", scheme, l->place.host,
	    l->place.port);
	if ((l->transfer = transfer_new(url, &l->place, to)) == NULL)
		fatalx("syslog", "no memory");
	c = transfer_curl(l->transfer);
	(void)curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L);
	(void)curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 0L);
	(void)curl_easy_setopt(c, CURLOPT_SSL_ENABLE_ALPN, 0L);
	(void)curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
	(void)curl_easy_setopt(c, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_S);
	(void)curl_easy_setopt(c, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_S);
	if (l->transport == SYSLOG_TLS && trust_apply_key_or_ca(c, l->trust) != 0)
		link_end(l, "there is no certificate authority to check the receiver against; give it with trust");
	else if (transfer_start(l->transfer, on_connected, l) != 0)
		link_end(l, "no memory");
}

static void
on_resolved(const struct resolved *to, const char *text, void *arg)
{
	struct link *l = arg;

	l->is_resolving = false;
	if (l->is_gone)
		link_free(l);
	else if (l->job == NULL)
		return;
	else if (to->n == 0)
		link_end(l, text);
	else if (l->transport != SYSLOG_UDP)
		stream_open(l, to);
	else if ((l->fd = datagram_open(to)) < 0) {
		text = strerror(-l->fd);
		l->fd = -1;
		link_end(l, text);
	} else
		link_ready(l);
}

static void
refuse(struct job *job, const char *text)
{
	struct fetch_syslog_rep rep = { .text = text };

	job_end(job, &rep);
}

void
syslog_request(struct channel *ch, struct message *m, void *arg)
{
	const struct fetch_syslog_req *r;
	struct job *job;
	struct link *l;

	(void)arg;
	if ((job = job_new(ch, m)) == NULL)
		return;
	r = job_body(job);
	l = link_find(r->receiver);
	if (l == NULL || l->job != NULL || l->is_resolving) {
		refuse(job, l == NULL ? "patronus-fetchd does not know the receiver yet" : "another request for it is under way");
		return;
	}
	l->job = job;
	l->sent = 0;
	l->tries = 0;
	if (r->connection == 0) {
		link_close(l);
		l->is_resolving = true;
		resolve_host(l->host, l->place.port, on_resolved, l);
	} else if (r->connection != l->connection || !link_is_alive(l))
		link_end(l, "the receiver closed the connection");
	else
		link_write(l);
}
