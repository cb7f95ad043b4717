/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_OWNER_H
#define PATRONUS_CONFD_OWNER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The daemons that own parts of the configuration, in the order of a commit.  A set of owners is a bit mask.
 */

struct channel;
struct document;

#define OWNERS_MAX	8

struct owner {
	const char	*name;		/* as in patronus:owner */
	uint8_t		 role;		/* enum role */
	bool		 removes;	/* takes part in COMMIT_REMOVE */
	bool		 judges;	/* packets, and in COMMIT_BESIDE by two policies at once; the others send them their ways */
	struct channel	*channel;	/* NULL while it is away */
	bool		 is_apart;	/* was told to leave what stands beside, since it was not known where packets go */
	bool		 is_stale;	/* does not have the running revision for certain */
	uint32_t	 revision;	/* the last that it had a part in, and read back */
	unsigned	 failures;	/* of bringing it up to date, in a row */
};

struct owners {
	struct owner	owner[OWNERS_MAX];
	unsigned	n;
};

/* Netd before fwd: an address is there before a rule names its interface. */
void		 owners_init(struct owners *);
struct owner	*owners_by_role(struct owners *, uint8_t role);
struct owner	*owners_by_name(struct owners *, const char *name);
uint32_t	 owners_bit(const struct owners *, const struct owner *);
uint32_t	 owners_all(const struct owners *);
/* Who judges packets, or who sends them their ways. */
uint32_t	 owners_that(const struct owners *, bool judge);
/* Those that have no channel now. */
uint32_t	 owners_away(const struct owners *, uint32_t mask);
/* Those of them that are away, and of whom it is known what they have in force. */
uint32_t	 owners_at_rest(const struct owners *, uint32_t mask);

#endif
