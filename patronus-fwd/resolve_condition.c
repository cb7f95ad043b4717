/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <errno.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "problems.h"
#include "resolver.h"

/* What a rule asks beside addresses and services, and what it writes. */

static bool
number_parse(const char *text, char **ret_end, uint32_t *ret)
{
	unsigned long n;

	if (*text < '0' || *text > '9')		/* no sign, no blank */
		return false;
	errno = 0;
	n = strtoul(text, ret_end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
	*ret = (uint32_t)n;
	return errno == 0 && n <= UINT32_MAX;
}

/* "17", "0x11", "0x10/0xf0" */
static struct policy_bits
mark_parse(struct resolver *s, const char *text, const char *path, const char *leaf)
{
	struct policy_bits m = { .mask = UINT32_MAX };
	char *end;

	if (number_parse(text, &end, &m.value) && (*end == '\0' || (*end == '/' && number_parse(end + 1, &end, &m.mask))) &&
	    *end == '\0' && m.mask != 0 && (m.value & ~m.mask) == 0)
		return m;
	problems_add(s->problems, path, "bad-mark", "%s: \"%s\" is no mark: up to 0xffffffff, and only bits that its mask has", leaf, text);
	return (struct policy_bits){ .mask = 0 };
}

/* RFC 2474 (csN), RFC 2597 (afXY), RFC 3246 (ef), RFC 5865 (va), RFC 8622 (le); -1: none. */
static int
dscp_parse(const char *text)
{
	char *end;
	uint32_t n;

	if (strcmp(text, "ef") == 0)
		return 46;
	if (strcmp(text, "va") == 0)
		return 44;
	if (strcmp(text, "le") == 0)
		return 1;
	if (strncmp(text, "cs", 2) == 0 && text[2] >= '0' && text[2] <= '7' && text[3] == '\0')
		return (text[2] - '0') * 8;
	if (strncmp(text, "af", 2) == 0 && text[2] >= '1' && text[2] <= '4' && text[3] >= '1' && text[3] <= '3' && text[4] == '\0')
		return (text[2] - '0') * 8 + (text[3] - '0') * 2;
	return number_parse(text, &end, &n) && *end == '\0' && n < 64 ? (int)n : -1;
}

static uint8_t
dscp_get(struct resolver *s, const char *text, const char *path)
{
	int n;

	n = dscp_parse(text);
	if (n < 0)
		problems_add(s->problems, path, "bad-dscp", "\"%s\" is no code point: a number up to 63, cs0 to cs7, af11 to af43, ef, va or le", text);
	return n < 0 ? 0 : (uint8_t)n;
}

static void
links_resolve(struct resolver *s, struct policy_links *l, const char *const *items, uint32_t n, const char *path)
{
	const struct policy_interface *f;
	uint32_t i;

	l->is_given = n > 0;
	l->items = mem_alloc(s->arena, n, sizeof(*l->items));
	for (i = 0; i < n; i++) {
		f = names_get(&s->interfaces, items[i]);
		if (f != NULL)
			l->items[l->n++] = f->ifname;
		else if (names_get(&s->all_interfaces, items[i]) == NULL)
			resolver_unknown(s, path, "interface", items[i]);
	}
}

static void
macs_resolve(struct resolver *s, struct policy_macs *m, const struct conf_rule *c, const char *path)
{
	const struct conf_mac_group *g;
	uint32_t i, total;

	total = c->source_mac.n;
	for (i = 0; i < c->source_mac_group.n; i++) {
		g = names_get(&s->mac_groups, c->source_mac_group.items[i]);
		if (g == NULL) {
			resolver_unknown(s, path, "MAC group", c->source_mac_group.items[i]);
			return;
		}
		total += g->macs.n;
	}
	if (total == 0 && c->source_mac_group.n > 0)
		problems_add(s->problems, path, "no-macs", "its groups of MAC addresses are empty, which would mean every sender; "
		    "give an address, or remove the groups");
	m->path = path;
	m->items = mem_alloc(s->arena, total, sizeof(*m->items));
	for (i = 0; i < c->source_mac.n; i++)
		m->items[m->n++] = c->source_mac.items[i];
	for (i = 0; i < c->source_mac_group.n; i++) {
		g = names_get(&s->mac_groups, c->source_mac_group.items[i]);
		if (g->macs.n > 0)
			memcpy(m->items + m->n, g->macs.items, g->macs.n * sizeof(*m->items));
		m->n += g->macs.n;
	}
	if (c->source_mac.n == 0 && c->source_mac_group.n > 0) {
		m->name = resolver_joined(s, "macs", (const char *const *)c->source_mac_group.items, c->source_mac_group.n);
		m->path = mem_printf(s->arena, "/firewall/mac-groups/%s", c->source_mac_group.items[0]);
	}
}

static uint32_t
states_of(const struct conf_rule *c)
{
	static const uint32_t bits[CONF_RULE_STATE_MAX] = {
		[CONF_RULE_STATE_INVALID] = 0,
		[CONF_RULE_STATE_NEW] = POLICY_STATE_NEW,
		[CONF_RULE_STATE_ESTABLISHED] = POLICY_STATE_ESTABLISHED,
		[CONF_RULE_STATE_RELATED] = POLICY_STATE_RELATED,
		[CONF_RULE_STATE_INVALID_] = POLICY_STATE_INVALID,
		[CONF_RULE_STATE_UNTRACKED] = POLICY_STATE_UNTRACKED
	};
	uint32_t i, states;

	for (i = 0, states = 0; i < c->state.n; i++)
		if (c->state.items[i] < CONF_RULE_STATE_MAX)
			states |= bits[c->state.items[i]];
	return states;
}

/* The header's byte has fin lowest (RFC 9293 section 3.1), as the schema lists them. */
static uint8_t
flags_of(const uint8_t *items, uint32_t n)
{
	uint8_t bits;
	uint32_t i;

	for (i = 0, bits = 0; i < n; i++)
		if (items[i] >= CONF_TCP_FLAG_FIN && items[i] < CONF_TCP_FLAG_MAX)
			bits |= (uint8_t)(1u << (items[i] - CONF_TCP_FLAG_FIN));
	return bits;
}

static void
tcp_flags_resolve(struct resolver *s, struct policy_rule *r, const struct conf_rule_tcp_flags *c)
{
	uint8_t set, clear;
	uint32_t i;
	bool has_tcp;

	set = flags_of(c->set.items, c->set.n);
	clear = flags_of(c->clear.items, c->clear.n);
	r->conditions.tcp_flags = (struct policy_bits){ .value = set, .mask = set | clear };
	if ((set & clear) != 0)
		problems_add(s->problems, r->path, "flags-clash", "tcp-flags: a flag cannot be set and clear at once; take it out of one list");
	if ((set | clear) == 0)
		problems_add(s->problems, r->path, "no-flags", "tcp-flags names no flag; give flags that are set or clear, or remove it");
	for (i = 0, has_tcp = r->n_services == 0; i < r->n_services; i++)
		has_tcp |= r->services[i].protocol == IPPROTO_TCP;
	if (!has_tcp)
		problems_add(s->problems, r->path, "flags-without-tcp", "tcp-flags needs a service of TCP; none of this rule's services is");
}

void
resolve_conditions(struct resolver *s, struct policy_rule *r, const struct conf_rule *c)
{
	struct policy_conditions *p = &r->conditions;
	uint32_t i;

	p->family = c->family == CONF_RULE_FAMILY_IPV4 ? NFPROTO_IPV4 : c->family == CONF_RULE_FAMILY_IPV6 ? NFPROTO_IPV6 : NFPROTO_UNSPEC;
	links_resolve(s, &p->in, (const char *const *)c->in_interface.items, c->in_interface.n, r->path);
	links_resolve(s, &p->out, (const char *const *)c->out_interface.items, c->out_interface.n, r->path);
	macs_resolve(s, &p->macs, c, r->path);
	p->dscp = mem_alloc(s->arena, c->dscp.n, sizeof(*p->dscp));
	for (i = 0; i < c->dscp.n; i++)
		p->dscp[p->n_dscp++] = dscp_get(s, c->dscp.items[i], r->path);
	if (c->mark != NULL)
		p->mark = mark_parse(s, c->mark, r->path, "mark");
	if (c->connection_mark != NULL)
		p->connection_mark = mark_parse(s, c->connection_mark, r->path, "connection-mark");
	p->states = states_of(c);
	p->lengths = c->length.items;
	p->n_lengths = c->length.n;
	if (c->tcp_flags != NULL)
		tcp_flags_resolve(s, r, c->tcp_flags);
}

void
resolve_writes(struct resolver *s, struct policy_rule *r, const struct conf_rule *c)
{
	const struct conf_rule_set *set = c->set;

	if (set == NULL)
		return;
	if (set->mark != NULL)
		r->writes.mark = mark_parse(s, set->mark, r->path, "set/mark");
	if (set->connection_mark != NULL)
		r->writes.connection_mark = mark_parse(s, set->connection_mark, r->path, "set/connection-mark");
	if (set->dscp != NULL) {
		r->writes.has_dscp = true;
		r->writes.dscp = dscp_get(s, set->dscp, r->path);
	}
	r->writes.idle_seconds = set->idle_timeout;
}
