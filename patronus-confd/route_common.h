/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_ROUTE_COMMON_H
#define PATRONUS_CONFD_ROUTE_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What several handlers share. */

#define CONFIRM_MIN_S	5
#define CONFIRM_MAX_S	3600

struct buf;
struct commit;
struct commit_order;
struct confd;
struct diff;
struct document;
struct edit;
struct merge_choice;
struct operation;
struct outcome_info;
struct problems;
struct request;
struct revision;
struct workspace;

/* The workspace of /workspaces/{id}/...; NULL, answered, when it is not there or not the caller's. */
struct workspace *route_workspace(struct request *);
/* The same, that no commit or validation holds. */
struct workspace *route_free_workspace(struct request *);
/* The one that the header Patronus-Workspace names; NULL without the header.  false, answered, when it is not there or not the caller's. */
bool		 route_find_workspace(struct request *, struct workspace **ret);
/* The same for an edit: while a commit holds it, the request is answered. */
bool		 route_find_candidate(struct request *, struct workspace **ret);
/* Is it valid, and are the secrets there that it refers to?  0, -EINVAL with problems, or -ENOMEM. */
int		 route_check_workspace(const struct confd *, struct workspace *, struct problems *);
/* The vault as an object. */
void		 route_print_vault(struct confd *, struct buf *);
void		 route_reply_workspace(struct request *, unsigned status, const struct workspace *);
void		 route_reply_no_room(struct request *, int error);
/* Stand on the running revision, with what was decided about conflicts; false, answered, when that cannot be. */
bool		 route_rebase(struct request *, struct workspace *, struct merge_choice *, size_t n);
/* Is there something that another commit must wait for?  Answered when it is so. */
bool		 route_is_held(struct request *);
/* NULL, or one line that is not too long; false, answered, otherwise. */
bool		 route_check_comment(struct request *, const char *comment);
/* Whether the commit could cut the caller off: sets what commit_order says of forced confirmations. */
void		 route_guard(const struct request *, const struct workspace *, struct commit_order *);
/* Answers for a commit that came to nothing. */
void		 route_reply_failure(struct request *, const struct outcome_info *);
/* A write without a workspace, one edit whose preconditions hold or a batch; takes the operations. */
void		 route_direct(struct request *, struct operation *, size_t n, bool is_batch);
/* Where an entry shall go: exactly one of the three; false when they do not say it. */
bool		 route_place(const char *before, const char *after, const char *to, struct edit *);
/* Is this ETag in the list of an If-Match?  Strong comparison. */
bool		 route_etag_listed(const char *list, const char *etag);
/* A candidate was edited: tell the listeners. */
void		 route_announce(struct request *, const struct workspace *);
/* The node as it is now in a document, with its ETag; 204 for what is gone and for the whole document.  link may be NULL. */
void		 route_reply_edit(struct request *, const struct document *, const struct edit *, bool is_new, const char *key,
		    const char *link);
/* An edit that was refused (workspace_edit). */
void		 route_reply_edit_error(struct request *, int error, const struct problems *);
/* What authd said of somebody (enum auth_verdict) when it was not AUTH_ACCEPTED; text may be "". */
void		 route_reply_verdict(struct request *, uint8_t verdict, uint32_t retry_after_s, const char *text);
/* A session that was just made or found (req->token), as every later request will find it, with its cookie. */
void		 route_reply_signed_in(struct request *);
/* The local socket has no sessions; answered when it is so. */
bool		 route_is_local(struct request *);
/* The call could not be made, or its answer did not come. */
void		 route_reply_no_authd(struct request *);
/* The changes from a to b, as a workspace's diff; not the views that ask the owners. */
void		 route_reply_diff(struct request *, uint32_t base, const struct document *a, const struct document *b);
/* The same with what fwd said about it. */
void		 route_reply_nft(struct request *, uint32_t base, const struct diff *, const char *nft);
/* The changes from a to b in any view but the plan.  Takes both. */
void		 route_compare(struct request *, uint32_t base, struct document *a, struct document *b);
void		 route_print_revision(const struct request *, const struct revision *, struct buf *);
/* May the caller see the state of this name?  false, answered, when not. */
bool		 route_may_see(struct request *, const char *name);
/* A state as it was printed, or what the query asks for of it; takes the buffer's bytes. */
void		 route_reply_state(struct request *, const char *name, struct buf *);
/* A commit object as the caller may see it. */
void		 route_print_commit(struct request *, const struct commit *, struct buf *);
/* The same as the answer, with Location when it is new. */
void		 route_reply_commit(struct request *, unsigned status, const struct commit *);
/* A commit that was made: as the transaction remembers it, or as the store does, in the space. */
const struct commit *route_commit_find(struct request *, uint32_t number, struct commit *space);

#endif
