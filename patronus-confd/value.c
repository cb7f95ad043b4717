/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "conf/kind.h"
#include "net/addr.h"
#include "node.h"
#include "schema_node.h"
#include "value.h"

static const char *fault(struct value_fault *, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static const char *
fault(struct value_fault *f, const char *code, const char *fmt, ...)
{
	va_list ap;

	f->code = code;
	f->remedy[0] = '\0';
	va_start(ap, fmt);
	(void)vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	return NULL;
}

static void
remedy(struct value_fault *f, const char *text)
{
	(void)str_copy(f->remedy, text, sizeof(f->remedy));
}

void
nearest_init(struct nearest *n, const char *word)
{
	size_t len = strlen(word);

	n->word = word;
	n->best = NULL;
	/* A third of the letters may differ. */
	n->distance = (len < 6 ? 1 : len < 30 ? (unsigned)len / 3 : 10) + 1;
}

/* Two neighbours in the wrong order count as one mistake. */
static bool
is_swapped(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return a[0] != '\0' && a[1] != '\0' && b[0] != '\0' && a[0] == b[1] && a[1] == b[0] && strcmp(a + 2, b + 2) == 0;
}

void
nearest_try(struct nearest *n, const char *candidate)
{
	unsigned d = is_swapped(n->word, candidate) ? 1 : str_distance(n->word, candidate, n->distance);

	if (d < n->distance) {
		n->distance = d;
		n->best = candidate;
	}
}

const char *
nearest_remedy(const struct nearest *n, char *buf, size_t size)
{
	buf[0] = '\0';
	if (n->best != NULL)
		(void)snprintf(buf, size, "did you mean \"%s\"?", n->best);
	return buf;
}

static bool
is_digits(const char *s)
{
	return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
}

static const char *
family_of(const char *text)
{
	return strchr(text, ':') != NULL ? "IPv6" : "IPv4";
}

static const char *
read_addr(const struct schema_node *s, const char *text, char *buf, struct value_fault *f)
{
	struct addr a;

	if (addr_parse(text, &a) != 0) {
		if (strchr(text, '/') != NULL)
			return fault(f, "type", "%.200s has a prefix length; here is one address, without it", text);
		return fault(f, "type", "%.200s is not an %saddress", text, s->kind->is_v4 ? "IPv4 " : "");
	}
	if (s->kind->is_v4 && a.family != ADDR_V4)
		return fault(f, "type", "%.200s is not an IPv4 address", text);
	return addr_format(&a, buf, VALUE_LEN);
}

/* An address that a box cannot have on a link: the network, its broadcast address, a group. */
static const char *
check_own(const struct prefix *p, const char *text, struct value_fault *f)
{
	struct prefix net = prefix_network(p);
	bool is_v4 = p->addr.family == ADDR_V4, is_all_ones = is_v4;
	unsigned bit;

	if (is_v4 ? (p->addr.bytes[0] & 0xf0) == 0xe0 : p->addr.bytes[0] == 0xff)
		return fault(f, "type", "%.200s is a multicast address; an interface needs one of its own", text);
	if (is_v4 && p->len < 31 && addr_equal(&net.addr, &p->addr))
		return fault(f, "type", "%.200s is the network itself, not an address in it", text);
	for (bit = p->len; is_v4 && bit < 32; bit++)
		is_all_ones = is_all_ones && (p->addr.bytes[bit / 8] & (0x80 >> bit % 8)) != 0;
	if (is_v4 && p->len < 31 && is_all_ones)
		return fault(f, "type", "%.200s is the broadcast address of its network", text);
	return text;
}

static const char *
read_prefix(const struct schema_node *s, const char *text, char *buf, struct value_fault *f)
{
	const char *slash = strchr(text, '/');
	struct prefix p, net;
	struct addr a;
	char head[ADDR_STRLEN], net_text[PREFIX_STRLEN], meant[PREFIX_STRLEN + 24];

	if (prefix_parse_host(text, &p) != 0) {
		if (slash != NULL && (size_t)(slash - text) < sizeof(head)) {
			(void)str_copy(head, text, (size_t)(slash - text) + 1);
			if (addr_parse(head, &a) == 0)
				return fault(f, "type", "%.200s is not a prefix (%s prefix lengths are 0 to %u)", text,
				    family_of(text), 8 * addr_len(&a));
		}
		return fault(f, "type", "%.200s is not an address or prefix", text);
	}
	if (slash == NULL && !s->kind->is_host_allowed)
		return fault(f, "type", "%.200s needs a prefix length, such as %.200s/%d", text, text,
		    p.addr.family == ADDR_V4 ? 24 : 64);
	net = prefix_network(&p);
	if (s->kind->is_network && !prefix_equal(&net, &p)) {
		(void)fault(f, "type", "%.200s has bits set after its prefix", text);
		(void)snprintf(meant, sizeof(meant), "did you mean %s?", prefix_format(&net, net_text, sizeof(net_text)));
		remedy(f, meant);
		return NULL;
	}
	if (!s->kind->is_network && check_own(&p, text, f) == NULL)
		return NULL;
	if (s->kind->is_host_allowed && p.len == 8 * addr_len(&p.addr))
		return addr_format(&p.addr, buf, VALUE_LEN);
	return prefix_format(&p, buf, VALUE_LEN);
}

static const char *
read_ports(const char *text, char *buf, struct value_fault *f)
{
	const char *dash = strchr(text, '-');
	struct ports p;

	if (ports_parse(text, &p) == 0 && p.low > 0)
		return ports_format(&p, buf, VALUE_LEN);
	if (dash != NULL && ports_parse(dash + 1, &p) == 0)
		return fault(f, "type", "%.200s is not a range of ports; the lower port comes first, such as 8000-8010", text);
	if (is_digits(text))
		return fault(f, "type", "%.200s is not a port (ports are 1 to 65535)", text);
	return fault(f, "type", "\"%.200s\" is not a port or a range of ports, such as 443 or 8000-8010", text);
}

static const char *
read_rate(const char *text, char *buf, struct value_fault *f)
{
	struct rate r;

	if (rate_parse(text, &r) == 0)
		return rate_format(&r, buf, VALUE_LEN);
	if (is_digits(text))
		return fault(f, "type", "\"%.200s\" needs a unit, such as %.200s/second", text, text);
	return fault(f, "type", "\"%.200s\" is not a rate, such as 100/second (units: second, minute, hour, day)", text);
}

static const char *
read_mac(const char *text, char *buf, struct value_fault *f)
{
	struct mac m;

	if (mac_parse(text, &m) == 0)
		return mac_format(&m, buf, VALUE_LEN);
	return fault(f, "type", "\"%.200s\" is not a MAC address, such as 00:00:5e:00:53:01", text);
}

static const char *
read_bool(const struct node *n, struct value_fault *f)
{
	if (strcmp(n->text, "true") != 0 && strcmp(n->text, "false") != 0)
		return fault(f, "type", "\"%.200s\" is neither true nor false", n->text);
	if (n->style == NODE_QUOTED) {
		(void)fault(f, "type", "\"%s\" in quotes is text", n->text);
		remedy(f, "leave the quotes out");
		return NULL;
	}
	return n->text;
}

static void
number_bounds(const struct lysc_type *type, uint64_t *ret_min, uint64_t *ret_max)
{
	const struct lysc_type_num *num = (const struct lysc_type_num *)type;

	*ret_min = 0;
	*ret_max = type->basetype == LY_TYPE_UINT8 ? UINT8_MAX : type->basetype == LY_TYPE_UINT16 ? UINT16_MAX :
	    type->basetype == LY_TYPE_UINT32 ? UINT32_MAX : UINT64_MAX;
	if (num->range != NULL) {
		*ret_min = num->range->parts[0].min_u64;
		*ret_max = num->range->parts[LY_ARRAY_COUNT(num->range->parts) - 1].max_u64;
	}
}

static const char *
read_number(const struct schema_node *s, const struct node *n, struct value_fault *f)
{
	uint64_t min, max, v;

	number_bounds(s->type, &min, &max);
	if (n->style == NODE_QUOTED && is_digits(n->text)) {
		(void)fault(f, "type", "\"%.200s\" in quotes is text", n->text);
		remedy(f, "leave the quotes out");
		return NULL;
	}
	if (!is_digits(n->text))
		return fault(f, "type", "\"%.200s\" is not a number from %" PRIu64 " to %" PRIu64, n->text, min, max);
	if (n->text[0] == '0' && n->text[1] != '\0')
		return fault(f, "type", "%.200s starts with a zero, which some would read as octal", n->text);
	if (str_u64(n->text, min, max, &v) != 0)
		return fault(f, "range", "%.200s is out of range (%" PRIu64 " to %" PRIu64 ")", n->text, min, max);
	return n->text;
}

/* "accept, drop or reject" */
static void
list_names(const struct lysc_type_enum *en, char *buf, size_t size)
{
	LY_ARRAY_COUNT_TYPE i, n = LY_ARRAY_COUNT(en->enums);
	size_t at = 0;

	buf[0] = '\0';
	LY_ARRAY_FOR(en->enums, i) {
		if (at < size)
			at += (size_t)snprintf(buf + at, size - at, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ",
			    en->enums[i].name);
	}
}

static const char *
read_enum(const struct schema_node *s, const char *text, struct value_fault *f)
{
	const struct lysc_type_enum *en = (const struct lysc_type_enum *)s->type;
	struct nearest near;
	LY_ARRAY_COUNT_TYPE i;
	char names[320];

	if (schema_enum_has(en, text))
		return text;
	list_names(en, names, sizeof(names));
	(void)fault(f, "type", "\"%.200s\" is not %s", text, names);
	nearest_init(&near, text);
	LY_ARRAY_FOR(en->enums, i)
		nearest_try(&near, en->enums[i].name);
	(void)nearest_remedy(&near, f->remedy, sizeof(f->remedy));
	return NULL;
}

static size_t
characters(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static const char *
read_string(const struct schema_node *s, const char *text, struct value_fault *f)
{
	const struct lysc_type_str *str = (const struct lysc_type_str *)s->type;
	uint64_t min, max;
	size_t n;

	if (s->type->basetype != LY_TYPE_STRING || str->length == NULL)
		return text;
	min = str->length->parts[0].min_u64;
	max = str->length->parts[LY_ARRAY_COUNT(str->length->parts) - 1].max_u64;
	n = characters(text);
	if (n < min && n == 0)
		return fault(f, "length", "is empty");
	if (n < min)
		return fault(f, "length", "is too short (at least %" PRIu64 " characters)", min);
	if (n > max)
		return fault(f, "length", "is too long (%zu characters; at most %" PRIu64 ")", n, max);
	return text;
}

static const char *
read_kind(const struct schema_node *s, const struct node *n, char *buf, struct value_fault *f)
{
	switch (s->kind->kind) {
	case FIELD_ADDR:
		return read_addr(s, n->text, buf, f);
	case FIELD_PREFIX:
		return read_prefix(s, n->text, buf, f);
	case FIELD_MAC:
		return read_mac(n->text, buf, f);
	case FIELD_PORTS:
		return read_ports(n->text, buf, f);
	case FIELD_RATE:
		return read_rate(n->text, buf, f);
	default:
		return n->text;
	}
}

const char *
value_read(const struct schema_node *s, const struct node *n, char buf[VALUE_LEN], struct value_fault *f)
{
	if (n->kind == NODE_NULL) {
		(void)fault(f, "type", "has no value");
		remedy(f, "give it one, or remove the line");
		return NULL;
	}
	if (n->kind != NODE_SCALAR)
		return fault(f, "type", "is a single value, not a %s", n->kind == NODE_MAP ? "mapping" : "list");
	if (n->style == NODE_PLAIN && node_is_doubtful(n->text)) {
		(void)fault(f, "doubtful-boolean", "\"%s\" is a boolean to some readers of YAML and text to others", n->text);
		remedy(f, "write true or false, or put it in quotes");
		return NULL;
	}
	if (s->kind == NULL && s->type->basetype == LY_TYPE_BOOL)
		return read_bool(n, f);
	if (s->kind == NULL && (s->type->basetype == LY_TYPE_UINT8 || s->type->basetype == LY_TYPE_UINT16 ||
	    s->type->basetype == LY_TYPE_UINT32 || s->type->basetype == LY_TYPE_UINT64))
		return read_number(s, n, f);
	if (n->style == NODE_BOOL || (n->style == NODE_NUMBER && (s->kind == NULL || s->kind->kind != FIELD_PORTS))) {
		(void)fault(f, "type", "%.200s is a %s, not text", n->text, n->style == NODE_BOOL ? "boolean" : "number");
		remedy(f, "put it in quotes");
		return NULL;
	}
	if (s->kind != NULL)
		return read_kind(s, n, buf, f);
	if (s->type->basetype == LY_TYPE_ENUM)
		return read_enum(s, n->text, f);
	return read_string(s, n->text, f);
}

void
value_refused(const struct schema_node *s, const char *text, const char *message, struct value_fault *f)
{
	const struct lysc_type_str *str = (const struct lysc_type_str *)s->type;
	LY_ARRAY_COUNT_TYPE i;

	if (s->target != NULL) {
		(void)fault(f, "unknown-reference", "there is no %s \"%.200s\"", s->target->item, text);
		return;
	}
	if (s->type->basetype == LY_TYPE_STRING) {
		LY_ARRAY_FOR(str->patterns, i) {
			if (str->patterns[i]->emsg == NULL || message == NULL || strcmp(str->patterns[i]->emsg, message) != 0)
				continue;
			(void)fault(f, "pattern", "\"%.200s\" is not valid: %s", text, message);
			return;
		}
	}
	(void)fault(f, "type", "\"%.200s\" is not valid%s%.300s", text, message != NULL ? ": " : "", message != NULL ? message : "");
}
