/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does that name server know an address for the name? */
#include <arpa/inet.h>
#include <stdlib.h>

#include <event2/dns.h>
#include <event2/event.h>

#include "base/log.h"
#include "place.h"
#include "probe.h"
#include "resolve.h"

struct question {
	struct evdns_base	*dns;
	struct event		*later;		/* a callback of the base may not free the base */
	bool			 is_good;
	char			 text[128];
};

static void
dns_stop(struct probe *p)
{
	struct question *q = p->state;

	if (q->later != NULL)
		event_free(q->later);
	evdns_base_free(q->dns, 0);
	free(q);
}

static void
on_later(evutil_socket_t fd, short what, void *arg)
{
	struct probe *p = arg;
	struct question *q = p->state;
	char text[sizeof(q->text)];

	(void)fd;
	(void)what;
	(void)evutil_snprintf(text, sizeof(text), "%s", q->text);
	probe_end(p, q->is_good, "%s", text);
}

static void
on_answer(int result, char type, int count, int ttl, void *addresses, void *arg)
{
	static const struct timeval now = { 0, 0 };
	struct probe *p = arg;
	struct question *q = p->state;
	char first[INET_ADDRSTRLEN] = "";

	(void)ttl;
	q->is_good = result == DNS_ERR_NONE && type == DNS_IPv4_A && count > 0;
	if (q->is_good)
		(void)evutil_snprintf(q->text, sizeof(q->text), "%.60s is %s", probe_req(p)->name,
		    inet_ntop(AF_INET, addresses, first, sizeof(first)));
	else if (result == DNS_ERR_NOTEXIST || result == DNS_ERR_NODATA || (result == DNS_ERR_NONE && count == 0))
		(void)evutil_snprintf(q->text, sizeof(q->text), "it knows no address for %.60s", probe_req(p)->name);
	else if (result == DNS_ERR_TIMEOUT)
		(void)evutil_snprintf(q->text, sizeof(q->text), "it does not answer");
	else
		(void)evutil_snprintf(q->text, sizeof(q->text), "%s", evdns_err_to_string(result));
	(void)event_add(q->later, &now);
}

static void
dns_start(struct probe *p, const struct resolved *to)
{
	const struct sockaddr *sa = (const struct sockaddr *)&to->addr[0];
	struct question *q = calloc(1, sizeof(*q));

	if (q == NULL || (q->dns = evdns_base_new(probe_base(), EVDNS_BASE_DISABLE_WHEN_INACTIVE)) == NULL ||
	    (q->later = evtimer_new(probe_base(), on_later, p)) == NULL)
		fatalx("probe", "no memory");
	p->state = q;
	(void)evdns_base_set_option(q->dns, "timeout:", "1");
	(void)evdns_base_set_option(q->dns, "attempts:", "2");
	if (evdns_base_nameserver_sockaddr_add(q->dns, sa, (ev_socklen_t)place_len(sa), 0) != 0 ||
	    evdns_base_resolve_ipv4(q->dns, probe_req(p)->name, DNS_QUERY_NO_SEARCH, on_answer, p) == NULL)
		probe_end(p, false, "%.60s cannot be asked for", probe_req(p)->name);
}

const struct probe_kind_ops probe_dns = { .port = 53, .start = dns_start, .stop = dns_stop };
