/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_RECORD_JSON_H
#define PATRONUS_CONFD_RECORD_JSON_H

#include <stddef.h>

/*
 * Records (state, events) as JSON, from the same tables that decode them.  Absent optional fields are left out, secret
 * ones always; times are RFC 3339; 64-bit counters are numbers.
 */

struct buf;
struct record;

void	 record_json_print(const struct record *, const void *msg, struct buf *);
/* A JSON string with its quotes, escaped. */
void	 record_json_string(const char *, size_t len, struct buf *);

#endif
