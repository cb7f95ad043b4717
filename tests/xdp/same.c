/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What drivers drop against what sets of nftables drop, of the same document: random lists and random datagrams, through the real stack of a
 * network namespace of this process.  Four links: of tap0 and of tap1 the program drops, which the kernel has there as on the links of a box,
 * and of tap2 and tap3 the chain of the compiled ruleset; tap1 and tap3 are macvlans, which stand on tap0 and tap2.  Each datagram is sent to one
 * link of each kind, and a table apart from the ruleset notes which arrived.  A search of the list, the plainest there is, must say the same.
 * And of the same calls, limits must let the same through.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/netfilter.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "conf/generated.h"
#include "ipc/ids.h"

#include "compile.h"
#include "datagram.h"
#include "links.h"
#include "live.h"
#include "nft_encode.h"
#include "nft_kernel.h"
#include "pass.h"
#include "policy_xdp.h"
#include "problems.h"
#include "xdp/arrays.h"
#include "xdp/loader.h"
#include "xdp/plan.h"
#include "yaml_record.h"

#define PREFIXES	90
#define SENT		240	/* to each kind of link, of one list */
#define SLOTS		200000
#define FAILURES_MAX	5

struct entry {
	struct prefix	prefix;
	unsigned	group;
};

struct drop_list {
	struct entry	entries[PREFIXES];
	unsigned	n;
};

struct seen {
	bool	by_driver;
	bool	by_sets;
};

struct tally {
	unsigned long	calls;		/* under limits */
	unsigned long	refused;
	unsigned long	datagrams;
	unsigned long	dropped;
	unsigned long	tagged;
	unsigned long	fragmented;
	unsigned long	with_options;
	unsigned long	failed;
};

struct options {
	unsigned	n;
	unsigned	seed;
	bool		is_off_by_one;	/* planted: a prefix of the program's list is one bit shorter */
	bool		has_long_burst;	/* planted: the program lets one connection more of each source through */
};

struct world {
	struct nft_kernel	kernel;
	int			taps[2];	/* that of the program, that of the sets */
	uint32_t		index;
	struct xdp_arrays	arrays;
};

/* --- the world */

static void
tool(const char *name, char *const words[], const char *input, struct buf *ret)
{
	int in[2], out[2], status;
	char data[4096];
	ssize_t n;
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 || (pid = fork()) == -1)
		err(1, "fork");
	if (pid == 0) {
		(void)dup2(in[0], 0);
		(void)dup2(out[1], 1);
		(void)execvp(name, words);
		_exit(127);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	if (write(in[1], input, strlen(input)) != (ssize_t)strlen(input) || close(in[1]) != 0)
		err(1, "%s", name);
	while ((n = read(out[0], data, sizeof(data))) > 0)
		if (ret != NULL)
			buf_put(ret, data, (size_t)n);
	(void)close(out[0]);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		errx(1, "%s failed", name);
}

static void
nft(const char *input, struct buf *ret)
{
	tool("nft", (char *[]){ (char *)"nft", (char *)"-f", (char *)"-", NULL }, input, ret);
}

static int
tap_open(const char *name)
{
	struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	(void)snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (fd == -1 || ioctl(fd, TUNSETIFF, &r) != 0)
		err(1, "tap");
	return fd;
}

static void
set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd == -1 || write(fd, value, strlen(value)) == -1)
		err(1, "%s", path);
	(void)close(fd);
}

/* Before anything that could drop of its own accord, behind what puts fragments together. */
static const char witness[] =
	"table inet witness {\n"
	" set seen { type ether_addr; size 65535; flags dynamic; }\n"
	" chain c { type filter hook prerouting priority -305; iifname \"tap*\" add @seen { ether saddr }\n }\n"
	"}\n";

static void
world_open(struct world *w)
{
	static const char text[] =
		"link set tap0 address 02:ff:00:00:00:00 up\nlink set tap2 address 02:ff:00:00:00:02 up\n"
		"link add link tap0 name tap1 address 02:ff:00:00:00:01 type macvlan mode bridge\n"
		"link add link tap2 name tap3 address 02:ff:00:00:00:03 type macvlan mode bridge\n"
		"link set tap1 up\nlink set tap3 up\n";
	char reason[LOADER_REASON_MAX];
	int fds[LOADER_FDS];
	uint32_t id;
	bool is_generic;

	if (access("/dev/net/tun", R_OK | W_OK) != 0 || nft_kernel_namespace() != 0 || nft_kernel_open(&w->kernel) != 0)
		errx(77, "needs to be root and to have /dev/net/tun");
	/* Fragments that miss one are not waited for. */
	set("/proc/sys/net/ipv4/ipfrag_time", "1");
	set("/proc/sys/net/netfilter/nf_conntrack_frag6_timeout", "1");
	w->taps[0] = tap_open("tap0");
	w->taps[1] = tap_open("tap2");
	tool("ip", (char *[]){ (char *)"ip", (char *)"-batch", (char *)"-", NULL }, text, NULL);
	nft(witness, NULL);
	if (loader_load(SLOTS, true, false, fds, &id, reason) != 0 ||
	    loader_attach(if_nametoindex("tap0"), 0, fds[LOADER_PROGRAM], -1, &is_generic, reason) != 0)
		errx(1, "%s", reason);
	if (xdp_arrays_map(&w->arrays, fds[LOADER_STATE], fds[LOADER_GROUPS], fds[LOADER_POOL], SLOTS) != 0)
		errx(1, "the arrays cannot be mapped");
}

/* --- lists */

static struct addr
random_addr(bool is_v6)
{
	static const uint8_t bytes[] = { 0, 10, 0x20, 0x7f, 0x80, 0xfe };
	struct addr a = { .family = is_v6 ? ADDR_V6 : ADDR_V4 };
	unsigned i;

	for (i = 0; i < addr_len(&a); i++)
		a.bytes[i] = random_below(4) == 0 ? (uint8_t)random64() : bytes[random_below(sizeof(bytes))];
	/* Unicast: the stack takes no others as senders. */
	a.bytes[0] = is_v6 ? 0x20 : (uint8_t)(1 + a.bytes[0] % 100);
	return a;
}

static struct drop_list
list_random(void)
{
	struct drop_list l = { .n = 1 + random_below(PREFIXES) };
	unsigned i, shortest = random_below(30), bits;
	struct prefix *p;

	for (i = 0; i < l.n; i++) {
		p = &l.entries[i].prefix;
		l.entries[i].group = random_below(3);
		p->addr = random_addr(random_below(3) == 0);
		/* Inside of another, or around it. */
		if (i > 0 && random_below(4) == 0)
			p->addr = l.entries[random_below(i)].prefix.addr;
		bits = addr_len(&p->addr) * 8;
		p->len = (uint8_t)(shortest + 1 + random_below(bits - shortest));
		*p = prefix_network(p);
	}
	return l;
}

static bool
list_has(const struct drop_list *l, const struct addr *a)
{
	unsigned i;

	for (i = 0; i < l->n; i++)
		if (prefix_contains(&l->entries[i].prefix, a))
			return true;
	return false;
}

/* At, or just beside, an end of one of the list; or anywhere. */
static struct addr
source_random(const struct drop_list *l)
{
	const struct prefix *p = &l->entries[random_below(l->n)].prefix;
	struct addr a = p->addr;
	unsigned i, bits = addr_len(&a) * 8;

	if (random_below(4) == 0)
		return random_addr(random_below(2));
	for (i = p->len; i < bits; i++)
		a.bytes[i / 8] |= (uint8_t)(random_below(3) == 0 ? 0 : 0x80 >> i % 8);
	if (random_below(2) == 0) {
		i = p->len > 8 ? p->len - random_below(3) % (p->len - 8) - 1 : 8;
		a.bytes[i / 8] ^= (uint8_t)(0x80 >> i % 8);
	}
	return a;
}

/* --- the document */

static void
put_group(struct buf *b, const struct drop_list *l, const char *name, unsigned group, const char *more)
{
	char text[PREFIX_STRLEN];
	unsigned i, n = 0;

	buf_printf(b, "    %s: { %s addresses: [", name, more);
	for (i = 0; i < l->n; i++)
		if (l->entries[i].group == group) {
			(void)prefix_format(&l->entries[i].prefix, text, sizeof(text));
			buf_printf(b, "%s\"%s\"", n++ > 0 ? ", " : "", text);
		}
	buf_printf(b, "] }\n");
}

static void
document(const struct drop_list *l, struct buf *b)
{
	buf_printf(b, "interfaces:\n  driver: { match: { name: tap0 } }\n  sets: { match: { name: tap2 } }\n"
	    "firewall:\n  zones: { in: { interfaces: [driver, sets] } }\n  groups:\n");
	put_group(b, l, "bad", 0, "groups: [worse],");
	put_group(b, l, "worse", 1, "");
	put_group(b, l, "worst", 2, "");
	buf_printf(b, "  xdp: { enabled: true, interfaces: [driver, sets], drop: [bad, worst] }\n");
	buf_put(b, "", 1);
}

static struct fw_policy *
policy_make(struct world *w, const char *text, struct arena *a)
{
	struct problems problems;
	struct fw_policy *policy;
	struct links *links;
	struct buf b;
	struct conf_fwd *conf = yaml_record_of(text, &conf_fwd_record, a);

	buf_init(&b, 0);
	if (nft_kernel_dump(&w->kernel, NL_DUMP_LINKS, &b) != 0)
		errx(1, "links");
	links = links_read(b.data, b.len, a);
	buf_fini(&b);
	links_use_sets(links, "tap2");
	problems_init(&problems, a);
	policy = policy_from_conf(conf, links, a, &problems);
	if (policy == NULL)
		errx(1, "%s: %s", problems.items[0].path, problems.items[0].text);
	return policy;
}

static void
to_sets(struct world *w, const struct fw_policy *policy)
{
	struct nft_batch batch;
	struct ir *ir = compile(policy, NULL);

	passes(ir);
	nft_batch_init(&batch);
	nft_put_all(&batch, ir);
	if (nft_kernel_batch(&w->kernel, batch.out.data, batch.out.len, 0, false, NULL) != 0)
		errx(1, "the ruleset: message %u: %s", w->kernel.n_refused, w->kernel.reason);
	nft_batch_fini(&batch);
	ir_free(ir);
}

static void
to_program(struct world *w, struct fw_policy *policy, const struct options *o, struct arena *a)
{
	struct policy_xdp x = *policy->xdp;
	struct xdp_plan *plan;
	struct prefix *p;

	if (o->is_off_by_one && x.source.criteria[0].n > 0) {
		p = &x.source.criteria[0].items[0];
		p->len = (uint8_t)(p->len - 1);
	}
	x.open_rate.burst += o->has_long_burst;
	if (xdp_plan_new(&x, a, &plan) != 0 || xdp_arrays_swap(&w->arrays, plan->list) != 0)
		errx(1, "the program's list");
	xdp_arrays_rates(&w->arrays, plan->rates);
	xdp_plan_free(plan);
}

/* --- packets */

static void
send_to(const struct world *w, struct datagram *d, unsigned kind, unsigned upper)
{
	const uint8_t to[6] = { 2, 0xff, 0, 0, 0, (uint8_t)(2 * kind + upper) };
	unsigned i;

	datagram_link(d, to, (uint8_t)kind);
	for (i = 0; i < d->n; i++)
		if (write(w->taps[kind], d->frames[i].bytes, d->frames[i].len) != (ssize_t)d->frames[i].len)
			err(1, "sending a frame");
}

/* Addresses as nft prints them: 02:KIND:NUMBER. */
static void
read_witness(uint32_t first, struct seen *seen)
{
	const char *p;
	struct buf b;
	unsigned k[6];
	uint32_t n;

	buf_init(&b, 0);
	nft("list set inet witness seen\n", &b);
	buf_put(&b, "", 1);
	for (p = (const char *)b.data; (p = strstr(p, "02:0")) != NULL; p++) {
		for (n = 0; n < 6; n++)
			k[n] = (unsigned)strtoul(p + 3 * n, NULL, 16);
		n = (k[2] << 24 | k[3] << 16 | k[4] << 8 | k[5]) - first;
		if (n < SENT && k[1] == 0)
			seen[n].by_driver = true;
		else if (n < SENT && k[1] == 1)
			seen[n].by_sets = true;
	}
	buf_fini(&b);
	nft("flush set inet witness seen\n", NULL);
}

static void
tell(const struct drop_list *l, const struct datagram *d, const struct seen *s, const char *what, const struct options *o, unsigned at)
{
	char text[ADDR_STRLEN];
	unsigned i, k;

	(void)addr_format(&d->source, text, sizeof(text));
	printf("FAIL seed %u, list %u: %s: of %s, which is %slisted; behind the driver: %s; behind the sets: %s\n", o->seed, at, what, text,
	    list_has(l, &d->source) ? "" : "not ", s->by_driver ? "seen" : "not seen", s->by_sets ? "seen" : "not seen");
	for (i = 0; i < d->n; i++) {
		for (k = 0; k < d->frames[i].len; k++)
			printf("%02x", d->frames[i].bytes[k]);
		printf("\n");
	}
}

static void
judge(const struct drop_list *l, const struct datagram *d, const struct seen *s, const struct options *o, unsigned at, struct tally *t)
{
	const bool is_listed = list_has(l, &d->source);
	const char *what = NULL;

	t->datagrams++;
	t->dropped += is_listed;
	t->tagged += d->is_tagged;
	t->fragmented += d->is_fragmented;
	t->with_options += d->has_options;
	if (s->by_driver != s->by_sets)
		what = "the two differ";
	else if (d->is_whole && s->by_driver == is_listed)
		what = "both are wrong";
	if (what == NULL)
		return;
	if (t->failed++ < FAILURES_MAX)
		tell(l, d, s, what, o, at);
}

static void
prove(struct world *w, const struct options *o, unsigned at, struct tally *t)
{
	static struct datagram all[SENT];
	struct seen seen[SENT] = { { false, false } };
	struct arena *a = arena_new(0);
	struct fw_policy *policy;
	struct drop_list l = list_random();
	struct addr source;
	struct buf text;
	unsigned i, upper;

	buf_init(&text, 0);
	document(&l, &text);
	policy = policy_make(w, (const char *)text.data, a);
	buf_fini(&text);
	to_sets(w, policy);
	to_program(w, policy, o, a);
	for (i = 0; i < SENT; i++) {
		source = source_random(&l);
		datagram_make(&all[i], &source, at * SENT + i + 1);
		upper = random_below(4) == 0;
		send_to(w, &all[i], 0, upper);
		send_to(w, &all[i], 1, upper);
	}
	read_witness(at * SENT + 1, seen);
	for (i = 0; i < SENT; i++)
		judge(&l, &all[i], &seen[i], o, at, t);
	arena_free(a);
}

/* --- limits: what they let pass is for an hour, so the time between two packets does not matter */

static void
limits_document(struct buf *b)
{
	buf_printf(b, "interfaces:\n  driver: { match: { name: tap0 } }\n  sets: { match: { name: tap2 } }\n"
	    "firewall:\n  zones: { in: { interfaces: [driver, sets] } }\n  xdp: { enabled: true, interfaces: [driver, sets]");
	if (random_below(2) == 0)
		buf_printf(b, ", source-limit: { rate: 1/hour, burst: %u }", 10 + random_below(10));
	buf_printf(b, ", connection-limit: { per-source: 1/hour, per-source-burst: %u, per-destination: 1/hour, per-destination-burst: %u", 4 + random_below(8),
	    1 + random_below(8));
	if (random_below(2) == 0)
		buf_printf(b, ", total: 1/hour, total-burst: %u", 20 + random_below(80));
	buf_printf(b, " } }\n");
	buf_put(b, "", 1);
}

/* Of a few hosts, whom nobody has met before. */
static struct addr
host(unsigned at, bool is_v6, unsigned n)
{
	struct addr a = { .family = ADDR_V4, .bytes = { 10, (uint8_t)(at >> 8), (uint8_t)at, (uint8_t)n } };

	if (is_v6)
		a = (struct addr){ .family = ADDR_V6, .bytes = { 0x20, 1, 0x0d, 0xb8, (uint8_t)(at >> 8), (uint8_t)at, 0, (uint8_t)n } };
	if (is_v6)
		a.bytes[15] = (uint8_t)random_below(3);
	return a;
}

static void
prove_limits(struct world *w, const struct options *o, unsigned at, struct tally *t)
{
	const struct drop_list none = { .n = 0 };
	struct seen seen[SENT] = { { false, false } };
	struct arena *a = arena_new(0);
	struct addr source, destination;
	static struct datagram all[SENT];
	struct fw_policy *policy;
	struct buf text;
	unsigned i;
	bool is_v6;

	buf_init(&text, 0);
	limits_document(&text);
	policy = policy_make(w, (const char *)text.data, a);
	buf_fini(&text);
	to_sets(w, policy);
	w->arrays.state->control.syn_total = 0;
	to_program(w, policy, o, a);
	for (i = 0; i < SENT; i++) {
		is_v6 = random_below(2);
		source = host(at, is_v6, random_below(8));
		destination = host(at, is_v6, 100 + random_below(3));
		destination.bytes[15] = 1;
		datagram_call(&all[i], &source, &destination, (uint16_t)(1000 + random_below(3)), random_below(3) != 0, at * SENT + i + 1);
		send_to(w, &all[i], 0, 0);
		send_to(w, &all[i], 1, 0);
	}
	read_witness(at * SENT + 1, seen);
	for (i = 0; i < SENT; i++) {
		t->calls++;
		t->refused += !seen[i].by_sets;
		if (seen[i].by_driver != seen[i].by_sets && t->failed++ < FAILURES_MAX)
			tell(&none, &all[i], &seen[i], "limits differ", o, at);
	}
	arena_free(a);
}

int
main(int argc, char **argv)
{
	struct options o = { .n = 20, .seed = 1 };
	struct tally t = { 0 };
	struct world w;
	unsigned i;
	int c;

	while ((c = getopt(argc, argv, "n:s:f:")) != -1) {
		if (c == 'n')
			o.n = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 's')
			o.seed = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'f' && strcmp(optarg, "off-by-one") == 0)
			o.is_off_by_one = true;
		else if (c == 'f' && strcmp(optarg, "long-burst") == 0)
			o.has_long_burst = true;
		else
			errx(2, "usage: xdp_same [-n LISTS] [-s SEED] [-f off-by-one | long-burst]");
	}
	log_init("same", LOG_LEVEL_ERR);
	datagram_seed(o.seed);
	world_open(&w);
	for (i = 0; i < o.n; i++) {
		prove(&w, &o, 2 * i, &t);
		prove_limits(&w, &o, 2 * i + 1, &t);
	}
	printf("%lu calls under limits, %lu of them refused; ", t.calls, t.refused);
	printf("%u lists, %lu datagrams, %lu of listed senders, %lu tagged, %lu in fragments, %lu with options: %lu failed\n", o.n, t.datagrams,
	    t.dropped, t.tagged, t.fragmented, t.with_options, t.failed);
	return t.failed > 0;
}
