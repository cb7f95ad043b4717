/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <event2/dns.h>
#include <event2/util.h>

#include "base/log.h"
#include "ipc/msg.h"
#include "place.h"
#include "resolve.h"

#define DNS_PORT	53

static struct evdns_base	*dns;
static unsigned			 nservers;

struct lookup {
	char		 host[256];
	uint16_t	 port;
	resolve_end	*on_end;
	void		*arg;
};

void
resolve_init(struct event_base *b)
{
	if ((dns = evdns_base_new(b, EVDNS_BASE_DISABLE_WHEN_INACTIVE)) == NULL)
		fatalx("resolve", "no memory");
	(void)evdns_base_set_option(dns, "timeout:", "3");
	(void)evdns_base_set_option(dns, "attempts:", "2");
}

void
resolve_fini(void)
{
	evdns_base_free(dns, 0);
	dns = NULL;
}

void
resolve_setup(const struct fetch_setup_req *r)
{
	struct sockaddr_storage ss;
	uint32_t i;

	/* Questions under way go on with the new servers. */
	(void)evdns_base_clear_nameservers_and_suspend(dns);
	nservers = 0;
	for (i = 0; i < r->name_servers.n; i++)
		if (place_literal(r->name_servers.items[i], DNS_PORT, &ss) &&
		    evdns_base_nameserver_sockaddr_add(dns, (struct sockaddr *)&ss, (ev_socklen_t)place_len((struct sockaddr *)&ss), 0) == 0)
			nservers++;
	(void)evdns_base_resume(dns);
}

struct evdns_base *
resolve_base(void)
{
	return nservers > 0 ? dns : NULL;
}

/* Adds what a connection may go to; *why keeps the last refusal. */
static void
take(struct resolved *r, const struct sockaddr *sa, const char **why)
{
	const char *refusal = place_refusal(sa);

	if (refusal != NULL)
		*why = refusal;
	else if (r->n < RESOLVE_MAX)
		memcpy(&r->addr[r->n++], sa, place_len(sa));
}

static void
finish(const struct lookup *l, const struct resolved *r, const char *why)
{
	char text[400];

	(void)snprintf(text, sizeof(text), "%s: %s", l->host, why);
	l->on_end(r, r->n > 0 ? "" : text, l->arg);
}

static void
on_answer(int error, struct evutil_addrinfo *list, void *arg)
{
	const char *why = "the name server knows no address for this name";
	struct resolved r = { .n = 0 };
	struct evutil_addrinfo *ai;
	struct lookup *l = arg;

	if (error == EVUTIL_EAI_CANCEL || error == EVUTIL_EAI_AGAIN || error == EVUTIL_EAI_FAIL)
		why = "no name server answered";
	for (ai = list; ai != NULL; ai = ai->ai_next)
		take(&r, ai->ai_addr, &why);
	if (list != NULL)
		evutil_freeaddrinfo(list);
	finish(l, &r, why);
	free(l);
}

static void
ask(const char *host, uint16_t port, resolve_end *on_end, void *arg)
{
	struct evutil_addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP,
	    .ai_flags = EVUTIL_AI_NUMERICSERV };
	struct lookup *l = calloc(1, sizeof(*l));
	char service[8];

	if (l == NULL)
		fatalx("resolve", "no memory");
	(void)snprintf(l->host, sizeof(l->host), "%s", host);
	(void)snprintf(service, sizeof(service), "%u", port);
	l->port = port;
	l->on_end = on_end;
	l->arg = arg;
	/* NULL: it has been answered already. */
	(void)evdns_getaddrinfo(dns, host, service, &hints, on_answer, l);
}

void
resolve_host(const char *host, uint16_t port, resolve_end *on_end, void *arg)
{
	struct lookup l = { .port = port, .on_end = on_end, .arg = arg };
	struct resolved r = { .n = 0 };
	struct sockaddr_storage ss;
	const char *why = "";

	(void)snprintf(l.host, sizeof(l.host), "%s", host);
	if (place_literal(host, port, &ss))
		take(&r, (struct sockaddr *)&ss, &why);
	else if (nservers == 0)
		why = "no name server is configured; set system.name-servers, or use an address";
	else {
		ask(host, port, on_end, arg);
		return;
	}
	finish(&l, &r, why);
}
