/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TPM_LINK_H
#define PATRONUS_TPM_LINK_H

#include <tss2/tss2_tcti.h>

/*
 * A TPM at a descriptor that somebody else opened: /dev/tpmrm0, or a socket that speaks the same bytes.  The library's own transports
 * open paths, which this process has none of.
 */

struct link {
	TSS2_TCTI_CONTEXT_COMMON_V2	 common;	/* first: what the library knows of it */
	int				 fd;
};

/* fd stays the caller's.  What it gives is valid for as long as the link. */
TSS2_TCTI_CONTEXT *link_init(struct link *, int fd);

#endif
