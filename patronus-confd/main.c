/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * patronus-confd: the configuration.  It knows the schema, keeps the history, decides who may change what, and makes every change a
 * transaction over the daemons that own its parts.  It has no privilege and touches nothing outside its state directory.
 */
#include <errno.h>
#include <string.h>

#include <event2/event.h>

#include "base/clock.h"
#include "base/heap.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"
#include "sandbox/profile.h"

#include "confd.h"
#include "contents.h"
#include "database.h"
#include "evidence.h"
#include "fetch.h"
#include "libmemory.h"
#include "machine.h"
#include "mgmt.h"
#include "people.h"
#include "receivers.h"
#include "standing.h"
#include "states.h"
#include "temporary.h"
#include "tpm.h"
#include "transaction.h"
#include "trends.h"
#include "web.h"

#define LOOK_S	2		/* between two looks at the machine */

static struct confd confd;
static struct mgmt *mgmt;
static struct event *look;

static void	 on_event(struct channel *, struct message *, void *);
static void	 on_drift(struct channel *, struct message *, void *);
static void	 on_evidence(struct channel *, struct message *, void *);
static void	 on_standing(struct channel *, struct message *, void *);
static void	 on_owner_ready(struct channel *, void *);
static void	 on_owner_close(struct channel *, int, void *);
static void	 on_authd_ready(struct channel *, void *);
static void	 on_fetchd_ready(struct channel *, void *);
static void	 on_logd_ready(struct channel *, void *);
static void	 on_httpd_ready(struct channel *, void *);
static void	 on_httpd_close(struct channel *, int, void *);

static const struct channel_dispatch owner_table[] = {
	{ MSG_EVENT, CHANNEL_PHASE_READY, on_event },
	{ MSG_DRIFT, CHANNEL_PHASE_READY, on_drift },
	{ MSG_EVIDENCE, CHANNEL_PHASE_READY, on_evidence },
	{ MSG_DRIFT_STANDING, CHANNEL_PHASE_READY, on_standing },
	{ 0, 0, NULL }
};
static const struct channel_dispatch silent_table[] = { { 0, 0, NULL } };

static const struct channel_ops owner_ops = { .table = owner_table, .on_ready = on_owner_ready, .on_close = on_owner_close };
static const struct channel_ops authd_ops = { .table = silent_table, .on_ready = on_authd_ready };
static const struct channel_ops fetchd_ops = { .table = silent_table, .on_ready = on_fetchd_ready };
static const struct channel_ops logd_ops = { .table = silent_table, .on_ready = on_logd_ready };
static const struct channel_ops httpd_ops = { .table = mgmt_httpd_table, .on_ready = on_httpd_ready, .on_close = on_httpd_close };

static void
on_event(struct channel *ch, struct message *m, void *arg)
{
	(void)ch;
	(void)arg;
	states_on_event(confd.states, m->body);
}

static void
on_drift(struct channel *ch, struct message *m, void *arg)
{
	(void)ch;
	(void)arg;
	states_on_drift(confd.states, m->body);
}

static void
on_evidence(struct channel *ch, struct message *m, void *arg)
{
	(void)arg;
	if (channel_peer_role(ch) == ROLE_FWD)
		evidence_take(confd.evidence, m->body);
}

static void
on_standing(struct channel *ch, struct message *m, void *arg)
{
	struct owner *o = owners_by_role(&confd.owners, channel_peer_role(ch));

	(void)arg;
	if (o != NULL)
		standing_take(confd.standing, o, m->body);
}

static void
on_owner_ready(struct channel *ch, void *arg)
{
	struct owner *o = owners_by_role(&confd.owners, channel_peer_role(ch));

	(void)arg;
	if (o == NULL)
		return;
	o->channel = ch;
	standing_owner_ready(confd.standing, o);
	if (o->role == ROLE_FWD) {
		contents_fwd_ready(confd.contents);
		databases_fwd_ready(&confd);
		temporary_fwd_ready(confd.temporary);
		evidence_send(confd.evidence, ch);
	}
	transaction_owner_ready(confd.transaction, o);
}

static void
on_owner_close(struct channel *ch, int error, void *arg)
{
	unsigned i;

	(void)error;
	(void)arg;
	for (i = 0; i < confd.owners.n; i++)
		if (confd.owners.owner[i].channel == ch) {
			confd.owners.owner[i].channel = NULL;
			standing_owner_gone(confd.standing, &confd.owners.owner[i]);
		}
}

static void
on_authd_ready(struct channel *ch, void *arg)
{
	(void)ch;
	(void)arg;
	people_authd_ready(confd.people);
}

static void
on_fetchd_ready(struct channel *ch, void *arg)
{
	(void)ch;
	(void)arg;
	fetch_setup(&confd);
	receivers_tell(&confd);
}

static void
on_logd_ready(struct channel *ch, void *arg)
{
	(void)ch;
	(void)arg;
	receivers_tell(&confd);
}

static void
on_httpd_ready(struct channel *ch, void *arg)
{
	(void)arg;
	mgmt_httpd(mgmt, ch);
	web_httpd_ready(&confd);
}

static void
on_httpd_close(struct channel *ch, int error, void *arg)
{
	(void)ch;
	(void)error;
	(void)arg;
	mgmt_httpd(mgmt, NULL);
	confd.has_httpd = false;
}

/* What the machine uses, for the screen and its plots. */
static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	struct machine *m = &confd.machine;
	uint64_t now = clock_mono_ms();

	(void)fd;
	(void)what;
	(void)arg;
	machine_read(m, PROFILE_STATE_DIR);
	if (m->has_cpu)
		trends_put(confd.trends, "cpu", "", now, m->cpu_permille);
	if (m->memory_total > 0)
		trends_put(confd.trends, "memory", "", now, (double)m->memory_used);
	if (m->disk_total > 0)
		trends_put(confd.trends, "disk", "", now, (double)m->disk_used);
}

static int
init(struct daemon *d)
{
	int error;

	if ((error = libmemory_start()) != 0)
		return (error);
	if ((error = confd_init(&confd, d->base, PROFILE_STATE_DIR)) != 0)
		return (error);
	/* What the start needed is given back at once; what commits need may stay for the next one. */
	heap_keep();
	if ((mgmt = mgmt_new(&confd)) == NULL)
		return (-ENOMEM);
	mgmt_set_current(mgmt);
	return (0);
}

static int
start(struct daemon *d)
{
	struct sock_open_req req = { .slot = SOCK_MGMT_LISTEN };
	struct privcall_error why;
	int error, fd;

	(void)d;
	if ((error = privcall_take_fd(MSG_SOCK_OPEN, &req, &fd, &why)) != 0) {
		log_errx("confd", "no local management socket: %s", why.text);
		return (error);
	}
	tpm_start(&confd);
	if ((look = event_new(confd.base, -1, EV_PERSIST, on_look, NULL)) == NULL || event_add(look, &(struct timeval){ LOOK_S, 0 }) == -1)
		return (-ENOMEM);
	return (mgmt_listen(mgmt, fd));
}

static void
on_priv(struct daemon *d, struct message *m)
{
	(void)d;
	if (m->header.type == MSG_PROC_EVENT)
		states_on_process(confd.states, m->body);
}

static void
stop(struct daemon *d)
{
	(void)d;
	mgmt_free(mgmt);
	confd_fini(&confd);
}

static const struct daemon_peer peers[] = {
	{ .role = ROLE_NETD, .purpose = PEER_MAIN, .ops = &owner_ops },
	{ .role = ROLE_FWD, .purpose = PEER_MAIN, .ops = &owner_ops },
	{ .role = ROLE_AUTHD, .purpose = PEER_MAIN, .ops = &authd_ops },
	{ .role = ROLE_FETCHD, .purpose = PEER_MAIN, .ops = &fetchd_ops },
	{ .role = ROLE_LOGD, .purpose = PEER_MAIN, .ops = &logd_ops },
	{ .role = ROLE_HTTPD, .purpose = PEER_MAIN, .ops = &httpd_ops },
	{ .role = ROLE_INVALID }
};

int
main(int argc, char **argv)
{
	static struct daemon self = { .name = "confd", .role = ROLE_CONFD, .peers = peers, .init = init, .start = start,
	    .on_priv = on_priv, .stop = stop };

	return (daemon_main(&self, argc, argv));
}
