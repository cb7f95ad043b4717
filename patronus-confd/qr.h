/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_QR_H
#define PATRONUS_CONFD_QR_H

struct buf;

/*
 * A text as a QR code (ISO/IEC 18004, level M): a JSON array of rows, each a string of 0 (light) and 1 (dark), without the
 * quiet zone.  Web page and command line draw the same rows.  0, or -errno and nothing was written (-E2BIG for a text that is too
 * long).
 */
int	 qr_print(const char *text, struct buf *);

#endif
