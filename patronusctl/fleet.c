/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "ctl.h"
#include "exit.h"
#include "fleet.h"
#include "term.h"

#define PIPES_EACH	2	/* standard output and error */

struct member {
	pid_t		 pid;
	int		 fd[PIPES_EACH];
	struct buf	 text[PIPES_EACH];
	int		 code;
};

static struct member	members[HOSTS_MAX];

static void
member_run(struct ctl *c, unsigned n, int fds[PIPES_EACH][2])
{
	int i, code;

	for (i = 0; i < PIPES_EACH; i++)
		if (dup2(fds[i][1], i == 0 ? STDOUT_FILENO : STDERR_FILENO) == -1)
			_exit(EXIT_FAILED);
	c->hosts[0] = c->hosts[n];
	c->nhosts = 1;
	term_init("never");
	code = c->command->run(c);
	(void)fflush(stdout);
	_exit(code);
}

static int
member_start(struct ctl *c, unsigned n)
{
	struct member *m = &members[n];
	int fds[PIPES_EACH][2], i;

	for (i = 0; i < PIPES_EACH; i++) {
		if (pipe(fds[i]) == -1)
			return -1;
		buf_init(&m->text[i], 0);
	}
	(void)fflush(stdout);
	if ((m->pid = fork()) == 0)
		member_run(c, n, fds);
	for (i = 0; i < PIPES_EACH; i++) {
		(void)close(fds[i][1]);
		m->fd[i] = fds[i][0];
	}
	return m->pid == -1 ? -1 : 0;
}

/* Whole lines with the name before them; what is left waits, unless it is the end. */
static void
lines_print(const char *name, struct buf *b, FILE *to, bool is_end)
{
	char *start = (char *)b->data, *end, *last = start + b->len;

	while (start < last && (end = memchr(start, '\n', (size_t)(last - start))) != NULL) {
		fprintf(to, "%s%s:%s %.*s\n", term_bold(), name, term_plain(), (int)(end - start), start);
		start = end + 1;
	}
	if (is_end && start < last)
		fprintf(to, "%s%s:%s %.*s\n", term_bold(), name, term_plain(), (int)(last - start), start);
	if (start > (char *)b->data)
		memmove(b->data, start, (size_t)(last - start));
	b->len = is_end ? 0 : (size_t)(last - start);
	(void)fflush(to);
}

static void
member_read(const struct ctl *c, unsigned n, int which)
{
	struct member *m = &members[n];
	char piece[65536];
	ssize_t len = read(m->fd[which], piece, sizeof(piece));

	if (len == -1 && errno == EINTR)
		return;
	if (len > 0)
		buf_put(&m->text[which], piece, (size_t)len);
	lines_print(c->hosts[n], &m->text[which], which == 0 ? stdout : stderr, len <= 0);
	if (len <= 0) {
		(void)close(m->fd[which]);
		m->fd[which] = -1;
		buf_fini(&m->text[which]);
	}
}

static void
members_read(const struct ctl *c)
{
	struct pollfd p[HOSTS_MAX * PIPES_EACH];
	unsigned i, open = 1;

	while (open > 0) {
		open = 0;
		for (i = 0; i < c->nhosts * PIPES_EACH; i++) {
			p[i] = (struct pollfd){ .fd = members[i / PIPES_EACH].fd[i % PIPES_EACH], .events = POLLIN };
			open += p[i].fd != -1;
		}
		if (open == 0 || (poll(p, c->nhosts * PIPES_EACH, -1) == -1 && errno != EINTR))
			return;
		for (i = 0; i < c->nhosts * PIPES_EACH; i++)
			if (p[i].fd != -1 && p[i].revents != 0)
				member_read(c, i / PIPES_EACH, (int)(i % PIPES_EACH));
	}
}

int
fleet_run(struct ctl *c)
{
	unsigned i;
	int status, code = -1;

	for (i = 0; i < c->nhosts; i++)
		if (member_start(c, i) != 0) {
			fprintf(stderr, "patronusctl: %s\n", strerror(errno));
			return EXIT_FAILED;
		}
	members_read(c);
	for (i = 0; i < c->nhosts; i++) {
		while (waitpid(members[i].pid, &status, 0) == -1 && errno == EINTR)
			continue;
		members[i].code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
		code = i == 0 || code == members[i].code ? members[i].code : EXIT_PARTIAL;
	}
	return code;
}
