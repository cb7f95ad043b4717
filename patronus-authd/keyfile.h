/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUTHD_KEYFILE_H
#define PATRONUS_AUTHD_KEYFILE_H

#include <openssl/evp.h>

/*
 * A private key (P-256) in a file of authd's own, which nobody else can read; made when there is none.  A file that cannot be understood is
 * set aside, with a line of the log, and a new key is made.  subsystem is for the log.  0 or -errno.
 */
int	 keyfile_open(const char *name, const char *subsystem, EVP_PKEY **ret);

#endif
