/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <event2/event.h>

#include "base/log.h"
#include "base/str.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"

#include "confd.h"
#include "document.h"
#include "snapshot.h"
#include "web.h"

/* A port may be somebody else's for a while; httpd itself holds the one before last until it has the last. */
static const struct timeval again_after = { 0, 250 * 1000 };

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	web_changed(arg);
}

static int
open_port(uint16_t port, struct privcall_error *why)
{
	struct sock_open_req req = { .slot = SOCK_WEB_LISTEN, .port = port };
	struct message m;
	int error;

	if ((error = privcall(MSG_SOCK_OPEN, &req, &m, why)) == 0)
		message_fini(&m);
	return (error);
}

void
web_changed(struct confd *confd)
{
	const char *text = document_value(confd->running->doc, "/management/web/port");
	struct privcall_error why;
	uint64_t port;

	if (!confd->has_httpd || text == NULL || str_u64(text, 1, UINT16_MAX, &port) != 0)
		return;
	if (port == confd->web_port) {
		confd->web_failing = 0;
		return;
	}
	if (open_port((uint16_t)port, &why) == 0) {
		if (confd->web_failing == port)
			log_info("web", "listens on port %u", (unsigned)port);
		confd->web_port = (uint16_t)port;
		confd->web_failing = 0;
		return;
	}
	if (confd->web_failing != port)
		log_errx("web", "cannot listen on port %u: %s; this is tried again until it can be had", (unsigned)port, why.text);
	confd->web_failing = (uint16_t)port;
	if (confd->web_again == NULL && (confd->web_again = evtimer_new(confd->base, on_again, confd)) == NULL)
		fatalx("web", "no memory");
	(void)evtimer_add(confd->web_again, &again_after);
}

void
web_stop(struct confd *confd)
{
	if (confd->web_again != NULL)
		event_free(confd->web_again);
	confd->web_again = NULL;
}

void
web_httpd_ready(struct confd *confd)
{
	confd->has_httpd = true;
	confd->web_port = 0;
	web_changed(confd);
}
