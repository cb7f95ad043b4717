/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_REVISION_H
#define PATRONUS_FWD_REVISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "conf/generated.h"

#include "assertion.h"
#include "conf_bytes.h"
#include "ir.h"
#include "journey.h"
#include "names.h"

/* One revision of the configuration, compiled. */

struct links;
struct live;
struct problems;
struct xdp_plan;

/* What log entries are explained by. */
struct revision_interface {
	const char	*ifname;
	const char	*name;		/* in the configuration */
	const char	*zone;		/* NULL: it is in none */
	uint8_t		 action;	/* enum ir_action for what no rule decided */
};

struct revision {
	uint32_t	 number;
	bool		 is_dry_run;	/* prepared to be looked at, never to be applied */
	struct ir	*ir;		/* NULL once it was given away */
	struct arena	*arena;
	struct conf_drift	 drift;		/* its policy */
	struct conf_drift_areas	 drift_areas;
	struct names	 interfaces;	/* kernel name -> struct revision_interface */
	struct buf	 remarks;
	uint32_t	 n_remarks;	/* bytes of them that are of the compiler */
	struct conf_bytes conf;		/* the encoded configuration */
	bool		 is_bound;	/* links, the time or live content decide what it means */
	bool		 has_live;	/* live content does */
	bool		 is_successor;	/* the form was made from the one of another revision */
	bool		 is_altered;	/* the form is not as it was compiled any more */
	struct schedule	*schedules;
	bool		*was_active;	/* of each schedule, in the form */
	uint32_t	 n_schedules;
	uint32_t	 live_generation; /* of what stood in groups beside the configuration */
	struct xdp_plan	*xdp;		/* what drivers shall drop; NULL: nothing */
	struct journey_places places;
	struct assertion *assertions;
	uint32_t	 n_assertions;
	bool		 is_kept;	/* no confirmation is waited for */
};

/* From the encoded struct conf_fwd.  0; -EPROTO when it cannot be decoded; -EINVAL with problems. */
int	 revision_new(uint32_t number, const uint8_t *, size_t len, const struct links *, const struct live *, struct problems *,
	    struct revision **ret);
/*
 * The same, and quicker when little differs from a base, which may be NULL, whose form is ir; the form that is made is the same, too.
 */
int	 revision_next(const struct revision *base, struct ir *, uint32_t number, const uint8_t *, size_t len, const struct links *, const struct live *,
	    struct problems *, struct revision **ret);
/* Does another form hold at that moment (seconds since 1970)? */
bool	 revision_is_due(const struct revision *, int64_t utc);
void	 revision_free(struct revision *);

#endif
