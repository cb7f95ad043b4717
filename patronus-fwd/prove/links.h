/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_PROVE_LINKS_H
#define PATRONUS_FWD_PROVE_LINKS_H

#include <stdint.h>

/* The links of the stand-in: of each the name is the real one's, and its peer is what the world sends to and hears from. */

struct prove_req;

#define LINK_INDEX(n)	(10 + (n))	/* of the n-th link, from 1 */
#define PEER_INDEX(n)	(110 + (n))
#define BRIDGE_INDEX	9
#define MAC_LEN		6

extern const uint8_t far_mac[MAC_LEN];	/* of everybody beyond a link: nobody's here, so that no peer takes the packet in */

void	 link_mac(unsigned n, uint8_t ret[MAC_LEN]);
/* Links, addresses, routes, neighbours; 0 or -errno. */
int	 links_make(int route, const struct prove_req *);

#endif
