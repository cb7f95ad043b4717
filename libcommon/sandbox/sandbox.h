/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_SANDBOX_SANDBOX_H
#define PATRONUS_SANDBOX_SANDBOX_H

#include <stdint.h>

/*
 * The second stage of confinement, entered by the process itself after its initialisation: Landlock by ABI, then the
 * seccomp allow list of its row.  role is an enum role.  0 or -errno.
 */
int	 sandbox_enter(uint8_t role);

#endif
