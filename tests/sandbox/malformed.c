/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Malformed messages from every role to privd (H6, H7): each is seen to be one, at once, and leaves nothing behind: no descriptor,
 * no memory, no answer.
 *
 *	malformed COUNT [SEED]
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "inproc.h"
#include "ipc/ids.h"
#include "ipc/msg.h"

#define SKIP		77
#define PAYLOAD_MAX	2048
#define GROWTH_MAX_KB	1024
#define WARM_UP		2000

static const uint8_t roles[] = { ROLE_CONFD, ROLE_AUTHD, ROLE_LOGD, ROLE_NETD, ROLE_FWD, ROLE_HTTPD, ROLE_FETCHD };

/* A datagram on its way. */
struct datagram {
	struct frame_header	h;
	uint8_t			payload[PAYLOAD_MAX];
	uint32_t		real_len;	/* what is sent, whatever h.len says */
	unsigned		fds;		/* attached, whatever h.nfds says */
	unsigned		cut;		/* bytes of header missing */
};

static unsigned
descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		(void)closedir(d);
	return n;
}

static long
resident_kb(void)
{
	long size = 0, rss = 0;
	char text[128] = { 0 };
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

	if (fd != -1 && read(fd, text, sizeof(text) - 1) > 0) {
		char *end;

		size = strtol(text, &end, 10);
		rss = strtol(end, NULL, 10);
	}
	(void)close(fd);
	return size < 0 ? 0 : rss * 4;
}

/* A type that the role may use once it is in, or 0. */
static uint16_t
granted_type(uint8_t role)
{
	uint16_t found = 0;
	unsigned n = 0;
	size_t i;

	for (i = 0; i < ngrants; i++)
		if (grants[i].role == role && inproc_random(++n) == 0)
			found = grants[i].type;
	return found;
}

static uint16_t
refused_type(uint8_t role)
{
	size_t n;
	const struct msg_spec *all = msg_specs_all(&n);
	uint16_t type;

	do
		type = inproc_random(2) == 0 ? all[inproc_random((uint32_t)n)].type : (uint16_t)inproc_random(65536);
	while (grant_find(role, type, true) != NULL);
	return type;
}

static void
fill(struct datagram *d, uint32_t len)
{
	uint32_t i;

	d->h.len = d->real_len = len;
	for (i = 0; i < len; i++)
		d->payload[i] = (uint8_t)inproc_random(256);
}

/* One of the ways to be wrong; each is wrong whatever the random bytes are. */
static const char *
make(struct datagram *d, uint8_t role)
{
	uint16_t granted = granted_type(role);
	uint32_t way = inproc_random(granted != 0 ? 9 : 5);

	memset(d, 0, sizeof(*d));
	d->h.id = inproc_random(UINT32_MAX);
	d->h.type = granted != 0 ? granted : refused_type(role);
	fill(d, inproc_random(64));
	switch (way) {
	case 0:
		d->h.type = refused_type(role);
		return "type";
	case 1:
		d->h.len += 1 + inproc_random(100000);
		return "length over";
	case 2:
		d->h.flags = (uint8_t)(FRAME_REPLY | (inproc_random(2) ? FRAME_ERROR : 0));
		return "answer";
	case 3:
		d->fds = 1 + inproc_random(3);
		d->h.nfds = (uint8_t)(inproc_random(2) ? d->fds : 0);
		return "descriptors";
	case 4:
		d->cut = 1 + inproc_random(FRAME_HEADER_LEN - 1);
		return "half a header";
	case 5:
		/* No request of ours is as long as that without being bytes, whose own length would lie. */
		fill(d, 1500);
		memset(d->payload, 0xff, 1500);
		return "trailing bytes";
	case 6:
		d->h.flags = (uint8_t)(0x08 << inproc_random(5));
		return "flags";
	case 7:
		d->h.len = d->real_len = 0;
		d->h.flags = FRAME_MORE;
		return "empty, and more";
	default:
		d->h.len = d->real_len > 0 ? d->real_len - 1 : 1;
		return "length by one";
	}
}

static void
transmit(int fd, const struct datagram *d)
{
	union {
		struct cmsghdr	align;
		char		space[CMSG_SPACE(3 * sizeof(int))];
	} control = { .space = { 0 } };
	uint8_t head[FRAME_HEADER_LEN];
	struct iovec iov[2] = { { head, sizeof(head) - d->cut }, { (void *)(uintptr_t)d->payload, d->cut > 0 ? 0 : d->real_len } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	struct cmsghdr *c;
	int fds[3] = { 2, 2, 2 };

	frame_header_put(head, &d->h);
	if (d->fds > 0) {
		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(d->fds * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(d->fds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, d->fds * sizeof(int));
	}
	if (sendmsg(fd, &msg, MSG_NOSIGNAL) == -1) {
		(void)fprintf(stderr, "malformed: sendmsg: %s\n", strerror(errno));
		exit(2);
	}
}

static unsigned
attack(uint8_t role, unsigned count)
{
	struct datagram d;
	struct inproc p, bystander;
	const char *how, *why;
	unsigned i, failures = 0, replies, errors, fds = 0;
	long kb = 0;
	enum peer_verdict v;

	inproc_open(&bystander, role == ROLE_FWD ? ROLE_NETD : ROLE_FWD);
	for (i = 0; i < count && failures < 20; i++) {
		if (i == (count > 2 * WARM_UP ? WARM_UP : 0)) {
			fds = descriptors();
			kb = resident_kb();
		}
		inproc_open(&p, role);
		how = make(&d, role);
		why = NULL;
		transmit(p.fd, &d);
		v = inproc_serve(&p, &why, &replies, &errors);
		if (v != PEER_VIOLATION || why == NULL || replies != 0) {
			failures++;
			(void)printf("FAIL %s: %s: verdict %d, %u answers (type %s)\n", role_name(role), how, v, replies, msg_name(d.h.type));
		}
		inproc_close(&p);
	}
	/* Somebody else's channel has noticed nothing. */
	if (inproc_serve(&bystander, &why, &replies, &errors) != PEER_OK || bystander.peer.fd == -1) {
		failures++;
		(void)printf("FAIL %s: the bystander was hit\n", role_name(role));
	}
#ifdef PATRONUS_SANITIZED
	kb = resident_kb();	/* the sanitizer keeps freed memory, and looks for leaks itself */
#endif
	if (descriptors() != fds || resident_kb() - kb > GROWTH_MAX_KB) {
		failures++;
		(void)printf("FAIL %s: %u descriptors became %u, %ld kB became %ld\n", role_name(role), fds, descriptors(), kb, resident_kb());
	}
	inproc_close(&bystander);
	(void)printf("%s %s: %u malformed messages, %u failures\n", failures == 0 ? "ok  " : "FAIL", role_name(role), i, failures);
	return failures;
}

int
main(int argc, char **argv)
{
	char dir[] = "/tmp/patronus-malformed-XXXXXX";
	unsigned failures = 0, count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000;
	size_t i;

	if (geteuid() != 0)
		return SKIP;
	inproc_seed(argc > 2 ? strtoull(argv[2], NULL, 10) : 1);
	if (mkdtemp(dir) == NULL || unshare(CLONE_NEWNET) == -1 || inproc_init(dir) != 0)
		return 2;
	for (i = 0; i < sizeof(roles); i++)
		failures += attack(roles[i], count);
	inproc_remove(dir);
	return failures == 0 ? 0 : 1;
}
