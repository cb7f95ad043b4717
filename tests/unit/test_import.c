/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sets of conditions, and texts that an import refuses or narrows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "import/import.h"
#include "import/match.h"
#include "ipc/ids.h"
#include "node.h"
#include "problem.h"

static struct arena *arena;

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void
add(struct match_addrs *a, const char *text)
{
	struct prefix p;

	assert_int_equal(prefix_parse_host(text, &p), 0);
	assert_true(match_addrs_add(a, &p, arena));
}

static void
test_ports(void **state)
{
	struct match_ports *p = match_ports_add(arena, match_ports_add(arena, NULL, 80, 80), 8000, 8010), *rest;
	unsigned at = 0, lo, hi;
	struct match a, b;

	(void)state;
	assert_true(match_ports_next(p, &at, &lo, &hi) && lo == 80 && hi == 80);
	assert_true(match_ports_next(p, &at, &lo, &hi) && lo == 8000 && hi == 8010);
	assert_false(match_ports_next(p, &at, &lo, &hi));
	rest = match_ports_invert(arena, p);
	at = 0;
	assert_true(match_ports_next(rest, &at, &lo, &hi) && lo == 0 && hi == 79);
	match_init(&a);
	match_init(&b);
	a.dports = p;
	b.dports = rest;
	assert_false(match_and(&a, &b, arena));
}

static void
test_addresses(void **state)
{
	struct match a, b;

	(void)state;
	match_init(&a);
	match_init(&b);
	a.source.has_addrs = b.source.has_addrs = true;
	add(&a.source.addrs, "192.0.2.0/24");
	add(&a.source.addrs, "198.51.100.7");
	add(&b.source.addrs, "192.0.2.64/26");
	add(&b.source.addrs, "203.0.113.0/24");
	assert_true(match_and(&a, &b, arena));
	assert_int_equal(a.source.addrs.n, 1);
	assert_int_equal(a.source.addrs.items[0].len, 26);
	match_init(&b);
	b.source.has_addrs = true;
	add(&b.source.addrs, "198.51.100.7");
	assert_false(match_and(&a, &b, arena));
}

static void
test_ranges(void **state)
{
	static const struct {
		const char	*first, *last;
		unsigned	 n;
	} rows[] = {
		{ "192.0.2.0", "192.0.2.255", 1 }, { "192.0.2.9", "192.0.2.19", 4 }, { "192.0.2.1", "192.0.2.1", 1 },
		{ "0.0.0.0", "255.255.255.255", 1 }, { "2001:db8::", "2001:db8::ffff", 1 }, { "2001:db8::1", "2001:db8::2", 2 },
	};
	struct addr first, last;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct match_addrs a = { NULL, 0 };

		assert_int_equal(addr_parse(rows[i].first, &first), 0);
		assert_int_equal(addr_parse(rows[i].last, &last), 0);
		assert_true(match_addrs_range(&a, &first, &last, arena));
		assert_int_equal(a.n, rows[i].n);
	}
	assert_true(addr_parse("192.0.2.2", &first) == 0 && addr_parse("192.0.2.1", &last) == 0);
	assert_false(match_addrs_range(&(struct match_addrs){ NULL, 0 }, &first, &last, arena));
}

/* One thing alone has a "not" of its own; two at once have none. */
static void
test_not(void **state)
{
	struct match a, b;

	(void)state;
	match_init(&a);
	match_init(&b);
	b.source.has_addrs = true;
	add(&b.source.addrs, "192.0.2.1");
	assert_true(match_and_not(&a, &b, arena));
	assert_int_equal(a.source.not.n, 1);
	match_init(&b);
	b.in = 2;
	assert_true(match_and_not(&a, &b, arena));
	assert_true(a.in == ~2ull);
	b.protocols[b.nprotocols++] = 6;
	assert_false(match_and_not(&a, &b, arena));
}

/* --- whole texts */

static struct node *
read_text(uint8_t format, const char *text, struct problems *problems)
{
	struct node *root;

	return import_read(format, text, strlen(text), NULL, 0, arena, problems, &root) == 0 ? root : NULL;
}

/* What became of the rule that starts so: its outcome. */
static const char *
outcome_of(const struct node *root, const char *text)
{
	const struct node *e;

	for (e = node_member(root, "account")->first; e != NULL; e = e->next)
		if (strncmp(node_member(e, "text")->text, text, strlen(text)) == 0)
			return node_member(e, "outcome")->text;
	fail_msg("%s is not in the account", text);
	return NULL;
}

static unsigned
count_rules(const struct node *root, const char *list)
{
	return node_member(node_member(node_member(root, "document"), "firewall"), list)->n;
}

#define FILTER(rules)	"*filter\n:INPUT DROP [0:0]\n:x - [0:0]\n-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT\n" rules "COMMIT\n"

static const struct {
	const char	*text;		/* of the rule that is looked at */
	const char	*outcome;
	unsigned	 nrules;
} judgements[] = {
	{ "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n", "done", 1 },
	{ "-A INPUT -p tcp -m string --string x -j ACCEPT\n", "refused", 0 },
	{ "-A INPUT -p tcp -m string --string x -j DROP\n", "changed", 1 },
	{ "-A INPUT -p tcp -m tcp --dport 22 -j TARPIT\n", "changed", 1 },
	{ "-A INPUT -p tcp -m tcp --dport 22 -j TCPMSS --set-mss 1400\n", "refused", 0 },
	{ "-A INPUT -m set --match-set s src -j ACCEPT\n", "refused", 0 },
	{ "-A INPUT -m set --match-set s src -j DROP\n", "changed", 1 },
	{ "-A INPUT -p tcp -m connlimit --connlimit-above 3 --connlimit-mask 32 --connlimit-saddr -j DROP\n", "done", 2 },
	{ "-A INPUT -p tcp -m mark --mark 0x1 -j ACCEPT\n", "done", 1 },
	{ "-A INPUT -i eth9+ -j ACCEPT\n", "changed", 0 },
	{ "-A INPUT -s 192.0.2.1/255.255.0.255 -j ACCEPT\n", "refused", 0 },
	{ "-A INPUT ! -p tcp -j ACCEPT\n", "done", 2 },
	{ "-A INPUT -i lo -j ACCEPT\n", "done", 0 },
	{ "-A x -j ACCEPT\n", "done", 0 },
};

static void
test_judgements(void **state)
{
	struct problems *problems = problems_new();
	const struct node *root;
	char text[1024];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(judgements) / sizeof(judgements[0]); i++) {
		size_t len = strcspn(judgements[i].text, "\n");
		char rule[512];

		(void)snprintf(text, sizeof(text), FILTER("%s"), judgements[i].text);
		(void)snprintf(rule, sizeof(rule), "%.*s", (int)len, judgements[i].text);
		root = read_text(PARSE_IPTABLES, text, problems);
		assert_non_null(root);
		assert_string_equal(outcome_of(root, rule), judgements[i].outcome);
		if (count_rules(root, "rules") != judgements[i].nrules)
			fail_msg("%s became %u rules", rule, count_rules(root, "rules"));
	}
	problems_free(problems);
}

/* One limit for two places: at the second nothing is accepted by it. */
static void
test_shared_limit(void **state)
{
	struct problems *problems = problems_new();
	const struct node *root = read_text(PARSE_IPTABLES, "*filter\n:INPUT DROP [0:0]\n:x - [0:0]\n-A INPUT -s 192.0.2.1/32 -j x\n"
	    "-A INPUT -s 192.0.2.2/32 -j x\n-A x -m limit --limit 5/sec -j ACCEPT\nCOMMIT\n", problems);

	(void)state;
	assert_non_null(root);
	assert_string_equal(outcome_of(root, "-A x"), "refused");
	problems_free(problems);
}

/* Marks that nobody knows any more: who asks for one is not let in. */
static void
test_unknown_marks(void **state)
{
	struct problems *problems = problems_new();
	const struct node *root = read_text(PARSE_IPTABLES, "*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j CONNMARK --restore-mark\nCOMMIT\n"
	    FILTER("-A INPUT -m mark --mark 0x0/0xff -j ACCEPT\n"), problems);

	(void)state;
	assert_non_null(root);
	assert_string_equal(outcome_of(root, "-A INPUT -m mark"), "refused");
	problems_free(problems);
}

#define FLOWS(flags, rest)	"{\"nftables\": [{\"table\": {\"family\": \"inet\", \"name\": \"x\"}}, " \
	"{\"chain\": {\"family\": \"inet\", \"table\": \"x\", \"name\": \"f\", \"type\": \"filter\", \"hook\": \"forward\", " \
	"\"prio\": 0, \"policy\": \"drop\"}}, " \
	"{\"flowtable\": {\"family\": \"inet\", \"table\": \"x\", \"name\": \"t\", \"dev\": [\"eth0\", \"eth1\"]" flags "}}, " \
	"{\"rule\": {\"family\": \"inet\", \"table\": \"x\", \"chain\": \"f\", \"handle\": 7, \"comment\": \"flows\", \"expr\": [" \
	"{\"flow\": {\"op\": \"add\", \"flowtable\": \"@t\"}}]}}" rest "]}"
#define OUT(name)	", {\"rule\": {\"family\": \"inet\", \"table\": \"x\", \"chain\": \"f\", \"handle\": 8, \"expr\": [{\"match\": {\"op\": \"==\", " \
	"\"left\": {\"meta\": {\"key\": \"oifname\"}}, \"right\": \"" name "\"}}, {\"accept\": null}]}}"

/* By cards, should a text say so; between interfaces that the rules know; NULL: not at all. */
static void
test_flowtables(void **state)
{
	static const struct {
		const char	*text, *mode, *interface;
	} cases[] = {
		{ FLOWS("", OUT("eth0")), "software", NULL },
		{ FLOWS(", \"flags\": \"offload\"", OUT("eth0")), "hardware", NULL },
		{ FLOWS(", \"flags\": [\"counter\", \"offload\"]", OUT("eth0")), "hardware", NULL },
		{ FLOWS("", OUT("eth0") OUT("eth2")), "software", "eth0" },
		{ FLOWS("", OUT("eth2")), NULL, NULL },
	};
	const struct node *root, *offload, *interfaces;
	struct problems *problems;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		problems = problems_new();
		root = read_text(PARSE_NFT, cases[i].text, problems);
		assert_non_null(root);
		offload = node_member(node_member(node_member(root, "document"), "firewall"), "flow-offload");
		assert_string_equal(outcome_of(root, "flows"), cases[i].mode != NULL ? "changed" : "refused");
		assert_int_equal(offload != NULL, cases[i].mode != NULL);
		interfaces = offload != NULL ? node_member(offload, "interfaces") : NULL;
		assert_int_equal(interfaces != NULL, cases[i].interface != NULL);
		if (offload != NULL)
			assert_string_equal(node_member(offload, "mode")->text, cases[i].mode);
		if (interfaces != NULL)
			assert_string_equal(interfaces->first->text, cases[i].interface);
		problems_free(problems);
	}
}

static const struct {
	uint8_t		 format;
	const char	*text;
} refusals[] = {
	{ PARSE_IPTABLES, "" },
	{ PARSE_IPTABLES, "hello\n" },
	{ PARSE_IPTABLES, "*filter\n:INPUT DROP [0:0]\n-A OUTPUT -j ACCEPT\nCOMMIT\n" },
	{ PARSE_IPTABLES, "*filter\n:INPUT DROP [0:0]\n-A INPUT -j\nCOMMIT\n" },
	{ PARSE_IPTABLES, "*filter\n:INPUT DROP [0:0]\n-A INPUT -m comment --comment \"x -j DROP\nCOMMIT\n" },
	{ PARSE_IPTABLES, "*filter\n:INPUT DROP [0:0]\nCOMMIT\n*filter\n:INPUT DROP [0:0]\nCOMMIT\n" },
	{ PARSE_IPTABLES, "*filter\n:INPUT DROP [0:0]\n:a - [0:0]\n:b - [0:0]\n-A INPUT -j a\n-A a -j b\n-A b -j a\nCOMMIT\n" },
	{ PARSE_PF, "" },
	{ PARSE_PF, "<opnsense>" },
	{ PARSE_PF, "<router></router>" },
	{ PARSE_PF, "<!DOCTYPE x [<!ENTITY a \"b\">]><pfsense><version>&a;</version></pfsense>" },
	{ PARSE_PF, "<pfsense>&unknown;</pfsense>" },
	{ PARSE_UCI, "hello\n" },
	{ PARSE_UCI, "" },
	{ PARSE_UCI, "option name 'x'\n" },
	{ PARSE_UCI, "config zone 'x\n" },
	{ PARSE_NFT, "table inet filter {}\n" },
	{ PARSE_NFT, "{\"nftables\": 1}" },
	{ PARSE_NFT, "{\"nftables\": [{\"rule\": {\"family\": \"ip\", \"table\": \"x\"}}]}" },
	{ PARSE_IPTABLES, "*filter\n:INPUT DROP [0:0]\n-A INPUT -s \xff -j DROP\nCOMMIT\n" },
};

static void
test_refusals(void **state)
{
	struct problems *problems;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		problems = problems_new();
		if (read_text(refusals[i].format, refusals[i].text, problems) != NULL || problems_count(problems) != 1)
			fail_msg("was taken, or without a reason: %s", refusals[i].text);
		problems_free(problems);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ports, setup, teardown),
		cmocka_unit_test_setup_teardown(test_addresses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ranges, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not, setup, teardown),
		cmocka_unit_test_setup_teardown(test_judgements, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shared_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_marks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flowtables, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
