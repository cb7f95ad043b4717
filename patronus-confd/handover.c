/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

#include "cipher.h"
#include "handover.h"

#define HANDOVERS_MAX	64
#define TOKEN_MAX	65
#define SOURCE_MAX	65

struct handover {
	char		ticket[HANDOVER_TICKET];	/* "": free */
	char		token[TOKEN_MAX];
	char		source[SOURCE_MAX];
	uint64_t	until_ms;			/* monotonic */
};

struct handovers {
	struct handover	all[HANDOVERS_MAX];
	char		taken[TOKEN_MAX];
};

struct handovers *
handovers_new(void)
{
	return (calloc(1, sizeof(struct handovers)));
}

void
handovers_free(struct handovers *hs)
{
	if (hs != NULL)
		explicit_bzero(hs, sizeof(*hs));
	free(hs);
}

/* Where a ticket for this token goes: over the one it has, into a free place, or over the oldest. */
static struct handover *
place_for(struct handovers *hs, const char *token)
{
	struct handover *h = &hs->all[0];
	size_t i;

	for (i = 0; i < HANDOVERS_MAX; i++)
		if (strcmp(hs->all[i].token, token) == 0)
			return (&hs->all[i]);
	for (i = 1; i < HANDOVERS_MAX; i++)
		if (hs->all[i].until_ms < h->until_ms)
			h = &hs->all[i];
	return (h);
}

void
handover_make(struct handovers *hs, const char *token, const char *source, char ret[HANDOVER_TICKET])
{
	struct handover *h = place_for(hs, token);
	uint8_t random[(HANDOVER_TICKET - 1) / 2];

	explicit_bzero(h, sizeof(*h));
	cipher_random(random, sizeof(random));
	str_hex(random, sizeof(random), h->ticket);
	(void)str_copy(h->token, token, sizeof(h->token));
	(void)str_copy(h->source, source, sizeof(h->source));
	h->until_ms = clock_mono_ms() + HANDOVER_SECONDS * 1000ull;
	(void)str_copy(ret, h->ticket, HANDOVER_TICKET);
}

const char *
handover_take(struct handovers *hs, const char *ticket, const char *source)
{
	struct handover *h, *found = NULL;
	size_t i;

	if (strlen(ticket) != HANDOVER_TICKET - 1)
		return (NULL);
	for (i = 0; i < HANDOVERS_MAX; i++) {
		h = &hs->all[i];
		if (h->ticket[0] != '\0' && str_equal_ct(h->ticket, ticket, HANDOVER_TICKET - 1))
			found = h;
	}
	if (found == NULL)
		return (NULL);
	/* Whoever shows it: it was seen, and is worth nothing any more. */
	(void)str_copy(hs->taken, found->until_ms > clock_mono_ms() && strcmp(found->source, source) == 0 ? found->token : "",
	    sizeof(hs->taken));
	explicit_bzero(found, sizeof(*found));
	return (hs->taken[0] != '\0' ? hs->taken : NULL);
}
