/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_IPC_CODEC_MARKS_H
#define PATRONUS_IPC_CODEC_MARKS_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/codec.h"

/* Parts of what is encoded, by where they stand in the bytes. */

#define CODEC_LISTS	8

/*
 * Where the items of lists of some records begin in the bytes: of each list its items and, behind them, where the last ends.  Start with recs alone;
 * codec_marks_fini() when done, also after a failure.
 */
struct codec_marks {
	const struct record *const *recs;	/* ends with NULL; the caller's, for as long as the marks */
	uint32_t		*at;
	uint32_t		 n;
	uint32_t		 cap;
	struct {
		const struct record *rec;
		uint32_t	 max;		/* items that there may be */
		uint32_t	 first;		/* in at */
		uint32_t	 n;		/* items */
	} lists[CODEC_LISTS];
	unsigned		 nlists;	/* as the record has them; further ones are not marked */
};

void	 codec_marks_fini(struct codec_marks *);
/* As codec_decode(), and where items are. */
int	 codec_decode_marked(const struct record *, const void *data, size_t len, struct arena *, void **ret_msg, struct codec_marks *,
	    struct codec_error *ret_error);
/* The record at the beginning of data, and how many bytes it takes there.  0, or -errno without a word. */
int	 codec_decode_first(const struct record *, const void *data, size_t len, struct arena *, void **ret_msg, size_t *ret_len);

#endif
