# SPDX-License-Identifier: GPL-3.0-or-later
"""SYN protection: the box answers for a server; a flood of SYN packets of hping3 does not reach it, and who is there does."""
import re
import socket
import sys
import time

import pytest

from api import namespace
from lab import ROOT, Lab, wait_for

sys.path.insert(0, str(ROOT / "tests" / "lib"))
from figures import count, record  # noqa: E402

WEB, MAIL, OTHER = 3080, 3025, 3081
DMZ = "192.0.2.130"
FLOOD = count(20000, 200000)
DOCUMENT = f"""
interfaces:
  wan: {{ match: {{ name: eth0 }}, addresses: [198.51.100.2/24, "2001:db8:51::2/64"] }}
  lan: {{ match: {{ name: eth1 }}, addresses: [192.0.2.1/25] }}
  dmz: {{ match: {{ name: eth2 }}, addresses: [192.0.2.129/26, "2001:db8:3::1/64"] }}
routing: {{ static: {{ default: {{ destination: 0.0.0.0/0, via: 198.51.100.1 }} }} }}
firewall:
  defaults: {{ outgoing: drop }}
  zones: {{ wan: {{ interfaces: [wan] }}, lan: {{ interfaces: [lan] }}, dmz: {{ interfaces: [dmz] }} }}
  services:
    web: {{ protocol: tcp, ports: [{WEB}] }}
    mail: {{ protocol: tcp, ports: [{MAIL}] }}
    other: {{ protocol: tcp, ports: [{OTHER}] }}
    own: {{ protocol: tcp, ports: [3090] }}
  rules:
    - {{ id: web, from: wan, to: dmz, service: web, syn-protection: {{ mss: 1440 }}, log: true, action: accept }}
    - {{ id: mail, from: wan, to: dmz, service: mail, action: accept }}
    - {{ id: own, from: wan, to: local, service: own, syn-protection: {{}}, action: accept }}
    - {{ id: never, from: any, to: dmz, action: reject }}
management: {{ web: {{ zones: [lan] }} }}
"""


@pytest.fixture(scope="module")
def box():
    lab = Lab("y").start()
    lab.load_text(DOCUMENT)
    lab.ip("inet", "route add 192.0.2.128/26 via 198.51.100.2")
    for port in (WEB, MAIL, OTHER):
        lab.spawn("dmz", ["socat", f"TCP6-LISTEN:{port},ipv6only=0,reuseaddr,fork", "SYSTEM:wc -c"])
    lab.spawn("box", ["socat", "TCP6-LISTEN:3090,ipv6only=0,reuseaddr,fork", "SYSTEM:wc -c"])
    wait_for("the servers", 5, lambda: lab.exec("dmz", ["ss", "-Hltn"]).stdout.count(":30") == 3)
    lab.exec("dmz", ["nft", "add table inet t; add chain inet t c { type filter hook prerouting priority -400; }; add counter inet t syns; "
                     "add rule inet t c tcp flags & (syn | ack) == syn counter name syns"])
    yield lab
    lab.close()


def syns(lab):
    """SYN packets that have reached the server."""
    return int(re.search(r"packets (\d+)", lab.exec("dmz", ["nft", "list", "counter", "inet", "t", "syns"]).stdout)[1])


def flood(lab, port, n=FLOOD):
    """hping3 counts what comes from elsewhere as lost; the sender is nobody of the lab."""
    lab.exec("inet", ["hping3", "-q", "-S", "-p", str(port), "-i", "u20", "-c", str(n), "--spoof", "203.0.113.77", DMZ], check=False, timeout=120)


def talk(lab, address, port, n=100_000):
    """Send n bytes; how many the server says it has read."""
    r = lab.exec("inet", ["socat", "-t", "5", "-T", "5", "-", f"TCP:{address}:{port},connect-timeout=3"], input="x" * n, check=False)
    return int(r.stdout or 0)


def packets(lab, rule):
    return {r["id"]: int(r["packets"]) for r in lab.ctl_json("show", "firewall", "rules")["rules"]}[rule]


@pytest.mark.parametrize("address, port", [(DMZ, WEB), ("[2001:db8:3::130]", WEB), ("198.51.100.2", 3090), ("[2001:db8:51::2]", 3090)])
def test_who_is_there_gets_through(box, address, port):
    before = syns(box)
    assert talk(box, address, port) == 100_000
    assert syns(box) == before + (port == WEB)


def test_a_flood_does_not_reach_the_server(box):
    """And during it a client does.  The same flood at a rule without it reaches the server: the test can fail."""
    p = box.spawn("inet", ["hping3", "-q", "-S", "-p", str(WEB), "-i", "u20", "-c", str(FLOOD), "--spoof", "203.0.113.77", DMZ])
    asked, before, counted, slowest = 0, syns(box), packets(box, "web"), 0.0
    wait_for("the flood", 5, lambda: packets(box, "web") > counted + 100)
    while p.poll() is None:
        since = time.monotonic()
        assert talk(box, DMZ, WEB) == 100_000
        slowest = max(slowest, time.monotonic() - since)
        asked += 1
    assert asked > 0 and packets(box, "web") - counted >= FLOOD * 0.95
    reached = syns(box) - before - asked
    record("R28", "SYN flood at a rule with SYN protection: forged SYNs that reach the server", FLOOD, "packets", reached, "0",
           f"{asked} clients during it, the slowest 100 kB in {slowest * 1000:.0f} ms")
    assert reached == 0
    before = syns(box)
    flood(box, MAIL, 2000)
    assert syns(box) - before >= 1900


def test_the_table_of_connections_stays_empty_of_it(box):
    flood(box, WEB, 1000)
    assert "203.0.113.77" not in box.exec("box", ["conntrack", "-L", "-p", "tcp", "--dport", str(WEB)]).stdout


def test_only_who_answered_is_logged(box):
    flood(box, WEB, 200)
    talk(box, DMZ, WEB)
    events = wait_for("the log entry", 3, lambda: [e for e in box.ctl_json("show", "firewall", "log")["events"] if e["rule"] == "web"])
    assert {e["source"] for e in events} <= {"198.51.100.1", "2001:db8:51::1"}


def test_what_no_rule_allows_is_not_answered(box):
    assert talk(box, DMZ, OTHER) == 0


def test_explain_tells_of_it_and_proves_it(box):
    e = box.ctl_json("firewall", "explain", "--prove", "source", "198.51.100.1", "destination", DMZ, "proto", "tcp", "port", str(WEB))
    assert (e["verdict"], e["rule"], e["proof"]) == ("accept", "web", "proved"), e
    assert "answers it for the server" in e["text"]
    assert [s for s in e["steps"] if s.get("rule") == "web" and "SYN protection" in s["text"]]


def test_a_commit_changes_one_rule_and_leaves_connections(box):
    counted = packets(box, "web")
    with namespace(box.ns("inet")):
        s = socket.create_connection((DMZ, WEB), 3)
    s.sendall(b"x" * 10)
    box.ctl("set", "firewall/rules/mail/syn-protection", "{}")
    box.ctl("commit", "--comment", "mail too")
    assert packets(box, "web") >= counted + 2      # the counters go on: a SYN and an ACK
    # Senders of the flood before, whom the table still has, would be known by their ports.
    box.exec("box", ["conntrack", "-D", "-s", "203.0.113.77"], check=False)
    before = syns(box)
    flood(box, MAIL, 500)
    assert syns(box) == before and talk(box, DMZ, MAIL) == 100_000
    s.sendall(b"y" * 10)
    s.shutdown(socket.SHUT_WR)
    s.settimeout(5)
    assert s.recv(10).strip() == b"20"
    s.close()
    box.ctl("delete", "firewall/rules/mail/syn-protection")
    box.ctl("commit", "--comment", "mail as before")
    flood(box, MAIL, 100)
    assert syns(box) > before + 50
    assert box.ctl_json("show", "drift")["drift"] == []


@pytest.mark.parametrize("more, says", [
    ("from: wan, to: dmz, service: web, action: reject", "needs the action accept"),
    ("from: any, to: dmz, service: web, action: accept", "must name zones"),
    ("from: wan, to: dmz, service: ntp, action: accept", "needs a service of TCP"),
    ("from: wan, to: dmz, service: web, state: new, action: accept", "must be left out"),
    ("from: wan, to: dmz, service: web, limit: { rate: 5/second }, action: accept", "limit and connections must be left out"),
    ("from: wan, to: dmz, service: web, set: { mark: 1 }, action: accept", "set must be left out"),
    ("from: wan, to: lan, destination: { addresses: [192.0.2.20] }, service: ssh, action: accept", "port-forwards/in leads there"),
    ("from: wan, to: lan, destination: { addresses: [192.0.2.33] }, service: ssh, action: accept", "one-to-one/o is in the way"),
    ("from: dmz, to: wan, service: ssh, action: accept", "masquerade/out gives"),
])
def test_what_cannot_be_is_refused_with_its_rule(box, more, says):
    path = box.dir / "wrong.yaml"
    path.write_text(DOCUMENT.replace("  rules:\n", "  rules:\n    - { id: x, syn-protection: {}, " + more + " }\n") + """nat:
  masquerade: { out: { zone: wan } }
  one-to-one: { o: { zone: wan, inner: 192.0.2.32/29, outer: 198.51.100.32/29 } }
  port-forwards: [{ id: in, zone: wan, service: ssh, to: 192.0.2.20 }]
""")
    r = box.ctl("load", path, check=False)
    assert r.returncode != 0 and says in r.stderr and "rules.x" in r.stderr, r.stderr
