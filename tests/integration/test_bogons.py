# SPDX-License-Identifier: GPL-3.0-or-later
"""Sources that a zone blocks: packets with forged ones on the uplink, of every kind and both families, with and without each switch."""
import ipaddress

import pytest

from lab import Lab, network, wait_for
from probes import UDP, Probe, Wire, play

# The uplink's own networks are the documentation's, which are bogons: "provider" excepts them, as it would a provider's servers.
DOCUMENT = network("wan", "lan", "dmz") + """
firewall:
  anti-spoofing: @SPOOFING@
  zones: { wan: { interfaces: [wan]@BLOCKS@ }, lan: { interfaces: [lan] }, dmz: { interfaces: [dmz] } }
  lists: { full-bogons: { source: upload } }
  groups:
    full-bogons: { lists: [full-bogons] }
    provider: { addresses: [198.51.100.0/24, "2001:db8:51::/64", 100.64.7.1] }
  bogons: { groups: [full-bogons], except: [provider] }
  rules: [ { id: in, from: any, to: dmz, action: accept } ]
management: { web: { zones: [lan] } }
"""
BOTH = ", block-bogons: true, block-private: true"
WEB4, WEB6 = "192.0.2.130", "2001:db8:3::130"
PRIVATE = ["10.1.2.3", "100.64.3.3", "172.16.9.9", "172.31.255.254", "192.168.7.7", "fd00:1::7"]
RESERVED = ["169.254.3.3", "192.0.0.8", "192.0.2.140", "198.18.0.9", "198.19.255.1", "203.0.113.10", "240.0.0.9", "254.1.1.1",
            "2001:2::9", "2001:10::9", "2001:db8:99::9", "3fff::9", "4000::9", "64:ff9b:1::9", "fec0::9", "100::9"]
GOOD = ["198.51.100.77", "2001:db8:51::77", "100.64.7.1", "192.0.0.9", "192.0.0.10", "64:ff9b::c633:6401", "2001:20::9"]


@pytest.fixture(scope="module")
def box():
    lab = Lab("bg").start()
    lab.load_text(document(""))
    lab.wire = Wire(lab)
    for address in (WEB4, WEB6):
        mac = lab.exec("dmz", ["cat", "/sys/class/net/eth0/address"]).stdout.strip()
        lab.ip("box", f"neigh replace {address} lladdr {mac} dev eth2 nud permanent")
    yield lab
    lab.wire.close()
    lab.close()


def document(blocks, spoofing="true"):
    return DOCUMENT.replace("@BLOCKS@", blocks).replace("@SPOOFING@", spoofing)


def passing(lab, sources, host="inet"):
    """Those of them from which a packet gets through to the DMZ."""
    lab.exec("box", ["conntrack", "-F"], check=False)
    probes = [Probe(host, s, WEB6 if ":" in s else WEB4, UDP, 5000, 20000 + i) for i, s in enumerate(sources)]
    return [s for s, seen in zip(sources, play(lab.wire, probes)) if seen[0] is not None and seen[0][0] == "dmz"]


@pytest.mark.parametrize("blocks, spoofing, stopped", [
    ("", "true", ["192.0.2.140"]),                                      # it is of the DMZ: spoofed, as ever
    (", block-bogons: true", "true", RESERVED),
    (", block-private: true", "true", PRIVATE + ["192.0.2.140"]),
    (BOTH, "true", PRIVATE + RESERVED),
    (BOTH, "false", PRIVATE + RESERVED),                                # without the other check in the same place
])
def test_what_is_blocked_does_not_pass(box, blocks, spoofing, stopped):
    box.load_text(document(blocks, spoofing))
    every = PRIVATE + RESERVED + GOOD
    assert passing(box, every) == [s for s in every if s not in stopped]


def test_other_zones_are_not_asked(box):
    box.load_text(document(BOTH, "false"))
    assert passing(box, PRIVATE, "lan") == PRIVATE and passing(box, PRIVATE) == []


def test_it_is_counted_logged_and_explained(box):
    box.load_text(document(BOTH))
    assert passing(box, ["10.9.9.9", "2001:db8:99::1"]) == []
    wait_for("the log", 5, lambda: {"10.9.9.9", "2001:db8:99::1"} <= {e["source"] for e in box.ctl_json("show", "firewall", "log")["events"]
                                                                      if e["rule"] == "bogon" and e["action"] == "drop"})
    for source in ("10.9.9.9", "198.18.0.9"):
        words = ("from", "wan", "source", source, "destination", WEB4, "proto", "udp", "port", "53")
        e = box.ctl_json("firewall", "explain", "--prove", *words)
        assert (e["verdict"], e["rule"], e["proof"]) == ("drop", "bogon:drop", "proved"), e
    words = ("from", "wan", "source", "100.64.7.1", "destination", WEB4, "proto", "udp", "port", "53")
    assert box.ctl_json("firewall", "explain", *words)["rule"] == "in"
    box.ctl("verify")


def test_dhcp_and_neighbours_are_not_cut_off(box):
    """A provider's server may be private; who has no address yet has none."""
    box.load_text(document(BOTH))
    for words, rule in (("source 10.0.0.1 destination 198.51.100.2 proto udp source-port 67 port 68", "input:dhcp"),
                        ("source fe80::1 to local destination ff02::1 proto icmpv6 icmp-type 134", "input:icmpv6"),
                        ("source :: to local destination ff02::1:ff00:2 proto icmpv6 icmp-type 135", "input:icmpv6")):
        e = box.ctl_json("firewall", "explain", "from", "wan", *words.split())
        assert (e["verdict"], e["rule"]) == ("accept", rule), words


def test_lists_are_bogons_as_well(box):
    box.load_text(document(", block-bogons: true"))
    assert passing(box, ["192.0.0.9", "2001:20::9"]) == ["192.0.0.9", "2001:20::9"]
    (box.dir / "full.txt").write_text("192.0.0.9\n2001:20::/64\n198.51.100.0/24\n")
    box.ctl("firewall", "list", "upload", "full-bogons", box.dir / "full.txt")
    assert passing(box, ["192.0.0.9", "192.0.0.10", "2001:20::9", "198.51.100.77"]) == ["192.0.0.10", "198.51.100.77"]
    assert "/bogons/groups" in box.ctl("usage", "firewall/groups/full-bogons").stdout
    box.ctl("firewall", "list", "clear", "full-bogons")
    assert passing(box, ["192.0.0.9"]) == ["192.0.0.9"]


def test_what_is_reserved_is_what_others_say(box):
    """A peer: of the first address of each network of some length, Python's tables of the same registries say whether it is global."""
    rules = box.nft("-j", "list", "ruleset").stdout
    assert "bogons.reserved.net4" in rules
    box.load_text(document(BOTH))
    words = "from wan destination {} proto udp port 53 source"
    sample = [ipaddress.ip_address(n << 24 | 5) for n in range(1, 256, 7)] + [ipaddress.ip_address(n << 112 | 5) for n in range(0x2003, 0xfe80, 0x7ff)]
    for a in sample:
        if a in ipaddress.ip_network("3fff::/20"):      # RFC 9637, which these tables do not have yet
            continue
        e = box.ctl_json("firewall", "explain", *words.format(WEB4 if a.version == 4 else WEB6).split(), str(a))
        assert (e["rule"] != "bogon:drop") == (a.is_global and not a.is_multicast and (a.version == 4 or a in ipaddress.ip_network("2000::/3"))), a


def test_a_rule_for_blocked_senders_is_told(box):
    """It can never be hit, and what proves it is no rule; an exception, or a zone that blocks nothing, and it can."""
    home = "{ id: home, from: wan, to: dmz, source: { addresses: [192.168.0.0/16, \"fd00::/8\"] }, service: http, action: accept }"
    rules = document(BOTH).replace("rules: [", f"rules: [ {home},")

    def finding(text):
        box.load_text(text)
        return {f["rule"]: f for f in box.ctl_json("firewall", "lint")["findings"] if f["finding"] == "shadowed"}.get("home")

    told = finding(rules)
    assert told and told["witnesses"] == ["bogon:drop"] and "block-bogons or block-private" in told["text"], told
    assert finding(rules.replace("100.64.7.1]", "100.64.7.1, 192.168.7.7]")) is None
    assert finding(rules.replace(BOTH, ", block-bogons: true")) is None
    assert finding(rules.replace("from: wan, to: dmz, source", "from: lan, to: dmz, source")) is None
