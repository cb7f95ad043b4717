/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_XDP_PLAN_H
#define PATRONUS_FWD_XDP_PLAN_H

#include <net/if.h>

#include "xdp/list.h"

/* What drivers shall drop, of one revision. */

struct arena;
struct policy_xdp;

#define XDP_LINKS_MAX	64

/* An entry whose links are still names. */
struct xdp_plan_answer {
	char			 in[IFNAMSIZ];
	char			 out[IFNAMSIZ];	/* "": whichever */
	struct xdp_answer_entry	 entry;
};

struct xdp_plan_rule {
	char		 id[64];
	char		 reason[200];
	bool		 is_answered;
};

struct xdp_plan {
	char		 links[XDP_LINKS_MAX][IFNAMSIZ];
	uint32_t	 nlinks;
	struct xdp_list	*list;		/* NULL once it is in force */
	uint64_t	 digest;	/* of it */
	struct xdp_rate	 rates[XDP_METERS];
	bool		 has_rates;
	bool		 has_answers;
	struct xdp_plan_answer	*answers;
	uint32_t	 n_answers;
	struct xdp_plan_rule	*rules;	/* with SYN protection, while has_answers */
	uint32_t	 n_rules;
};

/* 0 and *ret, which is NULL when nothing shall be dropped; or -errno as of xdp_list_new(). */
int	 xdp_plan_new(const struct policy_xdp *, struct arena *scratch, struct xdp_plan **ret);
void	 xdp_plan_free(struct xdp_plan *);

#endif
