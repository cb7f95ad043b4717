/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is somebody listening?  A connection is made and closed.  And HTTP, which is a question of libcurl. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/log.h"
#include "base/str.h"
#include "place.h"
#include "probe.h"
#include "resolve.h"
#include "transfer.h"
#include "trust.h"

struct tcp {
	int		 fd;
	struct event	*ev;
};

static void
tcp_stop(struct probe *p)
{
	struct tcp *t = p->state;

	if (t->ev != NULL)
		event_free(t->ev);
	if (t->fd != -1)
		(void)close(t->fd);
	free(t);
}

static void
on_connected(evutil_socket_t fd, short what, void *arg)
{
	struct probe *p = arg;
	socklen_t len = sizeof(int);
	int error = 0;

	(void)what;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error == 0)
		probe_end(p, true, "it takes connections");
	else
		probe_end(p, false, "%s", strerror(error));
}

static void
tcp_start(struct probe *p, const struct resolved *to)
{
	const struct sockaddr *sa = (const struct sockaddr *)&to->addr[0];
	struct tcp *t = calloc(1, sizeof(*t));

	if (t == NULL)
		fatalx("probe", "no memory");
	p->state = t;
	t->fd = socket(sa->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (t->fd == -1 || (connect(t->fd, sa, (socklen_t)place_len(sa)) == -1 && errno != EINPROGRESS)) {
		probe_end(p, false, "%s", strerror(errno));
		return;
	}
	t->ev = event_new(probe_base(), t->fd, EV_WRITE, on_connected, p);
	if (t->ev == NULL || event_add(t->ev, NULL) == -1)
		fatalx("probe", "no memory");
}

const struct probe_kind_ops probe_tcp = { .start = tcp_start, .stop = tcp_stop };

/* --- HTTP --- */

static int
http_place(const struct fetch_probe_req *r, char *ret_host, size_t size, uint16_t *ret_port, const char **ret_why)
{
	struct place at;
	int error = place_parse(r->target, "http https", &at, ret_why);

	if (error == 0) {
		(void)str_copy(ret_host, at.host, size);
		*ret_port = at.port;
	}
	return error;
}

static void
http_stop(struct probe *p)
{
	transfer_free(p->state);
}

/* The head of the answer is enough. */
static size_t
on_body(char *from, size_t size, size_t n, void *arg)
{
	(void)from;
	(void)arg;
	(void)size;
	(void)n;
	return 0;
}

static void
on_http(struct transfer *t, CURLcode result, const char *text, void *arg)
{
	struct probe *p = arg;
	uint16_t want = probe_req(p)->status;
	long status = 0;

	(void)curl_easy_getinfo(transfer_curl(t), CURLINFO_RESPONSE_CODE, &status);
	if (status == 0)
		probe_end(p, false, "%s", result != CURLE_OK ? text : "no answer of HTTP");
	else if (want != 0 ? status == want : status >= 200 && status < 400)
		probe_end(p, true, "status %ld", status);
	else if (want != 0)
		probe_end(p, false, "status %ld instead of %u", status, want);
	else
		probe_end(p, false, "status %ld", status);
}

static void
http_start(struct probe *p, const struct resolved *to)
{
	const char *why;
	struct place at;
	CURL *c;

	if (place_parse(probe_req(p)->target, "http https", &at, &why) != 0 ||
	    (p->state = transfer_new(probe_req(p)->target, &at, to)) == NULL)
		fatalx("probe", "no memory");
	(void)snprintf(p->where, sizeof(p->where), "%.200s", probe_req(p)->target);
	c = transfer_curl(p->state);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	if (strcmp(at.scheme, "https") == 0 && trust_apply(c, "") != 0)
		probe_end(p, false, "this box has no certificate authorities to check the server against");
	else if (transfer_start(p->state, on_http, p) != 0)
		fatalx("probe", "no memory");
}

const struct probe_kind_ops probe_http = { .place = http_place, .start = http_start, .stop = http_stop };
