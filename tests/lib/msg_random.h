/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TESTS_MSG_RANDOM_H
#define PATRONUS_TESTS_MSG_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/msg.h"

/*
 * Random messages made from the same tables as the codec: valid ones, and valid ones that were damaged.  The same seed gives
 * the same messages on every machine, so a failure is reported by its seed.
 */

struct msg_random {
	uint64_t	state;
};

void	 msg_random_init(struct msg_random *, uint64_t seed);
uint64_t msg_random_next(struct msg_random *);
/* 0..n-1; 0 for n 0. */
uint32_t msg_random_below(struct msg_random *, uint32_t n);

/*
 * A struct that keeps every bound of the table.  Bounds themselves (empty, full, greatest value) come often.  Lists and byte
 * strings take about budget bytes together.  NULL when the arena is full.
 */
void	*msg_random_record(struct msg_random *, const struct record *, struct arena *, size_t budget);

/* The encoding of a random valid body of this spec (reply: of its reply), within its maximum; malloc'd.  0 or -errno. */
int	 msg_random_encoded(struct msg_random *, const struct msg_spec *, bool is_reply, uint8_t **ret_data, size_t *ret_len);

/* Damage malloc'd bytes in one way: flip a bit, overwrite, cut, insert, repeat, write a huge length.  May move *data. */
void	 msg_random_damage(struct msg_random *, uint8_t **data, size_t *len);

/* The same values, all the way down (addresses of what is pointed to do not count). */
bool	 msg_random_equal(const struct record *, const void *a, const void *b);

#endif
