/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The compiler and the kernel against nft(8), in one network namespace and one run, interleaved.  Times are wall clock, medians.
 *
 *   full load    from the encoded configuration to the whole table replaced, over a table that is there; nft -f of the same table's listing
 *   one rule     one rule of N changes: decode and compile the configuration, then difference, transaction and echo; nft replace rule
 *
 * The walker of the parent runs; its channel does not, see bench_commit.py for the whole way.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "conf/generated.h"

#include "apply.h"
#include "fwd_parent.h"
#include "nft_kernel.h"
#include "problems.h"
#include "revision.h"
#include "yaml_record.h"

#define ROUNDS_MAX	31

struct policy_bytes {
	uint8_t	*data;
	size_t	 len;
};

/* --- the policy: four shapes of rules, as bench.py makes them */
static const char *const lan[] = { "lan" }, *const wan[] = { "wan" }, *const dmz[] = { "dmz" };
static const char *const ssh[] = { "ssh" }, *const dns[] = { "dns" }, *const https[] = { "https" };

static struct prefix
host4(unsigned a, unsigned b, unsigned c, unsigned d)
{
	struct prefix p = { .addr = { .family = ADDR_V4, .bytes = { (uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d } }, .len = 32 };

	return p;
}

static void
set_zones(struct conf_rule *r, const char *const *from, const char *const *to)
{
	r->from.items = (const char **)from;
	r->from.n = 1;
	r->to.items = (const char **)to;
	r->to.n = 1;
}

static struct conf_endpoint *
endpoint(struct arena *a, struct prefix p)
{
	struct conf_endpoint *e;

	e = arena_alloc(a, 1, sizeof(*e));
	e->addresses.items = arena_alloc(a, 1, sizeof(p));
	e->addresses.items[0] = p;
	e->addresses.n = 1;
	return e;
}

static void
make_rule(struct conf_rule *r, unsigned i, struct arena *a)
{
	struct prefix six = { .addr = { .family = ADDR_V6, .bytes = { 0x20, 0x01, 0x0d, 0xb8 } }, .len = 128 };
	unsigned x, y;

	x = i / 250 % 250;
	y = i % 250 + 1;
	r->id = arena_printf(a, "rule-%u", i);
	r->enabled = true;
	r->reject_with = CONF_RULE_REJECT_WITH_ADMIN_PROHIBITED;
	r->source = arena_alloc(a, 1, sizeof(*r->source));
	r->destination = arena_alloc(a, 1, sizeof(*r->destination));
	r->action = i % 4 == 2 ? CONF_RULE_ACTION_DROP : CONF_RULE_ACTION_ACCEPT;
	if (i % 4 == 0) {
		set_zones(r, lan, wan);
		r->source = endpoint(a, host4(192, 0, 2, y % 120 + 1));
		r->destination = endpoint(a, host4(198, 18, x, y));
		r->service.items = (const char **)ssh;
	} else if (i % 4 == 1) {
		set_zones(r, lan, dmz);
		r->destination = endpoint(a, host4(198, 19, x, 0));
		r->destination->addresses.items[0].len = 24;
		r->service.items = (const char **)dns;
	} else if (i % 4 == 2) {
		set_zones(r, wan, dmz);
		r->source = endpoint(a, host4(198, 18, x, y));
	} else {
		set_zones(r, dmz, wan);
		six.addr.bytes[14] = (uint8_t)x;
		six.addr.bytes[15] = (uint8_t)y;
		r->destination = endpoint(a, six);
		r->service.items = (const char **)https;
	}
	r->service.n = i % 4 != 2;
}

/* What has a default is read from a document, which knows them all. */
static struct conf_fwd *
make_frame(struct arena *a)
{
	static const char text[] = "interfaces:\n  wan: {match: {name: eth0}}\n  lan: {match: {name: eth1}}\n  dmz: {match: {name: eth2}}\n"
	    "firewall:\n  zones: {wan: {interfaces: [wan]}, lan: {interfaces: [lan]}, dmz: {interfaces: [dmz]}}\n";
	char file[] = "/tmp/bench-firewall-XXXXXX";
	struct conf_fwd *c;
	int fd = mkstemp(file);

	if (fd == -1 || write(fd, text, sizeof(text) - 1) != (ssize_t)sizeof(text) - 1 || close(fd) != 0)
		err(1, "%s", file);
	c = yaml_record_read(file, &conf_fwd_record, a);
	(void)unlink(file);
	return c;
}

/* changed: the number of a rule that does the opposite; n for none. */
static struct policy_bytes
make_policy(unsigned n, unsigned changed)
{
	struct policy_bytes p;
	struct codec_error e;
	struct conf_fwd *c;
	struct arena *a;
	unsigned i;

	a = arena_new(0);
	c = make_frame(a);
	c->firewall->rules.items = arena_alloc(a, n, sizeof(*c->firewall->rules.items));
	c->firewall->rules.n = n;
	for (i = 0; i < n; i++)
		make_rule(&c->firewall->rules.items[i], i, a);
	if (changed < n)
		c->firewall->rules.items[changed].action = CONF_RULE_ACTION_REJECT;
	if (codec_encode(&conf_fwd_record, c, 64u << 20, &p.data, &p.len, &e) != 0)
		errx(1, "%s: %s", e.path, e.reason);
	arena_free(a);
	return p;
}

/* --- steps */
static struct ir *
prepare(const struct policy_bytes *p, uint64_t *ret_us)
{
	struct problems problems;
	struct revision *r;
	struct arena *a;
	struct ir *ir;
	uint64_t start;

	start = clock_mono_us();
	a = arena_new(0);
	problems_init(&problems, a);
	if (revision_new(1, p->data, p->len, NULL, NULL, &problems, &r) != 0)
		errx(1, "%s", problems.n > 0 ? problems.items[0].text : "prepare");
	ir = r->ir;
	r->ir = NULL;
	revision_free(r);
	arena_free(a);
	*ret_us = clock_mono_us() - start;
	return ir;
}

static uint64_t
commit(struct apply *apply, struct ir *ir)
{
	struct problems problems;
	struct arena *a;
	uint64_t start;
	int r;

	a = arena_new(0);
	problems_init(&problems, a);
	start = clock_mono_us();
	r = apply_commit(apply, ir, &problems);
	start = clock_mono_us() - start;
	if (r != 0)
		errx(1, "commit: %s: %s", strerror(-r), problems.n > 0 ? problems.items[0].text : "");
	arena_free(a);
	return start;
}

static uint64_t
shell(const char *command)
{
	uint64_t start;
	pid_t pid;
	int status;

	start = clock_mono_us();
	pid = fork();
	if (pid == 0) {
		(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid || status != 0)
		errx(1, "failed: %s", command);
	return clock_mono_us() - start;
}

static int
order(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
median_ms(uint64_t *us, unsigned n)
{
	qsort(us, n, sizeof(*us), order);
	return (double)us[n / 2] / 1000;
}

/* --- the two benchmarks */
static void
bench_full(struct apply *apply, unsigned n, unsigned rounds, const char *file)
{
	uint64_t prep[ROUNDS_MAX], load[ROUNDS_MAX], kernel[ROUNDS_MAX], nft[ROUNDS_MAX];
	struct policy_bytes p;
	struct ir *ir;
	char command[256];
	unsigned i;
	double ours, theirs;

	p = make_policy(n, n);
	(void)commit(apply, prepare(&p, &prep[0]));
	(void)snprintf(command, sizeof(command), "{ echo delete table inet patronus; nft list table inet patronus; } > %s", file);
	(void)shell(command);
	(void)snprintf(command, sizeof(command), "exec nft -f %s", file);
	for (i = 0; i < rounds; i++) {
		ir = prepare(&p, &prep[i]);
		apply->is_touched = true;	/* everything is to be sent */
		load[i] = commit(apply, ir);
		kernel[i] = apply->kernel_us;
		nft[i] = shell(command);
	}
	ours = median_ms(prep, rounds);
	ours += median_ms(load, rounds);
	theirs = median_ms(nft, rounds);
	printf("full load %6u rules: decode+compile %8.2f  encode+send %8.2f (kernel %8.2f)  total %8.2f ms   nft -f %8.2f ms   %.2fx\n", n,
	    median_ms(prep, rounds), median_ms(load, rounds), median_ms(kernel, rounds), ours, theirs, theirs / ours);
	free(p.data);
	apply_fini(apply);
	apply_init(apply);
}

static void
bench_one(struct apply *apply, unsigned n, unsigned rounds)
{
	uint64_t prep[ROUNDS_MAX], change[ROUNDS_MAX], check[ROUNDS_MAX], nft[ROUNDS_MAX], start;
	struct policy_bytes p[2];
	const char *chain;
	char command[512];
	unsigned i;
	double theirs;

	p[0] = make_policy(n, n);
	p[1] = make_policy(n, n / 8 * 4 + 2 < n ? n / 8 * 4 + 2 : 2);
	(void)shell("nft flush ruleset");
	(void)commit(apply, prepare(&p[0], &prep[0]));
	if (apply_verify(apply, NULL, NULL) != 0)
		errx(1, "the kernel differs");
	for (i = 0; i < rounds; i++) {
		change[i] = commit(apply, prepare(&p[(i + 1) % 2], &prep[i]));
		start = clock_mono_us();
		if (apply_verify(apply, NULL, NULL) != 0)
			errx(1, "the kernel differs");
		check[i] = clock_mono_us() - start;
	}
	if (apply->n_full > 1)
		errx(1, "a change of one rule sent everything");
	/* Rules of a look-up have chains of their own. */
	chain = ir_chain_find(apply->ir, "rule.rule-2") != NULL ? "rule.rule-2" : "pair.wan.dmz";
	(void)snprintf(command, sizeof(command), "h=$(nft -a list chain inet patronus %s | sed -n 's/.*comment \"rule-2\".*handle //p' | head -1); "
	    "echo replace rule inet patronus %s handle $h %s counter drop comment '\"rule-2\"' > /tmp/bench-replace.%d", chain, chain,
	    chain[0] == 'r' ? "" : "ip saddr 198.18.0.3", (int)getpid());
	for (i = 0; i < rounds / 2 + 1; i++) {
		(void)shell(command);
		(void)snprintf(command + 400, 100, "exec nft -f /tmp/bench-replace.%d", (int)getpid());
		nft[i] = shell(command + 400);
	}
	theirs = median_ms(nft, rounds / 2 + 1);
	printf("one rule of %6u:     decode+compile %8.2f  diff+apply %8.2f  read-back %8.3f ms   nft replace rule %8.2f ms   %.0fx\n", n,
	    median_ms(prep, rounds), median_ms(change, rounds), median_ms(check, rounds), theirs, theirs / median_ms(change, rounds));
	free(p[0].data);
	free(p[1].data);
	apply_fini(apply);
	apply_init(apply);
	(void)shell("nft flush ruleset; rm -f /tmp/bench-replace.*");
}

int
main(int argc, char **argv)
{
	static const unsigned sizes[] = { 10, 1000, 10000 };
	struct fwd_parent parent;
	struct nft_kernel kernel;
	struct apply apply;
	char file[] = "/tmp/bench-firewall-XXXXXX";
	unsigned rounds, i;

	rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 7;
	if (rounds < 1 || rounds > ROUNDS_MAX)
		errx(2, "usage: bench_firewall [ROUNDS]");
	log_init("bench", LOG_LEVEL_WARN);
	if (nft_kernel_namespace() != 0 || nft_kernel_open(&kernel) != 0)
		errx(77, "needs to be root");
	(void)close(mkstemp(file));
	fwd_parent_start(&parent, &kernel);
	apply_init(&apply);
	for (i = 1; i < 3; i++)
		bench_full(&apply, sizes[i], rounds, file);
	for (i = 0; i < 3; i++)
		bench_one(&apply, sizes[i], rounds);
	apply_fini(&apply);
	fwd_parent_stop(&parent);
	(void)unlink(file);
	return 0;
}
