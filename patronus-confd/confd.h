/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_CONFD_H
#define PATRONUS_CONFD_CONFD_H

#include <stdbool.h>
#include <stdint.h>

#include "net/addrdb.h"

#include "machine.h"
#include "owner.h"

/*
 * The parts of the process, put together once.  Tests put the same parts together around fake owners.
 */

struct backups;
struct contents;
struct listupload;
struct event;
struct event_base;
struct evidence;
struct database;
struct events;
struct handovers;
struct idempotency;
struct mirror;
struct people;
struct preferences;
struct rates;
struct restored;
struct schema;
struct sessions;
struct snapshot;
struct standing;
struct states;
struct store;
struct temporary;
struct transaction;
struct trends;
struct vault;
struct workspaces;

struct confd {
	struct event_base	*base;
	struct schema		*schema;
	struct store		*store;
	struct backups		*backups;
	struct vault		*vault;		/* the secrets */
	bool			 must_sweep;	/* there may be secrets that nothing refers to any more */
	struct snapshot		*running;	/* what the box should do now */
	struct snapshot		*kept;		/* where it goes back to; the same unless something is pending */
	struct owners		 owners;
	struct transaction	*transaction;
	struct workspaces	*workspaces;
	struct restored		*restored;	/* what workspaces have beside their documents */
	struct sessions		*sessions;
	struct states		*states;
	struct standing		*standing;	/* differences from the configuration */
	struct contents		*contents;	/* of lists and names */
	struct listupload	*listupload;
	struct database	*databases[ADDRDB_KIND_MAX];	/* of which country addresses are, ... */
	struct temporary	*temporary;	/* members that groups have for a time */
	struct events		*events;
	struct evidence		*evidence;	/* of rules; NULL: it is not kept */
	struct preferences	*preferences;	/* of users; NULL: they are not kept */
	struct mirror		*mirror;
	struct people		*people;
	struct rates		*rates;
	struct idempotency	*idempotency;
	struct handovers	*handovers;
	struct trends		*trends;
	struct machine		 machine;	/* as it was a moment ago */
	bool			 wants_packets;	/* a receiver of syslog gets what the firewall logs */
	bool			 has_httpd;
	uint16_t		 web_port;	/* that httpd listens on; 0: none yet */
	uint16_t		 web_failing;	/* that could not be had; 0: none */
	struct event		*web_again;	/* the next try */
	struct event		*tick;		/* of streams whose session ended */
	uint64_t		 started_ms;	/* monotonic */
	char			 boot_id[40];	/* the kernel's; "" when it was not told */
};

/*
 * Open the store in dir, load what should run (rebuilding it from running.yaml when the database was lost), and make all parts.
 * 0, or -errno when nothing can be served.
 */
int	 confd_init(struct confd *, struct event_base *, const char *dir);
void	 confd_fini(struct confd *);

/* The running revision became another one, by a commit or by going back: sessions, listeners and the mirror follow. */
void	 confd_running_changed(struct confd *);

#endif
