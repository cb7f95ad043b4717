/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TESTS_CONFD_RIG_H
#define PATRONUS_TESTS_CONFD_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "patronus-confd/confd.h"
#include "patronus-confd/transaction.h"
#include "tempdir.h"

/*
 * confd whole, in one process with what surrounds it: netd, fwd and authd are small players at the other ends of real channels, and
 * requests come over real connections of the management protocol.
 */

struct event_base;
struct mgmt;
struct rig;

#define RIG_LOG		4096

/* What becomes of a step that an owner is told to make (PREPARE, COMMIT, VERIFY). */
enum fate {
	FATE_DONE,
	FATE_REFUSED,
	FATE_LATE,		/* done; the answer comes fate_ms later */
	FATE_LOST,		/* done; the answer never comes */
	FATE_STUCK,		/* not done, and no answer */
	FATE_DIES_BEFORE,
	FATE_DIES_AFTER,
};

/* An owner that does as it is told.  *_revision 0: never. */
struct player {
	struct rig	*rig;
	const char	*name;
	uint8_t		 role;
	struct channel	*channel;		/* its own end */
	struct channel	*confd_end;
	bool		 is_idle;		/* says that nothing changes in the kernel */
	bool		 turns;			/* says that ways turn, or what judges packets */
	uint8_t		 judges;		/* enum flow_verdict about every connection; 0: kept */
	bool		 cannot_judge;		/* answers with an error when it shall judge */
	uint32_t	 refuse_prepare;	/* this revision is refused in PREPARE, */
	uint32_t	 refuse_apply;		/* in COMMIT APPLY, */
	uint32_t	 refuse_verify;		/* in VERIFY */
	struct player	*restarts;		/* with its next VERIFY this one is restarted, and it answers after that */
	uint32_t	 die_in_apply;		/* the daemon dies when it shall apply this revision */
	uint32_t	 prepared, applied, kept;	/* revisions */
	uint64_t	 prepared_hash, applied_hash;	/* of the bytes of the configuration */
	unsigned	 prepares;		/* that were no dry runs */
	unsigned	 dry_runs;
	enum fate	 (*fate)(struct player *, uint16_t type, const void *req);	/* NULL: all is done */
	unsigned	 fate_ms;
	unsigned	 lives;			/* how often it was started */
};

struct rig {
	struct event_base	*base;
	struct confd		 confd;
	struct mgmt		*mgmt;
	char			 dir[TEMPDIR_LEN];
	struct player		 netd, fwd;
	struct channel		*authd, *authd_end;	/* confd's and the player's */
	struct channel		*fetchd, *fetchd_end;
	bool			 probes_fail;		/* health checks: all of them, */
	uint32_t		 probes_fail_from;	/* those in a state from this revision on (0: never), */
	unsigned		 probes_fail_next;	/* so many of the next ones */
	struct channel		*client;		/* root on the local socket */
	struct channel		*httpd, *httpd_end;
	char			 log[RIG_LOG];		/* what the players were told, in order: "netd:apply:3 fwd:apply:3 " */
	char			 audit[512];		/* the last record */
	char			 revoked[64];
	bool			 is_claimed;
	const char		*factors;		/* users who have a second factor, "alice rudi" */
	uint32_t		 fresh_s;		/* what AUTH_CHECK says of everybody's */
	const char		*token_role, *token_cap, *token_scopes;	/* of the API token "pat_NAME" */
	char			 token_made[512];	/* the last AUTH_TOKEN_CREATE */
	unsigned		 checks;		/* AUTH_CHECK that authd saw */
	uint16_t		 web_port;
	void			(*tpm)(int fd);		/* the work of patronus-tpm for one question; NULL: it cannot be started */
	int			 crowd[64];
	unsigned		 ncrowd;
	unsigned		 events;		/* MGMT_EVENT that came */
	char			 last_topic[32];
	char			 last_event[2048];
};

/* One request; zero members are left out.  remote: over httpd, with the token and csrf of that user ("alice"), or an API token of his ("pat_alice"). */
struct rig_request {
	uint8_t		 method;
	const char	*path;
	const char	*query;
	const char	*body;
	size_t		 len;		/* of body; 0: strlen */
	const char	*type;		/* of body; NULL: application/json */
	const char	*accept;
	const char	*workspace;
	const char	*match;
	const char	*none_match;
	const char	*remote;
	const char	*csrf;		/* instead of the right one */
	const char	*key;		/* Idempotency-Key */
};

/* Short ways to say one: GET("/commits", .remote = "olga"). */
#define GET(p, ...)	&(struct rig_request){ .method = MGMT_GET, .path = p, __VA_ARGS__ }
#define POST(p, b, ...)	&(struct rig_request){ .method = MGMT_POST, .path = p, .body = b, __VA_ARGS__ }
#define PUT(p, b, ...)	&(struct rig_request){ .method = MGMT_PUT, .path = p, .body = b, __VA_ARGS__ }
#define PATCH(p, b, ...) &(struct rig_request){ .method = MGMT_PATCH, .path = p, .body = b, __VA_ARGS__ }
#define DELETE(p, ...)	&(struct rig_request){ .method = MGMT_DELETE, .path = p, __VA_ARGS__ }

struct rig_answer {
	unsigned	 status;
	char		*body;		/* NUL-terminated; rig_answer_free */
	size_t		 len;
	char		 etag[129];
	char		 location[513];
	char		 allow[65];
	char		 link[4097];
	char		 count[25];
	char		 rate_policy[65];
	char		 rate[65];
	char		 token[65];
	uint32_t	 retry_after_s;
	bool		 session_end;
};

/* dir NULL: a new one.  Exits the test program when anything of the rig itself fails. */
struct rig	*rig_new(const char *dir);
/* Ends confd as kill -9 would (nothing is written any more), but keeps the directory when asked. */
void		 rig_free(struct rig *, bool keep_dir);
/* The owners connect; until they have what runs. */
void		 rig_connect(struct rig *);
void		 rig_player_start(struct player *);
void		 rig_player_stop(struct player *);
/* Run the loop until *done, at most ms. */
bool		 rig_until(struct rig *, const bool *done, unsigned ms);
void		 rig_wait(struct rig *, unsigned ms);

struct rig_answer rig_ask(struct rig *, const struct rig_request *);
void		 rig_answer_free(struct rig_answer *);
/* Ask, and compare the status; the text of the answer is shown when it is another one.  The answer lives until the next call. */
const struct rig_answer *rig_expect(struct rig *, unsigned status, const struct rig_request *);
/* The text of a JSON member of the first level, as it stands there; "" when there is none.  Lives until the next call. */
const char	*rig_member(const char *json, const char *name);
/* A new workspace's id; lives until the next call of this function. */
const char	*rig_workspace(struct rig *, const char *remote);
/* Load a YAML document into a workspace and commit it; the commit's answer. */
const struct rig_answer *rig_load(struct rig *, const char *yaml, unsigned status);
/* From now on the local client is this uid. */
void		 rig_client(struct rig *, uint32_t uid);
/* One more connection of this uid that does nothing; 0 or why it was refused. */
int		 rig_crowd(struct rig *, uint32_t uid);
/* Subscribe as the local client; false when it was refused. */
bool		 rig_subscribe(struct rig *, const char *topics, uint64_t last_id);

#endif
