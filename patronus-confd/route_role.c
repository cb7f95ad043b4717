/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Roles, told: what there are, and what somebody may do at a path and by which rule. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

#include "access.h"
#include "confd.h"
#include "document.h"
#include "query.h"
#include "record_json.h"
#include "reply.h"
#include "request.h"
#include "rights.h"
#include "route.h"
#include "schema.h"
#include "session.h"
#include "snapshot.h"

static const char *const extents[] = {
	[EXTENT_NOTHING] = "nothing", [EXTENT_SOMETHING] = "something", [EXTENT_EVERYTHING] = "everything",
};

static void
put_text(struct buf *b, const char *name, const char *text)
{
	buf_printf(b, "\"%s\":", name);
	record_json_string(text, strlen(text), b);
}

/* --- roles --- */

static void
print_verbs(uint32_t verbs, struct buf *b)
{
	const char *between = "";
	unsigned i;

	buf_puts(b, ",\"verbs\":[");
	for (i = RIGHT_VERB_FIRST; i < RIGHT_MAX; i++)
		if ((verbs & RIGHT_BIT(i)) != 0) {
			buf_printf(b, "%s\"%s\"", between, right_verb((enum right)i));
			between = ",";
		}
	buf_putc(b, ']');
}

/* role: whose the rule is. */
static void
print_rule(const struct user_role *role, const struct role_rule *rule, struct buf *b)
{
	const char *base = user_role_base(role);

	buf_putc(b, '{');
	put_text(b, "role", rule->is_own || base[0] == '\0' ? user_role_name(role) : base);
	if (rule->is_own) {
		buf_putc(b, ',');
		put_text(b, "name", rule->name);
	}
	buf_putc(b, ',');
	put_text(b, "path", rule->path);
	print_verbs(rule->verbs, b);
	buf_printf(b, ",\"action\":\"%s\"}", rule->is_deny ? "deny" : "allow");
}

struct listing {
	struct request	*req;
	struct buf	*b;
	unsigned	 n;
};

static void
print_role(const char *name, void *arg)
{
	struct listing *l = arg;
	struct user_role *role;
	unsigned i;

	if ((role = user_role_load(l->req->confd->running->doc, name)) == NULL)
		return;
	buf_puts(l->b, l->n++ > 0 ? ",{" : "{");
	put_text(l->b, "name", user_role_name(role));
	if (user_role_base(role)[0] != '\0') {
		buf_putc(l->b, ',');
		put_text(l->b, "base", user_role_base(role));
	}
	buf_puts(l->b, ",\"rules\":[");
	for (i = 0; i < user_role_count(role); i++) {
		if (i > 0)
			buf_putc(l->b, ',');
		print_rule(role, user_role_rule(role, i), l->b);
	}
	buf_puts(l->b, "]}");
	user_role_free(role);
}

static void
print_own(const char *name, void *arg)
{
	struct listing *l = arg;
	char path[64];

	(void)snprintf(path, sizeof(path), "/roles/%s", name);
	if (rights_extent(&l->req->rights, RIGHT_CONFIG_READ, path) == EXTENT_EVERYTHING)
		print_role(name, l);
}

/* GET /roles: those that are always there, and of the others those whose definition the caller may read. */
void
role_list(struct request *req)
{
	struct listing l = { .req = req };
	struct buf b;
	unsigned i;

	buf_init(&b, 16u << 20);
	l.b = &b;
	buf_puts(&b, "{\"roles\":[");
	for (i = 0; user_role_builtin(i) != NULL; i++)
		print_role(user_role_builtin(i), &l);
	document_each(req->confd->running->doc, "/roles", print_own, &l);
	buf_puts(&b, "]}");
	reply_json(req, 200, &b, NULL);
}

/* --- the rights of somebody --- */

static void
print_right(const struct rights *rights, enum right right, const char *path, struct buf *b)
{
	enum right decisive = right;
	bool is_role = user_role_may(rights->role, right, path, &decisive), may = rights_may(rights, right, path);
	const struct role_rule *rule = user_role_decide(rights->role, decisive, path);

	buf_putc(b, '{');
	put_text(b, "right", right_name(right));
	buf_printf(b, ",\"verb\":\"%s\",\"allowed\":%s,\"below\":\"%s\"", right_verb(right), may ? "true" : "false",
	    extents[rights_extent(rights, right, path)]);
	/* What stands in the way is another verb that this one stands on. */
	if (decisive != right)
		buf_printf(b, ",\"missing\":\"%s\"", right_verb(decisive));
	if (is_role && !may)
		buf_puts(b, ",\"missing\":\"scope\"");
	if (rule != NULL) {
		buf_puts(b, ",\"rule\":");
		print_rule(rights->role, rule, b);
	}
	buf_putc(b, '}');
}

static void
reply_rights(struct request *req, const char *user, const struct rights *rights, const char *path)
{
	struct buf b;
	unsigned i;

	buf_init(&b, 1 << 20);
	buf_putc(&b, '{');
	put_text(&b, "user", user);
	buf_putc(&b, ',');
	put_text(&b, "role", user_role_name(rights->role));
	buf_putc(&b, ',');
	put_text(&b, "path", path[0] != '\0' ? path : "/");
	buf_puts(&b, ",\"rights\":[");
	for (i = RIGHT_VERB_FIRST; i < RIGHT_MAX; i++) {
		if (i > RIGHT_VERB_FIRST)
			buf_putc(&b, ',');
		print_right(rights, (enum right)i, path, &b);
	}
	buf_puts(&b, "]}");
	reply_json(req, 200, &b, NULL);
}

/* GET /session/rights?path=&user= */
void
rights_show(struct request *req)
{
	const char *path = query_text(req, "path"), *user = query_text(req, "user");
	struct rights theirs = { .role = NULL };

	if (path == NULL || strcmp(path, "/") == 0)
		path = "";
	if (path[0] != '\0' && (path[0] != '/' || schema_find(req->confd->schema, path) == NULL)) {
		reply_problem(req, PROBLEM_NOT_FOUND, "the schema has no path %.256s", path);
		return;
	}
	if (user == NULL || strcmp(user, req->user) == 0) {
		reply_rights(req, req->user, &req->rights, path);
		return;
	}
	if (!access_right(req, RIGHT_USERS_ADMIN))
		return;
	theirs.role = user_role_load(req->confd->running->doc, session_role(req->confd, user));
	if (theirs.role == NULL)
		reply_problem(req, PROBLEM_NOT_FOUND, "there is no user \"%.64s\" who may sign in", user);
	else
		reply_rights(req, user, &theirs, path);
	user_role_free(theirs.role);
}
