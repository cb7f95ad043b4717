# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies that no original can be run of here (pf, OpenWrt): what each says of a packet is written down beside it, read from the text."""
import datetime

import pytest

from lab import Lab, ROOT
from probes import ICMP, TCP, UDP, Probe, Wire, play

EXAMPLES = ROOT / "tests" / "import"
BASE = """
interfaces:
  wan: {{ match: {{ name: eth0 }}, addresses: [198.51.100.2/24, "2001:db8:51::2/64"] }}
  lan: {{ match: {{ name: eth1 }}, addresses: [192.0.2.1/25, "2001:db8:2::1/64"] }}
  {third}: {{ match: {{ name: eth2 }}, addresses: [192.0.2.129/26, "2001:db8:3::1/64"] }}
routing:
  static: {{ default-v4: {{ destination: 0.0.0.0/0, via: 198.51.100.1 }} }}
firewall:
  zones: {{ wan: {{ interfaces: [wan] }}, lan: {{ interfaces: [lan] }}, {third}: {{ interfaces: [{third}] }} }}
  rules: [ {{ id: old, from: any, to: any, action: accept }} ]
management: {{ web: {{ zones: [lan] }} }}
"""
WAN, WEB, INNER = "198.51.100.2", "192.0.2.130", "192.0.2.10"
FAR, OTHER = "203.0.113.10", "203.0.113.99"
LINK = {"inet": "eth0", "lan": "eth1", "dmz": "eth2"}
NEIGHBOURS = {"inet": ["198.51.100.1"], "lan": [INNER, "192.0.2.20", "192.0.2.60", "192.0.2.80"], "dmz": [WEB, "192.0.2.131", "192.0.2.140", "192.0.2.150"]}
PING = {"kind": 8}

# (from, source, destination, protocol, port, options): where it comes out, with which source, destination and port; None: nowhere.
PFSENSE = [
    ("inet", FAR, WAN, TCP, 80, {}, ("dmz", FAR, WEB, 80)),                              # the port forward, ports as they are
    ("inet", FAR, WAN, TCP, 8005, {}, ("dmz", FAR, WEB, 8005)),
    ("inet", FAR, WAN, TCP, 8011, {}, None),
    ("inet", FAR, WAN, TCP, 2222, {}, ("dmz", FAR, "192.0.2.131", 22)),                  # another one, with its port
    ("inet", FAR, WEB, TCP, 443, {}, ("dmz", FAR, WEB, 443)),
    ("inet", FAR, WEB, TCP, 22, {}, None),
    ("inet", FAR, WEB, TCP, 445, {}, None),                                              # floating, quick
    ("inet", FAR, WAN, UDP, 1194, {}, ("box", FAR, WAN, 1194)),
    ("inet", FAR, WAN, UDP, 1195, {}, None),
    ("inet", FAR, WEB, ICMP, 0, PING, ("dmz", FAR, WEB, 0)),                             # floating, not quick, and nothing else decides
    ("inet", FAR, "192.0.2.10", TCP, 80, {}, None),
    ("inet", FAR, "198.51.100.30", ICMP, 0, PING, ("dmz", FAR, "192.0.2.140", 0)),       # one to one
    ("inet", "203.0.113.200", "192.0.2.150", TCP, 22, {}, ("dmz", "203.0.113.200", "192.0.2.150", 22)),      # five at once
    ("lan", INNER, FAR, TCP, 25, {}, None),
    ("lan", INNER, "192.0.2.1", TCP, 22, {}, ("box", INNER, "192.0.2.1", 22)),           # admins alone
    ("lan", "192.0.2.20", "192.0.2.1", TCP, 22, {}, None),
    ("lan", INNER, "192.0.2.150", TCP, 80, {}, None),
]
OPNSENSE = [
    ("inet", FAR, WAN, TCP, 443, {}, ("dmz", FAR, WEB, 443)),
    ("inet", OTHER, WAN, TCP, 443, {}, ("dmz", OTHER, WEB, 443)),
    ("inet", "203.0.113.7", WAN, TCP, 443, {}, None),                                    # blocked before
    ("inet", FAR, WAN, TCP, 444, {}, None),
    ("inet", FAR, WEB, TCP, 80, {}, ("dmz", FAR, WEB, 80)),
    ("inet", FAR, WEB, TCP, 81, {}, None),
    ("inet", FAR, WAN, TCP, 2222, {}, ("dmz", FAR, "192.0.2.140", 22)),                  # an office
    ("inet", "203.0.113.77", WAN, TCP, 2222, {}, ("dmz", "203.0.113.77", "192.0.2.140", 22)),
    ("inet", OTHER, WAN, TCP, 2222, {}, None),
    ("inet", FAR, WAN, ICMP, 0, PING, None),
    ("inet", FAR, INNER, TCP, 443, {}, None),
    ("lan", INNER, FAR, TCP, 443, {}, ("inet", WAN, FAR, 443)),                          # out, as the box
    ("lan", INNER, FAR, TCP, 25, {}, None),
    ("lan", INNER, WEB, TCP, 9999, {}, ("dmz", INNER, WEB, 9999)),
    ("lan", INNER, "192.0.2.1", UDP, 53, {}, ("box", INNER, "192.0.2.1", 53)),
    ("dmz", WEB, FAR, UDP, 123, {}, ("inet", WAN, FAR, 123)),
    ("dmz", WEB, INNER, UDP, 123, {}, None),
    ("dmz", WEB, FAR, TCP, 443, {}, None),
]
OPENWRT = [
    ("inet", FAR, WAN, TCP, 8080, {}, ("lan", FAR, "192.0.2.80", 80)),
    ("inet", FAR, WAN, TCP, 8081, {}, None),
    ("inet", FAR, WAN, ICMP, 0, PING, ("box", FAR, WAN, 0)),
    ("inet", FAR, WAN, TCP, 22, {}, None),
    ("inet", FAR, WAN, UDP, 68, {}, ("box", FAR, WAN, 68)),
    ("inet", FAR, INNER, TCP, 443, {}, None),
    ("lan", INNER, FAR, TCP, 443, {}, ("inet", WAN, FAR, 443)),
    ("lan", INNER, FAR, TCP, 23, {}, None),                                              # nowhere telnet
    ("lan", INNER, "192.0.2.1", TCP, 22, {}, ("box", INNER, "192.0.2.1", 22)),
    ("lan", INNER, WEB, TCP, 80, {}, None),                                              # no way from lan to guest
    ("dmz", WEB, FAR, UDP, 443, {}, ("inet", WAN, FAR, 443)),
    ("dmz", WEB, "192.0.2.129", UDP, 53, {}, ("box", WEB, "192.0.2.129", 53)),           # guests may ask
    ("dmz", WEB, "192.0.2.129", TCP, 22, {}, None),
    ("dmz", WEB, INNER, TCP, 80, {}, None),
]
def outside_office_hours(text):
    """Their days are others than today and its neighbours: what a schedule lets through depends on the hour of the test."""
    return text.replace("<position>1,2,3,4,5</position>", f"<position>{(datetime.date.today().isoweekday() + 2) % 7 + 1}</position>")


POLICIES = {
    # Each source of the documentation's ranges is a bogon, and there are no others here.
    "pfsense.xml": ("pf", "opt1", lambda text: outside_office_hours(text.replace("<blockbogons></blockbogons>", "")), PFSENSE),
    "opnsense-office.xml": ("pf", "opt1", lambda text: text, OPNSENSE),
    "openwrt.uci": ("uci", "guest", lambda text: text, OPENWRT),
}


def load(lab, third, directory):
    """Nothing but interfaces, and a rule that lets everything through: what is refused afterwards, the import refuses."""
    path = directory / "base.yaml"
    path.write_text(BASE.format(third=third))
    lab.ctl("discard", check=False)
    lab.load(path)


@pytest.fixture(scope="module")
def router(tmp_path_factory):
    """A router that runs Patronus, with wires at its links."""
    lab = Lab("p").start()
    load(lab, "dmz", tmp_path_factory.mktemp("base"))
    wire = Wire(lab)
    yield lab, wire
    wire.close()
    lab.close()


def take(lab, name, directory):
    form, _, edit, _ = POLICIES[name]
    path = directory / name
    path.write_text(edit((EXAMPLES / form / name).read_text()))
    answer = lab.ctl_json("import", form, path)
    lab.ctl("commit", "--comment", name)
    lab.exec("box", ["conntrack", "-F"], check=False)
    return answer


def begin(lab, third, directory):
    load(lab, third, directory)
    for host, addresses in NEIGHBOURS.items():
        mac = lab.exec(host, ["cat", "/sys/class/net/eth0/address"]).stdout.strip()
        for address in addresses:
            lab.ip("box", f"neigh replace {address} lladdr {mac} dev {LINK[host]} nud permanent")


def probes_of(table):
    return [Probe(host, src, dst, proto, port, 20000 + i, **kw) for i, (host, src, dst, proto, port, kw, _) in enumerate(table)]


@pytest.mark.parametrize("name", POLICIES)
def test_packets_go_where_the_policy_says(router, name, tmp_path):
    lab, wire = router
    _, third, _, table = POLICIES[name]
    begin(lab, third, tmp_path)
    lab.exec("box", ["conntrack", "-F"], check=False)
    before = play(wire, probes_of(table))
    refused = [row[-1] is None for row in table]
    assert sum(was[0] is not None for was, no in zip(before, refused) if no) == sum(refused)      # the links are up: all of it passes without a policy
    assert take(lab, name, tmp_path)["done"] > 5
    seen = play(wire, probes_of(table))
    wrong = [f"{p}: expected {row[-1]}, was {got[0]}" for p, row, got in zip(probes_of(table), table, seen) if got[0] != row[-1]]
    assert wrong == []
    # A connection that was let in is one: its answer comes back to who opened it, and it goes on.
    for row, p, got in zip(table, probes_of(table), seen):
        if row[-1] is not None and row[-1][0] != "box":
            assert got[1] is not None and got[1][0] == p.host and got[1][2] == p.src, p
            assert got[2] is not None or p.proto == ICMP, p


def test_a_limit_of_connections_drops_what_is_over_it(router, tmp_path):
    """max-src-conn 5: the sixth is not for the rule that follows, which is changed to pass it."""
    lab, wire = router
    begin(lab, "opt1", tmp_path)
    take(lab, "pfsense.xml", tmp_path)
    lab.ctl("set", "firewall/post-rules/all", '{from: any, to: any, action: accept}')
    lab.ctl("commit")
    lab.exec("box", ["conntrack", "-F"], check=False)
    seen = play(wire, probes_of([("inet", "203.0.113.200", "192.0.2.150", TCP, 22, {}, None)] * 8))
    assert sum(got[0] is not None for got in seen) == 5
    assert play(wire, [Probe("inet", FAR, "192.0.2.150", TCP, 22, 30000)])[0][0] is not None
