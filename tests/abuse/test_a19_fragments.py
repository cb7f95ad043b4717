# SPDX-License-Identifier: GPL-3.0-or-later
"""A19: fragments do not slip past rules.  The verdict about a packet is the verdict about it in pieces, however it was cut; pieces that
contradict each other are nobody's packet.  scapy cuts, a UDP server behind the box says what arrived."""
import json
import socket
import subprocess
import time

import pytest

import figures
from api import namespace
from lab import Lab

CONF = """
interfaces:
  wan: { match: { name: eth0 }, addresses: [198.51.100.2/24, 2001:db8:51::2/64] }
  dmz: { match: { name: eth2 }, addresses: [192.0.2.129/26, 2001:db8:3::1/64] }
routing: { static: { default-v4: { destination: 0.0.0.0/0, via: 198.51.100.1 } } }
firewall:
  zones: { wan: { interfaces: [wan] }, dmz: { interfaces: [dmz] } }
  services: { open: { protocol: udp, ports: [4000] } }
  rules:
    - { id: open, from: wan, to: dmz, service: open, action: accept }
"""
V4, V6 = "192.0.2.130", "2001:db8:3::130"

SEND = r"""
import json, sys
from scapy.all import *
conf.verb = 0
for job in json.load(sys.stdin):
    v6, port, name, n = job["v6"], job["port"], job["name"], 1600
    data = (job["mark"].encode() + b"." * n)[:n]
    udp = UDP(sport=5555, dport=port) / data
    if v6:
        head = IPv6(src="2001:db8:51::1", dst=job["to"])
        whole = bytes(head / udp)[40:]
    else:
        head = IP(src="198.51.100.1", dst=job["to"], id=job["id"])
        whole = bytes(head / udp)[20:]
    mac = job["mac"]

    def piece(offset, payload, more, nh=17, ident=None, ext=b""):
        if v6:
            return IPv6(src=head.src, dst=head.dst) / IPv6ExtHdrFragment(nh=nh, offset=offset // 8, m=more, id=job["id"] if ident is None else ident) / Raw(payload)
        return IP(src=head.src, dst=head.dst, id=job["id"] if ident is None else ident, proto=17, flags="MF" if more else 0, frag=offset // 8) / Raw(payload)

    def cut(size, start=0):
        return [piece(o, whole[o:o + size], o + size < len(whole)) for o in range(start, len(whole), size)]

    other = bytearray(whole); other[2:4] = job["other"].to_bytes(2, "big")
    if name == "whole":
        out = [head / UDP(sport=5555, dport=port) / data[:800]]
    elif name == "usual":
        out = cut(800)
    elif name == "tiny":
        out = [piece(0, whole[:8], True)] + cut(800, 8)
    elif name == "backwards":
        out = cut(400)[::-1]
    elif name == "rewritten":          # a second first piece with another port
        out = [piece(0, bytes(other[:800]), True), piece(0, whole[:800], True)] + cut(800, 800)
    elif name == "overlapping":        # the second piece begins inside the header
        out = [piece(0, bytes(other[:16]), True), piece(8, whole[8:808], True)] + cut(800, 808)
    elif name == "lonely":             # no first piece
        out = cut(800)[1:]
    elif name == "atomic":             # a fragment header without fragments (RFC 6946)
        short = UDP(sport=5555, dport=port) / data[:800]
        out = [IPv6(src=head.src, dst=head.dst) / IPv6ExtHdrFragment(nh=17, offset=0, m=0, id=job["id"]) / Raw(bytes(IPv6(src=head.src, dst=head.dst) / short)[40:])]
    elif name == "nested":             # a fragment header in a fragment
        inner = bytes(IPv6ExtHdrFragment(nh=17, offset=0, m=0, id=7)) + whole
        out = [piece(o, inner[o:o + 800], o + 800 < len(inner), nh=44) for o in range(0, len(inner), 800)]
    elif name == "chained":            # extension headers before the fragment header
        out = [IPv6(src=head.src, dst=head.dst) / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() /
               IPv6ExtHdrFragment(nh=17, offset=o // 8, m=o + 800 < len(whole), id=job["id"]) / Raw(whole[o:o + 800]) for o in range(0, len(whole), 800)]
    elif name == "hidden":             # the header of the transport is only in the second piece (RFC 7112)
        opts = bytes(IPv6ExtHdrDestOpt(nh=17, options=[PadN(optdata=b"\0" * 250)]))
        body = opts + whole
        out = [piece(o, body[o:o + 256], o + 256 < len(body), nh=60) for o in range(0, len(body), 256)]
    for p in out:
        sendp(Ether(dst=mac) / p, iface="eth0")
"""

CASES4 = ["whole", "usual", "tiny", "backwards", "rewritten", "overlapping", "lonely"]
CASES6 = CASES4 + ["atomic", "nested", "chained", "hidden"]
CASES = [(0, n) for n in CASES4] + [(1, n) for n in CASES6]
NEVER = {"rewritten", "overlapping", "lonely", "nested"}     # nobody's packet; nested ones are for the other host's kernel to refuse


@pytest.fixture(scope="module")
def net():
    with Lab("g").start() as lab:
        conf = lab.dir / "g.yaml"
        conf.write_text(CONF)
        lab.load(conf)
        lab.ping("inet", "198.51.100.2")
        lab.exec("inet", ["ping", "-6", "-c1", "-W1", "2001:db8:51::2"], check=False)
        lab.mac = json.loads(lab.exec("box", ["ip", "-j", "link", "show", "eth0"]).stdout)[0]["address"]
        lab.servers = {}
        with namespace(lab.ns("dmz")):
            for port in (4000, 4001):
                for family, address in ((socket.AF_INET, V4), (socket.AF_INET6, V6)):
                    s = socket.socket(family, socket.SOCK_DGRAM)
                    s.bind((address, port))
                    s.setblocking(False)
                    lab.servers[family, port] = s
        yield lab
        for s in lab.servers.values():
            s.close()


@pytest.fixture(scope="module")
def came(net):
    """{mark: port} of everything that arrived, after every way of cutting was sent once to the open and once to the closed port."""
    jobs = [{"v6": v6, "port": port, "other": 8001 - port, "name": name, "mark": f"m{v6}{name}{port}", "to": V6 if v6 else V4, "mac": net.mac,
             "id": 1000 + 7 * i} for i, (v6, name, port) in enumerate((v6, name, port) for v6, name in CASES for port in (4000, 4001))]
    r = subprocess.run(["ip", "netns", "exec", net.ns("inet"), "/usr/bin/python3", "-c", SEND], input=json.dumps(jobs), capture_output=True,
                       text=True, timeout=120)
    assert r.returncode == 0, r.stderr[-2000:]
    end, found = time.monotonic() + 1, []
    while time.monotonic() < end:
        for (_, port), s in net.servers.items():
            try:
                found.append((s.recv(65536).split(b".")[0].decode(), port))
            except BlockingIOError:
                pass
        time.sleep(0.001)
    assert len(found) == len(dict(found))
    return dict(found)


@pytest.mark.parametrize("v6,name", CASES)
def test_pieces_have_the_verdict_of_the_whole(came, v6, name):
    assert f"m{v6}{name}4001" not in came, "the port is closed"
    assert 4001 not in came.values()
    if name in NEVER:
        assert f"m{v6}{name}4000" not in came
    elif name != "hidden":      # hosts may refuse it (RFC 7112); the box does not let it through where the whole may not go
        assert came[f"m{v6}{name}4000"] == 4000


def test_figure(came):
    figures.record("A19", "ways to cut a packet (IPv4 and IPv6) whose verdict was another than that of the whole", len(CASES), "ways",
                   sum(port == 4001 for port in came.values()), "0")
