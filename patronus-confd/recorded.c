/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/daemon.h"
#include "ipc/channel.h"
#include "ipc/ids.h"

#include "recorded.h"

struct waiter {
	void	(*then)(void *);
	void	*arg;
};

static void
on_synced(struct channel *ch, struct message *m, int error, void *arg)
{
	struct waiter w = *(struct waiter *)arg;

	(void)ch;
	(void)m;
	free(arg);
	if (error != 0)
		log_warnx("audit", "an act is acknowledged before its record is on disk: %s", strerror(-error));
	w.then(w.arg);
}

void
recorded_then(void (*then)(void *), void *arg)
{
	struct channel *logd = daemon_channel(ROLE_LOGD, PEER_MAIN);
	const struct audit_sync_req nothing = { 0 };
	struct waiter *w = logd != NULL ? malloc(sizeof(*w)) : NULL;

	if (w == NULL) {
		then(arg);
		return;
	}
	*w = (struct waiter){ .then = then, .arg = arg };
	if (channel_call(logd, MSG_AUDIT_SYNC, 0, &nothing, NULL, 0, RECORDED_MS, on_synced, w) != 0) {
		free(w);
		then(arg);
	}
}
