/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "conf/generated.h"
#include "conf/state.h"
#include "ipc/channel.h"
#include "ipc/codec.h"
#include "ipc/msg.h"

#include "fwd.h"
#include "mem.h"
#include "policy.h"
#include "query.h"
#include "revision.h"

#define RECORD_MAX	(32u << 20)
#define CONF_MAX	(64u << 20)

static const struct {
	const char		*name;
	const char		*record;	/* of the state that the answer is */
	query_function		*answer;
} queries[] = {
	{ "connections", "connections", query_connections },
	{ "firewall-analysis", "firewall-analysis", query_analysis },
	{ "firewall-explanation", "firewall-explanation", query_explain },
	{ "firewall-impact", "firewall-impact", query_impact },
	{ "firewall-tests", "firewall-tests", query_tests },
	{ "firewall-form", "firewall-form", query_form },
	{ "connections-end", "connections", query_connections_end },
};

const char *
query_term_value(const struct query *q, const char *name)
{
	uint32_t i;

	for (i = 0; i < q->req->terms.n; i++)
		if (strcmp(q->req->terms.items[i].name, name) == 0)
			return q->req->terms.items[i].value;
	return NULL;
}

bool
query_has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (; *words != '\0'; words += strcspn(words, " "), words += *words == ' ' ? 1 : 0)
		if (strncmp(words, word, len) == 0 && (words[len] == ' ' || words[len] == '\0'))
			return true;
	return false;
}

int
query_check_terms(struct query *q, const char *known)
{
	uint32_t i;

	for (i = 0; i < q->req->terms.n; i++) {
		if (query_has_word(known, q->req->terms.items[i].name))
			continue;
		q->why = mem_printf(q->arena, "there is no parameter \"%s\" here", q->req->terms.items[i].name);
		return -EINVAL;
	}
	return 0;
}

const struct fw_policy *
query_policy(struct query *q, int *ret_error)
{
	const struct fw_policy *policy = NULL;
	const uint8_t *data;
	size_t len;
	void *conf;
	int fd = arena_take_fd(q->message->arena, 0);

	*ret_error = fd == -1 ? -EPROTO : memfd_map(fd, CONF_MAX, &data, &len);
	if (fd != -1)
		(void)close(fd);
	if (*ret_error != 0)
		return NULL;
	*ret_error = codec_decode(&conf_fwd_record, data, len, q->arena, &conf, NULL);
	memfd_unmap(data, len);
	if (*ret_error == 0)
		policy = policy_with_live(conf, q->fwd->links, q->fwd->live, q->arena, &q->problems);
	return policy;
}

static int
answer(struct query *q, uint8_t **ret, size_t *ret_len)
{
	void *record = NULL;
	size_t i;
	int error;

	for (i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		if (strcmp(queries[i].name, q->req->name) != 0)
			continue;
		if ((error = queries[i].answer(q, &record)) != 0)
			return error;
		if (record == NULL)
			return 0;
		return codec_encode(conf_state_record(queries[i].record), record, RECORD_MAX, ret, ret_len, NULL);
	}
	return -ENOENT;
}

void
query_answer(struct fwd *f, struct channel *c, struct message *m)
{
	struct query q = { .fwd = f, .channel = c, .message = m, .req = m->body, .arena = arena_new(0) };
	struct query_rep rep = { .record = { .len = 0 } };
	uint8_t *data = NULL;
	size_t len = 0;
	int error;

	if (q.arena == NULL)
		fatalx("query", "out of memory");
	q.has_document = q.req->has_document;
	problems_init(&q.problems, q.arena);
	error = answer(&q, &data, &len);
	if (error != 0) {
		(void)channel_reply_error(c, &m->header, error, 0, "%s", q.why != NULL ? q.why : strerror(-error));
	} else {
		rep.problems.items = q.problems.items;
		rep.problems.n = q.problems.n;
		rep.record.data = data;
		rep.record.len = (uint32_t)len;
		(void)channel_reply(c, &m->header, &rep, NULL, 0);
	}
	free(data);
	revision_free(q.candidate);
	arena_free(q.arena);
}
