# SPDX-License-Identifier: GPL-3.0-or-later
"""The same packets into two routers, and where they come out: what a packet filter does, seen from outside.

Packets are made byte by byte and sent on the hosts' links; each carries a number.  What passes is seen on the links of the other hosts, and
what the box takes for itself on raw sockets behind its input hook.  The hosts answer nothing by themselves, so that connections are what the
probes make of them.
"""
import ipaddress
import re
import select
import socket
import struct
import time

from api import namespace

MAGIC = b"PROBE"
TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
SYN, ACK, FIN, RST = 2, 16, 1, 4
HOSTS = ("inet", "lan", "dmz")
BOX = {"198.51.100.2", "192.0.2.1", "192.0.2.129", "2001:db8:51::2", "2001:db8:2::1", "2001:db8:3::1"}
LINK = {"inet": "eth0", "lan": "eth1", "dmz": "eth2"}


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    s = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff


def packet(src, dst, proto, sport=0, dport=0, flags=SYN, kind=8, number=0, dscp=0, seq=1, ack=0, size=0):
    """An IP packet from src to dst with its number inside."""
    a, b = ipaddress.ip_address(src), ipaddress.ip_address(dst)
    data = MAGIC + struct.pack("!I", number) + b"\0" * size
    if proto == TCP:
        head = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 5 << 4, flags, 65535, 0, 0)
        at = 16
    elif proto == UDP:
        head, at = struct.pack("!HHHH", sport, dport, 8 + len(data), 0), 6
    elif proto in (ICMP, ICMPV6):
        head, at = struct.pack("!BBHHH", kind, 0, 0, sport, 1), 2
    else:
        head, at = b"", None
    body = head + data
    if at is not None:
        pseudo = a.packed + b.packed + (struct.pack("!BBH", 0, proto, len(body)) if a.version == 4 else struct.pack("!IHBB", len(body), 0, 0, proto))
        c = checksum((b"" if proto == ICMP else pseudo) + body)
        body = body[:at] + struct.pack("!H", c or 0xffff) + body[at + 2:]
    if a.version == 6:
        return struct.pack("!IHBB", 6 << 28 | dscp << 22, len(body), proto, 64) + a.packed + b.packed + body
    head = struct.pack("!BBHHHBBH", 0x45, dscp << 2, 20 + len(body), number & 0xffff, 0x4000, 64, proto, 0) + a.packed + b.packed
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def read(frame):
    """(number, source, destination, destination port) of one of ours, or None."""
    at = frame.find(MAGIC)
    if at < 0 or len(frame) < at + 9:
        return None
    number = struct.unpack_from("!I", frame, at + 5)[0]
    if frame[0] >> 4 == 4:
        src, dst, proto, head = frame[12:16], frame[16:20], frame[9], (frame[0] & 15) * 4
    else:
        src, dst, proto, head = frame[8:24], frame[24:40], frame[6], 40
    if proto in (ICMP, ICMPV6) and frame[head] not in (0, 8, 13, 14, 128, 129):
        return None         # an error that quotes one of ours
    if proto in (ICMP, ICMPV6) and frame[head] in (0, 129) and str(ipaddress.ip_address(src)) in BOX:
        return None         # the box's own answer
    port = struct.unpack_from("!H", frame, head + 2)[0] if proto in (TCP, UDP) else 0
    return number, str(ipaddress.ip_address(src)), str(ipaddress.ip_address(dst)), port


class Wire:
    """Sockets at every end of a lab's network."""

    def __init__(self, lab):
        self.lab = lab
        self.socks, self.send_on = {}, {}
        self.mac = {h: self.address(h, "eth0") for h in HOSTS}
        for host in HOSTS:
            with namespace(lab.ns(host)):
                # What comes for the host is seen, and not answered.
                s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
                s.bind(("eth0", 0))
                s.setblocking(False)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            self.socks[s] = host
            self.send_on[host] = s
            lab.exec(host, ["nft", "add table inet quiet; add chain inet quiet in { type filter hook input priority 0; policy drop; }; "
                            "add rule inet quiet in icmpv6 type { 135, 136 } accept"])
        with namespace(lab.ns("box")):
            for family, protos in ((socket.AF_INET, (TCP, UDP, ICMP, 47)), (socket.AF_INET6, (TCP, UDP, ICMPV6))):
                for proto in protos:
                    s = socket.socket(family, socket.SOCK_RAW, proto)
                    s.setblocking(False)
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
                    self.socks[s] = ("box", family)
        self.gate = {h: self.address("box", LINK[h]) for h in HOSTS}
        for host in HOSTS:
            for address in re.findall(r"inet6? ([0-9a-f.:]+)/", lab.ip(host, "addr show dev eth0").stdout):
                lab.ip("box", f"neigh replace {address} lladdr {self.mac[host]} dev {LINK[host]} nud permanent")

    def address(self, host, dev):
        return self.lab.exec(host, ["cat", f"/sys/class/net/{dev}/address"]).stdout.strip()

    def close(self):
        for s in self.socks:
            s.close()

    def send(self, host, data):
        kind = 0x0800 if data[0] >> 4 == 4 else 0x86dd
        mac = bytes.fromhex((self.gate[host] + self.mac[host]).replace(":", ""))
        self.send_on[host].send(mac + struct.pack("!H", kind) + data)

    def collect(self, seconds):
        """{number: (where, source, destination, port)} of what came through, until nothing comes any more."""
        out, end = {}, time.monotonic() + seconds
        while time.monotonic() < end:
            ready = select.select(list(self.socks), [], [], 0.05)[0]
            for s in ready:
                try:
                    data, where = s.recvfrom(65535)
                except BlockingIOError:
                    continue
                host = self.socks[s]
                if isinstance(host, tuple):
                    seen = read6(data, where) if host[1] == socket.AF_INET6 else read(data)
                    host = "box"
                else:
                    if where[2] == socket.PACKET_OUTGOING:
                        continue
                    seen = read(data[14:])
                if seen and seen[0] not in out:
                    out[seen[0]] = (host, *seen[1:])
                    end = max(end, time.monotonic() + 0.1)
        return out


def read6(data, where):
    """A raw socket of IPv6 gives no header."""
    at = data.find(MAGIC)
    if at < 0:
        return None
    return struct.unpack_from("!I", data, at + 5)[0], where[0], "", 0


class Probe:
    """A connection from a host: the opening packet, the answer to it, and another one."""

    def __init__(self, host, src, dst, proto, dport=0, sport=0, **kw):
        self.host, self.src, self.dst, self.proto, self.dport, self.sport, self.kw = host, src, dst, proto, dport, sport, kw

    def __repr__(self):
        return f"{self.host} {self.src} > {self.dst} protocol {self.proto} port {self.dport} from {self.sport} {self.kw or ''}"


def play(wire, probes):
    """Three rounds: opening packets, answers of whoever got one, and packets of who opened.  For each probe what was seen of them."""
    seen = []
    for i, p in enumerate(probes):
        wire.send(p.host, packet(p.src, p.dst, p.proto, p.sport, p.dport, number=i, **p.kw))
        if i % 64 == 63:
            seen.append(wire.collect(0.01))
    first = merge(seen, wire.collect(0.25))
    n, seen = len(probes), []
    for i, p in enumerate(probes):
        got = first.get(i)
        if got is None or got[0] == "box" or p.proto not in (TCP, UDP, ICMP, ICMPV6) or p.kw.get("flags", SYN) != SYN:
            continue
        kind = {8: 0, 13: 14, 128: 129}.get(p.kw.get("kind"), 0)
        wire.send(got[0], packet(got[2], got[1], p.proto, got[3] if p.proto in (TCP, UDP) else p.sport, p.sport, flags=SYN | ACK, kind=kind,
                                 number=n + i, seq=1, ack=2 + 9))
    second = merge(seen, wire.collect(0.25))
    for i, p in enumerate(probes):
        if n + i in second:
            wire.send(p.host, packet(p.src, p.dst, p.proto, p.sport, p.dport, number=2 * n + i, **{**p.kw, "flags": ACK, "seq": 2 + 9, "ack": 2 + 9}))
    third = wire.collect(0.25)
    return [(first.get(i), second.get(n + i), third.get(2 * n + i)) for i in range(n)]


def merge(parts, last):
    out = {}
    for part in [*parts, last]:
        for k, v in part.items():
            out.setdefault(k, v)
    return out
