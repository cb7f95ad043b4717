/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_OFFLOAD_H
#define PATRONUS_FWD_OFFLOAD_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct buf;
struct ir;
struct state_firewall;

/*
 * What this kernel and these devices make of the flowtable that a form asks for.  Without flowtables the form has none, and every packet goes by the
 * rules; where a card cannot, the kernel does it.  The form remembers the reason.
 */
void	 offload_fit(struct ir *);
/* A line for whoever commits, where it is not as it was asked for. */
void	 offload_remark(const struct ir *, struct buf *);
/* A connection of that protocol between these devices is handed on once it stands, unless it has a helper or SYN protection. */
bool	 offload_takes(const struct ir *, const char *in, const char *out, uint8_t protocol);
/* ir may be NULL. */
void	 offload_state(const struct ir *, struct state_firewall *, struct arena *);

#endif
