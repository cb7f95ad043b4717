/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Syslog knows no acknowledgement (RFC 5425, 4.4: a record may be lost with its connection).  The nearest thing to one is TCP's: a request
 * is done when the other kernel has acknowledged its last byte and has not closed since.
 */
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <event2/event.h>

#include "base/buf.h"
#include "base/log.h"
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

struct link {
	struct place		 place;		/* host is what the certificate must say */
	char			 target[256];	/* where it is */
	char			*trust;
	struct transfer		*transfer;	/* NULL: not connected */
	curl_socket_t		 fd;
	struct event		*writable;
	struct event		*drained;
	struct job		*job;		/* NULL: idle */
	uint32_t		 sent;
	unsigned		 tries;
	uint64_t		 used;		/* the link with the least was idle for longest */
};

static struct link		links[LINKS_MAX];
static struct event_base	*base;
static uint64_t			uses;

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
	transfer_free(l->transfer);
	free(l->trust);
	memset(l, 0, sizeof(*l));
}

void
syslog_fini(void)
{
	unsigned i;

	for (i = 0; i < LINKS_MAX; i++)
		link_close(&links[i]);
}

/* The end of a request; a link that failed is closed. */
static void
link_end(struct link *l, const char *text)
{
	struct fetch_syslog_rep rep = { .is_done = text[0] == '\0', .text = text };
	struct job *job = l->job;

	l->job = NULL;
	job_end(job, &rep);
	if (text[0] != '\0')
		link_close(l);
}

/* A server that has closed says so with an end of file, and one that is there says nothing. */
static bool
link_is_alive(struct link *l)
{
	char byte[64];
	size_t n;
	CURLcode r;

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
		link_end(l, "the server closed the connection");
	else if (ioctl(l->fd, SIOCOUTQ, &left) == 0 && left == 0)
		link_end(l, "");
	else if (++l->tries > DRAIN_TRIES)
		link_end(l, "the server does not acknowledge what was sent");
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

static void
link_write(struct link *l)
{
	static const struct timeval patience = { WRITE_S, 0 };
	const struct fetch_syslog_req *r = job_body(l->job);
	CURLcode result = CURLE_OK;
	size_t n;

	while (l->sent < r->frames.len) {
		result = curl_easy_send(transfer_curl(l->transfer), r->frames.data + l->sent, r->frames.len - l->sent, &n);
		if (result != CURLE_OK)
			break;
		l->sent += (uint32_t)n;
	}
	if (result == CURLE_AGAIN)
		(void)event_add(l->writable, &patience);
	else if (result != CURLE_OK)
		link_end(l, "the connection broke");
	else
		drain(l);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct link *l = arg;

	(void)fd;
	if ((what & EV_TIMEOUT) != 0)
		link_end(l, "the server takes nothing more");
	else
		link_write(l);
}

/* --- connecting --- */

static void
on_connected(struct transfer *t, CURLcode result, const char *text, void *arg)
{
	struct link *l = arg;

	if (result != CURLE_OK) {
		link_end(l, text);
		return;
	}
	if (curl_easy_getinfo(transfer_curl(t), CURLINFO_ACTIVESOCKET, &l->fd) != CURLE_OK || l->fd == CURL_SOCKET_BAD) {
		link_end(l, "the connection broke");
		return;
	}
	l->writable = event_new(base, l->fd, EV_WRITE, on_writable, l);
	l->drained = evtimer_new(base, on_drained, l);
	if (l->writable == NULL || l->drained == NULL)
		fatalx("syslog", "no memory");
	link_write(l);
}

static void
on_resolved(const struct resolved *to, const char *text, void *arg)
{
	struct link *l = arg;
	char url[300];
	CURL *c;

	if (to->n == 0) {
		link_end(l, text);
		return;
	}
	(void)snprintf(url, sizeof(url), strchr(l->place.host, ':') != NULL ? "https://[%s]:%u/" : "https://%s:%u/", l->place.host,
	    l->place.port);
	if ((l->transfer = transfer_new(url, &l->place, to)) == NULL)
		fatalx("syslog", "no memory");
	c = transfer_curl(l->transfer);
	(void)curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L);
	(void)curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 0L);
	(void)curl_easy_setopt(c, CURLOPT_SSL_ENABLE_ALPN, 0L);
	(void)curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
	if (trust_apply(c, l->trust) != 0)
		link_end(l, "there is no certificate authority to check the server against; give one");
	else if (transfer_start(l->transfer, on_connected, l) != 0)
		link_end(l, "no memory");
}

static bool
link_is_for(const struct link *l, const struct fetch_syslog_req *r)
{
	return l->used > 0 && strcmp(l->target, r->host) == 0 && l->place.port == r->port &&
	    strcmp(l->place.host, r->server_name[0] != '\0' ? r->server_name : r->host) == 0 && strcmp(l->trust, r->trust) == 0;
}

/* The link for it; a new one takes the place of the one that was idle for longest.  NULL: all are busy. */
static struct link *
link_find(const struct fetch_syslog_req *r)
{
	struct link *l, *oldest = NULL;

	for (l = links; l < links + LINKS_MAX; l++) {
		if (link_is_for(l, r))
			return l;
		if (l->job == NULL && (oldest == NULL || l->used < oldest->used))
			oldest = l;
	}
	if (oldest != NULL)
		link_close(oldest);
	return oldest;
}

static void
link_open(struct link *l, const struct fetch_syslog_req *r)
{
	(void)snprintf(l->target, sizeof(l->target), "%s", r->host);
	(void)snprintf(l->place.host, sizeof(l->place.host), "%s", r->server_name[0] != '\0' ? r->server_name : r->host);
	l->place.port = r->port;
	if ((l->trust = strdup(r->trust)) == NULL)
		fatalx("syslog", "no memory");
	resolve_host(r->host, r->port, on_resolved, l);
}

void
syslog_request(struct channel *ch, struct message *m, void *arg)
{
	struct fetch_syslog_rep busy = { .text = "another request for this server is under way" };
	struct job *job;
	struct link *l;

	(void)arg;
	if ((job = job_new(ch, m)) == NULL)
		return;
	l = link_find(job_body(job));
	if (l == NULL || l->job != NULL) {
		job_end(job, &busy);
		return;
	}
	/* The server went away since: a new connection, and nothing was lost. */
	if (l->transfer != NULL && !link_is_alive(l))
		link_close(l);
	l->job = job;
	l->sent = 0;
	l->tries = 0;
	l->used = ++uses;
	if (l->transfer != NULL)
		link_write(l);
	else
		link_open(l, job_body(job));
}
