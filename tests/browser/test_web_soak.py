# SPDX-License-Identifier: GPL-3.0-or-later
"""U1: the web admin open for hours beside a log that never rests: what its tabs hold after a collection of garbage (heap, elements, listeners) and
what httpd and confd hold of it stays what it was.

The long form is eight hours (PATRONUS_MINUTES: another length, which is a part of it).  Rings that are kept by a bound (ten minutes of throughput,
two thousand packets) fill before anything is measured.  `./test soak web_soak` alone runs it (conftest.py); test_web_rounds.py is the short form.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
for name in ("lab", "lib"):
    sys.path.insert(0, str(HERE.parent / name))

import run  # noqa: E402
from figures import record  # noqa: E402
from lab import ROOT, WORLD4, Lab  # noqa: E402

FULL = 480                                              # minutes
MINUTES = int(os.environ.get("PATRONUS_MINUTES", FULL))
WARM = min(12, MINUTES / 4)                             # minutes before what is measured
ROUNDS, WARM_ROUNDS = 8, 3                              # at least: each page is compiled, and of one a copy is kept
EVENTS = 100                                            # logged packets each second; a box of an office has one

# The most that may be there more at the end than at the beginning, KB and numbers.
GROSS = {"heap": 512, "nodes": 200, "listeners": 30, "documents": 1, "httpd": 256, "confd": 512}

SENDER = """
import itertools, socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
gap, due = 1 / float(sys.argv[2]), time.monotonic()
for port in itertools.cycle(range(1024, 65000)):
    s.sendto(b"", (sys.argv[1], port))
    due = max(due + gap, time.monotonic() - 1)
    time.sleep(max(0, due - time.monotonic()))
"""


def watch(minutes, rounds=ROUNDS, quick=False):
    """(the rounds that were measured, what is told at the end)"""
    with Lab("k") as lab:
        lab.start()
        lab.load(ROOT / "examples" / "lab.yaml")
        lab.ctl("set", "firewall/rules/lan-out/log", "true")
        lab.ctl("commit", "--comment", "what leaves is logged")
        lab.serve("inet", 80)
        run.surf(lab)
        lab.spawn("lan", [sys.executable, "-c", SENDER, WORLD4, EVENTS])
        pids = {name: lab.processes()[name]["pid"] for name in ("httpd", "confd")}
        env = dict(os.environ, BASE_URL=lab.url, CLAIM_CODE=lab.claim_code(), SECONDS=str(round(minutes * 60)), ROUNDS=str(rounds), PIDS=json.dumps(pids), QUICK="1" if quick else "")
        with tempfile.TemporaryFile("w+") as out:
            done = subprocess.run(["node", "soak.mjs"], cwd=HERE, env=env, stdout=out, stderr=subprocess.PIPE, text=True)
            out.seek(0)
            said = [json.loads(line) for line in out]
        assert done.returncode == 0, f"{done.stderr}\n--- the suite's log ---\n{lab.log()[-4000:]}"
        assert {name: lab.processes()[name]["pid"] for name in pids} == pids
    return said[:-1], said[-1]


def values(rounds, warm_rounds=WARM_ROUNDS, warm=WARM):
    """{what: [its values, a round each]} behind those that warm up."""
    kept = [r for r in rounds[warm_rounds:] if r["at"] >= warm * 60]
    out = {f"{key} of the {tab}": [r["tabs"][tab][key] for r in kept] for tab in ("dashboard", "roaming") for key in ("heap", "nodes", "listeners", "documents")}
    return out | {name: [r["processes"][name] for r in kept] for name in ("httpd", "confd")}


def growth(row):
    """From the middle of the first third to that of the last one."""
    third = max(1, len(row) // 3)
    return statistics.median(row[-third:]) - statistics.median(row[:third])


def judge(rows):
    return {what: growth(row) for what, row in rows.items() if growth(row) > GROSS[what.split()[0]]}


@pytest.fixture(scope="module", autouse=True)
def packages():
    run.install_packages()
    if not list((Path(os.environ.get("PATRONUS_BUILD", ROOT / "build")) / "web").glob("*/dist/index.html")):
        pytest.skip("the web app was left out of this build (-Dui=none)")


def test_hours_of_the_web_admin_hold_no_more_than_minutes():
    rounds, told = watch(MINUTES)
    rows = values(rounds)
    print(json.dumps({what: [row[0], row[-1], growth(row)] for what, row in rows.items()}))
    minutes = max(1, round(rounds[-1]["at"] / 60))
    left = max(0, FULL - minutes)
    tabs = ("dashboard", "roaming")
    for what, name, unit in (("heap", "heap of a tab after a collection of garbage", "KB"), ("nodes", "elements of a tab", "elements"), ("listeners", "listeners of a tab", "listeners")):
        record("U1", f"web admin open: growth of the {name}", minutes, unit, round(max(growth(rows[f"{what} of the {tab}"]) for tab in tabs)), GROSS[what],
               f"trials are minutes; {len(rounds)} rounds over nine pages, {told['events']} packets logged; {round(max(rows[f'{what} of the {tab}'][-1] for tab in tabs))} at the end", left)
    for name in ("httpd", "confd"):
        record("U1", f"web admin open: growth of the memory of {name}", minutes, "KB", round(growth(rows[name])), GROSS[name], f"{rows[name][-1]} at the end", left)
    assert told["complaints"] == [] and told["lost"] == 0
    assert told["events"] > 0.3 * EVENTS * rounds[-1]["at"]
    assert judge(rows) == {}
