/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "conf/state.h"
#include "ipc/msg.h"
#include "msg_random.h"

/* Writes seeds for fuzz_codec into a directory: small valid bodies of every message, alone and as frames. */

#define SEED_MAX	300

static int
write_seed(const char *dir, const char *name, const char *kind, const uint8_t *head, size_t nhead, const uint8_t *data, size_t len)
{
	char path[4096];
	FILE *f;
	int ok;

	(void)snprintf(path, sizeof(path), "%s/%s-%s", dir, kind, name);
	f = fopen(path, "wb");
	if (f == NULL)
		return -1;
	ok = fwrite(head, 1, nhead, f) == nhead && fwrite(data, 1, len, f) == len;
	return fclose(f) == 0 && ok ? 0 : -1;
}

static int
seeds_of(const char *dir, struct msg_random *rnd, const struct msg_spec *spec, uint8_t row, bool is_reply)
{
	uint8_t which = (uint8_t)(row | (is_reply ? 0x80 : 0)), *data;
	uint8_t record[2] = { 'r', which };
	uint8_t frame[6] = { 'f', row, is_reply ? FRAME_REPLY : 0, 1 };
	char name[64];
	size_t len;
	int tries, error;

	for (tries = 0; tries < 1000; tries++) {
		if (msg_random_encoded(rnd, spec, is_reply, &data, &len) != 0)
			return -1;
		if (len == 0 || (len > 4 && len <= SEED_MAX) || tries == 999)
			break;
		free(data);
	}
	(void)snprintf(name, sizeof(name), "%s-%s", spec->name, is_reply ? "rep" : "req");
	frame[4] = (uint8_t)len;
	frame[5] = (uint8_t)(len >> 8);
	error = write_seed(dir, name, "record", record, sizeof(record), data, len);
	if (error == 0 && !is_reply)
		error = write_seed(dir, name, "frames", frame, sizeof(frame), data, len);
	free(data);
	return error;
}

/* The records of the schema, in the order in which fuzz_codec numbers them. */
static int
seeds_of_conf(const char *dir, struct msg_random *rnd)
{
	const struct conf_named *const lists[] = { conf_owners, conf_states, conf_events };
	uint8_t head[2] = { 'c', 0 }, *data;
	const struct conf_named *n;
	struct arena *a;
	unsigned i;
	size_t len;
	int error;

	for (i = 0; i < 3; i++)
		for (n = lists[i]; n->name != NULL; n++, head[1]++) {
			a = arena_new(0);
			error = codec_encode(n->record, msg_random_record(rnd, n->record, a, SEED_MAX), 0, &data, &len, NULL);
			arena_free(a);
			if (error != 0 || write_seed(dir, n->record->name, "conf", head, sizeof(head), data, len) != 0)
				return -1;
			free(data);
		}
	return 0;
}

int
main(int argc, char **argv)
{
	const struct msg_spec *specs;
	struct msg_random rnd;
	size_t n, i;

	if (argc != 2) {
		(void)fprintf(stderr, "usage: seed_codec directory\n");
		return 2;
	}
	msg_random_init(&rnd, 1);
	specs = msg_specs_all(&n);
	for (i = 0; i < n; i++)
		if (seeds_of(argv[1], &rnd, &specs[i], (uint8_t)i, false) != 0 ||
		    seeds_of(argv[1], &rnd, &specs[i], (uint8_t)i, true) != 0) {
			perror(argv[1]);
			return 1;
		}
	if (seeds_of_conf(argv[1], &rnd) != 0) {
		perror(argv[1]);
		return 1;
	}
	return 0;
}
