/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_LOGD_DESK_H
#define PATRONUS_LOGD_DESK_H

#include "ipc/channel.h"

struct ledger;

/* What confd may read of the audit log: rows of its channel's table. */
void	 desk_init(struct ledger *);
void	 desk_on_state(struct channel *, struct message *, void *arg);
void	 desk_on_list(struct channel *, struct message *, void *arg);
void	 desk_on_heads(struct channel *, struct message *, void *arg);
void	 desk_on_proof(struct channel *, struct message *, void *arg);
void	 desk_on_consistency(struct channel *, struct message *, void *arg);
void	 desk_on_export(struct channel *, struct message *, void *arg);

#endif
