/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

#include "diff.h"
#include "document.h"
#include "guard.h"
#include "owner.h"
#include "plan.h"
#include "record_json.h"
#include "rollout.h"
#include "session.h"

#define TEXT_MAX	(4u << 20)

/* Processes that feel a change of a leaf. */
static const struct service {
	const char	*process;
	const char	*path;
	const char	*impact;
	const char	*what;
	const char	*tail;
} services[] = {
	{ "httpd", "/management/web/port", "reload", "the port of the page and the API", "; open connections stay" },
};

#define SERVICES_N	(sizeof(services) / sizeof(services[0]))

/* --- parts --- */

static const struct buf *
owner_text(const struct plan *p, const char *name)
{
	static const struct buf nothing;
	const struct owner *o = owners_by_name(p->rollout->owners, name);

	return (o != NULL ? &p->rollout->plans[o - p->rollout->owners->owner] : &nothing);
}

static bool
service_text(const struct plan *p, const struct service *s, char *ret, size_t size)
{
	const char *now = document_value(p->running, s->path), *then = document_value(p->candidate, s->path);

	if (now == NULL || then == NULL || strcmp(now, then) == 0)
		return (false);
	(void)snprintf(ret, size, "%s is %s and becomes %s%s", s->what, now, then, s->tail);
	return (true);
}

/* One connection; whoever is no user any more, or gets another role, is signed out by this process. */
static struct guard_flow
session_of(const struct plan *p, unsigned i)
{
	struct guard_flow f = *guard_get(p->guard, i);
	const char *is = session_role_in(p->running, f.user), *becomes = session_role_in(p->candidate, f.user);

	if (is == becomes || (is != NULL && becomes != NULL && strcmp(is, becomes) == 0))
		return (f);
	f.verdict = FLOW_CUT;
	(void)snprintf(f.path, sizeof(f.path), "/users/%s", f.user);
	(void)snprintf(f.text, sizeof(f.text), "the role of user %s changes, which signs out", f.user);
	(void)str_copy(f.remedy, "sign in again", sizeof(f.remedy));
	return (f);
}

static void
print_string(const char *name, const void *text, size_t len, struct buf *b)
{
	buf_printf(b, ",\"%s\":", name);
	record_json_string(text != NULL ? text : "", len, b);
}

/* --- for programs --- */

static void
print_services(const struct plan *p, bool as_impacts, bool has_before, struct buf *b)
{
	char text[256];
	size_t i;

	for (i = 0; i < SERVICES_N; i++) {
		if (!service_text(p, &services[i], text, sizeof(text)))
			continue;
		buf_printf(b, "%s{\"%s\":\"%s\",\"impact\":\"%s\"", has_before ? "," : "", as_impacts ? "owner" : "process",
		    services[i].process, services[i].impact);
		if (as_impacts)
			print_string("object", services[i].path, strlen(services[i].path), b);
		print_string("text", text, strlen(text), b);
		buf_putc(b, '}');
		has_before = true;
	}
}

static void
print_sessions(const struct plan *p, struct buf *b)
{
	struct guard_flow f;
	unsigned i;

	for (i = 0; p->guard != NULL && i < guard_count(p->guard); i++) {
		f = session_of(p, i);
		if (i > 0)
			buf_putc(b, ',');
		guard_print(&f, b);
	}
}

void
plan_print_members(const struct plan *p, struct buf *b)
{
	const struct buf *nft = owner_text(p, "fwd"), *network = owner_text(p, "netd");
	struct buf text;

	buf_puts(b, "\"impact\":[");
	buf_put(b, p->rollout->impacts.data, p->rollout->impacts.len);
	print_services(p, true, p->rollout->impacts.len > 0, b);
	buf_puts(b, "],\"services\":[");
	print_services(p, false, false, b);
	buf_puts(b, "],\"sessions\":[");
	print_sessions(p, b);
	buf_putc(b, ']');
	print_string("nft", nft->data, nft->len, b);
	print_string("network", network->data, network->len, b);
	buf_init(&text, TEXT_MAX);
	plan_print_text(p, &text);
	print_string("plan", text.data, buf_failed(&text) ? 0 : text.len, b);
	buf_fini(&text);
}

/* --- for people --- */

/* A heading, and the lines below it set in; nothing when there are none. */
static void
print_part(const char *heading, const struct buf *lines, struct buf *b)
{
	const char *at = (const char *)lines->data, *end = at + lines->len;
	size_t len;

	if (lines->len == 0)
		return;
	buf_printf(b, "%s\n", heading);
	for (; at < end; at += len + 1) {
		len = strcspn(at, "\n");
		buf_printf(b, "  %.*s\n", (int)len, at);
	}
}

static void
list_services(const struct plan *p, struct buf *b)
{
	char text[256];
	size_t i;

	for (i = 0; i < SERVICES_N; i++)
		if (service_text(p, &services[i], text, sizeof(text)))
			buf_printf(b, "%s: %s: %s\n", services[i].process, services[i].impact, text);
}

static void
list_cut_sessions(const struct plan *p, struct buf *b)
{
	struct guard_flow f;
	unsigned i;

	for (i = 0; p->guard != NULL && i < guard_count(p->guard); i++) {
		f = session_of(p, i);
		if (f.verdict == FLOW_CUT)
			buf_printf(b, "%s from %s%s: %s\n", f.user, f.origin, f.is_callers ? " (you)" : "", f.text);
	}
}

void
plan_print_text(const struct plan *p, struct buf *b)
{
	static void (*const lists[])(const struct plan *, struct buf *) = { list_services, list_cut_sessions };
	static const char *const headings[] = { "services that notice", "sessions that end" };
	struct buf part;
	size_t i;

	buf_init(&part, TEXT_MAX);
	diff_print_text(p->diff, &part);
	print_part("configuration", &part, b);
	print_part("rules in the kernel", owner_text(p, "fwd"), b);
	print_part("network", owner_text(p, "netd"), b);
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		buf_reset(&part);
		lists[i](p, &part);
		print_part(headings[i], &part, b);
	}
	buf_fini(&part);
}

void
plan_print_nft(const struct plan *p, struct buf *b)
{
	const struct buf *nft = owner_text(p, "fwd");

	buf_put(b, nft->data, nft->len);
}
