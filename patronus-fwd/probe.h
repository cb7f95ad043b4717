/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_PROBE_H
#define PATRONUS_FWD_PROBE_H

#include <stdbool.h>

struct ir;
struct problems;

/*
 * What this kernel cannot do.  A rule that needs it is asked for in a transaction that fails in any case: it fails at the rule when the
 * kernel does not know it, and behind it otherwise.  Each question is asked once, and what is missing again for the next ruleset: modules come.
 */

/* One problem for each rule of the configuration that this kernel cannot carry out.  How many there are. */
unsigned probe_check(const struct ir *, struct problems *);
/*
 * Make those rules drop what they match, so that the others can be loaded: where a kernel lost what it had, a rule fails closed and takes no
 * neighbour with it.  Of a kernel without tables of bridges that table goes: nothing there could drop a frame.  How many there are.
 */
unsigned probe_close(struct ir *);

/* Flowtables of table inet, and rules that put connections into them; without them packets go by the rules, and nothing is refused. */
bool	 probe_has_flowtables(void);
/* The device's card can hand connections on.  Asked each time: devices come and go. */
bool	 probe_can_offload(const char *device);

#endif
