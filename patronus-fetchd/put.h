/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FETCHD_PUT_H
#define PATRONUS_FETCHD_PUT_H

struct channel;
struct message;

/* FETCH_PUT: a file to a place by HTTPS or SFTP. */
void	 put_request(struct channel *, struct message *, void *arg);

#endif
