/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NETD_MEMORY_H
#define PATRONUS_NETD_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "net/addr.h"

/*
 * What this process did to the kernel and cannot read back: which addresses are ours (needed where the kernel keeps no
 * IFA_PROTO), the MTU a link had before we changed it, the resolver's file from before ours.  It ends with the process, but for
 * what before.h writes down; nothing that is lost with it leads to a change of what somebody else owns.
 */

struct memory;

struct memory	*memory_new(void);
void		 memory_free(struct memory *);

void	 memory_address_add(struct memory *, uint32_t index, const struct prefix *);
void	 memory_address_remove(struct memory *, uint32_t index, const struct prefix *);
bool	 memory_address_has(const struct memory *, uint32_t index, const struct prefix *);

/* Remember the MTU from before the first change; later calls for the link keep it. */
void	 memory_mtu_before(struct memory *, uint32_t index, uint32_t mtu);
void	 memory_mtu_forget(struct memory *, uint32_t index);
/* 0: we never changed it. */
uint32_t memory_mtu_get(const struct memory *, uint32_t index);

/*
 * A port that was brought up for the first start; whether IPv6 was off on it before.  Later calls for the link keep it.  In the order of
 * their numbers until memory_port_get() is false.
 */
void	 memory_port_add(struct memory *, uint32_t index, bool was_without_ipv6);
bool	 memory_port_get(const struct memory *, uint32_t number, uint32_t *ret_index, bool *ret_was_without_ipv6);
bool	 memory_port_has(const struct memory *, uint32_t index);
void	 memory_ports_forget(struct memory *);

/* A link went away: what we knew of it went with it. */
void		 memory_link_gone(struct memory *, uint32_t index);

enum memory_text {
	MEMORY_RESOLV_CONF,		/* ours, as we left it */
	MEMORY_RESOLV_CONF_BEFORE,	/* what was there before ours; "" when there was none */
	MEMORY_TEXT_MAX
};

/* NULL: not set by us yet. */
const char	*memory_text_get(const struct memory *, enum memory_text);
/* NULL forgets it. */
void		 memory_text_set(struct memory *, enum memory_text, const char *);

#endif
