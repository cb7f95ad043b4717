/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "base/log.h"
#include "sandbox/profile.h"
#include "sandbox/sandbox.h"

#define ACCESS_READ	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_WRITE	(ACCESS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR | \
			 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REFER | \
			 (1ull << 14) /* TRUNCATE, ABI 3 */)
#define ABI_WANTED	6	/* from here on TCP, signals and abstract sockets are Landlock's too */

static int
files_confine(const struct profile *p)
{
	struct landlock_path paths[5];
	unsigned n = 0;

	memset(paths, 0, sizeof(paths));
	if (p->state != PROFILE_STATE_NONE) {
		paths[n].path = PROFILE_STATE_DIR;
		paths[n++].access = p->state == PROFILE_STATE_WRITE ? ACCESS_WRITE : ACCESS_READ;
	}
	if (p->data_dir != NULL) {
		paths[n].path = p->data_dir;
		paths[n++].access = ACCESS_READ;
	}
	if (p->loads_code) {
		paths[n].path = "/usr/lib";
		paths[n++].access = ACCESS_READ;
		paths[n].path = "/etc";
		paths[n++].access = ACCESS_READ;
	}
	if (p->has_network) {
		paths[n].path = PROFILE_SCRATCH_DIR;
		paths[n++].access = ACCESS_WRITE;
	}
#ifdef PATRONUS_SANITIZED
	/* The sanitizer's reports name symbols from files. */
	paths[0].path = "/";
	paths[0].access = ACCESS_READ | ACCESS_WRITE;
	paths[1].path = NULL;
#endif
	return sandbox_landlock(paths, p->has_network);
}

int
sandbox_enter(uint8_t role)
{
	const struct profile *p = profile_by_role(role);
	int error, abi;

	if (p == NULL)
		return -ENOENT;
	/* The C library must not look for the time zone later. */
	tzset();
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -errno;
	abi = sandbox_landlock_abi();
	if (abi < 0)
		return abi;
	if (abi < ABI_WANTED)
		log_info("sandbox", "reduced: this kernel has Landlock ABI %d, %d is wanted; seccomp and namespaces hold alone there",
		    abi, ABI_WANTED);
	error = abi == 0 ? 0 : files_confine(p);
	if (error != 0)
		return error;
	return sandbox_seccomp(p->name);
}
