# SPDX-License-Identifier: GPL-3.0-or-later
"""What explain says of a packet happens to it; assertions refuse a commit with the rule that decides, and are tried on what runs and on candidates."""
import json
import re
import time

import pytest

from lab import WORLD4, Lab

DOCUMENT = """
interfaces:
  wan: { match: { name: eth0 }, addresses: [198.51.100.2/24] }
  lan: { match: { name: eth1 }, addresses: [192.0.2.1/25] }
  dmz: { match: { name: eth2 }, addresses: [192.0.2.129/26] }
routing: { static: { default: { destination: 0.0.0.0/0, via: 198.51.100.1 } } }
firewall:
  zones: { wan: { interfaces: [wan] }, lan: { interfaces: [lan], default-action: reject }, dmz: { interfaces: [dmz] } }
  services: { other: { protocol: tcp, ports: [8080] } }
  assertions:
    web-out: { from: lan, to: wan, source: 192.0.2.10, destination: 203.0.113.10, port: 80, expect: pass }
    no-telnet: { from: lan, to: wan, source: 192.0.2.10, destination: 203.0.113.10, port: 23, expect: drop }
    forwarded: { from: wan, to: dmz, source: 203.0.113.10, destination: 198.51.100.2, port: 80, expect: pass }
    nice: { from: lan, to: local, source: 192.0.2.10, destination: 192.0.2.1, protocol: icmp, expect: pass, severity: warning }
  rules:
    - { id: web, from: lan, to: wan, service: http, action: accept }
    - { id: no-other, from: lan, to: wan, service: other, action: drop }
    - { id: in, from: wan, to: dmz, service: http, action: accept }
nat:
  masquerade: { out: { zone: wan } }
  port-forwards: [{ id: pub, zone: wan, service: http, to: 192.0.2.130 }]
management: { web: { zones: [lan] } }
"""


@pytest.fixture(scope="module")
def box():
    lab = Lab("e").start()
    lab.load_text(DOCUMENT, commit=False)
    lab.ctl("commit", "--comment", "test")
    lab.serve("inet", 80)
    lab.serve("inet", 8080)
    lab.serve("dmz", 80)
    yield lab
    lab.close()


def tried(lab, *words):
    return {t["name"]: t for t in json.loads(lab.ctl("firewall", "test", *words, "--json", check=False).stdout)["tests"]}


def explain(lab, *words):
    return lab.ctl_json("firewall", "explain", *words)


@pytest.mark.parametrize("port, passes, rule", [(80, True, "web"), (8080, False, "no-other"), (81, False, "default:lan")])
def test_what_is_said_happens(box, port, passes, rule):
    e = explain(box, "source", "192.0.2.10", "destination", WORLD4, "proto", "tcp", "port", str(port))
    assert (e["verdict"] == "accept", e["rule"], e["from"], e["to"]) == (passes, rule, "lan", "wan")
    assert bool(box.ask("lan", WORLD4, port, timeout=1)) == passes
    assert e["steps"][-1]["rule"] == ("masquerade:out" if passes else rule)
    assert passes == ("source-translation" in e)


def test_a_port_forward_is_followed(box):
    e = explain(box, "source", "203.0.113.10", "destination", "198.51.100.2", "protocol", "tcp", "port", "80")
    assert (e["verdict"], e["rule"], e["to"], e["translated-destination"]) == ("accept", "in", "dmz", "192.0.2.130")
    assert e["destination-translation"] == "port-forward:pub"
    assert [s["hook"] for s in e["steps"]] == sorted((s["hook"] for s in e["steps"]), key=["prerouting", "forward", "postrouting"].index)


def test_spoofed_packets_are_seen(box):
    e = explain(box, "from", "wan", "source", "192.0.2.10", "destination", "192.0.2.130", "protocol", "udp", "port", "53")
    assert (e["verdict"], e["rule"]) == ("drop", "spoofed:drop")


@pytest.mark.parametrize("words, text", [(("source", "x"), "source"), (("source", "192.0.2.1", "destination", "2001:db8::1", "proto", "tcp"), "families"),
                                         (("color", "red"), "color")])
def test_nonsense_is_refused(box, words, text):
    r = box.ctl("firewall", "explain", *words, check=False)
    assert r.returncode != 0 and text in r.stderr


def test_assertions_are_tried_on_what_runs_and_on_a_candidate(box):
    assert {n: t["holds"] for n, t in tried(box).items()} == {"web-out": True, "no-telnet": True, "forwarded": True, "nice": False}
    assert box.ctl("firewall", "test", check=False).returncode == 10
    box.ctl("set", "firewall/rules/web/enabled", "false")
    failed = {n: t for n, t in tried(box, "--candidate").items() if not t["holds"]}
    assert failed["web-out"]["rule"] == "default:lan" and failed["web-out"]["path"] == "/firewall/zones/lan"
    e = explain(box, "--candidate", "source", "192.0.2.10", "destination", WORLD4, "proto", "tcp", "port", "80")
    assert e["verdict"] == "reject"
    assert explain(box, "source", "192.0.2.10", "destination", WORLD4, "proto", "tcp", "port", "80")["verdict"] == "accept"
    box.ctl("discard", check=False)


@pytest.mark.parametrize("before, after, assertion, words", [
    ("service: http, action: accept }\n    - { id: no-other", "service: http, action: drop }\n    - { id: no-other", "web-out", "rule \"web\" drops it"),
    ("to: 192.0.2.130", "to: 192.0.2.10", "forwarded", ""),
    ("id: web, from: lan, to: wan, service: http", "id: web, from: lan, to: wan", "no-telnet", "rule \"web\" accepts it"),
])
def test_a_commit_that_breaks_one_is_refused(box, before, after, assertion, words):
    revision = box.ctl_json("status")["revision"]
    assert before in DOCUMENT
    path = box.dir / "document.yaml"
    path.write_text(DOCUMENT.replace(before, after))
    r = box.ctl("load", path, check=False)
    assert r.returncode != 0 and f"firewall.assertions.{assertion}:" in r.stderr and words in r.stderr, r.stderr
    box.ctl("discard", check=False)
    if assertion == "web-out":      # also when nobody judged the document before
        box.ctl("set", "firewall/rules/web/action", "drop")
        r = box.ctl("commit", check=False)
        assert r.returncode != 0 and f"firewall.assertions.{assertion}:" in r.stderr and words in r.stderr, r.stderr
    assert box.ctl_json("status")["revision"] == revision
    assert box.ask("lan", WORLD4, 80)
    box.ctl("discard", check=False)


def test_a_warning_is_said_and_the_commit_goes_on(box):
    box.load_text(DOCUMENT.replace("service: http, action: accept }\n    - { id: no-other", "service: [http, https], action: accept }\n    - { id: no-other"), commit=False)
    plan = box.ctl("diff", "--as", "plan").stdout
    assert re.search(r"assertion nice does not hold: it must pass", plan), plan
    box.ctl("commit", "--comment", "goes on")


def test_going_back_is_never_refused(box):
    """Half of the assertion's ground is gone: the timer takes the box back to where it does not hold either."""
    bad = DOCUMENT.replace("expect: pass, severity: warning", "expect: drop, severity: error")
    box.load_text(bad.replace("id: web, from", "id: web, log: true, from"), commit=False)
    box.ctl("commit", "--confirm", "5s")
    deadline = time.monotonic() + 15
    while json.loads(box.ctl("status", "--json").stdout).get("pending") and time.monotonic() < deadline:
        time.sleep(0.2)
    assert box.ask("lan", WORLD4, 80)


def test_the_form_is_printed(box):
    text = box.ctl("firewall", "explain", "--ir").stdout
    assert re.search(r"^    \[web\] .*dport .*accept$", text, re.M) and "chain forward (filter hook forward" in text
