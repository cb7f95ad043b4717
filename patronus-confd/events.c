/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

#include "events.h"

struct entry {
	uint64_t	 id;
	enum topic	 topic;
	const char	*name;		/* of the topic, or "gap" */
	char		*data;
	size_t		 len;
};

struct stream {
	uint32_t	 number;	/* 0: free */
	void		*listener;
	uint32_t	 topics;	/* bits */
	uint64_t	 after;		/* replay from here */
	char		 tag[65];
	char		 user[65];
};

struct events {
	events_send	*send;
	struct entry	 ring[EVENTS_RING];
	unsigned	 first, n;
	size_t		 bytes;
	uint64_t	 next_id;
	uint64_t	 lost_id;	/* the newest id that left the ring */
	uint32_t	 next_stream;
	struct stream	 stream[EVENTS_STREAMS];
};

static const struct {
	const char	*name;
	bool		 is_kept;
} topics[TOPIC_MAX] = {
	[TOPIC_COUNTERS] = { "counters", false },
	[TOPIC_LOG] = { "log", true },
	[TOPIC_COMMITS] = { "commits", true },
	[TOPIC_DRIFT] = { "drift", true },
	[TOPIC_STATUS] = { "status", true },
	[TOPIC_INTERFACES] = { "interfaces", false },
	[TOPIC_PROGRESS] = { "progress", false },
};

enum topic
topic_parse(const char *name, size_t len)
{
	unsigned i;

	for (i = 1; i < TOPIC_MAX; i++)
		if (strlen(topics[i].name) == len && memcmp(topics[i].name, name, len) == 0)
			return ((enum topic)i);
	return (TOPIC_INVALID);
}

const char *
topic_name(enum topic topic)
{
	return (topic > TOPIC_INVALID && topic < TOPIC_MAX ? topics[topic].name : "");
}

struct events *
events_new(events_send *send)
{
	struct events *ev;

	if ((ev = calloc(1, sizeof(*ev))) == NULL)
		return (NULL);
	ev->send = send;
	/* Ids go on after a restart, and stay exact in a double. */
	ev->next_id = clock_wall_ms() * 1000;
	ev->lost_id = ev->next_id - 1;
	return (ev);
}

void
events_free(struct events *ev)
{
	unsigned i;

	if (ev == NULL)
		return;
	for (i = 0; i < ev->n; i++)
		free(ev->ring[(ev->first + i) % EVENTS_RING].data);
	free(ev);
}

static void
forget_oldest(struct events *ev)
{
	struct entry *e = &ev->ring[ev->first];

	ev->lost_id = e->id;
	ev->bytes -= e->len;
	free(e->data);
	ev->first = (ev->first + 1) % EVENTS_RING;
	ev->n--;
}

static void
remember(struct events *ev, enum topic topic, const char *name, const char *data, size_t len)
{
	struct entry *e;
	char *copy;

	if (len > EVENTS_BYTES / 4 || (copy = malloc(len + 1)) == NULL) {
		ev->lost_id = ev->next_id;
		return;
	}
	memcpy(copy, data, len);
	while (ev->n == EVENTS_RING || (ev->n > 0 && ev->bytes + len > EVENTS_BYTES))
		forget_oldest(ev);
	e = &ev->ring[(ev->first + ev->n++) % EVENTS_RING];
	*e = (struct entry){ .id = ev->next_id, .topic = topic, .name = name, .data = copy, .len = len };
	ev->bytes += len;
}

static void
publish(struct events *ev, enum topic topic, const char *name, const char *data, size_t len)
{
	struct stream *s;
	unsigned i;

	for (i = 0; i < EVENTS_STREAMS; i++) {
		s = &ev->stream[i];
		if (s->number != 0 && (s->topics & (1u << topic)) != 0 &&
		    ev->send(s->listener, s->number, ev->next_id, name, data, len) != 0)
			events_drop(ev, s->listener);
	}
	if (topics[topic].is_kept)
		remember(ev, topic, name, data, len);
	ev->next_id++;
}

void
events_publish(struct events *ev, enum topic topic, const char *data, size_t len)
{
	publish(ev, topic, topics[topic].name, data, len);
}

void
events_publish_gap(struct events *ev, enum topic topic, const char *data, size_t len)
{
	publish(ev, topic, "gap", data, len);
}

bool
events_wanted(const struct events *ev, enum topic topic)
{
	unsigned i;

	for (i = 0; i < EVENTS_STREAMS; i++)
		if (ev->stream[i].number != 0 && (ev->stream[i].topics & (1u << topic)) != 0)
			return (true);
	return (false);
}

static int
parse_topics(const char *list, uint32_t *ret)
{
	enum topic topic;
	uint32_t mask = 0;
	size_t len;

	for (;;) {
		len = strcspn(list, ",");
		if ((topic = topic_parse(list, len)) == TOPIC_INVALID)
			return (-EINVAL);
		mask |= 1u << topic;
		if (list[len] == '\0')
			break;
		list += len + 1;
	}
	*ret = mask;
	return (0);
}

int
events_subscribe(struct events *ev, void *listener, const char *list, uint32_t allowed, uint64_t last_id, const char *tag,
    const char *user, uint32_t *ret_stream)
{
	struct stream *s = NULL;
	uint32_t mask;
	unsigned i;
	int error;

	if ((error = parse_topics(list, &mask)) != 0)
		return (error);
	if ((mask &= allowed) == 0)
		return (-EACCES);
	for (i = 0; i < EVENTS_STREAMS && s == NULL; i++)
		if (ev->stream[i].number == 0)
			s = &ev->stream[i];
	if (s == NULL)
		return (-ENOBUFS);
	if (++ev->next_stream == 0)
		ev->next_stream = 1;
	*s = (struct stream){ .number = ev->next_stream, .listener = listener, .topics = mask, .after = last_id };
	(void)str_copy(s->tag, tag, sizeof(s->tag));
	(void)str_copy(s->user, user, sizeof(s->user));
	*ret_stream = s->number;
	return (0);
}

void
events_replay(struct events *ev, uint32_t number)
{
	static const char gap[] = "{\"reason\":\"events were lost; read the state again\"}";
	struct stream *s = NULL;
	struct entry *e;
	unsigned i;
	int error = 0;

	for (i = 0; i < EVENTS_STREAMS && s == NULL; i++)
		if (ev->stream[i].number == number)
			s = &ev->stream[i];
	if (s == NULL || s->after == 0)
		return;
	/* An id of the future is from another clock: what was lost since is unknown. */
	if (s->after < ev->lost_id || s->after >= ev->next_id)
		error = ev->send(s->listener, s->number, ev->lost_id, "gap", gap, sizeof(gap) - 1);
	for (i = 0; i < ev->n && error == 0; i++) {
		e = &ev->ring[(ev->first + i) % EVENTS_RING];
		if (e->id > s->after && (s->topics & (1u << e->topic)) != 0)
			error = ev->send(s->listener, s->number, e->id, e->name, e->data, e->len);
	}
	if (error != 0)
		events_drop(ev, s->listener);
}

void
events_unsubscribe(struct events *ev, const void *listener, uint32_t number)
{
	unsigned i;

	for (i = 0; i < EVENTS_STREAMS; i++)
		if (number != 0 && ev->stream[i].number == number && ev->stream[i].listener == listener)
			ev->stream[i].number = 0;
}

void
events_drop(struct events *ev, const void *listener)
{
	unsigned i;

	for (i = 0; i < EVENTS_STREAMS; i++)
		if (ev->stream[i].listener == listener)
			ev->stream[i].number = 0;
}

void
events_end_dead(struct events *ev, bool (*is_live)(const char *tag, void *arg), void *arg)
{
	struct stream *s;
	unsigned i;

	for (i = 0; i < EVENTS_STREAMS; i++) {
		s = &ev->stream[i];
		if (s->number == 0 || s->tag[0] == '\0' || is_live(s->tag, arg))
			continue;
		(void)ev->send(s->listener, s->number, ev->next_id, "end", "{}", 2);
		s->number = 0;
	}
}

void
events_end(struct events *ev, const char *tag, const char *user)
{
	struct stream *s;
	unsigned i;

	for (i = 0; i < EVENTS_STREAMS; i++) {
		s = &ev->stream[i];
		if (s->number == 0 || (tag != NULL && strcmp(tag, s->tag) != 0) || (user != NULL && strcmp(user, s->user) != 0))
			continue;
		(void)ev->send(s->listener, s->number, ev->next_id, "end", "{}", 2);
		s->number = 0;
	}
}
