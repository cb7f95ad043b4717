# SPDX-License-Identifier: GPL-3.0-or-later
"""Drops in drivers: the real suite, real packets, and programs of somebody else on the link."""
import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from lab import WORLD4, WORLD6, Lab, run, wait_for

DOCUMENT = """
interfaces:
  wan: {{ match: {{ name: eth0 }}, addresses: [198.51.100.2/24, "2001:db8:51::2/64"] }}
  lan: {{ match: {{ name: eth1 }}, addresses: [192.0.2.1/25, "2001:db8:2::1/64"] }}
routing:
  static:
    world: {{ destination: 203.0.113.0/24, via: 198.51.100.1 }}
    world6: {{ destination: "2001:db8:99::/64", via: "2001:db8:51::1" }}
firewall:
  zones: {{ wan: {{ interfaces: [wan] }}, lan: {{ interfaces: [lan] }} }}
  groups:
    bad: {{ addresses: [{bad}] }}
  services: {{ probe: {{ protocol: tcp, ports: [5201, 5202] }} }}
  xdp: {xdp}
  rules:
    - {{ id: ping, from: wan, to: local, service: ping, action: accept }}
    - {{ id: probe, from: wan, to: lan, service: probe, action: accept }}
management: {{ web: {{ zones: [lan] }} }}
"""
BAD = f'{WORLD4}/32, "{WORLD6}/128"'
ON = "{ interfaces: [wan], drop: bad }"
LIMITS = "{ interfaces: [wan], drop: bad, source-limit: { rate: 1/hour, burst: 5 } }"
# No more than 20 connections a second to one host, and then those that are asked for twice.
FLOODED = "{ interfaces: [wan], connection-limit: { per-destination: 20/second, per-destination-burst: 20 } }"
# SYN packets of forged senders, of a network that is routed to where they come from: so many for so many seconds.
FLOOD = r'''
import random, socket, struct, sys, time
mac, seconds = bytes.fromhex(sys.argv[1].replace(":", "")), float(sys.argv[2])
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
target = socket.inet_aton("192.0.2.10")
def fold(data):
    n = sum(struct.unpack(f">{len(data) // 2}H", data))
    n = (n & 0xffff) + (n >> 16)
    return ~(n + (n >> 16)) & 0xffff
sent, end = 0, time.monotonic() + seconds
while time.monotonic() < end:
    for _ in range(100):
        source = bytes([203, 0, 113, random.randrange(100, 255)])
        tcp = struct.pack(">HHIIBBHHH", random.randrange(1024, 65535), 5201, random.getrandbits(32), 0, 0x50, 2, 1024, 0, 0)
        tcp = tcp[:16] + struct.pack(">H", fold(source + target + struct.pack(">HH", 6, 20) + tcp)) + tcp[18:]
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 40, random.getrandbits(16), 0, 64, 6, 0) + source + target
        ip = ip[:10] + struct.pack(">H", fold(ip)) + ip[12:]
        s.send(mac + bytes(6) + b"\x08\x00" + ip + tcp)
        sent += 1
    time.sleep(0.01)
print(sent, flush=True)
'''
# A connection that stands: a line there and back, again and again, until the end of its input.
TALK = r'''
import socket, sys
s = socket.create_connection(("192.0.2.10", 5202), timeout=20)
s.settimeout(5)
f = s.makefile("rwb", buffering=0)
print("up", flush=True)
for line in sys.stdin.buffer:
    f.write(line)
    print(f.readline() == line, flush=True)
'''
PASS = 'int p(void *c) { return 2; }\nchar l[] __attribute__((section("license"))) = "GPL";\n'


@pytest.fixture
def box():
    with Lab("x") as lab:
        lab.start()
        yield lab


def commit(lab, xdp=ON, bad=BAD):
    lab.load_text(DOCUMENT.format(bad=bad, xdp=xdp))


def program(lab, link="eth0"):
    """The id and the mode of what is on the link, as the kernel says; None when there is nothing."""
    link = json.loads(lab.ip("box", f"-j -d link show {link}").stdout)[0]
    return (link["xdp"]["prog"]["id"], link["xdp"]["mode"]) if "xdp" in link else None


def places(lab):
    return {p["interface"]: p for p in lab.ctl_json("show", "firewall", "xdp")["xdp"]}


def counters(lab):
    return {c["name"]: int(c["packets"]) for c in lab.ctl_json("show", "firewall", "xdp-counters")["xdp-counters"]}


def ping(lab, source, target="198.51.100.2", count=3):
    """How many of so many were answered."""
    r = lab.exec("inet", ["ping", "-n", "-q", "-c", str(count), "-i", "0.01", "-W", "0.5", "-I", source, target], check=False)
    return int(re.search(r"(\d+) received", r.stdout).group(1))


def is_dropped(lab):
    return ping(lab, WORLD4) == 0 and ping(lab, WORLD6, "2001:db8:51::2") == 0 and ping(lab, "198.51.100.1") == 3


def test_native(box):
    commit(box, xdp="{ interfaces: [wan] }")
    assert ping(box, WORLD4) == 3 and ping(box, WORLD6, "2001:db8:51::2") == 3
    commit(box)
    for bad in (f"{BAD}, 198.18.0.1", BAD):     # one after another, before the event of the link is seen
        commit(box, bad=bad)
    assert list(places(box).values())[0]["mode"] == "native"
    mine = program(box)
    assert mine is not None and mine[1] == 1
    # Sent = dropped + passed, in the kernel's own counts.
    before = counters(box)
    assert ping(box, WORLD4, count=40) == 0
    assert ping(box, "198.51.100.1", count=20) == 20
    after = counters(box)
    assert after["listed-ipv4"] - before["listed-ipv4"] == 40
    assert after["passed"] - before["passed"] >= 20
    assert ping(box, WORLD6, "2001:db8:51::2") == 0
    assert counters(box)["listed-ipv6"] >= 3
    # Another list goes into the arrays of the same program.
    commit(box, bad='203.0.113.77')
    assert program(box) == mine
    assert ping(box, WORLD4) == 3
    # Rates need other arrays: one program takes over from the other.
    commit(box, xdp=LIMITS)
    assert program(box) is not None and program(box) != mine
    assert 1 <= ping(box, "198.51.100.1", count=20) <= 5
    assert counters(box)["over-source-limit"] >= 15
    # Off leaves no trace.
    commit(box, xdp="{ enabled: false, interfaces: [wan], drop: bad }")
    assert program(box) is None and ping(box, WORLD4) == 3
    assert not (box.run_dir / "xdp").exists()
    assert places(box) == {}


def test_daemons_die(box):
    """Whoever is killed whenever: a source that every list has is never answered, and it ends as configured."""
    commit(box)
    flood = box.spawn("inet", ["ping", "-n", "-i", "0.005", "-I", WORLD4, "198.51.100.2"], log="flood")
    for i in range(6):
        other = ", ".join(f"198.18.{i}.{n}" for n in range(1 + 40 * i))
        box.load_text(DOCUMENT.format(bad=BAD + ", " + other, xdp=ON if i % 2 else LIMITS.replace("1/hour, burst: 5", "100000/second")), commit=False)
        fwd = box.processes()["fwd"]["pid"]
        c = box.start_ctl("commit", "--comment", "swap")
        time.sleep(0.03 * i)
        helper = box.processes().get("xdp", {}).get("pid", 0)
        for pid in (helper, fwd) if i % 2 else (fwd, helper):
            if pid:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        c.wait(60)
        wait_for("fwd", 10, lambda: box.processes()["fwd"]["pid"] not in (0, fwd))
    flood.terminate()
    flood.wait(5)
    assert "bytes from" not in (box.dir / "flood").read_text()
    commit(box)
    assert is_dropped(box)
    # All of it dies: the program stays, and the next suite takes over from it.
    mine = program(box)
    box.privd.kill()
    box.privd.wait(5)
    assert program(box) == mine and is_dropped(box)
    box.start()
    wait_for("the next program", 30, lambda: program(box) not in (None, mine))
    assert is_dropped(box)
    commit(box, xdp="{}")
    assert program(box) is None


def test_programs_of_others(box):
    """Neither replaced nor removed; sets of nftables do the same meanwhile, and the reason is shown."""
    obj = pass_all(box)
    box.ip("box", f"link set dev eth0 xdp obj {obj} sec xdp")
    theirs = program(box)
    assert theirs is not None
    commit(box)
    place = list(places(box).values())[0]
    assert place["mode"] == "nftables" and f"id {theirs[0]}" in place["reason"]
    assert program(box) == theirs and is_dropped(box)
    assert box.ctl("verify", check=False).returncode == 0
    # As soon as it is gone, ours takes its place.
    box.ip("box", "link set dev eth0 xdp off")
    wait_for("our program", 10, lambda: program(box) is not None)
    wait_for("the other mode", 5, lambda: list(places(box).values())[0]["mode"] == "native")
    assert is_dropped(box)
    # Somebody takes ours off: it comes back.
    box.ip("box", "link set dev eth0 xdp off")
    wait_for("our program again", 10, lambda: program(box) is not None)
    assert is_dropped(box)
    # Theirs in our place: not touched, not even when it is switched off.
    box.ip("box", f"link set dev eth0 xdp off")
    box.ip("box", f"-force link set dev eth0 xdp obj {obj} sec xdp", check=False)
    commit(box, xdp="{ enabled: false }")
    assert program(box) is None or program(box)[0] != theirs[0]


def pass_all(lab):
    """A program of somebody else, which lets everything pass."""
    source, obj = lab.dir / "pass.c", lab.dir / "pass.o"
    source.write_text('__attribute__((section("xdp"), used)) ' + PASS)
    run(["clang", "-O2", "-target", "bpf", "-c", source, "-o", obj])
    return obj


def test_iperf(box):
    """TCP from elsewhere, while a flood is dropped, is as quick as with a program that does nothing: veth copies each frame for any program."""
    box.spawn("lan", ["iperf3", "-s"])
    wait_for("iperf3", 5, lambda: ":5201 " in box.exec("lan", ["ss", "-Hltn"]).stdout)
    box.ip("inet", "route add 192.0.2.0/25 via 198.51.100.2")

    def gbits():
        out = box.exec("inet", ["iperf3", "-J", "-t", "1", "-c", "192.0.2.10"]).stdout
        return json.loads(out)["end"]["sum_received"]["bits_per_second"] / 1e9

    commit(box, xdp="{}")
    box.ip("box", f"link set dev eth0 xdp obj {pass_all(box)} sec xdp")
    without = gbits()
    box.ip("box", "link set dev eth0 xdp off")
    commit(box)
    flood = box.spawn("inet", ["ping", "-n", "-q", "-i", "0.002", "-I", WORLD4, "198.51.100.2"])
    got = gbits()
    flood.terminate()
    assert counters(box)["listed-ipv4"] > 20
    assert got > without / 4, f"{got:.2f} of {without:.2f} Gbit/s"


def flood(lab, seconds):
    mac = json.loads(lab.ip("box", "-j link show eth0").stdout)[0]["address"]
    return subprocess.Popen(["ip", "netns", "exec", lab.ns("inet"), sys.executable, "-c", FLOOD, mac, str(seconds)], stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("place", ["native", "nftables"])
def test_syn_flood(box, place):
    """Forged senders get nowhere; who has a connection keeps it, and who wants one gets it at the second try of his TCP."""
    if place == "nftables":
        box.ip("box", f"link set dev eth0 xdp obj {pass_all(box)} sec xdp")
    box.ip("inet", "route add 192.0.2.0/25 via 198.51.100.2")
    for n in (5201, 5202):
        box.spawn("lan", ["socat", f"TCP-LISTEN:{n},reuseaddr,fork,backlog=1024", "EXEC:cat" if n == 5202 else "SYSTEM:echo $SOCAT_PEERADDR"])
    count = "add table inet t; add chain inet t c { type filter hook prerouting priority 0; }; add rule inet t c tcp dport 5201 tcp flags & (fin | syn | rst | ack) == syn counter"
    box.exec("lan", ["nft", count])
    arrived = lambda: int(re.search(r"counter packets (\d+)", box.exec("lan", ["nft", "list", "chain", "inet", "t", "c"]).stdout).group(1))  # noqa: E731
    # Without the limit all of it arrives: this is a flood.
    commit(box, xdp="{ interfaces: [wan] }")
    sent = int(flood(box, 0.5).communicate(timeout=30)[0])
    assert arrived() > sent * 0.9 > 300
    commit(box, xdp=FLOODED)
    assert list(places(box).values())[0]["mode"] == place
    talk = subprocess.Popen(["ip", "netns", "exec", box.ns("inet"), sys.executable, "-c", TALK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert talk.stdout.readline() == "up\n"
    before, begin = arrived(), time.monotonic()
    forged = flood(box, 6)
    time.sleep(0.5)
    for _ in range(10):
        talk.stdin.write("hello\n")
        talk.stdin.flush()
        assert talk.stdout.readline() == "True\n"
    assert box.ask("inet", "192.0.2.10", 5201, timeout=15) == "198.51.100.1"
    assert forged.poll() is None, "the flood had ended before"
    sent = int(forged.communicate(timeout=60)[0])
    most = 20 * (time.monotonic() - begin + 2) + 20 + sent / 50      # the rate, and forged calls that were drawn twice
    assert arrived() - before < most < sent / 2
    if place == "native":
        assert counters(box)["not-repeated"] > sent - most
    talk.stdin.close()
    talk.wait(10)


def test_without_the_capabilities(box):
    """Where a container withholds what BPF needs, the suite starts and sets do it."""
    box.stop()
    box.start(first='set -- setpriv --bounding-set=-bpf,-perfmon --inh-caps=-bpf,-perfmon "$@"')
    commit(box)
    assert list(places(box).values())[0]["mode"] == "nftables"
    assert program(box) is None and is_dropped(box)
