/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "ipc/ids.h"
#include "ipc/msg.h"

#include "document.h"
#include "fetch.h"
#include "health.h"
#include "problem.h"
#include "record_json.h"

#define CHECKS_MAX	32
#define PAUSE_MS	500

enum result {
	RESULT_NONE = 0,
	RESULT_PASSED,
	RESULT_FAILED
};

struct check {
	struct health	*health;
	char		 name[64];
	char		 target[1001];
	char		 query[254];
	struct fetch_probe_req probe;
	unsigned	 tries_max;
	bool		 is_always;	/* required: always */
	enum result	 before, after;
	unsigned	 tries;		/* of the run that is under way or was the last */
	uint32_t	 took_us;
	char		 text[513];
	struct event	*pause;		/* before the next try */
};

struct health {
	struct check	*checks;
	unsigned	 n;
	unsigned	 waiting;
	bool		 is_after;
	void		(*on_end)(void *);
	void		*arg;
	void		(*on_step)(const struct health *, unsigned, void *);
	void		*step_arg;
	struct event_base *base;
	const struct document *doc;	/* while it is read */
};

static void	 attempt(struct check *);
static void	 on_pause(evutil_socket_t, short, void *);

/* --- what the configuration says --- */

static const char *
leaf(const struct document *doc, const char *name, const char *member)
{
	char path[128];
	const char *value;

	(void)snprintf(path, sizeof(path), "/management/health-checks/%s/%s", name, member);
	value = document_value(doc, path);
	return (value != NULL ? value : "");
}

static uint32_t
number(const char *text, uint32_t missing)
{
	char digits[12];
	uint64_t n;

	(void)str_copy(digits, text, sizeof(digits));
	digits[strcspn(digits, "s")] = '\0';
	return (str_u64(digits, 0, UINT32_MAX, &n) == 0 ? (uint32_t)n : missing);
}

static uint8_t
kind_of(const char *word)
{
	static const char *const words[] = { [PROBE_PING] = "ping", [PROBE_TCP] = "tcp", [PROBE_HTTP] = "http", [PROBE_DNS] = "dns" };
	uint8_t i;

	for (i = PROBE_PING; i <= PROBE_DNS; i++)
		if (strcmp(words[i], word) == 0)
			return (i);
	return (PROBE_INVALID);
}

static void
add(const char *name, void *arg)
{
	struct health *h = arg;
	struct check *c = &h->checks[h->n];

	if (h->n == CHECKS_MAX || strcmp(leaf(h->doc, name, "enabled"), "true") != 0)
		return;
	h->n++;
	c->health = h;
	(void)str_copy(c->name, name, sizeof(c->name));
	(void)str_copy(c->target, leaf(h->doc, name, "target"), sizeof(c->target));
	(void)str_copy(c->query, leaf(h->doc, name, "query"), sizeof(c->query));
	c->probe = (struct fetch_probe_req){ .kind = kind_of(leaf(h->doc, name, "probe")), .target = c->target, .name = c->query,
	    .port = (uint16_t)number(leaf(h->doc, name, "port"), 0), .status = (uint16_t)number(leaf(h->doc, name, "status"), 0),
	    .timeout_ms = number(leaf(h->doc, name, "timeout"), 3) * 1000 };
	c->tries_max = number(leaf(h->doc, name, "tries"), 3);
	c->is_always = strcmp(leaf(h->doc, name, "required"), "always") == 0;
	if ((c->pause = evtimer_new(h->base, on_pause, c)) == NULL)
		fatalx("health", "no memory");
}

struct health *
health_new(struct event_base *base, const struct document *doc)
{
	struct health *h;

	if ((h = calloc(1, sizeof(*h))) == NULL || (h->checks = calloc(CHECKS_MAX, sizeof(*h->checks))) == NULL)
		fatalx("health", "no memory");
	h->base = base;
	h->doc = doc;
	document_each(doc, "/management/health-checks", add, h);
	h->doc = NULL;
	if (h->n > 0)
		return (h);
	health_free(h);
	return (NULL);
}

void
health_free(struct health *h)
{
	unsigned i;

	if (h == NULL)
		return;
	for (i = 0; i < h->n; i++)
		event_free(h->checks[i].pause);
	free(h->checks);
	free(h);
}

/* --- running --- */

static void
finish(struct check *c, bool is_good)
{
	struct health *h = c->health;

	*(h->is_after ? &c->after : &c->before) = is_good ? RESULT_PASSED : RESULT_FAILED;
	if (h->on_step != NULL)
		h->on_step(h, (unsigned)(c - h->checks), h->step_arg);
	if (--h->waiting == 0)
		h->on_end(h->arg);
}

static void
on_probed(const struct fetch_result *r, void *arg)
{
	static const struct timeval pause = { 0, PAUSE_MS * 1000 };
	struct check *c = arg;

	c->took_us = r->took_us;
	(void)str_copy(c->text, r->text, sizeof(c->text));
	if (!r->is_good && c->health->is_after && c->tries < c->tries_max)
		(void)event_add(c->pause, &pause);
	else
		finish(c, r->is_good);
}

static void
on_pause(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	attempt(arg);
}

static void
attempt(struct check *c)
{
	static const struct fetch_result away = { .text = "patronus-fetchd, which makes the checks, is restarting" };

	c->tries++;
	if (fetch_probe(&c->probe, on_probed, c) != 0)
		on_probed(&away, c);
}

static void
run(struct health *h, bool is_after, void (*on_end)(void *), void *arg)
{
	unsigned i;

	h->is_after = is_after;
	h->on_end = on_end;
	h->arg = arg;
	/* One more, so that nothing ends before all have begun. */
	h->waiting = h->n + 1;
	for (i = 0; i < h->n; i++) {
		h->checks[i].tries = 0;
		attempt(&h->checks[i]);
	}
	if (--h->waiting == 0)
		on_end(arg);
}

void
health_run_before(struct health *h, void (*on_end)(void *), void *arg)
{
	run(h, false, on_end, arg);
}

void
health_run_after(struct health *h, void (*on_end)(void *), void *arg)
{
	run(h, true, on_end, arg);
}

void
health_watch(struct health *h, void (*on_step)(const struct health *, unsigned, void *), void *arg)
{
	h->on_step = on_step;
	h->step_arg = arg;
}

/* --- the result --- */

/* Was it no better before, and may that be? */
static bool
is_excused(const struct check *c)
{
	return (!c->is_always && c->before == RESULT_FAILED);
}

bool
health_is_good(const struct health *h, struct problems *problems)
{
	const struct check *c;
	bool is_good = true;
	char pointer[96];

	for (c = h->checks; c < h->checks + h->n; c++) {
		if (c->after == RESULT_PASSED || is_excused(c))
			continue;
		is_good = false;
		(void)snprintf(pointer, sizeof(pointer), "/management/health-checks/%s", c->name);
		problems_add(problems, pointer, NULL, 0, "health-check", c->before == RESULT_FAILED ?
		    "it failed before, too; with required not-worse it would be no reason" : "", "health check \"%s\" failed: %s (%u tr%s)%s",
		    c->name, c->text, c->tries, c->tries == 1 ? "y" : "ies", c->before == RESULT_PASSED ? "; it passed before" : "");
	}
	return (is_good);
}

static const char *
state_of(const struct check *c)
{
	enum result last = c->health->is_after ? c->after : c->before;

	if (last == RESULT_NONE)
		return ("skipped");
	return (last == RESULT_PASSED ? "passed" : c->health->is_after && is_excused(c) ? "failed-before" : "failed");
}

void
health_print_one(const struct health *h, unsigned i, struct buf *b)
{
	const struct check *c = &h->checks[i];

	buf_puts(b, "{\"name\":");
	record_json_string(c->name, strlen(c->name), b);
	buf_printf(b, ",\"state\":\"%s\",\"tries\":%u,\"took-us\":%u,\"text\":", state_of(c), c->tries, c->took_us);
	record_json_string(c->text, strlen(c->text), b);
	buf_putc(b, '}');
}

void
health_print(const struct health *h, struct buf *b)
{
	unsigned i;

	buf_putc(b, '[');
	for (i = 0; i < h->n; i++) {
		if (i > 0)
			buf_putc(b, ',');
		health_print_one(h, i, b);
	}
	buf_putc(b, ']');
}
