/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "ipc/ids.h"

#include "xdp/answer.h"

#define SLOTS_MAX	(4u << 20)	/* 128 MiB of the kernel's memory */

_Static_assert((int)LOADER_FDS <= FRAME_FDS_MAX, "they travel in one message");

static void
fds_close(int *fds)
{
	unsigned i;

	for (i = 0; i < FRAME_FDS_MAX; i++) {
		if (fds[i] != -1)
			(void)close(fds[i]);
		fds[i] = -1;
	}
}

static void
verdict(struct xdp_answer *a, int error)
{
	a->rep.verdict = error == 0 ? XDP_DONE : error == -ENOSYS ? XDP_ABSENT : error == -EEXIST ? XDP_FOREIGN : XDP_FAILED;
	if (error != 0 && a->text[0] == '\0')
		(void)snprintf(a->text, sizeof(a->text), "%s", strerror(-error));
}

static void
load(const struct xdp_req *q, struct xdp_answer *a)
{
	char why[LOADER_REASON_MAX];
	int error;

	error = q->nslots <= SLOTS_MAX ? loader_load(q->nslots, q->has_rates, q->answers, a->fds, &a->rep.program, a->text) : -EFBIG;
	a->rep.answers = error == 0 && q->answers;
	/* What can only drop is better than nothing; the text says why it is no more than that. */
	if (error != 0 && error != -EFBIG && q->answers) {
		(void)snprintf(why, sizeof(why), "this kernel does not take the program that answers (Linux 6.0 and SYN cookies are needed): %s",
		    strerror(-error));
		fds_close(a->fds);
		error = loader_load(q->nslots, q->has_rates, false, a->fds, &a->rep.program, a->text);
		if (error == 0)
			(void)str_copy(a->text, why, sizeof(a->text));
	}
	/* What a kernel without BPF, or one that does not let us, says to the first call. */
	if (error == -EPERM || error == -EINVAL)
		error = -ENOSYS;
	verdict(a, error);
	if (error != 0)
		fds_close(a->fds);
}

void
xdp_answer(const void *req, void *answer)
{
	const struct xdp_req *q = req;
	struct xdp_answer *a = answer;
	int program = a->fds[0], old = a->fds[1];

	a->rep = (struct xdp_rep){ .text = a->text };
	if (q->act == XDP_LOAD) {
		fds_close(a->fds);
		load(q, a);
		return;
	}
	if (q->act == XDP_ATTACH)
		verdict(a, program == -1 ? -EBADF : loader_attach(q->link, q->expected, program, old, &a->rep.is_generic, a->text));
	else
		verdict(a, loader_detach(q->link, q->expected, a->text));
	fds_close(a->fds);
}
