/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows X1, X2, X4 and X5 of the goals: lists and rates in drivers against xdp-filter, LPM_TRIE and an LRU hash, in interleaved rounds of one run
 * (BPF_PROG_TEST_RUN).  Argument: rounds.  Needs root.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "base/clock.h"
#include "xdp/arrays.h"
#include "xdp/loader.h"
#include "bench_filter.h"

#define PREFIXES	1000000u
#define HOSTS		10000u
#define HOT		2000000
#define COLD		1000000
#define ROUNDS_MAX	31

extern const unsigned char	bench_program[];
extern const size_t		bench_program_len;

static struct prefix	list[PREFIXES];
static uint64_t		seed = 88172645463325252ull;

static uint64_t
random64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static void __attribute__((noreturn))
die(const char *what)
{
	(void)fprintf(stderr, "bench_xdp: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int __attribute__((format(printf, 2, 0)))
quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, fmt, ap) : 0;
}

/* Prefixes of 20 to 32 bits, as lists of bad senders have them. */
static void
list_make(void)
{
	uint32_t i, a;

	for (i = 0; i < PREFIXES; i++) {
		a = (uint32_t)random64();
		list[i] = (struct prefix){ { ADDR_V4, { (uint8_t)(a >> 24), (uint8_t)(a >> 16), (uint8_t)(a >> 8), (uint8_t)a } },
		    (uint8_t)(20 + random64() % 13) };
		list[i].addr = prefix_network(&list[i]).addr;
	}
}

static int
map_fd(struct bpf_object *o, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(o, name);

	if (fd < 0)
		die(name);
	return fd;
}

static int
prog_fd(struct bpf_object *o, const char *name)
{
	struct bpf_program *p = bpf_object__find_program_by_name(o, name);

	if (p == NULL)
		die(name);
	return bpf_program__fd(p);
}

static double
run_ns(int prog, const uint8_t *address, int repeat)
{
	uint8_t frame[64] = { [12] = 0x08, [14] = 0x45, [17] = 50, [22] = 64, [23] = 17 };
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame, .data_size_in = sizeof(frame), .repeat = repeat);

	memcpy(frame + 26, address, 4);
	if (bpf_prog_test_run_opts(prog, &o) != 0)
		die("test run");
	return o.duration;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), by_value);
	return v[n / 2];
}

static uint64_t
memory_of(int fd)
{
	char path[64], line[128];
	unsigned long long bytes = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if ((f = fopen(path, "r")) == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "memlock:", 8) == 0)
			bytes = strtoull(line + 8, NULL, 10);
	(void)fclose(f);
	return bytes;
}

static double
trie_fill(int fd)
{
	uint64_t one = 1, start = clock_mono_us();
	struct { uint32_t len; uint8_t address[4]; } key;
	uint32_t i;

	for (i = 0; i < PREFIXES; i++) {
		key.len = list[i].len;
		memcpy(key.address, list[i].addr.bytes, 4);
		if (bpf_map_update_elem(fd, &key, &one, 0) != 0)
			die("trie");
	}
	return (double)(clock_mono_us() - start) / 1000;
}

static double
list_swap(struct xdp_arrays *a, uint32_t n)
{
	const struct xdp_prefixes all = { list, n };
	uint64_t start = clock_mono_us();
	struct xdp_list *l;

	if ((errno = -xdp_list_new(&all, 1, &l)) != 0 || (errno = -xdp_arrays_swap(a, l)) != 0)
		die("list");
	xdp_list_free(l);
	return (double)(clock_mono_us() - start) / 1000;
}

/* What a change of such a list takes when both do not fit beside each other: another program, with the list in its arrays. */
static double
list_renew(uint64_t *ret_memory)
{
	const struct xdp_prefixes all = { list, PREFIXES };
	uint64_t start = clock_mono_us();
	char reason[LOADER_REASON_MAX];
	int fds[LOADER_FDS], i;
	struct xdp_arrays a;
	struct xdp_list *l;
	uint32_t id, room;
	double took;

	if ((errno = -xdp_list_new(&all, 1, &l)) != 0)
		die("list");
	room = xdp_arrays_room(xdp_list_slots(l));
	if ((errno = -loader_load(room, false, false, fds, &id, reason)) != 0 ||
	    (errno = -xdp_arrays_map(&a, fds[LOADER_STATE], fds[LOADER_GROUPS], fds[LOADER_POOL], room)) != 0 ||
	    (errno = -xdp_arrays_swap(&a, l)) != 0)
		die("program");
	took = (double)(clock_mono_us() - start) / 1000;
	*ret_memory = memory_of(fds[LOADER_STATE]) + memory_of(fds[LOADER_GROUPS]) + memory_of(fds[LOADER_POOL]);
	xdp_list_free(l);
	xdp_arrays_unmap(&a);
	for (i = 0; i < LOADER_FDS; i++)
		(void)close(fds[i]);
	return took;
}

static void
say(const char *what, double value, const char *unit, double limit)
{
	(void)printf("%-72s %10.2f %-4s%s", what, value, unit, limit > 0 ? "" : "\n");
	if (limit > 0)
		(void)printf(" goal %.2f: %s\n", limit, value <= limit ? "met" : "MISSED");
}

enum kind { EMPTY, OURS, FILTER_, DRAW, COLD_, TRIE, RATE, LRU, KINDS };

int
main(int argc, char **argv)
{
	static double ns[KINDS][ROUNDS_MAX], swap[ROUNDS_MAX], renew[ROUNDS_MAX];
	uint64_t memory = 0;
	const uint8_t host[4] = { 10, 0, 0, 77 }, clean[4] = { 192, 0, 2, 1 };
	const struct xdp_rate none[XDP_METERS] = { { 0, 0 } }, some[XDP_METERS] = { [XDP_METER_SOURCE] = { 1, UINT64_MAX / 2 } };
	uint32_t nslots = 1500000;	/* both of two lists, to exchange them between rounds */
	int rounds = argc > 1 ? atoi(argv[1]) : 5, i, filter, state, groups, pool, drop;
	struct bpf_object *o;
	struct xdp_arrays a;
	uint8_t bad[4];
	double fill;

	rounds = rounds < 1 || rounds > ROUNDS_MAX ? 5 : rounds;
	(void)libbpf_set_print(quiet);
	list_make();
	memcpy(bad, list[0].addr.bytes, 4);
	if ((o = bpf_object__open_mem(bench_program, bench_program_len, NULL)) == NULL ||
	    bpf_map__set_max_entries(bpf_object__find_map_by_name(o, "pool"), nslots) != 0 ||
	    bpf_map__set_max_entries(bpf_object__find_map_by_name(o, "cells"), XDP_CELLS_ALL) != 0 || bpf_object__load(o) != 0)
		die("load");
	state = map_fd(o, "state");
	groups = map_fd(o, "groups");
	pool = map_fd(o, "pool");
	drop = prog_fd(o, "patronus_drop");
	if (xdp_arrays_map(&a, state, groups, pool, nslots) != 0)
		die("arrays");
	filter = bench_filter(HOSTS - 10);
	fill = trie_fill(map_fd(o, "trie"));
	for (i = 0; i < rounds; i++) {
		swap[i] = list_swap(&a, PREFIXES - (uint32_t)(i % 2));
		renew[i] = list_renew(&memory);
		xdp_arrays_rates(&a, none);
		ns[EMPTY][i] = run_ns(prog_fd(o, "bench_empty"), bad, HOT);
		ns[OURS][i] = run_ns(drop, bad, HOT);
		ns[FILTER_][i] = filter >= 0 ? run_ns(filter, host, HOT) : 0;
		ns[DRAW][i] = run_ns(prog_fd(o, "bench_draw"), bad, COLD);
		ns[COLD_][i] = run_ns(prog_fd(o, "bench_cold"), bad, COLD);
		ns[TRIE][i] = run_ns(prog_fd(o, "bench_trie"), bad, COLD);
		ns[LRU][i] = run_ns(prog_fd(o, "bench_lru"), bad, COLD);
		xdp_arrays_rates(&a, some);
		ns[RATE][i] = run_ns(drop, clean, HOT);
	}
	for (i = 0; i < KINDS; i++)
		(void)median(ns[i], rounds);
	i = rounds / 2;
	say("X1: the empty program, XDP_DROP", ns[EMPTY][i], "ns", 0);
	say("X1: ours, 1,000,000 prefixes, a listed sender", ns[OURS][i], "ns", 0);
	say("X1: ... against the empty program", ns[OURS][i] / ns[EMPTY][i], "x", 1.3);
	if (filter >= 0) {
		say("X1: xdp-filter, 9,990 hosts, a listed sender", ns[FILTER_][i], "ns", 0);
		say("X1: ours against xdp-filter", ns[OURS][i] / ns[FILTER_][i], "x", 0.55);
	} else
		(void)printf("X1: xdp-filter is not there (package xdp-tools): not compared\n");
	say("X2: ours, random senders, look-up alone", ns[COLD_][i] - ns[DRAW][i], "ns", 110);
	say("X2: LPM_TRIE, the same", ns[TRIE][i] - ns[DRAW][i], "ns", 0);
	say("X2: ours against LPM_TRIE, whole programs", ns[COLD_][i] / ns[TRIE][i], "x", 1.0 / 7);
	say("X4: 1,000,000 prefixes built and exchanged in the arrays", median(swap, rounds), "ms", 80);
	say("X4: ... built and in the arrays of a new program", median(renew, rounds), "ms", 80);
	say("X4: LPM_TRIE filled with the same", fill, "ms", 0);
	say("X4: ours against LPM_TRIE", renew[rounds / 2] / fill, "x", 1.0 / 12);
	say("X4: memory in the kernel", (double)memory / 1e6, "MB", 48);
	say("X5: a rate for each source, the same sender", ns[RATE][i], "ns", 0);
	say("X5: ... against the empty program", ns[RATE][i] / ns[EMPTY][i], "x", 2.6);
	say("X5: an LRU hash, random senders", ns[LRU][i], "ns", 0);
	say("X5: memory, whatever the number of sources", (double)memory_of(map_fd(o, "cells")) / 1e6, "MB", 24);
	return 0;
}
