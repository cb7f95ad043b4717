/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_HELPER_H
#define PATRONUS_FWD_HELPER_H

#include <stddef.h>
#include <stdint.h>

struct message;
struct oneshot;

/*
 * Have the parent start a one-shot helper (enum helper_id) and ask it, waiting for the answer.  0 and *ret (the caller calls message_fini), or -errno
 * with why for people.
 */
int	 helper_ask(uint8_t helper, const struct oneshot *, const void *req, struct message *ret, char *why, size_t size);

#endif
