/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_PROVE_H
#define PATRONUS_FWD_PROVE_H

#include <stdbool.h>

#include "base/buf.h"

#include "journey.h"

/*
 * What explain said of a packet against what the kernel did with it: the question for patronus-prove (PROVE in conf.def), and the answer held against
 * the journey.  Pure.
 */

struct prove_rep;
struct prove_req;

struct prove_question {
	const struct explain_packet	*packet;	/* as it was before the journey, but for its links */
	const struct journey		*journey;
	const struct ir			*ir;
	const struct journey_places	*places;
};

enum prove_verdict {
	PROVE_INVALID = 0,
	PROVE_PROVED,
	PROVE_DIFFERS,
	PROVE_IMPOSSIBLE,
	PROVE_VERDICT_MAX
};

/* batch, which the caller owns, and the arena hold what the request points to.  NULL, or why such a packet cannot be sent. */
const char	*prove_request(const struct prove_question *, struct buf *batch, struct prove_req *ret, struct arena *);
/* Does the kernel bear it out?  The text is the end of a sentence. */
enum prove_verdict prove_compare(const struct prove_question *, const struct prove_rep *, struct arena *, const char **ret_text);

#endif
