/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Random policies and random edits of them, one after the other: the form that is made from the one before is the form that is made from nothing, in all
 * that is printed, sent or remembered.  A seed is a case: GRAFT_SEED=N runs that one alone, GRAFT_SEEDS=N so many.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/log.h"
#include "conf/generated.h"
#include "ipc/codec.h"

#include "addrlist.h"
#include "deal.h"
#include "hash.h"
#include "ir_list.h"
#include "ir_print.h"
#include "nft_encode.h"
#include "problems.h"
#include "revision.h"
#include "yaml_record.h"

#define SEEDS		24
#define EDITS		60
#define RULES_MAX	160
#define RULE_BYTES	320
#define FORWARDS_MAX	40

#define N_GROUPS	5

#define LONG		16384	/* addresses of a group that is a list */
#define LONG_EVERY	4	/* seeds; they have fewer edits */
#define LONG_EDITS	30

/* --- documents */
struct document {
	char		 pre[4][RULE_BYTES];
	char		 rules[RULES_MAX][RULE_BYTES];
	char		 forwards[FORWARDS_MAX][RULE_BYTES];
	unsigned	 n_forwards;
	unsigned	 n_pre;
	unsigned	 n;
	unsigned	 next_id;
	unsigned	 frame;		/* a number that settings follow from */
	unsigned	 kind;		/* of the rules that most are of */
	unsigned	 n_hosts;	/* few: rules meet each other often */
	unsigned	 members[N_GROUPS];	/* of hosts, nets, both, big, outer */
	unsigned	 mixed;		/* 1: hosts has a network, 2: big has one */
	bool		 is_nat;	/* translation asks for a group */
	unsigned	 n_long;	/* of the group that may be a list */
	bool		 is_bridged;
	unsigned	 n_one_to_ones;
	unsigned	 n_of[3];	/* edits so far: of rules and the frame, groups, port forwards */
};

static unsigned
below(unsigned n)
{
	return (unsigned)random() % n;
}

static const char *
pick(const char *const *of, unsigned n)
{
	return of[below(n)];
}
#define PICK(...)	pick((const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

#define PICK_NUMBER(...) ((const unsigned[]){ __VA_ARGS__ }[below(sizeof((const unsigned[]){ __VA_ARGS__ }) / sizeof(unsigned))])

static void
random_destination(const struct document *d, char *at, size_t size)
{
	unsigned hosts = d->n_hosts;

	switch (below(d->kind == 2 ? 30 : 12)) {
	case 0:
		(void)snprintf(at, size, "destination: {addresses: [198.18.%u.%u/%u]}, ", below(4), below(16) * 16, 24 + below(5));
		break;
	case 1:
		(void)snprintf(at, size, "destination: {group: %s}, ", PICK("hosts", "nets", "both", "big", "outer", "abroad", "[hosts, nets]",
		    "long"));
		break;
	case 2:
		(void)snprintf(at, size, "destination: {addresses: [\"2001:db8::%x\"]}, ", below(200));
		break;
	case 3:
		(void)snprintf(at, size, "destination: {addresses: [198.18.%u.%u, 198.18.%u.%u]}, ", below(4), below(hosts), below(4), below(hosts));
		break;
	case 4:
		at[0] = '\0';
		break;
	default:
		(void)snprintf(at, size, "destination: {addresses: [198.18.%u.%u]}, ", below(hosts < 10 ? 1 : 4), below(hosts));
	}
}

static void
random_source(char *at, size_t size)
{
	switch (below(20)) {
	case 0:
		(void)snprintf(at, size, "source: {addresses: [192.0.2.%u/30]}, ", below(32) * 4);
		break;
	case 1:
		(void)snprintf(at, size, "source: {group: %s}, ", PICK("hosts", "nets", "big", "outer", "about", "long"));
		break;
	case 2:
		(void)snprintf(at, size, "source: {addresses: [192.0.2.%u]}, ", below(120));
		break;
	case 3:
		(void)snprintf(at, size, "source: {not: {addresses: [192.0.2.%u]}}, ", below(120));
		break;
	case 4:
	case 5:
		(void)snprintf(at, size, "source: {not: {addresses: [192.0.2.250, 192.0.2.%u]}}, ", below(120));
		break;
	default:
		at[0] = '\0';
	}
}

static const char *
random_zones(const struct document *d)
{
	if (below(16) != 0)
		return d->kind != 1 ? "from: lan, to: wan" : PICK("from: lan, to: wan", "from: lan, to: dmz", "from: wan, to: dmz");
	return PICK("from: [lan, dmz], to: wan", "from: any, to: any", "from: lan, to: local", "from: [lan, dmz], to: wan", "from: local, to: wan",
	    "from: local, to: local", "from: dmz, to: wan");
}

static void
random_rule(struct document *d, char *ret, const char *id, bool is_pre)
{
	char destination[96], source[96];

	random_destination(d, destination, sizeof(destination));
	random_source(source, sizeof(source));
	(void)snprintf(ret, RULE_BYTES, "    - {id: %s, %s, %s%s%s%s%s%saction: %s}\n", id, random_zones(d), source, destination,
	    d->kind == 2 && below(8) != 0 ? "service: ssh, " : below(5) == 0 ? "" : PICK("service: ssh, ", "service: ssh, ", "service: http, ",
	    "service: dns, ", "service: [http, ssh], ", "service: [http, dns], ", "service: ping, ", "service: few, ", "service: many, "),
	    below(30) == 0 ? PICK("schedule: always-on, ", "schedule: never-on, ", "limit: {rate: 5/minute}, ", "limit: {rate: 5/minute, per: source}, ",
	    "connections: {maximum: 5}, ", "state: [new], ", "log-limit: 5/minute, log: true, ", "mark: '7', ") : "",
	    below(20) == 0 ? "enabled: false, " : "", below(6) == 0 ? "description: text, " : "",
	    is_pre && below(3) == 0 ? "accept" : below(12) == 0 ? PICK("continue", "reject") : PICK("accept", "accept", "drop", "reject"));
}

static void
new_rule(struct document *d, char *ret, bool is_pre)
{
	char id[16];

	(void)snprintf(id, sizeof(id), "r%u", d->next_id++);
	random_rule(d, ret, id, is_pre);
}

static void
id_of(const char *rule, char ret[16])
{
	const char *at = strstr(rule, "{id: ") + 5;

	(void)snprintf(ret, 16, "%.*s", (int)strcspn(at, ","), at);
}

/* Another word in the place of one; true when it was there. */
static bool
replace(char *rule, const char *old, const char *new)
{
	char text[RULE_BYTES], *at = strstr(rule, old);

	if (at == NULL)
		return false;
	(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - rule), rule, new, at + strlen(old));
	memcpy(rule, text, sizeof(text));
	return true;
}

static void
random_forward(struct document *d, char *ret, const char *id)
{
	char source[96];

	random_source(source, sizeof(source));
	if (strstr(source, "not:") != NULL)
		source[0] = '\0';
	(void)snprintf(ret, RULE_BYTES, "    - {id: %s, zone: %s, %s%sservice: %s, to: 198.18.0.%u%s%s%s}\n", id, below(12) == 0 ? "dmz" : "wan",
	    source, below(4) == 0 ? "" : PICK("address: 203.0.113.1, ", "address: 203.0.113.2, ", "address: 203.0.113.3, ", "address: 203.0.113.1, ",
	    "address: 203.0.113.2, ", "address: 203.0.113.3, ", "address: 203.0.113.9, hairpin: true, "),
	    PICK("ssh", "http", "dns", "[http, ssh]", "[http, dns]", "one", "two", "many"), 1 + below(9), below(3) == 0 ? ", enabled: false" : "",
	    below(10) == 0 ? ", log: true" : "", below(8) == 0 ? ", balance: [198.18.0.77]" : "");
	d->n_of[2]++;
}

static void
new_forward(struct document *d, char *ret)
{
	char id[16];

	(void)snprintf(id, sizeof(id), "f%u", d->next_id++);
	random_forward(d, ret, id);
}

static void
document_new(struct document *d, bool is_long)
{
	unsigned i;

	memset(d, 0, sizeof(*d));
	d->n_long = is_long ? LONG : 2;
	d->is_bridged = below(3) == 0;
	d->kind = below(3);
	d->n_hosts = PICK_NUMBER(6 + below(3), 12 + below(20), 250);
	d->n = 5 + below(RULES_MAX - 40);
	d->members[0] = 2;
	d->members[1] = d->members[2] = 1;
	d->members[3] = 62 + below(8);
	d->is_nat = below(3) == 0;
	d->n_pre = below(4);
	d->n_forwards = below(2) == 0 ? 0 : below(FORWARDS_MAX - 5);
	d->n_one_to_ones = below(3);
	for (i = 0; i < d->n_forwards; i++)
		new_forward(d, d->forwards[i]);
	for (i = 0; i < d->n_pre; i++)
		new_rule(d, d->pre[i], true);
	for (i = 0; i < d->n; i++)
		new_rule(d, d->rules[i], false);
	/* Runs for several pairs. */
	for (i = 0; i < d->n; i++)
		if (i % 20 < 4)
			(void)replace(d->rules[i], "from: lan, to: wan", "from: [lan, dmz], to: wan");
	if (d->n > 10)
		(void)replace(d->rules[9], "from: lan, to: wan", "from: local, to: local");
}

/* --- edits */
static void
insert(struct document *d, unsigned at, const char *rule)
{
	memmove(d->rules[at + 1], d->rules[at], (d->n - at) * RULE_BYTES);
	memcpy(d->rules[at], rule, RULE_BYTES);
	d->n++;
}

static void
take(struct document *d, unsigned at)
{
	d->n--;
	memmove(d->rules[at], d->rules[at + 1], (d->n - at) * RULE_BYTES);
}

static void
turn(char *rule)
{
	/* What is no part of a key, and of two addresses a set. */
	if (below(2) == 0 && (replace(rule, "[192.0.2.250, ", "[") || replace(rule, "{not: {addresses: [192.0.2.", "{not: {addresses: [192.0.2.250, 192.0.2.")))
		return;
	if (below(4) == 0 && replace(rule, "action:", "log: true, action:"))
		return;
	if (!replace(rule, "action: accept", PICK("action: drop", "action: reject")) && !replace(rule, "action: drop", "action: accept"))
		(void)replace(rule, "action: reject", PICK("action: drop", "action: accept"));
}

/* One member more or less, or a network among hosts. */
static void
edit_group(struct document *d)
{
	static const unsigned most[N_GROUPS] = { 5, 4, 3, 70, 4 }, least[N_GROUPS] = { 0, 0, 0, 60, 0 };
	unsigned at = below(N_GROUPS);

	if (below(12) == 0)
		d->mixed = below(4);
	else if (below(12) == 0)
		d->n_long += d->n_long % 2 == 0 ? 1 : -1u;
	else if (below(2) == 0 && d->members[at] < most[at])
		d->members[at]++;
	else if (d->members[at] > least[at] + (below(4) != 0))
		d->members[at]--;
}

static void
insert_forward(struct document *d, unsigned at, const char *forward)
{
	memmove(d->forwards[at + 1], d->forwards[at], (d->n_forwards - at) * RULE_BYTES);
	memcpy(d->forwards[at], forward, RULE_BYTES);
	d->n_forwards++;
}

static void
take_forward(struct document *d, unsigned at)
{
	d->n_forwards--;
	memmove(d->forwards[at], d->forwards[at + 1], (d->n_forwards - at) * RULE_BYTES);
}

static void
edit_forward(struct document *d)
{
	unsigned at = d->n_forwards > 0 ? below(d->n_forwards) : 0;
	char forward[RULE_BYTES], id[16];

	memset(forward, 0, sizeof(forward));
	switch (d->n_forwards == 0 ? 0 : below(5)) {
	case 0:
		if (d->n_forwards == FORWARDS_MAX)
			return;
		new_forward(d, forward);
		if (below(8) == 0 && d->n_forwards > 0) {		/* its id is taken */
			id_of(d->forwards[at], id);
			random_forward(d, forward, id);
		}
		insert_forward(d, below(d->n_forwards + 1), forward);
		return;
	case 1:
		take_forward(d, at);
		return;
	case 2:
		memcpy(forward, d->forwards[at], sizeof(forward));
		take_forward(d, at);
		insert_forward(d, below(d->n_forwards + 1), forward);
		return;
	case 3:
		id_of(d->forwards[at], id);
		random_forward(d, d->forwards[at], id);
		return;
	default:
		if (!replace(d->forwards[at], ", enabled: false", "") && !replace(d->forwards[at], "to: 198.18.0.", "to: 198.18.5."))
			(void)replace(d->forwards[at], "to: 198.18.5.", "to: 198.18.0.");
	}
}

static void
edit(struct document *d)
{
	char rule[RULE_BYTES], id[16];
	unsigned at = d->n > 0 ? below(d->n) : 0, kind = d->n < 3 ? 1 : below(36);

	memset(rule, 0, sizeof(rule));
	d->n_of[kind >= 30 ? 2 : kind >= 15 && kind <= 21]++;
	switch (kind) {
	case 0:
	case 1:
	case 2:
	case 14:
		if (d->n == RULES_MAX)
			return;
		new_rule(d, rule, false);
		/* Now and then its id is taken. */
		if (below(8) == 0) {
			id_of(d->n_pre > 0 && below(2) == 0 ? d->pre[0] : d->n > 9 && below(2) == 0 ? d->rules[9] : d->rules[at], id);
			random_rule(d, rule, id, false);
		}
		insert(d, below(d->n + 1), rule);
		return;
	case 3:
	case 4:
	case 12:
	case 13:
		take(d, at);
		return;
	case 5:
		memcpy(rule, d->rules[at], sizeof(rule));
		take(d, at);
		insert(d, below(3) == 0 ? below(d->n + 1) : at > 5 ? at - below(5) : at + below(d->n + 1 - at > 5 ? 5 : 1), rule);
		return;
	case 6:
	case 7:
	case 8:
		id_of(d->rules[at], id);
		random_rule(d, d->rules[at], id, false);
		return;
	case 9:
		if (!replace(d->rules[at], "enabled: false, ", ""))
			(void)replace(d->rules[at], "action:", "enabled: false, action:");
		return;
	case 10:
		if (below(2) == 0)
			d->frame++;
		return;
	case 15:
	case 16:
	case 17:
	case 18:
	case 19:
	case 20:
	case 21:
		edit_group(d);
		return;
	case 30:
	case 31:
	case 32:
	case 33:
	case 34:
	case 35:
		edit_forward(d);
		return;
	case 11:
		if (d->n_pre > 0)
			turn(d->pre[below(d->n_pre)]);
		return;
	default:
		turn(d->rules[at]);
	}
}

/* --- encoded */
/* FIRST.1TAIL, FIRST.2TAIL, ... */
static void
print_members(FILE *f, const char *first, const char *tail, unsigned n, unsigned step)
{
	unsigned i;

	for (i = 0; i < n; i++)
		(void)fprintf(f, "%s%s.%u%s", i > 0 ? ", " : "", first, 1 + i * step, tail);
}

static void
print_groups(const struct document *d, FILE *f)
{
	unsigned i;

	(void)fprintf(f, "  groups:\n    abroad: {groups: [about]}\n    about: {groups: [outer]}\n    hosts: {addresses: [");
	print_members(f, "198.18.0", "", d->members[0], 1);
	(void)fprintf(f, "%s]}\n    nets: {addresses: [", (d->mixed & 1) == 0 ? "" : d->members[0] > 0 ? ", 198.18.1.0/29" : "198.18.1.0/29");
	print_members(f, "198.18.2", "/29", d->members[1], 32);
	(void)fprintf(f, "]}\n    both: {addresses: [");
	print_members(f, "198.18.3", "", d->members[2], 3);
	(void)fprintf(f, "%s\"2001:db8::7\"]}\n    big: {addresses: [", d->members[2] > 0 ? ", " : "");
	print_members(f, "192.0.2", "", d->members[3], 2);
	(void)fprintf(f, "%s]}\n    outer: {groups: [hosts, both], addresses: [", (d->mixed & 2) == 0 ? "" : ", 192.0.2.248/29");
	print_members(f, "198.18.4", "", d->members[4], 1);
	(void)fprintf(f, "]}\n    long: {addresses: [\"2001:db8:1::7\"");
	for (i = 0; i < d->n_long; i++)
		(void)fprintf(f, ", 198.19.%u.%u", i / 128, i % 128 * 2);
	(void)fprintf(f, "]}\n");
}

static void
print_frame(const struct document *d, FILE *f)
{
	unsigned n = d->frame;

	(void)fprintf(f, "interfaces:\n  wan: {match: {name: eth0}, addresses: [198.51.100.2/24]}\n"
	    "  lan: {match: {name: eth%u}}\n  dmz: {match: {name: eth2}}\n",
	    n % 5 == 4 ? 7 : 1);
	(void)fprintf(f, "firewall:\n  zones: {wan: {interfaces: [wan]}, lan: {interfaces: [lan], default-action: %s}, "
	    "dmz: {interfaces: [dmz]}}\n",
	    n % 3 == 1 ? "reject" : "drop");
	if (n % 4 < 2)
		(void)fprintf(f, "  flow-offload: {mode: software}\n");
	print_groups(d, f);
	(void)fprintf(f, "  services: {few: {tcp: {ports: [1000-1003, 2000]}}, one: {tcp: {ports: [8080]}}, two: {udp: {ports: [5000-5003]}}, "
	    "many: {udp: {ports: [%u, 7002, 7003]}}}\n", 7000 + n % 2);
	(void)fprintf(f, "  schedules: {always-on: {time-zone: Europe/Berlin, windows: {all: {"
	    "days: [monday, tuesday, wednesday, thursday, friday, saturday, sunday], from: \"00:00\", to: \"00:00\"}}}, "
	    "never-on: {time-zone: Europe/Berlin, windows: {past: {first-date: \"2001-01-01\", last-date: \"2001-01-02\", "
	    "from: \"00:00\", to: \"00:00\"}}}}\n");
}

static void
print_rules(FILE *f, const char *list, const char (*rules)[RULE_BYTES], unsigned n)
{
	unsigned i;

	if (n > 0)
		(void)fprintf(f, "  %s:\n", list);
	for (i = 0; i < n; i++)
		(void)fputs(rules[i], f);
}

static void
document_print(const struct document *d, const char *file)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	print_frame(d, f);
	if (d->is_bridged)
		(void)fprintf(f, "  bridge-rules: [{id: b1, source-mac: \"02:00:5e:00:53:0%u\", action: drop}, {id: b2, source-addresses: [192.0.2.7, "
		    "198.51.100.0/24], service: ssh, action: drop}, {id: b3, service: many, log: true, action: accept}]\n", d->frame % 3);
	print_rules(f, "pre-rules", (const char (*)[RULE_BYTES])d->pre, d->n_pre);
	print_rules(f, "rules", (const char (*)[RULE_BYTES])d->rules, d->n);
	(void)fprintf(f, "nat:\n  masquerade: {out: {zone: wan%s}}\n", d->is_nat ? ", source: {group: big}" : "");
	if (d->n_one_to_ones > 0)
		(void)fprintf(f, "  one-to-one: {first: {zone: wan, inner: 198.18.0.100, outer: 203.0.113.100}%s}\n",
		    d->n_one_to_ones > 1 ? ", second: {zone: wan, inner: 198.18.0.8/29, outer: 203.0.113.8/29}" : "");
	print_rules(f, "port-forwards", (const char (*)[RULE_BYTES])d->forwards, d->n_forwards);
	assert_int_equal(fclose(f), 0);
}

static uint8_t *
document_encode(const struct document *d, size_t *ret_len)
{
	char file[] = "/tmp/fwd-graft-XXXXXX";
	struct arena *a = arena_new(0);
	struct codec_error e;
	uint8_t *data;
	int fd = mkstemp(file);

	assert_true(fd != -1);
	(void)close(fd);
	document_print(d, file);
	if (codec_encode(&conf_fwd_record, yaml_record_read(file, &conf_fwd_record, a), 16u << 20, &data, ret_len, &e) != 0)
		fail_msg("%s: %s", e.path, e.reason);
	(void)unlink(file);
	arena_free(a);
	return data;
}

/* --- equal */
static unsigned n_seed, n_edit;

static void
differs(const char *what, const char *name)
{
	fail_msg("seed %u, edit %u: %s of %s differs", n_seed, n_edit, what, name);
}

#define SAME(what, name)	do { if (a->what != b->what) differs(#what, name); } while (0)

static void
same_text(const char *a, const char *b, const char *what)
{
	if ((a == NULL) != (b == NULL) || (a != NULL && strcmp(a, b) != 0))
		fail_msg("seed %u, edit %u: %s: \"%s\" and not \"%s\"", n_seed, n_edit, what, a != NULL ? a : "(none)", b != NULL ? b : "(none)");
}

static void
same_zones(const struct ir_zones *a, const struct ir_zones *b)
{
	uint32_t i;

	assert_int_equal(a->n, b->n);
	for (i = 0; i < a->n; i++)
		same_text(a->items[i], b->items[i], "zone");
}

static void
same_origin(const struct ir *ir, const struct ir_origin *a, const struct ir_origin *b)
{
	same_text(a->id, b->id, "origin");
	same_text(a->path, b->path, a->id);
	same_zones(&a->from, &b->from);
	same_zones(&a->to, &b->to);
	SAME(action, a->id);
	SAME(is_generated, a->id);
	SAME(is_logged, a->id);
	SAME(n_rules, a->id);
	SAME(hash, a->id);
	SAME(index, a->id);
	SAME(made, a->id);
	SAME(packets, a->id);
	SAME(told_packets, a->id);
	SAME(is_anew, a->id);
	assert_ptr_equal(ir_origin_find(ir, a->id), a);
}

static void
same_rule(const struct ir_rule *a, const struct ir_rule *b)
{
	same_text(a->origin->id, b->origin->id, "origin of a rule");
	same_text(a->chain->name, b->chain->name, "chain of a rule");
	SAME(part, a->origin->id);
	SAME(group, a->origin->id);
	SAME(n, a->origin->id);
	SAME(hash, a->origin->id);
	SAME(handle, a->origin->id);
	SAME(packets, a->origin->id);
	SAME(bytes, a->origin->id);
}

static void
same_deal(const struct deal *a, const struct deal *b, const char *name)
{
	uint32_t i;

	if ((a == NULL) != (b == NULL))
		differs("deal", name);
	if (a == NULL)
		return;
	SAME(n, name);
	SAME(n_rules, name);
	SAME(n_boxes, name);
	SAME(has_map, name);
	if (a->most < b->most)
		differs("most", name);
	for (i = 0; i < a->n; i++) {
		same_text(a->groups[i].set != NULL ? a->groups[i].set->name : NULL, b->groups[i].set != NULL ? b->groups[i].set->name : NULL, "group");
		SAME(groups[i].n, name);
		SAME(groups[i].n_boxes, name);
		SAME(groups[i].first, name);
		assert_true(deal_shape_equal(&a->groups[i].shape, &b->groups[i].shape));
	}
}

static void
same_chain(const struct ir *ir, const struct ir_chain *a, const struct ir_chain *b)
{
	const struct ir_rule *r, *s;

	same_text(a->name, b->name, "chain");
	SAME(family, a->name);
	SAME(hook, a->name);
	SAME(is_nat, a->name);
	SAME(drops, a->name);
	SAME(priority, a->name);
	SAME(n, a->name);
	SAME(is_seen, a->name);
	SAME(n_different, a->name);
	SAME(is_rest, a->name);
	SAME(is_inline, a->name);
	SAME(is_variable, a->name);
	SAME(n_leads, a->name);
	SAME(made, a->name);
	same_text(a->of != NULL ? a->of->name : NULL, b->of != NULL ? b->of->name : NULL, "of");
	same_deal(a->deal, b->deal, a->name);
	for (r = a->first, s = b->first; r != NULL && s != NULL; r = r->next, s = s->next) {
		same_rule(r, s);
		assert_true(r->next != NULL || a->last == r);
	}
	assert_true(r == NULL && s == NULL);
	assert_ptr_equal(ir_chain_find(ir, a->name), a);
}

static void
same_chains(const struct ir *ir, const struct ir_chain *a, const struct ir_chain *b)
{
	for (; a != NULL && b != NULL; a = a->next, b = b->next)
		same_chain(ir, a, b);
	same_text(a != NULL ? a->name : NULL, b != NULL ? b->name : NULL, "chain");
}

static void
same_set(const struct ir *ir, const struct ir_set *a, const struct ir_set *b)
{
	uint32_t i;

	same_text(a->name, b->name, "set");
	same_text(a->path, b->path, a->name);
	SAME(family, a->name);
	SAME(is_of_list, a->name);
	SAME(is_spoilt, a->name);
	assert_true((a->list == NULL) == (b->list == NULL) && (a->list == NULL || addrlist_equal(a->list, b->list)));
	SAME(flags, a->name);
	SAME(nfields, a->name);
	SAME(timeout_ms, a->name);
	SAME(size, a->name);
	SAME(n, a->name);
	SAME(is_look_up, a->name);
	SAME(is_interned, a->name);
	SAME(made, a->name);
	SAME(hash, a->name);
	assert_memory_equal(a->fields, b->fields, sizeof(a->fields));
	for (i = 0; i < a->n; i++) {
		assert_memory_equal(a->elems[i].lo, b->elems[i].lo, IR_KEY_MAX);
		assert_memory_equal(a->elems[i].hi, b->elems[i].hi, IR_KEY_MAX);
		same_text(a->elems[i].chain, b->elems[i].chain, a->name);
		assert_int_equal(a->elems[i].rule != NULL, b->elems[i].rule != NULL);
		if (a->elems[i].rule != NULL)
			same_rule(a->elems[i].rule, b->elems[i].rule);
	}
	assert_ptr_equal(ir_set_find(ir, a->name), a);
}

static void
same_bytes(const struct buf *a, const struct buf *b, const char *what)
{
	if (a->len != b->len || (a->len > 0 && memcmp(a->data, b->data, a->len) != 0))
		differs(what, "the form");
}

static void
same_output(struct ir *a, struct ir *b)
{
	struct nft_batch x, y;
	struct buf p, q;

	buf_init(&p, 0);
	buf_init(&q, 0);
	ir_print(a, &p);
	ir_print(b, &q);
	same_bytes(&p, &q, "the print");
	nft_batch_init(&x);
	nft_batch_init(&y);
	nft_put_all(&x, a);
	nft_put_all(&y, b);
	same_bytes(&x.out, &y.out, "the encoding");
	nft_batch_fini(&x);
	nft_batch_fini(&y);
	buf_fini(&p);
	buf_fini(&q);
}

static void
same_lists(const struct ir *ir, const struct ir_list *a, const struct ir_list *b)
{
	for (; a != NULL && b != NULL; a = a->next, b = b->next) {
		same_text(a->name, b->name, "list");
		SAME(field, a->name);
		SAME(salt, a->name);
		assert_true(addrlist_equal(a->wanted, b->wanted) && addrlist_equal(a->base->list, b->base->list));
		same_text(a->base->name, b->base->name, "base");
		assert_ptr_equal(ir_set_find(ir, a->base->name), a->base);
		assert_ptr_equal(ir_set_find(ir, a->more->name), a->more);
		assert_ptr_equal(ir_set_find(ir, a->less->name), a->less);
	}
	assert_true(a == NULL && b == NULL);
}

static void
same_form(struct ir *a, struct ir *b)
{
	const struct ir_set *s, *t;
	uint32_t i;

	same_lists(a, a->lists, b->lists);
	SAME(has_bridge, "all");
	SAME(family, "all");

	SAME(n_rules, "all");
	SAME(n_elems, "all");
	SAME(n_made, "all");
	SAME(n_rewriting, "all");
	SAME(n_origins, "all");
	for (i = 0; i < a->n_origins; i++)
		same_origin(a, a->origins[i], b->origins[i]);
	for (s = a->sets, t = b->sets; s != NULL && t != NULL; s = s->next, t = t->next)
		same_set(a, s, t);
	assert_true(s == NULL && t == NULL);
	same_chains(a, a->chains, b->chains);
	same_chains(a, a->inline_chains, b->inline_chains);
	assert_null(*a->chains_tail);
	assert_null(*a->sets_tail);
	same_output(a, b);
}

static void
same_revision(const struct revision *a, const struct revision *b)
{
	same_form(a->ir, b->ir);
	same_bytes(&a->remarks, &b->remarks, "the remarks");
	SAME(n_remarks, "all");
	SAME(is_bound, "all");
	SAME(has_live, "all");
	SAME(conf.len, "all");
	assert_memory_equal(a->conf.data, b->conf.data, a->conf.len);
	assert_int_equal(a->conf.marks.n, b->conf.marks.n);
	assert_memory_equal(a->conf.marks.at, b->conf.marks.at, a->conf.marks.n * sizeof(a->conf.marks.at[0]));
	assert_memory_equal(a->conf.marks.lists, b->conf.marks.lists, sizeof(a->conf.marks.lists));
}

/* --- the test */
/* It lacks an address that it should not, and has one too many. */
static void
use_list(struct ir *ir, struct ir_list *l)
{
	struct addrlist *base, *rest, *other;
	struct addrlist_draft d[2];
	uint8_t key[16] = { 198, 18, 99, 99 };

	addrlist_draft_init(&d[0], l->wanted->len);
	addrlist_draft_init(&d[1], l->wanted->len);
	addrlist_draft_add(&d[0], key, key);
	addrlist_draft_add(&d[1], addrlist_first(l->wanted, 0), addrlist_last(l->wanted, 0));
	other = addrlist_make(&d[0]);
	rest = addrlist_plus(l->wanted, other);
	addrlist_unref(other);
	other = addrlist_make(&d[1]);
	base = addrlist_minus(rest, other, UINT32_MAX);
	assert_true(ir_list_place_on(ir, l, base, 1));
	assert_true(l->more->n == 1 && l->less->n == 1);
	l->base->is_spoilt = true;
	addrlist_unref(base);
	addrlist_unref(rest);
	addrlist_unref(other);
}

/* As if it had been in force. */
static void
use(struct ir *ir)
{
	struct ir_chain *c;
	struct ir_rule *r;
	struct ir_list *l;

	for (l = ir->lists; l != NULL; l = l->next)
		if (l->wanted->n > 0)
			use_list(ir, l);
	ir_rehash(ir);

	for (c = ir->chains; c != NULL; c = c->next) {
		c->is_seen = true;
		c->n_different = 3;
		for (r = c->first; r != NULL; r = r->next)
			r->handle = r->packets = 7;
	}
	for (c = ir->inline_chains; c != NULL; c = c->next)
		c->first->packets = c->first->bytes = 99;
	if (ir->n_origins > 0)
		ir->origins[0]->packets = ir->origins[0]->told_packets = 5;
}

static struct revision *
make(const struct revision *base, const uint8_t *data, size_t len, struct problems *problems)
{
	struct revision *r = NULL;
	int error = revision_next(base, base != NULL ? base->ir : NULL, 1, data, len, NULL, NULL, problems, &r);

	assert_int_equal(error, r != NULL ? 0 : -EINVAL);
	return r;
}

static unsigned n_grafted, n_compiled, n_groups, n_forwards;	/* that were grafted: edits of groups alone, of port forwards alone */
static unsigned n_listed, n_bridged;	/* that were, in forms with lists, and with a table bridge */

static void
run_edit(struct document *d, struct revision **base)
{
	struct document before = *d;
	struct arena *a = arena_new(0);
	struct problems problems, others;
	struct revision *r, *whole;
	unsigned n = below(8) == 0 ? 2 + below(4) : 1;
	uint8_t *data;
	size_t len;
	uint32_t i;

	while (n-- > 0)
		edit(d);
	data = document_encode(d, &len);
	problems_init(&problems, a);
	problems_init(&others, a);
	r = make(*base, data, len, &problems);
	whole = make(NULL, data, len, &others);
	assert_int_equal(problems.n, others.n);
	for (i = 0; i < problems.n; i++)
		same_text(problems.items[i].text, others.items[i].text, "problem");
	if (r == NULL) {
		*d = before;
	} else {
		n_grafted += r->is_successor;
		n_compiled += !r->is_successor;
		n_listed += r->is_successor && r->ir->lists != NULL;
		n_bridged += r->is_successor && r->ir->has_bridge;
		n_groups += r->is_successor && d->n_of[0] == before.n_of[0] && d->n_of[2] == before.n_of[2];
		n_forwards += r->is_successor && d->n_of[0] == before.n_of[0] && d->n_of[1] == before.n_of[1];
		same_revision(r, whole);
		use(r->ir);
		revision_free(*base);
		*base = r;
	}
	revision_free(whole);
	free(data);
	arena_free(a);
}

static void
run_seed(unsigned seed)
{
	struct document *d = calloc(1, sizeof(*d));
	struct revision *base = NULL;
	struct problems problems;
	struct arena *a = arena_new(0);
	bool is_long = seed % LONG_EVERY == 0;
	uint8_t *data;
	size_t len;

	srandom(seed);
	n_seed = seed;
	document_new(d, is_long);
	data = document_encode(d, &len);
	problems_init(&problems, a);
	base = make(NULL, data, len, &problems);
	if (base == NULL)
		fail_msg("seed %u: %s", seed, problems.items[0].text);
	use(base->ir);
	free(data);
	for (n_edit = 0; n_edit < (is_long ? LONG_EDITS : EDITS); n_edit++)
		run_edit(d, &base);
	revision_free(base);
	arena_free(a);
	free(d);
}

static void
test_edits(void **state)
{
	const char *one = getenv("GRAFT_SEED"), *many = getenv("GRAFT_SEEDS");
	unsigned seed, n = many != NULL ? (unsigned)atoi(many) : SEEDS;

	(void)state;
	if (one != NULL) {
		run_seed((unsigned)atoi(one));
		return;
	}
	for (seed = 1; seed <= n; seed++)
		run_seed(seed);
	printf("%u edits were grafted, %u of them of groups and %u of port forwards, %u with lists and %u with a bridge, %u compiled\n", n_grafted, n_groups,
	    n_forwards, n_listed, n_bridged, n_compiled);
	assert_true(n_grafted > n_compiled / 4 && n_groups > n_grafted / 10 && n_forwards > n_grafted / 20 && n_listed > 0 && n_bridged > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edits)
	};

	log_init("test", LOG_LEVEL_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
