/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_HELPER_H
#define PATRONUS_CONFD_HELPER_H

#include <stdint.h>

/* A process that privd starts for one question (enum helper_id): the socket to it.  0, -EBUSY when all of that kind are busy, or -errno. */
int	 helper_open(uint8_t helper, int *ret_fd);

#endif
