# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits that an outside hand makes to the box with the stock tools: nft, ip, sysctl by /proc, hostname, ln and echo.

Each kind is a function of the box and a random generator that returns an Edit: what to run, which object must be named, of which class it
is, and what the kernel takes along (the routes of a link that goes down), which may be named too.
"""
import dataclasses
import json
import re
import sys
from pathlib import Path

LINKS = {"wan": "eth0", "lan": "eth1", "dmz": "eth2"}
MARK = "meta mark 0x1 counter accept"      # a rule that we never make


@dataclasses.dataclass
class Edit:
    kind: str
    act: list               # argv in the box's network namespace
    object: str             # a regular expression that must match the whole name
    klass: str
    extra: str = r"$^"      # what else may be named
    area: str = ""
    uts: bool = False       # act in the box's UTS namespace too
    is_foreign: bool = False
    undo: list = None       # of a foreign one

    def __str__(self):
        return f"{self.kind}: {' '.join(self.act)[:150]}"


def sh(text):
    return ["sh", "-c", text]


# --- nftables ---

def _rules(lab):
    """(chain, handle, comment, text) of each of our rules."""
    found, chain = [], None
    for line in lab.nft("-a", "list", "table", "inet", "patronus").stdout.splitlines():
        if m := re.match(r"\tchain (\S+) \{", line):
            chain = m[1]
        if (m := re.match(r"\t\t(.*) # handle (\d+)$", line)) and (c := re.search(r'comment "([^"]+)"', m[1])):
            found.append((chain, m[2], c[1], m[1]))
    return found


def _chains(lab):
    return [c["chain"] for c in json.loads(lab.nft("-j", "list", "chains", "inet").stdout)["nftables"]
            if c.get("chain", {}).get("table") == "patronus"]


def _sets(lab):
    """Sets and maps of ours whose elements are not made by packets."""
    out = []
    for kind in ("sets", "maps"):
        for s in json.loads(lab.nft("-j", "list", kind, "inet").stdout)["nftables"]:
            body = s.get("set") or s.get("map")
            if body and body["table"] == "patronus" and "dynamic" not in body.get("flags", []):
                out.append(body["name"])
    return out


def rule_deleted(lab, chance):
    chain, handle, name, _ = chance.choice(_rules(lab))
    return Edit("rule deleted", ["nft", "delete", "rule", "inet", "patronus", chain, "handle", handle], f"rule {re.escape(name)}", "critical")


def rule_changed(lab, chance):
    chain, handle, name, _ = chance.choice(_rules(lab))
    return Edit("rule changed", ["nft", f'replace rule inet patronus {chain} handle {handle} {MARK} comment "{name}"'],
                f"rule {re.escape(name)}", "critical")


def rule_inserted(lab, chance):
    chain = chance.choice(_chains(lab))["name"]
    verb = chance.choice(["insert", "add"])
    return Edit("rule inserted", ["nft", f"{verb} rule inet patronus {chain} {MARK}"], rf"rule handle \d+ of chain {re.escape(chain)}", "critical")


def rule_swapped(lab, chance):
    """A rule of ours once more at the head of its chain."""
    chain, _, name, _ = chance.choice(_rules(lab))
    return Edit("rule of the same name", ["nft", f'insert rule inet patronus {chain} {MARK} comment "{name}"'],
                rf"rule {re.escape(name)}.*", "critical")


def element_added(lab, chance):
    n = chance.randrange(2, 250)
    return Edit("element added", ["nft", f"add element inet patronus group.many.net4 {{ 198.18.77.{n} }}"], r"set group\.many\.net4", "critical")


def element_deleted(lab, chance):
    name, element = chance.choice([("group.admins.host4", "192.0.2.10"), ("group.web-servers.host4", "192.0.2.130"),
                                   ("group.admins.host6", "2001:db8:2::10")])
    return Edit("element deleted", ["nft", f"delete element inet patronus {name} {{ {element} }}"], f"set {re.escape(name)}", "critical")


def map_emptied(lab, chance):
    name = chance.choice([s for s in _sets(lab) if s.startswith("pairs")])
    return Edit("map emptied", ["nft", "flush", "set" if name in lab.nft("list", "sets", "inet").stdout else "map", "inet", "patronus", name],
                f"set {re.escape(name)}", "critical")


def policy_changed(lab, chance):
    chain = chance.choice([c["name"] for c in _chains(lab) if c.get("policy") == "drop"])
    return Edit("chain policy", ["nft", f"add chain inet patronus {chain} {{ policy accept; }}"], f"chain {re.escape(chain)}", "critical")


def chain_flushed(lab, chance):
    chain = chance.choice(sorted({c for c, *_ in _rules(lab)}))
    return Edit("chain flushed", ["nft", "flush", "chain", "inet", "patronus", chain], "rule .*", "critical", extra="rule .*")


def hook_added(lab, chance):
    hook, priority = chance.choice(["input", "forward", "output"]), chance.randrange(-400, -200)
    return Edit("chain with a hook", ["nft", f"add chain inet patronus evil {{ type filter hook {hook} priority {priority}; policy accept; }}"],
                "chain evil", "critical")


def idle_chain(lab, chance):
    return Edit("idle chain", ["nft", "add chain inet patronus idle"], "chain idle", "info")


def idle_set(lab, chance):
    return Edit("idle set", ["nft", "add set inet patronus idle { type ipv4_addr; }"], "set idle", "info")


def table_dormant(lab, chance):
    return Edit("table dormant", ["nft", "add table inet patronus { flags dormant; }"], "table inet patronus", "critical")


def table_beside(lab, chance):
    """What only fwd may make, while ways turn: another policy that judges as well."""
    name = f"patronus.{chance.randrange(1, 1000)}"
    return Edit("table beside", ["nft", f"add table inet {name}; add chain inet {name} forward {{ type filter hook forward priority -1; policy drop; }}"],
                f"table inet {re.escape(name)}", "critical")


def table_deleted(lab, chance):
    return Edit("table deleted", ["nft", *chance.choice([("flush", "ruleset"), ("delete", "table", "inet", "patronus")])], "table inet patronus",
                "critical", extra="(chain|set) .*")


# --- links, addresses, routes, rules ---

OF_LINK = r"(address \S+ on {0}|route .*|.* of {0})"


def link_down(lab, chance):
    name, dev = chance.choice(sorted(LINKS.items()))
    return Edit("link down", ["ip", "link", "set", dev, "down"], rf"link {name} \({dev}\)", "critical", extra=OF_LINK.format(name))


def mtu_changed(lab, chance):
    name, dev, mtu = "dmz", "eth2", chance.randrange(1280, 1490)     # one that the configuration names
    return Edit("MTU", ["ip", "link", "set", dev, "mtu", str(mtu)], rf"link {name} \({dev}\)", "warning")


def _address(chance):
    return chance.choice([("wan", "198.51.100.2/24"), ("lan", "192.0.2.1/25"), ("dmz", "192.0.2.129/26"), ("wan", "2001:db8:51::2/64"),
                          ("lan", "2001:db8:2::1/64"), ("dmz", "2001:db8:3::1/64")])


def address_removed(lab, chance):
    name, address = _address(chance)
    return Edit("address removed", ["ip", "addr", "del", address, "dev", LINKS[name]], f"address {re.escape(address)} on {name}", "critical",
                extra="route .*")


def address_added(lab, chance):
    """As ours: with our protocol number, which this ip(8) cannot give."""
    n = chance.randrange(20, 120)
    # Without what Python reads at its start: the edit counts from the start of its tool.
    return Edit("address added", [sys.executable, "-S", "-E", str(Path(__file__).with_name("add_address.py")), "eth1", f"192.0.2.{n}", "25", "158"],
                rf"address 192\.0\.2\.{n}/25 on lan", "warning")


def route_removed(lab, chance):
    n = chance.randrange(4)
    act, name = [(["route", "del", "default"], "0.0.0.0/0"), (["-6", "route", "del", "default"], "::/0"),
                 (["route", "del", "198.18.1.0/24"], "198.18.1.0/24"), (["route", "del", "198.18.2.0/24"], "198.18.2.0/24")][n]
    return Edit("route removed", ["ip", *act], rf"route {re.escape(name)}.*", "critical")


def route_replaced(lab, chance):
    name, via = chance.choice(["default", "198.18.1.0/24"]), f"198.51.100.{chance.randrange(3, 200)}"
    return Edit("route replaced", ["ip", "route", "replace", name, "via", via, "proto", "158"],
                rf"route {re.escape('0.0.0.0/0' if name == 'default' else name)}.*", "critical")


def route_added(lab, chance):
    n, table = chance.randrange(10, 200), chance.choice(["main", "77"])
    kind = chance.choice([["via", "198.51.100.7"], ["dev", "eth1"]])
    if chance.random() < 0.3:
        return Edit("route added", ["ip", "route", "add", "blackhole", f"198.19.{n}.0/24", "proto", "158", "table", table],
                    rf"route 198\.19\.{n}\.0/24.*", "critical")
    return Edit("route added", ["ip", "route", "add", f"198.19.{n}.0/24", *kind, "proto", "158", "table", table],
                rf"route 198\.19\.{n}\.0/24.*", "critical")


def rule_of_shadow(lab, chance):
    six = chance.random() < 0.5
    return Edit("policy rule", ["ip", *(["-6"] if six else []), "rule", "add", "pref", "32765", "table", "158158", "protocol", "158"],
                f"rule 32765 of table 158158 for IPv{6 if six else 4}", "critical")


# --- sysctls ---

def _put(path, value):
    return sh(f"echo {value} > /proc/sys/net/{path}")


def box_sysctl(lab, chance):
    path, value, name = chance.choice([("ipv4/ip_forward", 0, "ipv4 forwarding"), ("ipv6/conf/all/forwarding", 0, "ipv6 forwarding"),
                                       ("ipv4/conf/all/accept_redirects", 1, "accept_redirects"),
                                       ("ipv4/conf/all/send_redirects", 1, "send_redirects")])
    # Forwarding resets others of its family (Documentation/networking/ip-sysctl): they are ours as well.
    return Edit("sysctl of the box", _put(path, value), name, "critical", extra=r"(ipv[46] forwarding|accept_redirects|send_redirects|accept_ra)( of \w+)?|route .*")


def link_sysctl(lab, chance):
    name, dev = chance.choice(sorted(LINKS.items()))
    path, value, what, klass = chance.choice([
        ("ipv4/conf/{}/rp_filter", chance.choice([0, 1]), "rp_filter", "critical"),
        ("ipv6/conf/{}/accept_ra", chance.choice([1, 2]), "accept_ra", "critical"),
        ("ipv4/conf/{}/forwarding", 0, "ipv4 forwarding", "critical"),
        ("ipv6/conf/{}/forwarding", 0, "ipv6 forwarding", "critical"),
        ("ipv4/conf/{}/promote_secondaries", 0, "promote_secondaries", "warning")])
    return Edit("sysctl of a link", _put(path.format(dev), value), f"{what} of {name}", klass, extra=rf"accept_ra of {name}|route .*")


def ipv6_disabled(lab, chance):
    name, dev = chance.choice(sorted(LINKS.items()))
    return Edit("IPv6 off", _put(f"ipv6/conf/{dev}/disable_ipv6", 1), f"disable_ipv6 of {name}", "critical", extra=OF_LINK.format(name))


# --- files and names ---

def resolver(lab, chance):
    path = lab.etc / "resolv.conf"
    acts = [f"echo nameserver 192.0.2.{chance.randrange(1, 250)} > {path}", f"echo '# mine' >> {path}", f"rm {path}",
            f"echo nameserver 192.0.2.9 > {path}.new; mv {path}.new {path}", f"ln -sfn /run/elsewhere {path}"]
    return Edit("resolver", sh(chance.choice(acts)), "resolver", "warning")


def host_name(lab, chance):
    return Edit("host name", ["hostname", f"host{chance.randrange(1000)}"], "host name", "info", uts=True)


def time_zone(lab, chance):
    path = lab.etc / "localtime"
    acts = [f"ln -sfn /usr/share/zoneinfo/{chance.choice(['Asia/Tokyo', 'America/Lima', 'Etc/GMT+5'])} {path}", f"rm {path}",
            f"cp /usr/share/zoneinfo/Asia/Tokyo {path}.new && mv -T {path}.new {path}"]     # cp alone would write through the link that is repaired
    return Edit("time zone", sh(chance.choice(acts)), "time zone", "info")


KINDS = (rule_deleted, rule_changed, rule_inserted, rule_swapped, element_added, element_deleted, map_emptied, policy_changed, chain_flushed,
         hook_added, idle_chain, idle_set, table_dormant, table_beside, table_deleted, link_down, mtu_changed, address_removed, address_added, route_removed,
         route_replaced, route_added, rule_of_shadow, box_sysctl, link_sysctl, ipv6_disabled, resolver, host_name, time_zone)

# --- what is not ours ---


def foreign(lab, chance):
    """Something beside ours that nobody may be told of."""
    n = chance.randrange(10, 120)
    acts = [
        (["nft", f"add table ip other{n}"], ["nft", "delete", "table", "ip", f"other{n}"]),
        (["nft", "add rule inet theirs c counter accept"], None),
        (["nft", f"add table ip patronus.{n}"], ["nft", "delete", "table", "ip", f"patronus.{n}"]),
        (["ip", "addr", "add", f"203.0.113.{n}/32", "dev", "eth1"], ["ip", "addr", "del", f"203.0.113.{n}/32", "dev", "eth1"]),
        (["ip", "addr", "add", f"203.0.113.{n}/24", "dev", "spare"], ["ip", "addr", "del", f"203.0.113.{n}/24", "dev", "spare"]),
        (["ip", "link", "set", "spare", "mtu", str(1300 + n)], None),
        (["ip", "link", "set", "spare", "down"], ["ip", "link", "set", "spare", "up"]),
        (_put("ipv4/conf/spare/rp_filter", chance.choice([0, 1, 2])), None),
        (_put("ipv6/conf/spare/accept_ra", chance.choice([0, 1, 2])), None),
        (sh(f"echo {n} > /proc/sys/net/ipv4/tcp_fin_timeout"), None),
        (sh(f"echo x{n} > {lab.etc}/other"), None),
        (["ip", "rule", "add", "pref", str(1000 + n), "table", "77"], ["ip", "rule", "del", "pref", str(1000 + n)]),
        *((["ip", "route", "add", f"198.19.{n}.0/24", "via", "198.51.100.9", "proto", proto],
           ["ip", "route", "del", f"198.19.{n}.0/24", "proto", proto]) for proto in ("kernel", "boot", "static", "dhcp", "bird", "bgp", "zebra")),
    ]
    act, undo = chance.choice(acts)
    return Edit("foreign", act, r"$^", "", is_foreign=True, undo=undo)
