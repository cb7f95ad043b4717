/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "base/buf.h"
#include "daemon/daemon.h"

#include "confd.h"
#include "reply.h"
#include "request.h"
#include "route.h"
#include "transaction.h"
#include "verification.h"

static void
reply_busy(struct request *req, int error)
{
	if (error == -EBUSY)
		reply_problem(req, PROBLEM_HELD, "a commit or another verification is under way");
	else if (error == -EAGAIN)
		reply_problem_with(req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 },
		    "a process is restarting, or the kernel was changed meanwhile; ask again");
	else
		reply_error(req, error, NULL);
}

static void
on_end(const struct verification *v, void *arg)
{
	struct request *req = arg;
	struct buf b;

	if (v->json == NULL) {
		reply_busy(req, v->error);
		return;
	}
	daemon_audit(req->user, req->from, "verify", "", v->is_verified ? "verified" : "different", "revision %u", v->revision);
	buf_init(&b, 0);
	buf_put(&b, v->json->data, v->json->len);
	reply_json(req, 200, &b, NULL);
}

/* POST /verification: read the kernel, compare it with what the running revision means, and say so. */
void
verification_create(struct request *req)
{
	int error = transaction_is_busy(req->confd->transaction) ? -EBUSY : verification_start(req->confd, on_end, req);

	if (error != 0)
		reply_busy(req, error);
}
