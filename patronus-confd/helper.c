/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "ipc/ids.h"
#include "ipc/privcall.h"

#include "helper.h"

int
helper_open(uint8_t helper, int *ret_fd)
{
	struct helper_open_req req = { .helper = helper };
	struct privcall_error why;

	return (privcall_take_fd(MSG_HELPER_OPEN, &req, ret_fd, &why));
}
