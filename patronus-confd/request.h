/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_REQUEST_H
#define PATRONUS_CONFD_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/msg.h"
#include "rights.h"

/*
 * One request of the management protocol, from its arrival to its one answer.  A handler answers at once, or keeps the request
 * and answers from a later callback; the answer frees it.  The connection may go away meanwhile: the answer is then
 * dropped, what the request did stands.
 */

struct confd;
struct document;
struct keyed;
struct request;
struct route;

#define REQUEST_SEGMENTS	16

/* Where requests come from.  Lives as long as the last of its requests. */
struct origin {
	unsigned	 refs;
	struct confd	*confd;
	bool		 is_local;	/* the local socket: uid is the kernel's word */
	uint32_t	 uid;
	uint64_t	 fresh_until_ms;	/* of a local user's second factor, given on this connection */
	/* Sends the answer; NULL when the other side is gone. */
	void		(*answer)(struct origin *, const struct frame_header *, const struct mgmt_rep *);
	void		*arg;
};

struct request {
	struct confd		*confd;
	struct origin		*origin;
	struct message		 message;	/* owns everything that `in` points to */
	const struct mgmt_req	*in;
	const struct route	*route;
	char			*segment[REQUEST_SEGMENTS];	/* of the path, in the message's arena */
	unsigned		 nsegments;
	const char		*rest;		/* what "..." of the route matched, with its first slash; "" when nothing */
	uint64_t		 since_us;	/* monotonic, of the arrival */
	struct message		 parsed;	/* of patronus-parse: the body is nodes now */
	bool			 is_parsed;
	const char		*token;		/* whose session: in->token, or the one that was just made */

	/* Who asks, as found by request_identify. */
	char			 user[65];
	char			 from[65];	/* for history and audit */
	struct rights		 rights;		/* its role is the request's */
	struct document		*sights[8];		/* documents as he sees them (sight.h) */
	unsigned		 nsights;
	char			 id[17];	/* of the session or API token; "" on the local socket */
	bool			 has_factor;	/* a second factor is enrolled (on the local socket known where the route may ask) */
	uint64_t		 fresh_until_ms;	/* monotonic: so long the one that was given counts as fresh */
	char			 csrf[65];
	uint64_t		 expires_ms;
	uint32_t		 idle_s;

	struct keyed		*keyed;		/* idempotency.h: the answer will be remembered */

	/* For the head of the answer; "" when nothing limits him. */
	char			 rate_policy[48];
	char			 rate[48];
};

struct origin	*origin_new(struct confd *, bool is_local, uint32_t uid);
void		 origin_unref(struct origin *);

/* Takes the message (its body is struct mgmt_req) and answers it, now or later. */
void		 request_start(struct origin *, struct message *);
/* For reply.c: forget a request that has been answered. */
void		 request_free(struct request *);

#endif
