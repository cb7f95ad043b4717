# SPDX-License-Identifier: GPL-3.0-or-later
"""What rules can ask and do, with packets of programs that are not ours: socat, ping, nc, hping3, scapy, conntrack, nft in the hosts."""
import contextlib
import re
import socket
import time

import pytest

from api import namespace
from lab import Lab, wait_for

DMZ = "192.0.2.130"
DOCUMENT = """
interfaces:
  wan: { match: { name: eth0 }, addresses: [198.51.100.2/24, "2001:db8:51::2/64"] }
  lan: { match: { name: eth1 }, addresses: [192.0.2.1/25, "2001:db8:2::1/64"] }
  dmz: { match: { name: eth2 }, addresses: [192.0.2.129/26, "2001:db8:3::129/64"] }
routing: { static: { default-v4: { destination: 0.0.0.0/0, via: 198.51.100.1 } } }
firewall:
  zones: { wan: { interfaces: [wan] }, lan: { interfaces: [lan] }, dmz: { interfaces: [dmz] } }
  groups:
    far: { addresses: [203.0.113.7] }
    everybody: { addresses: [203.0.113.8], groups: [far] }
  port-groups:
    low: { ports: [3101] }
    both: { ports: [3110-3112], groups: [low] }
  mac-groups:
    hosts: { macs: ["@MAC@", "00:00:5e:00:53:01"] }
  services:
    grouped: { protocol: tcp, port-group: both }
    nested: { services: [grouped, s3103] }
    s3103: { protocol: tcp, ports: [3103] }
    s3120: { protocol: tcp, ports: [3120] }
    s3121: { protocol: tcp, ports: [3121] }
    s3122: { protocol: tcp, ports: [3122] }
    s3123: { protocol: tcp, ports: [3123] }
    s3124: { protocol: tcp, ports: [3124] }
    s3125: { protocol: tcp, ports: [3125] }
    rejects: { protocol: tcp, ports: [3130-3134] }
    s3130: { protocol: tcp, ports: [3130] }
    s3131: { protocol: tcp, ports: [3131] }
    s3132: { protocol: tcp, ports: [3132] }
    s3133: { protocol: tcp, ports: [3133] }
    s3134: { protocol: tcp, ports: [3134] }
    many: { protocol: tcp, ports: [3140] }
    few: { protocol: tcp, ports: [3141] }
    open-udp: { protocol: udp, ports: [3150] }
    answers: { protocol: udp, source-ports: [3150] }
    noise: { protocol: udp, ports: [3151] }
    asked: { icmp-type: echo-request }
  pre-rules:
    - { id: scan, from: lan, to: any, tcp-flags: { set: [fin, psh, urg], clear: [syn, ack] }, log: true, log-text: christmas tree, action: drop }
    - { id: free, from: lan, to: any, service: open-udp, action: no-tracking }
    - { id: free-back, from: dmz, to: any, service: answers, action: no-tracking }
    - { id: voice, from: any, to: any, connection-mark: 0x1/0x1, set: { dscp: ef }, action: continue }
  rules:
    - { id: not-far, from: wan, to: dmz, source: { group: everybody, not: { group: far } }, service: nested, action: accept }
    - { id: right-mac, from: lan, to: dmz, source-mac-group: hosts, service: s3120, action: accept }
    - { id: wrong-mac, from: lan, to: dmz, source-mac: "00:00:5e:00:53:01", service: s3121, action: accept }
    - { id: code-point, from: lan, to: dmz, dscp: [cs5, ef], service: s3122, action: accept }
    - { id: big, from: lan, to: dmz, service: asked, length: 1000-1500, action: drop }
    - { id: small, from: lan, to: dmz, service: asked, family: ipv4, action: accept }
    - { id: tagged, from: lan, to: dmz, service: s3123, set: { connection-mark: 0x1/0x1 }, action: accept }
    - { id: through, from: [lan, wan], to: dmz, in-interface: lan, out-interface: dmz, service: s3124, action: accept }
    - { id: reset, from: lan, to: dmz, service: s3130, action: reject }
    - { id: prohibited, from: lan, to: dmz, service: s3131, reject-with: admin-prohibited, action: reject }
    - { id: no-port, from: lan, to: dmz, service: s3132, reject-with: port-unreachable, action: reject }
    - { id: no-host, from: lan, to: dmz, service: s3133, reject-with: host-unreachable, action: reject }
    - { id: no-route, from: lan, to: dmz, service: s3134, reject-with: no-route, action: reject }
    - { id: many, from: lan, to: dmz, service: many, connections: { maximum: 3 }, action: accept }
    - { id: few, from: lan, to: dmz, service: few, connections: { maximum: 2, per: source }, action: accept }
    - { id: open-udp, from: lan, to: dmz, service: open-udp, action: accept }
    - { id: answers, from: dmz, to: lan, service: answers, action: accept }
    - { id: noise, from: lan, to: dmz, service: noise, log: true, log-text: too loud, log-limit: 5/hour, action: drop }
  post-rules:
    - { id: late, from: any, to: any, service: s3125, action: accept }
    - { id: never, from: lan, to: dmz, service: s3130, action: accept }
management: { web: { zones: [lan] } }
"""


@pytest.fixture(scope="module")
def box():
    lab = Lab("r").start()
    lab.text = DOCUMENT.replace("@MAC@", lab.exec("lan", ["cat", "/sys/class/net/eth0/address"]).stdout.strip())
    lab.load_text(lab.text)
    for port in [3101, 3103, 3111, 3113, *range(3120, 3126), *range(3130, 3135)]:
        lab.serve("dmz", port)
    for address in ("203.0.113.7", "203.0.113.8"):
        lab.ip("inet", f"addr add {address}/32 dev lo")
    lab.ip("inet", "route add 192.0.2.128/26 via 198.51.100.2")
    yield lab
    lab.close()


def packets(lab, rule):
    return {r["id"]: int(r["packets"]) for r in lab.ctl_json("show", "firewall", "rules")["rules"]}[rule]


def answers(lab, host, port, **kw):
    return lab.ask(host, DMZ, port, timeout=1, **kw) is not None


def logged(lab, rule):
    return [e for e in lab.ctl_json("show", "firewall", "log")["events"] if e["rule"] == rule]


def test_negation_and_nested_groups(box):
    for port in (3101, 3103, 3111):
        assert answers(box, "inet", port, source="203.0.113.8")
    assert not answers(box, "inet", 3101, source="203.0.113.7")        # in the group, but excepted
    assert not answers(box, "inet", 3113, source="203.0.113.8")        # no port of the service


def test_mac_addresses(box):
    assert answers(box, "lan", 3120)
    assert not answers(box, "lan", 3121)


def test_code_points_are_matched(box):
    assert not answers(box, "lan", 3122)
    r = box.exec("lan", ["socat", "-T", "1", "-", f"TCP:{DMZ}:3122,connect-timeout=1,ip-tos=160"], check=False)      # cs5
    assert "c000:020a" in r.stdout      # 192.0.2.10


def test_types_of_icmp_and_lengths(box):
    assert box.ping("lan", DMZ)
    assert box.exec("lan", ["ping", "-n", "-c", "1", "-W", "1", "-s", "1100", DMZ], check=False).returncode != 0
    assert not box.ping("lan", "2001:db8:3::130")                      # its rule is for IPv4
    r = box.exec("lan", ["hping3", "--icmp", "--icmptype", "13", "-c", "1", DMZ], check=False)      # timestamp: not asked for
    assert " 0 packets received" in r.stdout + r.stderr


def test_flags_are_seen_before_everything(box):
    before = packets(box, "scan")
    box.exec("lan", ["hping3", "-c", "3", "-i", "u10000", "-F", "-P", "-U", "-p", "3123", DMZ], check=False)
    assert packets(box, "scan") == before + 3
    entry = wait_for("the log entry", 3, lambda: logged(box, "scan"))[0]
    assert (entry["text"], entry["action"]) == ("christmas tree", "drop")
    assert answers(box, "lan", 3123)                                    # flags of a usual connection are none of these


def test_marks_stay_with_the_connection_and_write_code_points(box):
    box.exec("dmz", ["nft", "add table inet t; add chain inet t c { type filter hook input priority 0; }; "
                     "add rule inet t c tcp dport 3123 ip dscp ef counter"])
    assert answers(box, "lan", 3123)
    counted = re.search(r"packets (\d+)", box.exec("dmz", ["nft", "list", "chain", "inet", "t", "c"]).stdout)
    box.exec("dmz", ["nft", "delete", "table", "inet", "t"])
    # The first packet got the mark after the pre-rules; the others had it.
    assert int(counted[1]) >= 2
    marked = box.exec("box", ["conntrack", "-L", "-p", "tcp", "--dport", "3123"]).stdout
    assert "mark=1 " in marked


def test_interfaces_beside_zones(box):
    assert answers(box, "lan", 3124)
    assert not answers(box, "inet", 3124)


@pytest.mark.parametrize("port, says", [(3130, "Connection refused"), (3131, "No route to host"), (3132, "Connection refused"),
                                        (3133, "No route to host"), (3134, "Network is unreachable")])
def test_rejects_say_what_they_should(box, port, says):
    start = time.monotonic()
    r = box.exec("lan", ["socat", "-", f"TCP:{DMZ}:{port},connect-timeout=4"], check=False)
    assert says in r.stderr and time.monotonic() - start < 3


@contextlib.contextmanager
def held(lab, port, n, address="192.0.2.10"):
    """n open connections from lan; how many came about."""
    sockets = []
    with namespace(lab.ns("lan")):
        for _ in range(n):
            s = socket.socket()
            s.bind((address, 0))
            s.settimeout(1)
            if s.connect_ex((DMZ, port)) == 0:
                sockets.append(s)
    try:
        yield len(sockets)
    finally:
        for s in sockets:
            s.close()


def test_connections_are_limited(box):
    """All together, and for each source on its own; who closes one may open another."""
    for port in (3140, 3141):
        box.spawn("dmz", ["socat", f"TCP-LISTEN:{port},reuseaddr,fork", "PIPE"])
        wait_for("the listener", 5, lambda port=port: f":{port} " in box.exec("dmz", ["ss", "-Hltn"]).stdout)
    with held(box, 3140, 4) as n:
        assert n == 3
    box.ip("lan", "addr add 192.0.2.11/25 dev eth0")
    try:
        with held(box, 3141, 3) as first, held(box, 3141, 3, "192.0.2.11") as second:
            assert (first, second) == (2, 2)
    finally:
        box.ip("lan", "addr del 192.0.2.11/25 dev eth0")

    def again():
        with held(box, 3141, 1) as n:
            return n == 1
    wait_for("room for another connection", 10, again)


def test_what_is_not_tracked_is_in_no_table(box):
    """UDP both ways, by a rule for each direction, without a connection."""
    box.serve("dmz", 3150, udp=True)
    wait_for("the server", 5, lambda: ":3150 " in box.exec("dmz", ["ss", "-Hlun"]).stdout)

    def asked():
        r = box.exec("lan", ["socat", "-t", "2", "-T", "2", "-", f"UDP:{DMZ}:3150"], input="x\n", check=False)
        return "c000:020a" in r.stdout      # 192.0.2.10
    wait_for("an answer", 10, asked)
    assert "dport=3150" not in box.exec("box", ["conntrack", "-L", "-p", "udp"]).stdout
    assert packets(box, "free") >= 1 and packets(box, "answers") >= 1


def test_logs_are_limited_and_carry_their_text(box):
    box.exec("lan", ["hping3", "--udp", "-c", "20", "-i", "u5000", "-p", "3151", DMZ], check=False)
    assert packets(box, "noise") == 20
    entries = wait_for("log entries", 3, lambda: logged(box, "noise"))
    assert 1 <= len(entries) <= 6 and {e["text"] for e in entries} == {"too loud"}


def test_later_sections_come_later(box):
    assert answers(box, "inet", 3125) and answers(box, "lan", 3125)
    assert packets(box, "never") == 0


def test_a_rule_moves_with_its_counter(box):
    assert answers(box, "lan", 3120)
    before = packets(box, "right-mac")
    assert before > 0
    box.ctl("move", "firewall/rules/right-mac", "last")
    box.ctl("commit", "--comment", "to the end")
    order = [r["id"] for r in box.ctl_json("show", "configuration")["firewall"]["rules"]]
    assert order[-1] == "right-mac" and packets(box, "right-mac") == before
    for where in (["before", "noise"], ["after", "answers"], ["first"]):
        box.ctl("move", "firewall/rules/right-mac", *where)
    box.ctl("commit", "--comment", "to the front")
    assert box.ctl_json("show", "configuration")["firewall"]["rules"][0]["id"] == "right-mac"
    assert packets(box, "right-mac") == before and answers(box, "lan", 3120)


@pytest.mark.parametrize("rule, says", [
    ("{ id: scan, from: lan, to: wan, action: drop }", "its id is taken by /firewall/pre-rules/scan"),
    ("{ id: x, from: lan, to: wan, service: dns, action: no-tracking }", "move it to pre-rules"),
    ("{ id: x, from: lan, to: wan, service: asked, tcp-flags: { set: syn }, action: drop }", "needs a service of TCP"),
    ("{ id: x, from: lan, to: wan, mark: 0x100/0xf0, action: drop }", "only bits that its mask has"),
    ("{ id: x, from: lan, to: wan, log-limit: 5/hour, action: drop }", "log-limit needs log: true"),
])
def test_mistakes_are_told_with_their_rule(box, rule, says):
    path = box.dir / "wrong.yaml"
    path.write_text(box.text.replace("  rules:\n    - { id: not-far", f"  rules:\n    - {rule}\n    - {{ id: not-far"))
    r = box.ctl("load", path, check=False)
    assert r.returncode != 0 and says in r.stderr and "rules.x" in r.stderr.replace("rules.scan", "rules.x")


def test_the_kernel_has_nothing_else(box):
    assert box.ctl_json("show", "drift")["drift"] == []


def test_what_the_kernel_lacks_is_refused_with_its_rule(box):
    """Where this kernel has no queue the rule is named before anything changes; where it has one, the rule is there."""
    path = box.dir / "queue.yaml"
    path.write_text(box.text.replace("  rules:\n    - { id: not-far", "  rules:\n    - { id: ips, from: wan, to: lan, action: queue, queue: { number: 3 } }\n    - { id: not-far"))
    has_queue = box.exec("box", ["nft", "add table inet q; add chain inet q c; add rule inet q c queue num 3; delete table inet q"], check=False).returncode == 0
    before = box.nft("list", "table", "inet", "patronus").stdout
    r = box.ctl("load", path, check=False)
    if has_queue:
        assert r.returncode == 0
        box.ctl("discard")
    else:
        assert r.returncode != 0 and "rules.ips" in r.stderr and "CONFIG_NFT_QUEUE" in r.stderr
    assert re.sub(r"\d+", "", before) == re.sub(r"\d+", "", box.nft("list", "table", "inet", "patronus").stdout)
