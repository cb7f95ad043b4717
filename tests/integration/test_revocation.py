# SPDX-License-Identifier: GPL-3.0-or-later
"""After a commit connections that are not allowed any more end within a second, and no others: streams of socat, and 10,000 entries that
conntrack(8) puts into the kernel's table."""
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab import WORLD4, WORLD6, Lab, network, wait_for

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from figures import SOAK, record  # noqa: E402

DOCUMENT = network("wan", "lan", "dmz") + """
firewall:
  zones: { wan: { interfaces: [wan] }, lan: { interfaces: [lan] }, dmz: { interfaces: [dmz] } }
  groups: { clients: { addresses: [192.0.2.0/25, "2001:db8:2::/64"] } }
  services: { chat: { protocol: [tcp, udp], ports: [5000] }, web: { protocol: tcp, ports: [8090] } }
  rules:
    - { id: marked, from: lan, to: wan, dscp: ef, service: chat, action: accept }
    - { id: chat, from: lan, to: wan, source: { group: clients }, service: chat, limit: { rate: 1000/second, burst: 1000 }, action: accept }
    - { id: rest, from: lan, to: wan, service: [http, dns, ping], action: accept }
    - { id: inner, from: lan, to: dmz, action: accept }
    - { id: in, from: wan, to: dmz, service: web, action: accept }
nat:
  masquerade: { out: { zone: wan } }
  port-forwards:
    - { id: shared, zone: wan, service: web, to: 192.0.2.130, balance: [192.0.2.131] }
management: { web: { zones: [lan] } }
"""
N = 10000
GOAL = 1                # seconds; by a machine that has other work only the gross bound is judged


def table(lab, *words):
    """{number: line}"""
    lines = lab.exec("box", ["conntrack", "-L", "-o", "id", *words]).stdout.splitlines()
    return {m[1]: line for line in lines if (m := re.search(r" id=(\d+)", line))}


def load_flows(lab, lines):
    path = lab.dir / "flows"
    path.write_text("\n".join(lines) + "\n")
    lab.exec("box", ["conntrack", "-R", str(path)])


def flow(n, port, protocol="udp"):
    source, sport = f"192.0.2.{10 + n % 100}", 1024 + n // 100
    state = "--state ESTABLISHED -u ASSURED,SEEN_REPLY " if protocol == "tcp" else "-u SEEN_REPLY "
    return (f"-A -p {protocol} --timeout 600 {state}-s {source} -d 203.0.113.10 --sport {sport} --dport {port} "
            f"--reply-src 203.0.113.10 --reply-dst 198.51.100.2 --reply-port-src {port} --reply-port-dst {20000 + n}")


@pytest.fixture(scope="module")
def box():
    lab = Lab("k").start()
    lab.load_text(DOCUMENT)
    lab.ip("dmz", "addr add 192.0.2.131/26 dev eth0")
    for host, port in (("inet", 5000), ("inet", 80), ("dmz", 8090)):
        lab.spawn(host, ["socat", f"TCP6-LISTEN:{port},ipv6only=0,reuseaddr,fork", "PIPE"])
        wait_for("the listener", 5, lambda host=host, port=port: f":{port} " in lab.exec(host, ["ss", "-Hltn"]).stdout)
    wait_for("addresses that nobody else has (RFC 4862)", 5, lambda: lab.ping("lan", WORLD6))
    yield lab
    lab.close()


@pytest.fixture
def streams(box):
    """Open connections that echo; the box's table is otherwise as the test fills it."""
    box.load_text(DOCUMENT)
    time.sleep(0.5)
    opened = []

    def open_one(host, address, port):
        target = f"[{address}]" if ":" in address else address
        p = subprocess.Popen(["ip", "netns", "exec", box.ns(host), "socat", "-", f"TCP:{target}:{port},connect-timeout=2"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        opened.append(p)
        assert echoes(p)
        return p
    yield open_one
    for p in opened:
        p.kill()
        p.wait()
    box.exec("box", ["conntrack", "-F"])


def echoes(p, seconds=1.0):
    """A line comes back."""
    p.stdin.write(b"x\n")
    p.stdin.flush()
    import select
    return bool(select.select([p.stdout], [], [], seconds)[0]) and p.stdout.readline() == b"x\n"


def ended(lab, port, what, of=None):
    """They are gone: soon enough from now on, or from such a moment of the wall clock."""
    start = time.time() if of is None else of
    wait_for(f"the end of connections to {port}", 5, lambda: not table(lab, "-p", "tcp", "--orig-port-dst", str(port)))
    took = time.time() - start
    record("revocation", what, 1, "s", f"{took:.2f}", GOAL)
    assert took < (GOAL if SOAK else 3)


def test_a_denied_stream_ends_and_others_go_on(box, streams):
    chat, web, six = streams("lan", WORLD4, 5000), streams("lan", WORLD4, 80), streams("lan", "2001:db8:99::10", 80)
    load_flows(box, [flow(n, 53) for n in range(N - 10)] + [flow(n, 5000) for n in range(10)])
    before = table(box)
    assert len(before) >= N
    doomed = {k for k, line in before.items() if "dport=5000" in line}
    assert len(doomed) == 11
    box.load_text(DOCUMENT.replace("service: chat, action", "service: ntp, action").replace("service: chat, limit", "service: ntp, limit"))
    ended(box, 5000, f"a rule is taken away, among {N} connections")
    time.sleep(0.3)
    after = table(box)
    gone = before.keys() - after.keys()
    assert gone == doomed
    assert echoes(web) and echoes(six) and not echoes(chat)
    record("revocation", "connections that both policies allow, while a commit ends others", len(before) - len(doomed), "ended", len(gone - doomed), "0")


def test_a_rule_that_cannot_be_judged_ends_nothing(box, streams):
    """Whether the packets of a connection have a code point is not in the table."""
    chat = streams("lan", WORLD4, 5000)
    box.load_text(DOCUMENT.replace("service: chat, limit", "service: ntp, limit"))
    time.sleep(0.8)
    assert echoes(chat)


def test_a_smaller_group_ends_its_connections(box, streams):
    chat, web = streams("lan", WORLD4, 5000), streams("lan", WORLD4, 80)
    box.load_text(DOCUMENT.replace("dscp: ef, ", "family: ipv6, ").replace("addresses: [192.0.2.0/25", "addresses: [192.0.2.64/27"))
    ended(box, 5000, "a group becomes smaller")
    assert echoes(web) and not echoes(chat)


def test_other_translation_ends_what_had_the_old_one(box, streams):
    web, inner = streams("lan", WORLD4, 80), streams("lan", "192.0.2.130", 8090)
    box.load_text(DOCUMENT.replace("masquerade: {", "source-nat: [{ id: own, zone: wan, to: 198.51.100.77 }]\n  masquerade: {"))
    ended(box, 80, "another translation")
    assert echoes(inner) and not echoes(web)


def test_a_forward_that_goes_elsewhere_ends_its_connections(box, streams):
    first, second = streams("inet", "198.51.100.2", 8090), streams("inet", "198.51.100.2", 8090)
    lines = table(box, "-p", "tcp", "--orig-port-dst", "8090").values()
    assert {m[1] for line in lines if (m := re.search(r"src=(192\.0\.2\.13[01]) ", line))} == {"192.0.2.130", "192.0.2.131"}
    box.load_text(DOCUMENT.replace("rate: 1000/second", "rate: 999/second"))      # nothing of theirs
    time.sleep(0.8)
    assert echoes(first) and echoes(second)
    box.load_text(DOCUMENT.replace("rate: 1000/second", "rate: 999/second").replace(", balance: [192.0.2.131]", ""))
    wait_for("one of the two", 3, lambda: len(table(box, "-p", "tcp", "--orig-port-dst", "8090")) == 1)
    time.sleep(0.5)
    assert sorted([echoes(first), echoes(second)]) == [False, True]
