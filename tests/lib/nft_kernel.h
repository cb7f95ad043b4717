/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TESTS_NFT_KERNEL_H
#define PATRONUS_TESTS_NFT_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * A kernel's nf_tables, for tests and benchmarks that run as root in a network namespace of their own: what the parent does for fwd, with
 * the same walker in front, but in one process.
 */

struct nft_kernel {
	int		 fd;
	uint32_t	 seq;
	uint32_t	 n_refused;	/* message that the walker or the kernel did not take */
	uint32_t	 at;		/* and where in it the attribute begins that was refused; 0: not known */
	const char	*reason;
};

/* A new network namespace for this process, with lo up.  0 or -errno. */
int	 nft_kernel_namespace(void);
int	 nft_kernel_open(struct nft_kernel *);
void	 nft_kernel_close(struct nft_kernel *);
uint32_t nft_kernel_generation(struct nft_kernel *);
/*
 * One transaction.  0, or -errno with n_refused.  With echo the kernel's messages about what was made are appended to replies.
 * generation 0: whatever it is.
 */
int	 nft_kernel_batch(struct nft_kernel *, const void *, size_t len, uint32_t generation, bool echo, struct buf *replies);
/* Where message n begins. */
uint32_t nft_kernel_offset(const void *, size_t len, uint32_t n);
/* what: enum nl_dump_what. */
int	 nft_kernel_dump(struct nft_kernel *, uint8_t what, struct buf *ret);

#endif
