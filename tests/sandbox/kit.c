/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The self-attack kit.  For each row of the profile table and each act: a process is made by the real spawner, confines itself as the real
 * daemons do, and tries.  It must not succeed.  Needs root.
 *
 *	kit LIBEXEC	where patronus-NAME are copies of patronus-evil
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "evil.h"
#include "ipc/frame.h"
#include "ipc/ids.h"
#include "options.h"
#include "processes.h"
#include "sandbox/profile.h"
#include "spawner.h"

#define SKIP		77
#define WAIT_MS		5000

struct result {
	int64_t	value;
	int32_t	error;
};

struct outcome {
	bool	is_killed;	/* by the kernel, which the parent sees */
	int	error;		/* otherwise: refused with this */
	bool	is_success;
	int	status;
};

static struct options	options;
static uint64_t		start_us, nstarts;

static int
row_of(uint8_t role)
{
	size_t i;

	for (i = 0; i < nprocesses; i++)
		if (processes[i].role == role)
			return (int)i;
	return -1;
}

static void
attempt(unsigned row, uint16_t act, struct outcome *ret)
{
	struct pollfd p = { .events = POLLIN };
	struct result r;
	uint64_t t0 = clock_mono_us();
	ssize_t n;
	int fds[2];
	pid_t pid;

	memset(ret, 0, sizeof(*ret));
	if (frame_pair(fds) != 0)
		exit(2);
	pid = spawner_spawn(row, fds[1]);
	(void)close(fds[1]);
	if (pid < 0) {
		(void)fprintf(stderr, "kit: row %u: %s\n", row, strerror(-pid));
		exit(2);
	}
	start_us += clock_mono_us() - t0;
	nstarts++;
	p.fd = fds[0];
	(void)send(fds[0], &act, sizeof(act), MSG_NOSIGNAL);
	(void)poll(&p, 1, WAIT_MS);
	n = recv(fds[0], &r, sizeof(r), MSG_DONTWAIT);
	(void)spawner_kill(row);
	(void)close(fds[0]);
	while (waitpid(pid, &ret->status, 0) == -1 && errno == EINTR)
		continue;
	if (n == (ssize_t)sizeof(r)) {
		ret->is_success = r.value != -1;
		ret->error = r.error;
	} else
		ret->is_killed = WIFSIGNALED(ret->status) && WTERMSIG(ret->status) == SIGSYS;
}

static void
dirs_make(const char *base)
{
	const struct profile *p;
	char path[512];
	size_t n, i;

	(void)mkdir(options.state, 0755);
	(void)mkdir(options.run, 0755);
	(void)snprintf(path, sizeof(path), "%s/run/jail", base);
	(void)mkdir(path, 0700);
	p = profiles_all(&n);
	for (i = 0; i < n; i++) {
		if (p[i].state_dir == NULL)
			continue;
		(void)snprintf(path, sizeof(path), "%s/state/%s", base, p[i].state_dir);
		(void)mkdir(path, 0750);
		if (p[i].state == PROFILE_STATE_WRITE && chown(path, profile_uid(&p[i]), profile_uid(&p[i])) == -1)
			exit(2);
	}
}

/* Nothing was left in them: no act works. */
static void
dirs_remove(const char *base)
{
	static const char *const dirs[] = { "state/conf", "state/auth", "state/log", "state", "run/jail", "run", "" };
	char path[512];
	size_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", base, dirs[i]);
		if (rmdir(path) == -1)
			(void)fprintf(stderr, "kit: %s: %s\n", path, strerror(errno));
	}
}

static unsigned
row_attack(const struct profile *p)
{
	struct outcome o;
	unsigned failures = 0, killed = 0, refused = 0, granted = 0;
	int row = row_of(p->role);
	size_t i;

	/* The table of profiles and the table of processes are tied: a row without the other is a failure, not a gap. */
	if (row == -1) {
		(void)printf("FAIL %s: in the profile table, but not a process\n", p->name);
		return 1;
	}
	for (i = 0; i < evil_nacts; i++) {
		attempt((unsigned)row, (uint16_t)i, &o);
		if (o.is_killed)
			killed++;
		else if (!o.is_success && o.error != 0)
			refused++;
		else if (o.is_success && ((p->has_network && evil_acts[i].is_for_network) || (p->ncaps > 0 && evil_acts[i].is_for_bpf)))
			granted++;
		else {
			failures++;
			(void)printf("FAIL %s: %s %s: %s (status %x)\n", p->name, evil_acts[i].id, evil_acts[i].name,
			    o.is_success ? "it worked" : "no verdict", (unsigned)o.status);
		}
		/* A process without files or libraries to load has no reason to be answered at all. */
		if (!o.is_killed && !o.is_success && p->state == PROFILE_STATE_NONE && !p->has_network && p->ncaps == 0) {
			failures++;
			(void)printf("FAIL %s: %s %s: refused with %s, but not killed\n", p->name, evil_acts[i].id, evil_acts[i].name,
			    strerror(o.error));
		}
	}
	(void)printf("%s %s: %zu acts: %u killed by the kernel, %u refused, %u its own business, %u failures\n", failures == 0 ? "ok  " : "FAIL",
	    p->name, evil_nacts, killed, refused, granted, failures);
	return failures;
}

int
main(int argc, char **argv)
{
	char base[] = "/tmp/patronus-kit-XXXXXX", state[64], run[64];
	const struct profile *p;
	unsigned failures = 0;
	size_t n, i;

	if (geteuid() != 0)
		return SKIP;
	if (argc != 2 || mkdtemp(base) == NULL)
		return 2;
	(void)chmod(base, 0755);
	(void)snprintf(state, sizeof(state), "%s/state", base);
	(void)snprintf(run, sizeof(run), "%s/run", base);
	options = (struct options){ .state = state, .run = run, .libexec = argv[1], .etc = "/etc" };
	dirs_make(base);
	log_init("kit", LOG_LEVEL_WARN);
	if (spawner_start(&options) != 0)
		return 2;
	p = profiles_all(&n);
	for (i = 0; i < n; i++)
		failures += row_attack(&p[i]);
	for (i = 0; i < nprocesses; i++)
		if (profile_by_role(processes[i].role) == NULL) {
			failures++;
			(void)printf("FAIL %s: a process without a profile\n", role_name(processes[i].role));
		}
	(void)printf("%llu processes made, %llu us each until the spawner's answer\n", (unsigned long long)nstarts,
	    (unsigned long long)(start_us / (nstarts > 0 ? nstarts : 1)));
	dirs_remove(base);
	return failures == 0 ? 0 : 1;
}
