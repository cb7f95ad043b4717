/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/log.h"
#include "sandbox/caps.h"
#include "sandbox/profile.h"
#include "sandbox/sandbox.h"
#include "confine.h"
#include "jail.h"
#include "options.h"

#define READ		(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define TRUNCATE	(1ull << 14)
#define REPLACE		(READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE | TRUNCATE)
#define MEMORY_MAX	(1024ull << 20)
#define FILES_MAX	512	/* with those that all peers together may leave unread in their sockets */

#define CALL(name)		{ SCMP_SYS(name), 0, { { 0 } } }
#define CALL_EQ(name, i, v)	{ SCMP_SYS(name), 0, { { PROFILE_CMP_EQ, i, v, 0 } } }
#define CALL_EQ2(name, i, v, j, w)	\
				{ SCMP_SYS(name), 0, { { PROFILE_CMP_EQ, i, v, 0 }, { PROFILE_CMP_EQ, j, w, 0 } } }
#define CALL_WITHOUT(name, i, bits)	\
				{ SCMP_SYS(name), 0, { { PROFILE_CMP_MASKED, i, bits, 0 } } }
#define SOCKET(family)		\
				{ SCMP_SYS(socket), 0, { { PROFILE_CMP_EQ, 0, family, 0 } } }

/* No connect, no exec, no fork, no kill but "is it there", no memory that runs. */
static const struct profile_call calls[] = {
	CALL(read), CALL(write), CALL(pread64), CALL(pwrite64), CALL(close), CALL(lseek),
	CALL(poll), CALL(ppoll), CALL(recvmsg), CALL(recvfrom), CALL(sendmsg), CALL(sendto),
	SOCKET(AF_NETLINK), SOCKET(AF_INET), SOCKET(AF_INET6), SOCKET(AF_UNIX), CALL(socketpair), CALL(bind), CALL(listen),
	CALL(setsockopt), CALL(getsockopt), CALL(getsockname), CALL(shutdown),
	CALL(openat), CALL(openat2), CALL(open), CALL(fstat), CALL(newfstatat), CALL(fsync), CALL(fdatasync), CALL(renameat),
	CALL(renameat2), CALL(rename), CALL(unlink), CALL(unlinkat), CALL(symlinkat), CALL(readlinkat), CALL(chmod), CALL(fchmod),
	CALL(fchmodat), CALL(fcntl), CALL(memfd_create), CALL(ftruncate),
	CALL_WITHOUT(mmap, 2, PROT_EXEC), CALL_WITHOUT(mprotect, 2, PROT_EXEC), CALL(munmap), CALL(mremap), CALL(brk), CALL(madvise),
	CALL(wait4), CALL(waitid), CALL_EQ(kill, 1, 0), CALL(futex), CALL(getrandom),
	CALL(rt_sigreturn), CALL(rt_sigprocmask), CALL(rt_sigaction), CALL(restart_syscall),
	CALL(clock_gettime), CALL(clock_nanosleep), CALL(gettimeofday), CALL(getpid), CALL(gettid), CALL(getuid), CALL(geteuid),
	CALL(exit), CALL(exit_group),
};
static const struct profile_calls set = { "privd", calls, sizeof(calls) / sizeof(calls[0]) };
static const struct profile_calls *const sets[] = { &set };

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
	return sandbox_seccomp(sets, 1);
}
