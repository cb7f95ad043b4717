/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every system call number, with hostile arguments, under the filter of every row (H5): what is not in the row kills, what is in it does
 * not.  Numbers of the foreign ABIs (32 bit, x32) never come back.
 */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/profile.h"
#include "sandbox/sandbox.h"

#define NUMBERS		1024
#define X32_BIT		0x40000000
#define SKIP		77

enum listed {
	LISTED_NO,
	LISTED_SOME,	/* by its arguments */
	LISTED_YES,
};

static enum listed
is_listed(const struct profile *p, int nr)
{
	enum listed found = LISTED_NO;
	size_t i, k;

	for (i = 0; i < PROFILE_CALL_SETS && p->calls[i] != NULL; i++)
		for (k = 0; k < p->calls[i]->n; k++) {
			if (p->calls[i]->calls[k].nr != nr)
				continue;
			if (p->calls[i]->calls[k].cmp[0].op == PROFILE_CMP_NONE)
				return LISTED_YES;
			found = LISTED_SOME;
		}
	return found;
}

static long
call_32bit(long nr)
{
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(nr), "b"(-1L), "c"(-1L), "d"(-1L), "S"(-1L), "D"(-1L) : "memory", "r8", "r9",
	    "r10", "r11");
	return ret;
}

/* uretprobe and uprobe: the kernel itself lets them past every filter, and refuses them outside its own trampolines. */
static bool
is_past_filters(int nr)
{
	return nr == 335 || nr == 336;
}

/* The wait status of a process that makes the call and ends with 0. */
static int
attempt(const struct profile *p, long nr, bool is_32bit)
{
	struct rlimit none = { 0, 0 };
	int status = -1;
	pid_t pid = fork();

	if (pid == -1)
		return -1;
	if (pid == 0) {
		(void)setrlimit(RLIMIT_CORE, &none);
		(void)alarm(5);
		if (sandbox_seccomp(p->name) != 0)
			_exit(99);
		if (is_32bit)
			(void)call_32bit(nr);
		else
			(void)syscall(nr, -1L, -1L, -1L, -1L, -1L, -1L);
		(void)syscall(SYS_exit_group, 0);
	}
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	return status;
}

static bool
is_killed(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static unsigned
row_try(const struct profile *p, unsigned foreign_step)
{
	unsigned failures = 0, allowed = 0;
	int nr, status;

	for (nr = 0; nr < NUMBERS; nr++) {
		status = attempt(p, nr, false);
		if (is_past_filters(nr))
			continue;
		allowed += !is_killed(status);
		if (status == -1 || (WIFEXITED(status) && WEXITSTATUS(status) == 99) ||
		    (is_listed(p, nr) == LISTED_NO && !is_killed(status)) || (is_listed(p, nr) == LISTED_YES && is_killed(status))) {
			failures++;
			(void)printf("FAIL %s: call %d: status %x\n", p->name, nr, (unsigned)status);
		}
	}
	for (nr = 0; nr < NUMBERS; nr += (int)foreign_step) {
		/* A kernel without that ABI ends it with another signal: it does not come back either. */
		status = attempt(p, nr, true);
		if (!WIFSIGNALED(status)) {
			failures++;
			(void)printf("FAIL %s: 32 bit call %d: status %x\n", p->name, nr, (unsigned)status);
		}
		status = attempt(p, X32_BIT | nr, false);
		if (!is_killed(status)) {
			failures++;
			(void)printf("FAIL %s: x32 call %d: status %x\n", p->name, nr, (unsigned)status);
		}
	}
	(void)printf("%s %s: %d numbers, %u of them come back\n", failures == 0 ? "ok  " : "FAIL", p->name, NUMBERS, allowed);
	return failures;
}

int
main(void)
{
	const struct profile *p;
	unsigned failures = 0;
	size_t n, i;

#ifdef PATRONUS_SANITIZED
	(void)printf("a sanitized build has no filter to test\n");
	return SKIP;
#endif
	p = profiles_all(&n);
	(void)fflush(stdout);
	for (i = 0; i < n; i++) {
		failures += row_try(&p[i], 16);
		(void)fflush(stdout);
	}
	return failures == 0 ? 0 : 1;
}
