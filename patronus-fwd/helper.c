/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "ipc/ids.h"
#include "ipc/oneshot.h"
#include "ipc/privcall.h"

#include "helper.h"

#define BUSY_TRIES	100
#define BUSY_NS		30000000

int
helper_ask(uint8_t helper, const struct oneshot *o, const void *req, struct message *ret, char *why, size_t size)
{
	struct helper_open_req open = { .helper = helper };
	struct privcall_error e;
	struct message m;
	int fd, error;
	unsigned i;

	/* The one before has answered and may not have ended yet. */
	for (i = 0; (error = privcall(MSG_HELPER_OPEN, &open, &m, &e)) != 0 && e.error == EBUSY && i < BUSY_TRIES; i++)
		(void)nanosleep(&(struct timespec){ 0, BUSY_NS }, NULL);
	if (error != 0) {
		(void)snprintf(why, size, "the helper cannot be started: %s", e.text);
		return error;
	}
	fd = arena_take_fd(m.arena, 0);
	message_fini(&m);
	error = fd != -1 ? oneshot_ask(fd, o, req, ret) : -EPROTO;
	if (fd != -1)
		(void)close(fd);
	if (error != 0)
		(void)snprintf(why, size, "the helper gave no answer: %s", strerror(-error));
	return error;
}
