/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "sandbox/filters.h"
#include "sandbox/sandbox.h"

static int
filter_load(const char *name)
{
	struct sock_fprog program;
	const struct filter *f;

	for (f = filters; f->name != NULL && strcmp(f->name, name) != 0; f++)
		continue;
	if (f->name == NULL)
		return -ENOENT;
	/* The kernel copies it, and writes nothing. */
	program = (struct sock_fprog){ .len = f->len, .filter = (struct sock_filter *)(uintptr_t)f->code };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
		return -errno;
	return 0;
}

int
sandbox_seccomp(const char *profile)
{
#ifdef PATRONUS_SANITIZED
	log_warnx("sandbox", "SANITIZED BUILD: system calls are hardly confined; never run this build on a network");
#endif
	return filter_load(profile);
}

int
sandbox_seccomp_deny(void)
{
	return filter_load("never");
}

int
sandbox_seccomp_deny_bpf(void)
{
	return filter_load("never_bpf");
}
