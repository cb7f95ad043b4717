# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for frames between the ports of a bridge: the kernel drops, passes and counts them; they are repaired, verified and removed with the rest."""
import ipaddress
import json
import os
import signal
import sys
import time

import pytest

from lab import ROOT, Lab, network, wait_for

HOSTS = {n: {"mac": f"02:00:5e:00:53:0{n}", "v4": f"192.0.2.{192 + n}", "v6": f"2001:db8:4::{n}"} for n in (1, 2, 3)}
FRAME = """  zones: { wan: { interfaces: [wan] }, seg: { interfaces: [seg] } }
  rules:
    - { id: ping, from: seg, to: local, service: ping, action: accept }
"""
RULES = """  services:
    door: { protocol: tcp, ports: [2222] }
    hatch: { protocol: tcp, ports: [2224] }
  bridge-rules:
    - { id: no-mac, source-mac: "02:00:5e:00:53:01", destination-mac: ["02:00:5e:00:53:03", "02:00:5e:00:53:04"], action: drop }
    - { id: no-arp, in-port: p3, ethertype: arp, log: true, action: drop }
    - { id: no-door, bridge: seg, destination-addresses: 192.0.2.194, service: door, log: true, action: drop }
    - { id: no-hatch, source-addresses: "2001:db8:4::1/128", destination-addresses: "2001:db8:4::/64", service: hatch, action: drop }
    - { id: counted, in-port: p1, out-port: p2, action: accept }
"""


def document(text):
    links = network("wan").replace("routing:", "  seg: { match: { name: br0 }, addresses: [192.0.2.222/27, \"2001:db8:4::222/64\"] }\nrouting:")
    return links + "firewall:\n" + FRAME + text


def join(lab, n):
    """Host n behind port pN."""
    host, at = f"h{n}", HOSTS[n]
    lab._add_ns(host)
    lab.ip("box", f"link add p{n} type veth peer name eth0 netns {lab.ns(host)}")
    lab.ip(host, f"link set eth0 address {at['mac']} up")
    lab.ip(host, f"addr add {at['v4']}/27 dev eth0")
    lab.ip(host, f"addr add {at['v6']}/64 dev eth0 nodad")
    lab.ip("box", f"link set p{n} master br0 up")


@pytest.fixture(scope="module")
def box():
    with Lab("br") as lab:
        lab.ip("box", "link add br0 type bridge")
        for n in HOSTS:
            join(lab, n)
        lab.exec("box", ["sh", "-c", "for i in /proc/sys/net/bridge/bridge-nf-call-ip*; do [ ! -e $i ] || echo 0 > $i; done"])
        lab.start()
        lab.load_text(document(""))
        for port in (2222, 2223, 2224):
            for n in (2, 3):
                lab.serve(f"h{n}", port)
        # Who has which address is known, unless a test forgets it.
        for a in HOSTS:
            for b in HOSTS:
                remember(lab, a, b)
        yield lab


def remember(lab, a, b):
    if a != b:
        for family in ("v4", "v6"):
            lab.ip(f"h{a}", f"neigh replace {HOSTS[b][family]} lladdr {HOSTS[b]['mac']} dev eth0 nud permanent")


def bridge_table(lab):
    """Chains, rules with their handles, and sets; None: there is no such table."""
    r = lab.nft("-j", "-a", "list", "table", "bridge", "patronus", check=False)
    return json.loads(r.stdout)["nftables"] if r.returncode == 0 else None


def handles(lab, table="bridge"):
    found = json.loads(lab.nft("-j", "-a", "list", "table", table, "patronus").stdout)["nftables"]
    return {(o["rule"].get("comment"), o["rule"]["handle"]) for o in found if "rule" in o}


def packets(lab, rule):
    return int({r["id"]: r for r in lab.ctl_json("show", "firewall", "rules")["rules"]}[rule]["packets"])


def reaches(lab, a, b, family="v4", port=2223, timeout=5):
    return lab.ask(f"h{a}", HOSTS[b][family], port, timeout=timeout) is not None


def is_kept(lab, a, b, family="v4", port=2222):
    """No connection comes about, for as long as a few tries take."""
    return not reaches(lab, a, b, family, port, timeout=1)


def commit(lab, text):
    lab.load_text(document(text))


@pytest.fixture
def ruled(box):
    commit(box, RULES)
    return box


def test_without_rules_there_is_no_table(box):
    commit(box, "")
    assert bridge_table(box) is None
    for a in HOSTS:
        for b in HOSTS:
            assert a == b or (box.ping(f"h{a}", HOSTS[b]["v4"]) and box.ping(f"h{a}", HOSTS[b]["v6"]))
    assert reaches(box, 1, 2, port=2222) and reaches(box, 1, 2, "v6", 2224)


def test_frames_are_dropped_by_address_of_the_link(ruled):
    before = packets(ruled, "no-mac")
    assert not ruled.ping("h1", HOSTS[3]["v4"]) and not ruled.ping("h1", HOSTS[3]["v6"])
    assert packets(ruled, "no-mac") >= before + 2
    assert ruled.ping("h2", HOSTS[3]["v4"]) and ruled.ping("h1", HOSTS[2]["v6"])


def test_arp_is_dropped_from_a_port(ruled):
    before = packets(ruled, "no-arp")
    ruled.ip("h3", f"neigh del {HOSTS[2]['v4']} dev eth0")
    try:
        assert not ruled.ping("h3", HOSTS[2]["v4"])
        assert packets(ruled, "no-arp") > before
    finally:
        remember(ruled, 3, 2)
    assert ruled.ping("h3", HOSTS[2]["v4"])
    # The other way the question arrives, and the answer does not.
    ruled.ip("h2", f"neigh del {HOSTS[3]['v4']} dev eth0")
    try:
        assert not ruled.ping("h2", HOSTS[3]["v4"])
    finally:
        remember(ruled, 2, 3)
    told = [e for e in ruled.ctl_json("show", "firewall", "log")["events"] if e["rule"] == "no-arp"]
    assert told and {e["protocol"] for e in told} == {"arp"} and {e["action"] for e in told} == {"drop"}
    assert {(e["source"], e["destination"]) for e in told} == {(HOSTS[3]["v4"], HOSTS[2]["v4"])}
    assert {e["in-interface"] for e in told} == {"p3"}


def test_packets_are_dropped_by_address_and_port(ruled):
    before = packets(ruled, "no-door"), packets(ruled, "no-hatch"), packets(ruled, "counted")
    assert is_kept(ruled, 1, 2) and is_kept(ruled, 3, 2)
    assert reaches(ruled, 1, 2, port=2223) and reaches(ruled, 2, 3, port=2222) and reaches(ruled, 1, 2, "v6", 2222)
    assert is_kept(ruled, 1, 2, "v6", 2224) and reaches(ruled, 3, 2, "v6", 2224) and reaches(ruled, 1, 2, port=2224)
    after = packets(ruled, "no-door"), packets(ruled, "no-hatch"), packets(ruled, "counted")
    assert all(a > b for a, b in zip(after, before))
    told = [e for e in ruled.ctl_json("show", "firewall", "log")["events"] if e["rule"] == "no-door"]
    assert {(e["source"], e["destination"], e.get("destination-port"), e["in-interface"], e["out-interface"]) for e in told} == {
        (HOSTS[n]["v4"], HOSTS[2]["v4"], 2222, f"p{n}", "p2") for n in (1, 3)}


def test_the_box_itself_is_the_other_rules_affair(ruled):
    for n in HOSTS:
        ruled.ip(f"h{n}", "neigh flush to 192.0.2.222 dev eth0")
        assert ruled.ping(f"h{n}", "192.0.2.222"), n


def test_a_commit_touches_one_rule(ruled):
    assert reaches(ruled, 1, 2)
    bridge, inet, counted = handles(ruled), handles(ruled, "inet"), packets(ruled, "counted")
    commit(ruled, RULES.replace("192.0.2.194, service: door", "192.0.2.195, service: door"))
    now = handles(ruled)
    assert {c for c, h in now ^ bridge} <= {"no-door"} and handles(ruled, "inet") == inet
    assert packets(ruled, "counted") == counted
    assert reaches(ruled, 1, 2, port=2222) and is_kept(ruled, 2, 3)


def test_a_killed_fwd_finds_its_table(ruled):
    assert reaches(ruled, 1, 2)
    before, counted, pid = handles(ruled), packets(ruled, "counted"), ruled.processes()["fwd"]["pid"]
    os.kill(int(pid), signal.SIGKILL)
    assert is_kept(ruled, 1, 2)
    wait_for("fwd", 10, lambda: ruled.processes()["fwd"]["pid"] not in (0, pid))
    wait_for("the rules", 10, lambda: ruled.ctl("show", "firewall", "rules", check=False).returncode == 0)
    assert handles(ruled) == before and packets(ruled, "counted") >= counted
    assert ruled.ctl("verify", check=False).returncode == 0


TAMPER = [
    "flush chain bridge patronus bridged",
    "delete table bridge patronus",
    "insert rule bridge patronus bridged accept",
    "add chain bridge patronus mine { type filter hook forward priority -300; policy drop; }",
    "add set bridge patronus mine { type ether_addr; }",
    "add table bridge patronus { flags dormant; }",
]


@pytest.mark.parametrize("what", TAMPER)
def test_what_somebody_does_to_the_table_is_repaired(ruled, what):
    # Numbers of handles and counters aside: a table that was sent anew is the same one.
    def looks():
        return ruled.nft("-s", "list", "table", "bridge", "patronus", check=False).stdout

    before = looks()
    ruled.nft(what)
    wait_for("the repair", 10, lambda: looks() == before)
    assert is_kept(ruled, 1, 2) and reaches(ruled, 1, 2)


@pytest.mark.parametrize("what", TAMPER[:5])
def test_verify_sees_the_table(ruled, what):
    pid = int(ruled.processes()["fwd"]["pid"])
    assert ruled.ctl("verify", check=False).returncode == 0
    os.kill(pid, signal.SIGSTOP)
    try:
        ruled.nft(what)
        assert ruled.ctl("verify", check=False).returncode == 10
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_for("the repair", 10, lambda: ruled.ctl("verify", check=False).returncode == 0, every=0.1)


def test_a_table_that_is_not_configured_goes(box):
    commit(box, "")
    box.nft("add table bridge patronus { chain mine { type filter hook forward priority 0; policy drop; }; }")
    wait_for("its end", 10, lambda: bridge_table(box) is None)
    assert reaches(box, 1, 2)
    # One that stands there while nobody looks, too: fwd finds it when it starts.
    pid = box.processes()["fwd"]["pid"]
    os.kill(int(pid), signal.SIGSTOP)
    box.nft("add table bridge patronus { chain mine { type filter hook forward priority 0; policy drop; }; }")
    os.kill(int(pid), signal.SIGKILL)
    wait_for("its end", 10, lambda: bridge_table(box) is None)


def test_tables_of_others_are_left_alone(ruled):
    ruled.nft("add table bridge others { chain c { type filter hook forward priority 0; }; }")
    try:
        commit(ruled, "")
        assert bridge_table(ruled) is None
        assert ruled.nft("list", "table", "bridge", "others").returncode == 0
    finally:
        ruled.nft("delete table bridge others")


def test_removal_of_the_rules_removes_the_table(ruled):
    inet = handles(ruled, "inet")
    assert bridge_table(ruled) is not None
    commit(ruled, "")
    assert bridge_table(ruled) is None and handles(ruled, "inet") == inet
    assert reaches(ruled, 1, 2, port=2222) and ruled.ping("h1", HOSTS[3]["v4"])


def test_what_no_rule_accepts_is_dropped(box):
    commit(box, "  defaults: { bridged: drop }\n  bridge-rules:\n    - { id: pinged, service: ping, action: accept }\n"
                "    - { id: answered, in-port: p2, action: accept }\n")
    assert is_kept(box, 1, 2, port=2223) and packets(box, "bridge:default") > 0
    assert box.ping("h1", HOSTS[2]["v4"]) and packets(box, "pinged") > 0
    assert not box.ping("h2", HOSTS[1]["v4"])       # the answer is nobody's
    assert box.ping("h1", "192.0.2.222")


def test_a_port_that_joins_is_looked_at(ruled):
    ruled.ip("box", "link set p3 nomaster")
    try:
        wait_for("the rule without it", 5, lambda: "p3" not in sets_of(ruled, "bridge.links"))
        ruled.ip("box", "link set p3 master br0")
        wait_for("the rule with it", 5, lambda: "p3" in sets_of(ruled, "bridge.links"))
        time.sleep(0.1)
        assert is_kept(ruled, 3, 2)
    finally:
        ruled.ip("box", "link set p3 master br0 up")


def sets_of(lab, prefix):
    return {e for o in bridge_table(lab) or [] if "set" in o and o["set"]["name"].startswith(prefix) for e in o["set"].get("elem", [])}


@pytest.fixture
def example(box):
    """examples/bridge.yaml, and the camera with an address that is not its own."""
    box.load(ROOT / "examples" / "bridge.yaml")
    box.ip("h2", "addr add 192.0.2.200/27 dev eth0")
    yield box
    box.ip("h2", "addr del 192.0.2.200/27 dev eth0")


def send_tagged(lab, a, b, vlan):
    """A frame of host a to host b with a VLAN tag and, behind it, an IPv4 packet."""
    packet = bytes.fromhex("4500001c0000000040110000") + ipaddress.ip_address(HOSTS[a]["v4"]).packed + ipaddress.ip_address(HOSTS[b]["v4"]).packed
    macs = "".join(HOSTS[n]["mac"] for n in (b, a)).replace(":", "")
    frame = bytes.fromhex(macs + f"8100{vlan:04x}0800") + packet + bytes.fromhex("0400040000080000")
    lab.exec(f"h{a}", [sys.executable, "-c", "import socket, sys; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(('eth0', 0)); "
                       "s.send(bytes.fromhex(sys.argv[1]))", frame.hex()])


def test_the_example(example):
    # The camera streams, and begins nothing.
    assert reaches(example, 1, 2, port=2222) and is_kept(example, 1, 2, port=2223) and is_kept(example, 2, 3)
    assert reaches(example, 1, 3, port=2222) and example.ping("h2", "192.0.2.222")
    # It tells its own address, and no other one.
    example.ip("h1", f"neigh del {HOSTS[2]['v4']} dev eth0")
    try:
        assert reaches(example, 1, 2, port=2222)
        assert not example.ping("h1", "192.0.2.200")
        assert packets(example, "camera-is-itself") > 0 and packets(example, "camera-is-no-other") > 0
    finally:
        remember(example, 1, 2)
    told = [e for e in example.ctl_json("show", "firewall", "log")["events"] if e["rule"] == "camera-is-no-other"]
    assert {e["source"] for e in told} == {"192.0.2.200"}


def test_tags_are_looked_at_and_looked_behind(example):
    def counted():
        return packets(example, "no-vlan"), packets(example, "camera-reaches-nobody")

    send_tagged(example, 2, 1, 21)      # the bridge knows behind which port who is: what goes to several is counted for each
    tag, inside = counted()
    send_tagged(example, 1, 2, 20)
    assert counted() == (tag + 1, inside)
    send_tagged(example, 1, 2, 0xe000 | 20)     # with a priority
    assert counted() == (tag + 2, inside)
    send_tagged(example, 1, 2, 21)
    assert counted() == (tag + 2, inside)
    send_tagged(example, 2, 1, 21)
    assert counted() == (tag + 2, inside + 1)


WRONG = [
    ("{ id: x, ethertype: arp, service: ssh, action: drop }", "of IP alone"),
    ("{ id: x, arp: { sender-addresses: '2001:db8::1' }, action: drop }", "IPv4 alone"),
    ("{ id: x, arp: { operation: reply }, source-addresses: 192.0.2.1, action: drop }", "ARP"),
    ("{ id: x, source-mac: '02:00:00:00:00:01/ff:00:00:00:00:00', action: drop }", "mask"),
    ("{ id: ping, action: drop }", "taken"),
    ("{ id: x, bridge: nothing, action: drop }", "nothing"),
    ("{ id: x, ethertype: ipx, action: drop }", "EtherType"),
]


@pytest.mark.parametrize("rule,why", WRONG)
def test_what_makes_no_sense_is_refused(box, rule, why):
    path = box.dir / "wrong.yaml"
    path.write_text(document(f"  bridge-rules:\n    - {rule}\n"))
    r = box.ctl("load", path, check=False)
    if r.returncode == 0:
        r = box.ctl("commit", check=False)
        box.ctl("discard", check=False)
    assert r.returncode != 0 and why in r.stdout + r.stderr


# --- what becomes of a frame

ASK = "in-port p1 out-port p2"
V4 = "source 192.0.2.193 destination 192.0.2.194 proto"
FRAMES = [
    (f"{ASK} {V4} tcp port 2222", "drop", "no-door", "drops it"),
    (f"{ASK} {V4} tcp port 2223", "accept", "counted", "leaves by p2"),
    ("in-port p3 out-port p2 " + V4 + " tcp port 2223", "accept", "bridged", "leaves by p2"),
    (f"{ASK} {V4} tcp port 2222 vlan 20", "drop", "no-door", "drops it"),
    (f"{ASK} source 2001:db8:4::1 destination 2001:db8:4::2 proto tcp port 2224", "drop", "no-hatch", "drops it"),
    (f"{ASK} source 2001:db8:4::1 destination 2001:db8:4::2 proto icmpv6", "accept", "counted", "leaves by p2"),
    ("in-port p3 out-port p1 ethertype arp source 192.0.2.195 destination 192.0.2.193", "drop", "no-arp", "drops it"),
    ("in-port p1 out-port p3 ethertype arp arp-operation reply source 192.0.2.193 destination 192.0.2.195", "accept", "bridged", "leaves by p3"),
    (f"in-port p1 out-port p3 source-mac {HOSTS[1]['mac']} destination-mac {HOSTS[3]['mac']} {V4} udp port 53", "drop", "no-mac", "drops it"),
    (f"in-port p1 out-port p3 source-mac {HOSTS[1]['mac']} destination-mac {HOSTS[3]['mac']} ethertype 0x88cc", "drop", "no-mac", "drops it"),
    (f"{ASK} ethertype 0x88cc vlan 7", "accept", "counted", "leaves by p2"),
]


def explain(lab, words, *options):
    return lab.ctl_json("firewall", "explain", *options, *words.split())


@pytest.mark.parametrize("words, verdict, rule, text", FRAMES)
def test_what_becomes_of_a_frame_is_said_and_borne_out(ruled, words, verdict, rule, text):
    e = explain(ruled, words, "--prove")
    assert (e["proof"], e["verdict"], e["rule"]) == ("proved", verdict, rule), str(e)
    assert text in e["proof-text"] and e["bridge"] == "br0" and (e["in-interface"], e["out-interface"]) == tuple(words.split()[1:4:2]), e
    assert {s["hook"] for s in e["steps"]} == {"bridge-forward"} and {s["chain"] for s in e["steps"]} == {"bridged"}
    assert rule == "bridged" or e["path"] == f"/firewall/bridge-rules/{rule}"


def test_what_is_said_is_what_happens(ruled):
    """The real bridge, its real hosts, and the counters of the deciding rule."""
    for a, b, port in ((1, 2, 2222), (1, 2, 2223), (3, 2, 2222), (3, 2, 2223)):
        e = explain(ruled, f"in-port p{a} out-port p{b} source-mac {HOSTS[a]['mac']} destination-mac {HOSTS[b]['mac']} "
                           f"source {HOSTS[a]['v4']} destination {HOSTS[b]['v4']} proto tcp port {port}")
        before = packets(ruled, e["rule"]) if e["rule"] != "bridged" else 0
        assert reaches(ruled, a, b, port=port, timeout=1) == (e["verdict"] == "accept"), e
        assert e["rule"] == "bridged" or packets(ruled, e["rule"]) > before


def test_a_candidate_is_explained_before_it_is_in_force(ruled):
    ruled.ctl("set", "firewall/bridge-rules/no-door/action", "accept")
    try:
        e = explain(ruled, f"{ASK} {V4} tcp port 2222", "--candidate", "--prove")
        assert (e["proof"], e["verdict"], e["rule"]) == ("proved", "accept", "no-door"), e
        assert explain(ruled, f"{ASK} {V4} tcp port 2222")["verdict"] == "drop"
    finally:
        ruled.ctl("discard", check=False)


def test_the_default_and_no_rules_are_explained(box):
    commit(box, "  defaults: { bridged: drop }\n  bridge-rules:\n    - { id: pinged, service: ping, action: accept }\n")
    e = explain(box, f"{ASK} {V4} tcp port 2223", "--prove")
    assert (e["proof"], e["verdict"], e["rule"]) == ("proved", "drop", "bridge:default") and "default for frames between ports" in e["text"], e
    commit(box, "")
    e = explain(box, f"{ASK} {V4} tcp port 2223", "--prove")
    assert (e["proof"], e["verdict"], e["steps"]) == ("proved", "accept", []) and "no rules for frames" in e["text"], e


@pytest.mark.parametrize("words, reason", [
    (f"in-port wan out-port p2 {V4} icmp", "no port of a bridge"),
    (f"in-port p1 out-port wan {V4} icmp", "no port of bridge br0"),
    (f"in-port p1 {V4} icmp", "p2, p3; say which one"),
    (f"in-port p1 out-port p1 {V4} icmp", "nothing back"),
    (f"{ASK} destination-mac 01:80:c2:00:00:0e {V4} icmp", "do not pass on"),
    (f"{ASK} source-mac 01:00:5e:00:00:01 {V4} icmp", "no group address"),
    (f"{ASK} {V4} icmp from lan", "from is of packets that are routed"),
    (f"{ASK} ethertype arp {V4} icmp", "protocol is nothing that ARP has"),
    (f"{ASK} ethertype 0x8100", "a tag is said by vlan"),
    (ASK, "say what is in the frame"),
    (f"{V4} icmp vlan 3", "in-port begins"),
])
def test_what_cannot_be_a_frame_is_refused(ruled, words, reason):
    r = ruled.ctl("firewall", "explain", *words.split(), check=False)
    assert r.returncode != 0 and reason in r.stderr, r.stdout + r.stderr


def test_the_bridge_takes_what_is_sent_to_itself(ruled):
    mac = json.loads(ruled.ip("box", "-j link show dev br0").stdout)[0]["address"]
    r = ruled.ctl("firewall", "explain", *f"{ASK} destination-mac {mac} {V4} icmp".split(), check=False)
    assert r.returncode != 0 and "takes it in" in r.stderr


def test_rules_between_ports_that_do_nothing_are_named(box):
    commit(box, "  services: { door: { protocol: tcp, ports: [2222] } }\n  bridge-rules:\n"
                "    - { id: no-arp, in-port: [p1, p3], ethertype: arp, action: drop }\n"
                "    - { id: asks, in-port: p3, arp: { operation: request }, action: accept }\n"
                "    - { id: tagged, in-port: p3, ethertype: arp, vlan: 20, action: drop }\n"
                "    - { id: low, service: door, action: drop }\n"
                "    - { id: both, in-port: p1, source-addresses: 192.0.2.193, service: door, action: drop }\n"
                "    - { id: other, in-port: p2, arp: { operation: request }, action: accept }\n")
    found = {f["rule"]: f for f in box.ctl_json("firewall", "lint")["findings"] if f["finding"] != "never-hit"}
    assert {(r, f["finding"], tuple(f["witnesses"])) for r, f in found.items()} == {
        ("asks", "shadowed", ("no-arp",)), ("tagged", "redundant", ("no-arp",)), ("both", "redundant", ("low",))}
    assert found["asks"]["path"] == "/firewall/bridge-rules/asks" and "no frame comes to it" in found["asks"]["text"]
    wait_for("the first reading", 15, lambda: {f["rule"] for f in box.ctl_json("firewall", "lint")["findings"] if f["finding"] == "never-hit"} >= {"asks", "both"})
