/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONF_STATE_H
#define PATRONUS_CONF_STATE_H

struct record;

/*
 * The records that owners send without being told their shape: live state (STATE_GET), events (EVENT) and root records
 * (CONF_PREPARE), by the names that travel.  NULL for a name that the schema does not have.
 */

/* "interfaces" -> struct state_interfaces, "firewall-log" -> struct state_firewall_log, ... */
const struct record	*conf_state_record(const char *name);
/* "counters" -> struct event_counters, "log" -> struct state_log_event, ... */
const struct record	*conf_event_record(const char *topic);
/* "fwd" -> struct conf_fwd, "netd" -> struct conf_netd. */
const struct record	*conf_owner_record(const char *owner);

struct conf_named {
	const char		*name;
	const struct record	*record;
};

/* Generated; the last has the name NULL. */
extern const struct conf_named	conf_states[];
extern const struct conf_named	conf_events[];
extern const struct conf_named	conf_owners[];

#endif
