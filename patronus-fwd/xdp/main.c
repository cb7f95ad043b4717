/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * patronus-xdp: loads the program for drivers, attaches it to a link or takes it off, for fwd, and ends.  It is the one process beside privd and its
 * spawner that has capabilities, and it reads nothing but the message of fwd and the program that was built into it.
 */
#include <string.h>

#include "base/heap.h"
#include "base/log.h"
#include "ipc/ids.h"
#include "ipc/oneshot.h"
#include "sandbox/sandbox.h"

#include "xdp/answer.h"

#define FWD_FD		3
#define LIFETIME_MS	10000

int
main(void)
{
	static struct xdp_answer a;
	const struct oneshot question = { .self = ROLE_XDP, .peer = ROLE_FWD, .type = MSG_XDP, .lifetime_ms = LIFETIME_MS,
	    .answer = xdp_answer, .rep = &a, .fds = a.fds };
	int error;

	log_init("xdp", LOG_LEVEL_INFO);
	heap_init();
	error = sandbox_enter(ROLE_XDP);
	if (error != 0)
		fatalx("xdp", "confinement: %s", strerror(-error));
	error = oneshot_serve(FWD_FD, &question);
	if (error != 0)
		log_errx("xdp", "no answer: %s", strerror(-error));
	return error == 0 ? 0 : 1;
}
