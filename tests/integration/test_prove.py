# SPDX-License-Identifier: GPL-3.0-or-later
"""explain --prove: such a packet is really sent, and the kernel bears out what was said; where the two differ it is told."""
import re

import pytest

from lab import Lab

DOCUMENT = """
interfaces:
  wan: { match: { name: eth0 }, addresses: [198.51.100.2/24, 2001:db8:1::2/64] }
  lan: { match: { name: eth1 }, addresses: [192.0.2.1/25, 2001:db8:2::1/64] }
  dmz: { match: { name: eth2 }, addresses: [192.0.2.129/26] }
routing: { static: { default: { destination: 0.0.0.0/0, via: 198.51.100.1 } } }
firewall:
  zones: { wan: { interfaces: [wan] }, lan: { interfaces: [lan], default-action: reject }, dmz: { interfaces: [dmz] } }
  services: { other: { protocol: tcp, ports: [8080] } }
  rules:
    - { id: web, from: lan, to: wan, service: http, action: accept }
    - { id: no-other, from: lan, to: wan, service: other, action: drop }
    - { id: no-ssh, from: lan, to: wan, service: ssh, action: reject }
    - { id: in, from: wan, to: dmz, service: http, action: accept }
    - { id: admin, from: lan, to: local, service: ssh, action: accept }
nat:
  masquerade: { out: { zone: wan } }
  port-forwards: [{ id: pub, zone: wan, service: http, to: 192.0.2.130 }]
management: { web: { zones: [lan] } }
"""


@pytest.fixture(scope="module")
def box():
    lab = Lab("p").start()
    lab.load_text(DOCUMENT, commit=False)
    lab.ctl("commit", "--comment", "test")
    yield lab
    lab.close()


def prove(lab, words, *more):
    return lab.ctl_json("firewall", "explain", "--prove", *more, *words.split())


LAN = "source 192.0.2.10 destination 203.0.113.10 proto tcp port"


@pytest.mark.parametrize("words, verdict, rule, text", [
    (f"{LAN} 80", "accept", "web", r"leaves from 198.51.100.2:\d+ to 203.0.113.10:80"),
    (f"{LAN} 8080", "drop", "no-other", "drops it"),
    (f"{LAN} 22", "reject", "no-ssh", "rejects it"),
    (f"{LAN} 81", "reject", "default:lan", "rejects it"),
    ("source 203.0.113.10 destination 198.51.100.2 proto tcp port 80", "accept", "in", "to 192.0.2.130:80"),
    ("source 203.0.113.10 destination 198.51.100.2 proto udp port 53", "drop", "default:wan", "drops it"),
    ("source 192.0.2.10 destination 192.0.2.1 proto tcp port 22", "accept", "admin", "admin accepts it"),
    ("source 192.0.2.10 destination 192.0.2.1 proto icmp", "reject", "default:lan", "rejects it"),
    ("from wan source 192.0.2.10 destination 192.0.2.130 proto udp port 53", "drop", "spoofed:drop", "drops it"),
    ("from lan source 2001:db8:2::10 to wan destination 2001:db8:9::1 proto tcp port 80", "accept", "web", "leaves from"),
    ("from lan source 2001:db8:2::10 to wan destination 2001:db8:9::1 proto tcp port 22", "reject", "no-ssh", "rejects it"),
    ("from local source 198.51.100.2 destination 203.0.113.10 proto udp port 53", "accept", None, "leaves from 198.51.100.2"),
])
def test_what_is_said_is_borne_out(box, words, verdict, rule, text):
    e = prove(box, words)
    assert (e["proof"], e["verdict"]) == ("proved", verdict), e
    assert rule is None or e["rule"] == rule
    assert re.search(text, e["proof-text"]), e["proof-text"]


def test_what_may_not_be_sent_is_said(box):
    e = prove(box, f"{LAN} 80 state established")
    assert e["proof"] == "impossible" and "first packet" in e["proof-text"]


def test_a_candidate_is_tried_before_it_is_in_force(box):
    box.ctl("set", "firewall/rules/web/action", "drop")
    e = prove(box, f"{LAN} 80", "--candidate")
    assert (e["proof"], e["verdict"], e["rule"]) == ("proved", "drop", "web")
    assert prove(box, f"{LAN} 80")["verdict"] == "accept"
    box.ctl("discard", check=False)


def test_the_box_sees_nothing_of_it(box):
    """No link, no table and no connection of the box is touched."""
    before = box.ctl_json("show", "states")["total"]
    for _ in range(3):
        assert prove(box, f"{LAN} 80")["proof"] == "proved"
    assert box.ctl_json("show", "states")["total"] == before
    assert not [i for i in box.ctl_json("show", "interfaces")["interfaces"] if i["name"].startswith(("prove", "elsewhere"))]
