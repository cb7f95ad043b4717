/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stops a process at its system calls, counted one by one: a killer more exact than any timer.
 *
 *	killat trace PID		one line for each system call that is entered: its name
 *	killat kill PID NAME K		at the entry of the K-th NAME it says "stopped", waits for a line, and kills
 *	killat fail PID NAME K ERRNO	the K-th NAME is not made and fails with that errno; it says "failed"
 *
 * It says "ready" when the process is watched.  SIGTERM ends the watch, and the process goes on.  A stop at the entry comes before seccomp
 * looks (Linux 4.8 and later); a process that is killed there has not made the call.
 */
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <seccomp.h>

#define SYSCALL_STOP	(SIGTRAP | 0x80)

static struct {
	pid_t		 pid;
	int		 number;	/* -1: all are told */
	unsigned long	 left;		/* entries of it until the end */
	int		 error;		/* not 0: the call fails with it instead */
	bool		 is_failing;	/* between entry and exit of that call */
	unsigned long long asked;	/* its first argument */
} job;

static void
say(const char *text)
{
	printf("%s\n", text);
	(void)fflush(stdout);
}

static void
tell(int number)
{
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);

	printf("%s\n", name != NULL ? name : "?");
	free(name);
}

/*
 * A harmless call that every filter allows takes its place; what it returns is replaced when it comes back.  But brk() never returns an errno:
 * it fails by telling the break that is (mm/mmap.c), as it does when asked for break 0.
 */
static void
fail_enter(void)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, job.pid, NULL, &regs) == -1)
		err(1, "registers");
	job.asked = regs.rdi;
	if (job.number == SYS_brk)
		regs.rdi = 0;
	else
		regs.orig_rax = SYS_getpid;
	if (ptrace(PTRACE_SETREGS, job.pid, NULL, &regs) == -1)
		err(1, "registers");
	job.is_failing = true;
}

static void
fail_leave(void)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, job.pid, NULL, &regs) == -1)
		err(1, "registers");
	if (job.number == SYS_brk)
		regs.rdi = job.asked;
	else
		regs.rax = (unsigned long)-(long)job.error;
	if (ptrace(PTRACE_SETREGS, job.pid, NULL, &regs) == -1)
		err(1, "registers");
	job.is_failing = false;
	say("failed");
}

static void
kill_when_told(void)
{
	char line[16];

	say("stopped");
	if (fgets(line, sizeof(line), stdin) == NULL)
		exit(0);	/* nobody wants it any more: the kernel lets it go on */
	if (kill(job.pid, SIGKILL) == -1)
		err(1, "kill");
	say("killed");
	exit(0);
}

/* An event of the process, which is stopped.  The signal that it goes on with. */
static int
on_stop(int status)
{
	struct __ptrace_syscall_info info;

	if (WSTOPSIG(status) != SYSCALL_STOP)
		return status >> 16 != 0 ? 0 : WSTOPSIG(status);
	if (ptrace(PTRACE_GET_SYSCALL_INFO, job.pid, sizeof(info), &info) <= 0)
		return 0;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT && job.is_failing)
		fail_leave();
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return 0;
	if (job.number == -1)
		tell((int)info.entry.nr);
	else if ((int)info.entry.nr == job.number && job.left > 0 && --job.left == 0) {
		if (job.error != 0)
			fail_enter();
		else
			kill_when_told();
	}
	return 0;
}

static void
on_child(void)
{
	int status;

	while (waitpid(job.pid, &status, WNOHANG | __WALL) > 0) {
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			say("ended");
			exit(0);
		}
		if (ptrace(PTRACE_SYSCALL, job.pid, NULL, (void *)(intptr_t)on_stop(status)) == -1 && errno != ESRCH)
			err(1, "ptrace");
	}
}

static void
attach(void)
{
	if (ptrace(PTRACE_SEIZE, job.pid, NULL, PTRACE_O_TRACESYSGOOD) == -1 || ptrace(PTRACE_INTERRUPT, job.pid, NULL, NULL) == -1)
		err(1, "process %d", (int)job.pid);
}

int
main(int argc, char **argv)
{
	sigset_t set;
	int sig;

	if (!(argc == 3 && strcmp(argv[1], "trace") == 0) && !(argc == 5 && strcmp(argv[1], "kill") == 0) &&
	    !(argc == 6 && strcmp(argv[1], "fail") == 0))
		errx(2, "usage: killat trace PID | killat kill PID NAME K | killat fail PID NAME K ERRNO");
	job.pid = (pid_t)strtol(argv[2], NULL, 10);
	job.number = argc > 3 ? seccomp_syscall_resolve_name(argv[3]) : -1;
	job.left = argc > 3 ? strtoul(argv[4], NULL, 10) : 0;
	job.error = argc == 6 ? (int)strtol(argv[5], NULL, 10) : 0;
	if (job.pid <= 1 || (argc > 3 && (job.number < 0 || job.left == 0)) || (argc == 6 && job.error <= 0))
		errx(2, "no such process or system call");
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	attach();
	say("ready");
	while (sigwait(&set, &sig) == 0 && sig != SIGTERM)
		on_child();
	return 0;
}
