/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * patronus-httpd: HTTPS to the browser, the management protocol to confd.  It holds no configuration, no key, no file
 * and no right: a session's token comes from the client's cookie with every request and is judged by authd through
 * confd.
 */
#include <errno.h>
#include <event2/event.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "ipc/ids.h"
#include "refuse.h"
#include "route.h"
#include "server.h"
#include "signer.h"
#include "stream.h"
#include "tls.h"

#define TICKET_KEY_S	(12 * 3600)

static const struct conn_ops conn_ops = { .request = route_request, .refuse = refuse_connection, .freed = server_forget };

static void
on_chain(const uint8_t *pem, size_t len)
{
	/* Nobody sends it a second time; privd does, in a way, by starting us again. */
	if (tls_set_chain(pem, len) != 0)
		fatalx("tls", "nothing can be served without a certificate");
	server_set_accepting(true);
}

static void
on_signer_lost(void)
{
	/* New clients wait in the kernel's queue until authd is back, instead of failing. */
	server_set_accepting(false);
}

static const struct signer_ops signer_ops = { .on_chain = on_chain, .on_lost = on_signer_lost };

static void
take_signer(struct daemon *d, int fd)
{
	(void)d;
	signer_take(fd);
}

static const struct channel_dispatch confd_table[] = {
	{ MSG_MGMT_EVENT, CHANNEL_PHASE_READY, stream_on_event },
	{ MSG_MGMT_UNSUBSCRIBE, CHANNEL_PHASE_READY, stream_on_unsubscribe },
	{ 0, 0, NULL }
};

static void
on_confd_close(struct channel *c, int error, void *arg)
{
	(void)c;
	(void)error;
	(void)arg;
	stream_on_lost();
}

static const struct channel_ops confd_ops = { .table = confd_table, .on_close = on_confd_close };

static const struct daemon_peer peers[] = {
	{ .role = ROLE_CONFD, .purpose = PEER_MAIN, .ops = &confd_ops },
	{ .role = ROLE_AUTHD, .purpose = PEER_TLS, .take = take_signer },
	{ .role = ROLE_INVALID }
};

static void
on_rotate(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	tls_rotate();
}

static int
init(struct daemon *d)
{
	static const struct timeval period = { TICKET_KEY_S, 0 };
	struct event *rotate = event_new(d->base, -1, EV_PERSIST, on_rotate, NULL);

	if (rotate == NULL || event_add(rotate, &period) == -1)
		return -ENOMEM;
	tls_init();
	signer_init(d->base, &signer_ops);
	server_init(d->base, &conn_ops);
	stream_init(d->base);
	return 0;
}

static void
on_priv(struct daemon *d, struct message *m)
{
	const struct listener_req *l = m->body;
	int fd;

	(void)d;
	if (m->header.type != MSG_LISTENER) {
		log_errx("httpd", "privd sent %s, which is not for us", msg_name(m->header.type));
		return;
	}
	fd = arena_take_fd(m->arena, 0);
	if (fd != -1)
		server_listen(l->slot, fd);
}

int
main(int argc, char **argv)
{
	struct daemon d = { .name = "httpd", .role = ROLE_HTTPD, .peers = peers, .init = init, .on_priv = on_priv };

	return daemon_main(&d, argc, argv);
}
