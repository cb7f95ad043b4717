/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_MEMBERS_H
#define PATRONUS_FWD_MEMBERS_H

#include "successor.h"

/* As successor(), when groups of addresses have other members. */
struct ir	*members_succeed(const struct succession *, struct ir *, struct arena *scratch, const struct fw_policy **ret_policy);

#endif
