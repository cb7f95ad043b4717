/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_IPC_CODEC_SPLICE_H
#define PATRONUS_IPC_CODEC_SPLICE_H

#include "codec.h"

/*
 * Encoding where the items of some lists are there already, as codec_encode() makes each of them, one behind the other: the same bytes as from
 * structs, without a struct for each item.
 */
struct codec_splice {
	const struct list	*list;		/* in what is encoded; it has n, and no items */
	const uint8_t		*data;
	size_t			 len;
};

/* As codec_encode(). */
int	 codec_encode_spliced(const struct record *, const void *msg, const struct codec_splice *, size_t n, size_t max_len, uint8_t **ret_data,
	    size_t *ret_len, struct codec_error *ret_error);

#endif
