/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#include "confd.h"
#include "document.h"
#include "mirror.h"
#include "snapshot.h"
#include "store.h"

#define MIRROR_MAX	(64u << 20)
#define FIRST_LINE	"# Patronus configuration, revision "

struct mirror {
	struct confd	*confd;
	struct event	*timer;
	uint32_t	 written;	/* number */
};

static uint64_t
setting(const struct confd *confd, const char *path, uint64_t missing)
{
	const char *text = document_value(confd->kept->doc, path);
	uint64_t n;

	return (text != NULL && str_u64(text, 0, UINT32_MAX, &n) == 0 ? n : missing);
}

static void
forget_old(const struct confd *confd)
{
	uint64_t days = setting(confd, "/management/history/keep-days", 0), age_ms = days * 24 * 3600 * 1000, now = clock_wall_ms();

	(void)store_forget_old(confd->store, (unsigned)setting(confd, "/management/history/keep-revisions", 1000),
	    days > 0 && now > age_ms ? now - age_ms : 0);
}

static void
write_mirror(struct mirror *m)
{
	const struct snapshot *kept = m->confd->kept;
	struct buf b;
	int error;

	if (kept->number == m->written)
		return;
	buf_init(&b, MIRROR_MAX);
	buf_printf(&b, FIRST_LINE "%u\n", kept->number);
	error = document_print(kept->doc, DOCUMENT_YAML, 0, &b);
	if (error == 0 && buf_failed(&b))
		error = -ENOMEM;
	if (error == 0)
		error = store_mirror_put(m->confd->store, (const char *)b.data, b.len);
	buf_fini(&b);
	if (error != 0)
		log_warnx("mirror", "cannot write running.yaml: %s", strerror(-error));
	else
		m->written = kept->number;
	forget_old(m->confd);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	write_mirror(arg);
}

struct mirror *
mirror_new(struct confd *confd)
{
	struct mirror *m;

	if ((m = calloc(1, sizeof(*m))) == NULL)
		return (NULL);
	m->confd = confd;
	if ((m->timer = evtimer_new(confd->base, on_timer, m)) == NULL) {
		free(m);
		return (NULL);
	}
	return (m);
}

void
mirror_free(struct mirror *m)
{
	if (m == NULL)
		return;
	if (event_pending(m->timer, EV_TIMEOUT, NULL))
		write_mirror(m);
	event_free(m->timer);
	free(m);
}

void
mirror_changed(struct mirror *m)
{
	static const struct timeval soon = { 2, 0 };

	if (m->confd->kept->number != m->written && !event_pending(m->timer, EV_TIMEOUT, NULL))
		(void)event_add(m->timer, &soon);
}

uint32_t
mirror_number(const char *text, size_t len)
{
	size_t n = sizeof(FIRST_LINE) - 1, digits;
	char number[16];
	uint64_t value;

	if (len <= n || memcmp(text, FIRST_LINE, n) != 0)
		return (0);
	digits = strspn(text + n, "0123456789");
	if (digits >= sizeof(number))
		return (0);
	memcpy(number, text + n, digits);
	number[digits] = '\0';
	return (str_u64(number, 0, UINT32_MAX - 2, &value) == 0 ? (uint32_t)value : 0);
}
