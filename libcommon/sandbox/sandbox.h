/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_SANDBOX_SANDBOX_H
#define PATRONUS_SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct profile;

/* What /proc/PID/NAME says, as text that fits.  0, -ESRCH when it says nothing, or -errno. */
int	 sandbox_proc_read(pid_t, const char *name, char *ret, size_t size);

/*
 * The second stage of confinement, by the process itself once it has opened and loaded what it needs: Landlock as far as the
 * kernel has it, then seccomp.  The first stage (namespaces, root, uid, capabilities, limits) was the spawner's.  There is no way
 * back.  0 or -errno; a process that gets an error must end.
 */
int	 sandbox_enter(uint8_t role);

/* The two parts, for a process with its own rules (privd, the spawner) and for tests. */
struct landlock_path {
	const char	*path;
	uint64_t	 access;	/* LANDLOCK_ACCESS_FS_*, cut to what the kernel's ABI knows */
};
/* Everything that the ABI handles is refused but what paths (ending with path NULL) allow; paths that do not exist are left out. */
int	 sandbox_landlock(const struct landlock_path *paths, bool with_network);
/* The kernel's Landlock ABI, 0 when it has none, or -errno when it does not say. */
int	 sandbox_landlock_abi(void);

/* The filter of a row of the table, or of privd, by its name.  Made by the build: nothing is allocated.  -ENOENT: no such filter. */
int	 sandbox_seccomp(const char *profile);
/* Kill on calls that no process of ours, confined or not, makes; everything else is allowed. */
int	 sandbox_seccomp_deny(void);
/* The same for bpf(), which the first leaves out because the spawner has one child that makes it. */
int	 sandbox_seccomp_deny_bpf(void);

/*
 * Is the process that /proc/PID/status describes confined as its row says?  0, or -EPERM with *ret_why set to a constant, or -EPROTO when
 * the text is not such a file.
 */
int	 sandbox_check_status(const char *status, const struct profile *, const char **ret_why);

/* What a status file says, for show processes. */
struct sandbox_status {
	uint32_t	uid;		/* effective */
	uint64_t	cap_effective;
	uint64_t	cap_bounding;
	uint8_t		no_new_privs;
	uint8_t		seccomp;
	uint32_t	seccomp_filters;
	uint32_t	rss_kb;
};
int	 sandbox_read_status(const char *status, struct sandbox_status *ret);

#endif
