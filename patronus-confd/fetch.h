/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_FETCH_H
#define PATRONUS_CONFD_FETCH_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What the box says to the world, it says through fetchd.  A request carries everything, also secrets; strings and bytes are borrowed for the
 * call alone.
 */

struct confd;
struct fetch_probe_req;
struct fetch_put_req;

struct fetch_result {
	bool		 is_good;
	uint32_t	 status;	/* of HTTP, of a put; else 0 */
	uint32_t	 took_us;	/* of a probe */
	const char	*text;		/* for people: why not, or what was seen; "" for nothing to say */
};

/* Called exactly once, never before the call that it belongs to has returned 0. */
typedef void fetch_end(const struct fetch_result *, void *arg);

/* 0, or -EAGAIN when fetchd is away now (on_end is not called then). */
int	 fetch_put(const struct fetch_put_req *, fetch_end *on_end, void *arg);
int	 fetch_probe(const struct fetch_probe_req *, fetch_end *on_end, void *arg);

/* fetchd came, or the running revision became another one: it hears who resolves names. */
void	 fetch_setup(const struct confd *);

#endif
