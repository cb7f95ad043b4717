/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/heap.h"
#include "ipc/ids.h"
#include "ipc/msg.h"

/* --- the tables, from the .def files --- */

#define F(s, n, k, e, fl, mx, emx, r)	{ #n, k, e, fl, offsetof(struct s, n), FIELD_NO_HAS, mx, emx, r, NULL },
#define U8(s, n)		F(s, n, FIELD_U8, 0, 0, 0, 0, NULL)
#define U16(s, n)		F(s, n, FIELD_U16, 0, 0, 0, 0, NULL)
#define U32(s, n)		F(s, n, FIELD_U32, 0, 0, 0, 0, NULL)
#define U64(s, n)		F(s, n, FIELD_U64, 0, 0, 0, 0, NULL)
#define I64(s, n)		F(s, n, FIELD_I64, 0, 0, 0, 0, NULL)
#define BOOL(s, n)		F(s, n, FIELD_BOOL, 0, 0, 0, 0, NULL)
#define ENUM(s, n, mx)		F(s, n, FIELD_ENUM, 0, 0, mx, 0, NULL)
#define STR(s, n, mx)		F(s, n, FIELD_STRING, 0, 0, mx, 0, NULL)
#define OPTSTR(s, n, mx)	F(s, n, FIELD_STRING, 0, FIELD_OPTIONAL, mx, 0, NULL)
#define BYTES(s, n, mx)		F(s, n, FIELD_BYTES, 0, 0, mx, 0, NULL)
#define ADDR(s, n)		F(s, n, FIELD_ADDR, 0, 0, 0, 0, NULL)
#define RECORDS(s, n, r, mx)	F(s, n, FIELD_LIST, FIELD_RECORD, 0, mx, 0, &r##_record)
#define STRS(s, n, mx, len)	F(s, n, FIELD_LIST, FIELD_STRING, 0, mx, len, NULL)
#define NONE(s)
#define END			{ NULL, 0, 0, 0, 0, 0, 0, 0, NULL, NULL }
#define TABLE(name, ...)							\
static const struct field name##_fields[] = { __VA_ARGS__ END };				\
static const struct record name##_record = { #name, sizeof(struct name),		\
    sizeof(name##_fields) / sizeof(name##_fields[0]) - 1, name##_fields };
#define RECORD(name, FIELDS)			TABLE(name, FIELDS)
#define CALL(TYPE, name, max_len, REQ, REP)	TABLE(name##_req, REQ) TABLE(name##_rep, REP)

#include "ipc/records.def"
#include "ipc/common.def"
#include "ipc/priv.def"
#include "ipc/conf.def"
#include "ipc/auth.def"
#include "ipc/logging.def"
#include "ipc/mgmt.def"
#include "ipc/fetch.def"

#undef CALL
#define CALL(TYPE, name, max_len, REQ, REP)	{ MSG_##TYPE, #TYPE, max_len, &name##_req_record, &name##_rep_record },
static const struct msg_spec specs[] = {
#include "ipc/common.def"
#include "ipc/priv.def"
#include "ipc/conf.def"
#include "ipc/auth.def"
#include "ipc/logging.def"
#include "ipc/mgmt.def"
#include "ipc/fetch.def"
};

#include "ipc/fields_undef.h"

#define NSPECS	(sizeof(specs) / sizeof(specs[0]))

const struct msg_spec *
msg_spec(uint16_t type)
{
	size_t i;

	for (i = 0; i < NSPECS; i++)
		if (specs[i].type == type)
			return &specs[i];
	return NULL;
}

const char *
msg_name(uint16_t type)
{
	const struct msg_spec *s = msg_spec(type);

	return s != NULL ? s->name : "unknown";
}

const struct msg_spec *
msg_specs_all(size_t *ret_n)
{
	*ret_n = NSPECS;
	return specs;
}

uint64_t
msg_protocol_hash(void)
{
	static uint64_t hash;
	size_t i;

	if (hash == 0) {
		hash = 0xcbf29ce484222325ull;
		for (i = 0; i < NSPECS; i++)
			hash = codec_hash(specs[i].rep, codec_hash(specs[i].req, hash ^ specs[i].type));
	}
	return hash;
}

const char *
role_name(enum role r)
{
	static const char *const names[ROLE_MAX] = {
		[ROLE_INVALID] = "nobody", [ROLE_PRIVD] = "privd", [ROLE_SPAWNER] = "spawner", [ROLE_CONFD] = "confd",
		[ROLE_AUTHD] = "authd", [ROLE_LOGD] = "logd", [ROLE_NETD] = "netd", [ROLE_FWD] = "fwd",
		[ROLE_HTTPD] = "httpd", [ROLE_PAM] = "pam", [ROLE_CTL] = "ctl", [ROLE_FETCHD] = "fetchd", [ROLE_PARSE] = "parse", [ROLE_RECHECK] = "recheck",
		[ROLE_TPM] = "tpm", [ROLE_XDP] = "xdp", [ROLE_PROVE] = "prove",
	};

	return (unsigned)r < ROLE_MAX && names[r] != NULL ? names[r] : "nobody";
}

/* --- messages --- */

void
message_fini(struct message *m)
{
	arena_free(m->arena);
	memset(m, 0, sizeof(*m));
}

static const struct record *
record_of(const struct msg_spec *spec, uint8_t flags)
{
	if (flags & FRAME_ERROR)
		return &ipc_error_req_record;
	return flags & FRAME_REPLY ? spec->rep : spec->req;
}

int
msg_encode(const struct frame_header *h, const void *body, uint8_t **ret_data, size_t *ret_len)
{
	const struct msg_spec *spec = msg_spec(h->type);

	if (spec == NULL)
		return -EPROTO;
	return codec_encode(record_of(spec, h->flags), body, h->flags & FRAME_ERROR ? 4096 : spec->max_len,
	    ret_data, ret_len, NULL);
}

void
assembler_init(struct assembler *a)
{
	memset(a, 0, sizeof(*a));
}

static void
assembler_reset(struct assembler *a)
{
	unsigned i;

	for (i = 0; a->pending && i < a->first.nfds; i++)
		if (a->fds[i] != -1)
			(void)close(a->fds[i]);
	a->pending = false;
	if (a->len > 0)
		explicit_bzero(a->data, a->len);
	a->len = 0;
	/* A buffer that served one large message is not kept for ever. */
	if (a->cap > 4 * FRAME_PAYLOAD_MAX) {
		free(a->data);
		a->data = NULL;
		a->cap = 0;
	}
}

void
assembler_fini(struct assembler *a)
{
	assembler_reset(a);
	free(a->data);
	memset(a, 0, sizeof(*a));
}

static int
assembler_refuse(struct assembler *a, struct codec_error *err, const char *reason)
{
	if (err != NULL) {
		err->offset = (uint32_t)a->len;
		err->path[0] = '\0';
		err->reason = reason;
	}
	assembler_reset(a);
	return -EPROTO;
}

static int
assembler_append(struct assembler *a, const uint8_t *payload, size_t len)
{
	size_t cap;
	uint8_t *p;

	if (a->len + len > a->cap) {
		cap = a->cap * 2 > a->len + len ? a->cap * 2 : a->len + len;
		p = heap_regrow(a->data, a->len, cap);
		if (p == NULL)
			return -ENOMEM;
		a->data = p;
		a->cap = cap;
	}
	if (len > 0)
		memcpy(a->data + a->len, payload, len);
	a->len += len;
	return 0;
}

/* All frames are there: decode.  The descriptors move into the message's arena. */
static int
assembler_finish(struct assembler *a, const struct msg_spec *spec, struct message *ret, struct codec_error *err)
{
	struct message m = { .header = a->first, .spec = spec, .nfds = a->first.nfds };
	unsigned i;
	int error;

	m.header.len = (uint32_t)a->len;
	m.header.flags &= (uint8_t)~FRAME_MORE;
	/* Decoded structs are larger than their bytes: pointers, alignment, small items. */
	m.arena = arena_new(16 * a->len + (1 << 20));
	if (m.arena == NULL) {
		assembler_reset(a);
		return -ENOMEM;
	}
	for (i = 0; i < a->first.nfds; i++) {
		(void)arena_add_fd(m.arena, a->fds[i]);	/* FRAME_FDS_MAX fit */
		a->fds[i] = -1;
	}
	error = codec_decode(record_of(spec, m.header.flags), a->data, a->len, m.arena, &m.body, err);
	assembler_reset(a);
	if (error != 0) {
		message_fini(&m);
		return error;
	}
	*ret = m;
	return 1;
}

int
assembler_add(struct assembler *a, const struct frame_header *h, const uint8_t *payload, const int *fds,
    struct message *ret, struct codec_error *err)
{
	const struct msg_spec *spec = msg_spec(h->type);
	unsigned i;
	int error;

	if (!a->pending) {
		a->first = *h;
		a->pending = true;
		a->len = 0;
		for (i = 0; i < h->nfds; i++)
			a->fds[i] = fds[i];
	} else if (h->nfds != 0 || h->type != a->first.type || h->id != a->first.id || h->revision != a->first.revision ||
	    ((h->flags ^ a->first.flags) & ~FRAME_MORE) != 0) {
		for (i = 0; i < h->nfds; i++)
			(void)close(fds[i]);
		return assembler_refuse(a, err, "frames of two messages are mixed");
	}
	if (spec == NULL)
		return assembler_refuse(a, err, "no such message");
	if ((h->flags & ~(FRAME_REPLY | FRAME_ERROR | FRAME_MORE)) != 0 || (h->flags & (FRAME_REPLY | FRAME_ERROR)) == FRAME_ERROR)
		return assembler_refuse(a, err, "no such flags");
	if (h->len > spec->max_len - (a->len < spec->max_len ? a->len : spec->max_len) && (h->flags & FRAME_ERROR) == 0)
		return assembler_refuse(a, err, "message over its maximum");
	if ((h->flags & FRAME_ERROR) && a->len + h->len > 4096)
		return assembler_refuse(a, err, "message over its maximum");
	if ((h->flags & FRAME_MORE) && h->len == 0)
		return assembler_refuse(a, err, "empty frame that promises more");
	error = assembler_append(a, payload, h->len);
	if (error != 0) {
		assembler_reset(a);
		return error;
	}
	if (h->flags & FRAME_MORE)
		return 0;
	return assembler_finish(a, spec, ret, err);
}

/* Wait until fd can be written. */
static int
wait_writable(int fd, uint64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	uint64_t now = clock_mono_ms();
	int n;

	if (now >= deadline_ms)
		return -ETIMEDOUT;
	n = poll(&p, 1, (int)(deadline_ms - now));
	if (n == -1 && errno != EINTR)
		return -errno;
	return n == 0 ? -ETIMEDOUT : 0;
}

int
msg_send_sync(int fd, const struct frame_header *header, const void *body, const int *fds, int timeout_ms)
{
	uint64_t deadline_ms = clock_mono_ms() + (uint64_t)timeout_ms;
	struct frame_header h = *header;
	uint8_t *data;
	size_t len, at = 0;
	int error;

	error = msg_encode(header, body, &data, &len);
	if (error != 0)
		return error;
	do {
		h.len = (uint32_t)(len - at < FRAME_PAYLOAD_MAX ? len - at : FRAME_PAYLOAD_MAX);
		h.flags = at + h.len < len ? header->flags | FRAME_MORE : header->flags;
		h.nfds = at == 0 ? header->nfds : 0;
		while ((error = frame_send(fd, &h, data + at, fds)) == -EAGAIN)
			if ((error = wait_writable(fd, deadline_ms)) != 0)
				break;
		at += h.len;
	} while (error == 0 && at < len);
	heap_wipe(data, len);
	return error;
}

/* --- bulk data --- */

#define MEMFD_SEALS	(F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

int
memfd_sealed(const char *name, const void *data, size_t len)
{
	const uint8_t *p = data;
	ssize_t n;
	int fd, error;

	fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd == -1)
		return -errno;
	while (len > 0) {
		n = write(fd, p, len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			goto fail;
		p += n;
		len -= (size_t)n;
	}
	if (fcntl(fd, F_ADD_SEALS, MEMFD_SEALS) == 0)
		return fd;
fail:
	error = -errno;
	(void)close(fd);
	return error;
}

int
memfd_map(int fd, size_t max, const uint8_t **ret, size_t *ret_len)
{
	struct stat st;
	int seals;
	void *p;

	/* An unsealed or shrinking file could change or fault under the reader. */
	seals = fcntl(fd, F_GET_SEALS);
	if (seals == -1 || (seals & MEMFD_SEALS) != MEMFD_SEALS)
		return -EPROTO;
	if (fstat(fd, &st) == -1)
		return -errno;
	if (st.st_size < 0 || (uint64_t)st.st_size > max)
		return -EFBIG;
	if (st.st_size == 0) {
		*ret = NULL;
		*ret_len = 0;
		return 0;
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	*ret = p;
	*ret_len = (size_t)st.st_size;
	return 0;
}

void
memfd_unmap(const uint8_t *p, size_t len)
{
	if (p != NULL)
		(void)munmap((void *)(uintptr_t)p, len);
}
