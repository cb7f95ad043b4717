/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUDIT_CHECK_H
#define PATRONUS_AUDIT_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "audit/head.h"
#include "audit/tree.h"

/*
 * Proves an audit log, line by line: that no record is missing, twice, moved or changed, and that every head was signed over exactly
 * these records.  It takes an export (lines.h) or the plain records of audit.log with heads that were kept elsewhere.
 */

struct audit_check;
struct audit_key;

struct audit_result {
	uint64_t		first;		/* record; 0: none was seen */
	uint64_t		last;
	uint64_t		heads;		/* whose root was computed again, and is the same */
	struct audit_head	head;		/* the last of these */
	uint64_t		bad;		/* the first bad record, 0: it is not a record that is bad */
	char			problem[256];	/* "": none so far */
};

/* key: whose signatures count, borrowed.  NULL: the key that the export carries, as far as it carries one. */
struct audit_check	*audit_check_new(const struct audit_key *);
void			 audit_check_free(struct audit_check *);

/*
 * A line of a file with heads, before all others; what is not a head is passed over.  0, -EBADMSG for a damaged head or -ENOMEM.
 */
int	 audit_check_expect(struct audit_check *, const char *line, size_t len);
/* The next line, without line feed.  0, or -EBADMSG: the result says what is wrong, and nothing more can be proven. */
int	 audit_check_line(struct audit_check *, const char *line, size_t len);
/* Somebody else saw that a record is bad: -EBADMSG. */
int	 audit_check_refuse(struct audit_check *, uint64_t record, const char *why);
/* That was all: heads that were signed over more say that records are missing. */
int	 audit_check_end(struct audit_check *);

const struct audit_result	*audit_check_result(const struct audit_check *);
const struct audit_tree		*audit_check_tree(const struct audit_check *);
/* NULL when no key is known. */
const struct audit_key		*audit_check_key(const struct audit_check *);

#endif
