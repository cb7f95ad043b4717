/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/buf.h"
#include "base/log.h"
#include "place.h"
#include "resolve.h"
#include "transfer.h"

#define CONNECT_S	10
#define STALL_S		30	/* less than STALL_BYTES a second for so long ends it */
#define STALL_BYTES	16

struct transfer {
	CURL			*curl;
	struct curl_slist	*addresses;	/* CURLOPT_RESOLVE */
	transfer_end		*on_end;
	void			*arg;
	bool			 is_added;
	char			 text[CURL_ERROR_SIZE];
};

static struct event_base	*base;
static CURLM			*multi;
static struct event		*timer;

/* --- the loop --- */

static void
ended_take(void)
{
	struct transfer *t;
	CURLMsg *m;
	CURLcode result;
	int left;

	while ((m = curl_multi_info_read(multi, &left)) != NULL) {
		if (m->msg != CURLMSG_DONE || curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t) != CURLE_OK || t == NULL)
			continue;
		result = m->data.result;
		if (result == CURLE_OK)
			t->text[0] = '\0';
		else if (t->text[0] == '\0')
			(void)strncpy(t->text, curl_easy_strerror(result), sizeof(t->text) - 1);
		t->on_end(t, result, t->text, t->arg);
	}
}

static void
on_socket(evutil_socket_t fd, short what, void *arg)
{
	int running, bits = (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0);

	(void)arg;
	(void)curl_multi_socket_action(multi, fd, bits, &running);
	ended_take();
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	int running;

	(void)fd;
	(void)what;
	(void)arg;
	(void)curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
	ended_take();
}

static int
socket_watch(CURL *curl, curl_socket_t fd, int what, void *arg, void *watch)
{
	struct event *ev = watch;
	short events = (short)((what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0) | EV_PERSIST);

	(void)curl;
	(void)arg;
	if (ev != NULL)
		event_free(ev);
	ev = what == CURL_POLL_REMOVE ? NULL : event_new(base, fd, events, on_socket, NULL);
	(void)curl_multi_assign(multi, fd, ev);
	return what == CURL_POLL_REMOVE || (ev != NULL && event_add(ev, NULL) == 0) ? 0 : -1;
}

static int
timer_set(CURLM *m, long ms, void *arg)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	(void)m;
	(void)arg;
	return ms < 0 ? event_del(timer) : event_add(timer, &tv);
}

int
transfer_init(struct event_base *b)
{
	base = b;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (multi = curl_multi_init()) == NULL ||
	    (timer = evtimer_new(b, on_timer, NULL)) == NULL)
		return -ENOMEM;
	(void)curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket_watch);
	(void)curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer_set);
	/* A connection belongs to one request: the next one may have other rights there. */
	(void)curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 0L);
	return 0;
}

void
transfer_fini(void)
{
	(void)curl_multi_cleanup(multi);
	event_free(timer);
	curl_global_cleanup();
}

/* --- one transfer --- */

/* "HOST:PORT:ADDRESS,ADDRESS": the library asks nobody else. */
static struct curl_slist *
addresses_list(const struct place *p, const struct resolved *r)
{
	struct curl_slist *list = NULL;
	char text[INET6_ADDRSTRLEN];
	struct buf b;
	unsigned i;

	buf_init(&b, 1024);
	buf_printf(&b, "%s:%u:", p->host, p->port);
	for (i = 0; i < r->n; i++) {
		if (r->addr[i].ss_family == AF_INET6)
			(void)inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)&r->addr[i])->sin6_addr, text, sizeof(text));
		else
			(void)inet_ntop(AF_INET, &((const struct sockaddr_in *)&r->addr[i])->sin_addr, text, sizeof(text));
		buf_printf(&b, r->addr[i].ss_family == AF_INET6 ? "%s[%s]" : "%s%s", i > 0 ? "," : "", text);
	}
	if (!buf_failed(&b))
		list = curl_slist_append(NULL, (const char *)b.data);
	buf_fini(&b);
	return list;
}

static void
options_set(struct transfer *t, const char *url)
{
	CURL *c = t->curl;

	(void)curl_easy_setopt(c, CURLOPT_URL, url);
	(void)curl_easy_setopt(c, CURLOPT_RESOLVE, t->addresses);
	(void)curl_easy_setopt(c, CURLOPT_PRIVATE, t);
	(void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->text);
	(void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https,sftp");
	(void)curl_easy_setopt(c, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(c, CURLOPT_NOPROGRESS, 1L);
	(void)curl_easy_setopt(c, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	(void)curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L);
	(void)curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	(void)curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)STALL_S);
	(void)curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES);
	(void)curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	(void)curl_easy_setopt(c, CURLOPT_USERAGENT, "patronus");
}

struct transfer *
transfer_new(const char *url, const struct place *p, const struct resolved *r)
{
	struct transfer *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->curl = curl_easy_init();
	t->addresses = addresses_list(p, r);
	if (t->curl == NULL || t->addresses == NULL) {
		transfer_free(t);
		return NULL;
	}
	options_set(t, url);
	return t;
}

CURL *
transfer_curl(struct transfer *t)
{
	return t->curl;
}

int
transfer_start(struct transfer *t, transfer_end *on_end, void *arg)
{
	t->on_end = on_end;
	t->arg = arg;
	if (curl_multi_add_handle(multi, t->curl) != CURLM_OK)
		return -ENOMEM;
	t->is_added = true;
	return 0;
}

void
transfer_free(struct transfer *t)
{
	if (t == NULL)
		return;
	if (t->is_added)
		(void)curl_multi_remove_handle(multi, t->curl);
	curl_easy_cleanup(t->curl);
	curl_slist_free_all(t->addresses);
	free(t);
}
