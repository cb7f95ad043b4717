/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Links found by hardware, and what a peer may not make of names that it sends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "base/arena.h"
#include "base/buf.h"
#include "conf/generated.h"
#include "net/nlmsg.h"

#include "links.h"
#include "policy.h"
#include "policy_xdp.h"
#include "problems.h"

static const struct mac first = { { 2, 0, 0, 0, 0, 1 } }, second = { { 2, 0, 0, 0, 0, 2 } };

static void
put_link(struct buf *b, uint32_t index, const char *name, const struct mac *mac, const struct mac *permanent, const char *alternative)
{
	struct ifinfomsg info = { .ifi_index = (int)index };
	size_t at, list;

	at = nlmsg_begin(b, RTM_NEWLINK, 0, 1, &info, sizeof(info));
	nlattr_put_str(b, IFLA_IFNAME, name);
	nlattr_put(b, IFLA_ADDRESS, mac->bytes, sizeof(mac->bytes));
	if (permanent != NULL)
		nlattr_put(b, IFLA_PERM_ADDRESS, permanent->bytes, sizeof(permanent->bytes));
	if (alternative != NULL) {
		list = nlattr_begin(b, IFLA_PROP_LIST);
		nlattr_put_str(b, IFLA_ALT_IFNAME, alternative);
		nlattr_end(b, list);
	}
	nlattr_put_str(b, IFLA_PARENT_DEV_BUS_NAME, "pci");
	nlattr_put_str(b, IFLA_PARENT_DEV_NAME, index < 3 ? "0000:00:01.0" : "0000:00:03.0");
	nlmsg_end(b, at);
}

static struct links *
make_links(struct arena *a)
{
	struct links *links;
	struct buf b;

	buf_init(&b, 0);
	put_link(&b, 1, "eth0", &first, NULL, NULL);
	put_link(&b, 2, "eth1", &first, &second, "uplink");
	put_link(&b, 3, "eth2", &second, &first, NULL);
	links = links_read(b.data, b.len, a);
	buf_fini(&b);
	return links;
}

static void
test_links(void **state)
{
	struct arena *a;
	struct links *l;

	(void)state;
	a = arena_new(0);
	l = make_links(a);
	/* The permanent address is what the hardware is known by; two that have it are none. */
	assert_string_equal(links_by_mac(l, &second), "eth1");
	assert_null(links_by_mac(l, &first));
	assert_string_equal(links_by_path(l, "pci-0000:00:03.0"), "eth2");
	assert_null(links_by_path(l, "pci-0000:00:01.0"));
	assert_null(links_by_path(l, "pci-0000:00:09.0"));
	assert_string_equal(links_by_name(l, "uplink"), "eth1");
	assert_string_equal(links_by_name(l, "eth2"), "eth2");
	assert_null(links_by_name(l, "eth7"));
	assert_string_equal(links_by_index(l, 3), "eth2");
	assert_null(links_by_index(l, 0));
	arena_free(a);
}

static void
put_upper(struct buf *b, uint32_t index, const char *name, const char *kind, uint32_t lower, bool is_elsewhere)
{
	struct ifinfomsg info = { .ifi_index = (int)index };
	size_t at = nlmsg_begin(b, RTM_NEWLINK, 0, 1, &info, sizeof(info)), nested;

	nlattr_put_str(b, IFLA_IFNAME, name);
	nlattr_put(b, IFLA_LINK, &lower, sizeof(lower));
	if (is_elsewhere)
		nlattr_put(b, IFLA_LINK_NETNSID, &(uint32_t){ 0 }, sizeof(uint32_t));
	nested = nlattr_begin(b, IFLA_LINKINFO);
	nlattr_put_str(b, IFLA_INFO_KIND, kind);
	nlattr_end(b, nested);
	nlmsg_end(b, at);
}

/* What drivers drop of eth0 where they cannot: on it, and on all links that have a part of its frames, on whichever of them they stand. */
static void
test_sets_on_uppers(void **state)
{
	static struct conf_interface_match here = { .name = "eth0" };
	static struct conf_interface interfaces[] = { { .name = "a", .match = &here } };
	static const char *names[] = { "a" };
	static struct conf_xdp xdp = { .enabled = true, .interfaces = { names, 1 } };
	static struct conf_firewall firewall = { .xdp = &xdp };
	struct conf_fwd conf = { .interfaces = { interfaces, 1 }, .firewall = &firewall };
	struct problems problems;
	struct arena *a = arena_new(0);
	struct fw_policy *p;
	struct links *l;
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	put_upper(&b, 7, "both", "vlan", 6, false);
	put_link(&b, 1, "eth0", &first, NULL, NULL);
	put_upper(&b, 6, "tagged", "vlan", 1, false);
	put_upper(&b, 8, "gre1", "gre", 1, false);
	put_upper(&b, 9, "other", "vlan", 1, true);
	put_upper(&b, 10, "mac", "macvlan", 1, false);
	put_upper(&b, 11, "eth9.1", "vlan", 2, false);
	l = links_read(b.data, b.len, a);
	buf_fini(&b);
	problems_init(&problems, a);
	p = policy_from_conf(&conf, l, a, &problems);
	assert_int_equal(p->xdp->sets.n, 0);
	links_use_sets(l, "eth0");
	p = policy_from_conf(&conf, l, a, &problems);
	assert_int_equal(p->xdp->links.n, 1);
	assert_int_equal(p->xdp->sets.n, 4);
	assert_string_equal(p->xdp->sets.items[0], "eth0");
	assert_string_equal(p->xdp->sets.items[1], "tagged");
	assert_string_equal(p->xdp->sets.items[2], "mac");
	assert_string_equal(p->xdp->sets.items[3], "both");
	arena_free(a);
}

/* The section is there in every configuration, and switched on: it is nothing where no interface is named, and a rule can be grafted (ADR 214). */
static void
test_no_drivers(void **state)
{
	static struct conf_xdp xdp = { .enabled = true };
	static struct conf_firewall firewall = { .xdp = &xdp };
	struct conf_fwd conf = { .firewall = &firewall };
	struct problems problems;
	struct arena *a = arena_new(0);
	struct buf nothing;

	(void)state;
	buf_init(&nothing, 0);
	problems_init(&problems, a);
	assert_null(policy_from_conf(&conf, links_read(nothing.data, 0, a), a, &problems)->xdp);
	arena_free(a);
}

static void
put_port(struct buf *b, uint32_t index, const char *name, uint32_t master, const char *kind)
{
	struct ifinfomsg info = { .ifi_index = (int)index };
	size_t at, list;

	at = nlmsg_begin(b, RTM_NEWLINK, 0, 1, &info, sizeof(info));
	nlattr_put_str(b, IFLA_IFNAME, name);
	nlattr_put(b, IFLA_MASTER, &master, sizeof(master));
	list = nlattr_begin(b, IFLA_LINKINFO);
	nlattr_put_str(b, IFLA_INFO_SLAVE_KIND, kind);
	nlattr_end(b, list);
	nlmsg_end(b, at);
}

/* Rules of a bridge are of the ports that it has; members of a bond, and ports of another bridge, are none. */
static void
test_ports_of_bridges(void **state)
{
	struct arena *a = arena_new(0);
	struct links *l;
	unsigned at = 0;
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	put_port(&b, 4, "eth4", 9, "bridge");
	put_port(&b, 5, "eth5", 9, "bond");
	put_port(&b, 6, "eth6", 8, "bridge");
	put_link(&b, 9, "br0", &first, NULL, NULL);
	put_link(&b, 8, "br1", &first, NULL, NULL);
	put_port(&b, 7, "eth7", 9, "bridge");
	l = links_read(b.data, b.len, a);
	buf_fini(&b);
	assert_string_equal(links_next_port(l, "br0", &at), "eth4");
	assert_string_equal(links_next_port(l, "br0", &at), "eth7");
	assert_null(links_next_port(l, "br0", &at));
	at = 0;
	assert_string_equal(links_next_port(l, "br1", &at), "eth6");
	assert_null(links_next_port(l, "br1", &at));
	at = 0;
	assert_null(links_next_port(l, "br2", &at));
	arena_free(a);
}

static struct fw_policy *
resolve(struct conf_fwd *conf, struct arena *a, struct problems *problems)
{
	problems_init(problems, a);
	return policy_from_conf(conf, make_links(a), a, problems);
}

/* Hardware that is not there takes nothing else with it. */
static void
test_absent_hardware(void **state)
{
	static struct conf_interface_match here = { .has_mac = true }, gone = { .path = "pci-0000:00:09.0" };
	static struct conf_interface interfaces[] = { { .name = "a", .match = &here }, { .name = "b", .match = &gone } };
	static const char *names[] = { "a", "b" };
	static struct conf_zone zones[] = { { .name = "z", .interfaces = { names, 2 } } };
	static struct conf_firewall firewall = { .zones = { zones, 1 } };
	struct conf_fwd conf = { .interfaces = { interfaces, 2 }, .firewall = &firewall };
	struct problems problems;
	struct fw_policy *p;
	struct arena *a;

	(void)state;
	here.mac = second;
	a = arena_new(0);
	p = resolve(&conf, a, &problems);
	assert_non_null(p);
	assert_int_equal(p->n_interfaces, 1);
	assert_string_equal(p->interfaces[0].ifname, "eth1");
	assert_int_equal(p->zones[1].n_interfaces, 1);
	arena_free(a);
}

/* The attack: a confd that was taken over sends a zone whose name is longer than what names in the kernel are made in. */
static void
test_names_that_the_schema_forbids(void **state)
{
	static const char *const bad[] = {
		"", "-a", "a b", "a\"b", "A", "a.b", "a/../b",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	};
	struct conf_zone zone;
	struct conf_rule rule;
	struct conf_firewall firewall;
	struct conf_fwd conf = { .firewall = &firewall };
	struct problems problems;
	struct arena *a;
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		a = arena_new(0);
		memset(&firewall, 0, sizeof(firewall));
		memset(&zone, 0, sizeof(zone));
		zone.name = bad[i];
		firewall.zones.items = &zone;
		firewall.zones.n = 1;
		assert_null(resolve(&conf, a, &problems));
		assert_string_equal(problems.items[0].code, "bad-name");
		memset(&firewall, 0, sizeof(firewall));
		memset(&rule, 0, sizeof(rule));
		rule.id = bad[i];
		rule.enabled = true;
		firewall.rules.items = &rule;
		firewall.rules.n = 1;
		assert_null(resolve(&conf, a, &problems));
		assert_string_equal(problems.items[0].code, "bad-name");
		arena_free(a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_sets_on_uppers),
		cmocka_unit_test(test_no_drivers),
		cmocka_unit_test(test_ports_of_bridges),
		cmocka_unit_test(test_absent_hardware),
		cmocka_unit_test(test_names_that_the_schema_forbids)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
