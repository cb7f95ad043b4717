/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_EVIDENCE_H
#define PATRONUS_FWD_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/msg.h"

/*
 * How often each rule has decided something, and when first and last: sums over what the kernel's counters say, which begin anew with a rule that is
 * changed and with a boot.  confd keeps it; what was found since it was last told is lost with a power cut alone.
 */

struct evidence;

struct evidence	*evidence_new(void);
void		 evidence_free(struct evidence *);

/* What is known of one rule; all 0 for one that was never in force. */
struct evidence_sum {
	uint64_t	packets;
	uint64_t	bytes;
	uint64_t	since_ms;	/* wall clock, also below */
	uint64_t	first_ms;	/* 0: never hit */
	uint64_t	last_ms;
};

/* From confd, before anything is counted: what was known when it was last told. */
void	 evidence_load(struct evidence *, const struct evidence_rule *);
/* The kernel's counter of a rule, now. */
void	 evidence_count(struct evidence *, const char *id, uint64_t packets, uint64_t bytes, uint64_t now_ms);
/* The kernel's counter of a rule begins anew. */
void	 evidence_restart(struct evidence *, const char *id);
struct evidence_sum evidence_get(const struct evidence *, const char *id);
/* Up to max rules of which confd does not know all, which counts as told; 0 when there are none.  Ids are borrowed. */
uint32_t evidence_tell(struct evidence *, struct evidence_rule *ret, uint32_t max);
/* The channel is new: what was told may not have been kept. */
void	 evidence_tell_again(struct evidence *);

#endif
