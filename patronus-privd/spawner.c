/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "ipc/ids.h"
#include "ipc/patience.h"
#include "net/check.h"
#include "sandbox/caps.h"
#include "sandbox/profile.h"
#include "sandbox/sandbox.h"
#include "jail.h"
#include "options.h"
#include "processes.h"
#include "spawner.h"

enum verb {
	VERB_INVALID = 0,
	VERB_SPAWN,
	VERB_KILL,
	VERB_FACTS,
	VERB_HOSTNAME,
};

#define REPLY_TIMEOUT_MS	5000
#define TRIES			10	/* of privd, which has others to serve */

/* Both ends are the same binary, forked from each other: here a struct may cross. */
struct order {
	uint32_t	number;		/* an answer that comes too late is known by it */
	uint8_t		verb;
	uint8_t		row;
	char		text[66];	/* VERB_HOSTNAME */
};

struct answer {
	uint32_t		number;
	int32_t			value;	/* pid or -errno */
	struct spawner_facts	facts;
};

static struct {
	int	fd;
	pid_t	pid;
} link_ = { -1, -1 };

static struct {
	const struct options	*options;
	int			 exe[PROCESSES_MAX];
	int			 pidfd[PROCESSES_MAX];
	pid_t			 pid[PROCESSES_MAX];
} self;

/* --- the spawner's side --- */

static void
row_forget(unsigned row)
{
	if (self.pidfd[row] != -1)
		(void)close(self.pidfd[row]);
	self.pidfd[row] = -1;
	self.pid[row] = -1;
}

/* Opened at the start, so that all are of one version; what could not be opened then is tried again when it is to be started. */
static int
program(unsigned row)
{
	char path[PATH_MAX];

	if (self.exe[row] < 0) {
		(void)snprintf(path, sizeof(path), "%s/patronus-%s", self.options->libexec, profile_by_role(processes[row].role)->name);
		self.exe[row] = open(path, O_RDONLY | O_CLOEXEC);
		self.exe[row] = self.exe[row] == -1 ? -errno : self.exe[row];
		if (self.exe[row] < 0)
			log_warnx("spawner", "%s: %s", path, strerror(-self.exe[row]));
	}
	return self.exe[row];
}

static pid_t
row_spawn(unsigned row, int channel)
{
	struct jail j = { self.options, profile_by_role(processes[row].role), program(row), channel };
	int pidfd = -1;
	long pid;

	if (j.exe < 0)
		return j.exe;
	row_forget(row);
	pid = syscall(SYS_clone, jail_namespaces(j.profile) | CLONE_PARENT | CLONE_PIDFD, NULL, &pidfd, NULL, NULL);
	if (pid == -1)
		return -errno;
	if (pid == 0)
		jail_run(&j);
	self.pidfd[row] = pidfd;
	self.pid[row] = (pid_t)pid;
	return (pid_t)pid;
}

static int
row_kill(unsigned row)
{
	/* By descriptor: the number may be somebody else's by now. */
	if (self.pidfd[row] == -1 || syscall(SYS_pidfd_send_signal, self.pidfd[row], SIGKILL, NULL, 0) == -1)
		return self.pidfd[row] == -1 ? -ESRCH : -errno;
	return 0;
}

/* The namespaces of a process that are not ours, as "net:4026532 ...". */
static void
namespaces_read(pid_t pid, char *ret, size_t size)
{
	static const char *const kinds[] = { "net", "ipc", "uts", "pid", "mnt" };
	char path[64], theirs[64], ours[64];
	size_t i, at = 0;
	ssize_t n, k;
	int len;

	ret[0] = '\0';
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, kinds[i]);
		n = readlink(path, theirs, sizeof(theirs));
		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i]);
		k = readlink(path, ours, sizeof(ours));
		if (n <= 7 || n == (ssize_t)sizeof(theirs) || (n == k && memcmp(theirs, ours, (size_t)n) == 0))
			continue;
		/* "net:[4026532]" */
		len = snprintf(ret + at, size - at, "%s%s:%.*s", at > 0 ? " " : "", kinds[i], (int)n - 6, theirs + 5);
		if (len < 0 || (size_t)len >= size - at)
			break;
		at += (size_t)len;
	}
}

static uint32_t
pss_read(pid_t pid)
{
	char text[2048];
	const char *p = sandbox_proc_read(pid, "smaps_rollup", text, sizeof(text)) == 0 ? strstr(text, "\nPss:") : NULL;

	return p != NULL ? (uint32_t)strtoul(p + 5, NULL, 10) : 0;
}

static int
row_facts(unsigned row, struct spawner_facts *ret)
{
	if (self.pid[row] == -1)
		return -ESRCH;
	namespaces_read(self.pid[row], ret->namespaces, sizeof(ret->namespaces));
	ret->pss_kb = pss_read(self.pid[row]);
	return 0;
}

static int
order_carry_out(struct order *o, int channel, struct answer *a)
{
	o->text[sizeof(o->text) - 1] = '\0';
	if (o->verb == VERB_HOSTNAME)
		return !check_hostname(o->text) ? -EINVAL : sethostname(o->text, strlen(o->text)) == -1 ? -errno : 0;
	if (o->row >= nprocesses)
		return -EINVAL;
	switch (o->verb) {
	case VERB_SPAWN:
		return channel == -1 ? -EBADF : row_spawn(o->row, channel);
	case VERB_KILL:
		return row_kill(o->row);
	case VERB_FACTS:
		return row_facts(o->row, &a->facts);
	default:
		return -EINVAL;
	}
}

/* One order and at most one descriptor; false at the end. */
static bool
order_receive(int fd, struct order *ret, int *ret_channel)
{
	union {
		struct cmsghdr	align;
		char		space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { ret, sizeof(*ret) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof(control.space) };
	struct cmsghdr *c;
	ssize_t n;

	n = patience_recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	*ret_channel = -1;
	c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	if (c != NULL && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(ret_channel, CMSG_DATA(c), sizeof(int));
	return n == (ssize_t)sizeof(*ret);
}

static void
spawner_confine(void)
{
	static int keep[] = { CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_SYS_CHROOT, CAP_SYS_ADMIN, CAP_KILL, CAP_SYS_PTRACE,
	    CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN };	/* the last three for the row that has them */
	/* A container may withhold those of drivers: then there is no XDP, and all else as ever. */
	const unsigned n = caps_held(keep, sizeof(keep) / sizeof(keep[0]));
	int error;

	if (unshare(CLONE_NEWNS) == -1 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		fatal("spawner", "mount namespace");
	/* Setting no_new_privs here is harmless: nothing that it starts may gain privileges. */
	if ((error = caps_lock(keep, n)) != 0 || (error = caps_set(keep, n)) != 0 ||
	    (error = sandbox_seccomp_deny()) != 0)
		fatalx("spawner", "confinement: %s", strerror(-error));
}

static void __attribute__((noreturn))
spawner_main(int fd)
{
	struct order o;
	struct answer a;
	struct iovec iov = { &a, sizeof(a) };
	const struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	unsigned row;
	int channel;

	log_init("spawner", LOG_LEVEL_INFO);
	(void)prctl(PR_SET_NAME, "patronus-spawn", 0, 0, 0);
	spawner_confine();
	while (order_receive(fd, &o, &channel)) {
		memset(&a, 0, sizeof(a));
		a.number = o.number;
		a.value = order_carry_out(&o, channel, &a);
		if (channel != -1)
			(void)close(channel);
		if (patience_sendmsg(fd, &msg, 0) != 0)
			break;
	}
	/* privd is gone: so is everybody.  The kernel keeps the rules. */
	for (row = 0; row < nprocesses; row++)
		(void)row_kill(row);
	_exit(0);
}

/* --- privd's side --- */

int
spawner_start(const struct options *options)
{
	int fds[2];
	unsigned row;

	self.options = options;
	for (row = 0; row < PROCESSES_MAX; row++) {
		self.pidfd[row] = self.exe[row] = self.pid[row] = -1;
		if (row < nprocesses)
			(void)program(row);
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == -1)
		return -errno;
	link_.pid = fork();
	if (link_.pid == -1)
		return -errno;
	if (link_.pid == 0) {
		(void)close(fds[0]);
		spawner_main(fds[1]);
	}
	(void)close(fds[1]);
	link_.fd = fds[0];
	for (row = 0; row < PROCESSES_MAX; row++)
		if (self.exe[row] >= 0)
			(void)close(self.exe[row]);
	return 0;
}

pid_t
spawner_pid(void)
{
	return link_.pid;
}

static int
order_give(struct order *o, int channel, struct answer *ret)
{
	static uint32_t numbers;
	union {
		struct cmsghdr	align;
		char		space[CMSG_SPACE(sizeof(int))];
	} control = { .space = { 0 } };
	struct iovec iov = { o, sizeof(*o) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;
	int error;

	if (channel != -1) {
		msg.msg_control = control.space;
		msg.msg_controllen = sizeof(control.space);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &channel, sizeof(int));
	}
	o->number = ++numbers;
	error = patience_sendmsg(link_.fd, &msg, TRIES);
	while (error == 0 && (error = patience_recv(link_.fd, ret, sizeof(*ret), REPLY_TIMEOUT_MS)) == 0 && ret->number != o->number)
		continue;	/* it came too late */
	return error != 0 ? error : ret->value;
}

pid_t
spawner_spawn(unsigned row, int fd)
{
	struct order o = { .verb = VERB_SPAWN, .row = (uint8_t)row };
	struct answer a;

	return order_give(&o, fd, &a);
}

int
spawner_kill(unsigned row)
{
	struct order o = { .verb = VERB_KILL, .row = (uint8_t)row };
	struct answer a;

	return order_give(&o, -1, &a);
}

int
spawner_facts(unsigned row, struct spawner_facts *ret)
{
	struct order o = { .verb = VERB_FACTS, .row = (uint8_t)row };
	struct answer a;
	int error = order_give(&o, -1, &a);

	if (error == 0)
		*ret = a.facts;
	return error;
}

int
spawner_hostname(const char *name)
{
	struct order o = { .verb = VERB_HOSTNAME };
	struct answer a;

	if (str_copy(o.text, name, sizeof(o.text)) >= sizeof(o.text))
		return -EINVAL;
	return order_give(&o, -1, &a);
}
