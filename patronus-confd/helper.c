/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "base/arena.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"

#include "helper.h"

int
helper_open(uint8_t helper, int *ret_fd)
{
	struct helper_open_req req = { .helper = helper };
	struct privcall_error why;
	struct message m;
	int error;

	if ((error = privcall(MSG_HELPER_OPEN, &req, &m, &why)) != 0)
		return (error);
	*ret_fd = arena_take_fd(m.arena, 0);
	message_fini(&m);
	return (*ret_fd == -1 ? -EPROTO : 0);
}
