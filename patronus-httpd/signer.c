/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "signer.h"

static struct {
	struct event_base	*base;
	struct event		*readable;
	const struct signer_ops	*ops;
	int			 fd;
	bool			 has_hello;
	bool			 is_ready;	/* the chain is there */
	uint32_t		 next_id;
	struct assembler	 assembler;
	uint8_t			 frame[FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX];
} signer = { .fd = -1 };

static void
drop(const char *why)
{
	if (signer.fd == -1)
		return;
	if (why != NULL)
		log_warnx("signer", "channel to authd closed: %s", why);
	event_free(signer.readable);
	signer.readable = NULL;
	(void)close(signer.fd);
	signer.fd = -1;
	signer.is_ready = false;
	assembler_fini(&signer.assembler);
	signer.ops->on_lost();
}

/* The next message: 1, 0 when there is none, or -errno (the channel must be dropped). */
static int
receive(struct message *ret)
{
	struct frame_header h;
	struct codec_error err;
	int n;

	do {
		n = frame_recv(signer.fd, signer.frame, &h, NULL);
		if (n == -EAGAIN)
			return 0;
		if (n != 0)
			return n;
		n = assembler_add(&signer.assembler, &h, signer.frame + FRAME_HEADER_LEN, NULL, ret, &err);
	} while (n == 0);
	return n;
}

static int
request(uint16_t type, const void *body, uint32_t *ret_id)
{
	struct frame_header h = { .type = type, .id = signer.next_id++ };

	if (signer.next_id == 0)
		signer.next_id = 1;
	*ret_id = h.id;
	return msg_send_sync(signer.fd, &h, body, NULL, SIGNER_TIMEOUT_MS);
}

/* What comes outside a signature: authd's HELLO, then the chain.  0, or -EPROTO. */
static int
handle_other(const struct message *m)
{
	const struct hello_req *hello = m->body;
	const struct tls_cert_rep *cert = m->body;

	if (!signer.has_hello) {
		if (m->header.type != MSG_HELLO || m->header.flags != 0 || hello->role != ROLE_AUTHD ||
		    hello->protocol != msg_protocol_hash())
			return -EPROTO;
		signer.has_hello = true;
		return 0;
	}
	if ((m->header.flags & FRAME_REPLY) == 0)
		return -EPROTO;
	/* A late answer to a signature that nobody waits for any more. */
	if (m->header.type == MSG_TLS_SIGN)
		return 0;
	if (m->header.type != MSG_TLS_CERT)
		return -EPROTO;
	if (m->header.flags & FRAME_ERROR) {
		log_errx("signer", "authd has no certificate");
		return 0;
	}
	signer.is_ready = true;
	signer.ops->on_chain(cert->chain.data, cert->chain.len);
	return 0;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct message m;
	int n;

	(void)fd;
	(void)what;
	(void)arg;
	while (signer.fd != -1 && (n = receive(&m)) != 0) {
		if (n < 0) {
			drop(n == -EPIPE ? "authd ended" : "it cannot be understood");
			return;
		}
		n = handle_other(&m);
		message_fini(&m);
		if (n != 0)
			drop("it is out of order");
	}
}

void
signer_init(struct event_base *base, const struct signer_ops *ops)
{
	signer.base = base;
	signer.ops = ops;
	signer.next_id = 1;
}

void
signer_take(int fd)
{
	struct frame_header h = { .type = MSG_HELLO };
	struct hello_req hello = { .protocol = msg_protocol_hash(), .role = ROLE_HTTPD };
	struct tls_cert_req cert = { 0 };
	uint32_t id;

	drop(NULL);
	signer.fd = fd;
	signer.has_hello = false;
	assembler_init(&signer.assembler);
	signer.readable = event_new(signer.base, fd, EV_READ | EV_PERSIST, on_readable, NULL);
	if (signer.readable == NULL || event_add(signer.readable, NULL) == -1)
		fatalx("signer", "cannot watch the channel to authd");
	if (msg_send_sync(fd, &h, &hello, NULL, SIGNER_TIMEOUT_MS) != 0 || request(MSG_TLS_CERT, &cert, &id) != 0)
		drop("cannot write");
}

bool
signer_is_ready(void)
{
	return signer.is_ready;
}

static int
wait_readable(uint64_t deadline_ms)
{
	struct pollfd p = { .fd = signer.fd, .events = POLLIN };
	uint64_t now = clock_mono_ms();
	int n;

	if (now >= deadline_ms)
		return -ETIMEDOUT;
	n = poll(&p, 1, (int)(deadline_ms - now));
	return n == 0 ? -ETIMEDOUT : n == -1 && errno != EINTR ? -errno : 0;
}

/* Wait for the reply to id; the caller frees it. */
static int
wait_reply(uint32_t id, struct message *ret)
{
	uint64_t deadline_ms = clock_mono_ms() + SIGNER_TIMEOUT_MS;
	int n;

	for (;;) {
		n = receive(ret);
		if (n == 1) {
			if (ret->header.type == MSG_TLS_SIGN && ret->header.id == id &&
			    (ret->header.flags & FRAME_REPLY))
				return 0;
			n = handle_other(ret);
			message_fini(ret);
			if (n == 0)
				continue;
		}
		if (n < 0)
			return n;
		n = wait_readable(deadline_ms);
		if (n < 0)
			return n;
	}
}

int
signer_sign(const uint8_t *digest, size_t len, uint8_t *ret, size_t size, size_t *ret_len)
{
	struct tls_sign_req req = { .digest = { digest, (uint32_t)len } };
	const struct tls_sign_rep *rep;
	struct message m;
	uint32_t id;
	int error;

	if (!signer.is_ready)
		return -ENOTCONN;
	error = request(MSG_TLS_SIGN, &req, &id);
	if (error == 0)
		error = wait_reply(id, &m);
	if (error != 0) {
		/* Slow is not gone: the next signature may come in time, and a late answer is skipped. */
		if (error != -ETIMEDOUT)
			drop("it failed within a signature");
		return error;
	}
	rep = m.body;
	if (m.header.flags & FRAME_ERROR)
		error = -EIO;
	else if (rep->signature.len == 0 || rep->signature.len > size)
		error = -EPROTO;
	else {
		memcpy(ret, rep->signature.data, rep->signature.len);
		*ret_len = rep->signature.len;
	}
	message_fini(&m);
	return error;
}
