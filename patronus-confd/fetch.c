/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "daemon/daemon.h"
#include "ipc/channel.h"
#include "ipc/ids.h"

#include "confd.h"
#include "document.h"
#include "fetch.h"
#include "snapshot.h"

#define NAME_SERVERS_MAX	8
#define PUT_TIMEOUT_MS		620000		/* fetchd gives up before */
#define PROBE_TIMEOUT_MS	35000

struct asked {
	uint16_t	 type;
	fetch_end	*on_end;
	void		*arg;
};

static void
result_take(uint16_t type, const void *body, struct fetch_result *ret)
{
	const struct fetch_put_rep *put = body;
	const struct fetch_probe_rep *probe = body;

	if (type == MSG_FETCH_PUT)
		*ret = (struct fetch_result){ .is_good = put->is_done, .status = put->status, .text = put->text };
	else
		*ret = (struct fetch_result){ .is_good = probe->is_good, .took_us = probe->took_us, .text = probe->text };
}

static void
on_reply(struct channel *ch, struct message *m, int error, void *arg)
{
	struct asked *a = arg;
	struct fetch_result r = { .text = "patronus-fetchd ended before it answered" };

	(void)ch;
	if (error == 0)
		result_take(a->type, m->body, &r);
	else if (m != NULL)
		r.text = ((const struct ipc_error_req *)m->body)->text;
	else if (error == -ETIMEDOUT)
		r.text = "patronus-fetchd does not answer";
	a->on_end(&r, a->arg);
	free(a);
}

static int
ask(uint16_t type, const void *req, unsigned timeout_ms, fetch_end *on_end, void *arg)
{
	struct channel *fetchd = daemon_channel(ROLE_FETCHD, PEER_MAIN);
	struct asked *a;
	int error;

	if (fetchd == NULL)
		return (-EAGAIN);
	if ((a = malloc(sizeof(*a))) == NULL)
		return (-ENOMEM);
	*a = (struct asked){ .type = type, .on_end = on_end, .arg = arg };
	if ((error = channel_call(fetchd, type, 0, req, NULL, 0, timeout_ms, on_reply, a)) != 0)
		free(a);
	return (error);
}

int
fetch_put(const struct fetch_put_req *req, fetch_end *on_end, void *arg)
{
	return (ask(MSG_FETCH_PUT, req, PUT_TIMEOUT_MS, on_end, arg));
}

int
fetch_probe(const struct fetch_probe_req *req, fetch_end *on_end, void *arg)
{
	return (ask(MSG_FETCH_PROBE, req, PROBE_TIMEOUT_MS, on_end, arg));
}

struct servers {
	const char	*address[NAME_SERVERS_MAX];
	uint32_t	 n;
};

static void
server_add(const char *address, void *arg)
{
	struct servers *s = arg;

	if (s->n < NAME_SERVERS_MAX)
		s->address[s->n++] = address;
}

void
fetch_setup(const struct confd *confd)
{
	struct channel *fetchd = daemon_channel(ROLE_FETCHD, PEER_MAIN);
	struct fetch_setup_req req = { 0 };
	struct servers s = { .n = 0 };

	if (fetchd == NULL)
		return;
	document_each(confd->running->doc, "/system/name-servers", server_add, &s);
	req.name_servers.items = s.address;
	req.name_servers.n = s.n;
	if (channel_send(fetchd, MSG_FETCH_SETUP, 0, &req, NULL, 0) != 0)
		log_warnx("fetch", "patronus-fetchd does not take its name servers");
}
