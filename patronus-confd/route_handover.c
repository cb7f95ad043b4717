/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session goes on at another address of the box. */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "daemon/daemon.h"

#include "body.h"
#include "confd.h"
#include "handover.h"
#include "problem.h"
#include "reply.h"
#include "request.h"
#include "route.h"
#include "route_common.h"
#include "session.h"

static const char *
source_of(struct request *req)
{
	const char *source = session_source(req);

	if (source == NULL)
		fatalx("handover", "no memory");
	return (source);
}

void
handover_create(struct request *req)
{
	char ticket[HANDOVER_TICKET];
	struct buf b;

	if (route_is_local(req))
		return;
	handover_make(req->confd->handovers, req->in->token, source_of(req), ticket);
	buf_init(&b, 256);
	buf_printf(&b, "{\"ticket\":\"%s\",\"seconds\":%u}", ticket, HANDOVER_SECONDS);
	explicit_bzero(ticket, sizeof(ticket));
	reply_json(req, 201, &b, NULL);
}

static void
reply_continued(struct request *req)
{
	daemon_audit(req->user, req->from, "login", req->user, "continued", "%s", "");
	route_reply_signed_in(req);
}

void
handover_continue(struct request *req)
{
	const char *ticket = "", *token;
	const struct body_member members[] = {
		{ .name = "ticket", .ret_text = &ticket, .is_required = true },
		{ .name = NULL },
	};

	if (route_is_local(req) || !body_object(req, members))
		return;
	if ((token = handover_take(req->confd->handovers, ticket, source_of(req))) == NULL) {
		reply_problem(req, PROBLEM_AUTHENTICATION, "the ticket is not valid here any more; sign in");
		return;
	}
	if ((req->token = arena_strdup(req->message.arena, token)) == NULL)
		fatalx("handover", "no memory");
	session_identify(req, reply_continued);
}
