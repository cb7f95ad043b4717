/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of a table in a real kernel, in a network namespace of this process: sent whole, changed in steps, read back, adopted after a
 * restart, changed by somebody else and repaired.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/log.h"
#include "conf/generated.h"

#include "apply.h"
#include "beside.h"
#include "compile.h"
#include "diff.h"
#include "fwd_parent.h"
#include "nft_kernel.h"
#include "pass.h"
#include "policy.h"
#include "probe.h"
#include "problems.h"
#include "yaml_record.h"

static struct nft_kernel kernel;
static bool has_kernel;
static struct fwd_parent parent;

/* --- helpers */
static struct ir *
make(const char *yaml)
{
	struct problems problems;
	struct fw_policy *policy;
	struct arena *a;
	struct ir *ir;
	char file[] = "/tmp/fwd-apply-XXXXXX";
	int fd;

	fd = mkstemp(file);
	assert_true(fd != -1 && write(fd, yaml, strlen(yaml)) == (ssize_t)strlen(yaml));
	(void)close(fd);
	a = arena_new(0);
	problems_init(&problems, a);
	policy = policy_from_conf(yaml_record_read(file, &conf_fwd_record, a), NULL, a, &problems);
	(void)unlink(file);
	assert_non_null(policy);
	ir = compile(policy, NULL);
	passes(ir);
	arena_free(a);
	return ir;
}

#define HEAD \
	"interfaces:\n" \
	"  wan: {match: {name: eth0}, addresses: [198.51.100.2/24]}\n" \
	"  lan: {match: {name: eth1}, addresses: [192.0.2.1/25, 2001:db8:2::1/64]}\n" \
	"firewall:\n" \
	"  zones: {wan: {interfaces: [wan]}, lan: {interfaces: [lan], default-action: reject}}\n"
#define RULE(id, rest)	"    - {id: " id ", " rest "}\n"
#define A	RULE("a", "from: lan, to: wan, service: http, action: accept")
#define B	RULE("b", "from: lan, to: wan, service: dns, action: accept")
#define C	RULE("c", "from: lan, to: wan, source: {group: g}, action: accept, limit: {rate: 5/minute, per: source}")
#define C2	RULE("c", "from: lan, to: wan, source: {group: g}, action: reject, log: true")
#define D	RULE("d", "from: any, to: any, service: ping, action: accept, limit: {rate: 10/second}")
#define GROUP(x) "  groups: {g: {addresses: [" x "]}}\n"
#define POLICY(groups, rules)	HEAD groups "  rules:\n" rules

/* nft(8) and others in our namespace; the commands are constants of this file. */
static int
in_kernel(const char *command)
{
	pid_t pid;
	int status;

	pid = fork();
	if (pid == 0) {
		(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
commit(struct apply *a, const char *yaml)
{
	struct problems problems;
	struct arena *arena;
	int r;

	arena = arena_new(0);
	problems_init(&problems, arena);
	r = apply_commit(a, make(yaml), &problems);
	if (r != 0)
		fail_msg("commit: %d %s", r, problems.n > 0 ? problems.items[0].text : "");
	arena_free(arena);
}

static void
print_difference(const struct verify_difference *d, void *arg)
{
	(void)arg;
	printf("  differs: %s: %s: %s\n", d->path, d->object, d->detail);
}

/* Reads everything back, whatever is known. */
static void
assert_in_force(struct apply *a)
{
	a->is_trusted = false;
	assert_int_equal(apply_verify(a, print_difference, NULL), 0);
}

static int
setup(void **state)
{
	struct apply *a;

	if (!has_kernel)
		skip();
	(void)nft_kernel_namespace();
	assert_int_equal(nft_kernel_open(&kernel), 0);
	fwd_parent_start(&parent, &kernel);
	a = calloc(1, sizeof(*a));
	apply_init(a);
	*state = a;
	return 0;
}

static int
teardown(void **state)
{
	apply_fini(*state);
	free(*state);
	fwd_parent_stop(&parent);
	nft_kernel_close(&kernel);
	return 0;
}

/* --- tests */
static void
test_whole(void **state)
{
	struct apply *a = *state;

	commit(a, POLICY(GROUP("192.0.2.0/28, 192.0.2.99, 2001:db8:2::5"), A B C D));
	assert_int_equal(a->n_full, 1);
	assert_false(a->is_trusted);
	assert_int_equal(apply_verify(a, print_difference, NULL), 0);
	assert_true(a->is_trusted);
	assert_true(a->has_handles);
}

static void
test_nothing_to_do(void **state)
{
	struct apply *a = *state;
	uint32_t n;

	commit(a, POLICY(GROUP("192.0.2.9"), A B C));
	assert_in_force(a);
	n = a->n_batches;
	commit(a, POLICY(GROUP("192.0.2.9"), A B C));
	assert_int_equal(a->n_batches, n);
	assert_int_equal(apply_verify(a, NULL, NULL), 0);
	/* No connection has to be judged anew either, until something changes: then by what was in force before that. */
	assert_null(a->previous);
	commit(a, POLICY(GROUP("192.0.2.9"), A B));
	assert_non_null(a->previous);
	commit(a, POLICY(GROUP("192.0.2.9"), A B));
	assert_non_null(a->previous);
}

/* Each pair of neighbours is a change of another kind; none may send everything, and no dump may be needed. */
static void
test_steps(void **state)
{
	static const char *const policies[] = {
		POLICY(GROUP("192.0.2.9"), A B C),
		POLICY(GROUP("192.0.2.9"), A B),
		POLICY(GROUP("192.0.2.9"), B A),
		POLICY(GROUP("192.0.2.9"), D B A C),
		POLICY(GROUP("192.0.2.9, 192.0.2.10"), D B A C),
		POLICY(GROUP("192.0.2.10, 192.0.2.64/26"), D B A C),
		POLICY(GROUP("192.0.2.10, 192.0.2.64/27"), D B A C),
		POLICY(GROUP("192.0.2.10, 192.0.2.64/27, 2001:db8:2::/120"), D B A C2),
		POLICY(GROUP("192.0.2.10, 192.0.2.64/27, 2001:db8:2::/120"), C2 A B D),
		POLICY("", D),
		POLICY("", ""),
		POLICY(GROUP("192.0.2.9"), A B C D)
	};
	struct apply *a = *state;
	unsigned i;

	commit(a, policies[0]);
	assert_int_equal(apply_verify(a, print_difference, NULL), 0);
	for (i = 1; i < sizeof(policies) / sizeof(policies[0]); i++) {
		a->n_dumps = 0;
		commit(a, policies[i]);
		assert_int_equal(a->n_full, 1);
		assert_true(a->is_trusted);
		assert_int_equal(apply_verify(a, print_difference, NULL), 0);
		assert_int_equal(a->n_dumps, 0);
		/* And in truth: */
		assert_in_force(a);
	}
}

/* The same origin before the pre-rules and behind them: both come and go with the pre-rules. */
static void
test_rules_at_two_places(void **state)
{
#define WEB	"management:\n  web: {zones: [lan], port: 8443}\n"
#define PRE	"  pre-rules:\n" RULE("p", "from: lan, to: local, service: http, action: drop")
	static const char *const policies[] = { HEAD WEB, HEAD PRE WEB, HEAD WEB };
	struct apply *a = *state;
	unsigned i;

	for (i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		commit(a, policies[i]);
		assert_in_force(a);
		assert_int_equal(apply_verify(a, print_difference, NULL), 0);
	}
}

static void
test_options(void **state)
{
	struct apply *a = *state;

	commit(a, POLICY("", A));
	assert_in_force(a);
	commit(a, HEAD "  anti-spoofing: false\n  defaults: {outgoing: drop}\n  logging: {invalid: true, unmatched: false}\n");
	assert_int_equal(a->n_full, 1);
	assert_in_force(a);
	commit(a, POLICY("", A));
	assert_int_equal(a->n_full, 1);
	assert_in_force(a);
}

static uint64_t
handle_of(const struct ir *ir, const char *id)
{
	const struct ir_chain *c;
	const struct ir_rule *r;

	for (c = ir->chains; c != NULL; c = c->next)
		for (r = c->first; r != NULL; r = r->next)
			if (strcmp(r->origin->id, id) == 0)
				return r->handle;
	return 0;
}

static void
test_unchanged_rules_stay(void **state)
{
	struct apply *a = *state;
	uint64_t first, last;

	commit(a, POLICY("", A B));
	assert_in_force(a);
	first = handle_of(a->ir, "a");
	last = handle_of(a->ir, "default:lan");
	assert_true(first != 0 && last != 0);
	commit(a, POLICY("", D A));
	assert_in_force(a);
	assert_true(handle_of(a->ir, "a") == first);
	assert_true(handle_of(a->ir, "default:lan") == last);
	assert_true(handle_of(a->ir, "b") == 0);
}

static void
test_adopt_after_restart(void **state)
{
	struct apply *a = *state;

	commit(a, POLICY(GROUP("192.0.2.9"), A B C D));
	apply_fini(a);
	apply_init(a);
	commit(a, POLICY(GROUP("192.0.2.9"), A B C D));
	assert_int_equal(a->n_full, 0);
	assert_int_equal(a->n_batches, 0);
	commit(a, POLICY(GROUP("192.0.2.9"), A B D));
	assert_int_equal(a->n_full, 0);
	assert_in_force(a);
	/* Another policy than the kernel's: everything is sent. */
	apply_fini(a);
	apply_init(a);
	commit(a, POLICY("", B));
	assert_int_equal(a->n_full, 1);
	assert_in_force(a);
}

/* Whatever somebody does to our table is noticed, and repaired. */
static void
test_drift(void **state)
{
	static const char *const acts[] = {
		"nft flush ruleset",
		"nft flush chain inet patronus pair.lan.wan",
		"nft insert rule inet patronus input accept",
		"nft add rule inet patronus pair.lan.wan accept",
		"nft add chain inet patronus forward '{ policy accept; }'",
		"nft add element inet patronus group.g.host4 '{ 203.0.113.1 }'",
		"nft delete element inet patronus pairs.input '{ \"eth1\" }'",
		"nft add chain inet patronus other",
		"nft add set inet patronus other '{ type ipv4_addr; }'",
		("nft 'replace rule inet patronus default.wan handle '$(nft -a list chain inet patronus default.wan | "
		    "sed -n 's/.*default:wan.*handle //p')' counter accept comment \"default:wan\"'"),
	};
	struct apply *a = *state;
	struct problems problems;
	struct arena *arena;
	unsigned i;

	arena = arena_new(0);
	problems_init(&problems, arena);
	commit(a, POLICY(GROUP("192.0.2.9"), A B C D));
	assert_int_equal(apply_verify(a, print_difference, NULL), 0);
	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		assert_int_equal(in_kernel(acts[i]), 0);
		if (apply_verify(a, NULL, NULL) <= 0)
			fail_msg("not noticed: %s", acts[i]);
		assert_int_equal(apply_repair(a, true, &problems), 0);
		assert_in_force(a);
	}
	arena_free(arena);
}

/* What somebody does between the look and the repair is not undone unseen. */
static void
test_repair_of_what_was_seen(void **state)
{
	struct apply *a = *state;
	struct problems problems;
	struct arena *arena;

	arena = arena_new(0);
	problems_init(&problems, arena);
	commit(a, POLICY("", A B));
	assert_in_force(a);
	assert_int_equal(in_kernel("nft insert rule inet patronus input accept"), 0);
	assert_int_equal(apply_verify(a, NULL, NULL), 1);
	assert_int_equal(in_kernel("nft insert rule inet patronus forward accept"), 0);
	assert_int_equal(apply_repair(a, true, &problems), -ESTALE);
	assert_int_equal(apply_verify(a, NULL, NULL), 2);
	assert_int_equal(apply_repair(a, true, &problems), 0);
	assert_in_force(a);
	assert_int_equal(in_kernel("nft add table inet patronus '{ flags dormant; }'"), 0);
	assert_int_equal(apply_verify(a, print_difference, NULL), 1);
	assert_int_equal(in_kernel("nft insert rule inet patronus forward accept"), 0);
	assert_int_equal(apply_repair(a, false, &problems), 0);
	assert_in_force(a);
	arena_free(arena);
}

/* A commit after somebody's change starts from what is there, not from what should be. */
static void
test_commit_over_drift(void **state)
{
	struct apply *a = *state;

	commit(a, POLICY(GROUP("192.0.2.9"), A B C D));
	assert_in_force(a);
	assert_int_equal(in_kernel("nft flush chain inet patronus pair.lan.wan"), 0);
	commit(a, POLICY(GROUP("192.0.2.9"), A B C));
	assert_in_force(a);
	assert_int_equal(a->n_full, 2);
}

/* Tables of others move the generation, and nothing else. */
static void
test_foreign_tables(void **state)
{
	struct apply *a = *state;
	uint32_t generation;

	commit(a, POLICY("", A B));
	assert_in_force(a);
	generation = a->generation;
	assert_int_equal(in_kernel("nft add table ip foreign && nft add chain ip foreign c"), 0);
	/* With events: */
	assert_int_equal(a->n_own_events, 1);
	assert_false(apply_event(a, generation, true));
	assert_int_equal(a->n_own_events, 0);
	assert_false(apply_event(a, generation + 1, false));
	assert_false(apply_event(a, generation + 2, false));
	a->n_dumps = 0;
	commit(a, POLICY("", A));
	assert_int_equal(a->n_dumps, 0);
	assert_int_equal(a->n_full, 1);
	/* Without: */
	assert_int_equal(in_kernel("nft add chain ip foreign d"), 0);
	commit(a, POLICY("", A B));
	assert_int_equal(a->n_full, 1);
	assert_in_force(a);
	assert_int_equal(in_kernel("nft list chain ip foreign d > /dev/null"), 0);
	assert_true(apply_event(a, a->generation + 1, true));
	assert_true(apply_event(a, a->generation + 3, false));
	/* Two that touch our table up to the generation we know, and only one was ours: */
	a->n_own_events = 1;
	a->is_touched = false;
	assert_false(apply_event(a, a->generation - 1, true));
	assert_true(apply_event(a, a->generation, true));
	assert_true(a->is_touched);
}

/* A table that is sent again goes on counting. */
static void
test_counters_survive_repair(void **state)
{
	struct apply *a = *state;
	struct problems problems;
	struct arena *arena;

	arena = arena_new(0);
	problems_init(&problems, arena);
	commit(a, POLICY("", A));
	assert_in_force(a);
	assert_int_equal(in_kernel("ping -c 3 -i 0.01 -W 1 127.0.0.1 > /dev/null"), 0);
	assert_int_equal(in_kernel("nft insert rule inet patronus input accept"), 0);
	assert_true(apply_verify(a, NULL, NULL) > 0);
	assert_int_equal(apply_repair(a, true, &problems), 0);
	assert_int_equal(in_kernel("nft list chain inet patronus output | grep -q 'oifname \"lo\" counter packets [1-9]'"), 0);
	arena_free(arena);
}

static struct ir *
make_counting(const char *yaml, const char *id, uint64_t packets)
{
	struct ir *ir;
	struct ir_chain *c;
	struct ir_rule *r;
	struct ir_set *s;
	uint32_t i;

	ir = make(yaml);
	for (c = ir->chains; c != NULL; c = c->next)
		for (r = c->first; r != NULL; r = r->next)
			if (strcmp(r->origin->id, id) == 0)
				r->packets = packets;
	for (s = ir->sets; s != NULL; s = s->next)
		for (i = 0; i < s->n; i++)
			if (s->elems[i].rule != NULL && strcmp(s->elems[i].rule->origin->id, id) == 0)
				s->elems[i].rule->packets = packets;
	return ir;
}

/* A rule that moves, in its chain or with its block to another one, goes on counting; its neighbours never notice. */
static void
test_counters_survive_moves(void **state)
{
#define E(id)	RULE(id, "from: [lan, wan], to: wan, service: ssh, action: accept")
	struct apply *a = *state;
	struct problems problems;

	problems_init(&problems, NULL);
	assert_int_equal(apply_commit(a, make_counting(POLICY("", A B), "b", 4711), &problems), 0);
	assert_in_force(a);
	commit(a, POLICY("", B A));
	assert_int_equal(a->n_full, 1);
	assert_int_equal(in_kernel("nft list chain inet patronus pair.lan.wan | grep -q 'packets 4711 .*comment \"b\"'"), 0);
	/* Nor does it count twice when somebody came between, and it is all done again. */
	assert_int_equal(in_kernel("nft add table ip foreign"), 0);
	commit(a, POLICY("", A B));
	assert_int_equal(in_kernel("nft delete table ip foreign"), 0);
	commit(a, POLICY("", B A));
	assert_int_equal(a->n_full, 1);
	assert_int_equal(in_kernel("nft list chain inet patronus pair.lan.wan | grep -q 'packets 4711 .*comment \"b\"'"), 0);

	apply_fini(a);
	apply_init(a);
	assert_int_equal(apply_commit(a, make_counting(POLICY("", E("first") E("second")), "second", 815), &problems), 0);
	assert_in_force(a);
	assert_int_equal(in_kernel("nft list chain inet patronus block.first | grep -q 'packets 815 .*comment \"second\"'"), 0);
	commit(a, POLICY("", E("second")));
	assert_int_equal(a->n_full, 1);
	assert_int_equal(in_kernel("nft list chain inet patronus block.second | grep -q 'packets 815 .*comment \"second\"'"), 0);
	assert_in_force(a);
}

/* So many rules of one shape that they are a look-up; one may be missing, and one do something else. */
static char *
many(unsigned n, unsigned missing, unsigned other, const char *action, const char *service)
{
	struct buf b;
	unsigned i;
	size_t len;

	buf_init(&b, 0);
	buf_puts(&b, HEAD "  rules:\n");
	for (i = 0; i < n; i++)
		if (i != missing)
			buf_printf(&b, "    - {id: m%u, from: lan, to: wan, destination: {addresses: [198.18.%u.%u]}, service: %s, action: %s}\n", i,
			    (i + 1) / 256, (i + 1) % 256, service, i == other ? action : "accept");
	return (char *)buf_take(&b, &len);
}

static void
commit_many(struct apply *a, unsigned n, unsigned missing, unsigned other, const char *action)
{
	char *yaml = many(n, missing, other, action, "ssh");

	commit(a, yaml);
	free(yaml);
	assert_int_equal(a->n_full, 1);
	assert_in_force(a);
}

static int
look_up_has(const char *element)
{
	char command[256];

	(void)snprintf(command, sizeof(command), "nft list map inet patronus map.pair.lan.wan.v4-daddr-protocol-dport | tr ',' '\\n' | grep -q '%s'",
	    element);
	return in_kernel(command);
}

/* A rule of a look-up comes, goes and changes by one element; the others, and what they have counted, are not touched. */
static void
test_look_up_changes_in_steps(void **state)
{
	struct apply *a = *state;
	struct problems problems;
	char *yaml = many(40, 99, 99, "", "ssh");

	problems_init(&problems, NULL);
	assert_int_equal(apply_commit(a, make_counting(yaml, "m7", 4711), &problems), 0);
	free(yaml);
	assert_in_force(a);
	assert_int_equal(look_up_has("198.18.0.8 .*counter packets 4711 .*\"m7\" : accept"), 0);
	assert_int_equal(in_kernel("nft list chain inet patronus rule.m7 2>/dev/null"), 1);
	commit_many(a, 40, 99, 3, "drop");
	assert_int_equal(look_up_has("198.18.0.4 .*\"m3\" : drop"), 0);
	commit_many(a, 40, 5, 3, "drop");
	assert_int_equal(look_up_has("198.18.0.6 "), 1);
	/* What is more than a counter and a verdict has a chain. */
	commit_many(a, 41, 5, 3, "reject");
	assert_int_equal(look_up_has("198.18.0.4 .*: jump rule.m3"), 0);
	assert_int_equal(look_up_has("198.18.0.41 "), 0);
	commit_many(a, 41, 5, 99, "");
	assert_int_equal(in_kernel("nft list chain inet patronus rule.m3 2>/dev/null"), 1);
	assert_int_equal(look_up_has("198.18.0.8 .*counter packets 4711 .*\"m7\" : accept"), 0);
	/* Too few for a look-up: the rule goes back to its chain and takes its counter along. */
	commit_many(a, 8, 5, 99, "");
	assert_int_equal(in_kernel("nft list chain inet patronus pair.lan.wan | grep -q 'packets 4711 .*comment \"m7\"'"), 0);
	commit_many(a, 40, 99, 99, "");
	assert_int_equal(look_up_has("198.18.0.8 .*counter packets 4711 .*\"m7\" : accept"), 0);
	/* Somebody turns a verdict around: that is seen, and repair keeps what was counted. */
	assert_int_equal(in_kernel("nft 'delete element inet patronus map.pair.lan.wan.v4-daddr-protocol-dport { 198.18.0.9 . 6 . 22 }; "
	    "add element inet patronus map.pair.lan.wan.v4-daddr-protocol-dport { 198.18.0.9 . 6 . 22 comment \"m8\" : drop }'"), 0);
	a->is_trusted = false;
	assert_int_equal(apply_verify(a, NULL, NULL), 1);
	assert_int_equal(apply_repair(a, true, &problems), 0);
	assert_int_equal(look_up_has("198.18.0.9 .*\"m8\" : accept"), 0);
	assert_int_equal(look_up_has("198.18.0.8 .*counter packets 4711 .*\"m7\" : accept"), 0);
	assert_in_force(a);
}

/* A rule with two elements counts once, wherever they go. */
static void
test_two_elements_are_one_count(void **state)
{
	static const char sum[] = "nft list map inet patronus map.pair.lan.wan.v4-daddr-protocol-dport | tr ',' '\\n' | grep -c 'packets 815 .*\"m7\"' | "
	    "grep -qx 1";
	struct apply *a = *state;
	struct problems problems;
	char *yaml = many(40, 99, 99, "", "dns");

	problems_init(&problems, NULL);
	assert_int_equal(apply_commit(a, make_counting(yaml, "m7", 815), &problems), 0);
	free(yaml);
	assert_in_force(a);
	assert_int_equal(in_kernel(sum), 0);
	yaml = many(8, 5, 99, "", "dns");
	commit(a, yaml);
	free(yaml);
	assert_in_force(a);
	assert_int_equal(in_kernel("nft list chain inet patronus pair.lan.wan | grep -q 'packets 815 .*comment \"m7\"'"), 0);
	yaml = many(40, 99, 99, "", "dns");
	commit(a, yaml);
	free(yaml);
	assert_in_force(a);
	assert_int_equal(in_kernel(sum), 0);
}

/* Networks that touch are rules of their own: n of them in turn let pass and dropped, without one, and one the other way round. */
static char *
neighbours(unsigned n, unsigned missing, unsigned other)
{
	size_t size = sizeof(HEAD) + 16 + n * 160, len;
	char *yaml = calloc(1, size);
	unsigned i;

	len = (size_t)snprintf(yaml, size, "%s  rules:\n", HEAD);
	for (i = 0; i < n; i++)
		if (i != missing)
			len += (size_t)snprintf(yaml + len, size - len, RULE("t%u", "from: lan, to: wan, source: {addresses: [198.18.%u.0/24]}, action: %s"),
			    i, i, (i % 2 == 0) != (i == other) ? "accept" : "drop");
	return yaml;
}

static void
commit_neighbours(struct apply *a, unsigned n, unsigned missing, unsigned other)
{
	char *yaml = neighbours(n, missing, other);
	char command[256];
	unsigned i;

	commit(a, yaml);
	free(yaml);
	assert_int_equal(a->n_full, 1);
	assert_in_force(a);
	for (i = 0; i < n; i++) {
		(void)snprintf(command, sizeof(command), "nft list map inet patronus map.pair.lan.wan.v4-saddr-ranges | tr ',' '\\n' | "
		    "grep -q '198.18.%u.0/24 .*\"t%u\" : %s'", i, i, (i % 2 == 0) != (i == other) ? "accept" : "drop");
		assert_int_equal(in_kernel(command), i == missing ? 1 : 0);
	}
}

static void
test_networks_that_touch(void **state)
{
	struct apply *a = *state;

	commit_neighbours(a, 12, 99, 99);
	commit_neighbours(a, 12, 99, 3);
	commit_neighbours(a, 12, 5, 4);
	commit_neighbours(a, 14, 99, 99);
	commit_neighbours(a, 14, 13, 0);
}

static void
test_last_known_good(void **state)
{
	struct apply *a = *state;
	struct ir *kept = make(POLICY(GROUP("192.0.2.9"), A B C D));
	struct problems problems;

	problems_init(&problems, NULL);
	commit(a, POLICY(GROUP("192.0.2.9"), A B C D));
	assert_int_equal(apply_keep(a), 0);
	/* What was kept is stored, whatever came into force since; and once. */
	commit(a, POLICY("", A));
	assert_int_equal(apply_store(a), 0);
	assert_null(a->kept);
	assert_int_equal(in_kernel("nft flush ruleset"), 0);
	assert_int_equal(nft_kernel_batch(&kernel, parent.stored, parent.stored_len, 0, false, NULL), 0);
	apply_fini(a);
	apply_init(a);
	assert_int_equal(apply_commit(a, kept, &problems), 0);
	assert_int_equal(a->n_batches, 0);	/* it was just what is there */
	assert_in_force(a);
}

static bool
turns(struct apply *a, struct ir *next)
{
	struct diff d;
	bool ret;

	diff_make(&d, a->ir, next);
	ret = beside_turns(a, next, &d);
	diff_fini(&d);
	return ret;
}

/* What judges packets in the coming policy stands beside what is in force, is seen by nobody else, and goes. */
static void
test_beside(void **state)
{
	struct ir *next = make(POLICY(GROUP("192.0.2.9"), A C2 D));
	struct apply *a = *state;
	struct problems problems;
	struct arena *arena = arena_new(0);
	uint32_t n;

	problems_init(&problems, arena);
	commit(a, POLICY("", A B));
	assert_in_force(a);
	n = a->n_dumps;
	assert_false(turns(a, a->ir));
	assert_true(turns(a, next));
	assert_int_equal(beside_put(a, next, 7, &problems), 0);
	assert_int_equal(in_kernel("nft list chain inet patronus.7 forward | grep -q 'priority filter - 1; policy accept'"), 0);
	/* It decides, and does nothing else; nor does it let pass what it does not know. */
	assert_int_equal(in_kernel("nft list table inet patronus.7 | grep -E 'counter|log |reject|masquerade'"), 1);
	assert_int_equal(in_kernel("nft list chain inet patronus.7 forward | grep -q 'drop comment \"beside:drop\"'"), 0);
	/* What is in force is known as before. */
	assert_int_equal(apply_verify(a, print_difference, NULL), 0);
	assert_int_equal(a->n_dumps, n);
	assert_true(turns(a, a->ir));
	assert_int_equal(beside_put(a, next, 8, &problems), 0);
	assert_int_equal(apply_commit(a, next, &problems), 0);
	/* A process that comes after finds them. */
	a->is_alone = false;
	assert_int_equal(beside_remove(a, &problems), 0);
	assert_int_equal(in_kernel("nft list tables | grep -q 'patronus\\.'"), 1);
	assert_false(turns(a, a->ir));
	assert_in_force(a);
	arena_free(arena);
}

/* What stands beside and should not: left by the kernel, or made by somebody else.  Our own table is not sent again for it. */
static void
test_crowded(void **state)
{
	struct ir *next = make(POLICY(GROUP("192.0.2.9"), A C2 D)), *kept;
	struct apply *a = *state;
	struct problems problems;
	struct arena *arena = arena_new(0);
	uint32_t n;

	problems_init(&problems, arena);
	commit(a, POLICY("", A B));
	assert_in_force(a);
	n = a->n_full;
	/* Before confd has said that the ways are those of the policy, nobody knows whose it is. */
	assert_int_equal(in_kernel("nft add table inet patronus.3"), 0);
	assert_false(beside_event(a));
	assert_int_equal(apply_verify(a, print_difference, NULL), 0);
	assert_int_equal(beside_remove(a, &problems), 0);
	assert_int_equal(in_kernel("nft list tables | grep -q 'patronus\\.'"), 1);
	/* From then on it is drift, in our family and by our kind of name. */
	assert_int_equal(in_kernel("nft 'add table inet patronus.7; add chain inet patronus.7 c; add table inet patronus.12345'"), 0);
	assert_int_equal(in_kernel("nft 'add table ip patronus.8; add table inet patronus.x; add table inet patronusx'"), 0);
	assert_true(beside_event(a));
	assert_int_equal(apply_verify(a, print_difference, NULL), 2);
	assert_int_equal(apply_repair(a, true, &problems), 0);
	assert_int_equal(in_kernel("test $(nft list tables | grep -c patronus) = 4"), 0);
	assert_int_equal(a->n_full, n);
	/* While it is not known where packets go, what is in force goes on judging beside what comes; what is known of it stays. */
	assert_int_equal(beside_keep(a, a->ir, 4, &problems), 0);
	assert_true(a->is_alone);
	kept = make(POLICY("", B));
	assert_int_equal(beside_keep(a, kept, 4, &problems), 0);
	assert_int_equal(in_kernel("nft list chain inet patronus.4 pair.lan.wan | grep -q 'comment \"a\"'"), 0);
	assert_int_equal(apply_commit(a, kept, &problems), 0);
	assert_int_equal(a->n_full, n);
	assert_int_equal(apply_verify(a, print_difference, NULL), 0);
	assert_int_equal(in_kernel("nft list chain inet patronus.4 pair.lan.wan | grep -q 'comment \"a\"'"), 0);
	assert_int_equal(in_kernel("nft list chain inet patronus pair.lan.wan | grep -q 'comment \"a\"'"), 1);
	assert_int_equal(beside_remove(a, &problems), 0);
	assert_in_force(a);
	/* A coming policy stands there by right. */
	assert_int_equal(beside_put(a, next, 9, &problems), 0);
	assert_int_equal(apply_verify(a, print_difference, NULL), 0);
	assert_int_equal(apply_commit(a, next, &problems), 0);
	assert_int_equal(apply_verify(a, print_difference, NULL), 0);
	assert_int_equal(beside_remove(a, &problems), 0);
	assert_int_equal(in_kernel("nft 'delete table ip patronus.8; delete table inet patronus.x; delete table inet patronusx'"), 0);
	assert_in_force(a);
	arena_free(arena);
}

#define BRIDGED	"  bridge-rules:\n" \
	"    - {id: one, in-port: p1, destination-mac: [02:00:5e:00:53:01, 02:00:5e:00:53:02], action: drop}\n" \
	"    - {id: two, in-port: p2, action: drop}\n"

/* Of a kernel without tables of bridges: who asks for rules there is told which one needs them; at boot everything else comes into force. */
static void
test_no_bridges(void **state)
{
	struct ir *ir = make(POLICY("", A B BRIDGED));
	struct apply *a = *state;
	struct problems problems;
	struct arena *arena = arena_new(0);

	problems_init(&problems, arena);
	parent.lacks_bridges = true;
	assert_int_equal(apply_commit(a, make(POLICY("", A)), &problems), 0);
	assert_int_equal(probe_check(a->ir, &problems), 0);
	assert_int_equal(probe_check(ir, &problems), 1);
	assert_string_equal(problems.items[0].path, "/firewall/bridge-rules/one");
	assert_non_null(strstr(problems.items[0].text, "CONFIG_NF_TABLES_BRIDGE"));
	assert_int_equal(probe_close(ir), 1);
	assert_int_equal(probe_check(ir, &problems), 0);
	assert_int_equal(apply_commit(a, ir, &problems), 0);
	assert_in_force(a);
	assert_int_equal(in_kernel("nft list chain inet patronus pair.lan.wan | grep -q 'comment \"b\"'"), 0);
	assert_int_equal(in_kernel("nft list tables | grep -q bridge"), 1);
	assert_int_equal(apply_keep(a), 0);
	arena_free(arena);
}

/* What the kernel does not take comes back as the path of the rule, and nothing has changed. */
static void
test_refusal(void **state)
{
	struct apply *a = *state;
	struct problems problems;
	struct ir_chain *c;
	struct arena *arena;
	struct ir *next;

	arena = arena_new(0);
	problems_init(&problems, arena);
	commit(a, POLICY("", A B));
	assert_in_force(a);
	next = make(POLICY("", A RULE("x", "from: lan, to: wan, service: ssh, action: accept") B));
	/* A jump to a chain that does not exist. */
	c = ir_chain_find(next, "pair.lan.wan");
	assert_string_equal(c->first->next->origin->id, "x");
	c->first->next->stmts[c->first->next->n - 1].kind = IR_JUMP;
	c->first->next->stmts[c->first->next->n - 1].chain = "nowhere";
	c->first->next->hash ^= 1;
	assert_int_not_equal(apply_commit(a, next, &problems), 0);
	assert_int_equal(problems.n, 1);
	assert_string_equal(problems.items[0].path, "/firewall/rules/x");
	ir_free(next);
	assert_in_force(a);
	arena_free(arena);
}

/* Of a look-up of 1,000 rules the element that the kernel does not take tells its rule, sent whole and as a step. */
static void
test_refused_element(void **state)
{
	char *yaml = many(1000, 2000, 777, "drop", "ssh");
	struct ir_elem *e = NULL, *other = NULL;
	struct apply *a = *state;
	struct problems problems;
	struct arena *arena = arena_new(0);
	struct ir_set *s;
	struct ir *next;
	unsigned round;
	uint32_t i;

	for (round = 0; round < 2; round++) {
		problems_init(&problems, arena);
		next = make(yaml);
		for (s = next->sets; s != NULL; s = s->next)
			for (i = 0; s->is_look_up && i < s->n; i++)
				if (s->elems[i].rule != NULL && strcmp(s->elems[i].rule->origin->id, "m777") == 0)
					e = &s->elems[i];
				else if (s->elems[i].rule != NULL && strcmp(s->elems[i].rule->origin->id, "m12") == 0)
					other = &s->elems[i];
		assert_true(e != NULL && other != NULL);
		/* Another verdict for a key that is there. */
		memcpy(e->lo, other->lo, sizeof(e->lo));
		memcpy(e->hi, other->hi, sizeof(e->hi));
		assert_int_not_equal(apply_commit(a, next, &problems), 0);
		assert_int_equal(problems.n, 1);
		assert_string_equal(problems.items[0].path, "/firewall/rules/m777");
		ir_free(next);
		if (round == 0)
			commit(a, POLICY("", A));
		assert_in_force(a);
	}
	free(yaml);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_to_do, setup, teardown),
		cmocka_unit_test_setup_teardown(test_steps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rules_at_two_places, setup, teardown),
		cmocka_unit_test_setup_teardown(test_options, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unchanged_rules_stay, setup, teardown),
		cmocka_unit_test_setup_teardown(test_adopt_after_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_drift, setup, teardown),
		cmocka_unit_test_setup_teardown(test_repair_of_what_was_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_commit_over_drift, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign_tables, setup, teardown),
		cmocka_unit_test_setup_teardown(test_counters_survive_repair, setup, teardown),
		cmocka_unit_test_setup_teardown(test_counters_survive_moves, setup, teardown),
		cmocka_unit_test_setup_teardown(test_look_up_changes_in_steps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_elements_are_one_count, setup, teardown),
		cmocka_unit_test_setup_teardown(test_networks_that_touch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_last_known_good, setup, teardown),
		cmocka_unit_test_setup_teardown(test_beside, setup, teardown),
		cmocka_unit_test_setup_teardown(test_crowded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_bridges, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused_element, setup, teardown)
	};

	log_init("test", LOG_LEVEL_WARN);
	has_kernel = nft_kernel_namespace() == 0;
	if (!has_kernel) {
		(void)fprintf(stderr, "needs to be root: skipped\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
