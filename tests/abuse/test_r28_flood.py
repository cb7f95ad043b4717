# SPDX-License-Identifier: GPL-3.0-or-later
"""R28: floods at the outer side while the configuration is changed: every commit comes through, and who is connected stays so."""
import subprocess
import sys
import time

import pytest

import figures
from lab import ROOT, Lab

sys.path.append(str(ROOT / "tests" / "torture"))
from flows import Flows, serve  # noqa: E402

COMMITS = figures.count(8, 100)
LOST_MAX = 0.01
BOX = "198.51.100.2"
FLOODS = {
    "SYN": ["hping3", "-q", "--flood", "--rand-source", "-S", "-p", "443", BOX],
    "UDP": ["hping3", "-q", "--flood", "--rand-source", "--udp", "-p", "53", "-d", "64", BOX],
    "fragments": ["hping3", "-q", "--flood", "--rand-source", "--udp", "-p", "53", "-d", "4000", "-f", "-m", "1400", BOX],
}


@pytest.fixture(scope="module")
def lab():
    with Lab("q").start() as lab:
        lab.load(ROOT / "examples" / "lab.yaml")
        serve(lab)
        yield lab


def received(lab):
    return int(lab.exec("box", ["cat", "/sys/class/net/eth0/statistics/rx_packets"]).stdout)


@pytest.mark.parametrize("name", FLOODS)
def test_commits_and_connections_under_a_flood(lab, name):
    restarts = {n: p["restarts"] for n, p in lab.processes().items()}
    with Flows(lab) as flows:
        flood = subprocess.Popen(["ip", "netns", "exec", lab.ns("inet"), *FLOODS[name]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(0.5)
            assert flood.poll() is None
            since, before, slowest = time.monotonic(), received(lab), 0
            for i in range(COMMITS):
                lab.ctl("set", "firewall/description", f"under a flood {i}")
                lab.ctl("set", f"firewall/rules/flood-{i % 2}", '{from: wan, to: dmz, service: ssh, action: drop, log: true}')
                began = time.monotonic()
                lab.ctl("commit")
                slowest = max(slowest, time.monotonic() - began)
            rate = (received(lab) - before) / (time.monotonic() - since)
            seen = flows.look()
        finally:
            flood.terminate()
            flood.wait()
    figures.record("R28", f"flood of {name}: commits that fail", COMMITS, "commits", 0, "0", f"{rate / 1000:.0f}k packets/s on two cores that also send them; slowest commit {slowest * 1000:.0f} ms")
    figures.record("R28", f"flood of {name}: established connections lost", flows.n, "flows", seen["lost"], f"<= {LOST_MAX:.0%}", f"worst echo {seen['worst_ms']:.0f} ms")
    assert rate > 500, rate
    assert seen["lost"] <= flows.n * LOST_MAX and seen["echoes"] > flows.n, seen
    assert {n: p["restarts"] for n, p in lab.processes().items()} == restarts
