/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/sandbox.h"

/* The build's headers may be older than the kernel that runs: the ABI is spelled out here. */
#define FS_ABI1		((1ull << 13) - 1)
#define FS_ABI2		(1ull << 13)		/* REFER */
#define FS_ABI3		(1ull << 14)		/* TRUNCATE */
#define FS_ABI5		(1ull << 15)		/* IOCTL_DEV */
#define NET_ABI4	0x3ull			/* BIND_TCP, CONNECT_TCP */
#define SCOPE_ABI6	0x3ull			/* abstract unix sockets, signals */
#define FS_FILE_ONLY	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | FS_ABI3 | FS_ABI5)

struct ruleset_attr {
	uint64_t	handled_access_fs;
	uint64_t	handled_access_net;
	uint64_t	scoped;
};

int
sandbox_landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (abi != -1)
		return (int)abi;
	/* A container may refuse calls that it does not know.  Whatever else is wrong, the kernel has it: nobody goes on without. */
	return errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM ? 0 : -errno;
}

static size_t
attr_for_abi(int abi, bool with_network, struct ruleset_attr *ret)
{
	ret->handled_access_fs = FS_ABI1 | (abi >= 2 ? FS_ABI2 : 0) | (abi >= 3 ? FS_ABI3 : 0) | (abi >= 5 ? FS_ABI5 : 0);
	ret->handled_access_net = abi >= 4 && !with_network ? NET_ABI4 : 0;
	ret->scoped = abi >= 6 ? SCOPE_ABI6 : 0;
	return abi >= 6 ? sizeof(*ret) : abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

static int
rule_add(int ruleset, const struct landlock_path *p, uint64_t handled)
{
	struct landlock_path_beneath_attr beneath = { .allowed_access = p->access & handled };
	struct stat st;
	int error = 0;

	beneath.parent_fd = open(p->path, O_PATH | O_CLOEXEC);
	if (beneath.parent_fd == -1)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(beneath.parent_fd, &st) == -1)
		error = -errno;
	else if (!S_ISDIR(st.st_mode))
		beneath.allowed_access &= FS_FILE_ONLY;
	if (error == 0 && syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == -1)
		error = -errno;
	(void)close(beneath.parent_fd);
	return error;
}

int
sandbox_landlock(const struct landlock_path *paths, bool with_network)
{
	struct ruleset_attr attr;
	int abi = sandbox_landlock_abi(), ruleset, error = 0;
	size_t size;

	if (abi <= 0)
		return abi < 0 ? abi : -ENOSYS;
	size = attr_for_abi(abi, with_network, &attr);
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (ruleset == -1)
		return -errno;
	for (; error == 0 && paths->path != NULL; paths++)
		error = rule_add(ruleset, paths, attr.handled_access_fs);
	if (error == 0 && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    syscall(SYS_landlock_restrict_self, ruleset, 0) == -1))
		error = -errno;
	(void)close(ruleset);
	return error;
}
