/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What another firewall has, into a workspace.  The text is read by patronus-parse; what comes back is an edit as anybody's, judged by the
 * schema and by the rights of who asks, and an account of what became of each object.
 */
#include <errno.h>
#include <string.h>

#include <libyang/libyang.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "ipc/ids.h"
#include "ipc/msg.h"

#include "access.h"
#include "body.h"
#include "confd.h"
#include "document.h"
#include "document_tree.h"
#include "node.h"
#include "nodes.h"
#include "parse.h"
#include "problem.h"
#include "query.h"
#include "reply.h"
#include "request.h"
#include "route.h"
#include "route_common.h"
#include "sight.h"
#include "workspace.h"

#define LINKS_MAX	64
#define EDIT_MAX	(60u << 20)

static const struct {
	const char	*name;
	uint8_t		 format;
} formats[] = {
	{ "iptables", PARSE_IPTABLES }, { "pf", PARSE_PF }, { "uci", PARSE_UCI }, { "nft", PARSE_NFT },
};

/* --- what is there already --- */

static const char *
text_of(const struct lyd_node *parent, const char *name)
{
	const struct lyd_node *child;

	LY_LIST_FOR(lyd_child(parent), child)
		if (strcmp(child->schema->name, name) == 0)
			return (child->schema->nodetype == LYS_CONTAINER ? text_of(child, "name") : lyd_get_value(child));
	return ("");
}

static const char *
zone_of(const struct lyd_node *zones, const char *interface)
{
	const struct lyd_node *zone, *child;

	LY_LIST_FOR(zones, zone) {
		if (strcmp(zone->schema->name, "zones") != 0)
			continue;
		LY_LIST_FOR(lyd_child(zone), child)
			if (strcmp(child->schema->name, "interfaces") == 0 && strcmp(lyd_get_value(child), interface) == 0)
				return (text_of(zone, "name"));
	}
	return ("");
}

/* "eth0\twan\twan\t198.51.100.2/24": what the reader is told of an interface, so that rules find the zone it has here. */
static const char *
line_of(struct arena *arena, const struct lyd_node *interface, const struct lyd_node *zones)
{
	const char *name = text_of(interface, "name"), *kernel = text_of(interface, "match"), *line = NULL;
	const struct lyd_node *child;
	struct buf b;

	if (kernel == NULL || kernel[0] == '\0')
		return (NULL);
	buf_init(&b, 1000);
	buf_printf(&b, "%s\t%s\t%s\t", kernel, name, zone_of(zones, name));
	LY_LIST_FOR(lyd_child(interface), child)
		if (strcmp(child->schema->name, "addresses") == 0)
			buf_printf(&b, "%s ", lyd_get_value(child));
	if (!buf_failed(&b))
		line = arena_strndup(arena, (const char *)b.data, b.len);
	buf_fini(&b);
	return (line);
}

static uint32_t
read_links(struct arena *arena, const struct document *doc, const char **ret)
{
	const struct lyd_node *node, *zones = document_find(doc, "/firewall/zones");
	uint32_t n = 0;

	LY_LIST_FOR(document_tree(doc), node) {
		if (strcmp(node->schema->name, "interfaces") != 0 || n == LINKS_MAX)
			continue;
		if ((ret[n] = line_of(arena, node, zones)) != NULL)
			n++;
	}
	return (n);
}

/* --- the answer --- */

static bool
is_text(const struct node *n)
{
	return (n != NULL && n->kind == NODE_SCALAR && (n->style == NODE_QUOTED || n->style == NODE_NUMBER));
}

static bool
is_texts(const struct node *list)
{
	const struct node *n;

	if (list == NULL || list->kind != NODE_SEQ)
		return (false);
	for (n = list->first; n != NULL; n = n->next)
		if (!is_text(n))
			return (false);
	return (true);
}

/* The reader is not believed: an account that is not of this form is none.  Counts the outcomes. */
static bool
count_account(const struct node *account, unsigned ret_n[3])
{
	static const char *const outcomes[] = { "done", "changed", "refused" };
	const struct node *entry;
	const char *outcome;
	unsigned i;

	memset(ret_n, 0, 3 * sizeof(ret_n[0]));
	if (account == NULL || account->kind != NODE_SEQ)
		return (false);
	for (entry = account->first; entry != NULL; entry = entry->next) {
		if (entry->kind != NODE_MAP || entry->n != 6 || !is_text(node_member(entry, "line")) || !is_text(node_member(entry, "place")) ||
		    !is_text(node_member(entry, "text")) || !is_texts(node_member(entry, "objects")) || !is_texts(node_member(entry, "notes")) ||
		    (outcome = node_member_text(entry, "outcome")) == NULL)
			return (false);
		for (i = 0; i < 3 && strcmp(outcomes[i], outcome) != 0; i++)
			;
		if (i == 3)
			return (false);
		ret_n[i]++;
	}
	return (true);
}

static void
reply_account(struct request *req, const struct workspace *w, const struct node *account, const unsigned n[3])
{
	struct buf b;

	buf_init(&b, EDIT_MAX);
	buf_printf(&b, "{\"workspace\":\"%s\",\"done\":%u,\"changed\":%u,\"refused\":%u,\"account\":", w->id, n[0], n[1], n[2]);
	node_print_json(account, &b);
	buf_putc(&b, '}');
	reply_json(req, 200, &b, NULL);
}

/* One edit of the whole: with it in the workspace, or nothing. */
static void
take_document(struct request *req, struct workspace *w, const struct node *root)
{
	const struct node *doc = node_member(root, "document"), *account = node_member(root, "account");
	struct problems *none = problems_new(), *problems = problems_new();
	struct edit e = { .kind = EDIT_KIND_PATCH, .path = "", .format = DOCUMENT_NODES };
	unsigned n[3];
	struct buf b;
	int error;

	if (none == NULL || problems == NULL)
		fatalx("import", "no memory");
	buf_init(&b, EDIT_MAX);
	if (doc == NULL || doc->kind != NODE_MAP || !count_account(account, n))
		reply_problem(req, PROBLEM_SYNTAX, "the reader of this text has no answer");
	else {
		nodes_pack(doc, none, &b);
		e.body = (const char *)b.data;
		e.len = b.len;
		error = buf_failed(&b) ? -ENOMEM : workspace_edit(req->confd->workspaces, w, &req->rights, &e, NULL, NULL, problems);
		if (error != 0)
			route_reply_edit_error(req, error, problems);
		else {
			route_announce(req, w);
			reply_account(req, w, account, n);
		}
	}
	buf_fini(&b);
	problems_free(none);
	problems_free(problems);
}

static void
on_read(int error, struct message *m, void *arg)
{
	struct request *req = arg;
	struct problems *problems;
	struct workspace *w;
	struct node *root = NULL;
	const struct bytes *nodes;

	if (!parse_reply(req, error, m))
		return;
	/* It may have been discarded or committed meanwhile. */
	if ((w = route_free_workspace(req)) == NULL)
		return;
	if ((problems = problems_new()) == NULL)
		fatalx("import", "no memory");
	nodes = &((const struct parse_rep *)req->parsed.body)->nodes;
	error = nodes_unpack(nodes->data, nodes->len, req->message.arena, problems, &root);
	if (error != 0)
		reply_problems(req, PROBLEM_SYNTAX, problems, "the text cannot be read; nothing was changed");
	else if (root == NULL || root->kind != NODE_MAP)
		reply_problem(req, PROBLEM_SYNTAX, "the reader of this text has no answer");
	else
		take_document(req, w, root);
	problems_free(problems);
}

void
workspace_import(struct request *req)
{
	struct workspace *w = route_free_workspace(req);
	const char *name, **links;
	struct parse_req q = { .format = PARSE_INVALID };
	size_t i;
	int error;

	if (w == NULL)		/* and the request is answered */
		return;
	name = query_text(req, "format");
	for (i = 0; name != NULL && i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			q.format = formats[i].format;
	if (q.format == PARSE_INVALID) {
		reply_problem(req, PROBLEM_SYNTAX, "format must be iptables, pf, uci or nft");
		return;
	}
	if (strcmp(req->in->content_type, "application/octet-stream") != 0) {
		reply_problem(req, PROBLEM_MEDIA_TYPE, "the Content-Type must be application/octet-stream");
		return;
	}
	if ((links = arena_alloc(req->message.arena, LINKS_MAX, sizeof(*links))) == NULL)
		fatalx("import", "no memory");
	q.text.data = req->in->body.data;
	q.text.len = req->in->body.len;
	q.context.items = links;
	q.context.n = read_links(req->message.arena, sight_document(req, RIGHT_CONFIG_READ, workspace_document(w)), links);
	if ((error = parse_start(req->confd->base, &q, on_read, req)) != 0)
		on_read(error, NULL, req);
}
