/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NETD_DESIRED_H
#define PATRONUS_NETD_DESIRED_H

#include <stdbool.h>
#include <stdint.h>

#include "net/addr.h"

/*
 * What one revision of the configuration wants of the network, in the planner's own terms: small, flat and complete,
 * so that plans are computed (and tested) without a kernel and without the generated structs.  Everything lives in
 * the arena of its revision; strings are borrowed from there.
 */

struct arena;

#define RTPROT_PATRONUS		158	/* of our routes */
#define IFAPROT_PATRONUS	158	/* of our addresses, where the kernel keeps it (5.18 and later) */

/* The first line of a resolver's file that is ours. */
#define RESOLV_CONF_HEAD	"# Written by Patronus from system.name-servers; changes made here are overwritten.\n"

/* How an interface of the configuration finds its link.  Exactly one is set. */
struct want_match {
	const char	*name;		/* kernel name or alternative name; NULL */
	const char	*path;		/* of the hardware: "pci-0000:00:03.0"; NULL */
	bool		 has_mac;
	struct mac	 mac;
};

struct want_link {
	const char		*name;		/* the key in the configuration */
	const char		*path;		/* JSON Pointer of the entry */
	const char		*description;	/* "" when there is none */
	struct want_match	 match;
	bool			 enabled;
	uint32_t		 mtu;		/* 0: as the link came */
	struct prefix		*addrs;
	uint32_t		 naddrs;
	uint32_t		 index;		/* of the bound link; 0: it waits for its link */
	char			 kernel_name[16];	/* of the bound link */
};

struct want_route {
	const char		*name;
	const char		*path;
	struct prefix		 destination;	/* host bits cleared */
	struct addr		 via;		/* ADDR_NONE: directly on the interface, or a blackhole */
	const char		*interface;	/* key of an interface; NULL: where via is connected */
	uint32_t		 metric;	/* as the kernel shows it: never 0 for IPv6 */
	uint8_t			 type;		/* RTN_UNICAST, RTN_BLACKHOLE, RTN_UNREACHABLE, RTN_PROHIBIT */
};

/* One sysctl with the value it must have. */
struct want_sysctl {
	uint8_t		 id;		/* enum sysctl_id */
	bool		 widens;	/* lets through what did not pass before: set last */
	const char	*interface;	/* key of an interface, NULL for the ids of the whole box */
	const char	*path;
	uint32_t	 value;
};

struct desired {
	struct arena		*arena;
	struct want_link	*links;
	uint32_t		 nlinks;
	struct want_route	*routes;
	uint32_t		 nroutes;
	struct want_sysctl	*sysctls;
	uint32_t		 nsysctls;
	const char		*hostname;	/* NULL: not managed */
	const char		*time_zone;
	const char		*resolv_conf;	/* text of the file */
};

/* NULL when no interface has that key. */
struct want_link	*desired_link(const struct desired *, const char *name);
/* The interface that is bound to a link, or NULL. */
struct want_link	*desired_link_by_index(const struct desired *, uint32_t index);
bool			 desired_link_wants(const struct want_link *, const struct prefix *);

#endif
