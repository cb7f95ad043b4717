/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the analysis names of documents: rules for senders that their zone blocks, and rules between ports of bridges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "conf/generated.h"

#include "analysis.h"
#include "compile.h"
#include "policy_bridge.h"
#include "problems.h"
#include "yaml_record.h"

#define ZONES(blocks) "interfaces:\n  wan: { match: { name: eth0 } }\n  lan: { match: { name: eth1 } }\n" \
	"firewall:\n  zones: { wan: { interfaces: [wan]" blocks " }, lan: { interfaces: [lan] } }\n"
#define BOTH ", block-bogons: true, block-private: true"
#define HOME "  rules: [ { id: home, from: wan, to: lan, source: { addresses: [192.168.0.0/16, \"fd00::/8\"] }, service: http, action: accept } ]\n"
#define BRIDGE "interfaces:\n  lan: { match: { name: br0 } }\nfirewall:\n  zones: { lan: { interfaces: [lan] } }\n" \
	"  services: { low: { protocol: udp, ports: [0-32767] }, high: { protocol: udp, ports: [32768-65535] } }\n  bridge-rules:\n"

static const struct {
	const char	*yaml;
	const char	*found;		/* "rule kind witness...", each on a line; kinds by their numbers */
} cases[] = {
	{ ZONES(BOTH) HOME, "home 1 bogon:drop\n" },
	{ ZONES(", block-bogons: true") HOME, "" },
	{ ZONES("") HOME, "" },
	{ ZONES(BOTH) "  groups: { vpn: { addresses: [192.168.7.7] } }\n  bogons: { except: [vpn] }\n" HOME, "home 3 bogon:drop\n" },
	{ ZONES(BOTH) "  rules: [ { id: home, from: lan, to: wan, source: { addresses: [192.168.0.0/16] }, action: accept } ]\n", "" },
	{ ZONES(BOTH) "  rules: [ { id: none, from: wan, to: lan, source: { addresses: [10.0.0.0/8] }, service: http, action: drop } ]\n",
	  "none 2 bogon:drop\n" },
	/* DHCP passes in spite of it. */
	{ ZONES(BOTH) "  rules: [ { id: part, from: wan, to: lan, source: { addresses: [10.0.0.0/8] }, action: accept } ]\n", "" },
	{ BRIDGE "    - { id: no-arp, in-port: [p1, p3], ethertype: arp, action: drop }\n"
	  "    - { id: asks, in-port: p3, arp: { operation: request }, action: accept }\n"
	  "    - { id: tagged, in-port: p3, ethertype: arp, vlan: 20, action: drop }\n"
	  "    - { id: other, in-port: p2, arp: { operation: request }, action: accept }\n", "asks 1 no-arp\ntagged 2 no-arp\n" },
	{ BRIDGE "    - { id: cards, source-mac: \"02:00:00:00:00:00/ff:ff:ff:00:00:00\", action: drop }\n"
	  "    - { id: card, source-mac: \"02:00:00:01:02:03\", action: accept }\n", "card 1 cards\n" },
	/* A later fragment has no ports. */
	{ BRIDGE "    - { id: a, ethertype: ipv4, service: low, action: drop }\n    - { id: b, ethertype: ipv4, service: high, action: drop }\n"
	  "    - { id: c, ethertype: ipv4, service: [low, high], action: accept }\n", "c 1 a b\n" },
};

static void
tell(struct buf *b, const struct analysis_finding *f, uint32_t n)
{
	uint32_t i, k;

	for (i = 0; i < n; i++) {
		if (f[i].kind == ANALYSIS_NOTHING)
			continue;
		buf_printf(b, "%s %u", f[i].id, f[i].kind);
		for (k = 0; k < f[i].n_witnesses; k++)
			buf_printf(b, " %s", f[i].witnesses[k]->id);
		buf_printf(b, "\n");
	}
}

static void
test_what_is_found(void **state)
{
	struct arena *a;
	struct problems problems;
	struct fw_policy *p;
	struct ir *ir;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		a = arena_new(0);
		problems_init(&problems, a);
		p = policy_from_conf(yaml_record_of(cases[i].yaml, &conf_fwd_record, a), NULL, a, &problems);
		if (p == NULL)
			fail_msg("case %zu: %s: %s", i, problems.items[0].path, problems.items[0].text);
		ir = compile(p, NULL);
		buf_init(&b, 0);
		buf_printf(&b, "%s", "");
		tell(&b, analysis_make(p, ir, a), p->n_rules);
		tell(&b, analysis_bridge(p, ir, a), p->bridge != NULL ? p->bridge->n_rules : 0);
		if (strcmp((const char *)b.data, cases[i].found) != 0)
			fail_msg("case %zu: %s", i, (const char *)b.data);
		buf_fini(&b);
		ir_free(ir);
		arena_free(a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
