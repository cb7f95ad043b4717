/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "tpm/link.h"

#define MAGIC		0x70617472746c6e6bull
#define HEADER_LEN	10	/* TPM 2.0 part 1, 18.2: tag, size, code */
#define ANSWER_MAX	4096	/* of the kernel, TPM_BUFSIZE */
#define PATIENCE_MS	10000	/* the helper's own end comes soon after */

static uint32_t
size_of(const uint8_t *header)
{
	return ((uint32_t)header[2] << 24 | (uint32_t)header[3] << 16 | (uint32_t)header[4] << 8 | header[5]);
}

/* The device wants a command in one write. */
static TSS2_RC
transmit(TSS2_TCTI_CONTEXT *context, size_t size, const uint8_t *command)
{
	struct link *l = (struct link *)context;
	ssize_t n;

	do
		n = write(l->fd, command, size);
	while (n == -1 && errno == EINTR);
	return (n == (ssize_t)size ? TSS2_RC_SUCCESS : TSS2_TCTI_RC_IO_ERROR);
}

/* The device gives an answer in one read, a socket in as many as it likes. */
static TSS2_RC
receive(TSS2_TCTI_CONTEXT *context, size_t *size, uint8_t *answer, int32_t timeout_ms)
{
	struct link *l = (struct link *)context;
	struct pollfd p = { .fd = l->fd, .events = POLLIN };
	size_t at = 0, wanted = HEADER_LEN;
	ssize_t n;

	if (answer == NULL) {
		*size = ANSWER_MAX;
		return (TSS2_RC_SUCCESS);
	}
	while (at < wanted) {
		if (poll(&p, 1, timeout_ms < 0 ? PATIENCE_MS : timeout_ms) != 1)
			return (TSS2_TCTI_RC_IO_ERROR);
		if ((n = read(l->fd, answer + at, *size - at)) == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return (TSS2_TCTI_RC_IO_ERROR);
		at += (size_t)n;
		if (at >= HEADER_LEN && ((wanted = size_of(answer)) < HEADER_LEN || wanted > *size))
			return (TSS2_TCTI_RC_MALFORMED_RESPONSE);
	}
	*size = wanted;
	return (at == wanted ? TSS2_RC_SUCCESS : TSS2_TCTI_RC_MALFORMED_RESPONSE);
}

static TSS2_RC
cancel(TSS2_TCTI_CONTEXT *context)
{
	(void)context;
	return (TSS2_TCTI_RC_NOT_IMPLEMENTED);
}

static TSS2_RC
poll_handles(TSS2_TCTI_CONTEXT *context, TSS2_TCTI_POLL_HANDLE *handles, size_t *n)
{
	(void)context;
	(void)handles;
	(void)n;
	return (TSS2_TCTI_RC_NOT_IMPLEMENTED);
}

static TSS2_RC
locality(TSS2_TCTI_CONTEXT *context, uint8_t to)
{
	(void)context;
	(void)to;
	return (TSS2_TCTI_RC_NOT_IMPLEMENTED);
}

static void
finalize(TSS2_TCTI_CONTEXT *context)
{
	(void)context;
}

TSS2_TCTI_CONTEXT *
link_init(struct link *l, int fd)
{
	memset(l, 0, sizeof(*l));
	l->common.v1 = (TSS2_TCTI_CONTEXT_COMMON_V1){ .magic = MAGIC, .version = 2, .transmit = transmit, .receive = receive,
	    .finalize = finalize, .cancel = cancel, .getPollHandles = poll_handles, .setLocality = locality };
	l->fd = fd;
	return ((TSS2_TCTI_CONTEXT *)&l->common);
}
