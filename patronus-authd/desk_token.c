/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of sessions and API tokens, and their ends. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "daemon/daemon.h"
#include "desk_rows.h"
#include "ipc/ids.h"
#include "session.h"
#include "token.h"

/* --- sessions --- */

struct session_list {
	const char			*user;
	struct session			 copies[SESSIONS_MAX];
	struct auth_session_info	 infos[SESSIONS_MAX];
	uint32_t			 n;
};

static void
see_session(const struct session *s, void *arg)
{
	struct session_list *l = arg;
	struct session *copy;

	if (l->n == SESSIONS_MAX || (l->user[0] != '\0' && strcmp(l->user, s->user) != 0))
		return;
	copy = &l->copies[l->n];
	*copy = *s;
	l->infos[l->n++] = (struct auth_session_info){ .id = copy->id, .user = copy->user, .source = copy->source,
	    .created_ms = copy->created_ms, .used_ms = copy->used_ms, .expires_ms = copy->expires_ms };
}

void
desk_sessions(struct channel *c, struct message *m, void *arg)
{
	const struct auth_sessions_req *r = m->body;
	struct session_list *l = calloc(1, sizeof(*l));
	struct auth_sessions_rep rep = { 0 };

	(void)arg;
	if (l == NULL) {
		(void)channel_reply_error(c, &m->header, ENOMEM, 0, "no memory");
		return;
	}
	l->user = r->user;
	session_each(see_session, l);
	rep.sessions.items = l->infos;
	rep.sessions.n = l->n;
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
	explicit_bzero(l, sizeof(*l));
	free(l);
}

void
desk_session_end(struct channel *c, struct message *m, void *arg)
{
	const struct auth_session_end_req *r = m->body;
	struct auth_session_end_rep rep = { .verdict = session_end_id(r->id, r->user) == 0 ? AUTH_ACCEPTED : AUTH_REFUSED };

	(void)arg;
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

/* --- API tokens --- */

void
desk_token_create(struct channel *c, struct message *m, void *arg)
{
	const struct auth_token_create_req *r = m->body;
	char text[TOKEN_LEN + 1] = "";
	struct token t = { .expires_ms = r->expires_ms };
	struct auth_token_create_rep rep = { .verdict = AUTH_ACCEPTED, .text = "", .token = text, .id = t.id };
	int error;

	(void)arg;
	/* What was cut short here is refused by token_new: its last byte is there. */
	(void)str_copy(t.user, r->user, sizeof(t.user));
	(void)str_copy(t.name, r->name, sizeof(t.name));
	(void)str_copy(t.role, r->role, sizeof(t.role));
	(void)str_copy(t.cap, r->cap, sizeof(t.cap));
	(void)str_copy(t.scopes, r->scopes, sizeof(t.scopes));
	(void)str_copy(t.networks, r->networks, sizeof(t.networks));
	error = strlen(r->user) >= sizeof(t.user) ? -EINVAL : token_new(&t, text);
	if (error != 0) {
		rep.verdict = error == -EINVAL || error == -ENOSPC ? AUTH_REFUSED : AUTH_FAILED;
		rep.text = error == -ENOSPC ? "there are too many tokens; revoke some" :
		    error == -EINVAL ? "the name, a network or the expiry cannot be used" : "the token could not be stored";
	}
	if (rep.verdict == AUTH_FAILED)
		log_errx("token", "%s: a token cannot be stored: %s", r->user, strerror(-error));
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
	explicit_bzero(text, sizeof(text));
}

void
desk_tokens(struct channel *c, struct message *m, void *arg)
{
	const struct auth_tokens_req *r = m->body;
	struct auth_token_info *infos = calloc(TOKENS_MAX, sizeof(*infos));
	struct auth_tokens_rep rep = { 0 };
	const struct token *t;
	size_t i;

	(void)arg;
	if (infos == NULL) {
		(void)channel_reply_error(c, &m->header, ENOMEM, 0, "no memory");
		return;
	}
	for (i = 0; (t = token_at(i)) != NULL; i++)
		if (r->user[0] == '\0' || strcmp(r->user, t->user) == 0)
			infos[rep.tokens.n++] = (struct auth_token_info){ .id = t->id, .user = t->user, .name = t->name, .cap = t->cap,
			    .scopes = t->scopes, .networks = t->networks, .created_ms = t->created_ms, .expires_ms = t->expires_ms,
			    .used_ms = t->used_ms, .used_from = t->used_from };
	rep.tokens.items = infos;
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
	free(infos);
}

void
desk_token_revoke(struct channel *c, struct message *m, void *arg)
{
	const struct auth_token_revoke_req *r = m->body;
	struct auth_token_revoke_rep rep = { .verdict = AUTH_ACCEPTED };
	int error = token_revoke(r->id, r->user);

	(void)arg;
	if (error != 0)
		rep.verdict = error == -ENOENT ? AUTH_REFUSED : AUTH_FAILED;
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
}
