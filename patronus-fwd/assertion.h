/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_ASSERTION_H
#define PATRONUS_FWD_ASSERTION_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/generated.h"

#include "ir.h"
#include "journey.h"

/* What must pass and what must not, whatever the rules become: each is a packet that is sent through the form. */

struct arena;
struct problems;

struct assertion {
	const char	*name;
	const char	*path;
	const char	*from;		/* zones */
	const char	*to;
	struct addr	 source;
	struct addr	 destination;
	uint8_t		 protocol;
	uint16_t	 port;
	bool		 must_pass;
	bool		 is_warning;	/* said, and the commit goes on */
};

struct assertion_verdict {
	const struct assertion	*assertion;
	bool			 holds;
	const char		*rule;	/* that decided; a chain when none did */
	const char		*path;	/* of it in the configuration; "" */
	const char		*text;	/* `rule "web" drops it; change ...` */
};

/* Of the configuration; with problems for what is not complete.  It borrows conf's strings. */
struct assertion *assertions_from_conf(const struct conf_firewall *, struct arena *, struct problems *, uint32_t *ret_n);
struct assertion *assertions_copy(const struct assertion *, uint32_t n, struct arena *);
/* Of several interfaces of a zone all must agree; the first that does not is told of. */
struct assertion_verdict assertion_check(const struct assertion *, const struct ir *, const struct journey_places *, struct arena *);

#endif
