/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_LOGD_FEED_H
#define PATRONUS_LOGD_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/head.h"
#include "logread.h"
#include "message.h"

struct buf;
struct ledger;
struct logfile;

/*
 * The logs as one stream of messages for one receiver, from some place on: records of the audit log with the heads between them (a head not
 * before the records that it was signed over), then events, then packets.  The logs themselves are the queue; only packets live in memory.
 */

/* What was sent last; 0: nothing yet. */
struct feed_place {
	uint64_t	record;
	uint64_t	head;
	uint64_t	event;
	uint64_t	packet;
};

struct feed_want {
	bool			has_audit;
	bool			has_heads;
	bool			has_events;
	bool			has_packets;
	unsigned		severity;	/* events and packets that are less severe are left out */
	struct message_from	from;
};

struct feed {
	struct ledger		*ledger;
	const struct logfile	*events;	/* patronus.log */
	unsigned		 events_keep;
	struct feed_place	 at;
	struct logread		 record_lines, head_lines, event_lines;
	bool			 is_open;
	bool			 owes_key;	/* the lines that an export begins with were not sent yet */
	bool			 owes_prefix;
	struct audit_head	 head;		/* that waits for its records; number 0: none was read */
	uint64_t		 nsent;		/* messages, ever */
	uint64_t		 ndropped;	/* that were gone when their turn came */
};

void	 feed_init(struct feed *, struct ledger *, const struct logfile *events, unsigned events_keep);
void	 feed_fini(struct feed *);
/* Where a receiver begins that had nothing before: at the newest head, and with what comes. */
struct feed_place feed_now(const struct feed *);
/* Go on behind a place. */
void	 feed_seek(struct feed *, const struct feed_place *);
/* Append messages in their frames until there are `max` bytes or there is nothing more.  How many, or -errno. */
int	 feed_fill(struct feed *, const struct feed_want *, size_t max, struct buf *frames);
/* Records that are still to come. */
uint64_t feed_lag(const struct feed *, const struct feed_want *);

#endif
