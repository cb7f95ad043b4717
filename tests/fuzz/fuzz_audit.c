/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Exports of the audit log, from a file that somebody handed over: the first byte says how many lines are kept heads, or that it is a file of
 * a receiver of syslog.
 */
#include <stdint.h>
#include <string.h>

#include "audit/check.h"
#include "audit/received.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int
take(struct audit_check *c, uint8_t how, unsigned n, uint64_t *last, const char *line, size_t len)
{
	if ((how & 4) != 0)
		return audit_received_second(c, last, line, len);
	return n < (how & 3u) ? audit_check_expect(c, line, len) : audit_check_line(c, line, len);
}

static void
each_line(struct audit_check *c, uint8_t how, const char *at, const char *end)
{
	const char *feed;
	uint64_t last = 0;
	unsigned n;

	for (n = 0; at < end; at = feed + 1, n++) {
		feed = memchr(at, '\n', (size_t)(end - at));
		if (feed == NULL)
			feed = end;
		if (how == 8 ? audit_received_first(c, at, (size_t)(feed - at)) != 0 : take(c, how, n, &last, at, (size_t)(feed - at)) != 0)
			break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct audit_check *c = audit_check_new(NULL);
	const char *text = (const char *)data;
	uint8_t how = len > 0 ? data[0] & 7 : 0;

	if (c == NULL)
		return 0;
	/* Files of a receiver are read twice. */
	if (len > 0 && (how & 4) != 0)
		each_line(c, 8, text + 1, text + len);
	if (len > 0)
		each_line(c, how, text + 1, text + len);
	(void)audit_check_end(c);
	audit_check_free(c);
	return 0;
}
