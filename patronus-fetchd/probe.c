/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/log.h"
#include "ipc/ids.h"
#include "job.h"
#include "probe.h"
#include "resolve.h"

#define TIMEOUT_MIN_MS	100
#define TIMEOUT_MAX_MS	30000

static struct event_base *base;

static const struct probe_kind_ops *const kinds[] = {
	[PROBE_PING] = &probe_ping,
	[PROBE_TCP] = &probe_tcp,
	[PROBE_HTTP] = &probe_http,
	[PROBE_DNS] = &probe_dns,
};

void
probe_init(struct event_base *b)
{
	base = b;
}

struct event_base *
probe_base(void)
{
	return base;
}

const struct fetch_probe_req *
probe_req(const struct probe *p)
{
	return job_body(p->job);
}

static void
probe_free(struct probe *p)
{
	event_free(p->timeout);
	free(p);
}

void
probe_end(struct probe *p, bool is_good, const char *fmt, ...)
{
	struct fetch_probe_rep rep = { .is_good = is_good, .took_us = job_took_us(p->job) };
	char said[400], text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
	(void)snprintf(text, sizeof(text), "%.100s%s%s", p->where, p->where[0] != '\0' ? ": " : "", said);
	rep.text = text;
	if (p->state != NULL)
		p->ops->stop(p);
	p->state = NULL;
	job_end(p->job, &rep);
	p->job = NULL;
	p->is_ended = true;
	(void)event_del(p->timeout);
	if (!p->is_resolving)
		probe_free(p);
}

static void
on_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct probe *p = arg;

	(void)fd;
	(void)what;
	probe_end(p, false, "no answer within %u ms", probe_req(p)->timeout_ms);
}

static void
on_resolved(const struct resolved *to, const char *text, void *arg)
{
	struct probe *p = arg;

	p->is_resolving = false;
	if (p->is_ended)
		probe_free(p);
	else if (to->n == 0) {
		p->where[0] = '\0';
		probe_end(p, false, "%s", text);
	} else
		p->ops->start(p, to);
}

static void
timeout_set(struct probe *p)
{
	uint32_t ms = probe_req(p)->timeout_ms;
	struct timeval tv;

	ms = ms < TIMEOUT_MIN_MS ? TIMEOUT_MIN_MS : ms > TIMEOUT_MAX_MS ? TIMEOUT_MAX_MS : ms;
	tv = (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
	if ((p->timeout = evtimer_new(base, on_timeout, p)) == NULL || event_add(p->timeout, &tv) == -1)
		fatalx("probe", "no memory");
}

void
probe_request(struct channel *ch, struct message *m, void *arg)
{
	const struct fetch_probe_req *r;
	const char *why = NULL;
	char host[256];
	uint16_t port;
	struct probe *p;
	struct job *job;

	(void)arg;
	if ((job = job_new(ch, m)) == NULL)
		return;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		fatalx("probe", "no memory");
	p->job = job;
	r = probe_req(p);
	timeout_set(p);
	if (r->kind == PROBE_INVALID || r->kind > PROBE_DNS) {
		probe_end(p, false, "this kind of check does not exist");
		return;
	}
	p->ops = kinds[r->kind];
	port = r->port != 0 ? r->port : p->ops->port;
	(void)snprintf(host, sizeof(host), "%s", r->target);
	(void)snprintf(p->where, sizeof(p->where), port != 0 ? "%s port %u" : "%s", r->target, port);
	if (p->ops->place != NULL && p->ops->place(r, host, sizeof(host), &port, &why) != 0) {
		probe_end(p, false, "%s", why);
		return;
	}
	p->is_resolving = true;
	resolve_host(host, port, on_resolved, p);
}
