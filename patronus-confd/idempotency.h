/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_IDEMPOTENCY_H
#define PATRONUS_CONFD_IDEMPOTENCY_H

#include <stdbool.h>

/*
 * A POST with the header Idempotency-Key is done once: who asks again, because the answer was lost on the way, gets the first answer.
 * Keys belong to a user and are remembered for a day, as far as there is room.  What was refused had no effect and is not
 * remembered: it may be tried again.  Commits are remembered in the store, over a restart of this process.
 */

struct confd;
struct idempotency;
struct keyed;
struct mgmt_rep;
struct request;
struct revision;

#define IDEMPOTENCY_KEYS	1024
#define IDEMPOTENCY_BYTES	(8u << 20)	/* of all answers; an answer over an eighth of it is not kept */
#define IDEMPOTENCY_HOURS	24

struct idempotency	*idempotency_new(void);
void			 idempotency_free(struct idempotency *);

/*
 * A request with a key, before its handler.  true: go on; its answer will be remembered (req->keyed).  false: it was answered, from memory
 * or because the key cannot be used.
 */
bool			 idempotency_begin(struct request *);
/* Its answer, on the way out. */
void			 idempotency_end(struct confd *, struct keyed *, const struct mgmt_rep *);
/* What the store remembers of a request with a key ("KEY DIGEST"), or "". */
const char		*idempotency_mark(const struct request *);

#endif
