/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_DIGEST_H
#define PATRONUS_CONFD_DIGEST_H

#include <stddef.h>

#define DIGEST_STRLEN	65

struct digest;

/* SHA-256 of data as lower-case hex.  0 or -ENOMEM: the library refuses for no other reason. */
int	 digest_hex(const void *data, size_t len, char ret[DIGEST_STRLEN]);
/* The same of what comes in pieces.  NULL without memory. */
struct digest	*digest_new(void);
void		 digest_free(struct digest *);		/* NULL is fine */
int		 digest_add(struct digest *, const void *data, size_t len);
int		 digest_end(struct digest *, char ret[DIGEST_STRLEN]);
/* n random bytes as 2n hex digits and a NUL; ends the process when the kernel has no randomness. */
void	 digest_random_id(char *ret, size_t n);

#endif
