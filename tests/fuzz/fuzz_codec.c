/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "conf/state.h"
#include "ipc/msg.h"
#include "msg_random.h"

/*
 * Bytes from a hostile process, in the three ways they can come.
 *
 *	'r' WHICH BYTES...		one record of the message tables: refused, or the one encoding of what was decoded
 *	'c' WHICH BYTES...		one record of the schema: what confd sends to owners, and owners to confd
 *	'f' (WHICH FLAGS ID LEN16 BYTES...)*	frames for one assembler, with headers that are mostly plausible
 *
 * WHICH is a row of msg_specs_all(), its top bit the reply.
 */

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_canonical(const struct record *r, const void *body, const uint8_t *data, size_t len)
{
	struct codec_error err = { 0 };
	uint8_t *again;
	size_t again_len;

	if (codec_encode(r, body, 0, &again, &again_len, &err) != 0) {
		(void)fprintf(stderr, "%s: decoded, but does not encode: %s: %s\n", r->name, err.path, err.reason);
		abort();
	}
	if (again_len != len || (len > 0 && memcmp(again, data, len) != 0)) {
		(void)fprintf(stderr, "%s: encodes to other bytes than it was decoded from\n", r->name);
		abort();
	}
	free(again);
}

static const struct msg_spec *
pick(uint8_t which)
{
	const struct msg_spec *specs;
	size_t n;

	specs = msg_specs_all(&n);
	return &specs[(which & 0x7f) % n];
}

static const struct record *
pick_conf(uint8_t which)
{
	const struct conf_named *const lists[] = { conf_owners, conf_states, conf_events };
	const struct conf_named *n;
	unsigned i, left = which % 64;

	for (i = 0; i < 3; i++)
		for (n = lists[i]; n->name != NULL; n++)
			if (left-- == 0)
				return n->record;
	return conf_owners[0].record;
}

static void
fuzz_record(const struct record *r, const uint8_t *data, size_t len)
{
	struct arena *a = arena_new(16 << 20);
	void *body;

	if (a != NULL && codec_decode(r, data, len, a, &body, NULL) == 0) {
		if (!msg_random_equal(r, body, body))
			abort();	/* walks every pointer that the decoder made */
		check_canonical(r, body, data, len);
	}
	arena_free(a);
}

static void
check_message(struct message *m)
{
	uint8_t *data;
	size_t len;

	if (msg_encode(&m->header, m->body, &data, &len) != 0 || len != m->header.len)
		abort();
	free(data);
	message_fini(m);
}

static void
fuzz_frames(const uint8_t *data, size_t size)
{
	struct assembler a;
	struct message m;
	struct frame_header h;
	size_t n;

	assembler_init(&a);
	while (size >= 5) {
		h = (struct frame_header){ .type = data[0] == 0xff ? 0xff00 : pick(data[0])->type, .flags = data[1], .id = data[2] };
		n = (size_t)data[3] | (size_t)data[4] << 8;
		data += 5;
		size -= 5;
		h.len = (uint32_t)(n < size ? n : size);
		if (assembler_add(&a, &h, data, NULL, &m, NULL) == 1)
			check_message(&m);
		data += h.len;
		size -= h.len;
	}
	assembler_fini(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size >= 2 && data[0] == 'r')
		fuzz_record(data[1] & 0x80 ? pick(data[1])->rep : pick(data[1])->req, data + 2, size - 2);
	else if (size >= 2 && data[0] == 'c')
		fuzz_record(pick_conf(data[1]), data + 2, size - 2);
	else if (size >= 1 && data[0] == 'f')
		fuzz_frames(data + 1, size - 1);
	return 0;
}
