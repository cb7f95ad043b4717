/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include <qrencode.h>

#include "base/buf.h"

#include "qr.h"

#define MODULE_DARK	1	/* the lowest bit of a module; the others say why it is so */

int
qr_print(const char *text, struct buf *b)
{
	QRcode *qr = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	int x, y;

	if (qr == NULL)
		return (errno == ERANGE ? -E2BIG : -ENOMEM);
	for (y = 0; y < qr->width; y++) {
		buf_puts(b, y == 0 ? "[\"" : "\",\"");
		for (x = 0; x < qr->width; x++)
			buf_putc(b, (qr->data[y * qr->width + x] & MODULE_DARK) != 0 ? '1' : '0');
	}
	buf_puts(b, "\"]");
	QRcode_free(qr);
	return (0);
}
