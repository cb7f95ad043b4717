/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "patronus-confd/age.h"

/*
 * A file that claims to be a backup: opened, not for this key, or damaged at a named place.  By an identity alone: a passphrase would cost
 * a quarter of a gigabyte for each input.
 */

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct age_key key = { .identity = "AGE-SECRET-KEY-1SU8X70UPVXF8KXFWPYJNQFH8SZS90QYPPG44YAGP597RZJLL0ZJQH9FWLL" };
	struct age_fault fault;
	uint8_t *out;
	size_t n;
	int error = age_open(&key, data, len, &out, &n, &fault);

	if (error == 0)
		age_free(out, n);
	else if (error != -EACCES && error != -ENOMEM && (error != -EBADMSG || fault.text[0] == '\0')) {
		(void)fprintf(stderr, "error %d at no place\n", error);
		abort();
	}
	return 0;
}
