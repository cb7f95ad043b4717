/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "child.h"
#include "files.h"
#include "inproc.h"
#include "ipc/frame.h"
#include "net/nl.h"
#include "options.h"

static uint64_t	state = 88172645463325252ull;

void
inproc_seed(uint64_t seed)
{
	state = seed * 2685821657736338717ull + 1;
}

/* xorshift: the same numbers everywhere for one seed. */
uint32_t
inproc_random(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return below == 0 ? 0 : (uint32_t)((state >> 11) % below);
}

static void
silence(enum log_level level, const char *subsystem, const char *text, void *arg)
{
	(void)level;
	(void)subsystem;
	(void)text;
	(void)arg;
}

int
inproc_init(const char *dir)
{
	static char paths[3][512];
	static const char *const names[] = { "state", "run", "etc" };
	struct options o;
	char path[600];
	int i;

	for (i = 0; i < 3; i++) {
		(void)snprintf(paths[i], sizeof(paths[i]), "%s/%s", dir, names[i]);
		(void)mkdir(paths[i], 0755);
	}
	(void)snprintf(path, sizeof(path), "%s/privd", paths[0]);
	(void)mkdir(path, 0700);
	o = (struct options){ paths[0], paths[1], dir, paths[2] };
	if (chdir(paths[1]) == -1)
		return -errno;
	log_set_sink(silence, NULL);
	children_init();
	if (nl_init() != 0)
		return -EPERM;
	return files_init(&o);
}

void
inproc_remove(const char *dir)
{
	static const char *const dirs[] = { "state/privd", "state", "run", "etc", "" };
	char path[600];
	size_t i;

	if (chdir("/") == -1)
		return;
	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, dirs[i]);
		if (rmdir(path) == -1)
			(void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
	}
}

void
inproc_open(struct inproc *p, uint8_t role)
{
	int fds[2];

	if (frame_pair(fds) != 0)
		abort();
	peer_init(&p->peer, fds[0], role, NULL);
	p->peer.is_ready = true;
	p->fd = fds[1];
}

void
inproc_close(struct inproc *p)
{
	peer_fini(&p->peer);
	(void)close(p->fd);
}

static void
answers_drop(struct inproc *p, unsigned *ret_replies, unsigned *ret_errors)
{
	static uint8_t frame[FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX];
	struct frame_header h;
	int fds[FRAME_FDS_MAX], i;

	while (frame_recv(p->fd, frame, &h, fds) == 0) {
		for (i = 0; i < h.nfds; i++)
			(void)close(fds[i]);
		if (h.flags & FRAME_MORE)
			continue;
		*ret_replies += 1;
		*ret_errors += (h.flags & FRAME_ERROR) != 0;
	}
}

enum peer_verdict
inproc_serve(struct inproc *p, const char **ret_why, unsigned *ret_replies, unsigned *ret_errors)
{
	enum peer_verdict v;
	bool go_on;

	*ret_replies = *ret_errors = 0;
	do {
		v = peer_readable(&p->peer, ret_why);
		/* Time is not what is tested here. */
		if (v == PEER_OK && p->peer.is_held) {
			memset(p->peer.buckets, 0, sizeof(p->peer.buckets));
			v = peer_resume(&p->peer, UINT64_MAX, ret_why);
		}
		go_on = v == PEER_OK && p->peer.out != NULL;
		answers_drop(p, ret_replies, ret_errors);
		if (go_on)
			(void)peer_writable(&p->peer);
	} while (go_on);
	return v;
}
