/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "conf/generated.h"

#include "compile.h"
#include "firewall_batch.h"
#include "nft_encode.h"
#include "pass.h"
#include "policy.h"
#include "problems.h"

bool
firewall_batch(const struct conf_fwd *conf, struct arena *a, struct buf *ret)
{
	struct problems problems;
	struct fw_policy *policy;
	struct nft_batch batch;
	struct ir *ir;

	problems_init(&problems, a);
	policy = policy_from_conf(conf, NULL, a, &problems);
	if (policy == NULL)
		return false;
	ir = compile(policy, NULL);
	passes(ir);
	nft_batch_init(&batch);
	nft_put_all(&batch, ir);
	buf_put(ret, batch.out.data, batch.out.len);
	nft_batch_fini(&batch);
	ir_free(ir);
	return true;
}
