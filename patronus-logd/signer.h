/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_LOGD_SIGNER_H
#define PATRONUS_LOGD_SIGNER_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/channel.h"

struct audit_key;
struct event_base;
struct ledger;

/*
 * Has heads of the audit log signed by authd: 10 s after the first record that is not signed yet, and earlier when there are 100 of them.  The
 * channel is authd's one to logd; logd asks and authd answers, nothing else goes that way.
 */

#define SIGNER_RECORDS	100
#define SIGNER_S	10

/* 0 or -ENOMEM. */
int	 signer_init(struct event_base *, struct ledger *);
/* There is something new in the ledger. */
void	 signer_wake(void);
/* authd's channel is there. */
void	 signer_ready(struct channel *, void *arg);
/* Why no heads are signed, for people; "" when they are. */
const char	*signer_problem(void);
/* authd's public key; NULL until it has told. */
const struct audit_key	*signer_key(void);
/* As it was told (SubjectPublicKeyInfo); empty before. */
struct bytes	 signer_key_der(void);

#endif
