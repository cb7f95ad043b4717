/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_TRANSACTION_H
#define PATRONUS_CONFD_TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The one place where the running revision changes.  A commit is
 *
 *	PREPARE at the owners + journal -> APPLY -> REMOVE -> VERIFY -> store (kept or pending) -> KEPT
 *
 * and whatever fails after the first APPLY brings the previous revision back through the same path.  A pending revision goes back
 * when its timer ends, when it is cancelled, or when this process starts and the timer is over or the box was booted.
 * Owners that (re)start, or whose state is in doubt, get the running revision when nothing else is under way.
 */

struct buf;
struct commit;
struct confd;
struct document;
struct guard;
struct owner;
struct problems;
struct rollout;
struct snapshot;
struct transaction;

enum outcome {
	OUTCOME_INVALID = 0,
	OUTCOME_DONE,
	OUTCOME_REFUSED,	/* by an owner: the box is at the previous revision */
	OUTCOME_UNFIT,		/* an owner's PREPARE found problems: nothing was applied */
	OUTCOME_UNAVAILABLE,	/* an owner is away */
	OUTCOME_BROKEN		/* ours: the store */
};

struct outcome_info {
	enum outcome		 outcome;
	const struct problems	*problems;
	const struct commit	*commit;	/* NULL when none was made */
	const struct rollout	*rollout;	/* of a dry run: what the owners said, */
	const struct guard	*guard;		/* and about whom; NULL: nobody was judged */
	struct snapshot		*target;	/* unless DONE after a commit, the document may be taken back: snapshot_release() */
	int			 error;
};

typedef void transaction_end(const struct outcome_info *, void *arg);

struct commit_order {
	struct document	*doc;		/* valid; the transaction's once transaction_commit() has returned 0 */
	uint32_t	 mask;		/* owners of what changes */
	const char	*author;
	const char	*origin;
	const char	*comment;
	const char	*request;	/* for store_find_request(), or NULL */
	unsigned	 confirm_s;	/* 0: kept at once */
	/*
	 * The caller's connection, judged by what was prepared; the transaction's once transaction_commit() has returned 0.  Would it be
	 * cut, the commit waits for a confirmation also with confirm_s 0.  NULL: nobody is to be guarded.
	 */
	struct guard	*guard;
	bool		 is_forced_always;	/* when nobody knows: also when no owner changes anything in the kernel */
	uint64_t	 started_us;	/* monotonic: when the request came */
	uint64_t	 validate_us;
	transaction_end	*on_end;
	void		*arg;
};

struct transaction *transaction_new(struct confd *);
void		 transaction_free(struct transaction *);

/* After the start of the process: a pending revision whose time is over, or of another boot, goes back. */
void		 transaction_resume(struct transaction *);

/* 0 when on_end will be called; -EBUSY: a commit is being applied; -EALREADY: one waits for its confirmation. */
int		 transaction_commit(struct transaction *, const struct commit_order *);
bool		 transaction_is_busy(const struct transaction *);
/*
 * PREPARE without consequences, and a judgement of connections (guard; may be NULL).  0 (document and guard are the transaction's, the
 * document until on_end takes it back), or -EBUSY when too many wait.
 */
int		 transaction_dry_run(struct transaction *, struct document *, uint32_t mask, struct guard *, transaction_end *, void *arg);

/* The pending commit, or NULL. */
const struct commit *transaction_pending(const struct transaction *);
/* One of the last commits of this process, or NULL. */
const struct commit *transaction_find(const struct transaction *, uint32_t number);
/* Keep the pending revision.  0, -ENOENT or the store's error. */
int		 transaction_confirm(struct transaction *, const char *actor, const char *origin);
/* Go back now.  0 when on_end will be called; -ENOENT. */
int		 transaction_cancel(struct transaction *, const char *actor, const char *origin, transaction_end *, void *arg);

void		 transaction_owner_ready(struct transaction *, struct owner *);
/* What a commit waited for is there, or will not come. */
void		 transaction_go_on(struct transaction *);

#endif
