/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <string.h>

#include "mem.h"
#include "policy_tracking.h"
#include "problems.h"
#include "resolver.h"

/* What each protocol has in the kernel. */
static const struct helper {
	uint8_t		 protocol;	/* enum conf_tracking_helper_protocol */
	uint8_t		 transport;
	uint16_t	 port;
	const char	*name;
} helpers[] = {
	{ CONF_TRACKING_HELPER_PROTOCOL_FTP, IPPROTO_TCP, 21, "ftp" },
	{ CONF_TRACKING_HELPER_PROTOCOL_TFTP, IPPROTO_UDP, 69, "tftp" },
	{ CONF_TRACKING_HELPER_PROTOCOL_SIP, IPPROTO_UDP, 5060, "sip" },
	{ CONF_TRACKING_HELPER_PROTOCOL_SIP, IPPROTO_TCP, 5060, "sip" },
	{ CONF_TRACKING_HELPER_PROTOCOL_H323, IPPROTO_TCP, 1720, "Q.931" },
	{ CONF_TRACKING_HELPER_PROTOCOL_H323, IPPROTO_UDP, 1719, "RAS" },
	{ CONF_TRACKING_HELPER_PROTOCOL_IRC, IPPROTO_TCP, 6667, "irc" },
	{ CONF_TRACKING_HELPER_PROTOCOL_PPTP, IPPROTO_TCP, 1723, "pptp" },
	{ CONF_TRACKING_HELPER_PROTOCOL_AMANDA, IPPROTO_UDP, 10080, "amanda" },
	{ CONF_TRACKING_HELPER_PROTOCOL_SANE, IPPROTO_TCP, 6566, "sane" },
	{ CONF_TRACKING_HELPER_PROTOCOL_NETBIOS_NS, IPPROTO_UDP, 137, "netbios-ns" },
	{ CONF_TRACKING_HELPER_PROTOCOL_SNMP, IPPROTO_UDP, 161, "snmp" }
};

#define N_HELPERS	(sizeof(helpers) / sizeof(helpers[0]))

static void
resolve_helper(struct resolver *s, struct policy_tracking *t, const struct conf_tracking_helper *c)
{
	const char *id = c->protocol < CONF_TRACKING_HELPER_PROTOCOL_MAX ? conf_tracking_helper_protocol_names[c->protocol] : "?";
	const char *path = mem_printf(s->arena, "/firewall/tracking/helpers/%s", id);
	uint64_t *from = resolver_zone_set(s, c->from.items, c->from.n, path);
	struct policy_helper *h;
	struct ports *usual;
	size_t i;

	for (i = 0; i < N_HELPERS; i++) {
		if (helpers[i].protocol != c->protocol)
			continue;
		h = &t->helpers[t->n_helpers++];
		usual = mem_alloc(s->arena, 1, sizeof(*usual));
		*usual = (struct ports){ .low = helpers[i].port, .high = helpers[i].port };
		*h = (struct policy_helper){ .id = id, .path = path, .name = helpers[i].name, .from = from };
		h->service = (struct policy_service){ .protocol = helpers[i].transport, .ports = c->ports.n > 0 ? c->ports.items : usual,
		    .n_ports = c->ports.n > 0 ? c->ports.n : 1 };
	}
}

static struct policy_timeout *
add_timeout(struct policy_tracking *t, uint8_t protocol, const char *path)
{
	struct policy_timeout *p = &t->timeouts[t->n_timeouts++];

	p->protocol = protocol;
	p->path = path;
	return p;
}

static bool
has_any(const struct policy_timeout *p)
{
	unsigned i;

	for (i = 0; i < IR_TIMEOUTS_MAX && p->seconds[i] == 0; i++)
		;
	return i < IR_TIMEOUTS_MAX;
}

/* A time that is left out is 0 here, and there is none of 0. */
static void
resolve_timeouts(struct policy_tracking *t, const struct conf_tracking_timeouts *c)
{
	const struct conf_tracking_tcp *tcp = c->tcp;
	struct policy_timeout *p;

	if (tcp != NULL) {
		p = add_timeout(t, IPPROTO_TCP, "/firewall/tracking/timeouts/tcp");
		p->seconds[CTA_TIMEOUT_TCP_SYN_SENT] = p->seconds[CTA_TIMEOUT_TCP_SYN_SENT2] = tcp->syn_sent;
		p->seconds[CTA_TIMEOUT_TCP_SYN_RECV] = tcp->syn_received;
		p->seconds[CTA_TIMEOUT_TCP_ESTABLISHED] = tcp->established;
		p->seconds[CTA_TIMEOUT_TCP_FIN_WAIT] = tcp->fin_wait;
		p->seconds[CTA_TIMEOUT_TCP_CLOSE_WAIT] = tcp->close_wait;
		p->seconds[CTA_TIMEOUT_TCP_LAST_ACK] = tcp->last_ack;
		p->seconds[CTA_TIMEOUT_TCP_TIME_WAIT] = tcp->time_wait;
		p->seconds[CTA_TIMEOUT_TCP_CLOSE] = tcp->close;
		p->seconds[CTA_TIMEOUT_TCP_RETRANS] = tcp->retransmitting;
		p->seconds[CTA_TIMEOUT_TCP_UNACK] = tcp->unacknowledged;
	}
	if (c->udp != NULL) {
		p = add_timeout(t, IPPROTO_UDP, "/firewall/tracking/timeouts/udp");
		p->seconds[CTA_TIMEOUT_UDP_UNREPLIED] = c->udp->unreplied;
		p->seconds[CTA_TIMEOUT_UDP_REPLIED] = c->udp->replied;
	}
	if (c->icmp != 0) {
		add_timeout(t, IPPROTO_ICMP, "/firewall/tracking/timeouts/icmp")->seconds[CTA_TIMEOUT_ICMP_TIMEOUT] = c->icmp;
		add_timeout(t, IPPROTO_ICMPV6, "/firewall/tracking/timeouts/icmp")->seconds[CTA_TIMEOUT_ICMP_TIMEOUT] = c->icmp;
	}
}

/* Containers are there whether they say anything or not. */
static void
drop_empty(struct policy_tracking *t)
{
	uint32_t i, n;

	for (i = 0, n = 0; i < t->n_timeouts; i++)
		if (has_any(&t->timeouts[i]))
			t->timeouts[n++] = t->timeouts[i];
	t->n_timeouts = n;
}

void
resolve_tracking(struct resolver *s)
{
	const struct conf_tracking *c = s->firewall->tracking;
	struct policy_tracking *t;
	uint32_t i;

	if (c == NULL)
		return;
	s->policy->tracking = t = mem_alloc(s->arena, 1, sizeof(*t));
	t->helpers = mem_alloc(s->arena, 2 * (size_t)c->helpers.n, sizeof(*t->helpers));
	for (i = 0; i < c->helpers.n; i++)
		if (c->helpers.items[i].enabled)
			resolve_helper(s, t, &c->helpers.items[i]);
	if (c->timeouts != NULL)
		resolve_timeouts(t, c->timeouts);
	drop_empty(t);
}
