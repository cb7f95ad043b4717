/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A daemon that has been taken over.  It is confined by the same objects as the real ones and lies in a libexec directory under their
 * names.  What it does is in its image, where the test that starts it writes it: there is no other way in.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/daemon.h"
#include "evil.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"
#include "sandbox/sandbox.h"

/* "kit": acts by number from descriptor 3.  "idle": behaves.  "act NAME": once it has been let in.  "send KIND": breaks the protocol. */
#define ORDER_SIZE	64
static volatile char	order[ORDER_SIZE] = "PATRONUS-EVIL-ORDER:kit";
#define ORDER_AT	20

static const struct channel_dispatch table[] = { { 0, 0, NULL } };
static const struct channel_ops quiet = { .table = table };
static const struct daemon_peer peers[] = {
	{ ROLE_PRIVD, PEER_MAIN, &quiet, NULL }, { ROLE_CONFD, PEER_MAIN, &quiet, NULL }, { ROLE_AUTHD, PEER_MAIN, &quiet, NULL },
	{ ROLE_NETD, PEER_MAIN, &quiet, NULL }, { ROLE_FWD, PEER_MAIN, &quiet, NULL }, { ROLE_HTTPD, PEER_MAIN, &quiet, NULL },
	{ ROLE_FETCHD, PEER_MAIN, &quiet, NULL },
	{ ROLE_AUTHD, PEER_TLS, &quiet, NULL }, { ROLE_HTTPD, PEER_TLS, &quiet, NULL }, { ROLE_INVALID, 0, NULL, NULL },
};

static char	order_text[ORDER_SIZE];

static const char *
order_read(void)
{
	unsigned i;

	for (i = 0; i < ORDER_SIZE - ORDER_AT - 1; i++)
		order_text[i] = order[ORDER_AT + i];
	return order_text;
}

static uint8_t
role_read(const char *argv0)
{
	const char *name = strrchr(argv0, '-');
	uint8_t r;

	for (r = 1; name != NULL && r < ROLE_MAX; r++)
		if (strcmp(role_name(r), name + 1) == 0)
			return r;
	return ROLE_INVALID;
}

/* --- the kit: one act, its result on descriptor 3 --- */

struct result {
	int64_t	value;
	int32_t	error;
};

static int
kit(uint8_t role)
{
	struct pollfd p = { .fd = 3, .events = POLLIN };
	struct result r;
	uint16_t n;

	if (sandbox_enter(role) != 0)
		return 3;
	(void)poll(&p, 1, 5000);
	if (recv(3, &n, sizeof(n), 0) != (ssize_t)sizeof(n) || n >= evil_nacts)
		return 4;
	errno = 0;
	r.value = evil_acts[n].act();
	r.error = errno;
	return send(3, &r, sizeof(r), MSG_NOSIGNAL) == (ssize_t)sizeof(r) ? 0 : 5;
}

/* --- inside the suite --- */

static void
send_raw(uint16_t type, uint8_t flags, uint32_t claimed, size_t len)
{
	uint8_t bytes[FRAME_HEADER_LEN + 1024] = { 0 };
	struct frame_header h = { .type = type, .flags = flags, .len = claimed, .id = 1 };

	frame_header_put(bytes, &h);
	if (send(3, bytes, FRAME_HEADER_LEN + len, MSG_NOSIGNAL) == -1)
		log_err("evil", "send");
}

static void
send_descriptor(void)
{
	struct frame_header h = { .type = MSG_NL_DUMP, .id = 1, .nfds = 1, .len = 1 };
	int fd = 2;

	if (frame_send(3, &h, "\1", &fd) != 0)
		log_errx("evil", "frame_send");
}

/* Asks for descriptors and takes none of them. */
static void
dump_unread(void)
{
	struct nl_dump_req req = { .what = NL_DUMP_LINKS };
	struct frame_header h = { .type = MSG_NL_DUMP };

	for (;;) {
		h.id++;
		if (msg_send_sync(3, &h, &req, NULL, 60000) != 0)
			(void)poll(NULL, 0, 100);
	}
}

static void
misbehave(const char *kind)
{
	if (strcmp(kind, "unknown") == 0)
		send_raw(0x7777, 0, 0, 0);
	else if (strcmp(kind, "ungranted") == 0)
		send_raw(MSG_PEER, 0, 2, 2);
	else if (strcmp(kind, "hello-again") == 0)
		send_raw(MSG_HELLO, 0, 9, 9);
	else if (strcmp(kind, "length") == 0)
		send_raw(MSG_HELLO, 0, 500, 9);
	else if (strcmp(kind, "answer") == 0)
		send_raw(MSG_NFT_BATCH, FRAME_REPLY, 0, 0);
	else if (strcmp(kind, "descriptor") == 0)
		send_descriptor();
	else if (strcmp(kind, "unread") == 0)
		dump_unread();
	else if (strcmp(kind, "log") == 0)
		for (;;)
			log_info("evil", "flood");
}

static int
start(struct daemon *d)
{
	const char *what = d->state;
	size_t i;

	if (strncmp(what, "send ", 5) == 0)
		misbehave(what + 5);
	for (i = 0; strncmp(what, "act ", 4) == 0 && i < evil_nacts; i++)
		if (strcmp(evil_acts[i].name, what + 4) == 0)
			log_info("evil", "%s: %ld", what, evil_acts[i].act());
	if (strcmp(what, "ask") == 0)
		evil_ask(d->role);
	if (strcmp(what, "loop") == 0)
		for (;;)
			continue;
	if (strcmp(what, "memory") == 0)
		for (;;)
			memset(malloc(1 << 20), 1, 1 << 20);
	if (strcmp(what, "descriptors") == 0)
		while (dup(2) != -1)
			continue;
	if (strcmp(what, "exit") == 0)
		exit(7);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *what = order_read();
	struct daemon d = { .peers = peers, .start = start, .state = (void *)(uintptr_t)what };

	d.role = role_read(argv[0]);
	d.name = role_name(d.role);
	if (strcmp(what, "kit") == 0)
		return kit(d.role);
	if (strcmp(what, "early") == 0) {
		/* Says hello without having confined itself. */
		(void)privcall_init(3, d.role);
		return 0;
	}
	return daemon_main(&d, argc, argv);
}
