/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The audit log, as logd has it: confd asks whether somebody may read it, and passes on lines and hashes without judging them.  Who doubts
 * the box checks them himself (libcommon/audit, patronusctl audit verify).
 */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "daemon/daemon.h"
#include "ipc/channel.h"
#include "ipc/ids.h"

#include "query.h"
#include "record_json.h"
#include "reply.h"
#include "request.h"
#include "route.h"
#include "session.h"

#define BODY_MAX	(16u << 20)
#define CALL_MS		20000
#define LIST_LIMIT	100
#define LIST_LIMIT_MAX	1000
#define HASH_LEN	32
#define NUMBER_MAX	(UINT64_MAX >> 2)

static void
away(struct request *req)
{
	reply_problem_with(req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 }, "the log is restarting");
}

static void
ask(struct request *req, uint16_t type, const void *question, channel_reply_handler *then)
{
	struct channel *logd = daemon_channel(ROLE_LOGD, PEER_MAIN);

	if (logd == NULL || channel_call(logd, type, 0, question, NULL, 0, CALL_MS, then, req) != 0)
		away(req);
}

/* The body of an answer; NULL, answered, when there is none. */
static const void *
answer(struct request *req, struct message *m, int error)
{
	if (m != NULL && error == 0)
		return (m->body);
	if (m != NULL && (error == -ERANGE || error == -ENOENT))
		reply_problem(req, PROBLEM_NOT_FOUND, "%s", ((const struct ipc_error_req *)m->body)->text);
	else if (m != NULL)
		reply_problem(req, PROBLEM_INTERNAL, "%s", ((const struct ipc_error_req *)m->body)->text);
	else
		away(req);
	return (NULL);
}

static void
text_member(struct buf *b, const char *name, const char *text)
{
	buf_printf(b, "\"%s\":", name);
	record_json_string(text, strlen(text), b);
}

static void
hash_member(struct buf *b, const char *name, const struct bytes *hash)
{
	buf_printf(b, "\"%s\":\"", name);
	buf_hex(b, hash->data, hash->len);
	buf_putc(b, '"');
}

static void
path_member(struct buf *b, const struct bytes *path)
{
	uint32_t at;

	buf_puts(b, "\"path\":[");
	for (at = 0; at + HASH_LEN <= path->len; at += HASH_LEN) {
		buf_puts(b, at > 0 ? ",\"" : "\"");
		buf_hex(b, path->data + at, HASH_LEN);
		buf_putc(b, '"');
	}
	buf_putc(b, ']');
}

/* Lines are objects already. */
static void
lines_member(struct buf *b, const char *name, const struct bytes *lines)
{
	uint32_t i;

	buf_printf(b, "\"%s\":[", name);
	for (i = 0; i < lines->len; i++)
		buf_putc(b, lines->data[i] != '\n' ? (char)lines->data[i] : i + 1 < lines->len ? ',' : ' ');
	buf_putc(b, ']');
}

/* --- records --- */

static void
on_list(struct channel *ch, struct message *m, int error, void *arg)
{
	struct request *req = arg;
	const struct audit_list_rep *rep = answer(req, m, error);
	struct buf b;

	(void)ch;
	if (rep == NULL)
		return;
	buf_init(&b, BODY_MAX);
	buf_putc(&b, '{');
	lines_member(&b, "records", &rep->lines);
	if (rep->next != 0)
		buf_printf(&b, ",\"next\":%llu", (unsigned long long)rep->next);
	buf_printf(&b, ",\"size\":%llu}", (unsigned long long)rep->size);
	reply_json(req, 200, &b, NULL);
}

/* A parameter that is a text of bounded length; false, answered, when it is too long. */
static bool
text_of(struct request *req, const char *name, size_t max, const char **ret)
{
	const char *text = query_text(req, name);

	*ret = text != NULL ? text : "";
	if (strlen(*ret) <= max)
		return (true);
	reply_problem(req, PROBLEM_SYNTAX, "%s has at most %zu bytes", name, max);
	return (false);
}

static bool
time_of(struct request *req, const char *name, const char **ret)
{
	if (!text_of(req, name, 32, ret))
		return (false);
	if (strspn(*ret, "0123456789-:.TZ") == strlen(*ret))
		return (true);
	reply_problem(req, PROBLEM_SYNTAX, "%s must be a time in UTC or its beginning, such as 2026-11-28 or 2026-11-28T10:00:00Z", name);
	return (false);
}

void
audit_list(struct request *req)
{
	struct audit_list_req q;
	uint64_t limit;

	if (!query_number(req, "limit", 1, LIST_LIMIT_MAX, LIST_LIMIT, &limit) || !query_number(req, "before", 1, NUMBER_MAX, 0, &q.before) ||
	    !text_of(req, "actor", 64, &q.actor) || !text_of(req, "action", 64, &q.action) || !text_of(req, "object", 512, &q.object) ||
	    !time_of(req, "since", &q.since) || !time_of(req, "until", &q.until))
		return;
	q.limit = (uint32_t)limit;
	ask(req, MSG_AUDIT_LIST, &q, on_list);
}

/* --- heads --- */

/* In the request's arena. */
struct audit_status {
	struct request		*req;
	struct audit_state_rep	 state;
	char			 head[641];
	char			 alarm[321];
	char			 problem[321];
};

static void
print_status(struct buf *b, const struct audit_status *s, const struct bytes *key)
{
	char time[32];

	buf_printf(b, "{\"size\":%llu,\"oldest\":%llu", (unsigned long long)s->state.size, (unsigned long long)s->state.oldest);
	if (s->head[0] != '\0') {
		buf_printf(b, ",\"head\":%s,", s->head);
		text_member(b, "line", s->head);
	}
	buf_putc(b, ',');
	hash_member(b, "key", key);
	if (s->state.checked_ms != 0)
		buf_printf(b, ",\"checked\":{\"head\":%llu,\"size\":%llu,\"time\":\"%s\"}", (unsigned long long)s->state.checked_head,
		    (unsigned long long)s->state.checked_size, clock_rfc3339(s->state.checked_ms, time));
	if (s->alarm[0] != '\0') {
		buf_putc(b, ',');
		text_member(b, "alarm", s->alarm);
	}
	if (s->problem[0] != '\0') {
		buf_putc(b, ',');
		text_member(b, "problem", s->problem);
	}
	buf_putc(b, '}');
}

/* The key comes from authd itself: logd could name another. */
static void
on_key(struct channel *ch, struct message *m, int error, void *arg)
{
	const struct audit_status *s = arg;
	struct request *req = s->req;
	const struct audit_key_rep *rep = answer(req, m, error);
	struct buf b;

	(void)ch;
	if (rep == NULL)
		return;
	buf_init(&b, BODY_MAX);
	print_status(&b, s, &rep->key);
	reply_json(req, 200, &b, NULL);
}

static void
on_state(struct channel *ch, struct message *m, int error, void *arg)
{
	struct request *req = arg;
	const struct audit_state_rep *rep = answer(req, m, error);
	struct audit_key_req q = { 0 };
	struct audit_status *s;
	struct channel *authd;

	(void)ch;
	if (rep == NULL)
		return;
	if ((s = arena_alloc(req->message.arena, 1, sizeof(*s))) == NULL) {
		reply_problem(req, PROBLEM_INTERNAL, "no memory");
		return;
	}
	s->req = req;
	s->state = *rep;
	(void)str_copy(s->head, rep->head, sizeof(s->head));
	(void)str_copy(s->alarm, rep->alarm, sizeof(s->alarm));
	(void)str_copy(s->problem, rep->problem, sizeof(s->problem));
	if ((authd = session_authd(req)) == NULL)
		return;
	if (channel_call(authd, MSG_AUDIT_KEY, 0, &q, NULL, 0, SESSION_CALL_MS, on_key, s) != 0)
		away(req);
}

void
audit_head_show(struct request *req)
{
	struct audit_state_req q = { 0 };

	ask(req, MSG_AUDIT_STATE, &q, on_state);
}

static void
on_heads(struct channel *ch, struct message *m, int error, void *arg)
{
	struct request *req = arg;
	const struct audit_heads_rep *rep = answer(req, m, error);
	struct buf b;

	(void)ch;
	if (rep == NULL)
		return;
	buf_init(&b, BODY_MAX);
	buf_putc(&b, '{');
	lines_member(&b, "heads", &rep->lines);
	buf_printf(&b, ",\"last\":%llu}", (unsigned long long)rep->last);
	reply_json(req, 200, &b, NULL);
}

void
audit_head_list(struct request *req)
{
	struct audit_heads_req q;
	uint64_t limit;

	if (!query_number(req, "from", 1, NUMBER_MAX, 1, &q.from) ||
	    !query_number(req, "limit", 1, LIST_LIMIT_MAX, LIST_LIMIT, &limit))
		return;
	q.limit = (uint32_t)limit;
	ask(req, MSG_AUDIT_HEADS, &q, on_heads);
}

/* --- proofs --- */

/* The end of an answer that proves something: two hashes, and the path from the one to the other. */
static void
reply_path(struct request *req, struct buf *b, const char *first, const struct bytes *from, const char *second, const struct bytes *to,
    const struct bytes *path)
{
	hash_member(b, first, from);
	buf_putc(b, ',');
	hash_member(b, second, to);
	buf_putc(b, ',');
	path_member(b, path);
	buf_putc(b, '}');
	reply_json(req, 200, b, NULL);
}

static void
on_proof(struct channel *ch, struct message *m, int error, void *arg)
{
	struct request *req = arg;
	const struct audit_proof_rep *rep = answer(req, m, error);
	struct buf b;

	(void)ch;
	if (rep == NULL)
		return;
	buf_init(&b, BODY_MAX);
	buf_puts(&b, "{\"entry\":");
	record_json_string((const char *)rep->record.data, rep->record.len, &b);
	buf_printf(&b, ",\"size\":%llu,", (unsigned long long)rep->size);
	reply_path(req, &b, "leaf", &rep->leaf, "root", &rep->root, &rep->path);
}

/* Two numbers of the query, 0 where they are not given; false, answered, when they are none. */
static bool
numbers_of(struct request *req, const char *first, uint64_t *ret_first, const char *second, uint64_t *ret_second)
{
	return (query_number(req, first, 1, NUMBER_MAX, 0, ret_first) && query_number(req, second, 1, NUMBER_MAX, 0, ret_second));
}

void
audit_proof_show(struct request *req)
{
	struct audit_proof_req q;

	if (!numbers_of(req, "record", &q.record, "size", &q.size))
		return;
	if (q.record == 0)
		reply_problem(req, PROBLEM_SYNTAX, "which record? give record=N");
	else
		ask(req, MSG_AUDIT_PROOF, &q, on_proof);
}

static void
on_consistency(struct channel *ch, struct message *m, int error, void *arg)
{
	struct request *req = arg;
	const struct audit_consistency_rep *rep = answer(req, m, error);
	struct buf b;

	(void)ch;
	if (rep == NULL)
		return;
	buf_init(&b, BODY_MAX);
	buf_putc(&b, '{');
	reply_path(req, &b, "from-root", &rep->from_root, "to-root", &rep->to_root, &rep->path);
}

void
audit_consistency_show(struct request *req)
{
	struct audit_consistency_req q;

	if (!numbers_of(req, "from", &q.from, "to", &q.to))
		return;
	if (q.from == 0 || q.to == 0)
		reply_problem(req, PROBLEM_SYNTAX, "of which trees? give from=M&to=N");
	else
		ask(req, MSG_AUDIT_CONSISTENCY, &q, on_consistency);
}

/* --- export --- */

static void
on_export(struct channel *ch, struct message *m, int error, void *arg)
{
	struct request *req = arg;
	const struct audit_export_rep *rep = answer(req, m, error);

	(void)ch;
	if (rep != NULL)
		reply_text(req, 200, "application/x-ndjson", (const char *)rep->lines.data, rep->lines.len, NULL);
}

void
audit_export_show(struct request *req)
{
	struct audit_export_req q;

	if (query_number(req, "from", 1, NUMBER_MAX, 1, &q.from))
		ask(req, MSG_AUDIT_EXPORT, &q, on_export);
}
