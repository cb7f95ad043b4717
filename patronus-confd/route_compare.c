/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two revisions side by side: as documents, or as what fwd would make of each. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "ipc/channel.h"
#include "ipc/ids.h"
#include "ipc/msg.h"

#include "confd.h"
#include "diff.h"
#include "document.h"
#include "owner.h"
#include "problem.h"
#include "query.h"
#include "reply.h"
#include "request.h"
#include "route.h"
#include "route_common.h"

#define COMPARE_MS	15000

/* A comparison that waits for fwd. */
struct comparison {
	struct request	*req;
	struct document	*a, *b;
	uint32_t	 base;
};

static void
reply_with(struct request *req, uint32_t base, const struct document *a, const struct document *b, const char *nft)
{
	struct diff *diff;
	int error;

	if ((error = diff_documents(a, b, &diff)) != 0) {
		reply_error(req, error, NULL);
		return;
	}
	route_reply_nft(req, base, diff, nft);
	diff_free(diff);
}

static void
reply_uncompiled(struct request *req, const struct conf_compare_rep *rep)
{
	struct problems *problems = problems_new();
	uint32_t i;

	if (problems == NULL)
		fatalx("compare", "no memory");
	for (i = 0; i < rep->problems.n; i++)
		problems_add(problems, rep->problems.items[i].path, NULL, 0, rep->problems.items[i].code, "", "%s", rep->problems.items[i].text);
	reply_problems(req, PROBLEM_VALIDATION, problems, "one of the two cannot be compiled by this version");
	problems_free(problems);
}

static void
on_compared(struct channel *ch, struct message *m, int error, void *arg)
{
	struct comparison *c = arg;
	const struct conf_compare_rep *rep = m != NULL && error == 0 ? m->body : NULL;

	(void)ch;
	if (rep == NULL)
		reply_problem_with(c->req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 }, "the firewall daemon gave no answer");
	else if (rep->problems.n > 0)
		reply_uncompiled(c->req, rep);
	else
		reply_with(c->req, c->base, c->a, c->b, rep->diff);
	document_free(c->a);
	document_free(c->b);
	free(c);
}

/* What fwd gets of a document; a descriptor, or -errno. */
static int
encoded(const struct document *doc, const char *owner)
{
	uint8_t *data;
	size_t len;
	int error, fd;

	if ((error = document_encode(doc, owner, &data, &len)) != 0)
		return (error);
	fd = memfd_sealed("compare", data, len);
	free(data);
	return (fd);
}

/* 0 when on_compared() will be called. */
static int
ask(struct comparison *c)
{
	struct owner *fwd = owners_by_role(&c->req->confd->owners, ROLE_FWD);
	struct conf_compare_req q = { 0 };
	int fds[2], error;

	if (fwd == NULL || fwd->channel == NULL)
		return (-EAGAIN);
	if ((fds[0] = encoded(c->a, fwd->name)) < 0)
		return (fds[0]);
	if ((error = fds[1] = encoded(c->b, fwd->name)) >= 0) {
		error = channel_call(fwd->channel, MSG_CONF_COMPARE, 0, &q, fds, 2, COMPARE_MS, on_compared, c);
		(void)close(fds[1]);
	}
	(void)close(fds[0]);
	return (error);
}

void
route_compare(struct request *req, uint32_t base, struct document *a, struct document *b)
{
	const char *view = query_text(req, "view");
	struct comparison *c;
	int error;

	if (view == NULL || strcmp(view, "nft") != 0) {
		route_reply_diff(req, base, a, b);
		document_free(a);
		document_free(b);
		return;
	}
	if ((c = calloc(1, sizeof(*c))) == NULL)
		fatalx("compare", "no memory");
	*c = (struct comparison){ .req = req, .a = a, .b = b, .base = base };
	if ((error = ask(c)) == 0)
		return;
	reply_error(req, error, NULL);
	document_free(a);
	document_free(b);
	free(c);
}
