/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_JUDGE_H
#define PATRONUS_FWD_JUDGE_H

#include "ipc/msg.h"

struct arena;
struct ir;

/*
 * Would a connection to the box be accepted by this ruleset: its packets now, and the one that opens it anew?  The caller knows the
 * link it comes in through and that the way back leaves there.  Texts live in the arena or the form.
 */
struct ipc_verdict judge_flow(const struct ir *, const struct ipc_flow *, struct arena *);

#endif
