/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NETD_ACTUAL_H
#define PATRONUS_NETD_ACTUAL_H

#include <linux/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/ids.h"
#include "net/addr.h"

/*
 * What the kernel has: links, addresses, routes and our rules as read from its dumps.  Dumps come from a kernel, but the bytes
 * are still walked with every length checked: one reader serves dumps, events and the fuzzer.
 */

struct arena;

#define LINK_ALTNAMES_MAX	8

/* Those of enum sysctl_id that are known: a link's come with its dump, the others from host.h. */
struct sysctls {
	uint32_t	 has;		/* a bit for each id */
	uint32_t	 values[SYSCTL_ID_MAX];
};

struct link {
	uint32_t	 index;
	uint32_t	 flags;		/* IFF_UP, IFF_LOWER_UP, ... */
	uint32_t	 mtu;
	uint32_t	 max_mtu;	/* 0: the kernel does not tell */
	uint32_t	 min_mtu;
	uint32_t	 lower;		/* index of the link below (VLAN, MACVLAN), 0: none in this namespace */
	uint32_t	 master;	/* bridge or bond; 0: none */
	uint16_t	 type;		/* ARPHRD_ETHER, ... */
	uint8_t		 operstate;
	bool		 has_mac;
	bool		 has_perm_mac;
	struct mac	 mac;
	struct mac	 perm_mac;	/* what the hardware came with */
	char		 name[IFNAMSIZ];
	const char	*kind;		/* "veth", "vlan", ...; "" for hardware */
	const char	*altnames[LINK_ALTNAMES_MAX];
	uint32_t	 naltnames;
	const char	*path;		/* "pci-0000:00:03.0": bus and name of the device below; "" when there is none */
	struct sysctls	 sysctls;
	uint64_t	 rx_bytes, tx_bytes, rx_packets, tx_packets, rx_errors, tx_errors, rx_dropped, tx_dropped;
};

struct address {
	uint32_t	 index;		/* of the link */
	uint32_t	 flags;		/* IFA_F_... */
	struct prefix	 prefix;
	bool		 has_peer;	/* point to point: the other end has an address of its own */
	bool		 has_proto;	/* the kernel keeps who added it */
	uint8_t		 proto;
	uint8_t		 scope;
};

struct route {
	struct prefix	 destination;
	struct addr	 via;
	uint32_t	 oif;
	uint32_t	 table;
	uint32_t	 metric;
	uint32_t	 flags;		/* RTNH_F_LINKDOWN, ... */
	uint8_t		 type;
	uint8_t		 protocol;
	uint8_t		 tos;
	uint8_t		 scope;
	bool		 is_complex;	/* several next hops (via and oif are the first), an encapsulation, a nexthop object: never made by us */
	bool		 is_opaque;	/* an encapsulation, a next hop of the other family, a source: via and oif do not tell its way */
	struct addr	 prefsrc;
};

/* A policy rule of ours: the one that looks up the shadow table (flip.h).  Others are not kept. */
struct rule {
	uint8_t		 family;	/* ADDR_V4, ADDR_V6 */
};

struct actual {
	struct arena	*arena;
	struct link	*links;
	uint32_t	 nlinks;
	struct address	*addrs;
	uint32_t	 naddrs;
	struct route	*routes;
	uint32_t	 nroutes;
	struct rule	*rules;
	uint32_t	 nrules;
	struct sysctls	 sysctls;	/* of the whole box */
	bool		 has_host;	/* what follows was read; NULL: is nothing that we would write */
	const char	*hostname;
	const char	*time_zone;	/* "Europe/Berlin"; where the link leads to when it is none of the zones */
	const char	*resolv_conf;	/* "": there is none */
	uint32_t	 caps[4];	/* allocated items of the four, the reader's own */
};

/* Everything read lives in the arena. */
void	actual_init(struct actual *, struct arena *);
/*
 * Add what the messages tell: RTM_NEWLINK, RTM_NEWADDR, RTM_NEWROUTE, RTM_NEWRULE; others are skipped.  0, -EPROTO for bytes that are not whole messages,
 * -ENOMEM.
 */
int	actual_read(struct actual *, const uint8_t *, size_t len);

/*
 * Whether events are worth a look: all about links and addresses, and routes that are ours or that somebody made by hand.  What
 * routing daemons do among themselves, thousands of times, is not.
 */
bool	actual_is_news(const uint8_t *, size_t len);

const struct link	*actual_link(const struct actual *, uint32_t index);
const char		*actual_link_name(const struct actual *, uint32_t index);	/* "?" when there is none */
/* Whether some address of a link connects us with a. */
bool			 actual_connects(const struct actual *, const struct addr *a, uint32_t *ret_index);

#endif
