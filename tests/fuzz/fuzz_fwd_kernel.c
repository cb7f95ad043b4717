/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"

#include "compile.h"
#include "ir_print.h"
#include "flow.h"
#include "links.h"
#include "nflog.h"
#include "nft_read.h"
#include "policy.h"
#include "routes.h"
#include "verify.h"

/* What the kernel sends to fwd: dumps, echoes, events, logged packets.  Bytes are bytes, wherever they come from. */

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct ir *
make_ir(void)
{
	static struct policy_zone zones[2] = { { .name = "local" }, { .name = "lan", .path = "", .action = POLICY_REJECT } };
	static struct fw_policy policy = { .zones = zones, .n_zones = 2, .drops_spoofed = true };

	return compile(&policy, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct ir *ir;
	struct verify_dumps dumps = { .coming = NULL };
	struct nflog_packet packet;
	struct nft_message message;
	struct nft_rule rule;
	struct buf deletion;
	struct flow flow;
	struct addr any = { .family = ADDR_V4 };
	uint32_t link;
	struct nl_reader r;
	struct nl_msg m;
	struct arena *a;

	if (ir == NULL)
		ir = make_ir();
	nlmsg_reader_init(&r, data, len);
	while (nlmsg_next(&r, &m) == 1) {
		(void)nflog_read(&m, &packet);
		if (flow_read(&m, &flow)) {
			buf_init(&deletion, 0);
			flow_put_delete(&deletion, &flow);
			buf_fini(&deletion);
		}
		if (nft_read(&m, &message)) {
			(void)nft_read_rule(&message, &rule);
			(void)nft_read_generation(&message);
		}
	}
	a = arena_new(0);
	if (a == NULL)
		return 0;
	(void)links_by_name(links_read(data, len, a), "eth0");
	(void)routes_find(routes_read(data, len, a), &any, &link);
	arena_free(a);
	dumps.tables.data = dumps.chains.data = dumps.rules.data = dumps.sets.data = dumps.elems.data = data;
	dumps.tables.len = dumps.chains.len = dumps.rules.len = dumps.sets.len = dumps.elems.len = len;
	dumps.has_elems = true;
	dumps.has_tables = true;
	(void)verify_compare(ir, &dumps, NULL, NULL);
	return 0;
}
