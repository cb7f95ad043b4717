/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "ipc/channel.h"
#include "job.h"

static struct job	*jobs;
static unsigned		 njobs;

struct job *
job_new(struct channel *ch, struct message *m)
{
	struct job *j;

	if (njobs >= JOBS_MAX) {
		(void)channel_reply_error(ch, &m->header, EBUSY, 0, "too many requests to the outside are under way");
		return NULL;
	}
	if ((j = calloc(1, sizeof(*j))) == NULL)
		fatalx("job", "no memory");
	channel_keep(ch, m, &j->message);
	j->channel = ch;
	j->started_us = clock_mono_us();
	j->next = jobs;
	jobs = j;
	njobs++;
	return j;
}

const void *
job_body(const struct job *j)
{
	return j->message.body;
}

uint32_t
job_took_us(const struct job *j)
{
	return (uint32_t)(clock_mono_us() - j->started_us);
}

void
job_end(struct job *j, const void *rep)
{
	struct job **p;

	if (j->channel != NULL)
		(void)channel_reply(j->channel, &j->message.header, rep, NULL, 0);
	for (p = &jobs; *p != NULL; p = &(*p)->next)
		if (*p == j) {
			*p = j->next;
			break;
		}
	njobs--;
	message_fini(&j->message);
	free(j);
}

void
jobs_orphan(const struct channel *ch)
{
	struct job *j;

	for (j = jobs; j != NULL; j = j->next)
		if (j->channel == ch)
			j->channel = NULL;
}
