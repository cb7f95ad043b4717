/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_LINKS_H
#define PATRONUS_FWD_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/addr.h"

/* Links of the kernel, to find the names of those that the configuration knows by their hardware. */

struct arena;
struct links;

/* From a dump of links; a message that cannot be read is left out. */
struct links	*links_read(const uint8_t *, size_t len, struct arena *);
/* NULL when there is none, or more than one. */
const char	*links_by_mac(const struct links *, const struct mac *);
const char	*links_by_path(const struct links *, const char *path);
/* The kernel's name of a link that has this name or alternative name; NULL when there is none. */
const char	*links_by_name(const struct links *, const char *name);
/* The number of the link of that name, and the XDP program that is on it, 0: none.  0 when there is no such link. */
uint32_t	 links_number(const struct links *, const char *name, uint32_t *ret_program);
/* Its address; false: it has none of six bytes. */
bool		 links_mac(const struct links *, const char *name, struct mac *ret);
/* Each link that has a program; 0 when there is none behind *at. */
uint32_t	 links_next_program(const struct links *, unsigned *at, uint32_t *ret_program);
/* What drivers drop elsewhere is dropped by sets of nftables there. */
void		 links_use_sets(struct links *, const char *name);
/* For a reader who was not there: each link without a program; or each, when the programs are somebody else's. */
void		 links_all_use_sets(struct links *, bool has_foreign);
bool		 links_uses_sets(const struct links *, const char *name);
/* Each VLAN and macvlan that stands on that link, and so gets packets that came by it; NULL when there is none behind *at. */
const char	*links_next_upper(const struct links *, const char *name, unsigned *at);
/* Each port of the bridge of that name; NULL when there is none behind *at. */
const char	*links_next_port(const struct links *, const char *name, unsigned *at);
/* The bridge whose port that link is; NULL: none's. */
const char	*links_bridge_of(const struct links *, const char *port);
/* By number; NULL when there is none. */
const char	*links_by_index(const struct links *, uint32_t index);

#endif
