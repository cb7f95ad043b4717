/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_SESSION_H
#define PATRONUS_CONFD_SESSION_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Who asks.  On the local socket the kernel says so (peer credentials: uid 0 is "root", others are users with that system-uid); over
 * httpd authd says whose token it is, believed for SESSION_CACHE_MS.  The role always comes from the running configuration.
 */

#define SESSION_CACHE_MS	5000
#define SESSION_CALL_MS		10000

struct channel;
struct confd;
struct document;
struct request;
struct sessions;

struct sessions	*sessions_new(struct confd *);
void		 sessions_free(struct sessions *);

/* Fill in who asks and go on with then(), now or later; or answer 401, 403 or 503. */
void		 session_identify(struct request *, void (*then)(struct request *));
/*
 * The name of a user's role in a configuration, until that changes; NULL when there is no such user, or he is switched off.
 */
const char	*session_role_in(const struct document *, const char *user);
/* The same in the running configuration. */
const char	*session_role(const struct confd *, const char *user);
/* The user that a uid of the local socket is; 0 or -ENOENT. */
int		 session_local_user(const struct confd *, uint32_t uid, char ret[65]);

/* This token has ended. */
void		 sessions_forget(struct sessions *, const char *token);
/* The token of a session or API token that was asked about lately, or NULL. */
const char	*sessions_token_of(struct sessions *, const char *id);
/* Ask authd again about everybody. */
void		 sessions_flush(struct sessions *);

/* The caller's address without its port, "local" on the socket; the text is the arena's. */
const char	*session_source(struct request *);
/* The channel to authd; NULL, and the request is answered with 503, while it is away. */
struct channel	*session_authd(struct request *);
/* Has the session of this token neither expired nor been idle for too long?  What it holds open (streams) is no use of it. */
bool		 sessions_is_live(struct sessions *, const char *token);

/* Every live session, with the ends of the connection of its last request. */
void		 sessions_each(struct sessions *, void (*fn)(const char *user, const char *origin, const char *local, void *arg), void *arg);

#endif
