/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FETCHD_GET_H
#define PATRONUS_FETCHD_GET_H

struct channel;
struct message;

/* FETCH_GET: bring something, unless it is what the asker has already. */
void	 get_request(struct channel *, struct message *, void *);
/* FETCH_RESOLVE: the addresses of a name, in both families, and how long they hold (lookup.c). */
void	 lookup_request(struct channel *, struct message *, void *);

#endif
