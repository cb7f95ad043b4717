/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The addresses of a name, for groups: what a name server says of somebody else's name is an answer from outside. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/dns.h>

#include "base/log.h"
#include "ipc/channel.h"
#include "ipc/msg.h"

#include "get.h"
#include "job.h"
#include "place.h"
#include "resolve.h"

#define ADDRESSES_MAX	64
#define TTL_NONE	UINT32_MAX

struct lookup {
	struct job		*job;
	unsigned		 waiting;
	bool			 has_failed;	/* a name server did not answer */
	unsigned		 nrefused;
	const char		*why;		/* of the last refusal or failure */
	uint32_t		 ttl;
	struct fetch_address	 found[ADDRESSES_MAX];
	uint32_t		 n;
};

static const struct fetch_resolve_req *
request(const struct lookup *l)
{
	return job_body(l->job);
}

static void
lookup_end(struct lookup *l)
{
	struct fetch_resolve_rep rep = { .addresses = { l->found, l->n }, .ttl_s = l->ttl == TTL_NONE ? 0 : l->ttl, .text = "" };
	char text[256] = "";

	rep.is_done = !l->has_failed;
	if (l->has_failed || (l->n == 0 && l->why != NULL))
		(void)snprintf(text, sizeof(text), "%s", l->why);
	else if (l->nrefused > 0)
		(void)snprintf(text, sizeof(text), "%u of its addresses left out: %s", l->nrefused, l->why);
	rep.text = text;
	job_end(l->job, &rep);
	free(l);
}

/* A name of somebody else that leads into one's own networks opens them to whoever he likes (DNS rebinding). */
static const char *
refusal(const struct lookup *l, const struct addr *a)
{
	struct sockaddr_storage ss = { 0 };
	const uint8_t *b = a->bytes;
	const char *why;

	if (a->family == ADDR_V4) {
		((struct sockaddr_in *)&ss)->sin_family = AF_INET;
		memcpy(&((struct sockaddr_in *)&ss)->sin_addr, b, 4);
	} else {
		((struct sockaddr_in6 *)&ss)->sin6_family = AF_INET6;
		memcpy(&((struct sockaddr_in6 *)&ss)->sin6_addr, b, 16);
	}
	if ((why = place_refusal_of_kind((const struct sockaddr *)&ss)) != NULL)
		return why;
	if (request(l)->may_be_private)
		return NULL;
	if (a->family == ADDR_V4 ? b[0] == 10 || (b[0] == 172 && (b[1] & 0xf0) == 16) || (b[0] == 192 && b[1] == 168) || (b[0] == 100 && (b[1] & 0xc0) == 64) :
	    (b[0] & 0xfe) == 0xfc)
		return "it is a private address; firewall.names.private allows them";
	return NULL;
}

static void
take(struct lookup *l, const struct addr *a)
{
	const char *why = refusal(l, a);

	if (why != NULL) {
		l->why = why;
		l->nrefused++;
	} else if (l->n < ADDRESSES_MAX) {
		l->found[l->n++].address = *a;
	}
}

static void
on_answer(int result, char type, int count, int ttl, void *addresses, void *arg)
{
	struct addr a = { .family = type == DNS_IPv6_AAAA ? ADDR_V6 : ADDR_V4 };
	struct lookup *l = arg;
	unsigned len = addr_len(&a);
	int i;

	if (result == DNS_ERR_NONE && (type == DNS_IPv4_A || type == DNS_IPv6_AAAA)) {
		for (i = 0; i < count; i++) {
			memcpy(a.bytes, (const uint8_t *)addresses + (size_t)i * len, len);
			take(l, &a);
		}
		if (count > 0 && ttl >= 0 && (uint32_t)ttl < l->ttl)
			l->ttl = (uint32_t)ttl;
	} else if (result != DNS_ERR_NOTEXIST && result != DNS_ERR_NODATA) {
		l->has_failed = true;
		l->why = evdns_err_to_string(result);
	} else if (l->why == NULL) {
		l->why = "the name server knows no address for this name";
	}
	if (--l->waiting == 0)
		lookup_end(l);
}

void
lookup_request(struct channel *ch, struct message *m, void *arg)
{
	struct evdns_base *dns = resolve_base();
	struct lookup *l;
	struct job *job;

	(void)arg;
	if ((job = job_new(ch, m)) == NULL)
		return;
	if ((l = calloc(1, sizeof(*l))) == NULL)
		fatalx("lookup", "no memory");
	*l = (struct lookup){ .job = job, .waiting = 1, .ttl = TTL_NONE };
	if (dns == NULL) {
		l->has_failed = true;
		l->why = "no name server is configured; set system.name-servers";
	} else {
		l->waiting += 2;
		if (evdns_base_resolve_ipv4(dns, request(l)->name, DNS_QUERY_NO_SEARCH, on_answer, l) == NULL ||
		    evdns_base_resolve_ipv6(dns, request(l)->name, DNS_QUERY_NO_SEARCH, on_answer, l) == NULL)
			fatalx("lookup", "no memory");
	}
	if (--l->waiting == 0)
		lookup_end(l);
}
