/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TESTS_FWD_PARENT_H
#define PATRONUS_TESTS_FWD_PARENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the parent does for fwd, in one process: requests go through the walker to the kernel of this process's namespace. */

struct nft_kernel;

struct fwd_parent {
	struct nft_kernel	*kernel;
	uint8_t			*stored;	/* the last known good ruleset */
	size_t			 stored_len;
	uint64_t		 longest_us;	/* of transactions */
	bool			 lacks_bridges;	/* a kernel without CONFIG_NF_TABLES_BRIDGE */
};

/* From now on privcall() ends here. */
void	 fwd_parent_start(struct fwd_parent *, struct nft_kernel *);
void	 fwd_parent_stop(struct fwd_parent *);

#endif
