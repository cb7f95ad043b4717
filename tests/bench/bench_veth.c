/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Row X3 of the goals: frames of listed senders through a pair of veth, dropped by the program on the receiver's end, by xdp-filter there, or by a set of
 * nftables at its ingress hook; in interleaved rounds of one run, in a network namespace of this process.  The frames are sent by a program too
 * (BPF_F_TEST_XDP_LIVE_FRAMES), so that next to nothing but the way through the pair and the drop is measured; what the same frames cost
 * without a pair is taken off.  Argument: rounds.  Needs root.
 */
#include <err.h>
#include <errno.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>

#include "base/buf.h"
#include "base/clock.h"
#include "nft_kernel.h"
#include "xdp/arrays.h"
#include "bench_filter.h"

#define HOSTS		9990u		/* as many as the maps of xdp-filter's package hold */
#define PREFIXES	1000000u
#define FRAMES		400000
#define ROUNDS_MAX	31
#define SLOTS		1500000u

extern const unsigned char	bench_program[];
extern const size_t		bench_program_len;

enum kind { ALONE, OURS, FILTER_, SET, OURS_MANY, INTERVALS, KINDS };

static struct prefix	list[PREFIXES];
static struct bpf_object *object;
static unsigned		near_, far_;	/* the ends of the pair */

static int __attribute__((format(printf, 2, 0)))
quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, fmt, ap) : 0;
}

static void
tool(const char *const *words, const struct buf *input)
{
	int in[2], status;
	pid_t pid;

	if (pipe(in) != 0 || (pid = fork()) == -1)
		err(1, "fork");
	if (pid == 0) {
		(void)dup2(in[0], 0);
		(void)close(in[1]);
		(void)execvp(words[0], (char *const *)words);
		_exit(127);
	}
	(void)close(in[0]);
	if (write(in[1], input->data, input->len) != (ssize_t)input->len || close(in[1]) != 0 || waitpid(pid, &status, 0) != pid || status != 0)
		errx(1, "%s failed", words[0]);
}

/* The receiver takes frames of the other end's programs when it polls, which without a program of its own it does for GRO. */
static void
pair_make(void)
{
	struct ethtool_value on = { ETHTOOL_SGRO, 1 };
	struct ifreq r = { .ifr_name = "far", .ifr_data = (char *)&on };
	struct buf b;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	buf_init(&b, 0);
	buf_printf(&b, "link add near type veth peer name far\nlink set near up\nlink set far up\n");
	tool((const char *const[]){ "ip", "-batch", "-", NULL }, &b);
	buf_fini(&b);
	if (fd == -1 || ioctl(fd, SIOCETHTOOL, &r) != 0)
		err(1, "GRO");
	(void)close(fd);
	near_ = if_nametoindex("near");
	far_ = if_nametoindex("far");
}

static int
map_fd(const struct bpf_object *o, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(o, name);

	if (fd < 0)
		errx(1, "no map %s", name);
	return fd;
}

static int
prog_fd(const char *name)
{
	return bpf_program__fd(bpf_object__find_program_by_name(object, name));
}

/* --- who drops */

static void
put_address(struct buf *b, uint32_t a, unsigned len)
{
	buf_printf(b, "%u.%u.%u.%u/%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255, len);
}

static void
nft_make(uint32_t n, bool is_interval)
{
	struct buf b;
	uint32_t i, a;

	buf_init(&b, 0);
	buf_printf(&b, "table netdev bench { set s { type ipv4_addr; %s elements = { ", is_interval ? "flags interval;" : "");
	for (i = 0; i < n; i++) {
		a = is_interval ? ntohl(*(const uint32_t *)(const void *)list[i].addr.bytes) : 0x0a000001 + i;
		if (is_interval)
			put_address(&b, a, list[i].len);
		else
			buf_printf(&b, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
		buf_printf(&b, ", ");
	}
	buf_printf(&b, "} }\nchain c { type filter hook ingress device \"far\" priority 0; ip saddr @s drop\n }\n}\n");
	tool((const char *const[]){ "nft", "-f", "-", NULL }, &b);
	buf_fini(&b);
}

static void
nft_clear(void)
{
	struct buf b;

	buf_init(&b, 0);
	buf_printf(&b, "delete table netdev bench\n");
	tool((const char *const[]){ "nft", "-f", "-", NULL }, &b);
	buf_fini(&b);
}

static void
ours_make(struct xdp_arrays *a, uint32_t n, bool is_hosts)
{
	static struct prefix hosts[HOSTS];
	struct xdp_prefixes all = { is_hosts ? hosts : list, n };
	struct xdp_list *l;
	uint32_t i, be;

	for (i = 0; i < HOSTS; i++) {
		be = htonl(0x0a000001 + i);
		hosts[i] = (struct prefix){ { .family = ADDR_V4 }, 32 };
		memcpy(hosts[i].addr.bytes, &be, 4);
	}
	if (xdp_list_new(&all, 1, &l) != 0 || xdp_arrays_swap(a, l) != 0)
		errx(1, "the list");
	xdp_list_free(l);
}

/* Networks of 20 to 32 bits, none of which touches another. */
static void
list_make(void)
{
	uint32_t i, be;

	for (i = 0; i < PREFIXES; i++) {
		be = htonl((i << 12) + 0x01000000);
		list[i] = (struct prefix){ { .family = ADDR_V4 }, (uint8_t)(21 + i * 7 % 12) };
		memcpy(list[i].addr.bytes, &be, 4);
	}
}

/* --- rounds */

/* What the receiver has taken, of however many were sent: what its queue had no room for would look cheap. */
static uint64_t
received(void)
{
	FILE *f = fopen("/proc/self/net/dev", "r");
	char line[512], *p;
	uint64_t n = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if ((p = strstr(line, "far:")) != NULL) {
			(void)strtoull(p + 4, &p, 10);	/* bytes */
			n = strtoull(p, NULL, 10);
		}
	if (f != NULL)
		(void)fclose(f);
	return n;
}

static double
frame_ns(int sender, unsigned from, unsigned shift, unsigned n)
{
	uint8_t frame[64] = { [0] = 2, [6] = 2, [12] = 0x08, [14] = 0x45, [17] = 50, [22] = 64, [23] = 17 };
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame, .data_size_in = sizeof(frame), .repeat = FRAMES, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
	const uint32_t what[4] = { near_, from, shift, n };
	uint32_t key = 0;
	uint64_t start, before = received();
	double ns;

	if (bpf_map_update_elem(map_fd(object, "sending"), &key, what, 0) != 0)
		err(1, "sending");
	start = clock_mono_us();
	if (bpf_prog_test_run_opts(sender, &o) != 0)
		err(1, "sending frames");
	ns = (double)(clock_mono_us() - start) * 1000 / FRAMES;
	if (sender == prog_fd("bench_send") && received() - before < FRAMES - FRAMES / 100)
		errx(1, "only %llu of %u frames came through the pair; the machine is too busy", (unsigned long long)(received() - before), FRAMES);
	return ns;
}

static double
by_program(int program, unsigned from, unsigned shift, unsigned n)
{
	double ns;

	if (bpf_xdp_attach((int)far_, program, XDP_FLAGS_DRV_MODE, NULL) != 0)
		err(1, "attaching");
	ns = frame_ns(prog_fd("bench_send"), from, shift, n);
	if (bpf_xdp_detach((int)far_, XDP_FLAGS_DRV_MODE, NULL) != 0)
		err(1, "taking off");
	return ns;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
say(const char *what, double value, const char *unit, double limit, bool is_floor)
{
	(void)printf("%-72s %10.2f %-4s", what, value, unit);
	if (limit > 0)
		(void)printf(" goal %s%.2f: %s", is_floor ? ">= " : "", limit, (is_floor ? value >= limit : value <= limit) ? "met" : "MISSED");
	(void)printf("\n");
}

int
main(int argc, char **argv)
{
	static double ns[KINDS][ROUNDS_MAX];
	int rounds = argc > 1 ? atoi(argv[1]) : 5, i, k, filter;
	struct xdp_arrays a;

	rounds = rounds < 1 || rounds > ROUNDS_MAX ? 5 : rounds;
	if (nft_kernel_namespace() != 0)
		errx(1, "needs to be root");
	(void)libbpf_set_print(quiet);
	list_make();
	pair_make();
	if ((object = bpf_object__open_mem(bench_program, bench_program_len, NULL)) == NULL ||
	    bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "pool"), SLOTS) != 0 || bpf_object__load(object) != 0 ||
	    xdp_arrays_map(&a, map_fd(object, "state"), map_fd(object, "groups"), map_fd(object, "pool"), SLOTS) != 0)
		errx(1, "the program");
	filter = bench_filter(HOSTS);
	for (i = 0; i < rounds; i++) {
		ns[ALONE][i] = frame_ns(prog_fd("bench_send_nowhere"), 0x0a000001, 0, HOSTS);
		ours_make(&a, HOSTS, true);
		ns[OURS][i] = by_program(prog_fd("patronus_drop"), 0x0a000001, 0, HOSTS);
		ns[FILTER_][i] = filter >= 0 ? by_program(filter, 0x0a000001, 0, HOSTS) : 0;
		nft_make(HOSTS, false);
		ns[SET][i] = frame_ns(prog_fd("bench_send"), 0x0a000001, 0, HOSTS);
		nft_clear();
		ours_make(&a, PREFIXES, false);
		ns[OURS_MANY][i] = by_program(prog_fd("patronus_drop"), 0x01000000, 12, PREFIXES);
	}
	nft_make(PREFIXES, true);
	for (i = 0; i < rounds; i++)
		ns[INTERVALS][i] = frame_ns(prog_fd("bench_send"), 0x01000000, 12, PREFIXES);
	for (k = 0; k < KINDS; k++)
		qsort(ns[k], (size_t)rounds, sizeof(double), by_value);
	i = rounds / 2;
	for (k = OURS; k < KINDS; k++)
		ns[k][i] -= ns[ALONE][i];
	say("X3: the frames themselves, which is taken off below", ns[ALONE][i], "ns", 0, false);
	say("X3: veth, 9,990 listed hosts, dropped by our program", ns[OURS][i], "ns", 0, false);
	say("X3: ... by a set of nftables at ingress", ns[SET][i], "ns", 0, false);
	say("X3: nftables against ours", ns[SET][i] / ns[OURS][i], "x", 2.3, true);
	if (filter >= 0) {
		say("X3: ... by xdp-filter", ns[FILTER_][i], "ns", 0, false);
		say("X3: ours against xdp-filter", ns[OURS][i] / ns[FILTER_][i], "x", 0.9, false);
	} else
		(void)printf("X3: xdp-filter is not there (package xdp-tools): not compared\n");
	say("X3: veth, 1,000,000 listed prefixes, dropped by our program", ns[OURS_MANY][i], "ns", 0, false);
	say("X3: ... by a set of intervals of nftables at ingress", ns[INTERVALS][i], "ns", 0, false);
	say("X3: nftables against ours", ns[INTERVALS][i] / ns[OURS_MANY][i], "x", 5, true);
	return 0;
}
