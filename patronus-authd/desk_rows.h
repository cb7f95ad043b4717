/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUTHD_DESK_ROWS_H
#define PATRONUS_AUTHD_DESK_ROWS_H

#include "ipc/channel.h"

/* The handlers of desk_table, by the file they are in. */

channel_handler	desk_step_up, desk_factor, desk_factor_start, desk_factor_confirm, desk_factor_remove, desk_recovery;	/* desk_factor.c */
channel_handler	desk_sessions, desk_session_end, desk_token_create, desk_tokens, desk_token_revoke;	/* desk_token.c */

#endif
