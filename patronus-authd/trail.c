/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>

#include "account.h"
#include "base/clock.h"
#include "daemon/daemon.h"
#include "ipc/ids.h"
#include "trail.h"

#define TOO_MANY_EVERY_MS	10000

const char *
trail_verdict(unsigned verdict)
{
	static const char *const texts[] = { "invalid", "accepted", "refused", "second factor missing",
		"too many tries", "not claimable", "weak password", "failed" };

	return verdict < sizeof(texts) / sizeof(texts[0]) ? texts[verdict] : "invalid";
}

static const char *
name_of(const char *user)
{
	return account_exists(user) ? user : "(unknown user)";
}

void
trail_write(const char *user, const char *source, const char *action, unsigned verdict)
{
	daemon_audit(name_of(user), source, action, name_of(user), trail_verdict(verdict), "%s", "");
}

void
trail_too_many(const char *user, const char *source, const char *action)
{
	static uint64_t last_ms;
	static unsigned unseen;
	uint64_t now = clock_mono_ms();

	if (last_ms != 0 && now - last_ms < TOO_MANY_EVERY_MS) {
		unseen++;
		return;
	}
	daemon_audit(name_of(user), source, action, name_of(user), trail_verdict(AUTH_TOO_MANY),
	    "%u more since the last such record", unseen);
	last_ms = now;
	unseen = 0;
}
