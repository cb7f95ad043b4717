/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "net/addr.h"

int
addr_parse(const char *s, struct addr *ret)
{
	struct addr a = { 0 };

	/* inet_pton takes exactly the dotted quad and RFC 4291 text: no shorthand, no octal, no zone. */
	if (strchr(s, ':') != NULL) {
		if (inet_pton(AF_INET6, s, a.bytes) != 1)
			return -EINVAL;
		a.family = ADDR_V6;
	} else {
		if (inet_pton(AF_INET, s, a.bytes) != 1)
			return -EINVAL;
		a.family = ADDR_V4;
	}
	*ret = a;
	return 0;
}

static int
prefix_parse_any(const char *s, bool is_host_allowed, struct prefix *ret)
{
	char text[ADDR_STRLEN];
	const char *slash = strchr(s, '/');
	struct prefix p;
	uint64_t len;
	size_t n;

	n = slash != NULL ? (size_t)(slash - s) : strlen(s);
	if (n >= sizeof(text) || (slash == NULL && !is_host_allowed))
		return -EINVAL;
	memcpy(text, s, n);
	text[n] = '\0';
	if (addr_parse(text, &p.addr) != 0)
		return -EINVAL;
	len = 8ull * addr_len(&p.addr);
	if (slash != NULL && str_u64(slash + 1, 0, len, &len) != 0)
		return -EINVAL;
	p.len = (uint8_t)len;
	*ret = p;
	return 0;
}

int
prefix_parse(const char *s, struct prefix *ret)
{
	return prefix_parse_any(s, false, ret);
}

int
prefix_parse_host(const char *s, struct prefix *ret)
{
	return prefix_parse_any(s, true, ret);
}

int
mac_parse(const char *s, struct mac *ret)
{
	struct mac m;
	unsigned i;
	char pair[3];

	if (strlen(s) != 17)
		return -EINVAL;
	for (i = 0; i < 6; i++) {
		memcpy(pair, s + 3 * i, 2);
		pair[2] = '\0';
		if (str_unhex(pair, &m.bytes[i], 1) != 0 || (i < 5 && s[3 * i + 2] != ':'))
			return -EINVAL;
	}
	*ret = m;
	return 0;
}

int
ports_parse(const char *s, struct ports *ret)
{
	char low[6];
	const char *dash = strchr(s, '-');
	uint64_t l, h;
	size_t n = dash != NULL ? (size_t)(dash - s) : strlen(s);

	if (n >= sizeof(low))
		return -EINVAL;
	memcpy(low, s, n);
	low[n] = '\0';
	if (str_u64(low, 0, 65535, &l) != 0)
		return -EINVAL;
	h = l;
	if (dash != NULL && str_u64(dash + 1, l, 65535, &h) != 0)
		return -EINVAL;
	ret->low = (uint16_t)l;
	ret->high = (uint16_t)h;
	return 0;
}

static const struct {
	const char	*name;
	uint32_t	 seconds;
} rate_units[] = {
	{ "second", 1 }, { "minute", 60 }, { "hour", 3600 }, { "day", 86400 },
};

int
rate_parse(const char *s, struct rate *ret)
{
	const char *slash = strchr(s, '/');
	char count[11];
	uint64_t v;
	size_t i, n;

	if (slash == NULL || (n = (size_t)(slash - s)) >= sizeof(count))
		return -EINVAL;
	memcpy(count, s, n);
	count[n] = '\0';
	if (str_u64(count, 1, UINT32_MAX, &v) != 0)
		return -EINVAL;
	for (i = 0; i < sizeof(rate_units) / sizeof(rate_units[0]); i++) {
		if (strcmp(slash + 1, rate_units[i].name) != 0)
			continue;
		ret->count = (uint32_t)v;
		ret->seconds = rate_units[i].seconds;
		return 0;
	}
	return -EINVAL;
}

const char *
addr_format(const struct addr *a, char *buf, unsigned size)
{
	if (size == 0)
		return buf;
	buf[0] = '\0';
	if (a->family == ADDR_V4)
		(void)inet_ntop(AF_INET, a->bytes, buf, size);
	else if (a->family == ADDR_V6)
		(void)inet_ntop(AF_INET6, a->bytes, buf, size);
	return buf;
}

const char *
prefix_format(const struct prefix *p, char *buf, unsigned size)
{
	char text[ADDR_STRLEN];

	(void)snprintf(buf, size, "%s/%u", addr_format(&p->addr, text, sizeof(text)), p->len);
	return buf;
}

const char *
mac_format(const struct mac *m, char *buf, unsigned size)
{
	const uint8_t *b = m->bytes;

	(void)snprintf(buf, size, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
	return buf;
}

const char *
ports_format(const struct ports *p, char *buf, unsigned size)
{
	if (p->low == p->high)
		(void)snprintf(buf, size, "%u", p->low);
	else
		(void)snprintf(buf, size, "%u-%u", p->low, p->high);
	return buf;
}

const char *
rate_format(const struct rate *r, char *buf, unsigned size)
{
	const char *unit = "second";
	size_t i;

	for (i = 0; i < sizeof(rate_units) / sizeof(rate_units[0]); i++)
		if (rate_units[i].seconds == r->seconds)
			unit = rate_units[i].name;
	(void)snprintf(buf, size, "%u/%s", r->count, unit);
	return buf;
}

unsigned
addr_len(const struct addr *a)
{
	return a->family == ADDR_V4 ? 4 : a->family == ADDR_V6 ? 16 : 0;
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, addr_len(a)) == 0;
}

bool
prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->len == b->len && addr_equal(&a->addr, &b->addr);
}

struct prefix
prefix_network(const struct prefix *p)
{
	struct prefix n = *p;
	unsigned i, bits;

	for (i = 0; i < addr_len(&n.addr); i++) {
		bits = p->len > 8 * i ? p->len - 8 * i : 0;
		if (bits < 8)
			n.addr.bytes[i] &= (uint8_t)(0xff00u >> bits);
	}
	return n;
}

bool
prefix_contains(const struct prefix *p, const struct addr *a)
{
	struct prefix host = { *a, p->len }, net = prefix_network(p);

	if (p->addr.family != a->family)
		return false;
	host = prefix_network(&host);
	return addr_equal(&host.addr, &net.addr);
}

bool
prefix_covers(const struct prefix *outer, const struct prefix *inner)
{
	return outer->len <= inner->len && prefix_contains(outer, &inner->addr);
}
