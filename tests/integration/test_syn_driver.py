# SPDX-License-Identifier: GPL-3.0-or-later
"""SYN protection in the driver: what it answers is what the ruleset's synproxy answers, byte by byte, and callers get through as ever."""
import array
import fcntl
import hashlib
import os
import random
import re
import signal
import socket
import struct
import sys
import threading

import pytest

from api import namespace
from lab import ROOT, Lab, run, wait_for

sys.path.insert(0, str(ROOT / "tests" / "lib"))
from figures import count, record  # noqa: E402

SIOCETHTOOL, ETHTOOL_STXCSUM, ETHTOOL_SGRO = 0x8946, 0x17, 0x2c
PASS = '__attribute__((section("xdp"), used)) int p(void *c) { return 2; }\nchar l[] __attribute__((section("license"))) = "GPL";\n'
WEB, OTHER, HASTY, LATE = 3080, 3081, 3082, 3083
DMZ4, DMZ6 = "192.0.2.130", "2001:db8:3::130"
FLOOD, COMPARED, CLIENTS = count(20000, 200000), count(300, 20000), 64
DOCUMENT = f"""
interfaces:
  wan: {{{{ match: {{{{ name: eth0 }}}}, addresses: [198.51.100.2/24, "2001:db8:51::2/64"] }}}}
  lan: {{{{ match: {{{{ name: eth1 }}}}, addresses: [192.0.2.1/25] }}}}
  dmz: {{{{ match: {{{{ name: eth2 }}}}, addresses: [192.0.2.129/26, "2001:db8:3::1/64"] }}}}
routing: {{{{ static: {{{{ default: {{{{ destination: 0.0.0.0/0, via: 198.51.100.1 }}}}, default6: {{{{ destination: "::/0", via: "2001:db8:51::1" }}}} }}}} }}}}
firewall:
  zones: {{{{ wan: {{{{ interfaces: [wan] }}}}, lan: {{{{ interfaces: [lan] }}}}, dmz: {{{{ interfaces: [dmz] }}}} }}}}
  services:
    web: {{{{ protocol: tcp, ports: [{WEB}] }}}}
    other: {{{{ protocol: tcp, ports: [{OTHER}] }}}}
    hasty: {{{{ protocol: tcp, ports: [{HASTY}] }}}}
    late: {{{{ protocol: tcp, ports: [{LATE}] }}}}
  xdp: {{{{ interfaces: [wan], syn-protection: {{on}} }}}}
  rules:
    - {{{{ id: web, from: wan, to: dmz, service: web, syn-protection: {{{{ {{syn}} }}}}, action: accept }}}}
    - {{{{ id: some, from: wan, to: dmz, source: {{{{ addresses: [203.0.113.0/25] }}}}, service: other, action: reject }}}}
    - {{{{ id: other, from: wan, to: dmz, service: other, syn-protection: {{{{}}}}, action: accept }}}}
    - {{{{ id: hasty, from: wan, to: dmz, source: {{{{ addresses: [198.51.100.0/24] }}}}, service: hasty, syn-protection: {{{{}}}}, action: accept }}}}
management: {{{{ web: {{{{ zones: [lan] }}}} }}}}
"""
SYN = "mss: 1440, window-scale: 7"


def load(lab, on, syn=SYN):
    lab.load_text(DOCUMENT.format(on="true" if on else "false", syn=syn))


def switch(lab, host, what, value):
    with namespace(lab.ns(host)):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    data = array.array("B", struct.pack("II", what, value))
    with s:
        fcntl.ioctl(s, SIOCETHTOOL, struct.pack("16sP", b"eth0", data.buffer_info()[0]))


def prepare(lab):
    # Checksums are in the packets, as on a wire; and what the driver sends is taken, for which veth wants a program at the other end.
    switch(lab, "inet", ETHTOOL_STXCSUM, 0)
    switch(lab, "box", ETHTOOL_STXCSUM, 0)
    switch(lab, "box", ETHTOOL_SGRO, 1)     # see the guide: without it the kernel has no SYN protection over IPv6
    source, program = lab.dir / "pass.c", lab.dir / "pass.o"
    source.write_text(PASS)
    run(["clang", "-O2", "-target", "bpf", "-c", source, "-o", program])
    lab.ip("inet", f"link set dev eth0 xdp obj {program} sec xdp")


@pytest.fixture(scope="module")
def box():
    lab = Lab("v").start()
    load(lab, True)
    lab.ip("inet", "route add 192.0.2.128/26 via 198.51.100.2")
    prepare(lab)
    lab.spawn("dmz", ["socat", f"TCP6-LISTEN:{WEB},ipv6only=0,reuseaddr,fork,backlog=128", "SYSTEM:sha256sum"])
    wait_for("the server", 5, lambda: f":{WEB}" in lab.exec("dmz", ["ss", "-Hltn"]).stdout)
    lab.exec("dmz", ["nft", "add table inet t; add chain inet t c { type filter hook prerouting priority -400; }; add counter inet t syns; "
                     "add rule inet t c tcp flags & (syn | ack) == syn counter name syns"])
    assert transfer(lab, DMZ4, b"x") and transfer(lab, DMZ6, b"x")      # and now neighbours are known
    yield lab
    lab.close()


def answered(lab):
    return {c["name"]: int(c["packets"]) for c in lab.ctl_json("show", "firewall", "xdp-counters")["xdp-counters"]}["answered"]


def syns(lab):
    return int(re.search(r"packets (\d+)", lab.exec("dmz", ["nft", "list", "counter", "inet", "t", "syns"]).stdout)[1])


def places(lab):
    return {r["rule"]: (r["place"], r.get("reason", "")) for r in lab.ctl_json("show", "firewall", "xdp-answers")["xdp-answers"]}


# --- callers

def transfer(lab, address, data):
    with namespace(lab.ns("inet")):
        s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    s.settimeout(20)
    with s:
        s.connect((address, WEB))
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        return s.makefile("rb").read().split()[0].decode() == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("address", [DMZ4, DMZ6])
@pytest.mark.parametrize("timestamps, scaling", [(1, 1), (1, 0), (0, 1), (0, 0)])
def test_callers_get_through(box, address, timestamps, scaling):
    for name, value in (("timestamps", timestamps), ("window_scaling", scaling)):
        box.sysctl("inet", f"net.ipv4.tcp_{name}", value)
    before, reached, results = answered(box), syns(box), []
    threads = [threading.Thread(target=lambda i=i: results.append(transfer(box, address, random.randbytes(50_000 + i)))) for i in range(CLIENTS // 4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for name in ("timestamps", "window_scaling"):
        box.sysctl("inet", f"net.ipv4.tcp_{name}", 1)
    assert results == [True] * len(threads)
    assert answered(box) - before >= len(threads) and syns(box) - reached == len(threads)


def test_a_flood_does_not_reach_the_server(box):
    before, reached = answered(box), syns(box)
    box.exec("inet", ["hping3", "-q", "-S", "-p", str(WEB), "-i", "u20", "-c", str(FLOOD), "--spoof", "203.0.113.77", DMZ4], check=False, timeout=120)
    n = answered(box) - before
    record("R30", "SYN flood at a rule with SYN protection, answered by the driver: forged SYNs that reach the server", FLOOD, "packets",
           syns(box) - reached, "0", f"{n} answered in the driver")
    assert syns(box) == reached and n >= FLOOD * 0.95
    assert transfer(box, DMZ4, b"x" * 100_000)


# --- byte by byte

def fold(data):
    n = sum(struct.unpack(f">{len(data) // 2}H", data))
    n = (n & 0xffff) + (n >> 16)
    return ~(n + (n >> 16)) & 0xffff


def options(r):
    """Some in some order; now and then padding, what is unknown, and what is wrong."""
    parts = [struct.pack(">BBH", 2, 4, r.choice((0, 1, 536, 900, 1220, 1400, 1460, 8960, 65535))), bytes((3, 3, r.randrange(16))), b"\x04\x02",
             struct.pack(">BBII", 8, 10, r.getrandbits(32), r.getrandbits(32))]
    chosen = [p for p in parts if r.random() < 0.75]
    if r.random() < 0.3:
        r.shuffle(chosen)
    chosen += [b"\xfe\x04ab"] * (r.random() < 0.1) + [b"\x02\x07"] * (r.random() < 0.05) + chosen[:1] * (r.random() < 0.1)
    data = b"".join((b"\x01" * (r.random() < 0.3)) + p for p in chosen)[:40]
    return data + (b"\x01" if r.random() < 0.5 else b"\0") * (-len(data) % 4)


def packet(r, v6, port):
    source, target = ("2001:db8:51::1", DMZ6) if v6 else ("198.51.100.1", DMZ4)
    family = socket.AF_INET6 if v6 else socket.AF_INET
    a, b, o = socket.inet_pton(family, source), socket.inet_pton(family, target), options(r)
    flags = 2 | r.choice((0, 0, 0xc0))
    tcp = struct.pack(">HHIIBBHHH", port, WEB, r.getrandbits(32), 0, (20 + len(o)) // 4 << 4, flags, r.getrandbits(16), 0, 0) + o
    check = fold(a + b + struct.pack(">II", len(tcp), 6) + tcp)
    tcp = tcp[:16] + struct.pack(">H", check) + tcp[18:]
    if v6:
        return struct.pack(">IHBB", 6 << 28 | r.getrandbits(20), len(tcp), 6, 64) + a + b + tcp
    ip = struct.pack(">BBHHHBBH", 0x45, r.choice((0, 0x10)), 20 + len(tcp), r.getrandbits(16), 0x4000, 64, 6, 0) + a + b
    return ip[:10] + struct.pack(">H", fold(ip)) + ip[12:] + tcp


def answers(lab, packets):
    """What comes back to each, by the port that asked."""
    mac = re.search(r"link/ether (\S+)", lab.ip("box", "link show eth0").stdout)[1]
    with namespace(lab.ns("inet")):
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind(("eth0", 3))
    own = s.getsockname()[4]
    s.settimeout(0.3)
    got = {}
    for port, p in packets.items():
        s.send(bytes.fromhex(mac.replace(":", "")) + own + (b"\x86\xdd" if p[0] >> 4 == 6 else b"\x08\x00") + p)
        try:
            while port not in got:
                f = s.recv(2048)
                ip = f[14:]
                head = 40 if ip[0] >> 4 == 6 else 20
                if f[:6] == own and ip[6 if head == 40 else 9] == 6 and ip[head + 13] & 0x12 == 0x12:
                    length = struct.unpack(">H", ip[4:6])[0] + 40 if head == 40 else struct.unpack(">H", ip[2:4])[0]
                    got[struct.unpack(">H", ip[head + 2:head + 4])[0]] = ip[:length]
        except TimeoutError:
            pass
    s.close()
    return got


def comparable(ip):
    """Without the clock in a timestamp, the count of minutes in the cookie, IP's identification, and the checksums, which are right."""
    v6 = ip[0] >> 4 == 6
    head = 40 if v6 else 20
    tcp = bytearray(ip[head:])
    a, b = (ip[8:24], ip[24:40]) if v6 else (ip[12:16], ip[16:20])
    assert fold(a + b + struct.pack(">II", len(tcp), 6) + bytes(tcp)) == 0
    assert v6 or fold(ip[:20]) == 0
    at = 20
    while at < len(tcp) and tcp[at] != 0:
        if tcp[at] == 8:
            tcp[at + 2:at + 6] = struct.pack(">I", struct.unpack(">I", tcp[at + 2:at + 6])[0] & 0x3f)
        at += 1 if tcp[at] == 1 else tcp[at + 1]
    cookie = tcp[4:8]
    tcp[4:8], tcp[16:18] = bytes(4), bytes(2)
    return (ip[:head] if v6 else ip[:4] + bytes(2) + ip[6:10] + bytes(2) + ip[12:20]) + bytes(tcp), bytes(cookie)


def quiet(lab, on):
    """The kernel of the caller resets what it does not know; that is of no use here."""
    lab.exec("inet", ["nft", "add table inet q; add chain inet q o { type filter hook output priority 0; }; add rule inet q o tcp flags & rst == rst drop"
                      if on else "delete table inet q"])


@pytest.mark.parametrize("syn", [SYN, "mss: 1220, window-scale: 0, timestamps: true, selective-ack: false", "mss: 1460, timestamps: false, selective-ack: false"])
def test_the_answer_is_that_of_the_kernel(box, syn):
    r = random.Random(7)
    packets = {port: packet(r, port % 2 == 1, port) for port in range(20000, 20000 + COMPARED)}
    quiet(box, True)
    try:
        load(box, False, syn)
        kernel = answers(box, packets)
        load(box, True, syn)
        before = answered(box)
        driver = answers(box, packets)
        by_driver = answered(box) - before
    finally:
        quiet(box, False)
        load(box, True)
    wrong, cookies = [], 0
    for port, p in packets.items():
        if (port in kernel) != (port in driver):
            wrong.append((p.hex(), port in kernel, port in driver))
        elif port in kernel:
            (one, c), (other, d) = comparable(kernel[port]), comparable(driver[port])
            cookies += c == d
            if one != other:
                wrong.append((p.hex(), kernel[port].hex(), driver[port].hex()))
    record("R31", f"SYN-ACKs of the driver against those of the kernel's synproxy ({syn})", len(packets), "mismatches", len(wrong), "0",
           f"{by_driver} answered in the driver, {cookies} with the same cookie")
    assert wrong == [] and len(kernel) > COMPARED * 0.9
    assert by_driver > COMPARED * 0.6


# --- what it leaves to the ruleset

def test_what_the_table_cannot_have_is_left(box):
    assert places(box) == {"web": ("driver", ""), "other": ("stack", "what stands before it may decide: some"), "hasty": ("stack", "it asks for the sender")}
    before = answered(box)
    for port in (OTHER, HASTY):
        box.exec("inet", ["socat", "-u", "OPEN:/dev/null", f"TCP:{DMZ4}:{port},connect-timeout=2"], check=False)
    assert answered(box) == before
    load(box, False)
    assert box.ctl_json("show", "firewall", "xdp-answers").get("xdp-answers", []) == []
    assert transfer(box, DMZ4, b"x" * 1000)
    load(box, True)


def test_a_port_that_was_used_a_moment_ago(box):
    """The table still has the connection that ended; the caller who takes its port again gets another one."""
    for _ in range(3):
        r = box.exec("inet", ["socat", "-t", "5", "-T", "5", "-", f"TCP:{DMZ4}:{WEB},sourceport=41234,reuseaddr,connect-timeout=5"], input="x" * 1000, check=False)
        assert len(r.stdout.split()[0]) == 64, r.stderr
        box.exec("inet", ["ss", "-K", "sport", "=", ":41234"], check=False)


def test_not_where_others_stand_on_the_link(box):
    """VLANs and macvlans: the program could not tell whose a frame is; many drivers take the tag off before it sees it."""
    assert places(box)["web"][0] == "driver"
    box.ip("box", "link add link eth0 name upper type macvlan mode bridge")
    wait_for("the stack", 5, lambda: places(box)["web"][0] == "stack")
    before = answered(box)
    assert transfer(box, DMZ4, b"x" * 1000) and answered(box) == before
    box.ip("box", "link del upper")
    wait_for("the driver", 5, lambda: places(box)["web"][0] == "driver")
    assert transfer(box, DMZ4, b"x" * 1000) and answered(box) > before


def test_frames_for_another_are_not_answered(box):
    r = random.Random(3)
    packets = {port: packet(r, False, port) for port in range(30000, 30020)}
    before = answered(box)
    mac = re.search(r"link/ether (\S+)", box.ip("box", "link show eth0").stdout)[1]
    with namespace(box.ns("inet")):
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    s.bind(("eth0", 0))
    for p in packets.values():
        s.send(bytes.fromhex("02000000aabb") + s.getsockname()[4] + b"\x08\x00" + p)
    assert answered(box) == before
    for p in packets.values():      # the same ones, to the box
        s.send(bytes.fromhex(mac.replace(":", "")) + s.getsockname()[4] + b"\x08\x00" + p)
    s.close()
    wait_for("answers", 3, lambda: answered(box) >= before + 10)


def test_more_rules_than_the_table_has(box):
    """The first have the table; of each other one it is told that the kernel answers, and why."""
    many = "".join(f"    - {{ id: many-{i}, from: wan, to: dmz, destination: {{ addresses: [198.18.{i // 250}.{i % 250 + 1}] }}, service: web, syn-protection: {{}}, action: accept }}\n"
                   for i in range(300))
    box.load_text(DOCUMENT.format(on="true", syn=SYN).replace("  rules:\n", "  rules:\n" + many))
    told = places(box)
    assert len(told) == 303 and [told[f"many-{i}"] for i in (0, 63)] == [("driver", "")] * 2
    assert {told[f"many-{i}"] for i in range(64, 300)} == {("stack", "the driver's table is full")}
    load(box, True)
    assert places(box)["web"] == ("driver", "")


def test_fwd_is_killed(box):
    """The program answers on, and the next fwd takes over."""
    fwd = box.processes()["fwd"]["pid"]
    os.kill(fwd, signal.SIGKILL)
    assert transfer(box, DMZ4, b"x" * 1000)
    wait_for("fwd", 10, lambda: box.processes()["fwd"]["pid"] not in (0, fwd))
    wait_for("the driver", 10, lambda: places(box).get("web", ("",))[0] == "driver")
    before = answered(box)
    assert transfer(box, DMZ6, b"x" * 1000) and answered(box) > before
