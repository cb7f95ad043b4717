/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The privileged parent.  In this order: a ruleset in the kernel, the spawner, its own confinement, the children, and then
 * for ever: requests.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/heap.h"
#include "base/log.h"
#include "ipc/ids.h"
#include "net/nl.h"
#include "sandbox/profile.h"
#include "child.h"
#include "config.h"
#include "confine.h"
#include "files.h"
#include "guard.h"
#include "listener.h"
#include "options.h"
#include "report.h"
#include "spawner.h"

#define POLL_MAX	(PROCESSES_MAX + 2)
#define LOCK_FILE	"privd.lock"

static void __attribute__((noreturn))
usage(int status)
{
	(void)fprintf(status == 0 ? stdout : stderr, "usage: patronus-privd [--state DIR] [--run DIR] [--libexec DIR] [--etc DIR]\n");
	exit(status);
}

static void
options_parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "state", required_argument, NULL, 's' }, { "run", required_argument, NULL, 'r' },
		{ "libexec", required_argument, NULL, 'l' }, { "etc", required_argument, NULL, 'e' },
		{ "version", no_argument, NULL, 'V' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
	};
	const char **dir;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		dir = c == 's' ? &o->state : c == 'r' ? &o->run : c == 'l' ? &o->libexec : c == 'e' ? &o->etc : NULL;
		if (c == 'V') {
			(void)printf("patronus-privd " PATRONUS_VERSION "\n");
			exit(0);
		}
		if (dir == NULL)
			usage(c == 'h' ? 0 : 2);
		if (optarg[0] != '/')
			fatalx("main", "%s is not an absolute path", optarg);
		*dir = optarg;
	}
	if (optind != argc)
		usage(2);
}

/* --- before anything can be asked --- */

static void
dir_make(const char *base, const char *name, mode_t mode, uid_t uid)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s%s%s", base, name[0] != '\0' ? "/" : "", name);
	if (mkdir(path, mode) == -1 && errno != EEXIST)
		fatal("main", "%s", path);
	if (name[0] != '\0' && (chown(path, uid, uid) == -1 || chmod(path, mode) == -1))
		fatal("main", "%s", path);
}

static void
dirs_make(const struct options *o)
{
	const struct profile *p;
	size_t n, i;

	dir_make(o->state, "", 0755, 0);
	dir_make(o->run, "", 0755, 0);
	dir_make(o->state, "privd", 0700, 0);
	dir_make(o->run, "jail", 0700, 0);
	p = profiles_all(&n);
	for (i = 0; i < n; i++)
		if (p[i].state == PROFILE_STATE_WRITE)
			/* The group is the owner's own; a helper that reads here has it besides. */
			dir_make(o->state, p[i].state_dir, p[i].role == ROLE_AUTHD ? 0750 : 0700, profile_uid(&p[i]));
}

/* Two of us would fight over the kernel. */
static void
lock_take(const struct options *o)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd;

	if (chdir(o->run) == -1)
		fatal("main", "%s", o->run);
	fd = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1 || fcntl(fd, F_SETLK, &lock) == -1)
		fatal("main", "%s/" LOCK_FILE " (does another privd run?)", o->run);
}

static void
standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd != -1 && fd <= STDERR_FILENO && fcntl(fd, F_SETFD, 0) == 0);
	if (fd == -1 || dup2(fd, STDIN_FILENO) == -1)
		fatal("main", "/dev/null");
	(void)close(fd);
}

static int
signals_take(void)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || sigprocmask(SIG_BLOCK, &set, NULL) == -1)
		fatal("main", "signals");
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd == -1)
		fatal("main", "signalfd");
	return fd;
}

/* --- the loop --- */

static void
verdict_act(struct peer *p, enum peer_verdict v, const char *why)
{
	switch (v) {
	case PEER_OK:
		break;
	case PEER_CLOSED:
		if (p->is_log)
			report_disconnect();
		else
			child_hangup(p->child);
		break;
	case PEER_VIOLATION:
		if (p->is_log)
			report_disconnect();
		else
			child_violation(p->child, why);
		break;
	}
}

static void
peer_serve(struct peer *p, short events)
{
	const char *why = "";
	enum peer_verdict v = PEER_OK;

	if (events & POLLOUT)
		v = peer_writable(p);
	if (v == PEER_OK && (events & (POLLIN | POLLHUP | POLLERR)) && !p->is_held)
		v = peer_readable(p, &why);
	else if (v == PEER_OK && (events & (POLLHUP | POLLERR)))
		v = PEER_CLOSED;
	verdict_act(p, v, why);
}

static void
held_serve(void)
{
	uint64_t now_us = clock_mono_us();
	const char *why = "";
	unsigned i;

	for (i = 0; i < nprocesses; i++)
		if (children[i].peer.fd != -1)
			verdict_act(&children[i].peer, peer_resume(&children[i].peer, now_us, &why), why);
}

/* false: time to go. */
static bool
signals_serve(int fd)
{
	struct signalfd_siginfo si;
	bool go_on = true;

	while (read(fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo != SIGCHLD)
			go_on = false;
		else if (!children_reap())
			fatalx("main", "the spawner has died");
	}
	return go_on;
}

static int
timeout_until(uint64_t deadline_us)
{
	uint64_t now_us = clock_mono_us();

	if (deadline_us == UINT64_MAX)
		return -1;
	if (deadline_us <= now_us)
		return 0;
	return (deadline_us - now_us) / 1000 >= 60000 ? 60000 : (int)((deadline_us - now_us + 999) / 1000);
}

static unsigned
poll_fill(struct pollfd *fds, struct peer **peers, int signals, uint64_t *deadline_us)
{
	uint64_t now_us = clock_mono_us();
	struct peer *log = report_peer();
	unsigned i, n = 0;

	peers[n] = NULL;
	fds[n++] = (struct pollfd){ .fd = signals, .events = POLLIN };
	if (log->fd != -1) {
		peers[n] = log;
		fds[n++] = (struct pollfd){ .fd = log->fd, .events = peer_events(log, now_us, deadline_us) };
	}
	for (i = 0; i < nprocesses; i++) {
		if (children[i].peer.fd == -1)
			continue;
		peers[n] = &children[i].peer;
		fds[n++] = (struct pollfd){ .fd = children[i].peer.fd, .events = peer_events(&children[i].peer, now_us, deadline_us) };
	}
	return n;
}

static void
serve(int signals)
{
	struct pollfd fds[POLL_MAX];
	struct peer *peers[POLL_MAX];
	uint64_t deadline_us;
	unsigned i, n;

	for (;;) {
		deadline_us = UINT64_MAX;
		children_tick(clock_mono_us(), &deadline_us);
		n = poll_fill(fds, peers, signals, &deadline_us);
		if (poll(fds, n, timeout_until(deadline_us)) == -1 && errno != EINTR)
			fatal("main", "poll");
		/* What one of them causes may have closed another: its number may even be in use again. */
		for (i = 1; i < n; i++)
			if (fds[i].revents != 0 && peers[i]->fd == fds[i].fd)
				peer_serve(peers[i], fds[i].revents);
		held_serve();
		if (fds[0].revents != 0 && !signals_serve(signals))
			return;
	}
}

int
main(int argc, char **argv)
{
	struct options o = { .state = "/var/lib/patronus", .run = "/run/patronus", .libexec = PATRONUS_LIBEXECDIR, .etc = "/etc" };
	int error, signals;

	heap_init();
	log_init("privd", getenv("PATRONUS_DEBUG") != NULL ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	options_parse(argc, argv, &o);
	(void)umask(022);
	listener_activate();
	standard_descriptors();
	if ((error = nl_init()) != 0)
		fatalx("main", "netlink: %s", strerror(-error));
	if ((error = guard_load(o.state)) != 0)
		fatalx("main", "no ruleset: %s", strerror(-error));
	dirs_make(&o);
	lock_take(&o);
	signals = signals_take();
	if ((error = spawner_start(&o)) != 0 || (error = files_init(&o)) != 0 || (error = confine_self(&o)) != 0)
		fatalx("main", "start: %s", strerror(-error));
	report_init();
	children_init();
	serve(signals);
	log_info("main", "ending; the ruleset stays in the kernel");
	children_stop();
	return 0;
}
