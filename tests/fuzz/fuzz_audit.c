/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exports of the audit log, from a file that somebody handed over: the first byte says how many lines are kept heads. */
#include <stdint.h>
#include <string.h>

#include "audit/check.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct audit_check *c = audit_check_new(NULL);
	const char *at = (const char *)data, *end = at + len, *feed;
	unsigned kept = len > 0 ? data[0] & 3 : 0, n = 0;

	if (c == NULL)
		return 0;
	if (len > 0)
		at++;
	for (; at < end; at = feed + 1, n++) {
		feed = memchr(at, '\n', (size_t)(end - at));
		if (feed == NULL)
			feed = end;
		if (n < kept)
			(void)audit_check_expect(c, at, (size_t)(feed - at));
		else if (audit_check_line(c, at, (size_t)(feed - at)) != 0)
			break;
	}
	(void)audit_check_end(c);
	audit_check_free(c);
	return 0;
}
