/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/landlock.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/log.h"
#include "sandbox/caps.h"
#include "sandbox/sandbox.h"
#include "confine.h"
#include "jail.h"
#include "options.h"

#define READ		(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define TRUNCATE	(1ull << 14)
#define REPLACE		(READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE | TRUNCATE)
#define MEMORY_MAX	(1024ull << 20)
#define FILES_MAX	512	/* with those that all peers together may leave unread in their sockets */

static int
files_confine(const struct options *o)
{
	char state[4096];
	struct landlock_path paths[] = {
		{ state, REPLACE },
		{ o->run, REPLACE | LANDLOCK_ACCESS_FS_MAKE_SOCK },
		{ o->etc, REPLACE | LANDLOCK_ACCESS_FS_MAKE_SYM },
		{ "/proc", READ },
		{ "/proc/sys/net", READ | LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE },
		{ NULL, 0 },
	};

	if (sandbox_landlock_abi() == 0) {
		log_warnx("confine", "this kernel has no Landlock");
		return 0;
	}
	(void)snprintf(state, sizeof(state), "%s/privd", o->state);
	/* It binds listeners: Landlock's rules for TCP are not for it. */
	return sandbox_landlock(paths, true);
}

static int
limits_set(void)
{
	static const struct { int resource; rlim_t value; } limits[] = {
		{ RLIMIT_NOFILE, FILES_MAX }, { RLIMIT_CORE, 0 }, { RLIMIT_NPROC, 0 },
#ifndef PATRONUS_SANITIZED
		{ RLIMIT_AS, MEMORY_MAX },
#endif
	};
	struct rlimit r;
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (getrlimit(limits[i].resource, &r) == -1)
			return -errno;
		r.rlim_max = r.rlim_max < limits[i].value ? r.rlim_max : limits[i].value;
		r.rlim_cur = r.rlim_max;
		if (setrlimit(limits[i].resource, &r) == -1)
			return -errno;
	}
	return 0;
}

int
confine_self(const struct options *o)
{
	static const int keep[] = { CAP_NET_ADMIN, CAP_NET_RAW, CAP_NET_BIND_SERVICE };
	const unsigned n = sizeof(keep) / sizeof(keep[0]);
	int error;

	if (unshare(CLONE_NEWNS) == -1 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		return -errno;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		return -errno;
	if ((error = caps_lock(keep, n)) != 0 || (error = caps_set(keep, n)) != 0 ||
	    (error = limits_set()) != 0 || (error = files_confine(o)) != 0)
		return error;
	return sandbox_seccomp("privd");
}
