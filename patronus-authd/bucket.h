/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUTHD_BUCKET_H
#define PATRONUS_AUTHD_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Token buckets by key.  Each key may act `capacity` times at once and once more each refill_ms.  The table is bounded:
 * a bucket that is full again carries no memory and makes room; when there is none, new keys share one bucket, so that
 * a flood of keys cannot wash out the memory of others.
 */

struct buckets;

struct buckets	*buckets_new(unsigned capacity, uint64_t refill_ms, unsigned max_keys);
void		 buckets_free(struct buckets *);
/* 0 when the key may act now; else the milliseconds until it may. */
uint64_t	 buckets_wait(struct buckets *, const char *key, uint64_t now_ms);
/* Take one; false when there is none. */
bool		 buckets_take(struct buckets *, const char *key, uint64_t now_ms);
/* Give one back: the act was no guess. */
void		 buckets_give(struct buckets *, const char *key, uint64_t now_ms);
unsigned	 buckets_count(const struct buckets *);

#endif
