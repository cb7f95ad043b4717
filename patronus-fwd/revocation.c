/* SPDX-License-Identifier: GPL-3.0-or-later */
/* After a change of the ruleset: connections that it does not allow any more are ended. */
#include <event2/event.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "ipc/privcall.h"
#include "net/nlmsg.h"

#include "fwd.h"
#include "links.h"
#include "revoke.h"
#include "routes.h"

/*
 * A moment after the change, so that whoever made it has its answer, also through a connection that it cuts; well below the second in
 * which revoked connections must be gone.
 */
#define DELAY_MS	200
#define RETRY_MS	1000
#define CHUNK		60000	/* bytes of deletions in one request */
#define TABLE_MAX	(256u << 20)

int
revocation_delete(const struct buf *b, uint32_t *ret_n)
{
	struct ct_delete_req req = { .messages = { .data = b->data } };
	const struct ct_delete_rep *rep;
	struct privcall_error e;
	struct nl_reader r;
	struct nl_msg m;
	struct message answer;
	size_t start, end;
	int error;

	*ret_n = 0;
	nlmsg_reader_init(&r, b->data, b->len);
	for (start = 0; start < b->len; start = end) {
		for (end = start; end < b->len && r.at - start < CHUNK && nlmsg_next(&r, &m) == 1;)
			end = r.at;
		req.messages.data = b->data + start;
		req.messages.len = (uint32_t)(end - start);
		error = privcall(MSG_CT_DELETE, &req, &answer, &e);
		if (error != 0) {
			log_errx("revocation", "connections cannot be ended: %s", e.text);
			return error;
		}
		rep = answer.body;
		*ret_n += rep->deleted;
		message_fini(&answer);
	}
	return 0;
}

struct table {
	const uint8_t	*data;
	size_t		 len;
};

static bool
table_get(struct table *t, uint8_t what, const char *name)
{
	struct privcall_error e;

	if (privcall_dump(what, &t->data, &t->len, NULL, &e) == 0)
		return true;
	log_errx("revocation", "the kernel's %s cannot be read: %s", name, e.text);
	t->data = NULL;
	return false;
}

static bool
revoke_all(struct fwd *f, const struct table *flows, const struct table *routes)
{
	struct revoke r = { .before = f->apply.previous, .now = f->apply.ir, .links = f->links };
	struct arena *a = arena_new(0);
	struct buf deletions;
	uint64_t start = clock_mono_us();
	uint32_t n, seen, ended = 0;
	bool is_done;

	if (a == NULL)
		fatalx("revocation", "out of memory");
	r.routes = routes_read(routes->data, routes->len, a);
	buf_init(&deletions, TABLE_MAX);
	n = revoke_dump(&r, flows->data, flows->len, &deletions, &seen);
	is_done = !buf_failed(&deletions) && (n == 0 || revocation_delete(&deletions, &ended) == 0);
	if (n > 0)
		log_info("revocation", "%u of %u connections are not allowed any more: %u ended, %llu us", n, seen, ended,
		    (unsigned long long)(clock_mono_us() - start));
	buf_fini(&deletions);
	arena_free(a);
	return is_done;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval later = { RETRY_MS / 1000, RETRY_MS % 1000 * 1000 };
	struct fwd *f = arg;
	struct table flows, routes = { .data = NULL };
	bool is_done;

	(void)fd;
	(void)what;
	if (f->apply.previous == NULL)
		return;
	fwd_links_refresh(f);
	is_done = table_get(&flows, NL_DUMP_CT, "connections");
	is_done = is_done && table_get(&routes, NL_DUMP_ROUTES, "routes");
	is_done = is_done && revoke_all(f, &flows, &routes);
	if (flows.data != NULL)
		privcall_dump_free(flows.data, flows.len);
	if (routes.data != NULL)
		privcall_dump_free(routes.data, routes.len);
	if (is_done)
		apply_forget(&f->apply);
	else
		(void)event_add(f->revocation, &later);
}

void
revocation_start(struct fwd *f)
{
	f->revocation = event_new(f->daemon->base, -1, 0, on_timer, f);
	if (f->revocation == NULL)
		fatalx("revocation", "cannot make the timer");
}

void
revocation_stop(struct fwd *f)
{
	event_free(f->revocation);
}

void
revocation_due(struct fwd *f)
{
	static const struct timeval soon = { DELAY_MS / 1000, DELAY_MS % 1000 * 1000 };

	if (f->apply.previous != NULL)
		(void)event_add(f->revocation, &soon);
}

void
revocation_now(struct fwd *f)
{
	if (!event_pending(f->revocation, EV_TIMEOUT, NULL))
		return;
	(void)event_del(f->revocation);
	on_timer(-1, EV_TIMEOUT, f);
}
