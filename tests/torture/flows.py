# SPDX-License-Identifier: GPL-3.0-or-later
"""The program flows, seen from a test: many flows through the box, how many are lost, and how long the worst of them waited."""
import json
import os
import subprocess
from pathlib import Path

from lab import ROOT, WORLD4, wait_for

PROGRAM = Path(os.environ.get("PATRONUS_BUILD", ROOT / "build")) / "tests" / "torture" / "flows"
LOST_S = 5      # as in flows.c: one that waits longer is lost
PORT = 7007


def serve(lab, host="inet", address=WORLD4):
    lab.spawn(host, [PROGRAM, "serve", address, PORT])
    wait_for("the echo server", 5, lambda: f":{PORT} " in lab.exec(host, ["ss", "-Hltn"]).stdout)


class Flows:
    """with Flows(lab) as f: ...; f.look() tells what was since the look before."""

    def __init__(self, lab, tcp=200, udp=50, host="lan", address=WORLD4):
        self.n = tcp + udp
        self.process = subprocess.Popen(["ip", "netns", "exec", lab.ns(host), PROGRAM, "run", address, str(PORT), str(tcp), str(udp)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline().strip() == "ready"
        self.look()

    def look(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        seen = json.loads(self.process.stdout.readline())
        return {"lost": seen["tcp-lost"] + seen["udp-lost"], "worst_ms": max(seen["tcp-worst-us"], seen["udp-worst-us"]) / 1000, **seen}

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.stdin.close()
        self.process.wait(5)
