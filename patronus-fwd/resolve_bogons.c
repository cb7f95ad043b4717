/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/log.h"

#include "mem.h"
#include "policy_bogons.h"
#include "resolver.h"

/*
 * Sources that nobody on the Internet has: what IANA's special-purpose registries (RFC 6890) call not globally reachable, multicast groups, which send
 * nothing (RFC 1112 section 6, RFC 4291 section 2.7), class E (RFC 1112 section 4), and of IPv6 all that is outside of 2000::/3, of which alone IANA has
 * given anything to registries.
 *
 * Left out are link-local addresses of IPv6, by which neighbours on the uplink speak and which no router forwards (RFC 4291 section 2.5.6); the anycast
 * addresses of 192.0.0.0/24 and 2001::/23 that are reachable; Teredo and 6to4; and 64::/16, where senders behind a provider's NAT64 are (RFC 6052), but for
 * its local part (RFC 8215).
 */

static const char *const reserved[] = {
	"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	/* 192.0.0.0/24 without .9 and .10 (RFC 7723, RFC 8155) */
	"192.0.0.0/29", "192.0.0.8/32", "192.0.0.11/32", "192.0.0.12/30", "192.0.0.16/28", "192.0.0.32/27", "192.0.0.64/26", "192.0.0.128/25",
	"::/10", "40::/11", "60::/14", "64:ff9b:1::/48", "65::/16", "66::/15", "68::/13", "70::/12", "80::/9",
	"100::/8", "200::/7", "400::/6", "800::/5", "1000::/4",
	/* 2001::/23 without 2001::/32, 2001:1::/32, 2001:3::/32, 2001:4:112::/48, 2001:20::/28 and 2001:30::/28, roughly */
	"2001:2::/48", "2001:5::/32", "2001:6::/31", "2001:8::/29", "2001:10::/28", "2001:40::/26", "2001:80::/25", "2001:100::/24",
	"2001:db8::/32", "3fff::/20", "4000::/2", "8000::/2", "c000::/3", "e000::/4", "f000::/5", "f800::/6", "fe00::/9", "fec0::/10", "ff00::/8"
};

/* RFC 1918, RFC 6598, RFC 4193.  What is behind a provider's translation is here because an uplink may be there itself. */
static const char *const private[] = { "10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7" };

static void
put_table(struct resolver *s, struct policy_addresses *a, const char *name, const char *const *table, unsigned n)
{
	unsigned i;

	a->name = name;
	a->path = "/firewall/bogons";
	a->items = mem_alloc(s->arena, n, sizeof(*a->items));
	for (i = 0; i < n; i++)
		if (prefix_parse(table[i], &a->items[a->n++]) != 0)
			fatalx("bogons", "\"%s\" is no network", table[i]);
}

void
resolve_bogons(struct resolver *s)
{
	const struct conf_bogons *c = s->firewall->bogons;
	struct conf_endpoint groups = { .not = NULL };
	struct policy_bogons *b;
	uint32_t i;

	for (i = 0; i < s->policy->n_zones && s->policy->zones[i].blocks == 0; i++)
		;
	if (i == s->policy->n_zones)
		return;
	s->policy->bogons = b = mem_alloc(s->arena, 1, sizeof(*b));
	put_table(s, &b->reserved, "bogons.reserved", reserved, sizeof(reserved) / sizeof(reserved[0]));
	put_table(s, &b->private, "bogons.private", private, sizeof(private) / sizeof(private[0]));
	if (c == NULL)
		return;
	groups.group.items = c->groups.items;
	groups.group.n = c->groups.n;
	resolve_endpoint(s, &b->listed, &groups, "/firewall/bogons/groups");
	groups.group.items = c->except.items;
	groups.group.n = c->except.n;
	resolve_endpoint(s, &b->except, &groups, "/firewall/bogons/except");
}
