/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Long lists against nft(8) and ipset(8), in one network namespace and one run, interleaved: rows F4 to F7 of the goals.  Times are wall clock, medians;
 * behind them, in brackets, processor time with the kernel's, which a busy machine disturbs less.
 *
 *   load     a list of N replaced by another one: difference, transactions and echo; nft -f and ipset restore of the same addresses
 *   change   one network more, one less
 *
 * The walker of the parent runs; its channel does not.  What is in the lists is made of numbers; no packet goes there.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/log.h"

#include "addrlist.h"
#include "apply.h"
#include "compile.h"
#include "fwd_parent.h"
#include "nft_kernel.h"
#include "policy.h"
#include "problems.h"
#include "bench_median.h"

#define ROUNDS_MAX	15

/* A permutation of 32 bits: numbers that look random and never come twice. */
static uint32_t
scatter(uint32_t i, uint32_t salt)
{
	i = (i + (salt << 20)) * 0x9e3779b1u;
	i ^= i >> 15;
	i *= 0x85ebca6bu;
	return i ^ i >> 13;
}

/* Networks of /24 to /31, each in a block of its own, so that they do not overlap; or hosts. */
static struct prefix
entry(uint32_t i, uint32_t salt, bool is_network)
{
	struct prefix p = { .addr = { .family = ADDR_V4 }, .len = 32 };
	uint32_t v = scatter(i, salt);

	if (is_network) {
		p.len = (uint8_t)(24 + v % 8);
		v = (i * 0x9e375u + salt) << 12 | (v >> 8 & 0xfff & ~(0xffu >> (p.len - 24)));
	}
	v = htonl(v == 0 ? 1 : v);
	memcpy(p.addr.bytes, &v, sizeof(v));
	return p;
}

static struct prefix *
entries(uint32_t n, uint32_t salt, bool is_network)
{
	struct prefix *p = calloc(n + 1, sizeof(*p));
	uint32_t i;

	for (i = 0; i < n; i++)
		p[i] = entry(i, salt, is_network);
	return p;
}

/* --- ours: one rule that drops who is in the group */
static struct ir *
form(struct prefix *items, uint32_t n)
{
	static struct policy_interface interfaces[] = { { .name = "wan", .ifname = "eth0", .path = "", .zone = 1 } };
	static uint32_t index[] = { 0 };
	static struct policy_zone zones[] = { { .name = "local", .path = "" }, { .name = "wan", .path = "", .action = POLICY_DROP, .interfaces = index,
	    .n_interfaces = 1 } };
	static uint64_t from[] = { 2 }, to[] = { 1 };
	struct policy_addresses bad = { .name = "group.bad", .path = "", .items = items, .n = n };
	struct policy_rule rule = { .id = "bad", .path = "", .from = from, .to = to, .section = POLICY_MAIN, .action = POLICY_DROP,
	    .source = { .n = 1, .criteria = &bad } };
	struct fw_policy policy = { .interfaces = interfaces, .n_interfaces = 1, .zones = zones, .n_zones = 2, .rules = &rule, .n_rules = 1 };

	return compile(&policy, NULL);
}

/* Milliseconds. */
struct times {
	double	wall[2 * ROUNDS_MAX];
	double	processor[2 * ROUNDS_MAX];
};

struct start {
	uint64_t	us;
	double		processor;
};

static double
processor_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1000000;
}

static struct start
start_now(void)
{
	return (struct start){ clock_mono_us(), processor_ms() };
}

static void
note(struct times *t, unsigned i, struct start since)
{
	t->wall[i] = (double)(clock_mono_us() - since.us) / 1000;
	t->processor[i] = processor_ms() - since.processor;
}

static void
commit(struct apply *a, struct ir *ir, struct times *t, unsigned i)
{
	struct arena *arena = arena_new(0);
	struct problems problems;
	struct start start = start_now();
	int r;

	problems_init(&problems, arena);
	r = apply_commit(a, ir, &problems);
	if (r != 0)
		errx(1, "commit: %s: %s", strerror(-r), problems.n > 0 ? problems.items[0].text : "");
	apply_forget(a);
	arena_free(arena);
	if (t != NULL)
		note(t, i, start);
}

static void
make(struct ir **ret, struct prefix *items, uint32_t n, struct times *t, unsigned i)
{
	struct start start = start_now();

	*ret = form(items, n);
	note(t, i, start);
}

/* --- peers */
static double
seconds_of(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1000000;
}

static void
run(const char *command, long *ret_rss_kb, struct times *t, unsigned i)
{
	uint64_t start = clock_mono_us();
	struct rusage u;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (pid == -1 || wait4(pid, &status, 0, &u) != pid || status != 0)
		errx(1, "failed: %s", command);
	if (ret_rss_kb != NULL)
		*ret_rss_kb = u.ru_maxrss;
	if (t == NULL)
		return;
	t->wall[i] = (double)(clock_mono_us() - start) / 1000;
	t->processor[i] = (seconds_of(&u.ru_utime) + seconds_of(&u.ru_stime)) * 1000;
}

static void
write_peers(const struct prefix *p, uint32_t n, bool is_network, const char *nft, const char *ipset)
{
	FILE *a = fopen(nft, "w"), *b = fopen(ipset, "w");
	char text[PREFIX_STRLEN];
	uint32_t i;

	if (a == NULL || b == NULL)
		err(1, "%s", nft);
	(void)fprintf(a, "table inet peer\ndelete table inet peer\ntable inet peer {\nset s {\ntype ipv4_addr\n%selements = {\n",
	    is_network ? "flags interval\n" : "");
	(void)fprintf(b, "create s hash:%s maxelem 2000000\n", is_network ? "net" : "ip");
	for (i = 0; i < n; i++) {
		(void)prefix_format(&p[i], text, sizeof(text));
		if (!is_network)
			*strchr(text, '/') = '\0';
		(void)fprintf(a, "%s,\n", text);
		(void)fprintf(b, "add s %s\n", text);
	}
	(void)fprintf(a, "}\n}\n}\n");
	if (fclose(a) != 0 || fclose(b) != 0)
		err(1, "%s", nft);
}

/* --- measuring */
static long
peak_kb(void)
{
	char line[256];
	long kb = 0;
	FILE *f = fopen("/proc/self/status", "r");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "VmHWM:", 6) == 0)
			kb = strtol(line + 6, NULL, 10);
	if (f != NULL)
		(void)fclose(f);
	return kb;
}

static void
peak_reset(void)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY);

	if (fd == -1 || write(fd, "5", 1) != 1)
		warn("clear_refs");
	(void)close(fd);
}

static double
median(struct times *t, unsigned n, bool is_wall)
{
	return bench_median(is_wall ? t->wall : t->processor, n);
}

static void
print_peer(const char *what, struct times *t, unsigned n, long rss_kb, const double ours[2])
{
	double wall = median(t, n, true), processor = median(t, n, false);

	printf("   %s %.0f (%.0f) ms, %.0f MB: %.2fx (%.2fx)", what, wall, processor, (double)rss_kb / 1024, wall / ours[1], processor / ours[0]);
}

static void
bench_load(struct apply *a, struct fwd_parent *parent, uint32_t n, bool is_network, unsigned rounds)
{
	static const char nft_file[] = "/tmp/bench-lists.nft", ipset_file[] = "/tmp/bench-lists.ipset";
	struct times prep, load, nft, ipset;
	long rss = 0, nft_rss = 0, ipset_rss = 0;
	struct prefix *p;
	struct ir *ir;
	double ours[2];
	uint32_t dumps;
	unsigned i;

	p = entries(n, 0, is_network);
	write_peers(p, n, is_network, nft_file, ipset_file);
	commit(a, form(p, n), NULL, 0);
	if (apply_verify(a, NULL, NULL) != 0)
		errx(1, "the kernel differs");
	parent->longest_us = 0;
	dumps = a->n_dumps;
	for (i = 0; i < rounds; i++) {
		free(p);
		heap_trim();
		peak_reset();
		p = entries(n, 2 * i + 1, is_network);
		make(&ir, p, n, &prep, i);
		/* The events of the peers' transactions: their table is not ours. */
		a->generation = nft_kernel_generation(parent->kernel);
		commit(a, ir, &load, i);
		rss = peak_kb() > rss ? peak_kb() : rss;
		run("exec nft -f /tmp/bench-lists.nft", &nft_rss, &nft, i);
		run("ipset destroy s 2>/dev/null; true", NULL, NULL, 0);
		run("exec ipset restore -exist -f /tmp/bench-lists.ipset", &ipset_rss, &ipset, i);
	}
	free(p);
	for (i = 0; i < 2; i++)
		ours[i] = median(&prep, rounds, i == 1) + median(&load, rounds, i == 1);
	printf("%s %u %s: from prefixes %.0f + %.0f (%.0f + %.0f) ms, longest transaction %.0f ms, peak %.1f MB; %u dumps\n", is_network ? "F6" : "F5", n,
	    is_network ? "networks" : "hosts", median(&prep, rounds, true), median(&load, rounds, true), median(&prep, rounds, false),
	    median(&load, rounds, false), (double)parent->longest_us / 1000, (double)rss / 1024, a->n_dumps - dumps);
	print_peer("nft -f", &nft, rounds, nft_rss, ours);
	print_peer("ipset restore", &ipset, rounds, ipset_rss, ours);
	printf("\n");
	(void)fflush(stdout);
	(void)unlink(nft_file);
	(void)unlink(ipset_file);
}

/* One network more and one less; nft(8) does it to its own set of the same size, once, since it takes very long. */
static void
bench_change(struct apply *a, uint32_t n, unsigned rounds)
{
	struct prefix *p = entries(n, 99, true);
	struct times prep, change, theirs;
	uint32_t full, batches;
	struct ir *ir;
	unsigned i;

	commit(a, form(p, n), NULL, 0);
	if (apply_verify(a, NULL, NULL) != 0)
		errx(1, "the kernel differs");
	p[n] = (struct prefix){ .addr = { .family = ADDR_V4, .bytes = { 192, 0, 2, 77 } }, .len = 32 };
	full = a->n_dumps + a->n_full;
	batches = a->n_batches;
	for (i = 0; i < 2 * rounds; i++) {
		make(&ir, p, n + (i + 1) % 2, &prep, i);
		commit(a, ir, &change, i);
	}
	if (a->n_dumps + a->n_full != full || a->n_batches != batches + 2 * rounds)
		errx(1, "a change of one was more than one transaction");
	free(p);
	run("exec nft add element inet peer s { 192.0.2.77 }", NULL, &theirs, 0);
	printf("F7 one of %u networks: compile %.1f (%.1f), change %.2f (%.2f) ms   nft add element %.0f ms: %.0fx\n", n, median(&prep, 2 * rounds, true),
	    median(&prep, 2 * rounds, false), median(&change, 2 * rounds, true), median(&change, 2 * rounds, false), theirs.wall[0],
	    theirs.wall[0] / median(&change, 2 * rounds, true));
}

int
main(int argc, char **argv)
{
	uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
	unsigned rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 3;
	struct fwd_parent parent;
	struct nft_kernel kernel;
	struct apply apply;

	if (n < 20000 || n > 1000000 || rounds < 1 || rounds > ROUNDS_MAX)
		errx(2, "usage: bench_lists [20000..1000000 [ROUNDS]]");
	log_init("bench", LOG_LEVEL_WARN);
	heap_init();
	heap_keep();	/* as the daemon does */
	if (nft_kernel_namespace() != 0 || nft_kernel_open(&kernel) != 0)
		errx(77, "needs to be root");
	fwd_parent_start(&parent, &kernel);
	apply_init(&apply);
	bench_load(&apply, &parent, n, false, rounds);
	bench_load(&apply, &parent, n, true, rounds);
	bench_change(&apply, n, rounds);
	apply_fini(&apply);
	fwd_parent_stop(&parent);
	return 0;
}
