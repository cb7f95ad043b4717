/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUTHD_DESK_H
#define PATRONUS_AUTHD_DESK_H

#include "ipc/channel.h"

/* What confd may ask of authd: the rows AUTH_* of its channel, and AUDIT_KEY. */
extern const struct channel_dispatch	desk_table[];
void	 desk_on_close(struct channel *, int error, void *arg);

#endif
