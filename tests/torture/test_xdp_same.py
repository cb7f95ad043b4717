# SPDX-License-Identifier: GPL-3.0-or-later
"""What drivers drop is what sets of nftables drop, of the same document: random lists and random datagrams through the real stack."""
import os
import re
import subprocess
from pathlib import Path

from figures import count, record

XDP = Path(os.environ.get("PATRONUS_BUILD", Path(__file__).resolve().parents[2] / "build")) / "tests" / "xdp"
SHORT, FULL = 20, 2000


def same(program, *words):
    run = subprocess.run([XDP / program, *map(str, words)], capture_output=True, text=True, check=False, timeout=3600)
    found = re.search(r"(\d+) calls under limits, (\d+) of them refused; (\d+) lists, (\d+) datagrams, (\d+) of listed senders, (\d+) tagged, (\d+) in fragments, (\d+) with options: (\d+) failed", run.stdout)
    assert run.returncode in (0, 1) and found, run.stdout[-4000:] + run.stderr
    return run.stdout, [int(n) for n in found.groups()]


def test_drivers_drop_what_sets_drop():
    text, (calls, refused, lists, datagrams, listed, tagged, fragmented, special, failed) = same("xdp_same", "-n", count(SHORT, FULL))
    record("X", "datagrams through drop lists in drivers (XDP), through the sets of nftables in their place, and judged by a plain search", datagrams,
           "mismatches", failed, 0, f"{lists} lists, {listed} of listed senders, {tagged} tagged, {fragmented} in fragments, {special} with options or extension headers")
    record("X", "packets through limits in drivers (per source, of connections per source, per destination and in all) and through the meters in their place", calls,
           "mismatches", failed, 0, f"{refused} refused")
    assert failed == 0, text[-8000:]
    assert calls / 10 < refused < calls * 9 / 10
    assert min(listed, datagrams - listed, tagged, fragmented, special) > datagrams / 6


def test_a_prefix_that_is_one_bit_short_is_found():
    _, (*_, failed) = same("xdp_same", "-n", 12, "-f", "off-by-one")
    assert failed > 0


def test_a_burst_that_is_one_too_long_is_found():
    text, (*_, failed) = same("xdp_same", "-n", 8, "-f", "long-burst")
    assert failed > 0 and "limits differ" in text


def test_fragments_that_pass_are_found():
    text, (*_, failed) = same("xdp_same_fragments", "-n", 2)
    assert failed > 0 and "behind the driver: seen; behind the sets: not seen" in text
