/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_LOGRING_H
#define PATRONUS_FWD_LOGRING_H

#include <stdint.h>

#include "conf/generated.h"

/* The last packets that were logged, as people read them; and the socket they come from. */

struct arena;
struct event_base;
struct logring;
struct nflog_packet;

#define LOGRING_SIZE	4096

struct logring_entry {
	uint64_t	sequence;	/* from 1; those that the kernel lost have theirs, too */
	uint64_t	time_ms;
	char		rule[128];	/* and behind its end the rule's text */
	uint8_t		text;		/* where that starts; 0: none */
	char		in_interface[64];
	char		out_interface[64];
	uint8_t		action;		/* enum state_action */
	uint8_t		protocol;
	bool		is_arp;
	bool		has_ports;
	uint16_t	source_port;
	uint16_t	destination_port;
	struct addr	source;
	struct addr	destination;
	uint32_t	len;
};

struct logring_ops {
	/* Fill rule, action and interfaces from what the kernel said. */
	void	(*explain)(const struct nflog_packet *, struct logring_entry *, void *arg);
	/* A new entry. */
	void	(*on_entry)(const struct logring_entry *, void *arg);
	/* So many packets were logged and the kernel had no room for them, since we were too slow. */
	void	(*on_lost)(uint32_t n, void *arg);
};

struct logring	*logring_new(const struct logring_ops *, void *arg);
void		 logring_free(struct logring *);
/* Open the socket; tries again by itself when that fails or the socket breaks. */
void		 logring_listen(struct logring *, struct event_base *);
/* One datagram of netlink messages. */
void		 logring_take(struct logring *, const uint8_t *, size_t len);
/* The n-th last entry, 0 being the newest; NULL when there are not so many. */
const struct logring_entry *logring_get(const struct logring *, uint32_t n);
/* For people: strings live in the arena, or are the entry's. */
void		 logring_describe(const struct logring_entry *, struct state_log_event *, struct arena *);

#endif
