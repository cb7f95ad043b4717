# SPDX-License-Identifier: GPL-3.0-or-later
"""TCP through the router (row P3 of the goals): iperf3 from the LAN to the DMZ through ten and through ten thousand rules, and through a namespace that
forwards and has no rule, rounds of all three in turn.  A standing connection, and connections of 64 KiB each one after another, which pass the rules anew."""
import json
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab"))

from bench import Lab, document, load, row, wait_for  # noqa: E402

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
SECONDS, SHORT, CHUNK = 2, 150, 65536
SERVER, PORT, SINK = "192.0.2.130", 5201, 5202
ROOT = Path(__file__).resolve().parents[2]
SENDER = f"""
import socket
for _ in range({SHORT}):
    with socket.create_connection(("{SERVER}", {SINK})) as s:
        s.sendall(bytes({CHUNK}))
        s.shutdown(socket.SHUT_WR)
        s.recv(1)
"""
TAKER = f"""
import socket
s = socket.create_server(("", {SINK}))
while True:
    c, _ = s.accept()
    with c:
        while c.recv(1 << 20):
            pass
"""


def serve(lab):
    lab.spawn("dmz", ["iperf3", "-s"])
    lab.spawn("dmz", ["/usr/bin/python3", "-c", TAKER])
    wait_for("the servers", 5, lambda: all(f":{p} " in lab.exec("dmz", ["ss", "-Hltn"]).stdout for p in (PORT, SINK)))
    return lab


def without_rules():
    lab = Lab("p")
    lab.web = None
    for dev, address in (("eth1", "192.0.2.1/25"), ("eth2", "192.0.2.129/26")):
        lab.ip("box", f"link set {dev} up")
        lab.ip("box", f"addr add {address} dev {dev}")
    lab.sysctl("box", "net.ipv4.ip_forward", 1)
    return serve(lab)


def with_rules(n):
    lab = Lab(f"p{n}").start()
    lab.load(ROOT / "examples" / "lab.yaml", comment="bench")
    doc = document(lab, n - 1)
    doc["firewall"]["services"].append({"name": "bench", "protocol": "tcp", "ports": [f"{PORT}-{SINK}"]})
    doc["firewall"]["rules"].append({"id": "through", "from": ["lan"], "to": ["dmz"], "service": ["bench"], "action": "accept"})
    load(lab, doc)
    return serve(lab)


def standing(lab):
    """Gbit/s"""
    told = json.loads(lab.exec("lan", ["iperf3", "-J", "-t", str(SECONDS), "-c", SERVER]).stdout)
    return told["end"]["sum_received"]["bits_per_second"] / 1e9


def short(lab):
    """connections a second"""
    t = time.monotonic()
    lab.exec("lan", ["/usr/bin/python3", "-c", SENDER])
    return SHORT / (time.monotonic() - t)


def main():
    ways = (("iperf3, one connection", standing, "Gb/s"), (f"connections of {CHUNK >> 10} KiB", short, "1/s"))
    with without_rules() as none, with_rules(10) as few, with_rules(10000) as many:
        labs = {"no rules": none, "10 rules": few, "10,000 rules": many}
        got = {(what, name): [] for what, _, _ in ways for name in labs}
        for _ in range(ROUNDS):
            for what, measure, _ in ways:
                for name, lab in labs.items():
                    got[what, name].append(measure(lab))
        for what, _, unit in ways:
            for name in labs:
                row(f"{what}, {name}", statistics.median(got[what, name]), unit)
            for name in ("10 rules", "10,000 rules"):
                ratios = [a / b for a, b in zip(got[what, name], got[what, "no rules"])]
                row(f"{what}, {name} to none", statistics.median(ratios), "x", f"from {min(ratios):.2f} to {max(ratios):.2f}; goal >= 0.9")


main()
