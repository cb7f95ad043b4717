/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "conf/generated.h"

#include "trends.h"

#define STALE_MS	10000		/* a counter that was silent for longer begins anew */

struct trend {
	char		 name[16];
	char		 interface[64];
	uint64_t	 first_s;	/* the second of its first value */
	uint64_t	 last_s;
	double		 sum;		/* of the minute that is under way */
	unsigned	 n;
	uint64_t	 counter;	/* of a link */
	uint64_t	 counter_ms;	/* 0: none was seen */
	float		 seconds[TRENDS_SECONDS];
	float		 minutes[TRENDS_MINUTES];
};

struct trends {
	struct trend	*trend[TRENDS_MAX];
	unsigned	 n;
};

struct trends *
trends_new(void)
{
	return (calloc(1, sizeof(struct trends)));
}

void
trends_free(struct trends *ts)
{
	unsigned i;

	for (i = 0; ts != NULL && i < ts->n; i++)
		free(ts->trend[i]);
	free(ts);
}

/* NULL when there is no room for one more. */
static struct trend *
find(struct trends *ts, const char *name, const char *interface)
{
	struct trend *t;
	unsigned i;

	for (i = 0; i < ts->n; i++)
		if (strcmp(ts->trend[i]->interface, interface) == 0 && strcmp(ts->trend[i]->name, name) == 0)
			return (ts->trend[i]);
	if (ts->n == TRENDS_MAX || (t = calloc(1, sizeof(*t))) == NULL)
		return (NULL);
	(void)str_copy(t->name, name, sizeof(t->name));
	(void)str_copy(t->interface, interface, sizeof(t->interface));
	ts->trend[ts->n++] = t;
	return (t);
}

/* A minute ends with its last second; its value is the mean of those seconds that had one. */
static void
put_second(struct trend *t, uint64_t second, double value)
{
	t->seconds[second % TRENDS_SECONDS] = (float)value;
	t->sum += value;
	t->n++;
	if (second % 60 != 59)
		return;
	t->minutes[second / 60 % TRENDS_MINUTES] = (float)(t->sum / t->n);
	t->sum = 0;
	t->n = 0;
}

static void
put(struct trend *t, uint64_t second, double value)
{
	uint64_t at = t->last_s + 1;

	if (t->first_s == 0)
		t->first_s = at = second;
	else if (second <= t->last_s)
		return;
	/* Older ones would be overwritten on the way, minutes too. */
	if (second - at > (uint64_t)TRENDS_MINUTES * 60)
		t->first_s = at = second;
	for (; at <= second; at++)
		put_second(t, at, value);
	t->last_s = second;
}

void
trends_put(struct trends *ts, const char *name, const char *interface, uint64_t now_ms, double value)
{
	struct trend *t = find(ts, name, interface);

	if (t != NULL)
		put(t, now_ms / 1000, value);
}

static void
put_counter(struct trends *ts, const char *name, const char *interface, uint64_t now_ms, uint64_t counter)
{
	struct trend *t = find(ts, name, interface);
	bool is_known;

	if (t == NULL)
		return;
	is_known = t->counter_ms != 0 && now_ms > t->counter_ms && counter >= t->counter;
	/* A silence is no average: nobody knows when in it the bytes came. */
	if (is_known && now_ms - t->counter_ms > STALE_MS)
		put(t, now_ms / 1000 - 1, 0);
	if (is_known)
		put(t, now_ms / 1000, (double)(counter - t->counter) * 1000 / (double)(now_ms - t->counter_ms));
	t->counter = counter;
	t->counter_ms = now_ms;
}

void
trends_put_interfaces(struct trends *ts, const struct event_interfaces *e, uint64_t now_ms)
{
	uint32_t i;

	for (i = 0; i < e->interfaces.n; i++) {
		if (e->interfaces.items[i].name[0] == '\0')
			continue;		/* not of the configuration */
		put_counter(ts, "rx", e->interfaces.items[i].name, now_ms, e->interfaces.items[i].rx_bytes);
		put_counter(ts, "tx", e->interfaces.items[i].name, now_ms, e->interfaces.items[i].tx_bytes);
	}
}

#define HOLDS_S	2	/* a use of the machine is looked at that often, and holds until then */

/* Values of the steps up to `last`, oldest first; what ended before has zeroes behind it, for nothing went through. */
static int
tell(const struct trend *t, unsigned step_s, uint64_t last, struct arena *arena, struct state_series *ret)
{
	uint64_t size = step_s == 1 ? TRENDS_SECONDS : TRENDS_MINUTES;
	uint64_t first = t->first_s / step_s, end = t->last_s / step_s, at;
	const float *ring = step_s == 1 ? t->seconds : t->minutes;
	uint64_t holds = step_s == 1 && t->interface[0] == '\0' ? HOLDS_S : 0, *values;

	if (step_s == 60 && t->last_s % 60 != 59)
		end = end > 0 ? end - 1 : 0;		/* it is under way */
	if (first + size <= last)
		first = last + 1 - size;
	*ret = (struct state_series){ .name = t->name, .interface = t->interface[0] != '\0' ? t->interface : NULL };
	if ((values = arena_alloc(arena, (size_t)size, sizeof(*values))) == NULL)
		return (-ENOMEM);
	for (at = first; at <= last; at++)
		values[ret->values.n++] = at <= end + holds ? (uint64_t)ring[(at < end ? at : end) % size] : 0;
	ret->values.items = values;
	return (0);
}

int
trends_tell(const struct trends *ts, unsigned step_s, uint64_t now_ms, struct arena *arena, struct state_history *ret)
{
	/* The second that is under way has no value yet. */
	uint64_t last = now_ms / 1000 / step_s - 1;
	unsigned i;

	*ret = (struct state_history){ .step = step_s, .newest = clock_wall_ms() - (now_ms - (last + 1) * step_s * 1000) };
	if ((ret->series.items = arena_alloc(arena, ts->n + 1, sizeof(*ret->series.items))) == NULL)
		return (-ENOMEM);
	for (i = 0; i < ts->n; i++) {
		if (ts->trend[i]->first_s == 0 || ts->trend[i]->first_s / step_s > last)
			continue;
		if (tell(ts->trend[i], step_s, last, arena, &ret->series.items[ret->series.n++]) != 0)
			return (-ENOMEM);
	}
	return (0);
}
