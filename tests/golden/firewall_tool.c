/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the firewall compiler makes of a document:
 *   firewall_tool ir FILE      the intermediate form, as it is compiled
 *   firewall_tool passes FILE  the form that is loaded; nothing when passes leave it as it is
 *   firewall_tool expr FILE    the kernel's expressions, as libnftnl reads our own messages
 *   firewall_tool load FILE    loads it into a new network namespace, reads it back, and lists it with nft(8)
 *   firewall_tool conf FILE    the encoded configuration, as confd sends it (seeds of the fuzzer)
 *   firewall_tool batch FILE   the messages for the kernel
 */
#include <err.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libnftnl/rule.h>

#include "base/arena.h"
#include "conf/generated.h"

#include "apply.h"
#include "compile.h"
#include "fwd_parent.h"
#include "ir_print.h"
#include "nft_encode.h"
#include "nft_kernel.h"
#include "pass.h"
#include "policy.h"
#include "problems.h"
#include "yaml_record.h"

static struct ir *
make_ir(const char *file)
{
	struct problems problems;
	static struct arena *a;		/* as the intermediate form, until the end of the process */
	struct fw_policy *policy;
	struct buf remarks;
	struct ir *ir;
	uint32_t i;

	a = arena_new(0);
	problems_init(&problems, a);
	policy = policy_from_conf(yaml_record_read(file, &conf_fwd_record, a), NULL, a, &problems);
	for (i = 0; i < problems.n; i++)
		printf("problem %s: %s: %s\n", problems.items[i].path, problems.items[i].code, problems.items[i].text);
	if (policy == NULL)
		exit(0);
	buf_init(&remarks, 0);
	ir = compile(policy, &remarks);
	if (remarks.len > 0)
		printf("%s", (const char *)remarks.data);
	buf_fini(&remarks);
	return ir;
}

static void
print_expressions(const struct nft_batch *b)
{
	const struct nlmsghdr *h;
	struct nftnl_rule *r;
	char text[16384];
	size_t at;

	for (at = 0; at < b->out.len; at += NLMSG_ALIGN(h->nlmsg_len)) {
		h = (const void *)(b->out.data + at);
		if ((h->nlmsg_type & 0xff) != NFT_MSG_NEWRULE)
			continue;
		r = nftnl_rule_alloc();
		if (r == NULL || nftnl_rule_nlmsg_parse(h, r) != 0)
			errx(1, "libnftnl cannot read our rule");
		(void)nftnl_rule_snprintf(text, sizeof(text), r, NFTNL_OUTPUT_DEFAULT, 0);
		printf("%s\n", text);
		nftnl_rule_free(r);
	}
}

static void
print_difference(const struct verify_difference *d, void *arg)
{
	(void)arg;
	(void)fprintf(stderr, "differs: %s: %s: %s\n", d->path, d->object, d->detail);
}

/* As the daemon does it, and read back; then nft(8) says what it sees. */
static void
load(struct ir *ir)
{
	struct fwd_parent parent;
	struct problems problems;
	struct nft_kernel k;
	struct apply apply;
	bool has_bridge = ir->has_bridge;
	int r;

	/* Not every kernel has flowtables, and none takes one of links that are not there: tests/vm/test_flow_offload.py loads one. */
	ir_flowtable_remove(ir);

	r = nft_kernel_namespace();
	if (r != 0)
		errx(77, "cannot make a network namespace: %s", strerror(-r));
	r = nft_kernel_open(&k);
	if (r != 0)
		errx(1, "netlink: %s", strerror(-r));
	fwd_parent_start(&parent, &k);
	apply_init(&apply);
	problems_init(&problems, ir->arena);
	if (apply_commit(&apply, ir, &problems) != 0)
		errx(1, "%s: %s", problems.items[0].path, problems.items[0].text);
	if (apply_verify(&apply, print_difference, NULL) != 0)
		errx(1, "the kernel has something else");
	(void)fflush(stdout);
	if (has_bridge)
		(void)execlp("sh", "sh", "-c", "nft -nn list table inet " NFT_TABLE " && nft -nn list table bridge " NFT_TABLE, (char *)NULL);
	(void)execlp("nft", "nft", "-nn", "list", "table", "inet", NFT_TABLE, (char *)NULL);
	err(1, "nft");
}

static void
print_conf(const char *file)
{
	struct codec_error e;
	struct arena *a;
	uint8_t *data;
	size_t len;

	a = arena_new(0);
	if (codec_encode(&conf_fwd_record, yaml_record_read(file, &conf_fwd_record, a), 64u << 20, &data, &len, &e) != 0)
		errx(1, "%s: %s", e.path, e.reason);
	(void)fwrite(data, 1, len, stdout);
	free(data);
	arena_free(a);
}

int
main(int argc, char **argv)
{
	struct nft_batch batch;
	struct buf text;
	struct ir *ir;
	uint32_t n;

	if (argc != 3)
		errx(2, "usage: firewall_tool ir|passes|expr|load|conf|batch FILE");
	if (strcmp(argv[1], "conf") == 0) {
		print_conf(argv[2]);
		return 0;
	}
	ir = make_ir(argv[2]);
	n = ir->n_rules + ir->n_elems;
	if (strcmp(argv[1], "ir") != 0)
		passes(ir);
	nft_batch_init(&batch);
	nft_put_all(&batch, ir);
	if (strcmp(argv[1], "passes") == 0 && ir->n_rules + ir->n_elems == n) {
		printf("%s", "");
	} else if (strcmp(argv[1], "ir") == 0 || strcmp(argv[1], "passes") == 0) {
		buf_init(&text, 0);
		ir_print(ir, &text);
		(void)fwrite(text.data, 1, text.len, stdout);
		buf_fini(&text);
	} else if (strcmp(argv[1], "expr") == 0) {
		print_expressions(&batch);
	} else if (strcmp(argv[1], "batch") == 0) {
		(void)fwrite(batch.out.data, 1, batch.out.len, stdout);
	} else if (strcmp(argv[1], "load") == 0) {
		load(ir);
	} else {
		errx(2, "%s: what is that?", argv[1]);
	}
	nft_batch_fini(&batch);
	ir_free(ir);
	return 0;
}
