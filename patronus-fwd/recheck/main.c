/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * patronus-recheck: the second opinion about fwd.  It compiles the running revision anew, in a process that has never seen a packet, a
 * client or the kernel, and says whether what privd read from the kernel is what comes out.  A fwd that was taken over can load another
 * ruleset and lie about it; it cannot make this one agree.
 */
#include <string.h>

#include "base/log.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "ipc/oneshot.h"
#include "sandbox/sandbox.h"

#include "recheck/check.h"

#define CONFD_FD	3
#define LIFETIME_MS	14000

static void
answer(const void *req, void *rep)
{
	check_run(req, rep);
}

int
main(void)
{
	struct recheck_rep rep = { .error = "" };
	const struct oneshot question = { .self = ROLE_RECHECK, .peer = ROLE_CONFD, .type = MSG_RECHECK, .lifetime_ms = LIFETIME_MS,
	    .answer = answer, .rep = &rep };
	int error;

	log_init("recheck", LOG_LEVEL_INFO);
	error = sandbox_enter(ROLE_RECHECK);
	if (error != 0)
		fatalx("recheck", "confinement: %s", strerror(-error));
	error = oneshot_serve(CONFD_FD, &question);
	if (error != 0)
		log_errx("recheck", "no answer: %s", strerror(-error));
	check_fini();
	return error == 0 ? 0 : 1;
}
