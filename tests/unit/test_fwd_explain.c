/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections to the box, judged by rulesets that were made of documents; and what a change does, object by object. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "conf/generated.h"
#include "ipc/ids.h"

#include "compile.h"
#include "diff.h"
#include "explain.h"
#include "impact.h"
#include "judge.h"
#include "policy.h"
#include "problems.h"
#include "yaml_record.h"

#define HEAD	"interfaces:\n  wan: { match: { name: eth0 }, addresses: [198.51.100.2/24] }\n" \
		"  lan: { match: { name: eth1 }, addresses: [192.0.2.1/25, 2001:db8:2::1/64] }\n  spare: { match: { name: eth2 } }\n" \
		"firewall:\n  zones:\n    wan: { interfaces: [wan] }\n    lan: { interfaces: [lan], default-action: reject }\n"
#define PAGE	"management:\n  web: { zones: [lan], port: 8443 }\n"
#define RULES	"  rules:\n"
#define ONE	"    - { id: out, from: [lan], to: [wan], action: accept }\n"

static struct arena *arena;

static struct ir *
ir_of(const char *yaml)
{
	struct problems problems;
	struct fw_policy *policy;

	problems_init(&problems, arena);
	policy = policy_from_conf(yaml_record_of(yaml, &conf_fwd_record, arena), NULL, arena, &problems);
	if (policy == NULL)
		fail_msg("%s: %s", problems.items[0].path, problems.items[0].text);
	return compile(policy, NULL);
}

static const struct {
	const char		*yaml;
	const char		*link;
	const char		*source;
	uint16_t		 port;
	enum flow_verdict	 verdict;
	const char		*rule;
	const char		*path;
	const char		*text;
} flows[] = {
	{ HEAD PAGE, "eth1", "192.0.2.10", 8443, FLOW_KEPT, "", "", "" },
	{ HEAD PAGE, "eth1", "2001:db8:2::10", 8443, FLOW_KEPT, "", "", "" },
	{ HEAD PAGE, "lo", "127.0.0.1", 4711, FLOW_KEPT, "", "", "" },
	{ HEAD PAGE, "eth1", "192.0.2.10", 8444, FLOW_CUT, "default:lan", "/firewall/zones/lan",
	  "no rule accepts it, and the default of zone \"lan\" rejects it when it is opened anew" },
	{ HEAD PAGE, "eth0", "198.51.100.9", 8443, FLOW_CUT, "default:wan", "/firewall/zones/wan",
	  "no rule accepts it, and the default of zone \"wan\" drops it when it is opened anew" },
	{ HEAD PAGE, "eth2", "192.0.2.10", 8443, FLOW_CUT, "default:none", "", "its link is in no zone, which drops it when it is opened anew" },
	{ HEAD RULES "    - { id: page, from: [lan], to: [local], action: accept }\n", "eth1", "192.0.2.10", 8443, FLOW_KEPT, "", "", "" },
	/* Without the guard a rule may stand before the way in. */
	{ HEAD RULES "    - { id: no-page, from: [lan], to: [local], action: drop }\n" PAGE "  lock-out-guard: false\n", "eth1", "192.0.2.10", 8443,
	  FLOW_CUT, "no-page", "/firewall/rules/no-page", "rule \"no-page\" drops it when it is opened anew" },
	{ HEAD RULES "    - { id: no-page, from: [lan], to: [local], action: drop }\n" PAGE, "eth1", "192.0.2.10", 8443, FLOW_KEPT, "", "", "" },
	{ HEAD "  pre-rules:\n    - { id: nothing, from: [lan], to: [any], action: drop }\n" PAGE, "eth1", "192.0.2.10", 8443, FLOW_KEPT, "", "", "" },
	{ HEAD "  pre-rules:\n    - { id: nothing, from: [lan], to: [any], action: drop }\n" PAGE "  lock-out-guard: false\n", "eth1", "192.0.2.10", 8443,
	  FLOW_CUT, "nothing", "/firewall/pre-rules/nothing", "rule \"nothing\" drops its packets" },
	/* What nobody knows of the packets beforehand may be the worse. */
	{ HEAD RULES "    - { id: voice, from: [lan], to: [local], dscp: ef, action: drop }\n" PAGE "  lock-out-guard: false\n", "eth1", "192.0.2.10", 8443,
	  FLOW_CUT, "voice", "/firewall/rules/voice", "rule \"voice\" drops it when it is opened anew" },
	{ HEAD RULES "    - { id: page, from: [lan], to: [local], tcp-flags: { set: [syn], clear: [ack] }, action: accept }\n", "eth1", "192.0.2.10", 8443,
	  FLOW_KEPT, "", "", "" },
	/* A rate is kept, as far as anybody can say beforehand. */
	{ HEAD RULES "    - { id: page, from: [lan], to: [local], limit: { rate: 5/minute, per: source }, action: accept }\n", "eth1", "192.0.2.10",
	  8443, FLOW_KEPT, "", "", "" },
	{ HEAD PAGE "nat:\n  port-forwards:\n    - { id: web, zone: lan, service: [https], to: 192.0.2.99 }\n", "eth1", "192.0.2.10", 443,
	  FLOW_CUT, "port-forward:web", "/nat/port-forwards/web", "port forward \"web\" leads it to another host when it is opened anew" },
};

static void
test_flows(void **state)
{
	struct ipc_flow f = { .protocol = IPPROTO_TCP, .source_port = 40000 };
	struct ipc_verdict v;
	struct ir *ir;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(flows) / sizeof(flows[0]); i++) {
		ir = ir_of(flows[i].yaml);
		f.link = flows[i].link;
		f.local_port = flows[i].port;
		assert_int_equal(addr_parse(flows[i].source, &f.source), 0);
		assert_int_equal(addr_parse(f.source.family == ADDR_V4 ? "192.0.2.1" : "2001:db8:2::1", &f.local), 0);
		v = judge_flow(ir, &f, arena);
		if (v.verdict != flows[i].verdict || strcmp(v.rule, flows[i].rule) != 0 || strcmp(v.path, flows[i].path) != 0 ||
		    strcmp(v.text, flows[i].text) != 0)
			fail_msg("flow %zu: %u \"%s\" \"%s\" \"%s\"", i, v.verdict, v.rule, v.path, v.text);
		ir_free(ir);
	}
}

/* Packets that are no new connection, and those that lie about where they come from. */
static void
test_packets(void **state)
{
	struct explain_packet p = { .in_link = "eth0", .protocol = IPPROTO_TCP, .source_port = 4000, .destination_port = 22, .is_to_box = true,
	    .has_way_back = true, .has_any_way_back = true };
	struct explain_verdict v;
	struct ir *ir = ir_of(HEAD PAGE);

	(void)state;
	assert_int_equal(addr_parse("198.51.100.9", &p.source), 0);
	assert_int_equal(addr_parse("198.51.100.2", &p.destination), 0);
	p.ct_state = IR_CT_ESTABLISHED;
	explain_input(ir, &p, &v);
	assert_int_equal(v.action, IR_ACTION_ACCEPT);
	assert_string_equal(v.origin->id, "input:established");
	p.ct_state = IR_CT_INVALID;
	explain_input(ir, &p, &v);
	assert_int_equal(v.action, IR_ACTION_DROP);
	assert_string_equal(v.origin->id, "input:invalid");
	p.ct_state = IR_CT_ESTABLISHED;
	p.has_way_back = false;
	explain_input(ir, &p, &v);
	assert_int_equal(v.action, IR_ACTION_DROP);
	assert_string_equal(v.origin->id, "spoofed:drop");
	assert_string_equal(v.chain, "anti-spoofing");
	ir_free(ir);
}

static const struct {
	const char	*before;
	const char	*after;
	const char	*impacts;
} changes[] = {
	{ HEAD RULES ONE, HEAD RULES ONE, "" },
	{ HEAD RULES ONE, HEAD RULES ONE "    - { id: in, from: [wan], to: [lan], action: drop }\n",
	  "structure of the ruleset changes\nset pairs.forward gets 1 element\nrule in is added\n" },
	{ HEAD RULES ONE "    - { id: two, from: [lan], to: [wan], action: drop }\n", HEAD RULES ONE, "rule two is removed\n" },
	{ HEAD RULES ONE, HEAD RULES "    - { id: out, from: [lan], to: [wan], action: drop }\n", "rule out changes\n" },
	{ HEAD RULES ONE "    - { id: two, from: [lan], to: [wan], action: drop }\n    - { id: three, from: [lan], to: [wan], action: reject }\n",
	  HEAD RULES "    - { id: two, from: [lan], to: [wan], action: drop }\n    - { id: three, from: [lan], to: [wan], action: reject }\n" ONE,
	  "rule out moves\n" },
	{ HEAD "  groups: { admins: { addresses: [192.0.2.10] } }\n" RULES
	  "    - { id: out, from: [lan], to: [wan], source: { group: [admins] }, action: accept }\n",
	  HEAD "  groups: { admins: { addresses: [192.0.2.11, 192.0.2.12] } }\n" RULES
	  "    - { id: out, from: [lan], to: [wan], source: { group: [admins] }, action: accept }\n",
	  "group admins gets 2 elements and loses 1\n" },
	{ HEAD PAGE, HEAD "management:\n  web: { zones: [lan], port: 9443 }\n", "built-in management web changes\n" },
};

static void
test_impacts(void **state)
{
	struct ipc_impact *items;
	struct ir *old, *next;
	struct diff d;
	struct buf b;
	uint32_t n, k;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		old = ir_of(changes[i].before);
		next = ir_of(changes[i].after);
		diff_make(&d, old, next);
		n = impact_list(&d, old, next, arena, &items);
		buf_init(&b, 0);
		buf_puts(&b, "");
		for (k = 0; k < n; k++) {
			assert_int_equal(items[k].impact, IMPACT_HOT);
			assert_string_equal(items[k].owner, "fwd");
			buf_printf(&b, "%s\n", items[k].text);
		}
		if (strcmp(b.data != NULL ? (const char *)b.data : "", changes[i].impacts) != 0)
			fail_msg("change %zu: %s", i, (const char *)b.data);
		buf_fini(&b);
		diff_fini(&d);
		ir_free(old);
		ir_free(next);
	}
}

/* More than an answer can hold: the last item says how many there are. */
static void
test_many_impacts(void **state)
{
	struct ipc_impact *items;
	struct ir *old, *next;
	struct diff d;
	struct buf b;
	int i;

	(void)state;
	buf_init(&b, 0);
	buf_puts(&b, HEAD RULES);
	for (i = 0; i < 150; i++)
		buf_printf(&b, "    - { id: r%d, from: [lan], to: [wan], action: accept }\n", i);
	old = ir_of(HEAD);
	next = ir_of((const char *)b.data);
	diff_make(&d, old, next);
	assert_int_equal(impact_list(&d, old, next, arena, &items), IMPACTS_MAX);
	assert_non_null(strstr(items[IMPACTS_MAX - 1].text, " objects more change"));
	d.is_impossible = true;
	(void)impact_list(&d, old, next, arena, &items);
	assert_int_equal(items[0].impact, IMPACT_RELOAD);
	diff_fini(&d);
	ir_free(old);
	ir_free(next);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flows), cmocka_unit_test(test_packets), cmocka_unit_test(test_impacts), cmocka_unit_test(test_many_impacts),
	};
	int failed;

	arena = arena_new(0);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
