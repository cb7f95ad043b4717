/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "ipc/oneshot.h"

#include "dbtext.h"
#include "import/import.h"
#include "jsondoc.h"
#include "listtext.h"
#include "nodes.h"
#include "parse/answer.h"
#include "problem.h"
#include "yamldoc.h"

#define LIFETIME_MS	12000
#define ANSWER_MAX	(60u << 20)

struct reply {
	struct parse_rep	rep;		/* first: what the helper's conversation knows of it */
	struct buf		out;
};

static int
read_text(const struct parse_req *q, struct arena *arena, struct problems *problems, struct node **ret)
{
	const char *text = q->text.len > 0 ? (const char *)q->text.data : "";

	*ret = NULL;
	switch ((enum parse_format)q->format) {
	case PARSE_YAML:
		return (yamldoc_read(text, q->text.len, arena, problems, ret));
	case PARSE_JSON:
		return (jsondoc_read(text, q->text.len, arena, problems, ret));
	case PARSE_BACKUP:
		return (jsondoc_read_up_to(NODE_BACKUP_MAX, text, q->text.len, arena, problems, ret));
	case PARSE_IPTABLES:
	case PARSE_PF:
	case PARSE_UCI:
	case PARSE_NFT:
		return (import_read(q->format, text, q->text.len, q->context.items, q->context.n, arena, problems, ret));
	case PARSE_LIST:
	case PARSE_COUNTRIES:
	case PARSE_SYSTEMS:
	case PARSE_INVALID:
		break;
	}
	return (-EINVAL);
}

/* What is no document, but addresses; false: it is a document. */
static bool
read_addresses(const struct parse_req *q, struct buf *ret)
{
	if (q->format == PARSE_LIST)
		listtext_pack(q->text.len > 0 ? (const char *)q->text.data : "", q->text.len, ret);
	else if (q->format == PARSE_COUNTRIES || q->format == PARSE_SYSTEMS)
		dbtext_pack(q->format == PARSE_SYSTEMS ? ADDRDB_SYSTEMS : ADDRDB_COUNTRIES, q->text.data, q->text.len, ret);
	else
		return (false);
	return (true);
}

static void
read_document(const struct parse_req *q, struct buf *ret)
{
	struct problems *problems = problems_new();
	struct arena *arena = arena_new(0);
	struct node *root = NULL;
	int error = -ENOMEM;

	if (problems != NULL && arena != NULL)
		error = read_text(q, arena, problems, &root);
	if (problems != NULL && nodes_count(root) > NODES_MAX) {
		problems_add(problems, "", "", 0, "too-large", "make it smaller", "the document has more than a million parts");
		root = NULL;
	}
	if (problems != NULL && error == -ENOMEM)
		problems_add(problems, "", "", 0, "too-large", "make it smaller", "the document needs more memory than its reader may have");
	if (problems != NULL)
		nodes_pack(root, problems, ret);
	problems_free(problems);
	arena_free(arena);
}

static void
answer(const void *req, void *rep)
{
	struct reply *r = rep;

	buf_init(&r->out, ANSWER_MAX);
	if (!read_addresses(req, &r->out))
		read_document(req, &r->out);
	/* Nothing at all is no answer that confd takes: it says so. */
	if (!buf_failed(&r->out))
		r->rep.nodes = (struct bytes){ .data = r->out.data, .len = (uint32_t)r->out.len };
}

int
parse_answer(int fd)
{
	struct reply reply = { 0 };
	const struct oneshot question = { .self = ROLE_PARSE, .peer = ROLE_CONFD, .type = MSG_PARSE, .lifetime_ms = LIFETIME_MS,
	    .answer = answer, .rep = &reply };
	int error = oneshot_serve(fd, &question);

	buf_fini(&reply.out);
	return (error);
}
