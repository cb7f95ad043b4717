/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The compiler and the kernel against nft(8) and iptables, each in a network namespace of its own, in one run, interleaved.  Times are wall
 * clock, medians.  The peers have the same policy rule by rule, as a person writes it for them.
 *
 *   full load    from the encoded configuration to the whole table replaced, over a table that is there; nft -f, and
 *                iptables-legacy-restore with ip6tables-legacy-restore, of the same policy over itself
 *   rule by rule the same without look-ups
 *   one rule     one rule of N changes: the configuration to a form, from the one in force, then difference, transaction and echo; nft replace
 *                rule.  Beside it, what compiling all of it takes.  A rule that rejects is more for the kernel than one of another verdict
 *   members      one member of a group more, one less; nft add and delete element
 *   forwards     a port forward goes elsewhere; nft replace rule
 *   counters     what each rule has counted, from the kernel to a sum per rule; nft -j list ruleset
 *   explain      which rule decides about a packet that none of them wants
 *
 * The walker of the parent runs; its channel does not, see bench_commit.py for the whole way.
 */
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "conf/generated.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"

#include "apply.h"
#include "bench_policy.h"
#include "compile.h"
#include "explain.h"
#include "fwd_parent.h"
#include "nft_kernel.h"
#include "nft_read.h"
#include "policy.h"
#include "problems.h"
#include "revision.h"

#define ROUNDS_MAX	31

/* --- steps */
static struct revision *
revise(const struct policy_bytes *p, const struct revision *base, struct ir *ir, uint64_t *ret_us)
{
	struct problems problems;
	struct revision *r;
	struct arena *a;
	uint64_t start;

	start = clock_mono_us();
	a = arena_new(0);
	problems_init(&problems, a);
	if (revision_next(base, ir, 1, p->data, p->len, NULL, NULL, &problems, &r) != 0)
		errx(1, "%s", problems.n > 0 ? problems.items[0].text : "prepare");
	arena_free(a);
	*ret_us = clock_mono_us() - start;
	return r;
}

static struct ir *
give_away(struct revision *r)
{
	struct ir *ir = r->ir;

	r->ir = NULL;
	return ir;
}

static struct ir *
prepare(const struct policy_bytes *p, uint64_t *ret_us)
{
	struct revision *r = revise(p, NULL, NULL, ret_us);
	struct ir *ir = give_away(r);

	revision_free(r);
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

static uint64_t __attribute__((format(printf, 1, 2)))
shell_printf(const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	return shell(command);
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

/* --- the peers' namespace: the process is in it, and the sockets of ours stayed in another one */
struct side {
	struct nft_kernel	 kernel;
	struct fwd_parent	 parent;
};

static struct side ours, theirs;
static char nft_file[] = "/tmp/bench-firewall-XXXXXX";

/* The policy as it is compiled, rule by rule, in the peers' namespace and as their file. */
static void
load_linear(const struct policy_bytes *p)
{
	struct problems problems;
	struct codec_error e;
	struct apply apply;
	struct arena *a;
	void *conf;

	a = arena_new(0);
	problems_init(&problems, a);
	if (codec_decode(&conf_fwd_record, p->data, p->len, a, &conf, &e) != 0)
		errx(1, "%s: %s", e.path, e.reason);
	fwd_parent_start(&theirs.parent, &theirs.kernel);
	apply_init(&apply);
	(void)shell("nft flush ruleset");
	(void)commit(&apply, compile(policy_from_conf(conf, NULL, a, &problems), NULL));
	apply_fini(&apply);
	fwd_parent_stop(&theirs.parent);
	(void)shell_printf("{ echo delete table inet patronus; nft list table inet patronus; } > %s", nft_file);
	arena_free(a);
	fwd_parent_start(&ours.parent, &ours.kernel);
}

static FILE *
peer_file(char version)
{
	char name[sizeof(nft_file) + 1];
	FILE *f;

	(void)snprintf(name, sizeof(name), "%s%c", nft_file, version);
	f = fopen(name, "w");
	if (f == NULL)
		err(1, "%s", name);
	return f;
}

/* The four shapes once more.  Zones are what interfaces are in there, too. */
static void
write_iptables(unsigned n)
{
	FILE *v4 = peer_file('4'), *v6 = peer_file('6');
	unsigned i, x, y;

	(void)fprintf(v4, "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n");
	(void)fprintf(v6, "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n");
	for (i = 0; i < n; i++) {
		x = i / 250 % 250;
		y = i % 250 + 1;
		if (i % 4 == 0)
			(void)fprintf(v4, "-A FORWARD -i eth1 -o eth0 -s 192.0.2.%u -d 198.18.%u.%u -p tcp --dport 22", y % 120 + 1, x, y);
		else if (i % 4 == 1)
			(void)fprintf(v4, "-A FORWARD -i eth1 -o eth2 -d 198.19.%u.%u/30 -p udp --dport 53", i >> 8 & 255, i & 252);
		else if (i % 4 == 2)
			(void)fprintf(v4, "-A FORWARD -i eth0 -o eth2 -s 198.18.%u.%u", x, y);
		else
			(void)fprintf(v6, "-A FORWARD -i eth2 -o eth0 -d 2001:db8::%x -p tcp --dport 443", x << 8 | y);
		(void)fprintf(i % 4 == 3 ? v6 : v4, " -m comment --comment rule-%u -j %s\n", i, i % 4 == 2 ? "DROP" : "ACCEPT");
	}
	(void)fprintf(v4, "COMMIT\n");
	(void)fprintf(v6, "COMMIT\n");
	if (fclose(v4) != 0 || fclose(v6) != 0)
		err(1, "%s", nft_file);
}

/* --- the two benchmarks */
static void
bench_full(struct apply *apply, unsigned n, unsigned rounds)
{
	uint64_t prep[ROUNDS_MAX], load[ROUNDS_MAX], kernel[ROUNDS_MAX], nft[ROUNDS_MAX], legacy[ROUNDS_MAX];
	struct policy_bytes p;
	struct ir *ir;
	unsigned i;
	double total, peer, second;

	p = bench_policy(n, n);
	load_linear(&p);
	write_iptables(n);
	(void)commit(apply, prepare(&p, &prep[0]));
	for (i = 0; i < rounds; i++) {
		ir = prepare(&p, &prep[i]);
		apply->is_touched = true;	/* everything is to be sent */
		load[i] = commit(apply, ir);
		kernel[i] = apply->kernel_us;
		nft[i] = shell_printf("exec nft -f %s", nft_file);
		legacy[i] = shell_printf("iptables-legacy-restore %s4 && exec ip6tables-legacy-restore %s6", nft_file, nft_file);
	}
	(void)shell("iptables-legacy -F; ip6tables-legacy -F; exec nft flush ruleset");
	total = median_ms(prep, rounds);
	total += median_ms(load, rounds);
	peer = median_ms(nft, rounds);
	second = median_ms(legacy, rounds);
	printf("full load %6u rules: decode+compile %8.2f  encode+send %8.2f (kernel %8.2f)  total %8.2f ms   nft -f %8.2f ms   %.2fx   "
	    "iptables-legacy-restore %8.2f ms   %.2fx\n", n, median_ms(prep, rounds), median_ms(load, rounds), median_ms(kernel, rounds), total, peer,
	    peer / total, second, second / total);
	free(p.data);
	apply_fini(apply);
	apply_init(apply);
}

/* The policy rule by rule, as one that no pass has been through: what is left of it is building and sending. */
static struct ir *
prepare_linear(const struct policy_bytes *p, uint64_t *ret_us)
{
	struct arena *a = arena_new(0);
	uint64_t start = clock_mono_us();
	struct problems problems;
	struct codec_error e;
	struct ir *ir;
	void *conf;

	problems_init(&problems, a);
	if (codec_decode(&conf_fwd_record, p->data, p->len, a, &conf, &e) != 0)
		errx(1, "%s: %s", e.path, e.reason);
	ir = compile(policy_from_conf(conf, NULL, a, &problems), NULL);
	arena_free(a);
	*ret_us = clock_mono_us() - start;
	return ir;
}

static void
bench_linear(struct apply *apply, unsigned n, unsigned rounds)
{
	uint64_t prep[ROUNDS_MAX], load[ROUNDS_MAX], nft[ROUNDS_MAX];
	struct policy_bytes p = bench_policy(n, n);
	double total, peer;
	struct ir *ir;
	unsigned i;

	load_linear(&p);
	(void)commit(apply, prepare_linear(&p, &prep[0]));
	for (i = 0; i < rounds; i++) {
		ir = prepare_linear(&p, &prep[i]);
		apply->is_touched = true;
		load[i] = commit(apply, ir);
		nft[i] = shell_printf("exec nft -f %s", nft_file);
	}
	total = median_ms(prep, rounds);
	total += median_ms(load, rounds);
	peer = median_ms(nft, rounds);
	printf("rule by rule %6u rules: decode+compile %8.2f  encode+send %8.2f  total %8.2f ms   nft -f %8.2f ms   %.2fx\n", n, median_ms(prep, rounds),
	    median_ms(load, rounds), total, peer, peer / total);
	free(p.data);
	apply_fini(apply);
	apply_init(apply);
}

/* A change of ours between two forms, to and fro, and what a person types for it in the peer's namespace. */
struct change {
	const char		*what;
	struct policy_bytes	 p[2];
	char			 peer[128];	/* files of commands, but for 0 or 1 at the end */
};

static void
bench_change(struct apply *apply, const struct change *c, unsigned n, unsigned rounds)
{
	uint64_t all[ROUNDS_MAX], prep[ROUNDS_MAX], change[ROUNDS_MAX], kernel[ROUNDS_MAX], check[ROUNDS_MAX], nft[ROUNDS_MAX], start;
	struct revision *base, *next;
	double peer, whole;
	unsigned i;

	base = revise(&c->p[0], NULL, NULL, &prep[0]);
	(void)commit(apply, give_away(base));
	if (apply_verify(apply, NULL, NULL) != 0)
		errx(1, "the kernel differs");
	for (i = 0; i < rounds; i++) {
		apply_forget(apply);	/* what a daemon does once it has answered */
		ir_free(prepare(&c->p[(i + 1) % 2], &all[i]));
		next = revise(&c->p[(i + 1) % 2], base, apply->ir, &prep[i]);
		if (!next->is_successor)
			errx(1, "everything was compiled: %s", c->what);
		change[i] = commit(apply, give_away(next));
		kernel[i] = apply->kernel_us;
		revision_free(base);
		base = next;
		start = clock_mono_us();
		if (apply_verify(apply, NULL, NULL) != 0)
			errx(1, "the kernel differs");
		check[i] = clock_mono_us() - start;
		nft[i] = shell_printf("exec nft -f %s%u", c->peer, (i + 1) % 2);
	}
	if (apply->n_full > 1)
		errx(1, "a change sent everything: %s", c->what);
	peer = median_ms(nft, rounds);
	whole = median_ms(prep, rounds);
	whole += median_ms(change, rounds);
	printf("%-22s of %6u: compile %8.2f (all of it %8.2f)  diff+apply %8.2f (kernel %8.2f)  read-back %8.3f ms   nft %8.2f ms   "
	    "%.0fx, compile included %.0fx\n", c->what, n, median_ms(prep, rounds), median_ms(all, rounds), median_ms(change, rounds),
	    median_ms(kernel, rounds), median_ms(check, rounds), peer, peer / median_ms(change, rounds), peer / whole);
	revision_free(base);
	apply_fini(apply);
	apply_init(apply);
}

/* The peer's replacement of the rule with that comment, whose handle the kernel knows. */
static void
write_replacement(const struct change *c, unsigned way, const char *chain, const char *comment, const char *rule)
{
	(void)shell_printf("h=$(nft -a list chain inet patronus %s | sed -n 's/.*comment \"%s\".*handle //p' | head -1); "
	    "echo replace rule inet patronus %s handle $h %s comment '\"%s\"' > %s%u", chain, comment, chain, rule, comment, c->peer, way);
}

/* The verdict of one rule, or what it does instead of one; the peer replaces a rule. */
static void
bench_rule(struct apply *apply, unsigned n, unsigned rounds, bool is_verdict)
{
	struct change c = { .what = is_verdict ? "one verdict" : "one rule" };
	unsigned at = n / 8 * 4 + 2 < n ? n / 8 * 4 + 2 : 2, i;

	(void)snprintf(c.peer, sizeof(c.peer), "%sc", nft_file);
	c.p[0] = bench_policy(n, n);
	c.p[1] = bench_policy_variant(&(struct bench_variant){ .n = n, .changed = is_verdict ? n : at, .accepting = is_verdict ? at : 0 });
	load_linear(&c.p[0]);
	for (i = 0; i < 2; i++)
		write_replacement(&c, i, "pair.wan.dmz", "rule-2", is_verdict && i == 1 ? "ip saddr 198.18.0.3 counter accept" :
		    "ip saddr 198.18.0.3 counter drop");
	bench_change(apply, &c, n, rounds);
	for (i = 0; i < 2; i++)
		free(c.p[i].data);
}

/* One member of a group of many, which is a set of ours and of the peer's, and of one of few, which is in look-ups of ours. */
static void
bench_member(struct apply *apply, unsigned n, unsigned rounds, bool is_few)
{
	struct change c = { .what = is_few ? "one of 11 members" : "one of 501 members" };
	struct bench_variant v = { .n = n, .changed = n, .members = 500, .few = 10 };
	unsigned i;

	(void)snprintf(c.peer, sizeof(c.peer), "%sc", nft_file);
	c.p[0] = bench_policy_variant(&v);
	v.members += !is_few;
	v.few += is_few;
	c.p[1] = bench_policy_variant(&v);
	load_linear(&c.p[0]);
	for (i = 0; i < 2; i++)
		(void)shell_printf("echo '%s element inet patronus group.%s.host4 { 198.18.%s }' > %s%u", i == 1 ? "add" : "delete",
		    is_few ? "few" : "many", is_few ? "254.11" : "253.1", c.peer, i);
	bench_change(apply, &c, n, rounds);
	for (i = 0; i < 2; i++)
		free(c.p[i].data);
}

#define FORWARD	"iifname eth0 ip saddr 198.18.1.1 tcp dport 22 ip daddr 203.0.113.2 counter dnat ip to 198.19.1.1"

/* One port forward of five hundred goes to another port. */
static void
bench_forward(struct apply *apply, unsigned n, unsigned rounds)
{
	struct change c = { .what = "one of 500 forwards" };
	struct bench_variant v = { .n = n, .changed = n, .forwards = 500 };
	unsigned i;

	(void)snprintf(c.peer, sizeof(c.peer), "%sc", nft_file);
	c.p[0] = bench_policy_variant(&v);
	v.moved = 250;
	c.p[1] = bench_policy_variant(&v);
	load_linear(&c.p[0]);
	for (i = 0; i < 2; i++)
		write_replacement(&c, i, "port-forwards", "port-forward:forward-250", i == 0 ? FORWARD ":1250" : FORWARD ":1251");
	bench_change(apply, &c, n, rounds);
	for (i = 0; i < 2; i++)
		free(c.p[i].data);
}

static uint64_t
read_counters(struct ir *ir)
{
	static const uint8_t what[] = { NL_DUMP_NFT_RULES, NL_DUMP_NFT_ELEMS };
	struct privcall_error e;
	const uint8_t *data;
	uint64_t start;
	unsigned i;
	size_t len;

	start = clock_mono_us();
	for (i = 0; i < sizeof(what); i++) {
		if (privcall_dump(what[i], &data, &len, NULL, &e) != 0)
			errx(1, "the counters cannot be read");
		nft_read_counts(data, len, ir_origin_count, ir);
		privcall_dump_free(data, len);
	}
	return clock_mono_us() - start;
}

static uint64_t
explain_one(const struct ir *ir)
{
	struct explain_packet p = { .in_link = "eth0", .out_link = "eth2", .protocol = 6, .source_port = 4000, .destination_port = 22,
	    .ct_state = IR_CT_NEW, .has_way_back = true, .has_any_way_back = true };
	struct explain_verdict v;
	uint64_t start;

	(void)addr_parse("203.0.113.1", &p.source);
	(void)addr_parse("203.0.113.2", &p.destination);
	start = clock_mono_us();
	explain_hook(ir, IR_HOOK_FORWARD, &p, &v);
	return clock_mono_us() - start;
}

static void
bench_questions(struct apply *apply, unsigned n, unsigned rounds)
{
	uint64_t prep, counters[ROUNDS_MAX], explain[ROUNDS_MAX], nft[ROUNDS_MAX];
	struct policy_bytes p = bench_policy(n, n);
	double own, peer;
	unsigned i;

	load_linear(&p);
	(void)commit(apply, prepare(&p, &prep));
	for (i = 0; i < rounds; i++) {
		counters[i] = read_counters(apply->ir);
		explain[i] = explain_one(apply->ir);
		nft[i] = shell("exec nft -j list ruleset > /dev/null");
	}
	own = median_ms(counters, rounds);
	peer = median_ms(nft, rounds);
	printf("counters of %6u:     %8.2f ms   nft -j list ruleset %8.2f ms   %.1fx\n", n, own, peer, peer / own);
	printf("explain at %6u:      %8.3f ms\n", n, median_ms(explain, rounds));
	free(p.data);
	apply_fini(apply);
	apply_init(apply);
}

int
main(int argc, char **argv)
{
	static const unsigned sizes[] = { 10, 1000, 10000 }, changed[] = { 100, 1000, 10000, 50000 };
	struct apply apply;
	unsigned rounds, i;

	rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 7;
	if (rounds < 1 || rounds > ROUNDS_MAX)
		errx(2, "usage: bench_firewall [ROUNDS]");
	log_init("bench", LOG_LEVEL_WARN);
	if (nft_kernel_namespace() != 0 || nft_kernel_open(&ours.kernel) != 0 || nft_kernel_namespace() != 0 ||
	    nft_kernel_open(&theirs.kernel) != 0)
		errx(77, "needs to be root");
	(void)close(mkstemp(nft_file));
	apply_init(&apply);
	for (i = 1; i < 3; i++)
		bench_full(&apply, sizes[i], rounds);
	bench_linear(&apply, 10000, rounds);
	bench_linear(&apply, 50000, rounds);
	for (i = 0; i < sizeof(changed) / sizeof(changed[0]); i++)
		bench_rule(&apply, changed[i], rounds, false);
	for (i = 0; i < sizeof(changed) / sizeof(changed[0]); i++)
		bench_rule(&apply, changed[i], rounds, true);
	bench_member(&apply, sizes[2], rounds, false);
	bench_member(&apply, sizes[2], rounds, true);
	bench_forward(&apply, sizes[2], rounds);
	bench_questions(&apply, sizes[2], rounds);
	apply_fini(&apply);
	fwd_parent_stop(&ours.parent);
	(void)shell_printf("rm -f %s %s4 %s6 %sc0 %sc1", nft_file, nft_file, nft_file, nft_file, nft_file);
	return 0;
}
