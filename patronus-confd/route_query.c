/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What fwd works out of a policy or of the connections, for whoever may read that: /state/NAME. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "conf/generated.h"
#include "conf/state.h"
#include "daemon/daemon.h"
#include "ipc/channel.h"
#include "ipc/ids.h"
#include "ipc/msg.h"

#include "collection.h"
#include "confd.h"
#include "document.h"
#include "owner.h"
#include "problem.h"
#include "query.h"
#include "record_json.h"
#include "reply.h"
#include "request.h"
#include "rights.h"
#include "route.h"
#include "route_common.h"
#include "snapshot.h"
#include "workspace.h"

#define QUERY_MS	15000
#define RECORD_MAX	(64u << 20)	/* in memory */
#define JSON_MAX	(16u << 20)

/* A question is asked of what is in force, of the configuration that runs, or of the candidate that the request names. */
enum about {
	ABOUT_KERNEL,
	ABOUT_DOCUMENT,		/* the running one, or a candidate */
	ABOUT_EITHER		/* what is in force, or a candidate */
};

static const struct question {
	const char	*name;		/* the state */
	enum about	 about;
	const char	*terms;		/* parameters that fwd gets; "*": all; those of a collection are ours otherwise */
} questions[] = {
	{ "connections", ABOUT_KERNEL, "*" },
	{ "firewall-analysis", ABOUT_DOCUMENT, "" },
	{ "firewall-explanation", ABOUT_EITHER, "*" },
	{ "firewall-impact", ABOUT_EITHER, "*" },
	{ "firewall-tests", ABOUT_EITHER, "" },
	{ "firewall-form", ABOUT_EITHER, "" },
};

struct asking {
	struct request		*req;
	const struct question	*question;
	void			(*reply)(struct asking *, const void *record);
};

static const struct question *
question_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		if (strcmp(questions[i].name, name) == 0)
			return (&questions[i]);
	fatalx("query", "there is no question %s", name);
}

/* --- the answer --- */

static void
reply_unfit(struct request *req, const struct query_rep *rep)
{
	struct problems *problems = problems_new();
	uint32_t i;

	if (problems == NULL)
		fatalx("query", "no memory");
	for (i = 0; i < rep->problems.n; i++)
		problems_add(problems, rep->problems.items[i].path, NULL, 0, rep->problems.items[i].code, "", "%s", rep->problems.items[i].text);
	reply_problems(req, PROBLEM_VALIDATION, problems, "the configuration cannot be compiled");
	problems_free(problems);
}

static void
reply_record(struct asking *a, const struct query_rep *rep)
{
	const struct record *shape = conf_state_record(a->question->name);
	struct arena *arena = arena_new(RECORD_MAX);
	struct codec_error why;
	void *record;

	if (arena == NULL)
		fatalx("query", "no memory");
	if (codec_decode(shape, rep->record.data, rep->record.len, arena, &record, &why) == 0) {
		a->reply(a, record);
	} else {
		log_errx("query", "%s: %s %s", shape->name, why.path, why.reason);
		reply_problem(a->req, PROBLEM_INTERNAL, "the answer of the firewall daemon cannot be read");
	}
	arena_free(arena);
}

static void
on_answer(struct channel *ch, struct message *m, int error, void *arg)
{
	struct asking *a = arg;
	const struct query_rep *rep = m != NULL && error == 0 ? m->body : NULL;

	(void)ch;
	if (m == NULL)
		reply_problem_with(a->req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 }, "the firewall daemon gave no answer");
	else if (rep == NULL)
		reply_problem(a->req, error == -EINVAL ? PROBLEM_SYNTAX : error == -ESTALE ? PROBLEM_CONFLICT : PROBLEM_INTERNAL, "%s",
		    ((const struct ipc_error_req *)m->body)->text);
	else if (rep->problems.n > 0)
		reply_unfit(a->req, rep);
	else
		reply_record(a, rep);
	free(a);
}

/* --- asking --- */

static bool
is_term(const struct question *q, const char *name)
{
	size_t len = strlen(name);
	const char *at;

	if (strcmp(q->terms, "*") == 0)
		return (true);
	for (at = q->terms; (at = strstr(at, name)) != NULL; at += len)
		if ((at == q->terms || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return (true);
	return (false);
}

static void
gather_terms(struct request *req, const struct question *q, struct query_req *ask)
{
	const char *name, *value;
	struct query_term *items;
	unsigned i;

	if ((items = arena_alloc(req->message.arena, QUERY_PARAMETERS, sizeof(*items))) == NULL)
		fatalx("query", "no memory");
	for (i = 0; i < QUERY_PARAMETERS && query_get(req, i, &name, &value); i++)
		if (name != NULL && value != NULL && is_term(q, name))
			items[ask->terms.n++] = (struct query_term){ .name = name, .value = value };
	ask->terms.items = items;
}

/* The document of a question, sealed; a descriptor, or -1, answered. */
static int
document_fd(struct request *req, const struct owner *fwd)
{
	struct document *doc = req->confd->running->doc;
	struct problems *problems = problems_new();
	struct workspace *w = NULL;
	uint8_t *data = NULL;
	size_t len;
	int error = 0, fd = -1;

	if (problems == NULL)
		fatalx("query", "no memory");
	if (!route_find_workspace(req, &w)) {
		problems_free(problems);
		return (-1);
	}
	if (w != NULL && w->doc != NULL) {
		doc = w->doc;
		error = route_check_workspace(req->confd, w, problems);
	}
	if (error == 0)
		error = document_encode(doc, fwd->name, &data, &len);
	if (error == 0 && (fd = memfd_sealed("query", data, len)) < 0)
		error = fd;
	free(data);
	if (error != 0)
		reply_error(req, error, problems);
	problems_free(problems);
	return (error == 0 ? fd : -1);
}

static void
ask(struct request *req, const struct question *q, const char *name, void (*reply)(struct asking *, const void *))
{
	struct owner *fwd = owners_by_role(&req->confd->owners, ROLE_FWD);
	struct query_req ask = { .name = name };
	struct asking *a;
	int fd = -1;

	gather_terms(req, q, &ask);
	if ((q->about == ABOUT_DOCUMENT || (q->about == ABOUT_EITHER && req->in->workspace[0] != '\0')) && (fd = document_fd(req, fwd)) == -1)
		return;
	ask.has_document = fd != -1;
	if ((a = calloc(1, sizeof(*a))) == NULL)
		fatalx("query", "no memory");
	*a = (struct asking){ .req = req, .question = q, .reply = reply };
	if (fwd->channel == NULL ||
	    channel_call(fwd->channel, MSG_QUERY, 0, &ask, &fd, fd == -1 ? 0 : 1, QUERY_MS, on_answer, a) != 0) {
		free(a);
		reply_problem_with(req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 }, "the firewall daemon is restarting");
	}
	if (fd != -1)
		(void)close(fd);
}

/* --- /state/NAME --- */

static void
reply_collection(struct asking *a, const void *record)
{
	struct buf b;

	buf_init(&b, JSON_MAX);
	record_json_print(conf_state_record(a->question->name), record, &b);
	route_reply_state(a->req, a->question->name, &b);
}

/* What fwd has cut to a page already, or what is no list. */
static void
reply_page(struct asking *a, const void *record)
{
	const struct state_connection_table *table = a->question->about == ABOUT_KERNEL ? record : NULL;
	struct reply_extra extra = { .link = table != NULL && table->next != NULL ? collection_link(a->req, table->next) : NULL };
	struct buf b;

	buf_init(&b, JSON_MAX);
	record_json_print(conf_state_record(a->question->name), record, &b);
	reply_json(a->req, 200, &b, &extra);
}

void
query_show(struct request *req)
{
	const struct question *q = question_find(req->segment[1]);

	if (!route_may_see(req, q->name))
		return;
	/* A candidate has what others are writing, too. */
	if (q->about != ABOUT_KERNEL && !rights_reads_all(&req->rights))
		reply_problem_with(req, PROBLEM_PERMISSION, ",\"needed\":\"configuration:read\"", NULL,
		    "this is worked out of all of the configuration, which the role %s may not read", user_role_name(req->rights.role));
	else
		ask(req, q, q->name, strcmp(q->terms, "*") == 0 ? reply_page : reply_collection);
}

void
impact_show(struct request *req)
{
	query_show(req);
}

void
explanation_show(struct request *req)
{
	query_show(req);
}

void
connections_show(struct request *req)
{
	query_show(req);
}

/* --- connections that end --- */

static void
reply_ended(struct asking *a, const void *record)
{
	const struct state_connection_table *table = record;
	struct request *req = a->req;
	struct buf b;

	daemon_audit(req->user, req->from, "connections", req->in->query, "ended", "%u of %u", table->ended, table->matched);
	buf_init(&b, 256);
	buf_printf(&b, "{\"total\":%u,\"matched\":%u,\"ended\":%u}", table->total, table->matched, table->ended);
	reply_json(req, 200, &b, NULL);
}

/* Who may commit the firewall could end them by a rule, too. */
void
connections_end(struct request *req)
{
	if (rights_extent(&req->rights, RIGHT_COMMIT, "/firewall") == EXTENT_EVERYTHING)
		ask(req, question_find("connections"), "connections-end", reply_ended);
	else
		reply_problem_with(req, PROBLEM_PERMISSION, ",\"needed\":\"commit\"", NULL, "the role %s may not commit all of the firewall",
		    user_role_name(req->rights.role));
}
