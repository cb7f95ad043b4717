/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stops a process at its system calls, counted one by one: a killer more exact than any timer.
 *
 *	killat trace PID [PROGRAM]			one line for each system call that is entered: its name
 *	killat kill PID NAME K				at the entry of the K-th NAME it says "stopped", waits for a line, and kills
 *	killat stop PID NAME K [PROGRAM]		there it gets SIGSTOP; "stopped" and its pid, and that is all
 *	killat fail PID NAME K ERRNO [PROGRAM]		the K-th NAME is not made and fails with that errno; it says "failed" and the object
 *							whose code asked
 *
 * With a PROGRAM the calls are not those of PID but of what runs that program: PID itself once it has become it, threads, and the processes
 * that PID makes by clone() (the spawner's; not by fork()), from their first call on.  A child of the spawner runs the spawner's program
 * until it has become another: those are the calls that make its jail.
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
#define TRACEES		64

static struct {
	pid_t		 pid;
	const char	*program;	/* NULL: whatever PID runs */
	int		 number;	/* -1: all are told */
	unsigned long	 left;		/* entries of it until the end */
	int		 error;		/* not 0: the call fails with it instead */
	bool		 is_stop;	/* the process stands there, and nobody waits for a word */
	pid_t		 failing;	/* who is between entry and exit of that call, or 0 */
	unsigned long long asked;	/* its first argument */
} job;

static struct tracee {
	pid_t		 pid;		/* 0: free */
	bool		 is_watched;
} tracees[TRACEES];

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
fail_enter(pid_t pid)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) == -1)
		err(1, "registers");
	job.asked = regs.rdi;
	if (job.number == SYS_brk)
		regs.rdi = 0;
	else
		regs.orig_rax = SYS_getpid;
	if (ptrace(PTRACE_SETREGS, pid, NULL, &regs) == -1)
		err(1, "registers");
	job.failing = pid;
}

/* The object whose code the process stands in, as its name without directories; "?" if there is none. */
static void
tell_object(pid_t pid, unsigned long long at)
{
	char path[64], line[4096], *end, *name = NULL;
	unsigned long long from, to;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	f = fopen(path, "re");
	while (f != NULL && name == NULL && fgets(line, sizeof(line), f) != NULL) {
		from = strtoull(line, &end, 16);
		to = *end == '-' ? strtoull(end + 1, NULL, 16) : 0;
		if (from <= at && at < to)
			name = strrchr(line, '/') != NULL ? strrchr(line, '/') + 1 : NULL;
	}
	if (name != NULL)
		name[strcspn(name, "\n")] = '\0';
	printf("failed %s\n", name != NULL ? name : "?");
	(void)fflush(stdout);
	if (f != NULL)
		(void)fclose(f);
}

static void
fail_leave(pid_t pid)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) == -1)
		err(1, "registers");
	if (job.number == SYS_brk)
		regs.rdi = job.asked;
	else
		regs.rax = (unsigned long)-(long)job.error;
	if (ptrace(PTRACE_SETREGS, pid, NULL, &regs) == -1)
		err(1, "registers");
	job.failing = 0;
	tell_object(pid, regs.rip);
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

static void
stop(pid_t pid)
{
	if (kill(pid, SIGSTOP) == -1)
		err(1, "stop");
	printf("stopped %d\n", (int)pid);
	(void)fflush(stdout);
	exit(0);	/* the kernel lets go, and the signal arrives */
}

/* An event of a process, which is stopped.  The signal that it goes on with. */
static int
on_stop(const struct tracee *t, int status)
{
	struct __ptrace_syscall_info info;

	if (WSTOPSIG(status) != SYSCALL_STOP)
		return status >> 16 != 0 ? 0 : WSTOPSIG(status);
	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, sizeof(info), &info) <= 0)
		return 0;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT && job.failing == t->pid)
		fail_leave(t->pid);
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY || !t->is_watched)
		return 0;
	if (job.number == -1)
		tell((int)info.entry.nr);
	else if ((int)info.entry.nr == job.number && job.left > 0 && --job.left == 0) {
		if (job.error != 0)
			fail_enter(t->pid);
		else if (job.is_stop)
			stop(t->pid);
		else
			kill_when_told();
	}
	return 0;
}

static bool
runs_program(pid_t pid)
{
	char path[64], target[4096];
	const char *name;
	ssize_t n;

	if (job.program == NULL)
		return pid == job.pid;
	(void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	name = strrchr(target, '/');
	return name != NULL && strcmp(name + 1, job.program) == 0;
}

static struct tracee *
tracee_add(pid_t pid)
{
	struct tracee *t;

	for (t = tracees; t < tracees + TRACEES && t->pid != 0; t++)
		continue;
	if (t == tracees + TRACEES)
		errx(1, "too many processes");
	*t = (struct tracee){ .pid = pid, .is_watched = (job.program == NULL || pid != job.pid) && runs_program(pid) };
	return t;
}

static struct tracee *
tracee_of(pid_t pid)
{
	struct tracee *t;

	for (t = tracees; t < tracees + TRACEES; t++)
		if (t->pid == pid)
			return t;
	return tracee_add(pid);
}

/*
 * Who faults is let go, and faults again: a traced process that is the first of its namespace is not ended by that (force_sig_info_to_task() in
 * kernel/signal.c), and would do it for ever.
 */
static bool
let_go(struct tracee *t, int status)
{
	const int sig = WSTOPSIG(status);

	if (status >> 16 != 0 || (sig != SIGSEGV && sig != SIGBUS && sig != SIGILL && sig != SIGFPE))
		return false;
	(void)ptrace(PTRACE_DETACH, t->pid, NULL, NULL);
	t->pid = 0;
	return true;
}

static void
on_child(void)
{
	struct tracee *t;
	int status, sig;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
		t = tracee_of(pid);
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			t->pid = 0;
			if (pid != job.pid)
				continue;
			say("ended");
			exit(0);
		}
		if (let_go(t, status))
			continue;
		if (status >> 16 == PTRACE_EVENT_EXEC)
			t->is_watched = runs_program(pid);
		sig = on_stop(t, status);
		if (ptrace(t->is_watched ? PTRACE_SYSCALL : PTRACE_CONT, pid, NULL, (void *)(intptr_t)sig) == -1 && errno != ESRCH)
			err(1, "ptrace");
	}
}

static void
attach(void)
{
	const intptr_t options = PTRACE_O_TRACESYSGOOD | (job.program != NULL ? PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC : 0);

	if (ptrace(PTRACE_SEIZE, job.pid, NULL, (void *)options) == -1 || ptrace(PTRACE_INTERRUPT, job.pid, NULL, NULL) == -1)
		err(1, "process %d", (int)job.pid);
}

int
main(int argc, char **argv)
{
	bool is_trace, is_fail;
	sigset_t set;
	int sig;

	is_trace = argc >= 3 && argc <= 4 && strcmp(argv[1], "trace") == 0;
	is_fail = argc >= 6 && argc <= 7 && strcmp(argv[1], "fail") == 0;
	job.is_stop = argc >= 5 && argc <= 6 && strcmp(argv[1], "stop") == 0;
	if (!is_trace && !is_fail && !job.is_stop && !(argc == 5 && strcmp(argv[1], "kill") == 0))
		errx(2, "usage: killat trace PID [PROGRAM] | kill PID NAME K | stop PID NAME K [PROGRAM] | fail PID NAME K ERRNO [PROGRAM]");
	job.pid = (pid_t)strtol(argv[2], NULL, 10);
	job.number = is_trace ? -1 : seccomp_syscall_resolve_name(argv[3]);
	job.left = is_trace ? 0 : strtoul(argv[4], NULL, 10);
	job.error = is_fail ? (int)strtol(argv[5], NULL, 10) : 0;
	job.program = is_trace ? argv[3] : is_fail ? argv[6] : job.is_stop ? argv[5] : NULL;
	if (job.pid <= 1 || (!is_trace && (job.number < 0 || job.left == 0)) || (is_fail && job.error <= 0))
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
