/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of a long list in a real kernel, in a network namespace of this process: loaded in the shadow and flipped to, changed a little and much,
 * adopted after a restart, left half loaded, and changed by somebody else.
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
#include "base/buf.h"
#include "base/log.h"
#include "conf/generated.h"

#include "addrlist.h"
#include "apply.h"
#include "compile.h"
#include "diff.h"
#include "fwd_parent.h"
#include "ir_copy.h"
#include "ir_list.h"
#include "nft_kernel.h"
#include "pass.h"
#include "policy.h"
#include "problems.h"
#include "yaml_record.h"

#define SOME	6000	/* more than changes may be */

static struct nft_kernel kernel;
static bool has_kernel;
static struct fwd_parent parent;

/* --- helpers */

/* Rules that ask for the group in each way, with these addresses and hosts 198.18.x.y of numbers first..first + n - 1, every second one. */
static struct ir *
make(const char *addresses, unsigned first, unsigned n)
{
	struct problems problems;
	struct fw_policy *policy;
	struct arena *a = arena_new(0);
	struct buf b;
	struct ir *ir;
	char file[] = "/tmp/fwd-lists-XXXXXX";
	unsigned i;
	int fd = mkstemp(file);

	buf_init(&b, 0);
	buf_puts(&b, "interfaces:\n  wan: {match: {name: eth0}}\n  lan: {match: {name: lo}}\nfirewall:\n"
	    "  zones: {wan: {interfaces: [wan]}, lan: {interfaces: [lan]}}\n  rules:\n"
	    "  - {id: bad, from: any, to: any, source: {group: g}, action: drop, log: true}\n"
	    "  - {id: good, from: lan, to: wan, source: {not: {group: g}}, action: accept, limit: {rate: 5/second}}\n"
	    "  - {id: both, from: wan, to: lan, source: {group: g}, destination: {group: g}, service: https, action: accept}\n  groups:\n    g:\n");
	buf_printf(&b, "      addresses: [%s", addresses);
	for (i = first; i < first + n; i++)
		buf_printf(&b, ", 198.18.%u.%u", i / 128, i % 128 * 2);
	buf_puts(&b, "]\n");
	assert_true(fd != -1 && write(fd, b.data, b.len) == (ssize_t)b.len);
	(void)close(fd);
	buf_fini(&b);
	problems_init(&problems, a);
	policy = policy_from_conf(yaml_record_read(file, &conf_fwd_record, a), NULL, a, &problems);
	(void)unlink(file);
	assert_non_null(policy);
	policy->list_min = 2;
	ir = compile(policy, NULL);
	passes(ir);
	arena_free(a);
	return ir;
}

/* Of a table of commands, too. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static int
in_kernel(const char *fmt, ...)
{
	char command[512];
	va_list ap;
	pid_t pid;
	int status;

	va_start(ap, fmt);
	(void)vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
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
commit(struct apply *a, struct ir *ir)
{
	struct problems problems;
	struct arena *arena = arena_new(0);
	int r;

	problems_init(&problems, arena);
	r = apply_commit(a, ir, &problems);
	if (r != 0)
		fail_msg("commit: %d %s", r, problems.n > 0 ? problems.items[0].text : "");
	apply_forget(a);
	arena_free(arena);
}

static void
print_difference(const struct verify_difference *d, void *arg)
{
	(void)arg;
	printf("  differs: %s: %s: %s\n", d->path, d->object, d->detail);
}

static void
assert_in_force(struct apply *a)
{
	a->is_trusted = false;
	assert_int_equal(apply_verify(a, print_difference, NULL), 0);
}

/* And no set is there that nobody looks into. */
static unsigned
count_bases(void)
{
	struct buf b;
	unsigned n = 0;
	size_t i;

	buf_init(&b, 0);
	assert_int_equal(nft_kernel_dump(&kernel, 8, &b), 0);	/* sets */
	for (i = 0; i + 8 < b.len; i++)
		n += memcmp(b.data + i, "g.list4.", 8) == 0;
	buf_fini(&b);
	return n;
}

static const char *
base(const struct apply *a)
{
	struct ir_list *l;

	for (l = a->ir->lists; l != NULL; l = l->next)
		if (l->wanted->len == 4)
			return l->base->name;
	fail();
	return NULL;
}

static bool
kernel_has(const char *set, const char *address)
{
	return in_kernel("nft get element inet patronus %s '{ %s }' >/dev/null 2>&1", set, address) == 0;
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
test_small_changes_keep_the_base(void **state)
{
	struct apply *a = *state;
	char first[128];

	commit(a, make("192.0.2.0/25", 0, SOME));
	assert_int_equal(a->n_full, 1);
	assert_int_equal(apply_verify(a, print_difference, NULL), 0);
	assert_true(kernel_has(base(a), "192.0.2.5") && !kernel_has(base(a), "192.0.2.200"));
	(void)snprintf(first, sizeof(first), "%s", base(a));
	a->n_dumps = 0;
	commit(a, make("192.0.2.0/26, 192.0.2.200", 1, SOME));
	assert_int_equal(a->n_full, 1);
	assert_int_equal(a->n_dumps, 0);
	assert_string_equal(base(a), first);
	assert_true(kernel_has("group.g.more4", "192.0.2.200") && kernel_has("group.g.less4", "192.0.2.100"));
	assert_false(kernel_has("group.g.more4", "192.0.2.5") || kernel_has("group.g.less4", "192.0.2.5"));
	assert_in_force(a);
	/* And back: nothing is left of it. */
	commit(a, make("192.0.2.0/25", 0, SOME));
	assert_string_equal(base(a), first);
	assert_false(kernel_has("group.g.more4", "192.0.2.200") || kernel_has("group.g.less4", "192.0.2.100"));
	assert_in_force(a);
	assert_int_equal(count_bases(), 1);
}

static void
test_many_changes_flip(void **state)
{
	struct apply *a = *state;
	char first[128];

	commit(a, make("192.0.2.0/25", 0, SOME));
	assert_in_force(a);
	(void)snprintf(first, sizeof(first), "%s", base(a));
	commit(a, make("192.0.2.0/25", SOME, SOME));
	assert_int_equal(a->n_full, 1);
	assert_string_not_equal(base(a), first);
	assert_false(kernel_has(first, "192.0.2.5"));
	assert_true(kernel_has(base(a), "192.0.2.5"));
	assert_in_force(a);
	assert_int_equal(count_bases(), 1);
}

/* A list of hosts alone becomes one with networks, and one that is not long any more is a set as others. */
static void
test_kinds(void **state)
{
	struct apply *a = *state;

	commit(a, make("192.0.2.1", 0, SOME));
	assert_in_force(a);
	commit(a, make("192.0.2.0/25", 0, SOME));
	assert_in_force(a);
	commit(a, make("192.0.2.0/25", SOME, SOME));
	assert_in_force(a);
	commit(a, make("192.0.2.0/25", 0, 0));
	assert_in_force(a);
	assert_int_equal(count_bases(), 0);
	commit(a, make("192.0.2.0/25, 2001:db8::/32, 2001:db8:ffff::1", 0, SOME));
	assert_int_equal(a->n_full, 1);
	assert_in_force(a);
}

static void
test_restart(void **state)
{
	struct apply *a = *state;

	commit(a, make("192.0.2.0/25", 0, SOME));
	assert_in_force(a);
	commit(a, make("192.0.2.0/26, 192.0.2.200", 0, SOME));
	assert_in_force(a);
	assert_int_equal(in_kernel("nft add set inet patronus group.g.list4.0123456789abcdef '{ type ipv4_addr; size 100; }'"), 0);
	assert_int_equal(count_bases(), 2);
	apply_fini(a);
	apply_init(a);
	commit(a, make("192.0.2.0/26, 192.0.2.200", 0, SOME));
	assert_int_equal(a->n_full, 0);
	assert_int_equal(count_bases(), 1);
	assert_in_force(a);
	/* What was taken over is changed as if it had been loaded by ourselves. */
	commit(a, make("192.0.2.0/25", 0, SOME));
	assert_int_equal(a->n_full, 0);
	assert_false(kernel_has("group.g.less4", "192.0.2.100"));
	assert_in_force(a);
	/* Another list than the kernel's */
	apply_fini(a);
	apply_init(a);
	commit(a, make("192.0.2.0/25", SOME, SOME));
	assert_int_equal(a->n_full, 1);
	assert_in_force(a);
	assert_int_equal(count_bases(), 1);
}

/* One that was left half loaded under the very name is not taken for it. */
static void
test_half_loaded(void **state)
{
	struct apply *a = *state;
	char name[128];

	commit(a, make("192.0.2.0/25", SOME, SOME));
	(void)snprintf(name, sizeof(name), "%s", base(a));
	commit(a, make("192.0.2.0/25", 0, SOME));
	assert_in_force(a);
	assert_int_equal(in_kernel("nft add set inet patronus %s '{ type ipv4_addr; flags interval; size 100; }'", name), 0);
	apply_fini(a);
	apply_init(a);
	commit(a, make("192.0.2.0/25", SOME, SOME));
	assert_true(kernel_has(base(a), "192.0.2.5") && kernel_has(base(a), "198.18.47.2"));
	assert_in_force(a);
	assert_int_equal(count_bases(), 1);
}

static void
test_drift(void **state)
{
	static const char *const acts[] = {
		"nft add element inet patronus %s '{ 203.0.113.1 }'", "nft delete element inet patronus %s '{ 198.18.0.2 }'",
		"nft add element inet patronus group.g.more4 '{ 203.0.113.1 }' # %s", "nft flush ruleset # %s",
		"nft insert rule inet patronus input accept # %s", "nft add table inet patronus '{ flags dormant; }' # %s",
	};
	struct apply *a = *state;
	struct problems problems;
	struct arena *arena = arena_new(0);
	unsigned i;

	problems_init(&problems, arena);
	commit(a, make("192.0.2.1", 0, SOME));
	assert_in_force(a);
	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		assert_int_equal(in_kernel(acts[i], base(a)), 0);
		if (apply_verify(a, NULL, NULL) <= 0)
			fail_msg("not noticed: %s", acts[i]);
		if (apply_repair(a, true, &problems) != 0) {
			(void)apply_verify(a, print_difference, NULL);
			fail_msg("not repaired: %s: %s", acts[i], problems.n > 0 ? problems.items[0].text : "differs");
		}
		assert_false(kernel_has(base(a), "203.0.113.1"));
		assert_true(kernel_has(base(a), "198.18.0.2"));
		assert_in_force(a);
		assert_int_equal(count_bases(), 1);
	}
	/* And a commit over it. */
	assert_int_equal(in_kernel("nft add element inet patronus %s '{ 203.0.113.1 }'", base(a)), 0);
	commit(a, make("192.0.2.2", 0, SOME));
	assert_false(kernel_has(base(a), "203.0.113.1"));
	assert_in_force(a);
	arena_free(arena);
}

/* Others' transactions during the load change nothing. */
static void
test_foreign_tables(void **state)
{
	struct apply *a = *state;

	commit(a, make("192.0.2.0/25", 0, SOME));
	assert_in_force(a);
	assert_int_equal(in_kernel("nft add table ip foreign"), 0);
	commit(a, make("192.0.2.0/25", SOME, SOME));
	assert_int_equal(a->n_full, 1);
	assert_in_force(a);
	assert_int_equal(in_kernel("nft insert rule inet patronus input accept"), 0);
	commit(a, make("192.0.2.0/25", 0, SOME));
	assert_int_equal(a->n_full, 2);
	assert_in_force(a);
	assert_int_equal(count_bases(), 1);
}

static struct ir *
make_counting(const char *addresses, uint64_t packets)
{
	struct ir *ir = make(addresses, 0, SOME);
	struct ir_rule *r = ir_chain_find(ir, "block.bad")->first;

	assert_string_equal(r->origin->id, "bad");
	r->packets = packets;
	return ir;
}

/* Counters go on over a flip: the rule is the same to a person. */
static void
test_counters(void **state)
{
	struct apply *a = *state;

	commit(a, make_counting("192.0.2.0/25", 77));
	assert_in_force(a);
	commit(a, make("192.0.2.0/25", SOME, SOME));
	assert_int_equal(a->n_full, 1);
	assert_int_equal(in_kernel("nft list table inet patronus | grep -q 'list4.*packets 77.*comment \"bad\"'"), 0);
	assert_in_force(a);
}

/* As last known good it is whole. */
static void
test_kept(void **state)
{
	struct apply *a = *state;

	commit(a, make("192.0.2.0/25", 0, SOME));
	commit(a, make("192.0.2.0/26", 0, SOME));
	assert_in_force(a);
	assert_int_equal(apply_keep(a), 0);
	assert_int_equal(apply_store(a), 0);
	assert_int_equal(in_kernel("nft flush ruleset"), 0);
	assert_int_equal(nft_kernel_batch(&kernel, parent.stored, parent.stored_len, 0, false, NULL), 0);
	assert_in_force(a);
	apply_fini(a);
	apply_init(a);
	commit(a, make("192.0.2.0/26", 0, SOME));
	assert_int_equal(a->n_full, 0);
}

/* A copy of the form in force, as a graft works on, is the same to the kernel: lists that have changed since they were loaded stay where they are. */
static void
test_copy(void **state)
{
	struct apply *a = *state;
	uint32_t batches;
	char first[128];
	struct ir *copy;

	commit(a, make("192.0.2.0/25", 0, SOME));
	commit(a, make("192.0.2.0/26, 192.0.2.200", 1, SOME));
	(void)snprintf(first, sizeof(first), "%s", base(a));
	batches = a->n_batches;
	commit(a, ir_copy(a->ir));
	assert_int_equal(a->n_batches, batches);
	assert_string_equal(base(a), first);
	assert_in_force(a);
	copy = ir_copy(a->ir);
	commit(a, make("192.0.2.0/25", 0, SOME));
	batches = a->n_batches;
	commit(a, copy);
	assert_int_equal(a->n_batches, batches + 1);
	assert_int_equal(a->n_full, 1);
	assert_string_equal(base(a), first);
	assert_true(kernel_has("group.g.more4", "192.0.2.200") && kernel_has("group.g.less4", "192.0.2.100"));
	assert_in_force(a);
	/* Of one that somebody has changed, too. */
	assert_int_equal(in_kernel("nft flush set inet patronus %s", base(a)), 0);
	a->is_trusted = false;
	assert_true(apply_verify(a, NULL, NULL) > 0);
	commit(a, ir_copy(a->ir));
	assert_in_force(a);
	assert_true(kernel_has(base(a), "192.0.2.100"));
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_small_changes_keep_the_base), TEST(test_many_changes_flip), TEST(test_kinds), TEST(test_restart), TEST(test_half_loaded),
		TEST(test_drift), TEST(test_foreign_tables), TEST(test_counters), TEST(test_kept), TEST(test_copy)
	};

	log_init("test", LOG_LEVEL_ERR);
	has_kernel = nft_kernel_namespace() == 0;
	if (!has_kernel) {
		(void)fprintf(stderr, "needs to be root: skipped\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
