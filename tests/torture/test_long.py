# SPDX-License-Identifier: GPL-3.0-or-later
"""R7: many commits, requests, sign-ins and log records, and what grows of it: memory, descriptors, time."""
import os
import time
from pathlib import Path

import pytest

from api import Api
from contract import DAEMONS
from figures import SOAK, count, record
from lab import ROOT, Lab

COMMITS = count(300, 10000)
REQUESTS = 10               # and as many log records as they cause, for each commit
SIGN_IN_EVERY = 10
SAMPLES = 50
SLOPE_KB = 1                # for 1,000 commits
GROSS_KB = 4096 if not SOAK else 256    # short: caches fill for longer than 300 commits
GROSS_P99 = 5


@pytest.fixture
def lab(request):
    with Lab("l") as lab:
        lab.start()
        lab.load(ROOT / "examples" / "lab.yaml")
        yield lab
        if request.session.testsfailed:
            print("\n--- the suite's log ---\n" + lab.log()[-6000:])


def memory_kb(pid):
    """What is of this process alone and not of a file."""
    return next(int(line.split()[1]) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("RssAnon"))


def slope(points):
    """Of a straight line through (x, y), least squares."""
    n = len(points)
    mx, my = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    return sum((x - mx) * (y - my) for x, y in points) / sum((x - mx) ** 2 for x, _ in points)


def p99(times):
    return sorted(times)[int(0.99 * (len(times) - 1))]


def one(api, i):
    """A commit, and how long it took from the order to the answer."""
    ws = api.call("POST", "/workspaces", {}, expect=201).json["id"]
    head = {"Patronus-Workspace": ws, "If-Match": "*"}
    api.call("PATCH", "/configuration/firewall/rules/lan-out", {"description": f"number {i}", "log": i % 2 == 0}, head, expect=200)
    api.call("PATCH", "/configuration/interfaces/lan", {"description": f"number {i}"}, head, expect=200)
    since = time.monotonic()
    answer = api.call("POST", "/commits", {"workspace": ws, "comment": f"number {i}"}, expect=201)
    assert answer.json["state"] == "kept"
    return time.monotonic() - since


def load(lab, api, i):
    for n in range(REQUESTS):
        api.call("GET", ("/status", "/configuration", "/revisions", "/state/firewall", "/audit?limit=20")[n % 5])
    if i % SIGN_IN_EVERY == 0:
        other = Api(lab)
        if other.sign_in(expect=None).status == 201:
            other.call("DELETE", "/session")
        other.connection.close()


def test_nothing_grows(lab):
    api = Api(lab).claim(lab)
    pids = {n: lab.processes()[n]["pid"] for n in (*DAEMONS, "privd", "spawner")}
    memory, descriptors, times = {n: [] for n in pids}, {n: [] for n in pids}, []
    for i in range(COMMITS):
        times.append(one(api, i))
        load(lab, api, i)
        if i >= COMMITS // 5 and i % max(1, COMMITS // SAMPLES) == 0:
            for n, pid in pids.items():
                memory[n].append((i / 1000, memory_kb(pid)))
                descriptors[n].append(len(os.listdir(f"/proc/{pid}/fd")))
    assert {n: lab.processes()[n]["pid"] for n in pids} == pids, "nobody ended"
    slopes = {n: slope(points) for n, points in memory.items()}
    spread = {n: max(d) - min(d) for n, d in descriptors.items()}
    tenth = max(20, COMMITS // 10)
    first, last = p99(times[:tenth]), p99(times[-tenth:])
    what = f"{COMMITS} commits, {COMMITS * REQUESTS} requests, {COMMITS // SIGN_IN_EVERY} sign-ins"
    worst = max(slopes, key=slopes.get)
    record("R7", "memory that grows with 1,000 commits and 10,000 requests, the process that grows most", COMMITS, "KiB", round(slopes[worst], 1), SLOPE_KB,
           f"{what}: {worst}; " + ", ".join(f"{n} {s:+.1f}" for n, s in slopes.items()))
    record("R7", "descriptors: greatest less least number, the process with the most", COMMITS, "descriptors", max(spread.values()), 0,
           ", ".join(f"{n} {s}" for n, s in spread.items() if s))
    record("R7", "p99 of a commit, last tenth to the first", COMMITS, "times", round(last / first, 2), 1.1, f"{first * 1000:.1f} and {last * 1000:.1f} ms")
    assert slopes[worst] < GROSS_KB and max(spread.values()) <= 4 and last / first < GROSS_P99
