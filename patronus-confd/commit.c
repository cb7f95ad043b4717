/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"

#include "commit.h"
#include "record_json.h"
#include "store.h"

static const char *const state_names[] = { "", "applying", "kept", "awaiting-confirm", "rolled-back", "failed" };

void
commit_from_revision(struct commit *c, const struct revision *rev)
{
	memset(c, 0, sizeof(*c));
	c->number = rev->number;
	(void)str_copy(c->author, rev->author, sizeof(c->author));
	(void)str_copy(c->origin, rev->origin, sizeof(c->origin));
	(void)str_copy(c->comment, rev->comment, sizeof(c->comment));
	switch (rev->state) {
	case REVISION_KEPT:
		c->state = COMMIT_STATE_KEPT;
		break;
	case REVISION_PENDING:
		c->state = COMMIT_STATE_AWAITING_CONFIRM;
		break;
	case REVISION_PREPARED:
		c->state = COMMIT_STATE_APPLYING;
		break;
	case REVISION_ROLLED_BACK:
	case REVISION_INVALID:
	case REVISION_STATE_MAX:
		c->state = COMMIT_STATE_ROLLED_BACK;
		break;
	}
}

void
commit_fini(struct commit *c)
{
	free(c->impact);
	free(c->forced);
	free(c->cut);
	free(c->checks);
	c->impact = c->forced = c->cut = c->checks = NULL;
}

void
commit_print(const struct commit *c, struct buf *b)
{
	uint64_t now = clock_mono_ms();
	char when[32];

	buf_printf(b, "{\"id\":\"%u\",\"revision\":%u,\"state\":\"%s\"", c->number, c->number, state_names[c->state]);
	if (c->state == COMMIT_STATE_AWAITING_CONFIRM && c->deadline_wall_ms != 0)
		buf_printf(b, ",\"confirm-deadline\":\"%s\",\"confirm-seconds-left\":%llu", clock_rfc3339(c->deadline_wall_ms, when),
		    (unsigned long long)(c->deadline_mono_ms > now ? (c->deadline_mono_ms - now + 999) / 1000 : 0));
	buf_puts(b, ",\"comment\":");
	record_json_string(c->comment, strlen(c->comment), b);
	buf_puts(b, ",\"author\":");
	record_json_string(c->author, strlen(c->author), b);
	buf_puts(b, ",\"origin\":");
	record_json_string(c->origin, strlen(c->origin), b);
	buf_printf(b, ",\"phases\":{\"validate-us\":%llu,\"prepare-us\":%llu,\"apply-us\":%llu,\"read-back-us\":%llu,"
	    "\"store-us\":%llu,\"total-us\":%llu}", (unsigned long long)c->validate_us, (unsigned long long)c->prepare_us,
	    (unsigned long long)c->apply_us, (unsigned long long)c->read_back_us, (unsigned long long)c->store_us,
	    (unsigned long long)c->total_us);
	buf_printf(b, ",\"impact\":[%s]", c->impact != NULL ? c->impact : "");
	if (c->forced != NULL) {
		buf_puts(b, ",\"forced-confirm\":");
		record_json_string(c->forced, strlen(c->forced), b);
	}
	if (c->checks != NULL)
		buf_printf(b, ",\"checks\":%s", c->checks);
	if (c->cut != NULL)
		buf_printf(b, ",\"cut\":%s", c->cut);
	buf_putc(b, '}');
}
