/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NETD_REVISION_H
#define PATRONUS_NETD_REVISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "desired.h"

struct conf_drift;
struct problems;

/* One revision of netd's part of the configuration: decoded, judged and turned into what is desired. */
struct revision {
	uint32_t	 number;
	bool		 is_dry_run;	/* prepared to be looked at, never to be applied */
	struct arena	*arena;
	struct desired	 desired;
	const struct conf_drift *drift;	/* its policy, in the arena */
};

/* 0 and *ret (revision_free), -EPROTO for bytes that are no configuration, -ENOMEM.  Problems are added, and live in their own arena. */
int	revision_new(uint32_t number, const uint8_t *, size_t len, struct problems *, struct revision **ret);
void	revision_free(struct revision *);

#endif
