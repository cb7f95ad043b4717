/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TESTS_RIG_AUTHD_H
#define PATRONUS_TESTS_RIG_AUTHD_H

#include "ipc/channel.h"

/* The player of authd: what confd may ask of it; the argument is struct rig. */
extern const struct channel_dispatch rig_authd_table[];

#endif
