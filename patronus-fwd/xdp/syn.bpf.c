/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SYN packets that are answered in the driver, as the kernel's synproxy would (net/netfilter/nf_synproxy_core.c): with the kernel's own cookie, which
 * the ruleset's synproxy looks for in what the caller says then.  So nothing is kept, nobody is let through, and whatever is not plain (tags, IP
 * options, fragments, payload, a wrong checksum, another way back than the one it came by) goes on to the stack.
 */
#define SYN_OPTIONS	16	/* of a SYN that are read; Linux sends 5, macOS 8 */
#define TCP_LEN		20
#define TCP_LEN_MAX	60
#define FRAME_MIN	60	/* of Ethernet: what is shorter was filled up */
#define HOPS		64	/* of what the kernel sends by itself, as it is by default */
#define TIME_STEP	0x3fu	/* the low bits of a timestamp, in which synproxy keeps what the caller can do */
#define TIME_NO_SCALE	0x0fu
#define TIME_SACK	0x10u
#define SCALE_MAX	14
#define FLAGS_PLAIN	0x3f	/* URG, ACK, PSH, RST, SYN, FIN */
#define FLAGS_ANSWER	0x12	/* SYN, ACK */
#define DONT_FRAGMENT	0x4000
#define AF_INET		2
#define AF_INET6	10

enum { TCP_EOL = 0, TCP_NOP = 1, TCP_MSS = 2, TCP_SCALE = 3, TCP_SACK = 4, TCP_TIME = 8 };

struct syn {
	union {
		uint8_t		bytes[64];	/* the header, and zeros */
		uint32_t	words[16];
	} tcp;
	uint32_t	len;		/* of it */
	uint32_t	at;		/* in it: the next option */
	uint32_t	ip_len;
	uint32_t	time;		/* network order */
	uint16_t	mss;
	uint8_t		options;	/* XDP_TCP_* */
	uint8_t		scale;
	bool		is_v6;
};

/* The number of the entry behind those before `from` that fits, and 1; 0: none.  links: in, and out << 32; out 0: whichever. */
int	answer_find(uint32_t answers, uint64_t links, uint64_t high, uint64_t low, uint32_t port);
/* Reads one option; 0: it was the last, or s->at stays before the end, since there is something wrong with it. */
int	option_next(struct syn *);
/* 1: the packet has become its answer. */
int	answer(struct xdp_md *, uint32_t answers);

#define PORT_V6		0x10000u	/* in the last argument of answer_find() */

__attribute__((noinline)) int
answer_find(uint32_t answers, uint64_t links, uint64_t high, uint64_t low, uint32_t port)
{
	uint32_t n = answers & XDP_ANSWER_COUNT, in = (uint32_t)links, out = (uint32_t)(links >> 32), i, key;
	const struct xdp_answer_entry *e;

	for (i = 0; i < XDP_ANSWERS && i < n; i++) {
		key = XDP_ANSWER_AT(answers & XDP_ANSWER_HALF, i);
		e = bpf_map_lookup_elem(&state, &key);
		if (e == NULL)
			return 0;
		if (e->in == in && e->low <= (port & 0xffff) && e->high >= (port & 0xffff) && e->is_v6 == (port >> 16 & 1) &&
		    ((high ^ e->address[0]) & e->mask[0]) == 0 && ((low ^ e->address[1]) & e->mask[1]) == 0 && (e->out == 0 || out == 0 || e->out == out))
			return (int)i + 1;
	}
	return 0;
}

static __always_inline uint16_t
fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Of words in network order: RFC 1071 does not mind. */
static __always_inline uint64_t
sum_words(const uint32_t *words, unsigned n)
{
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < n; i++)
		sum += words[i];
	return sum;
}

/* The length of a TCP header as the verifier of 6.1 sees that it is one: the compiler would make another comparison of it.  0: it is none. */
static __always_inline uint64_t
tcp_len(uint64_t len)
{
	len &= 63;
	asm volatile("" : "+r"(len));
	if (len < TCP_LEN)
		return 0;
	asm volatile("" : "+r"(len));
	return len <= TCP_LEN_MAX ? len : 0;
}

/* --- what came */

/* Those that the kernel takes for a host elsewhere. */
static __always_inline bool
is_sender_v4(uint32_t address)
{
	uint8_t first = (uint8_t)(bpf_ntohl(address) >> 24);

	return first != 0 && first != 127 && first < 224;
}

static __always_inline bool
is_sender_v6(uint8_t first)
{
	return (first & 0xe0) == 0x20 || (first & 0xfe) == 0xfc;
}

static __always_inline bool
ip_read_v4(struct syn *s, const struct iphdr *h)
{
	s->ip_len = sizeof(*h);
	s->len = (uint32_t)bpf_ntohs(h->tot_len) - sizeof(*h);
	return h->version == 4 && h->ihl == 5 && h->protocol == IPPROTO_TCP && (h->frag_off & bpf_htons((uint16_t)~DONT_FRAGMENT)) == 0 && h->ttl > 1 &&
	    is_sender_v4(h->saddr) && fold(sum_words((const uint32_t *)(const void *)h, 5)) == 0;
}

static __always_inline bool
ip_read_v6(struct syn *s, const struct ipv6hdr *h)
{
	s->ip_len = sizeof(*h);
	s->len = bpf_ntohs(h->payload_len);
	s->is_v6 = true;
	return h->version == 6 && h->nexthdr == IPPROTO_TCP && h->hop_limit > 1 && is_sender_v6(h->saddr.in6_u.u6_addr8[0]);
}

/* false: it is none that we understand in full. */
static __always_inline bool
option_read(struct syn *s, uint32_t at, uint8_t kind, uint8_t size)
{
	const uint8_t *b = s->tcp.bytes;
	uint8_t option = kind == TCP_MSS ? XDP_TCP_MSS : kind == TCP_SCALE ? XDP_TCP_SCALE : kind == TCP_SACK ? XDP_TCP_SACK :
	    kind == TCP_TIME ? XDP_TCP_TIME : 0, want = kind == TCP_MSS ? 4 : kind == TCP_SCALE ? 3 : kind == TCP_SACK ? 2 : 10;

	if (option == 0)
		return true;
	if (size != want || s->options & option)
		return false;
	s->options |= option;
	if (option == XDP_TCP_SCALE)
		s->scale = b[(at + 2) & 63] > SCALE_MAX ? SCALE_MAX : b[(at + 2) & 63];
	if (option == XDP_TCP_TIME)
		s->time = bpf_htonl((uint32_t)b[(at + 2) & 63] << 24 | (uint32_t)b[(at + 3) & 63] << 16 | (uint32_t)b[(at + 4) & 63] << 8 | b[(at + 5) & 63]);
	return true;
}

__attribute__((noinline)) int
option_next(struct syn *s)
{
	uint32_t at, left;
	uint8_t kind, size;

	if (s == NULL || s->at >= s->len)
		return 0;
	left = s->len - s->at;
	at = s->at & 63;
	kind = s->tcp.bytes[at];
	size = s->tcp.bytes[(at + 1) & 63];
	if (kind == TCP_EOL) {
		s->at = s->len;
		return 0;
	}
	if (kind == TCP_NOP) {
		s->at++;
		return 1;
	}
	if (size < 2 || size > left || !option_read(s, at, kind, size))
		return 0;
	s->at += size;
	return 1;
}

static __always_inline bool
options_read(struct syn *s)
{
	int i;

	s->at = TCP_LEN;
	for (i = 0; i < SYN_OPTIONS && option_next(s) == 1; i++)
		continue;
	return s->at == s->len;
}

/* The header alone, whole and right. */
static __always_inline bool
tcp_read(struct syn *s, struct xdp_md *ctx, uint64_t addresses)
{
	const uint8_t *b = s->tcp.bytes;
	uint64_t len = tcp_len(s->len);

	if (len == 0 || len != s->len || len % 4 != 0)
		return false;
	if (bpf_xdp_load_bytes(ctx, sizeof(struct ethhdr) + s->ip_len, s->tcp.bytes, (uint32_t)len) != 0)
		return false;
	return (uint32_t)(b[12] >> 4) * 4 == s->len && (b[TCP_FLAGS] & FLAGS_PLAIN) == FLAG_SYN &&
	    fold(addresses + bpf_htonl(IPPROTO_TCP) + bpf_htonl(s->len) + sum_words(s->tcp.words, 15)) == 0 && options_read(s);
}

/* --- the answer */

/* What both can do, and where synproxy keeps the rest. */
static __always_inline uint32_t
timestamp(const struct syn *s, uint8_t options)
{
	uint32_t t = (uint32_t)(bpf_ktime_get_ns() / 1000000) & ~TIME_STEP;

	return t | (options & XDP_TCP_SCALE ? s->scale : TIME_NO_SCALE) | (options & XDP_TCP_SACK ? TIME_SACK : 0);
}

static __always_inline uint32_t
option_word(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return bpf_htonl((uint32_t)a << 24 | (uint32_t)b << 16 | (uint32_t)c << 8 | d);
}

/* The header of TCP in place of the one that came; its checksum is still to be made. */
static __always_inline void
tcp_answer(struct syn *s, const struct xdp_answer_entry *e, uint32_t cookie)
{
	uint8_t options = s->options & e->options, first = options & XDP_TCP_SACK ? TCP_SACK : TCP_NOP, second = options & XDP_TCP_SACK ? 2 : TCP_NOP;
	uint32_t *w = s->tcp.words, sequence = bpf_htonl(bpf_ntohl(w[1]) + 1), n = 5;

	__builtin_memset(&w[n], 0, TCP_LEN_MAX - TCP_LEN);
	if (options & XDP_TCP_MSS)
		w[n++] = bpf_htonl((uint32_t)TCP_MSS << 24 | 4u << 16 | e->mss);
	if (options & XDP_TCP_TIME) {
		w[n++] = option_word(first, second, TCP_TIME, 10);
		w[n++] = bpf_htonl(timestamp(s, options));
		w[n++] = s->time;
		if (options & XDP_TCP_SCALE)
			w[n++] = option_word(TCP_NOP, TCP_SCALE, 3, e->window_scale);
	}
	w[0] = w[0] << 16 | w[0] >> 16;
	w[1] = bpf_htonl(cookie);
	w[2] = sequence;
	w[3] = bpf_htonl(n << 28 | (uint32_t)FLAGS_ANSWER << 16);
	w[4] = 0;
	s->len = n * 4;
}

/* The link by which a packet from here to there leaves, as the kernel's routes say; 0: by none, or it would stay here. */
static __always_inline uint32_t
way(struct xdp_md *ctx, struct bpf_fib_lookup *f, const struct syn *s, const uint32_t *from, const uint32_t *to, bool needs_neighbour)
{
	long r;
	int i;

	__builtin_memset(f, 0, sizeof(*f));
	f->family = s->is_v6 ? AF_INET6 : AF_INET;
	f->ifindex = ctx->ingress_ifindex;
	f->l4_protocol = IPPROTO_TCP;
	f->ipv4_src = from[0];
	f->ipv4_dst = to[0];
	for (i = 0; s->is_v6 && i < 4; i++) {
		f->ipv6_src[i] = from[i];
		f->ipv6_dst[i] = to[i];
	}
	r = bpf_fib_lookup(ctx, f, sizeof(*f), 0);
	return r == BPF_FIB_LKUP_RET_SUCCESS || (!needs_neighbour && r == BPF_FIB_LKUP_RET_NO_NEIGH) ? f->ifindex : 0;
}

/* The entry that decides, once it is known by which link the server is reached; NULL: none, or one that leaves it to the ruleset. */
static __always_inline const struct xdp_answer_entry *
entry_for(struct xdp_md *ctx, struct bpf_fib_lookup *f, const struct syn *s, const uint32_t *from, const uint32_t *to, uint32_t answers)
{
	uint64_t high = bpf_ntohl(to[0]), low = 0, in = ctx->ingress_ifindex, out;
	uint32_t port = bpf_ntohl(s->tcp.words[0]) & 0xffff, key;
	const struct xdp_answer_entry *e;
	int n;

	if (s->is_v6) {
		high = high << 32 | bpf_ntohl(to[1]);
		low = (uint64_t)bpf_ntohl(to[2]) << 32 | bpf_ntohl(to[3]);
		port |= PORT_V6;
	}
	if (answer_find(answers, in, high, low, port) == 0 || (out = way(ctx, f, s, from, to, false)) == 0)
		return NULL;
	n = answer_find(answers, in | out << 32, high, low, port);
	if (n <= 0 || n > XDP_ANSWERS)
		return NULL;
	key = XDP_ANSWER_AT(answers & XDP_ANSWER_HALF, (uint32_t)n - 1);
	e = bpf_map_lookup_elem(&state, &key);
	return e == NULL || e->is_left ? NULL : e;
}

static __always_inline bool
is_for_us(const struct ethhdr *h, const struct xdp_answer_entry *e)
{
	int i;

	for (i = 0; i < ETH_ALEN; i++)
		if (h->h_dest[i] != e->mac[i])
			return false;
	return true;
}

static __always_inline void
ip_answer_v4(struct iphdr *h, const uint32_t *from, const uint32_t *to, uint32_t len)
{
	__builtin_memset(h, 0, sizeof(*h));
	h->version = 4;
	h->ihl = 5;
	h->tot_len = bpf_htons((uint16_t)(sizeof(*h) + len));
	h->frag_off = bpf_htons(DONT_FRAGMENT);
	h->ttl = HOPS;
	h->protocol = IPPROTO_TCP;
	h->saddr = from[0];
	h->daddr = to[0];
	h->check = fold(sum_words((const uint32_t *)(const void *)h, 5));
}

static __always_inline void
ip_answer_v6(struct ipv6hdr *h, const uint32_t *from, const uint32_t *to, uint32_t len)
{
	int i;

	__builtin_memset(h, 0, sizeof(*h));
	h->version = 6;
	h->payload_len = bpf_htons((uint16_t)len);
	h->nexthdr = IPPROTO_TCP;
	h->hop_limit = HOPS;
	for (i = 0; i < 4; i++) {
		h->saddr.in6_u.u6_addr32[i] = from[i];
		h->daddr.in6_u.u6_addr32[i] = to[i];
	}
}

/* Nothing has been written before this, and the kernel is out of the way once the frame is as long as it shall be. */
static __always_inline bool
frame_answer(struct xdp_md *ctx, struct syn *s, const struct bpf_fib_lookup *back, const uint32_t *from, const uint32_t *to)
{
	uint32_t was = (uint32_t)(ctx->data_end - ctx->data), head = sizeof(struct ethhdr) + s->ip_len;
	uint64_t len = s->len;
	struct ethhdr *eth;
	void *data, *end;

	if (head + len < FRAME_MIN && was >= FRAME_MIN)
		len = FRAME_MIN - head;		/* and zeros */
	len = tcp_len(len);
	if (len == 0 || head + len > was || bpf_xdp_adjust_tail(ctx, (int)(head + len) - (int)was) != 0)
		return false;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	eth = data;
	if (data + sizeof(*eth) + sizeof(struct ipv6hdr) > end)
		return false;
	__builtin_memcpy(eth->h_dest, back->dmac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, back->smac, ETH_ALEN);
	if (s->is_v6)
		ip_answer_v6((struct ipv6hdr *)(eth + 1), to, from, s->len);
	else
		ip_answer_v4((struct iphdr *)(eth + 1), to, from, s->len);
	return bpf_xdp_store_bytes(ctx, head, s->tcp.bytes, (uint32_t)len) == 0;
}

__attribute__((noinline)) int
answer(struct xdp_md *ctx, uint32_t answers)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	uint32_t from[4] = { 0 }, to[4] = { 0 };
	const struct xdp_answer_entry *e;
	struct ethhdr *eth = data;
	struct iphdr *v4 = (void *)(eth + 1);
	struct ipv6hdr *v6 = (void *)(eth + 1);
	struct syn s = { .len = 0 };
	struct bpf_fib_lookup f;
	uint64_t addresses, len;
	__s64 cookie;

	if ((void *)(v4 + 1) > end)
		return 0;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		if (!ip_read_v4(&s, v4))
			return 0;
		from[0] = v4->saddr;
		to[0] = v4->daddr;
	} else {
		if (eth->h_proto != bpf_htons(ETH_P_IPV6) || (void *)(v6 + 1) > end || !ip_read_v6(&s, v6))
			return 0;
		__builtin_memcpy(from, &v6->saddr, sizeof(from));
		__builtin_memcpy(to, &v6->daddr, sizeof(to));
	}
	addresses = sum_words(from, 4) + sum_words(to, 4);
	if (!tcp_read(&s, ctx, addresses) || (e = entry_for(ctx, &f, &s, from, to, answers)) == NULL || !is_for_us(eth, e) ||
	    way(ctx, &f, &s, to, from, true) != ctx->ingress_ifindex)
		return 0;
	if ((len = tcp_len(s.len)) == 0)	/* which the verifier has forgotten */
		return 0;
	if (!s.is_v6)
		cookie = bpf_tcp_raw_gen_syncookie_ipv4(v4, (void *)s.tcp.bytes, (uint32_t)len);
	else
		cookie = (void *)(v6 + 1) <= end ? bpf_tcp_raw_gen_syncookie_ipv6(v6, (void *)s.tcp.bytes, (uint32_t)len) : -1;
	if (cookie < 0)
		return 0;
	tcp_answer(&s, e, (uint32_t)cookie);
	s.tcp.words[4] = fold(addresses + bpf_htonl(IPPROTO_TCP) + bpf_htonl(s.len) + sum_words(s.tcp.words, 15));
	return frame_answer(ctx, &s, &f, from, to) ? 1 : 0;
}
