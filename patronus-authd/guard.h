/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUTHD_GUARD_H
#define PATRONUS_AUTHD_GUARD_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How often may somebody guess?  Three buckets have to agree: of the user (5 at once, 5 an hour: never more than 10
 * verdicts within an hour), of the source network (IPv4 /24, IPv6 /64), and of all strangers together.  Nobody can lock
 * a user out from afar: the networks from which the user has signed in have buckets of their own.  Fed by verdicts
 * alone; names are opaque keys.
 */

#define GUARD_USER_BURST	5
#define GUARD_USER_REFILL_MS	(12 * 60 * 1000)

int	 guard_init(void);
void	 guard_fini(void);
/* May this guess be judged?  It then counts.  Else *ret_retry_s says when. */
bool	 guard_enter(const char *user, const char *source, uint64_t now_ms, uint32_t *ret_retry_s);
/* It was no guess: the password was right. */
void	 guard_pass(const char *user, const char *source, uint64_t now_ms);
/* It was not judged at all (a fault of ours). */
void	 guard_undo(const char *user, const char *source, uint64_t now_ms);

/*
 * Remember the networks over restarts, in the file "known": else whoever floods the sign-in after one would keep everybody out.
 * 0 or -errno; what cannot be read is forgotten.
 */
#define GUARD_KNOWN_FILE	"known"
int	 guard_load(void);

/* The address of a source, without port, brackets and zone.  ret has 64 bytes. */
void	 guard_address(const char *source, char ret[64]);
/* The network of a source ("192.0.2.7:4242", "[2001:db8::1]:443", "local"): "192.0.2.0/24".  ret has 64 bytes. */
void	 guard_network(const char *source, char ret[64]);

#endif
