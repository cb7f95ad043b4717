/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_XDP_ANSWER_H
#define PATRONUS_FWD_XDP_ANSWER_H

#include "ipc/msg.h"

#include "xdp/loader.h"

struct xdp_answer {
	struct xdp_rep	 rep;
	char		 text[LOADER_REASON_MAX];
	int		 fds[FRAME_FDS_MAX];	/* with the question, and with the answer */
};

/* Carries out the question that fwd has; oneshot's answer(). */
void	 xdp_answer(const void *req, void *answer);

#endif
