/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "ipc/ids.h"
#include "sandbox/profile.h"
#include "sandbox/sandbox.h"
#include "child.h"
#include "report.h"
#include "spawner.h"

#define HELLO_TIMEOUT_US	10000000ull
#define HELPER_TIMEOUT_US	15000000ull
#define SETTLED_US		2000000ull	/* one that lived this long starts again at once when it dies */
#define BACKOFF_FIRST_US	100000ull
#define BACKOFF_MAX_US		30000000ull
#define STOP_POLL_US		10000
#define STOP_POLLS		100

struct child	children[PROCESSES_MAX];
uint64_t	children_since_us;

void
children_init(void)
{
	unsigned i;

	children_since_us = clock_mono_us();
	for (i = 0; i < PROCESSES_MAX; i++) {
		children[i].row = i;
		children[i].peer.fd = -1;
		children[i].start_at_us = UINT64_MAX;
		if (i >= nprocesses)
			continue;
		children[i].role = processes[i].role;
		if (!processes[i].is_helper)
			children[i].start_at_us = 0;
	}
}

struct child *
child_ready(uint8_t role)
{
	unsigned i;

	for (i = 0; i < nprocesses; i++)
		if (children[i].role == role && children[i].pid != 0 && children[i].peer.fd != -1 && children[i].peer.is_ready)
			return &children[i];
	return NULL;
}

static void
event_tell(const struct child *c, const char *state, const char *reason)
{
	struct proc_event_req e = { .name = role_name(c->role), .state = state, .reason = reason };
	struct child *confd = child_ready(ROLE_CONFD);

	if (confd != NULL && confd != c && !processes[c->row].is_helper)
		(void)peer_notify(&confd->peer, MSG_PROC_EVENT, &e, -1);
}

/* --- starting --- */

static uint64_t
backoff_us(uint32_t failures)
{
	uint64_t us;

	if (failures == 0)
		return 0;
	us = failures > 20 ? BACKOFF_MAX_US : BACKOFF_FIRST_US << (failures - 1);
	return us < BACKOFF_MAX_US ? us : BACKOFF_MAX_US;
}

/* *ret_fd is the other end of its descriptor 3. */
static int
child_start(struct child *c, int *ret_fd)
{
	int fds[2], error;
	pid_t pid;

	error = frame_pair(fds);
	if (error != 0)
		return error;
	pid = spawner_spawn(c->row, fds[1]);
	(void)close(fds[1]);
	if (pid < 0) {
		(void)close(fds[0]);
		return pid;
	}
	c->pid = pid;
	c->started_us = clock_mono_us();
	c->start_at_us = UINT64_MAX;
	c->killed_for = NULL;
	*ret_fd = fds[0];
	log_debug("child", "%s: started, pid %d", role_name(c->role), (int)pid);
	return 0;
}

static void
child_start_due(struct child *c, uint64_t now_us)
{
	int fd, error = child_start(c, &fd);

	if (error == 0) {
		peer_init(&c->peer, fd, c->role, c);
		return;
	}
	c->start_at_us = UINT64_MAX;
	if (error == -ENOENT) {
		c->is_missing = true;
		return;
	}
	c->start_at_us = now_us + backoff_us(++c->failures);
	log_errx("child", "%s: cannot be started: %s", role_name(c->role), strerror(-error));
}

/* A process that did not say hello in time, or a helper that does not end: when is that? */
static uint64_t
child_limit_us(const struct child *c)
{
	if (c->pid == 0 || c->killed_for != NULL)
		return UINT64_MAX;
	if (processes[c->row].is_helper)
		return c->started_us + HELPER_TIMEOUT_US;
	return c->peer.fd != -1 && !c->peer.is_ready ? c->started_us + HELLO_TIMEOUT_US : UINT64_MAX;
}

void
children_tick(uint64_t now_us, uint64_t *deadline_us)
{
	struct child *c;
	uint64_t limit_us;

	for (c = children; c < children + nprocesses; c++) {
		if (c->start_at_us <= now_us)
			child_start_due(c, now_us);
		limit_us = child_limit_us(c);
		if (limit_us <= now_us) {
			child_violation(c, processes[c->row].is_helper ? "does not end" : "no hello");
			continue;
		}
		if (c->start_at_us < *deadline_us)
			*deadline_us = c->start_at_us;
		if (limit_us < *deadline_us)
			*deadline_us = limit_us;
	}
}

/* --- ending --- */

void
child_violation(struct child *c, const char *why)
{
	log_errx("child", "%s (pid %d) broke the rules: %s; it is killed", role_name(c->role), (int)c->pid, why);
	report_audit("violation", role_name(c->role), "killed", why);
	c->killed_for = why;
	child_hangup(c);
}

void
child_hangup(struct child *c)
{
	int error;

	peer_fini(&c->peer);
	error = c->pid != 0 ? spawner_kill(c->row) : 0;
	if (error != 0 && error != -ESRCH)	/* the second has ended already */
		log_errx("child", "%s cannot be killed: %s", role_name(c->role), strerror(-error));
}

static const char *
exit_describe(struct child *c, int status)
{
	if (c->killed_for != NULL)
		(void)snprintf(c->last_exit, sizeof(c->last_exit), "violation");
	else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		(void)snprintf(c->last_exit, sizeof(c->last_exit), "signal 31 (system call that is not allowed)");
	else if (WIFSIGNALED(status))
		(void)snprintf(c->last_exit, sizeof(c->last_exit), "signal %d", WTERMSIG(status));
	else
		(void)snprintf(c->last_exit, sizeof(c->last_exit), "exit %d", WEXITSTATUS(status));
	return c->last_exit;
}

static void
child_bury(struct child *c, int status, uint64_t now_us)
{
	const char *how = exit_describe(c, status);
	bool is_helper = processes[c->row].is_helper, is_violation = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;

	peer_fini(&c->peer);
	c->pid = 0;
	if (WIFSIGNALED(status) && c->killed_for == NULL)
		report_audit(is_violation ? "violation" : "crash", role_name(c->role), is_violation ? "killed by the kernel" : "ended", how);
	if (is_helper) {
		if (status != 0)
			log_warnx("child", "%s ended: %s", role_name(c->role), how);
		return;
	}
	c->failures = now_us - c->started_us >= SETTLED_US ? 0 : c->failures + 1;
	/* The first death is free. */
	c->start_at_us = now_us + backoff_us(c->failures > 0 ? c->failures - 1 : 0);
	c->restarts++;
	log_warnx("child", "%s ended after %llu ms: %s", role_name(c->role),
	    (unsigned long long)(now_us - c->started_us) / 1000, how);
	event_tell(c, c->killed_for != NULL ? "killed" : "exited", c->killed_for != NULL ? c->killed_for : how);
}

bool
children_reap(void)
{
	struct child *c;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == spawner_pid())
			return false;
		for (c = children; c < children + nprocesses; c++)
			if (c->pid == pid)
				child_bury(c, status, clock_mono_us());
	}
	return true;
}

void
children_stop(void)
{
	struct child *c;
	unsigned i, left = 1;

	for (c = children; c < children + nprocesses; c++) {
		c->start_at_us = UINT64_MAX;
		peer_fini(&c->peer);
	}
	for (i = 0; i < STOP_POLLS && left > 0; i++) {
		left = 0;
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
		for (c = children; c < children + nprocesses; c++)
			left += c->pid != 0 && kill(c->pid, 0) == -1 && errno == EPERM;
		if (left > 0)
			(void)poll(NULL, 0, STOP_POLL_US / 1000);
	}
	for (c = children; left > 0 && c < children + nprocesses; c++)
		if (c->pid != 0)
			(void)spawner_kill(c->row);
}

/* --- checking and connecting --- */

bool
child_check(const struct child *c, const char **ret_why)
{
	const struct profile *p = profile_by_role(c->role);
	char status[4096];

	*ret_why = NULL;
	if (p == NULL || sandbox_proc_read(c->pid, "status", status, sizeof(status)) != 0) {
		log_errx("child", "%s (pid %d) cannot be checked: another one is started", role_name(c->role), (int)c->pid);
		return false;
	}
	return sandbox_check_status(status, p, ret_why) == 0;
}

static void
end_give(struct child *c, uint8_t role, uint8_t purpose, int fd)
{
	struct peer_req req = { .role = role, .purpose = purpose };

	if (peer_notify(&c->peer, MSG_PEER, &req, fd) != 0)
		log_errx("child", "%s does not take its channel to %s", role_name(c->role), role_name(role));
}

static void
edge_make(const struct edge *e)
{
	struct child *a = child_ready(e->a), *b = child_ready(e->b);
	int fds[2];

	if ((a == NULL && e->a != ROLE_PRIVD) || b == NULL)
		return;
	if (frame_pair(fds) != 0) {
		log_err("child", "socketpair");
		return;
	}
	end_give(b, e->a, e->purpose, fds[1]);
	(void)close(fds[1]);
	if (e->a == ROLE_PRIVD) {
		report_connect(fds[0]);		/* takes it */
		return;
	}
	end_give(a, e->b, e->purpose, fds[0]);
	(void)close(fds[0]);
}

void
child_connect(struct child *c)
{
	size_t i;

	log_info("child", "%s is ready: pid %d, %llu us after its start", role_name(c->role), (int)c->pid,
	    (unsigned long long)(clock_mono_us() - c->started_us));
	for (i = 0; i < ntopology; i++)
		if (topology[i].a == c->role || topology[i].b == c->role)
			edge_make(&topology[i]);
	event_tell(c, "started", "");
}

int
child_help(uint8_t role, int *ret_fd)
{
	struct child *c;

	for (c = children; c < children + nprocesses; c++)
		if (c->role == role && processes[c->row].is_helper && c->pid == 0)
			return child_start(c, ret_fd);
	return -EBUSY;
}
