/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

#include "confd.h"
#include "document.h"
#include "rate.h"
#include "snapshot.h"

#define WINDOW_S	60
#define UNIT		60000	/* a bucket is counted in these parts of a request: one is filled each ms at one request a minute */

struct bucket {
	char		principal[80];	/* policy and name; "": free */
	uint64_t	left;		/* in UNITs */
	uint64_t	at_ms;		/* monotonic, of left */
};

struct rates {
	struct bucket	bucket[RATE_PRINCIPALS];
};

struct rates *
rates_new(void)
{
	return (calloc(1, sizeof(struct rates)));
}

void
rates_free(struct rates *r)
{
	free(r);
}

/* His bucket; a full one for a newcomer. */
static struct bucket *
find(struct rates *r, const char *principal, uint64_t full, uint64_t now)
{
	struct bucket *b, *oldest = &r->bucket[0];
	size_t i;

	for (i = 0; i < RATE_PRINCIPALS; i++) {
		b = &r->bucket[i];
		if (strcmp(b->principal, principal) == 0)
			return (b);
		if (b->at_ms < oldest->at_ms)
			oldest = b;
	}
	(void)str_copy(oldest->principal, principal, sizeof(oldest->principal));
	oldest->left = full;
	oldest->at_ms = now;
	return (oldest);
}

bool
rate_take(struct confd *confd, const char *policy, const char *principal, struct rate_verdict *ret)
{
	char name[80], path[64];
	const char *text;
	uint64_t quota, full, now = clock_mono_ms();
	struct bucket *b;

	(void)snprintf(path, sizeof(path), "/management/web/rate-limit/%s", policy);
	text = document_value(confd->running->doc, path);
	if (text == NULL || str_u64(text, 1, UINT32_MAX, &quota) != 0)
		return (false);
	full = quota * UNIT;
	(void)snprintf(name, sizeof(name), "%s %.65s", policy, principal);
	b = find(confd->rates, name, full, now);
	/* Idle for longer than fills it: no product of a long time. */
	b->left = now - b->at_ms >= WINDOW_S * 1000 ? full : b->left + (now - b->at_ms) * quota;
	if (b->left > full)
		b->left = full;
	b->at_ms = now;
	ret->retry_after_s = b->left >= UNIT ? 0 : (uint32_t)((UNIT - b->left + quota * 1000 - 1) / (quota * 1000));
	if (ret->retry_after_s == 0)
		b->left -= UNIT;
	(void)snprintf(ret->policy, sizeof(ret->policy), "\"%s\";q=%llu;w=%d", policy, (unsigned long long)quota, WINDOW_S);
	(void)snprintf(ret->rate, sizeof(ret->rate), "\"%s\";r=%llu;t=%llu", policy, (unsigned long long)(b->left / UNIT),
	    (unsigned long long)((full - b->left + quota * 1000 - 1) / (quota * 1000)));
	return (true);
}
