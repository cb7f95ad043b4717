/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/log.h"
#include "base/str.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"

#include "confd.h"
#include "document.h"
#include "snapshot.h"
#include "web.h"

static void
open_port(struct confd *confd, uint16_t port)
{
	struct sock_open_req req = { .slot = SOCK_WEB_LISTEN, .port = port };
	struct privcall_error why;
	struct message m;

	if (privcall(MSG_SOCK_OPEN, &req, &m, &why) != 0) {
		log_errx("web", "cannot listen on port %u: %s", port, why.text);
		return;
	}
	message_fini(&m);
	confd->web_port = port;
}

void
web_changed(struct confd *confd)
{
	const char *text = document_value(confd->running->doc, "/management/web/port");
	uint64_t port;

	if (!confd->has_httpd || text == NULL || str_u64(text, 1, UINT16_MAX, &port) != 0 || port == confd->web_port)
		return;
	open_port(confd, (uint16_t)port);
}

void
web_httpd_ready(struct confd *confd)
{
	confd->has_httpd = true;
	confd->web_port = 0;
	web_changed(confd);
}
