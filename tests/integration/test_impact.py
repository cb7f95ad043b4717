# SPDX-License-Identifier: GPL-3.0-or-later
"""Before a commit it is said whom it cuts off and whom it lets in; after it, that is what has happened."""
import time

import pytest

from lab import WORLD4, Lab, wait_for

FLOWS, CUT, ADMITTED = range(9001, 9021), {9002, 9005, 9009, 9014, 9020}, {9101, 9103}
DOCUMENT = """
interfaces:
  wan: { match: { name: eth0 }, addresses: [198.51.100.2/24] }
  lan: { match: { name: eth1 }, addresses: [192.0.2.1/25] }
routing: { static: { default: { destination: 0.0.0.0/0, via: 198.51.100.1 } } }
firewall:
  zones: { wan: { interfaces: [wan] }, lan: { interfaces: [lan], default-action: reject } }
  services:
    flows: { protocol: tcp, ports: [%s] }
    more: { protocol: tcp, ports: [%s] }
    denied: { protocol: tcp, ports: [9101-9105] }
  rules:
    - { id: flows, from: lan, to: wan, service: flows, action: accept }
    - { id: more, from: lan, to: wan, service: more, action: accept }
    - { id: noted, from: lan, to: wan, service: denied, log: true, action: reject }
nat: { masquerade: { out: { zone: wan } } }
management: { web: { zones: [lan] } }
"""
BEFORE = DOCUMENT % ("9001-9020", "9200")
AFTER = DOCUMENT % (", ".join(str(p) for p in FLOWS if p not in CUT), ", ".join(map(str, sorted(ADMITTED))))


@pytest.fixture(scope="module")
def box():
    lab = Lab("i").start()
    lab.load_text(BEFORE, commit=False)
    lab.ctl("commit", "--comment", "before")
    for port in [*FLOWS, *ADMITTED]:
        lab.spawn("inet", ["socat", f"TCP6-LISTEN:{port},ipv6only=0,reuseaddr,fork", "SYSTEM:echo $SOCAT_PEERADDR"])
    listening = wait_for("the servers", 10, lambda: lab.exec("inet", ["ss", "-Hltn"]).stdout.count(":9") >= len(FLOWS) + len(ADMITTED))
    assert listening
    yield lab
    lab.close()


def test_what_is_said_before_is_so_after(box):
    for port in FLOWS:
        assert box.ask("lan", WORLD4, port, timeout=10), port
    for port in range(9101, 9106):
        assert not box.ask("lan", WORLD4, port, timeout=1)
    box.load_text(AFTER, commit=False)
    wait_for("the log", 5, lambda: box.ctl_json("diff", "--as", "impact")["denied"] >= 5)
    said = box.ctl_json("diff", "--as", "impact")
    cut, admitted = {i["destination-port"] for i in said["cut"]}, {i["destination-port"] for i in said["admitted"]}
    assert (cut, admitted) == (CUT, ADMITTED), said
    assert (said["cut-total"], said["admitted-total"]) == (5, 2) and said["connections"] >= len(FLOWS)
    assert all(i["rule"] == "default:lan" and "rejects it" in i["text"] for i in said["cut"]), said["cut"]
    assert all(i["rule"] == "more" and i["source"] == "192.0.2.10" and i["destination"] == WORLD4 for i in said["admitted"])
    text = box.ctl("diff", "--as", "impact")
    assert text.stdout.count("cut off") == 5 and text.stdout.count("let in") == 2 and "5 of" in text.stderr
    assert box.ctl("diff", "--as", "impact", "--exit-code", check=False).returncode == 10
    # Nothing has happened by asking.
    assert box.ask("lan", WORLD4, 9002)
    box.ctl("commit", "--comment", "after")
    wait_for("the end of what is cut off", 3, lambda: not [c for c in box.ctl_json("show", "states", "--limit", "500")["connections"]
                                                           if c.get("destination-port") in CUT and c["destination"] == WORLD4])
    passes = {port for port in [*FLOWS, *range(9101, 9106)] if box.ask("lan", WORLD4, port, timeout=1)}
    assert passes == (set(FLOWS) - CUT) | ADMITTED


def test_what_changes_nothing_touches_nobody(box):
    box.load_text(AFTER.replace("id: noted,", "id: noted, description: the same,"), commit=False)
    time.sleep(0.2)
    said = box.ctl_json("diff", "--as", "impact")
    assert (said["cut"], said["admitted"]) == ([], [])
    box.ctl("discard", check=False)
