/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NET_NFTGUARD_H
#define PATRONUS_NET_NFTGUARD_H

struct buf;

#define NFTGUARD_MAX	16384

/*
 * The guard ruleset, which is in force while there is no other: table inet patronus drops everything but loopback, replies, and IPv6
 * neighbour discovery.  Messages as the walker and nft_apply() want them.
 */
void	 nftguard_build(struct buf *);

#endif
