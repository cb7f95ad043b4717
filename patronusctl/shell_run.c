/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "ctl.h"
#include "exit.h"
#include "filter.h"
#include "help.h"
#include "line.h"
#include "shell.h"

/* Ctrl-C since the prompt: while a command is being started the shell alone hears it. */
static volatile sig_atomic_t is_interrupted;

static void
on_interrupt(int number)
{
	(void)number;
	is_interrupted = 1;
}

void
shell_interrupts_take(void)
{
	struct sigaction act = { .sa_handler = on_interrupt, .sa_flags = SA_RESTART };

	(void)sigaction(SIGINT, &act, NULL);
}

void
shell_interrupts_forget(void)
{
	is_interrupted = 0;
}

/* fork() with SIGINT held back: it reaches the child by its default, however early it comes. */
static pid_t
fork_interruptible(void)
{
	sigset_t held, before;
	pid_t pid;

	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &held, &before);
	pid = fork();
	if (pid == 0)
		(void)signal(SIGINT, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid > 0 && is_interrupted)
		(void)kill(pid, SIGINT);
	return pid;
}

/* In the child: never returns. */
static void
child(const struct shell *sh, const char *const *words, int n, bool wants_json, int out)
{
	static struct ctl c;
	char *argv[LINE_WORDS + 2];
	int i, code = EXIT_USAGE;

	if (out != -1 && dup2(out, STDOUT_FILENO) == -1)
		_exit(EXIT_FAILED);
	argv[0] = (char *)(uintptr_t)"patronusctl";
	for (i = 0; i < n; i++)
		argv[i + 1] = (char *)(uintptr_t)words[i];
	argv[n + 1] = NULL;
	if (ctl_parse(&c, n + 1, argv) == 0) {
		ctl_inherit(&c, sh->ctl);
		if (wants_json)
			c.format = FORMAT_JSON;
		if (c.command == NULL)
			help_group(c.group, stdout);
		else if (c.wants_help)
			help_command(c.command, stdout);
		code = c.command == NULL ? EXIT_USAGE : c.wants_help ? EXIT_OK : c.command->run(&c);
	}
	(void)fflush(stdout);
	_exit(code);
}

static int
child_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return EXIT_FAILED;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
}

int
shell_run(struct shell *sh, const char *const *words, int n, const struct line *l)
{
	struct filters *fs = NULL;
	int fds[2] = { -1, -1 }, code;
	pid_t pid;

	if (n > LINE_WORDS || (l->nfilters > 0 && (fs = filters_new(l)) == NULL))
		return EXIT_USAGE;
	if (fs != NULL && pipe(fds) == -1) {
		filters_free(fs);
		return EXIT_FAILED;
	}
	(void)fflush(stdout);
	if ((pid = fork_interruptible()) == 0) {
		if (fds[0] != -1)
			(void)close(fds[0]);
		child(sh, words, n, filters_want_json(l), fds[1]);
	}
	if (fds[1] != -1)
		(void)close(fds[1]);
	if (pid == -1)
		fprintf(stderr, "patronusctl: %s\n", strerror(errno));
	else if (fs != NULL)
		filters_run(fs, fds[0]);
	code = pid == -1 ? EXIT_FAILED : child_wait(pid);
	filters_free(fs);
	return code;
}
