/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/netfilter.h>
#include <string.h>

#include "net/addr.h"

#include "ir_field.h"
#include "ir_print.h"
#include "addrlist.h"

static const struct {
	uint32_t	 bit;
	const char	*name;
} ct_states[] = {
	{ IR_CT_INVALID, "invalid" },
	{ IR_CT_ESTABLISHED, "established" },
	{ IR_CT_RELATED, "related" },
	{ IR_CT_NEW, "new" },
	{ IR_CT_UNTRACKED, "untracked" }
};

static const char *const hook_names[IR_HOOK_MAX] = {
	"", "prerouting", "input", "forward", "output", "postrouting", "forward"
};

static const char *const kind_names[IR_KIND_MAX] = {
	[IR_COUNTER] = "counter",
	[IR_ACCEPT] = "accept",
	[IR_DROP] = "drop",
	[IR_RETURN] = "return",
	[IR_REJECT_TCP_RESET] = "reject tcp-reset",
	[IR_NO_TRACKING] = "notrack"
};

static const char *const action_names[IR_ACTION_MAX] = {
	"", "accept", "drop", "reject", "translate", "", "continue", "queue"
};

const char *
ir_action_name(uint8_t action)
{
	return action < IR_ACTION_MAX ? action_names[action] : "";
}

static void
print_addr(struct buf *b, const uint8_t *p, uint8_t family)
{
	char text[ADDR_STRLEN];
	struct addr a = { .family = family };

	memcpy(a.bytes, p, family == ADDR_V4 ? 4 : 16);
	buf_puts(b, addr_format(&a, text, sizeof(text)));
}

static void
print_bits(struct buf *b, const uint8_t *p, bool is_state)
{
	uint32_t bits;
	size_t i;
	const char *sep;

	memcpy(&bits, p, sizeof(bits));
	for (i = 0, sep = ""; is_state && i < sizeof(ct_states) / sizeof(ct_states[0]); i++) {
		if ((bits & ct_states[i].bit) != 0) {
			buf_printf(b, "%s%s", sep, ct_states[i].name);
			sep = ",";
			bits &= ~ct_states[i].bit;
		}
	}
	if (!is_state && (bits == IR_CT_DNAT || bits == IR_CT_CONFIRMED))
		buf_puts(b, bits == IR_CT_DNAT ? "dnat" : "confirmed");
	else if (bits != 0)
		buf_printf(b, "%s0x%x", sep, bits);
}

static void
print_value(struct buf *b, uint8_t field, const uint8_t *p)
{
	uint32_t n;

	switch ((enum ir_field)field) {
	case IR_IIF_NAME:
	case IR_OIF_NAME:
		buf_printf(b, "\"%.16s\"", (const char *)p);
		break;
	case IR_NFPROTO:
		buf_puts(b, *p == NFPROTO_IPV4 ? "ipv4" : "ipv6");
		break;
	case IR_SADDR4:
	case IR_DADDR4:
	case IR_ARP_SADDR4:
		print_addr(b, p, ADDR_V4);
		break;
	case IR_SADDR6:
	case IR_DADDR6:
		print_addr(b, p, ADDR_V6);
		break;
	case IR_SPORT:
	case IR_DPORT:
	case IR_CT_ORIG_DPORT:
	case IR_ARP_OPERATION:
		buf_printf(b, "%u", (unsigned)p[0] << 8 | p[1]);
		break;
	case IR_TOS6:
	case IR_ETHER_TYPE:
	case IR_TAG_TYPE:
	case IR_VLAN:
		buf_printf(b, "0x%04x", (unsigned)p[0] << 8 | p[1]);
		break;
	case IR_TCP_FLAGS:
	case IR_TOS4:
		buf_printf(b, "0x%02x", *p);
		break;
	case IR_LENGTH:
		buf_printf(b, "%u", (unsigned)p[0] << 24 | (unsigned)p[1] << 16 | (unsigned)p[2] << 8 | p[3]);
		break;
	case IR_MARK:
	case IR_CT_MARK:
		memcpy(&n, p, sizeof(n));
		buf_printf(b, "0x%x", n);
		break;
	case IR_IIF_TYPE:
		buf_printf(b, "%u", p[0] | (unsigned)p[1] << 8);
		break;
	case IR_MAC_SADDR:
	case IR_MAC_DADDR:
		buf_printf(b, "%02x:%02x:%02x:%02x:%02x:%02x", p[0], p[1], p[2], p[3], p[4], p[5]);
		break;
	case IR_CT_STATE:
	case IR_CT_STATUS:
		print_bits(b, p, field == IR_CT_STATE);
		break;
	case IR_FIB_REVERSE:
	case IR_FIB_REVERSE_ANY:
	case IR_FIB_SADDR_TYPE:
	case IR_FIB_DADDR_TYPE:
		memcpy(&n, p, sizeof(n));
		buf_printf(b, "%u", n);
		break;
	case IR_L4PROTO:
	case IR_ICMP_TYPE:
	case IR_ICMP6_TYPE:
	case IR_FIELD_INVALID:
	case IR_FIELD_MAX:
		buf_printf(b, "%u", *p);
		break;
	}
}

static void
print_key(struct buf *b, const struct ir_set *s)
{
	unsigned i;

	for (i = 0; i < s->nfields; i++)
		buf_printf(b, "%s%s", i == 0 ? "" : " . ", ir_field_info(s->fields[i])->name);
}

static void
print_type(struct buf *b, const struct ir_set *s)
{
	unsigned i;

	for (i = 0; i < s->nfields; i++)
		buf_printf(b, "%s%s", i == 0 ? "" : " . ", ir_field_info(s->fields[i])->type);
}

static void
print_match(struct buf *b, const struct ir_stmt *s)
{
	static const char *const ops[IR_CMP_MAX] = {
		[IR_NE] = " !=", [IR_NOT_RANGE] = " !=", [IR_NOT_PREFIX] = " !=", [IR_ANY_BIT] = " any"
	};

	if (s->cmp == IR_IN_SET || s->cmp == IR_NOT_IN_SET) {
		buf_printf(b, "%s%s @%s", ir_field_info(s->field)->name, s->cmp == IR_NOT_IN_SET ? " !=" : "", s->set->name);
		return;
	}
	buf_printf(b, "%s%s ", ir_field_info(s->field)->name, ops[s->cmp] != NULL ? ops[s->cmp] : "");
	if (s->cmp == IR_MASKED) {
		buf_puts(b, "& ");
		print_value(b, s->field, s->match.hi);
		buf_puts(b, " == ");
	}
	print_value(b, s->field, s->match.lo);
	if (s->cmp == IR_RANGE || s->cmp == IR_NOT_RANGE) {
		buf_putc(b, '-');
		print_value(b, s->field, s->match.hi);
	} else if (s->cmp == IR_PREFIX || s->cmp == IR_NOT_PREFIX) {
		buf_printf(b, "/%u", s->bits);
	}
}

static void
print_nat(struct buf *b, const struct ir_stmt *s)
{
	uint8_t family = s->nat.family == NFPROTO_IPV4 ? ADDR_V4 : ADDR_V6;

	if (s->kind == IR_MASQUERADE) {
		buf_puts(b, "masquerade");
	} else {
		buf_printf(b, "%s %s ", s->kind == IR_DNAT ? "dnat" : "snat", family == ADDR_V4 ? "ip" : "ip6");
		print_addr(b, s->nat.addr, family);
		if (memcmp(s->nat.addr, s->nat.last, sizeof(s->nat.addr)) != 0) {
			buf_putc(b, '-');
			print_addr(b, s->nat.last, family);
		}
	}
	if (s->nat.port != 0)
		buf_printf(b, " port %u", s->nat.port);
	buf_printf(b, "%s%s%s", s->nat.is_network ? " network" : "", s->nat.is_random ? " random" : "", s->nat.is_persistent ? " persistent" : "");
}

static void
print_choice(struct buf *b, const struct ir_stmt *s)
{
	static const char *const draws[IR_DRAW_MAX] = { "", "turn", "chance", "source" };

	buf_printf(b, "%s mod %u == %u", draws[s->choice.draw], s->choice.modulus, s->choice.value);
}

/* The kernel's codes that hold for ICMP and ICMPv6 alike. */
static const char *
reject_name(uint8_t code)
{
	static const char *const names[] = { "no-route", "port-unreachable", "host-unreachable", "admin-prohibited" };

	return code < sizeof(names) / sizeof(names[0]) ? names[code] : "?";
}

static void
print_write(struct buf *b, const struct ir_stmt *s)
{
	const char *what;

	what = s->kind == IR_SET_MARK ? "mark" : s->kind == IR_SET_CT_MARK ? "ct mark" : s->kind == IR_SET_DSCP4 ? "ip dscp" : "ip6 dscp";
	if (s->kind == IR_SET_DSCP4 || s->kind == IR_SET_DSCP6)
		buf_printf(b, "%s set %u", what, s->write.value);
	else if (s->write.mask == UINT32_MAX)
		buf_printf(b, "%s set 0x%x", what, s->write.value);
	else
		buf_printf(b, "%s set 0x%x/0x%x", what, s->write.value, s->write.mask);
}

static void
print_meter(struct buf *b, const struct ir_stmt *s)
{
	unsigned i;

	buf_printf(b, "meter @%s ", s->set->name);
	if (s->set->nfields == 1)
		buf_printf(b, s->bits > 0 ? "%s/%u " : "%s ", ir_field_info(s->field)->name, s->bits);
	for (i = 0; s->set->nfields > 1 && i < s->set->nfields; i++)
		buf_printf(b, "%s%s", ir_field_info(s->set->fields[i])->name, i + 1u < s->set->nfields ? " . " : " ");
}

static void
print_connections(struct buf *b, const struct ir_stmt *s)
{
	if (s->kind == IR_CONNECTIONS_METER)
		print_meter(b, s);
	buf_printf(b, "connections %s%u", s->connections.is_over ? "over " : "", s->connections.max);
}

static void
print_limit(struct buf *b, const struct ir_stmt *s)
{
	buf_printf(b, "%s%u/%us burst %u", s->limit.is_over ? "over " : "", s->limit.rate, s->limit.seconds, s->limit.burst);
}

static void
print_stmt(struct buf *b, const struct ir_stmt *s)
{
	switch ((enum ir_kind)s->kind) {
	case IR_MATCH:
		print_match(b, s);
		break;
	case IR_LIMIT:
		buf_puts(b, "limit ");
		print_limit(b, s);
		break;
	case IR_METER:
		print_meter(b, s);
		print_limit(b, s);
		break;
	case IR_CONNECTIONS:
	case IR_CONNECTIONS_METER:
		print_connections(b, s);
		break;
	case IR_SET_MARK:
	case IR_SET_CT_MARK:
	case IR_SET_DSCP4:
	case IR_SET_DSCP6:
		print_write(b, s);
		break;
	case IR_SET_HELPER:
	case IR_SET_TIMEOUT:
		buf_printf(b, "ct %s set %s", s->kind == IR_SET_HELPER ? "helper" : "timeout", s->object->name);
		break;
	case IR_FLOW:
		buf_printf(b, "flow add %s", s->flowtable);
		break;
	case IR_REJECT:
		buf_printf(b, "reject %s", reject_name(s->code));
		break;
	case IR_QUEUE:
		buf_printf(b, "queue %u%s", s->queue.number, s->queue.is_open ? " bypass" : "");
		break;
	case IR_SYNPROXY:
		buf_printf(b, "synproxy mss %u wscale %u%s%s", s->synproxy.mss, s->synproxy.window_scale,
		    s->synproxy.has_timestamps ? " timestamp" : "", s->synproxy.has_selective_ack ? " sack-perm" : "");
		break;
	case IR_LOG:
		buf_printf(b, "log \"%s\" group %u", s->log.prefix, s->log.group);
		break;
	case IR_JUMP:
	case IR_GOTO:
		buf_printf(b, "%s %s", s->kind == IR_JUMP ? "jump" : "goto", s->chain);
		break;
	case IR_VMAP:
		if (s->set->nfields == 1)
			buf_puts(b, ir_field_info(s->field)->name);
		else
			print_key(b, s->set);
		buf_printf(b, " vmap @%s", s->set->name);
		break;
	case IR_MASQUERADE:
	case IR_DNAT:
	case IR_SNAT:
		print_nat(b, s);
		break;
	case IR_CHOOSE:
		print_choice(b, s);
		break;
	case IR_COUNTER:
	case IR_ACCEPT:
	case IR_DROP:
	case IR_RETURN:
	case IR_REJECT_TCP_RESET:
	case IR_NO_TRACKING:
		buf_puts(b, kind_names[s->kind]);
		break;
	case IR_KIND_INVALID:
	case IR_KIND_MAX:
		buf_puts(b, "?");
		break;
	}
}

void
ir_print_rule(const struct ir_rule *r, struct buf *b)
{
	unsigned i;

	for (i = 0; i < r->n; i++) {
		if (i > 0)
			buf_puts(b, " | ");
		print_stmt(b, &r->stmts[i]);
	}
}

void
ir_print_elem(const struct ir_set *s, const struct ir_elem *e, struct buf *b)
{
	const uint8_t *p;
	unsigned i;

	for (i = 0, p = e->lo; i < s->nfields; i++) {
		if (i > 0)
			buf_puts(b, " . ");
		print_value(b, s->fields[i], p);
		if ((s->flags & IR_SET_INTERVAL) != 0 && memcmp(p, e->hi + (p - e->lo), ir_field_info(s->fields[i])->len) != 0) {
			buf_putc(b, '-');
			print_value(b, s->fields[i], e->hi + (p - e->lo));
		}
		p += (ir_field_info(s->fields[i])->len + 3u) & ~3u;
	}
	if (e->rule != NULL) {
		buf_printf(b, " : [%s] ", e->rule->origin->id);
		ir_print_rule(e->rule, b);
	} else if (e->chain != NULL) {
		buf_printf(b, " : jump %s", e->chain);
	}
}

static void
print_set(struct buf *b, const struct ir_set *s)
{
	uint32_t i;

	buf_printf(b, "set %s (", s->name);
	print_type(b, s);
	buf_puts(b, ")");
	if ((s->flags & IR_SET_INTERVAL) != 0)
		buf_puts(b, " interval");
	if ((s->flags & IR_SET_COUNTED) != 0)
		buf_puts(b, " counted");
	if ((s->flags & IR_SET_DYNAMIC) != 0 && s->timeout_ms != 0)
		buf_printf(b, " dynamic timeout %ums size %u", s->timeout_ms, s->size);
	else if ((s->flags & IR_SET_DYNAMIC) != 0)
		buf_printf(b, " dynamic size %u", s->size);
	if (s->list != NULL)
		buf_printf(b, " list of %u", s->list->n);
	buf_putc(b, '\n');
	for (i = 0; i < s->n; i++) {
		buf_puts(b, "    ");
		ir_print_elem(s, &s->elems[i], b);
		buf_putc(b, '\n');
	}
}

void
ir_print_object(const struct ir_object *o, struct buf *b)
{
	unsigned i;

	buf_puts(b, o->name);
	for (i = 0; i < IR_TIMEOUTS_MAX; i++)
		if (o->seconds[i] != 0)
			buf_printf(b, " %u:%us", i, o->seconds[i]);
}

void
ir_print_flowtable(const struct ir_flowtable *t, struct buf *b)
{
	uint32_t i;

	buf_printf(b, "%s%s", t->name, t->is_hardware ? " hardware" : "");
	for (i = 0; i < t->n; i++)
		buf_printf(b, " %s", t->devices[i]);
}

static void
print_offload(const struct ir *ir, struct buf *b)
{
	const struct ir_offload_pair *p;

	if (ir->flowtable != NULL) {
		buf_puts(b, "flowtable ");
		ir_print_flowtable(ir->flowtable, b);
		buf_putc(b, '\n');
	}
	if (ir->offload == NULL)
		return;
	for (p = ir->offload->pairs; p < ir->offload->pairs + ir->offload->n; p++)
		buf_printf(b, "offload %s %s%s%s%s\n", p->from, p->to, p->is_done ? "" : " no", p->reason != NULL ? ": " : "",
		    p->reason != NULL ? p->reason : "");
}

void
ir_print(const struct ir *ir, struct buf *b)
{
	const struct ir_object *o;
	const struct ir_chain *c;
	const struct ir_rule *r;
	const struct ir_set *s;

	for (o = ir->objects; o != NULL; o = o->next) {
		buf_puts(b, "object ");
		ir_print_object(o, b);
		buf_putc(b, '\n');
	}
	print_offload(ir, b);
	for (s = ir->sets; s != NULL; s = s->next)
		print_set(b, s);
	for (c = ir->chains; c != NULL; c = c->next) {
		buf_printf(b, "chain %s", c->name);
		if (c->hook != IR_HOOK_NONE)
			buf_printf(b, " (%s%s hook %s priority %d policy %s)", c->family == NFPROTO_BRIDGE ? "bridge " : "",
			    c->is_nat ? "nat" : "filter", hook_names[c->hook], c->priority, c->drops ? "drop" : "accept");
		buf_putc(b, '\n');
		for (r = c->first; r != NULL; r = r->next) {
			buf_printf(b, "    [%s", r->origin->id);
			if (r->part > 0)
				buf_printf(b, " +%u", r->part);
			buf_puts(b, "] ");
			ir_print_rule(r, b);
			buf_putc(b, '\n');
		}
	}
}
