/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "ipc/ids.h"
#include "sandbox/caps.h"
#include "sandbox/profile.h"
#include "sandbox/sandbox.h"
#include "config.h"
#include "jail.h"
#include "options.h"

#define CHANNEL_FD	3
#define LIFTED		(CHANNEL_FD + 3)
#define ROOT_FLAGS	(MS_NOSUID | MS_NODEV)

int
jail_namespaces(const struct profile *p)
{
	return CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | (p->has_network || p->ncaps > 0 ? 0 : CLONE_NEWNET);
}

/* --- the root --- */

/* A failure here is the end of the child; privd sees the exit status and its text on stderr. */
static void
must(bool ok, const char *what)
{
	if (!ok)
		fatal("jail", "%s", what);
}

/* Bind mounts take their flags only in a second step. */
static void
bind(const char *from, const char *to, unsigned long flags)
{
	must(mount(from, to, NULL, MS_BIND, NULL) == 0, from);
	must(mount(NULL, to, NULL, MS_REMOUNT | MS_BIND | flags, NULL) == 0, to);
}

static void
make_dir(const char *root, const char *dir)
{
	char to[PATH_MAX];

	(void)snprintf(to, sizeof(to), "%s%s", root, dir);
	must(mkdir(to, 0755) == 0, to);
}

static void
library_dir(const char *root, const char *dir)
{
	char to[PATH_MAX], link[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (lstat(dir, &st) == -1) {
		must(errno == ENOENT, dir);
		return;
	}
	(void)snprintf(to, sizeof(to), "%s%s", root, dir);
	if (S_ISLNK(st.st_mode)) {
		must((n = readlink(dir, link, sizeof(link) - 1)) > 0, dir);
		link[n] = '\0';
		must(symlink(link, to) == 0, to);
		return;
	}
	must(mkdir(to, 0755) == 0, to);
	bind(dir, to, MS_RDONLY | MS_NOSUID | MS_NODEV);
}

static void
loader_cache(const char *root)
{
	char to[PATH_MAX];
	int fd;

	if (access("/etc/ld.so.cache", F_OK) == -1)
		return;
	(void)snprintf(to, sizeof(to), "%s/etc/ld.so.cache", root);
	fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	must(fd != -1, to);
	(void)close(fd);
	bind("/etc/ld.so.cache", to, MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC);
}

static void
state_dir(const char *root, const struct jail *j)
{
	char from[PATH_MAX], to[PATH_MAX];

	if (j->profile->state == PROFILE_STATE_NONE)
		return;
	(void)snprintf(from, sizeof(from), "%s/%s", j->options->state, j->profile->state_dir);
	(void)snprintf(to, sizeof(to), "%s" PROFILE_STATE_DIR, root);
	must(mkdir(to, 0700) == 0, to);
	bind(from, to, MS_NOSUID | MS_NODEV | MS_NOEXEC | (j->profile->state == PROFILE_STATE_READ ? MS_RDONLY : 0u));
}

/* For a process that talks to the world: whom the box trusts, and memory for files that are no files of the box. */
static void
network_dirs(const char *root, uid_t uid)
{
	char to[PATH_MAX], options[96];

	make_dir(root, "/etc/ssl");
	library_dir(root, "/etc/ssl/certs");
	(void)snprintf(to, sizeof(to), "%s" PROFILE_SCRATCH_DIR, root);
	(void)snprintf(options, sizeof(options), "size=256k,nr_inodes=32,mode=0700,uid=%u,gid=%u", uid, uid);
	must(mkdir(to, 0700) == 0 && mount("scratch", to, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) == 0, to);
}

static void
root_make(const struct jail *j)
{
	static const char *const libraries[] = { "/usr/lib", "/usr/lib64", "/lib", "/lib64" };
	char root[PATH_MAX];
	size_t i;

	(void)snprintf(root, sizeof(root), "%s/jail", j->options->run);
	must(mount("patronus", root, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=64k,nr_inodes=64,mode=0755") == 0, root);
	make_dir(root, "/usr");
	make_dir(root, "/etc");
	for (i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++)
		library_dir(root, libraries[i]);
	loader_cache(root);
	state_dir(root, j);
	if (j->profile->data_dir != NULL) {
		make_dir(root, "/usr/share");
		library_dir(root, j->profile->data_dir);
	}
	if (j->profile->has_network)
		network_dirs(root, profile_uid(j->profile));
#ifdef PATRONUS_SANITIZED
	make_dir(root, "/proc");
#endif
	must(chdir(root) == 0 && syscall(SYS_pivot_root, ".", ".") == 0 && umount2(".", MNT_DETACH) == 0 && chdir("/") == 0, "pivot_root");
#ifdef PATRONUS_SANITIZED
	must(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0, "/proc");
#endif
	must(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0, "/");
}

/* --- who it is --- */

static void
limits_set(const struct profile *p)
{
	const struct profile_limit *l;
	struct rlimit have, want;

	for (l = p->limits; l < p->limits + PROFILE_LIMITS && l->resource != -1; l++) {
#ifdef PATRONUS_SANITIZED
		if (l->resource == RLIMIT_AS)
			continue;	/* shadow memory */
#endif
		must(getrlimit(l->resource, &have) == 0, "getrlimit");
		want.rlim_max = have.rlim_max < l->value ? have.rlim_max : l->value;
		want.rlim_cur = want.rlim_max;
		must(setrlimit(l->resource, &want) == 0, "setrlimit");
	}
}

static void
identity_take(const struct profile *p)
{
	uid_t uid = profile_uid(p);
	gid_t groups[1] = { PATRONUS_UID_BASE + p->state_group };

	must(caps_lock(p->caps, p->ncaps) == 0, "capabilities");
	must(setgroups(p->state_group != 0 ? 1 : 0, groups) == 0, "setgroups");
	must(setresgid(uid, uid, uid) == 0 && setresuid(uid, uid, uid) == 0, "setresuid");
	must(caps_give(p->caps, p->ncaps) == 0, "capabilities");
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
	/* With its parent it ends, whatever happens to the spawner. */
	must(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0, "pdeathsig");
	must(p->ncaps > 0 || sandbox_seccomp_deny_bpf() == 0, "bpf");
	must(getuid() == uid && setuid(0) == -1, "still root");
}

/* The channel, the device that the row has (or nothing), the program; they may stand in each other's way: they are lifted above first. */
static void
descriptors_arrange(const struct jail *j, int device, int *ret_exe)
{
	int lifted[] = { fcntl(j->channel, F_DUPFD, LIFTED), fcntl(device, F_DUPFD, LIFTED), fcntl(j->exe, F_DUPFD, LIFTED) }, i;

	for (i = 0; i < 3; i++)
		must(lifted[i] == -1 ? i == 1 : dup2(lifted[i], CHANNEL_FD + i) == CHANNEL_FD + i, "dup");
	*ret_exe = CHANNEL_FD + 2;
	must(fcntl(*ret_exe, F_SETFD, FD_CLOEXEC) == 0 && syscall(SYS_close_range, CHANNEL_FD + 3, ~0u, 0) == 0, "close_range");
	if (lifted[1] == -1)
		(void)close(CHANNEL_FD + 1);
}

/* The kernel's name of this boot; there is no /proc where the process goes.  What cannot be read is no boot at all. */
static void
boot_read(char *ret, size_t size)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd != -1 ? read(fd, ret, size - 1) : -1;

	ret[n > 0 ? n - 1 : 0] = '\0';
}

void
jail_run(const struct jail *j)
{
	char name[32], boot[64] = "PATRONUS_BOOT=";
	char *envp[] = { "TZ=UTC0", "LC_ALL=C.UTF-8", boot, getenv("PATRONUS_DEBUG") != NULL ? "PATRONUS_DEBUG=1" : NULL, NULL };
	char *argv[] = { name, NULL };
	int exe, device = -1;

	if (j->profile->device != NULL)
		device = open(j->profile->device, (j->profile->device_is_dir ? O_PATH | O_DIRECTORY : O_RDWR) | O_CLOEXEC);

	boot_read(boot + strlen(boot), sizeof(boot) - strlen(boot));
	(void)snprintf(name, sizeof(name), "patronus-%s", j->profile->name);
	must(sethostname("localhost", 9) == 0, "sethostname");
	(void)umask(022);
	root_make(j);
	identity_take(j->profile);
	(void)umask(077);
	/* Only now: the directory is closed to everybody but its owner. */
	if (j->profile->state != PROFILE_STATE_NONE)
		must(chdir(PROFILE_STATE_DIR) == 0, PROFILE_STATE_DIR);
	descriptors_arrange(j, device, &exe);
	/*
	 * After the change of uid: before it, RLIMIT_NPROC 0 would let exec fail while another process has this uid.  After the descriptors of
	 * the spawner have gone: it may hold more of them than this row may.
	 */
	limits_set(j->profile);
	(void)fexecve(exe, argv, envp);
	fatal("jail", "%s", name);
}
