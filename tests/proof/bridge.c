/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The same proof for frames between the ports of a bridge: random bridge rules and random frames.  What the rules say, read in order by a reference
 * that is written here and knows nothing of nftables, is what the kernel does with the frames, by where they come out and by the counters of the
 * rules, and what explain says.  No frame is decided by a rule that the analysis calls dead.
 *
 *   proof-bridge [-n POLICIES] [-s FIRST_SEED] [-f FAULT]
 *
 * With -f the form that the kernel gets and explain reads has a fault, which has to be found: deed, order, explain (explain alone has it),
 * witness (the first witness of each dead rule is taken away after the analysis).
 */
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <linux/netfilter.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "ipc/ids.h"

#include "analysis.h"
#include "compile.h"
#include "explain.h"
#include "nft_encode.h"
#include "nft_kernel.h"
#include "nft_read.h"
#include "options.h"
#include "policy_bridge.h"
#include "policy_random.h"
#include "prove_packet.h"
#include "world.h"

#define PORTS		3
#define RULES_MAX	12
#define FRAMES		96
#define MACS		6
#define NUMBER_LEN	4	/* behind everything else in a frame */
#define FRAME_MAX	(PROVE_FRAME_MAX + NUMBER_LEN)
#define SETTLE_US	300000

static const char *const ports[PORTS] = { "tap0", "tap1", "tap2" };
static const uint16_t types[] = { ETH_P_IP, ETH_P_IPV6, ETH_P_ARP, ETH_P_PPP_SES, 0x88cc };

struct frame {
	struct explain_frame	 head;
	struct explain_packet	 packet;
	unsigned		 in;
	bool			 is_out[PORTS];
};

struct sums {
	unsigned long	frames;		/* each for each port that it may leave by */
	unsigned long	by_rules;
	unsigned long	dropped;
	unsigned long	rules;
	unsigned long	dead;		/* shadowed or redundant, as the analysis says */
	unsigned long	wrong;
};

static struct {
	struct nft_kernel	kernel;
	int			taps[PORTS];
} box;

/* --- rules */

static struct mac
mac_random(void)
{
	return (struct mac){ { 0x02, 0, 0, 0, 0, (uint8_t)(1 + below(MACS)) } };
}

static void
links_random(struct policy_links *l, struct arena *a)
{
	unsigned i;

	l->is_given = below(3) == 0;
	l->items = arena_alloc(a, PORTS, sizeof(*l->items));
	for (i = 0; l->is_given && i < PORTS; i++)
		if (below(2) == 0)
			l->items[l->n++] = ports[i];
}

static void
macs_random(struct policy_mac_matches *m, struct arena *a)
{
	static const struct mac mask = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe } };
	uint32_t n = below(3) == 0 ? 1 + below(3) : 0;

	m->items = arena_alloc(a, 3, sizeof(*m->items));
	for (; m->n < n; m->n++) {
		m->items[m->n].value = mac_random();
		m->items[m->n].is_whole = below(3) != 0;
		memset(&m->items[m->n].mask, 0xff, sizeof(m->items[m->n].mask));
		if (m->items[m->n].is_whole)
			continue;
		m->items[m->n].mask = mask;
		m->items[m->n].value.bytes[5] &= 0xfe;
	}
}

static void
endpoint_random(struct policy_endpoint *e, struct arena *a)
{
	uint32_t n = 1 + below(3), i;

	if (below(2) == 0)
		return;
	e->n = 1;
	e->criteria = arena_alloc(a, 1, sizeof(*e->criteria));
	e->criteria[0] = (struct policy_addresses){ .path = "", .items = arena_alloc(a, n, sizeof(struct prefix)), .n = n };
	for (i = 0; i < n; i++) {
		e->criteria[0].items[i].addr = addr_in_block(below(2) == 0 ? ADDR_V4 : ADDR_V6, below(3), below(RANDOM_HOSTS));
		e->criteria[0].items[i].len = (uint8_t)(8 * addr_len(&e->criteria[0].items[i].addr) - 4 * below(2));
		e->criteria[0].items[i].addr = prefix_network(&e->criteria[0].items[i]).addr;
	}
}

static void
services_random(struct policy_bridge_rule *r, struct arena *a)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_ESP };
	struct policy_service *s;
	uint32_t n = below(3);

	r->services = arena_alloc(a, 2, sizeof(*r->services));
	for (; r->n_services < n; r->n_services++) {
		s = &r->services[r->n_services];
		s->protocol = protocols[below(sizeof(protocols))];
		if (!has_ports(s->protocol))
			continue;
		s->ports = arena_alloc(a, 1, sizeof(*s->ports));
		s->ports[0].low = (uint16_t)(1 + below(6));
		s->ports[0].high = (uint16_t)(s->ports[0].low + below(3));
		s->n_ports = 1;
	}
}

/* As resolve_bridge.c leaves them: of what is inside one thing is asked. */
static void
content_random(struct policy_bridge_rule *r, struct arena *a)
{
	uint32_t n;

	r->types = arena_alloc(a, 3, sizeof(*r->types));
	r->arp_senders = arena_alloc(a, 2, sizeof(*r->arp_senders));
	switch (below(4)) {
	case 0:
		r->is_ip = true;
		endpoint_random(&r->source, a);
		endpoint_random(&r->destination, a);
		services_random(r, a);
		if (r->source.n == 0 && r->destination.n == 0 && r->n_services == 0)
			r->is_ip = false;
		if (r->is_ip && below(3) == 0)
			r->types[r->n_types++] = below(2) == 0 ? ETH_P_IP : ETH_P_IPV6;
		break;
	case 1:
		r->types[r->n_types++] = ETH_P_ARP;
		r->arp_operation = (uint16_t)below(3);
		for (n = below(3); r->n_arp_senders < n; r->n_arp_senders++)
			r->arp_senders[r->n_arp_senders] = (struct prefix){ addr_in_block(ADDR_V4, below(3), below(RANDOM_HOSTS)), 32 };
		break;
	case 2:
		for (n = below(3); r->n_types < n; r->n_types++)
			r->types[r->n_types] = types[below(sizeof(types) / sizeof(types[0]))];
		r->is_tagged = below(3) == 0;
		break;
	default:
		break;
	}
}

static void
rule_random(struct policy_bridge_rule *r, unsigned number, struct arena *a)
{
	uint32_t n;

	r->id = arena_printf(a, "b%u", number);
	r->path = arena_printf(a, "/firewall/bridge-rules/b%u", number);
	links_random(&r->in, a);
	links_random(&r->out, a);
	macs_random(&r->source_macs, a);
	macs_random(&r->destination_macs, a);
	content_random(r, a);
	r->vlans = arena_alloc(a, 2, sizeof(*r->vlans));
	for (n = below(4) == 0 ? 1 + below(2) : 0; r->n_vlans < n; r->n_vlans++)
		r->vlans[r->n_vlans] = (uint16_t)(1 + below(3));
	r->action = below(2) == 0 ? POLICY_ACCEPT : POLICY_DROP;
}

static struct fw_policy *
rules_random(struct arena *a)
{
	struct fw_policy *p = policy_random(a, 0, 1);
	struct policy_bridge *b = arena_alloc(a, 1, sizeof(*b));
	uint32_t n = 1 + below(RULES_MAX);

	b->rules = arena_alloc(a, n, sizeof(*b->rules));
	for (; b->n_rules < n; b->n_rules++)
		rule_random(&b->rules[b->n_rules], b->n_rules, a);
	b->drops = below(3) == 0;
	b->ports.items = arena_alloc(a, PORTS, sizeof(*b->ports.items));
	for (; b->drops && b->ports.n < PORTS; b->ports.n++)
		b->ports.items[b->ports.n] = ports[b->ports.n];
	p->bridge = b;
	return p;
}

/* --- frames */

static void
ip_random(struct explain_packet *k, uint8_t family)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_TCP, IPPROTO_ICMP, IPPROTO_ESP };

	k->source = addr_in_block(family, below(3), below(RANDOM_HOSTS));
	k->destination = addr_in_block(family, below(3), below(RANDOM_HOSTS));
	k->protocol = protocols[below(sizeof(protocols))];
	if (k->protocol == IPPROTO_ICMP && family == ADDR_V6)
		k->protocol = IPPROTO_ICMPV6;
	k->icmp_type = k->protocol == IPPROTO_ICMPV6 ? 128 : 8;
	k->source_port = (uint16_t)(1 + below(8));
	k->destination_port = (uint16_t)(1 + below(8));
	k->length = 80;
}

static void
frame_random(struct frame *f)
{
	struct explain_packet *k = &f->packet;

	memset(f, 0, sizeof(*f));
	f->in = below(PORTS);
	f->head.type = types[below(sizeof(types) / sizeof(types[0]))];
	f->head.vlan = (uint16_t)(below(3) == 0 ? 1 + below(4) : 0);
	f->head.destination = below(8) == 0 ? (struct mac){ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } } : mac_random();
	k->frame = &f->head;
	k->source_mac = mac_random();
	k->has_mac = true;
	k->in_link = ports[f->in];
	k->ct_state = IR_CT_NEW;
	if (f->head.type == ETH_P_IP || f->head.type == ETH_P_IPV6)
		ip_random(k, f->head.type == ETH_P_IP ? ADDR_V4 : ADDR_V6);
	if (f->head.type != ETH_P_ARP)
		return;
	f->head.arp_operation = (uint16_t)(1 + below(2));
	k->source = addr_in_block(ADDR_V4, below(3), below(RANDOM_HOSTS));
	k->destination = addr_in_block(ADDR_V4, below(3), below(RANDOM_HOSTS));
}

/* --- the reference */

static bool
is_listed(const struct policy_links *l, const char *port)
{
	uint32_t i;

	for (i = 0; i < l->n && strcmp(l->items[i], port) != 0; i++)
		;
	return !l->is_given || i < l->n;
}

static bool
is_mac(const struct policy_mac_matches *m, const struct mac *mac)
{
	uint32_t i;
	unsigned k;

	for (i = 0; i < m->n; i++) {
		for (k = 0; k < 6 && (mac->bytes[k] & m->items[i].mask.bytes[k]) == m->items[i].value.bytes[k]; k++)
			;
		if (k == 6)
			return true;
	}
	return m->n == 0;
}

static bool
is_at(const struct policy_endpoint *e, const struct addr *a)
{
	uint32_t i;

	for (i = 0; e->n > 0 && i < e->criteria[0].n; i++)
		if (prefix_contains(&e->criteria[0].items[i], a))
			return true;
	return e->n == 0;
}

static bool
is_service(const struct policy_bridge_rule *r, const struct explain_packet *k)
{
	const struct policy_service *s;

	for (s = r->services; s < r->services + r->n_services; s++)
		if (s->protocol == k->protocol &&
		    (s->n_ports == 0 || (k->destination_port >= s->ports[0].low && k->destination_port <= s->ports[0].high)))
			return true;
	return r->n_services == 0;
}

static bool
is_content(const struct policy_bridge_rule *r, const struct frame *f)
{
	const struct explain_packet *k = &f->packet;
	uint32_t i;

	for (i = 0; i < r->n_types && r->types[i] != f->head.type; i++)
		;
	if ((r->n_types > 0 || r->is_tagged) && i == r->n_types && !(r->is_tagged && f->head.vlan != 0))
		return false;
	if (r->is_ip)
		return (f->head.type == ETH_P_IP || f->head.type == ETH_P_IPV6) && is_at(&r->source, &k->source) &&
		    is_at(&r->destination, &k->destination) && is_service(r, k);
	if (r->arp_operation != 0 && r->arp_operation != f->head.arp_operation)
		return false;
	for (i = 0; i < r->n_arp_senders && !prefix_contains(&r->arp_senders[i], &k->source); i++)
		;
	return r->n_arp_senders == 0 || i < r->n_arp_senders;
}

static bool
is_vlan(const struct policy_bridge_rule *r, uint16_t vlan)
{
	uint32_t i;

	for (i = 0; i < r->n_vlans && r->vlans[i] != vlan; i++)
		;
	return r->n_vlans == 0 || i < r->n_vlans;
}

static bool
is_dead(const struct analysis_finding *f)
{
	return f->kind == ANALYSIS_SHADOWED || f->kind == ANALYSIS_REDUNDANT;
}

/* Who decides that this frame may, or may not, leave by that port; NULL: nobody, and it may. */
static const char *
judge(const struct policy_bridge *b, const struct frame *f, const char *out, bool *ret_accepts)
{
	const struct policy_bridge_rule *r;

	for (r = b->rules; r < b->rules + b->n_rules; r++) {
		if (!is_listed(&r->in, f->packet.in_link) || !is_listed(&r->out, out) || !is_mac(&r->source_macs, &f->packet.source_mac) ||
		    !is_mac(&r->destination_macs, &f->head.destination) || !is_vlan(r, f->head.vlan) || !is_content(r, f))
			continue;
		*ret_accepts = r->action == POLICY_ACCEPT;
		return r->id;
	}
	*ret_accepts = !b->drops;
	return b->drops ? "bridge:default" : NULL;
}

/* --- the kernel */

static void
tap_open(unsigned n)
{
	struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI };

	(void)snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", ports[n]);
	box.taps[n] = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (box.taps[n] == -1 || ioctl(box.taps[n], TUNSETIFF, &r) != 0)
		err(1, "tap");
}

/* br_netfilter shows frames to rules of packets, and cuts them to the length of these. */
static void
leave_frames_alone(void)
{
	static const char *const names[] = { "iptables", "ip6tables", "arptables" };
	char path[64];
	unsigned i;
	int fd;

	for (i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "/proc/sys/net/bridge/bridge-nf-call-%s", names[i]);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd != -1 && (write(fd, "0", 1) != 1 || close(fd) != 0))
			err(1, "%s", path);
	}
}

/* A hub: it learns nothing, so that each frame goes to both other ports. */
static int
world_make(void)
{
	char text[1024];
	unsigned i;
	int n;

	if (access("/dev/net/tun", R_OK | W_OK) != 0 || nft_kernel_namespace() != 0 || nft_kernel_open(&box.kernel) != 0)
		return 77;
	leave_frames_alone();
	for (i = 0; i < PORTS; i++)
		tap_open(i);
	n = snprintf(text, sizeof(text), "link add br0 type bridge mcast_snooping 0\nlink set br0 addrgenmode none\nlink set br0 up\n");
	for (i = 0; i < PORTS; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "link set %s addrgenmode none txqueuelen 4096\nlink set %s master br0 up\n"
		    "link set dev %s type bridge_slave learning off\n", ports[i], ports[i], ports[i]);
	world_ip(text, n);
	(void)usleep(SETTLE_US);
	return 0;
}

static void
frame_send(const struct frame *f, uint32_t number)
{
	uint8_t data[FRAME_MAX];
	size_t len = prove_frame(&f->packet, data);

	memcpy(data + len, &number, sizeof(number));
	if (write(box.taps[f->in], data, len + sizeof(number)) != (ssize_t)(len + sizeof(number)))
		err(1, "sending a frame");
}

static void
collect(struct frame *frames)
{
	uint8_t data[FRAME_MAX + 64];
	uint32_t number;
	unsigned i;
	ssize_t n;

	for (i = 0; i < PORTS; i++) {
		while ((n = read(box.taps[i], data, sizeof(data))) > NUMBER_LEN) {
			memcpy(&number, data + n - NUMBER_LEN, sizeof(number));
			if (number < FRAMES)
				frames[number].is_out[i] = true;
		}
	}
}

static bool
load(const struct ir *ir)
{
	struct nft_batch b;
	int error;

	nft_batch_init(&b);
	b.family = NFPROTO_BRIDGE;
	nft_put_all(&b, ir);
	error = nft_kernel_batch(&box.kernel, b.out.data, b.out.len, 0, false, NULL);
	if (error != 0)
		printf("refused: %s: %s\n", nft_batch_path(&b, box.kernel.n_refused),
		    box.kernel.reason != NULL ? box.kernel.reason : strerror(-error));
	nft_batch_fini(&b);
	return error == 0;
}

/* --- */

static void
check(const struct ir *said, struct ir *ir, const struct policy_bridge *b, struct frame *f, unsigned out, unsigned seed, struct sums *s)
{
	struct explain_packet k = f->packet;
	struct explain_verdict v;
	struct ir_origin *o;
	const char *by;
	bool accepts;

	k.out_link = ports[out];
	by = judge(b, f, ports[out], &accepts);
	explain_hook(said, IR_HOOK_BRIDGE_FORWARD, &k, &v);
	s->frames++;
	s->by_rules += by != NULL && strchr(by, ':') == NULL;
	s->dropped += !accepts;
	if (by != NULL && (o = ir_origin_find(ir, by)) != NULL)
		o->told_packets++;
	if (f->is_out[out] == accepts && (v.action == IR_ACTION_ACCEPT) == accepts && (by == NULL) == (v.origin == NULL) &&
	    (by == NULL || strcmp(by, v.origin->id) == 0))
		return;
	if (s->wrong++ < 10)
		printf("seed %u: type 0x%04x vlan %u protocol %u from %s to %s: %s %s it; explain: %s by %s; the kernel %s it\n", seed, f->head.type,
		    f->head.vlan, k.protocol, k.in_link, k.out_link, by != NULL ? by : "nobody", accepts ? "accepts" : "drops",
		    v.action == IR_ACTION_ACCEPT ? "accept" : "drop", v.origin != NULL ? v.origin->id : "nobody", f->is_out[out] ? "passes" : "drops");
}

static void
check_counters(struct ir *ir, unsigned seed, struct sums *s)
{
	const struct ir_origin *o;
	struct buf b;
	uint32_t i;

	buf_init(&b, 0);
	if (nft_kernel_dump(&box.kernel, NL_DUMP_NFT_RULES, &b) != 0)
		errx(1, "the counters cannot be read");
	nft_read_counts(b.data, b.len, ir_origin_count, ir);
	buf_fini(&b);
	for (i = 0; i < ir->n_origins; i++) {
		o = ir->origins[i];
		if ((o->path == NULL || strncmp(o->path, "/firewall/bridge-rules/", 23) != 0) && strcmp(o->id, "bridge:default") != 0)
			continue;
		if (o->packets != o->told_packets && s->wrong++ < 10)
			printf("seed %u: rule %s should have decided %llu frames, the kernel counted %llu\n", seed, o->id,
			    (unsigned long long)o->told_packets, (unsigned long long)o->packets);
	}
}

/* As if its first witness were not written: it asks for a port that is none. */
static void
silence(struct policy_bridge *b, const struct analysis_finding *f)
{
	uint32_t i;

	for (i = 0; i < b->n_rules && f->n_witnesses > 0; i++)
		if (strcmp(b->rules[i].id, f->witnesses[0]->id) == 0)
			b->rules[i].in = (struct policy_links){ .is_given = true };
}

/* Says which rules are dead, in the order of the policy. */
static const struct analysis_finding *
analyse(struct fw_policy *p, bool without, struct arena *a, struct sums *s)
{
	struct ir *ir = compile(p, NULL);
	struct analysis_finding *found = analysis_bridge(p, ir, a);
	uint32_t i;

	for (i = 0; i < p->bridge->n_rules; i++) {
		s->rules++;
		s->dead += is_dead(&found[i]);
		if (without && is_dead(&found[i]))
			silence(p->bridge, &found[i]);
	}
	ir_free(ir);
	return found;
}

static void
check_dead(const struct analysis_finding *found, uint32_t n, const struct ir *ir, unsigned seed, struct sums *s)
{
	const struct ir_origin *o;
	uint32_t i;

	for (i = 0; i < n; i++) {
		o = ir_origin_find(ir, found[i].id);
		if (o != NULL && is_dead(&found[i]) && o->told_packets > 0 && s->wrong++ < 10)
			printf("seed %u: rule %s is called dead, and decides %llu frames\n", seed, o->id, (unsigned long long)o->told_packets);
	}
}

/* The first rule does the other thing; or the first two change places. */
static void
plant(struct policy_bridge *b, const char *fault)
{
	struct policy_bridge_rule first = b->rules[0];

	if (strcmp(fault, "deed") == 0) {
		b->rules[0].action = first.action == POLICY_ACCEPT ? POLICY_DROP : POLICY_ACCEPT;
	} else if (b->n_rules > 1) {
		b->rules[0] = b->rules[1];
		b->rules[1] = first;
	}
}

static void
run(unsigned seed, const char *fault, struct sums *s)
{
	static struct frame frames[FRAMES];
	struct arena *a = arena_new(0);
	struct fw_policy *p;
	struct policy_bridge b;
	const struct analysis_finding *found;
	struct ir *ir, *said;
	unsigned i, out;

	srandom(seed);
	p = rules_random(a);
	found = analyse(p, fault != NULL && strcmp(fault, "witness") == 0, a, s);
	b = *p->bridge;
	b.rules = arena_alloc(a, b.n_rules, sizeof(*b.rules));
	memcpy(b.rules, p->bridge->rules, b.n_rules * sizeof(*b.rules));
	if (fault != NULL && (strcmp(fault, "deed") == 0 || strcmp(fault, "order") == 0))
		plant(p->bridge, fault);
	ir = compile(p, NULL);
	if (fault != NULL && strcmp(fault, "explain") == 0)
		plant(p->bridge, "deed");
	said = compile(p, NULL);
	if (!load(ir)) {
		s->wrong++;
	} else {
		for (i = 0; i < FRAMES; i++) {
			frame_random(&frames[i]);
			frame_send(&frames[i], i);
		}
		collect(frames);
		for (i = 0; i < FRAMES; i++)
			for (out = 0; out < PORTS; out++)
				if (out != frames[i].in)
					check(said, ir, &b, &frames[i], out, seed, s);
		check_counters(ir, seed, s);
		check_dead(found, b.n_rules, ir, seed, s);
	}
	ir_free(said);
	ir_free(ir);
	arena_free(a);
}

int
main(int argc, char **argv)
{
	struct proof_options o = { .n = 300 };
	struct sums s = { 0 };
	unsigned i;

	proof_options_read(&o, argc, argv, "deed|order|explain|witness");
	log_init("proof", LOG_LEVEL_WARN);
	if (world_make() != 0)
		errx(77, "needs to be root and to have /dev/net/tun");
	for (i = 0; i < o.n; i++)
		run(o.first + i, o.fault, &s);
	printf("%u policies, %lu rules, %lu dead, %lu frames, %lu decided by rules, %lu dropped: %lu wrong\n", o.n, s.rules, s.dead, s.frames,
	    s.by_rules, s.dropped, s.wrong);
	/* A proof in which hardly any rule ever decides would prove nothing. */
	return s.wrong > 0 || s.by_rules < s.frames / 10 || s.dropped < s.frames / 20 || s.dead < s.rules / 200;
}
