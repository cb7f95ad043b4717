/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "conf/generated.h"
#include "net/nftwalk.h"

#include "firewall_batch.h"

/*
 * A configuration from a hostile confd: whatever decodes is compiled or refused, and what was compiled is a batch that the parent's walker
 * accepts.  fwd is never killed for what it was told.
 */

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct refusal why;
	struct arena *a;
	struct buf out;
	void *conf;
	uint32_t n;

	a = arena_new(64u << 20);
	if (a == NULL)
		return 0;
	buf_init(&out, 0);
	if (codec_decode(&conf_fwd_record, data, len, a, &conf, NULL) == 0 && firewall_batch(conf, a, &out) &&
	    nftwalk_batch(out.data, out.len, &n, &why) != 0)
		abort();
	buf_fini(&out);
	arena_free(a);
	return 0;
}
