/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_ANALYSIS_BOGONS_H
#define PATRONUS_FWD_ANALYSIS_BOGONS_H

#include <stdint.h>

/* What a zone blocks of sources, as what is decided before its rules. */

struct arena;
struct cover;
struct fw_policy;
struct ir;

void	 analysis_bogons(struct cover *, const struct fw_policy *, const struct ir *, uint32_t zone, struct arena *);

#endif
