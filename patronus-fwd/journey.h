/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_JOURNEY_H
#define PATRONUS_FWD_JOURNEY_H

#include <stdbool.h>
#include <stdint.h>

#include "net/addr.h"

#include "explain.h"
#include "ir.h"

/*
 * One packet from where it comes in to where it leaves, through all hooks: explain.c runs each of them, this finds the way between them as the
 * kernel's routing would, and tells which rules did something.  Pure: routes are the caller's.
 */

struct arena;
struct fw_policy;
struct links;
struct routes;

/* An interface of the configuration, for packets to go through. */
struct journey_place {
	const char	*ifname;
	const char	*name;
	const char	*zone;		/* NULL: in none */
	struct prefix	*addresses;
	uint32_t	 n_addresses;
};

struct journey_places {
	struct journey_place	*items;
	uint32_t		 n;
};

/* Copies what it needs of the policy. */
struct journey_places journey_places_of(const struct fw_policy *, struct arena *);

struct journey_step {
	enum ir_hook		 hook;
	const char		*chain;
	const struct ir_origin	*origin;	/* NULL: the policy of the chain */
	enum ir_action		 action;	/* IR_ACTION_NONE: it went into another chain */
	bool			 is_proxied;	/* the box answers first */
};

#define JOURNEY_STEPS	64

struct journey {
	/* What is asked; in_link and out_link of the packet are found when they are NULL. */
	struct explain_packet	 packet;
	const char		*from;		/* a zone, or an interface by either name; "local": the box; NULL: by the route to the source */
	const char		*to;		/* the same of the destination */
	const char		*bridge;	/* that it goes through, which is found; NULL: it is routed */
	/* What came of it. */
	enum ir_action		 action;
	const struct ir_origin	*origin;	/* that decided; NULL: the policy of the chain */
	const char		*chain;
	const struct journey_place *in;		/* NULL: the box */
	const struct journey_place *out;	/* NULL: the box, when is_routed */
	bool			 is_routed;	/* it came as far as that */
	bool			 is_limited;
	bool			 is_proxied;	/* the box answers before the receiver hears of it */
	bool			 is_led;	/* to another receiver: */
	const struct ir_origin	*leader;
	struct addr		 led_to;
	uint16_t		 led_port;
	const struct ir_stmt	*sender;	/* what translates the source; NULL: nothing */
	const struct ir_origin	*sender_origin;
	struct journey_step	 steps[JOURNEY_STEPS];
	unsigned		 n_steps;
};

/* Is it this interface, or one of this zone? */
bool		 journey_place_is(const struct journey_place *, const char *word);
/* NULL, or why it cannot be said; memory is the arena's.  routes and links may be NULL. */
const char	*journey_run(struct journey *, const struct ir *, const struct journey_places *, const struct routes *, const struct links *,
		    struct arena *);
/* The same of a frame from port to port, which its in_link and out_link are; of two ports out_link may be left out. */
const char	*journey_bridged(struct journey *, const struct ir *, const struct links *, struct arena *);
/* What became of it as the end of a sentence: `rule "web" accepts it`. */
const char	*journey_text(const struct journey *, struct arena *);

#endif
