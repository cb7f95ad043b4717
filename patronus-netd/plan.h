/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NETD_PLAN_H
#define PATRONUS_NETD_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/drift.h"
#include "net/addr.h"

/*
 * A plan: what has to be done so that the kernel is as desired, as a list of single-message operations in the order
 * in which they are safe.  Boot, commit, crash recovery, drift repair and read-back are the same plan: an empty one is
 * the proof.  Planning is pure: no kernel, no clock.
 */

struct actual;
struct arena;
struct buf;
struct desired;
struct memory;
struct problems;
struct route;

/*
 * In the order of execution within a phase (docs/adr/0046): what narrows comes before what widens, and routes change before what they stand
 * on goes, and after what they stand on came.
 */
enum op_kind {
	OP_INVALID = 0,
	OP_SYSCTL_SET,		/* of those that let nothing more through */
	OP_RULE_ADD,		/* the four of a shadow table, which flip.c makes; a plan has only what was left behind of them */
	OP_RULE_REMOVE,
	OP_SHADOW_ADD,
	OP_SHADOW_REMOVE,
	OP_ROUTE_ADD,
	OP_ROUTE_REPLACE,
	OP_ROUTE_REMOVE,
	OP_PORT_UP,		/* of the first start, see plan_ports.c */
	OP_LINK_SET,		/* up, and MTU, in one message */
	OP_ADDR_ADD,
	OP_HOSTNAME,
	OP_TIME_ZONE,
	OP_RESOLV_CONF,
	OP_LINK_DOWN,
	OP_PORT_DOWN,
	OP_ADDR_REMOVE,
	OP_SYSCTL_WIDEN,	/* forwarding is switched on */
	OP_KIND_MAX
};

struct op {
	uint8_t		 kind;		/* enum op_kind */
	uint8_t		 phase;		/* enum commit_phase */
	const char	*path;		/* JSON Pointer of what asks for it; "" when nothing does any more */
	const char	*object;	/* "address 192.0.2.1/25 on lan" */
	const char	*detail;	/* "missing", "mtu is 1400, not 1500" */
	uint32_t	 index;		/* of the link; 0: none */
	/* OP_LINK_* and OP_PORT_* */
	bool		 set_up;	/* change IFF_UP to is_up */
	bool		 is_up;
	uint32_t	 mtu;		/* 0: leave it */
	/* OP_ADDR_*, OP_ROUTE_* and OP_SHADOW_*: the address, or the destination; OP_RULE_*: only the family counts */
	struct prefix	 prefix;
	struct addr	 via;
	uint32_t	 table;
	uint32_t	 metric;
	uint8_t		 type;		/* of a route: RTN_... */
	uint8_t		 tos;
	bool		 is_onlink;	/* the next hop is on that link, whatever the routes say */
	struct addr	 prefsrc;
	const struct route *was;	/* OP_ROUTE_REPLACE, OP_ROUTE_REMOVE: what is there, of the actual state */
	/* OP_SYSCTL_* */
	uint8_t		 sysctl;	/* enum sysctl_id */
	uint32_t	 value;
	const char	*text;		/* instance of a sysctl; hostname, time zone, file */
};

struct plan {
	struct arena	*arena;
	struct op	*ops;
	uint32_t	 n;
	uint32_t	 cap;
};

/* What a feature's planner sees.  problems is NULL when nobody is there to answer to. */
struct planner {
	const struct desired	*desired;	/* bound */
	const struct actual	*actual;
	const struct memory	*memory;
	struct plan		*plan;
	struct problems		*problems;
};

void	 plan_init(struct plan *, struct arena *);
/* A zeroed operation at the end.  Its object is the format. */
struct op *plan_add(struct plan *, enum op_kind, const char *path, const char *detail, const char *fmt, ...)
	    __attribute__((format(printf, 5, 6)));
/* A copy of one at the end. */
void	 plan_push(struct plan *, const struct op *);
/* printf into the plan's arena. */
const char *plan_text(struct plan *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Into the order of execution: by phase, then kind, then as added. */
void	 plan_sort(struct plan *);
/* Operations of one phase, 0: all. */
uint32_t plan_count(const struct plan *, uint8_t phase);

/* "+ address 192.0.2.1/25 on lan" or "~ link wan: mtu is 1400, not 1500": one line without newline. */
void	 op_format(const struct op *, struct buf *);
/* One line per operation, each with its newline. */
void	 plan_format(const struct plan *, struct buf *);
/* What a difference is that the operation would end. */
enum drift_class op_class(const struct op *);
enum drift_area	 op_area(const struct op *);
/* Whether it travels as a netlink message. */
bool	 op_is_rtnl(const struct op *);
bool	 op_is_link(const struct op *);
bool	 op_is_port(const struct op *);
/* Whether it changes what the main table says about ways. */
bool	 op_is_route(const struct op *);
/* Whether packets may go another way when all is done. */
bool	 plan_turns(const struct plan *);

#endif
