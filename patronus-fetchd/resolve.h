/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FETCHD_RESOLVE_H
#define PATRONUS_FETCHD_RESOLVE_H

#include <stdint.h>
#include <sys/socket.h>

/*
 * From a name to addresses that a connection may go to, once for a request: whoever connects uses these, so that an answer that
 * changes in between leads nowhere else.
 */

struct event_base;
struct evdns_base;
struct fetch_setup_req;

#define RESOLVE_MAX	4

struct resolved {
	struct sockaddr_storage	addr[RESOLVE_MAX];	/* with the port that was asked for */
	unsigned		n;
};

/* n is 0 when there is none; text says why then, for people. */
typedef void resolve_end(const struct resolved *, const char *text, void *arg);

void	 resolve_init(struct event_base *);
void	 resolve_fini(void);
void	 resolve_setup(const struct fetch_setup_req *);
/* For questions of another kind; NULL while no name server is configured. */
struct evdns_base *resolve_base(void);
/* host is a name or an address.  on_end is called once, perhaps before this returns. */
void	 resolve_host(const char *host, uint16_t port, resolve_end *on_end, void *arg);

#endif
