/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "net/addr.h"
#include "net/nlmsg.h"

#include "flow_search.h"
#include "hash.h"
#include "mem.h"
#include "nflog.h"

#define FILTERS_MAX	16
#define VALUES_MAX	32
#define KEY_LEN		32

enum kind {
	KIND_NUMBER,		/* or a range of them */
	KIND_ADDRESS,		/* or a network */
	KIND_TEXT
};

/* What a member of a connection is, or what a filter wants it to be. */
struct datum {
	uint64_t	 low;
	uint64_t	 high;
	struct prefix	 prefix;
	const char	*text;
};

struct member {
	const char	*name;
	enum kind	 kind;
	unsigned	 n;		/* values that it has: an address is one of four */
	bool		 is_dear;	/* asked last */
	void		(*get)(const struct flow_search *, const struct flow *, unsigned i, struct datum *ret);
};

struct filter {
	const struct member	*member;
	struct datum		 values[VALUES_MAX];
	unsigned		 n;
};

struct row {
	uint8_t		 key[KEY_LEN];	/* by which pages are sorted; then comes the id */
	struct flow	 flow;
};

struct flow_search {
	struct flow_places	 places;
	struct arena		*arena;
	struct filter		 filters[FILTERS_MAX];
	unsigned		 n_filters;
	const struct member	*sort;
	bool			 is_down;
	bool			 has_cursor;
	struct row		 after;
	char			 hash[17];	/* of the search: a cursor belongs to it */
	uint32_t		 limit;
	struct row		*rows;		/* one more than the page, to know whether another follows */
	uint32_t		*order;		/* of the rows */
	uint32_t		 n;
	uint32_t		 total;
	uint32_t		 matched;
};

/* --- members --- */

static const struct addr *
end_addr(const struct flow *f, unsigned i)
{
	const struct addr *all[] = { &f->original.source, &f->original.destination, &f->reply.source, &f->reply.destination };

	return all[i];
}

static void
get_id(const struct flow_search *s, const struct flow *f, unsigned i, struct datum *ret)
{
	(void)s;
	(void)i;
	ret->low = f->id;
}

static void
get_protocol(const struct flow_search *s, const struct flow *f, unsigned i, struct datum *ret)
{
	(void)s;
	(void)i;
	ret->low = f->protocol;
}

static void
get_state(const struct flow_search *s, const struct flow *f, unsigned i, struct datum *ret)
{
	(void)s;
	(void)i;
	ret->text = flow_state_name(f);
}

static void
get_address(const struct flow_search *s, const struct flow *f, unsigned i, struct datum *ret)
{
	(void)s;
	ret->prefix.addr = *end_addr(f, i);
}

static void
get_destination(const struct flow_search *s, const struct flow *f, unsigned i, struct datum *ret)
{
	(void)s;
	(void)i;
	ret->prefix.addr = f->original.destination;
}

static void
get_source_port(const struct flow_search *s, const struct flow *f, unsigned i, struct datum *ret)
{
	(void)s;
	(void)i;
	ret->low = f->original.source_port;
}

static void
get_destination_port(const struct flow_search *s, const struct flow *f, unsigned i, struct datum *ret)
{
	(void)s;
	(void)i;
	ret->low = f->original.destination_port;
}

static void
get_port(const struct flow_search *s, const struct flow *f, unsigned i, struct datum *ret)
{
	(void)s;
	ret->low = i == 0 ? f->original.destination_port : i == 1 ? f->original.source_port : f->reply.source_port;
}

static void
get_mark(const struct flow_search *s, const struct flow *f, unsigned i, struct datum *ret)
{
	(void)s;
	(void)i;
	ret->low = f->mark;
}

static void
get_timeout(const struct flow_search *s, const struct flow *f, unsigned i, struct datum *ret)
{
	(void)s;
	(void)i;
	ret->low = f->timeout;
}

static void
get_packets(const struct flow_search *s, const struct flow *f, unsigned i, struct datum *ret)
{
	(void)s;
	(void)i;
	ret->low = f->packets[0] + f->packets[1];
}

static void
get_bytes(const struct flow_search *s, const struct flow *f, unsigned i, struct datum *ret)
{
	(void)s;
	(void)i;
	ret->low = f->bytes[0] + f->bytes[1];
}

static void
get_from(const struct flow_search *s, const struct flow *f, unsigned i, struct datum *ret)
{
	(void)i;
	ret->text = flow_search_from(s, f);
}

static void
get_to(const struct flow_search *s, const struct flow *f, unsigned i, struct datum *ret)
{
	(void)i;
	ret->text = flow_search_to(s, f);
}

static const struct member members[] = {
	{ "id", KIND_NUMBER, 1, false, get_id },
	{ "protocol", KIND_NUMBER, 1, false, get_protocol },
	{ "state", KIND_TEXT, 1, false, get_state },
	{ "source", KIND_ADDRESS, 1, false, get_address },
	{ "destination", KIND_ADDRESS, 1, false, get_destination },
	{ "address", KIND_ADDRESS, 4, false, get_address },
	{ "source-port", KIND_NUMBER, 1, false, get_source_port },
	{ "destination-port", KIND_NUMBER, 1, false, get_destination_port },
	{ "port", KIND_NUMBER, 3, false, get_port },
	{ "mark", KIND_NUMBER, 1, false, get_mark },
	{ "timeout", KIND_NUMBER, 1, false, get_timeout },
	{ "packets", KIND_NUMBER, 1, false, get_packets },
	{ "bytes", KIND_NUMBER, 1, false, get_bytes },
	{ "from", KIND_TEXT, 1, true, get_from },
	{ "to", KIND_TEXT, 1, true, get_to }
};

static const struct member *
member_find(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (strlen(members[i].name) == len && memcmp(members[i].name, name, len) == 0)
			return &members[i];
	return NULL;
}

/* --- what is asked --- */

static bool
number_of(const struct member *m, const char *text, uint64_t *ret)
{
	uint8_t protocol;

	if (m->get == get_protocol && nflog_protocol_number(text, &protocol)) {
		*ret = protocol;
		return true;
	}
	return str_u64(text, 0, UINT64_MAX, ret) == 0;
}

static bool
value_parse(const struct member *m, char *text, struct datum *ret)
{
	char *dash;

	switch (m->kind) {
	case KIND_TEXT:
		ret->text = text;
		return true;
	case KIND_ADDRESS:
		if (prefix_parse_host(text, &ret->prefix) != 0)
			return false;
		ret->prefix = prefix_network(&ret->prefix);
		return true;
	case KIND_NUMBER:
		break;
	}
	dash = strchr(text, '-');
	if (dash != NULL)
		*dash++ = '\0';
	return number_of(m, text, &ret->low) && number_of(m, dash != NULL ? dash : text, &ret->high) && ret->low <= ret->high;
}

/* "filter[member]" with values behind commas. */
static const char *
add_filter(struct flow_search *s, const struct query_term *t)
{
	const char *name = t->name + strlen("filter[");
	size_t len = strcspn(name, "]");
	struct filter *f = &s->filters[s->n_filters];
	char *text = mem_strdup(s->arena, t->value), *next;

	if (s->n_filters == FILTERS_MAX)
		return "there are too many filters";
	if ((f->member = member_find(name, len)) == NULL)
		return mem_printf(s->arena, "connections have no member \"%.*s\" to filter by", (int)len, name);
	for (; text != NULL; text = next) {
		if ((next = strchr(text, ',')) != NULL)
			*next++ = '\0';
		if (f->n == VALUES_MAX)
			return mem_printf(s->arena, "%s has more than %d values", t->name, VALUES_MAX);
		if (!value_parse(f->member, text, &f->values[f->n++]))
			return mem_printf(s->arena, "%s: \"%.64s\" is not %s", t->name, text, f->member->kind == KIND_ADDRESS ?
			    "an address or network" : "a number, or a range such as 8000-8010");
	}
	s->n_filters++;
	return NULL;
}

static const char *
set_sort(struct flow_search *s, const char *value)
{
	s->is_down = value[0] == '-';
	value += s->is_down ? 1 : 0;
	if ((s->sort = member_find(value, strlen(value))) == NULL)
		return mem_printf(s->arena, "connections have no member \"%.64s\" to sort by", value);
	return NULL;
}

static const char *
set_limit(struct flow_search *s, const char *value)
{
	uint64_t n;

	if (str_u64(value, 1, FLOW_SEARCH_LIMIT_MAX, &n) != 0)
		return mem_printf(s->arena, "limit is a number from 1 to %d", FLOW_SEARCH_LIMIT_MAX);
	s->limit = (uint32_t)n;
	return NULL;
}

/* HASH.KEY.ID as flow_search_next() made it. */
static const char *
set_cursor(struct flow_search *s, const char *value)
{
	static const size_t len = 16 + 1 + 2 * KEY_LEN + 1;
	char key[2 * KEY_LEN + 1];
	uint64_t id;

	if (strlen(value) <= len || memcmp(value, s->hash, 16) != 0 || str_copy(key, value + 17, sizeof(key)) < 2 * KEY_LEN ||
	    str_unhex(key, s->after.key, KEY_LEN) != 0 || str_u64(value + len, 0, UINT32_MAX, &id) != 0)
		return "the cursor is not of this search";
	s->after.flow.id = (uint32_t)id;
	s->has_cursor = true;
	return NULL;
}

static const char *
read_terms(struct flow_search *s, const struct query_term *terms, uint32_t n)
{
	const char *why = NULL, *cursor = NULL;
	const struct query_term *t;
	uint64_t hash = HASH_SEED;

	for (t = terms; t < terms + n && why == NULL; t++) {
		if (strcmp(t->name, "cursor") == 0) {
			cursor = t->value;
			continue;
		}
		if (strcmp(t->name, "limit") == 0) {
			why = set_limit(s, t->value);
			continue;
		}
		hash = hash_bytes(t->value, strlen(t->value), hash_bytes(t->name, strlen(t->name), hash));
		if (strcmp(t->name, "sort") == 0)
			why = set_sort(s, t->value);
		else if (strncmp(t->name, "filter[", 7) == 0)
			why = add_filter(s, t);
		else
			why = mem_printf(s->arena, "there is no parameter \"%.64s\" here", t->name);
	}
	(void)snprintf(s->hash, sizeof(s->hash), "%016llx", (unsigned long long)hash);
	return why == NULL && cursor != NULL ? set_cursor(s, cursor) : why;
}

struct flow_search *
flow_search_new(const struct query_term *terms, uint32_t n, const struct flow_places *places, struct arena *a, const char **ret_why)
{
	struct flow_search *s = mem_alloc(a, 1, sizeof(*s));
	const char *why;

	s->arena = a;
	s->places = *places;
	s->limit = FLOW_SEARCH_LIMIT;
	s->sort = &members[0];
	if ((why = read_terms(s, terms, n)) != NULL) {
		*ret_why = why;
		return NULL;
	}
	s->rows = mem_alloc(a, s->limit + 2, sizeof(*s->rows));
	s->order = mem_alloc(a, s->limit + 2, sizeof(*s->order));
	return s;
}

bool
flow_search_has_filter(const struct flow_search *s)
{
	return s->n_filters > 0;
}

/* --- what is there --- */

const char *
flow_state_name(const struct flow *f)
{
	static const char *const names[TCP_CONNTRACK_MAX] = {
		[TCP_CONNTRACK_NONE] = "none", [TCP_CONNTRACK_SYN_SENT] = "syn-sent", [TCP_CONNTRACK_SYN_RECV] = "syn-recv",
		[TCP_CONNTRACK_ESTABLISHED] = "established", [TCP_CONNTRACK_FIN_WAIT] = "fin-wait", [TCP_CONNTRACK_CLOSE_WAIT] = "close-wait",
		[TCP_CONNTRACK_LAST_ACK] = "last-ack", [TCP_CONNTRACK_TIME_WAIT] = "time-wait", [TCP_CONNTRACK_CLOSE] = "close",
		[TCP_CONNTRACK_LISTEN] = "syn-sent2"
	};

	if (f->protocol == IPPROTO_TCP && f->tcp_state < TCP_CONNTRACK_MAX && names[f->tcp_state] != NULL)
		return names[f->tcp_state];
	return (f->status & IPS_SEEN_REPLY) != 0 ? "replied" : "unreplied";
}

const char *
flow_search_from(const struct flow_search *s, const struct flow *f)
{
	return s->places.zone(&f->original.source, s->places.arg);
}

const char *
flow_search_to(const struct flow_search *s, const struct flow *f)
{
	return s->places.zone(&f->reply.source, s->places.arg);
}

static bool
value_holds(const struct member *m, const struct datum *has, const struct datum *wanted)
{
	switch (m->kind) {
	case KIND_NUMBER:
		return has->low >= wanted->low && has->low <= wanted->high;
	case KIND_ADDRESS:
		return prefix_contains(&wanted->prefix, &has->prefix.addr);
	case KIND_TEXT:
		return strcmp(has->text != NULL ? has->text : "", wanted->text) == 0;
	}
	return false;
}

static bool
filter_holds(const struct flow_search *s, const struct filter *f, const struct flow *flow)
{
	struct datum has;
	unsigned i, k;

	for (i = 0; i < f->member->n; i++) {
		f->member->get(s, flow, i, &has);
		for (k = 0; k < f->n; k++)
			if (value_holds(f->member, &has, &f->values[k]))
				return true;
	}
	return false;
}

bool
flow_search_takes(const struct flow_search *s, const struct flow *flow)
{
	const struct filter *f;
	unsigned round;

	/* The way to a zone is looked for when everything else holds. */
	for (round = 0; round < 2; round++)
		for (f = s->filters; f < s->filters + s->n_filters; f++)
			if (f->member->is_dear == (round == 1) && !filter_holds(s, f, flow))
				return false;
	return true;
}

/* --- a page --- */

static void
key_make(const struct flow_search *s, struct row *r)
{
	struct datum d = { .text = NULL };
	unsigned i;

	memset(r->key, 0, sizeof(r->key));
	s->sort->get(s, &r->flow, 0, &d);
	switch (s->sort->kind) {
	case KIND_NUMBER:
		for (i = 0; i < 8; i++)
			r->key[i] = (uint8_t)(d.low >> (56 - 8 * i));
		break;
	case KIND_ADDRESS:
		r->key[0] = d.prefix.addr.family;
		memcpy(r->key + 1, d.prefix.addr.bytes, sizeof(d.prefix.addr.bytes));
		break;
	case KIND_TEXT:
		if (d.text != NULL)
			memcpy(r->key, d.text, strnlen(d.text, sizeof(r->key)));
		break;
	}
}

/* Equal keys are told apart by the id. */
static int
compare(const struct flow_search *s, const struct row *a, const struct row *b)
{
	int c = memcmp(a->key, b->key, sizeof(a->key));

	if (c != 0)
		return s->is_down ? -c : c;
	return (a->flow.id > b->flow.id) - (a->flow.id < b->flow.id);
}

/* Where it stands among the rows that were kept. */
static uint32_t
place_of(const struct flow_search *s, const struct row *r)
{
	uint32_t low = 0, high = s->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (compare(s, &s->rows[s->order[middle]], r) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The first limit + 1 behind the cursor are kept; the spare row takes the next one. */
static void
keep(struct flow_search *s, const struct row *r)
{
	uint32_t at = place_of(s, r), slot = s->n;

	if (at > s->limit)
		return;
	if (s->n == s->limit + 1)
		slot = s->order[--s->n];
	memmove(s->order + at + 1, s->order + at, (s->n - at) * sizeof(*s->order));
	s->order[at] = slot;
	s->rows[slot] = *r;
	s->n++;
}

void
flow_search_run(struct flow_search *s, const uint8_t *data, size_t len)
{
	struct nl_reader reader;
	struct nl_msg m;
	struct row r;

	nlmsg_reader_init(&reader, data, len);
	while (nlmsg_next(&reader, &m) == 1) {
		if (!flow_read(&m, &r.flow))
			continue;
		s->total++;
		if (!flow_search_takes(s, &r.flow))
			continue;
		s->matched++;
		key_make(s, &r);
		if (!s->has_cursor || compare(s, &r, &s->after) > 0)
			keep(s, &r);
	}
}

uint32_t
flow_search_total(const struct flow_search *s)
{
	return s->total;
}

uint32_t
flow_search_matched(const struct flow_search *s)
{
	return s->matched;
}

const struct flow *
flow_search_get(const struct flow_search *s, uint32_t i)
{
	return i < s->n && i < s->limit ? &s->rows[s->order[i]].flow : NULL;
}

const char *
flow_search_next(const struct flow_search *s)
{
	char key[2 * KEY_LEN + 1];
	const struct row *last;

	if (s->n <= s->limit)
		return NULL;
	last = &s->rows[s->order[s->limit - 1]];
	str_hex(last->key, KEY_LEN, key);
	return mem_printf(s->arena, "%s.%s.%u", s->hash, key, last->flow.id);
}
