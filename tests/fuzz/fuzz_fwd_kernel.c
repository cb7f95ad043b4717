/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "ipc/msg.h"

#include "compile.h"
#include "ir_print.h"
#include "flow.h"
#include "links.h"
#include "nflog.h"
#include "nft_read.h"
#include "policy.h"
#include "prove.h"
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

/* What patronus-prove passes on from the kernel. */
static void
prove(const struct ir *ir, const uint8_t *data, size_t len, struct arena *a)
{
	static const struct journey_places places;
	static const struct journey journey = { .action = IR_ACTION_DROP };
	const struct explain_packet packet = { .source = { .family = ADDR_V4 }, .destination = { .family = ADDR_V4 } };
	struct prove_frame frame = { .link = 1, .packet = { data, (uint32_t)(len < 2048 ? len : 2048) } };
	const struct prove_rep rep = { .frames = { &frame, 1 }, .traces = { data, (uint32_t)len }, .rules = { data, (uint32_t)len }, .error = "" };
	const char *text;

	(void)prove_compare(&(struct prove_question){ &packet, &journey, ir, &places }, &rep, a, &text);
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
	prove(ir, data, len, a);
	arena_free(a);
	dumps.tables.data = dumps.chains.data = dumps.rules.data = dumps.sets.data = dumps.elems.data = data;
	dumps.tables.len = dumps.chains.len = dumps.rules.len = dumps.sets.len = dumps.elems.len = len;
	dumps.has_elems = true;
	dumps.has_tables = true;
	(void)verify_compare(ir, &dumps, NULL, NULL);
	return 0;
}
