# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmarks share: medians, a table, a policy of N rules, an API client on a kept-alive TLS connection."""
import json
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab"))

from api import Api  # noqa: E402,F401
from lab import ROOT, Lab, LabError, run, wait_for  # noqa: E402,F401

def median_ms(seconds):
    return statistics.median(seconds) * 1000


def row(what, value, unit="ms", goal=""):
    print(f"{what:<66} {value:>10.2f} {unit:<4} {goal}", flush=True)


def timed(f, *args):
    t = time.monotonic()
    result = f(*args)
    return time.monotonic() - t, result


def document(lab, n):
    """examples/lab.yaml with n rules of four shapes in front of the last one."""
    doc = json.loads(lab.ctl("show", "configuration", "--json").stdout)
    doc["firewall"]["rules"] = [r for r in doc["firewall"]["rules"] if not r["id"].startswith("bench-")]
    made = []
    for i in range(max(n - len(doc["firewall"]["rules"]), 0)):
        a, b = i // 250 % 250, i % 250 + 1
        shape = [
            {"from": "lan", "to": ["wan"], "source": {"addresses": [f"192.0.2.{b % 120 + 1}"]},
             "destination": {"addresses": [f"198.18.{a}.{b}"]}, "service": ["ssh"], "action": "accept"},
            {"from": "lan", "to": ["dmz"], "destination": {"addresses": [f"198.19.{a}.0/24"]}, "service": ["dns"], "action": "accept"},
            {"from": "wan", "to": ["dmz"], "source": {"addresses": [f"198.18.{a}.{b}"]}, "action": "drop"},
            {"from": "dmz", "to": ["wan"], "destination": {"addresses": [f"2001:db8:{a:x}::{b:x}"]}, "service": ["https"], "action": "accept"},
        ][i % 4]
        made.append({"id": f"bench-{i}", **shape})
    doc["firewall"]["rules"] += made
    return doc


def load(lab, doc, comment="bench"):
    lab.ctl("load", "-", input=json.dumps(doc), timeout=120)
    lab.ctl("commit", "--comment", comment, timeout=120)
