# SPDX-License-Identifier: GPL-3.0-or-later
"""SYN packets of a flood that the driver answers, against the same ones that the kernel's synproxy answers at the rule: rounds of both, and of senders
that the driver drops, in one run on one processor.  What the packets cost that are dropped is what sending them costs, and is taken off."""
import os
import random
import re
import socket
import struct
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / name) for name in ("lab", "lib", "integration")]
from api import namespace  # noqa: E402
from lab import Lab, wait_for  # noqa: E402
from test_syn_driver import DMZ4, WEB, fold, prepare  # noqa: E402

SENT, ROUNDS = 40000, int(sys.argv[1]) if len(sys.argv) > 1 else 5
DOCUMENT = """
interfaces:
  wan: {{ match: {{ name: eth0 }}, addresses: [198.51.100.2/24] }}
  dmz: {{ match: {{ name: eth2 }}, addresses: [192.0.2.129/26] }}
routing: {{ static: {{ default: {{ destination: 0.0.0.0/0, via: 198.51.100.1 }} }} }}
firewall:
  zones: {{ wan: {{ interfaces: [wan] }}, dmz: {{ interfaces: [dmz] }} }}
  groups: {{ bad: {{ addresses: [203.0.113.128/25] }} }}
  services: {{ web: {{ protocol: tcp, ports: [3080] }} }}
  xdp: {{ interfaces: [wan], drop: bad, syn-protection: {on} }}
  rules: [{{ id: web, from: wan, to: dmz, service: web, syn-protection: {{ window-scale: 7 }}, action: accept }}]
"""


def syn(r, source, header):
    a, b = socket.inet_aton(source), socket.inet_aton(DMZ4)
    options = struct.pack(">BBHBBBBIIBBBB", 2, 4, 1460, 4, 2, 8, 10, r.getrandbits(32), 0, 1, 3, 3, 7)
    tcp = struct.pack(">HHIIBBHHH", r.randrange(1024, 65536), WEB, r.getrandbits(32), 0, 0xa0, 2, 64240, 0, 0) + options
    tcp = tcp[:16] + struct.pack(">H", fold(a + b + struct.pack(">II", len(tcp), 6) + tcp)) + tcp[18:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), r.getrandbits(16), 0x4000, 64, 6, 0) + a + b
    return header + ip[:10] + struct.pack(">H", fold(ip)) + ip[12:] + tcp


def arrived(lab):
    return int(lab.exec("inet", ["cat", "/sys/class/net/eth0/statistics/rx_packets"]).stdout)


def ns_per_packet(s, frames):
    begin = time.monotonic()
    for f in frames:
        s.send(f)
    return (time.monotonic() - begin) * 1e9 / len(frames)


def main():
    r = random.Random(1)
    os.sched_setaffinity(0, {0})
    with Lab("n") as lab:
        lab.start()
        lab.load_text(DOCUMENT.format(on="true"))
        prepare(lab)
        lab.ping("inet", "198.51.100.2")
        mac = re.search(r"link/ether (\S+)", lab.ip("box", "link show eth0").stdout)[1]
        with namespace(lab.ns("inet")):
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        s.bind(("eth0", 0))
        header = bytes.fromhex(mac.replace(":", "")) + s.getsockname()[4] + b"\x08\x00"
        good = [syn(r, f"203.0.113.{r.randrange(1, 127)}", header) for _ in range(SENT)]
        bad = [syn(r, f"203.0.113.{r.randrange(129, 255)}", header) for _ in range(SENT)]
        cost = {"driver": [], "kernel": [], "dropped": []}
        for _ in range(ROUNDS):
            for kind in ("driver", "kernel"):
                lab.load_text(DOCUMENT.format(on="true" if kind == "driver" else "false"))
                cost["dropped"].append(ns_per_packet(s, bad))
                before = arrived(lab)
                cost[kind].append(ns_per_packet(s, good))
                wait_for("the answers", 5, lambda: arrived(lab) - before >= SENT * 0.9)
    m = {kind: sorted(v)[len(v) // 2] for kind, v in cost.items()}
    driver, kernel = m["driver"] - m["dropped"], m["kernel"] - m["dropped"]
    print(f"a SYN answered by the driver {driver:.0f} ns, by the kernel's synproxy at the rule {kernel:.0f} ns (sending it: {m['dropped']:.0f} ns taken off): "
          f"{kernel / driver:.1f} times as many a second")


main()
