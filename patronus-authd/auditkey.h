/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUTHD_AUDITKEY_H
#define PATRONUS_AUTHD_AUDITKEY_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/channel.h"

/*
 * The key that signs the heads of the audit log, and the memory of the last head it signed.  It is a key of its own, and it signs nothing but
 * statements that are written here from numbers and hashes: nothing that httpd can have signed is ever a head.
 *
 * authd is a witness as well.  It signs a head only with a proof that the new tree contains the one it signed before, whole and in order: a
 * logd that was taken over can write what it likes from then on, but it cannot have another past signed.
 */

#define AUDITKEY_FILE		"audit.key"
#define AUDITKEY_HEAD_FILE	"audit.head"

/* Read the key and the last head, or make the key.  0 or -errno. */
int	 auditkey_init(void);
void	 auditkey_fini(void);
/* SubjectPublicKeyInfo, DER. */
const uint8_t	*auditkey_public(size_t *ret_len);

struct audit_sign_req;
/*
 * Sign.  0 and the line of the head in ret (AUDIT_HEAD_MAX + 1 bytes), which is on disk here already; -EPERM or -EINVAL when it is not to be
 * signed, with the reason for people in *ret_why; or -errno.  Asked again for the head that was signed last (its answer was lost), it gives that one.
 */
int	 auditkey_sign(const struct audit_sign_req *, char *ret, const char **ret_why);

/* The rows AUDIT_KEY and AUDIT_SIGN of logd's channel; confd's has the first. */
extern const struct channel_dispatch	auditkey_table[];
void	 auditkey_on_key(struct channel *, struct message *, void *arg);

#endif
