/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_SECRETS_H
#define PATRONUS_CONFD_SECRETS_H

#include <stddef.h>

#include "vault.h"

/*
 * Documents and the vault together: what a document refers to, whether it is there, and what is not needed any more.
 */

struct confd;
struct document;
struct problems;

/*
 * Adds a problem for each secret that the document refers to, the running one does not, and the vault does not have.  What runs and
 * is lost is an alarm, and no reason to refuse a change of something else.  How many.
 */
unsigned secrets_missing(const struct confd *, const struct document *, struct problems *);
/* How many secrets of the running document the vault does not have. */
unsigned secrets_lost(const struct confd *);

/*
 * A document of long ago gets the secrets that are set now, wherever the running one has one in the same place.  0 or -ENOMEM.
 */
int	 secrets_keep(const struct confd *, struct document *);

/* The value of a secret of the running document, as vault_get(); -ENOENT when it is not set. */
int	 secrets_value(const struct confd *, const char *path, char **ret, size_t *ret_len);

/* Now and then: values that nothing refers to go, and a rotation goes on. */
void	 secrets_tidy(struct confd *);

#endif
