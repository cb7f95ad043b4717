/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * patronus-prove: what becomes of one packet, by the kernel itself.  In a network namespace of its own, over which it has power and over nothing else,
 * it loads the ruleset that fwd sends, sends the packet, tells fwd what nft trace said of it, and ends; the namespace ends with it.
 */
#include <stdio.h>
#include <string.h>

#include "base/heap.h"
#include "base/log.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "ipc/oneshot.h"
#include "sandbox/sandbox.h"

#include "prove/netns.h"
#include "prove/world.h"

#define FWD_FD		3
#define SYSCTL_FD	4
#define LIFETIME_MS	8000

static struct {
	struct world_sockets	 sockets;
	const char		*what;
	int			 error;
	char			 text[256];
} state;

static void
answer(const void *req, void *arg)
{
	struct prove_rep *rep = arg;

	if (state.error == 0) {
		world_run(&state.sockets, req, rep);
		return;
	}
	(void)snprintf(state.text, sizeof(state.text), "%s: %s", state.what, strerror(-state.error));
	rep->error = state.text;
}

int
main(void)
{
	struct prove_rep rep = { .error = "" };
	const struct oneshot question = { .self = ROLE_PROVE, .peer = ROLE_FWD, .type = MSG_PROVE, .lifetime_ms = LIFETIME_MS,
	    .answer = answer, .rep = &rep };
	int error;

	log_init("prove", LOG_LEVEL_INFO);
	heap_init();
	state.error = netns_enter(SYSCTL_FD, &state.sockets, &state.what);
	error = sandbox_enter(ROLE_PROVE);
	if (error != 0)
		fatalx("prove", "confinement: %s", strerror(-error));
	error = oneshot_serve(FWD_FD, &question);
	if (error != 0)
		log_errx("prove", "no answer: %s", strerror(-error));
	return error == 0 ? 0 : 1;
}
