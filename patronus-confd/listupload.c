/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/log.h"
#include "base/str.h"
#include "ipc/ids.h"
#include "ipc/msg.h"

#include "confd.h"
#include "contents.h"
#include "digest.h"
#include "listtext.h"
#include "listupload.h"
#include "parse.h"
#include "store.h"

#define REST_MAX	4096u		/* of a line that goes on in the next part */
#define IDLE_S		60		/* so long nobody else can begin; then it is forgotten */

struct listupload {
	struct confd		*confd;
	struct event		*idle;
	bool			 is_open;
	bool			 is_busy;
	bool			 is_last;	/* the part that is being read */
	char			 list[65];
	char			 user[65];
	uint64_t		 size;
	uint64_t		 at;		/* where the next part begins */
	uint64_t		 nlines;	/* before the part that is being read */
	struct digest		*digest;
	char			*text;		/* being read: what was left of the part before, and whole lines of this one */
	size_t			 text_len;
	char			 rest[REST_MAX];
	size_t			 rest_len;
	struct store_content	 content;	/* of all parts so far */
	listupload_end		*on_end;
	void			*arg;
};

static void
clear(struct listupload *u)
{
	digest_free(u->digest);
	free(u->text);
	free(u->content.v4);
	free(u->content.v6);
	*u = (struct listupload){ .confd = u->confd, .idle = u->idle };
}

static void
on_idle(evutil_socket_t fd, short what, void *arg)
{
	struct listupload *u = arg;

	(void)fd;
	(void)what;
	if (!u->is_busy)
		clear(u);
}

/* The part is done; the upload too when it was the last one, or bad. */
static void
ended(struct listupload *u, int error, const char *text)
{
	listupload_end *on_end = u->on_end;
	void *arg = u->arg;

	u->is_busy = false;
	free(u->text);
	u->text = NULL;
	if (error != 0 || u->is_last)
		clear(u);
	else
		(void)event_add(u->idle, &(const struct timeval){ .tv_sec = IDLE_S });
	on_end(error, text, arg);
}

static void
on_in_force(int error, const char *text, void *arg)
{
	ended(arg, error == -ENOENT ? -EINVAL : error, text);
}

/* All of it is here. */
static void
finish(struct listupload *u)
{
	int error;

	if (u->content.n4 + u->content.n6 == 0) {
		ended(u, -EINVAL, "there is no address in it");
		return;
	}
	if (digest_end(u->digest, u->content.etag) != 0)
		fatalx("groups", "no digest");
	if ((error = contents_offer(u->confd->contents, u->list, &u->content, on_in_force, u)) == -EBUSY)
		ended(u, -EAGAIN, "another change of this list is under way");
	else if (error != 0)
		ended(u, -EINVAL, "the list is not there any more, or is fetched now");
}

static uint64_t
count_lines(const char *text, size_t len)
{
	const char *end = text + len;
	uint64_t n = 0;

	while (text < end && (text = memchr(text, '\n', (size_t)(end - text))) != NULL) {
		text++;
		n++;
	}
	return (n);
}

static void
on_parsed(int error, struct message *m, void *arg)
{
	const struct parse_rep *rep = m != NULL ? m->body : NULL;
	struct listupload *u = arg;
	struct listtext l;
	char text[160];

	if (error == -EAGAIN) {
		ended(u, -EAGAIN, "too many documents are being read");
	} else if (error != 0 || listtext_unpack(rep->nodes.data, rep->nodes.len, &l) != 0) {
		ended(u, -EINVAL, "it cannot be read");
	} else if (l.nbad > 0) {
		(void)snprintf(text, sizeof(text), "line %llu %s%s", (unsigned long long)u->nlines + l.first_bad, listtext_fault_text(l.fault),
		    l.nbad > 1 ? ", and it is not the only one" : "");
		ended(u, -EINVAL, text);
	} else if (!listtext_add(&u->content.v4, &u->content.n4, l.v4, l.n4, 4) || !listtext_add(&u->content.v6, &u->content.n6, l.v6, l.n6, 16)) {
		ended(u, -EINVAL, "it has more than 1,000,000 ranges of a family");
	} else {
		u->nlines += count_lines(u->text, u->text_len);
		if (u->is_last)
			finish(u);
		else
			ended(u, 0, "");
	}
}

/* Whole lines are read now, and what is left with the next part. */
static int
cut(struct listupload *u, const struct listupload_part *p)
{
	const uint8_t *end = u->is_last || p->len == 0 ? NULL : memrchr(p->data, '\n', p->len);
	size_t whole = u->is_last ? p->len : end != NULL ? (size_t)(end - p->data) + 1 : 0, left = p->len - whole;

	if (left > REST_MAX || (whole == 0 && left > REST_MAX - u->rest_len))
		return (-E2BIG);
	if (whole > 0 || u->is_last) {
		u->text_len = u->rest_len + whole;
		if ((u->text = malloc(u->text_len + 1)) == NULL)
			fatalx("groups", "no memory");
		memcpy(u->text, u->rest, u->rest_len);
		if (whole > 0)
			memcpy(u->text + u->rest_len, p->data, whole);
		u->rest_len = 0;
	}
	if (left > 0)
		memcpy(u->rest + u->rest_len, p->data + whole, left);
	u->rest_len += left;
	return (0);
}

static int
begin(struct listupload *u, const struct listupload_part *p)
{
	if (u->is_open && strcmp(u->user, p->user) != 0)
		return (-EBUSY);
	clear(u);
	if ((u->digest = digest_new()) == NULL)
		return (-ENOMEM);
	u->is_open = true;
	u->size = p->size;
	(void)str_copy(u->list, p->list, sizeof(u->list));
	(void)str_copy(u->user, p->user, sizeof(u->user));
	return (0);
}

int
listupload_take(struct listupload *u, const struct listupload_part *p, listupload_end *on_end, void *arg)
{
	struct parse_req req = { .format = PARSE_LIST };
	int error;

	if (u->is_busy)
		return (-EBUSY);
	if (p->offset == 0 && (error = begin(u, p)) != 0)
		return (error);
	if (!u->is_open || p->offset != u->at || p->size != u->size || strcmp(p->list, u->list) != 0 || strcmp(p->user, u->user) != 0)
		return (-ESTALE);
	u->is_busy = true;
	u->on_end = on_end;
	u->arg = arg;
	u->at += p->len;
	u->is_last = u->at == u->size;
	if (digest_add(u->digest, p->data, p->len) != 0)
		fatalx("groups", "no digest");
	if (cut(u, p) != 0) {
		ended(u, -EINVAL, "one of its lines is longer than 4096 bytes");
	} else if (u->text == NULL) {
		ended(u, 0, "");
	} else {
		req.text = (struct bytes){ .data = (const uint8_t *)u->text, .len = (uint32_t)u->text_len };
		if (parse_start(u->confd->base, &req, on_parsed, u) != 0)
			on_parsed(-EAGAIN, NULL, u);
	}
	return (0);
}

struct listupload *
listupload_new(struct confd *confd)
{
	struct listupload *u = calloc(1, sizeof(*u));

	if (u == NULL || (u->idle = evtimer_new(confd->base, on_idle, u)) == NULL) {
		free(u);
		return (NULL);
	}
	u->confd = confd;
	return (u);
}

void
listupload_free(struct listupload *u)
{
	if (u == NULL)
		return;
	clear(u);
	event_free(u->idle);
	free(u);
}
