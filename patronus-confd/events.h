/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_EVENTS_H
#define PATRONUS_CONFD_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What happens, told to whoever listens.  Every event has an id that only grows (also over a restart of this process).
 * Events that say what happened (log, commits, drift, status) stay in a ring for readers that come back;
 * those that say how things are (counters, interfaces, progress) are sent and forgotten.
 */

struct events;
struct event_base;

enum topic {
	TOPIC_INVALID = 0,
	TOPIC_COUNTERS,
	TOPIC_LOG,
	TOPIC_COMMITS,
	TOPIC_DRIFT,
	TOPIC_STATUS,
	TOPIC_INTERFACES,
	TOPIC_PROGRESS,
	TOPIC_MAX
};

#define EVENTS_RING	1024		/* events */
#define EVENTS_BYTES	(1 << 20)	/* and all their data together */
#define EVENTS_STREAMS	256		/* of all connections together */

/* TOPIC_INVALID for a name that is none. */
enum topic	 topic_parse(const char *name, size_t len);
const char	*topic_name(enum topic);

/*
 * Deliver one event to a listener; topic "gap" says that events were lost, "end" that no more will come.  data is
 * JSON.  Not 0: the listener is gone, its streams are dropped.
 */
typedef int	 events_send(void *listener, uint32_t stream, uint64_t id, const char *topic, const char *data, size_t len);

struct events	*events_new(events_send *);
void		 events_free(struct events *);

void		 events_publish(struct events *, enum topic, const char *data, size_t len);
/* Events of this topic were left out before they came here: told as "gap" to who listens to it, and in its place to who comes back. */
void		 events_publish_gap(struct events *, enum topic, const char *data, size_t len);
/* Does anybody listen to this topic now? */
bool		 events_wanted(const struct events *, enum topic);

/*
 * topics is a comma-separated list, of which those among allowed (bits) are sent.  last_id 0: from now on; else what the ring still has
 * after it is sent at once.  tag and user tell later which streams end.  0 and *ret, -EINVAL for a topic that is none, -EACCES when
 * none of them is allowed, -ENOBUFS when there are too many streams.
 */
int		 events_subscribe(struct events *, void *listener, const char *topics, uint32_t allowed, uint64_t last_id, const char *tag,
		    const char *user, uint32_t *ret_stream);
/* Send what the ring has for a new stream; after the answer to the subscription is on its way. */
void		 events_replay(struct events *, uint32_t stream);
void		 events_unsubscribe(struct events *, const void *listener, uint32_t stream);
/* The listener is gone. */
void		 events_drop(struct events *, const void *listener);
/* End the streams whose tag is not live any more; a stream without a tag (the local socket) is. */
void		 events_end_dead(struct events *, bool (*is_live)(const char *tag, void *arg), void *arg);
/* End the streams of one session (tag) or of one user; NULL: whatever it is. */
void		 events_end(struct events *, const char *tag, const char *user);

#endif
