/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/daemon.h"
#include "ipc/channel.h"
#include "ipc/ids.h"

#include "confd.h"
#include "document.h"
#include "receivers.h"
#include "snapshot.h"

#define ROOT		"/management/syslog/receivers"
#define RECEIVERS_MAX	8
#define PORT_TLS	6514	/* RFC 5425, 4.1 */
#define PORT_PLAIN	514	/* RFC 5426, 3.3 */
#define BY_CLASS	255

struct telling {
	const struct document	*doc;
	struct log_receiver	 log[RECEIVERS_MAX];
	struct fetch_receiver	 fetch[RECEIVERS_MAX];
	uint32_t		 n;
};

struct word {
	const char	*name;
	uint8_t		 value;
};

/* Numbers of RFC 5424, 6.2.1. */
static const struct word severities[] = { { "error", 3 }, { "warning", 4 }, { "info", 6 }, { "debug", 7 }, { NULL, 6 } };
static const struct word facilities[] = { { "user", 1 }, { "daemon", 3 }, { "auth", 4 }, { "authpriv", 10 }, { "audit", 13 }, { "local0", 16 },
	{ "local1", 17 }, { "local2", 18 }, { "local3", 19 }, { "local4", 20 }, { "local5", 21 }, { "local6", 22 }, { "local7", 23 },
	{ NULL, BY_CLASS } };
static const struct word transports[] = { { "tls", SYSLOG_TLS }, { "tcp", SYSLOG_TCP }, { "udp", SYSLOG_UDP }, { NULL, SYSLOG_TLS } };

/* The last row says what is meant when nothing is said. */
static uint8_t
lookup(const struct word *w, const char *name)
{
	while (w->name != NULL && (name == NULL || strcmp(w->name, name) != 0))
		w++;
	return (w->value);
}

static const char *
setting(const struct telling *t, const char *name, const char *leaf)
{
	char path[192];

	(void)snprintf(path, sizeof(path), ROOT "/%s/%s", name, leaf);
	return (document_value(t->doc, path));
}

static void
class_add(const char *class, void *arg)
{
	struct log_receiver *r = arg;

	r->audit |= strcmp(class, "audit") == 0;
	r->heads |= strcmp(class, "heads") == 0;
	r->events |= strcmp(class, "events") == 0;
	r->firewall |= strcmp(class, "firewall") == 0;
}

static void
classes_take(const struct telling *t, struct log_receiver *r)
{
	char path[192];

	(void)snprintf(path, sizeof(path), ROOT "/%s/send", r->name);
	document_each(t->doc, path, class_add, r);
	if (!r->audit && !r->heads && !r->events && !r->firewall)
		r->audit = r->heads = r->events = true;
}

static void
receiver_add(const char *name, void *arg)
{
	struct telling *t = arg;
	struct log_receiver *log = &t->log[t->n];
	struct fetch_receiver *fetch = &t->fetch[t->n];
	const char *enabled = setting(t, name, "enabled"), *port = setting(t, name, "port"), *trust = setting(t, name, "trust"),
	    *server_name = setting(t, name, "server-name");
	uint8_t transport = lookup(transports, setting(t, name, "transport"));

	if (t->n == RECEIVERS_MAX || (enabled != NULL && strcmp(enabled, "false") == 0))
		return;
	*log = (struct log_receiver){ .name = name, .transport = transport, .severity = lookup(severities, setting(t, name, "minimum-severity")),
	    .facility = lookup(facilities, setting(t, name, "facility")) };
	classes_take(t, log);
	*fetch = (struct fetch_receiver){ .name = name, .host = setting(t, name, "host"), .transport = transport,
	    .port = port != NULL ? (uint16_t)strtoul(port, NULL, 10) : transport == SYSLOG_TLS ? PORT_TLS : PORT_PLAIN,
	    .trust = trust != NULL ? trust : "", .server_name = server_name != NULL ? server_name : "" };
	t->n++;
}

void
receivers_tell(struct confd *confd)
{
	struct channel *logd = daemon_channel(ROLE_LOGD, PEER_MAIN), *fetchd = daemon_channel(ROLE_FETCHD, PEER_MAIN);
	const char *hostname = document_value(confd->running->doc, "/system/hostname");
	struct telling t = { .doc = confd->running->doc };
	struct fetch_receivers_req fetch;
	struct log_receivers_req log;
	uint32_t i;

	document_each(t.doc, ROOT, receiver_add, &t);
	fetch = (struct fetch_receivers_req){ .receivers = { .items = t.fetch, .n = t.n } };
	log = (struct log_receivers_req){ .hostname = hostname != NULL ? hostname : "", .receivers = { .items = t.log, .n = t.n } };
	confd->wants_packets = false;
	for (i = 0; i < t.n; i++)
		confd->wants_packets |= t.log[i].firewall;
	/* fetchd first: logd asks at once. */
	if (fetchd != NULL && channel_send(fetchd, MSG_FETCH_RECEIVERS, 0, &fetch, NULL, 0) != 0)
		log_warnx("syslog", "patronus-fetchd does not take the receivers");
	if (logd != NULL && channel_send(logd, MSG_LOG_RECEIVERS, 0, &log, NULL, 0) != 0)
		log_warnx("syslog", "patronus-logd does not take the receivers");
}

void
receivers_packet(const struct confd *confd, struct bytes record)
{
	struct channel *logd = confd->wants_packets ? daemon_channel(ROLE_LOGD, PEER_MAIN) : NULL;
	struct log_packet_req req = { .record = record };

	if (logd != NULL)
		(void)channel_send(logd, MSG_LOG_PACKET, 0, &req, NULL, 0);
}
