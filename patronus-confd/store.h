/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_STORE_H
#define PATRONUS_CONFD_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/addr.h"

#include "digest.h"
#include "standing.h"

/*
 * The durable memory of confd: one SQLite database (WAL, synchronous=FULL) with every revision's document and the pointers that
 * say what runs.  Every function below that changes something is one transaction: after it has returned 0 the change survives
 * kill -9 and a power cut, before that none of it has happened.
 *
 * The order of a commit is store_prepare (journal), then the kernel, then store_finish.  A process that finds a prepared revision
 * at start knows that its commit never ended: store_open marks it failed, and the running revision is pushed again.
 */

#define STORE_REQUEST	224	/* Idempotency-Key and digest of a request */

enum revision_state {
	REVISION_INVALID = 0,
	REVISION_PREPARED,	/* in the journal; the kernel may have it, or half of it */
	REVISION_PENDING,	/* runs, waits for its confirmation */
	REVISION_KEPT,
	REVISION_ROLLED_BACK,	/* was pending, or was refused while it was applied */
	REVISION_STATE_MAX
};

struct revision {
	uint32_t		number;		/* 1.. ; 0 is the empty safe default, which is never stored */
	uint32_t		parent;
	char			digest[DIGEST_STRLEN];
	char			author[65];
	char			origin[65];
	char			comment[513];
	uint64_t		time_ms;	/* wall clock */
	enum revision_state	state;
	char			request[STORE_REQUEST];	/* what store_find_request() finds it by; "": nothing */
	char			chain[DIGEST_STRLEN];	/* chain.h; written by store_prepare() */
};

struct store_pointers {
	uint32_t	running;		/* what the box should do now */
	uint32_t	kept;			/* where it goes back to: the same unless something is pending */
	uint32_t	pending;		/* 0: none */
	uint64_t	deadline_boot_ms;	/* CLOCK_BOOTTIME, valid while boot_id is the same */
	uint64_t	deadline_wall_ms;	/* for people */
	char		boot_id[40];
};

enum store_found {
	STORE_FOUND_INVALID = 0,
	STORE_FOUND_NOTHING,	/* first boot: an empty database was made */
	STORE_FOUND_GOOD,
	STORE_FOUND_BROKEN,	/* the damaged files were moved aside and an empty database was made */
};

struct store;

/* dir is STATE/conf.  0, or -errno when not even an empty database can be made. */
int	 store_open(const char *dir, struct store **ret, enum store_found *ret_found);
void	 store_close(struct store *);

void	 store_pointers(const struct store *, struct store_pointers *ret);
/* The greatest number that was ever used; the next revision is one more. */
uint32_t store_last(const struct store *);

/* Journal: the revision (state PREPARED) with its document. */
int	 store_prepare(struct store *, const struct revision *, const char *document, size_t len);
/* The end of a commit: KEPT, PENDING (pointers->deadline_* and boot_id of the argument are kept) or ROLLED_BACK. */
int	 store_finish(struct store *, uint32_t number, enum revision_state, const struct store_pointers *deadline);
/* A prepared revision that no owner has touched: as if it had never been. */
int	 store_discard(struct store *, uint32_t number);
/* What was pending becomes kept, or is left for the kept one. */
int	 store_confirm(struct store *);
int	 store_roll_back(struct store *);

/*
 * Documents beyond the bounds of retention go: more than `keep` of them or, unless before_ms is 0, older than that (wall clock), and what
 * would make them larger than the store's own bound.  Never the running and the kept one.  Not on the path of a commit.
 */
int	 store_forget_old(struct store *, unsigned keep, uint64_t before_ms);

/* -ENOENT when there is no such revision, -EIO when the bytes do not have their digest. */
int	 store_revision(struct store *, uint32_t number, struct revision *ret);
int	 store_document(struct store *, uint32_t number, char **ret, size_t *ret_len);	/* the caller frees */
/* Newest first, numbers below `before` (0: from the newest), at most n; *ret_n were written. */
int	 store_list(struct store *, uint32_t before, unsigned n, struct revision *ret, unsigned *ret_n);

/* The newest revision that an author made by a request that begins with this text.  0, -ENOENT. */
int	 store_find_request(struct store *, const char *author, const char *request, struct revision *ret);

/* What store_verify() found. */
struct store_verdict {
	uint32_t	revisions, documents;	/* that were looked at */
	uint32_t	head;			/* the newest revision, and its link */
	char		chain[DIGEST_STRLEN];
};

/*
 * Compute the chain and the digests of all documents anew, and tell every fault: code "chain" (the revision, or one before it, is not
 * what it was), "document", or "missing" (the last one).  0, or an error of the store.
 */
int	 store_verify(struct store *, struct store_verdict *ret, void (*fault)(uint32_t number, const char *code, void *arg), void *arg);

/* A difference from the configuration that somebody accepted; by its id there is one. */
struct store_baseline {
	struct standing_item	item;
	char			author[65];
	char			origin[65];
	char			comment[513];
	uint64_t		time_ms;
	uint64_t		until_ms;	/* 0: no end */
};

int	 store_baseline_put(struct store *, const struct store_baseline *);
int	 store_baseline_remove(struct store *, const char *id);
int	 store_baselines(struct store *, void (*fn)(const struct store_baseline *, void *arg), void *arg);

/* A member of a group for a time. */
struct store_temporary {
	uint64_t	id;
	char		group[64];
	char		address[PREFIX_STRLEN];	/* of a host or a network */
	char		author[65];
	char		origin[65];
	char		reason[513];
	char		boot[40];		/* in which it was given; "" when that is not known */
	uint64_t	time_ms;		/* wall clock: when it was given, */
	uint64_t	until_ms;		/* and until when; */
	uint64_t	mono_until_ms;		/* by the monotonic clock of that boot */
};

int	 store_temporary_put(struct store *, const struct store_temporary *);
int	 store_temporary_remove(struct store *, uint64_t id);
int	 store_temporaries(struct store *, void (*fn)(const struct store_temporary *, void *arg), void *arg);

/* What a list or a name had when it was last good; ranges as in listtext.h. */
struct store_content {
	uint8_t		*v4;
	uint8_t		*v6;
	uint32_t	 n4;
	uint32_t	 n6;
	uint32_t	 ttl_s;		/* not stored */
	char		 etag[128];
	char		 modified[64];
	char		 url[1001];
	uint64_t	 time_ms;	/* wall clock */
};

int	 store_content_put(struct store *, const char *id, const struct store_content *);
/* -ENOENT; its data is malloc'd and the caller's. */
int	 store_content_get(struct store *, const char *id, struct store_content *ret);
/* The id of each; fn may remove it. */
void	 store_content_each(struct store *, void (*fn)(const char *id, void *arg), void *arg);
int	 store_content_remove(struct store *, const char *id);

/* The copy of the running document for people and for a lost database: running.yaml, replaced atomically. */
int	 store_mirror_put(struct store *, const char *text, size_t len);
int	 store_mirror_get(struct store *, char **ret, size_t *ret_len);		/* -ENOENT; the caller frees */

/* The database of that id which is in force (database.c). */
int	 store_database_put(struct store *, const char *id, const char *data, size_t len);
int	 store_database_get(struct store *, const char *id, char **ret, size_t *ret_len);	/* -ENOENT; the caller frees */
void	 store_database_remove(struct store *, const char *id);

const char *revision_state_name(enum revision_state);

#endif
