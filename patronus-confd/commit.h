/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_COMMIT_H
#define PATRONUS_CONFD_COMMIT_H

#include <stdint.h>

/*
 * What the API says about one commit.  Its id is the number of the revision it made.
 */

struct buf;
struct revision;

enum commit_state {
	COMMIT_STATE_INVALID = 0,
	COMMIT_STATE_APPLYING,
	COMMIT_STATE_KEPT,
	COMMIT_STATE_AWAITING_CONFIRM,
	COMMIT_STATE_ROLLED_BACK,
	COMMIT_STATE_FAILED
};

struct commit {
	uint32_t		 number;
	enum commit_state	 state;
	char			 author[65];
	char			 origin[65];
	char			 comment[513];
	uint64_t		 deadline_wall_ms;	/* 0: none */
	uint64_t		 deadline_mono_ms;
	uint64_t		 validate_us, prepare_us, apply_us, read_back_us, store_us, total_us;
	char			*impact;		/* JSON objects with commas; NULL: none */
	char			*forced;		/* why a confirm timer was forced; NULL: it was not */
	char			*checks;		/* JSON array of health checks; NULL: none were made */
	char			*cut;			/* JSON object: how the author's own connection is cut; NULL: it is not */
};

/* A commit of the past, as far as the store remembers it. */
void	 commit_from_revision(struct commit *, const struct revision *);
void	 commit_fini(struct commit *);
void	 commit_print(const struct commit *, struct buf *);

#endif
