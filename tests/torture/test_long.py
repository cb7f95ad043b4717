# SPDX-License-Identifier: GPL-3.0-or-later
"""R7: many commits, requests, sign-ins and log records, and what grows of it: memory, descriptors, time.

What a process keeps by a bound (the last events, the last packets that were logged) grows until it is full.  The long form fills that first and
measures afterwards, in two runs: what the kernel has given to each process, and, with a library in front of its allocator, what each holds of
it.  The second sees a leak that goes into holes of the heap and that the first would see a day later.
"""
import os
import sys
import time
from pathlib import Path

import pytest

from api import Api
from contract import DAEMONS
from failmalloc import FailMalloc, named
from figures import SOAK, count, record
from lab import ROOT, WORLD4, Lab

WARM, COMMITS = count(40, 500), count(200, 1500)        # before and in what is measured
WARM_HELD, COMMITS_HELD = count(10, 500), count(30, 500)
REQUESTS = 10               # and as many log records as they cause, for each commit
SIGN_IN_EVERY = 10
WINDOWS = 10
SLOPE_KB = 1                # for 1,000 commits
GROSS_KB = count(4096, 256)  # short: what is kept by a bound fills for longer than that; long: a heap that grew by one step near the end
GROSS_HELD_KB = count(16384, 8)
GROSS_P99 = 5
LOGGED = 4096               # packets that fwd remembers
FILL_AT = 100               # an even one, whose rule logs; confd's 1,024 events are those of commits again before anything is measured


@pytest.fixture
def lab(request):
    with Lab("l") as lab:
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


def windows(points, what, n=WINDOWS):
    """One point for each of equal parts of the run."""
    size = max(1, len(points) // n)
    parts = [points[i:i + size] for i in range(0, len(points) - size + 1, size)]
    return [(sum(x for x, _ in p) / len(p), what(y for _, y in p)) for p in parts]


def quantile(values, part):
    values = sorted(values)
    return values[int(part * (len(values) - 1))]


def needed(values):
    """A heap breathes, for what it has free is given back now and then, and one look in many meets it at work: nine of ten need no more."""
    return quantile(values, 0.9)


def one(api, i):
    """A commit, and how long it took from the order to the answer.  All texts are of one length, whatever the number."""
    ws = api.call("POST", "/workspaces", {}, expect=201).json["id"]
    head = {"Patronus-Workspace": ws, "If-Match": "*"}
    api.call("PATCH", "/configuration/firewall/rules/lan-out", {"description": f"number {i:06}", "log": i % 2 == 0}, head, expect=200)
    api.call("PATCH", "/configuration/interfaces/lan", {"description": f"number {i:06}"}, head, expect=200)
    since = time.monotonic()
    answer = api.call("POST", "/commits", {"workspace": ws, "comment": f"number {i:06}"}, expect=201)
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


def fill_log(lab, api):
    """Packets of the rule lan-out, which logs now, until fwd has forgotten the first of them."""
    send = "import socket, sys, time; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n" \
           "for port in range(1000, 3000): s.sendto(b'', (sys.argv[1], port)); time.sleep(0.0002)"
    for _ in range(10):
        lab.exec("lan", [sys.executable, "-c", send, WORLD4])
        events = api.call("GET", "/state/firewall-log?limit=1").json["events"]
        if events and events[0]["sequence"] > LOGGED:
            return
    raise AssertionError(f"only {events} of {LOGGED} packets were logged")


def begin(lab):
    lab.load(ROOT / "examples" / "lab.yaml")
    return Api(lab).claim(lab), {n: lab.processes()[n]["pid"] for n in (*DAEMONS, "privd", "spawner")}


def live(lab, api, warm, commits):
    """Yield (i, seconds of the commit) for each that is measured."""
    for i in range(warm + commits):
        took = one(api, i)
        load(lab, api, i)
        if SOAK and i == FILL_AT:
            fill_log(lab, api)
        if i >= warm:
            yield i - warm, took


def judge(slopes, spread, first, last):
    """What is wrong by a gross bound."""
    out = [f"{n} grows by {s:.1f} KiB in 1,000 commits" for n, s in slopes.items() if s >= GROSS_KB]
    out += [f"{n} has {s} descriptors more or less" for n, s in spread.items() if s > 4]
    if last >= GROSS_P99 * first:
        out.append(f"the last commits take {last * 1000:.1f} ms, the first {first * 1000:.1f} ms")
    return out


def text_of(slopes, unit=""):
    return ", ".join(f"{n} {s:+.1f}{unit}" for n, s in slopes.items())


def holder(allocator, before):
    """Where the most was asked for that has not been given back since."""
    more = {s: size - before.get(s, 0) for s, size in allocator.sizes().items()}
    most = max(more, key=more.get)
    return f"{more[most]} bytes more: {named(allocator.placed(most))}"


def test_nothing_grows(lab):
    lab.start()
    api, pids = begin(lab)
    memory, descriptors, times = {n: [] for n in pids}, {n: [] for n in pids}, []
    for i, took in live(lab, api, WARM, COMMITS):
        times.append(took)
        for n, pid in pids.items():
            memory[n].append((i / 1000, memory_kb(pid)))
            descriptors[n].append(len(os.listdir(f"/proc/{pid}/fd")))
    assert {n: lab.processes()[n]["pid"] for n in pids} == pids, "nobody ended"
    slopes = {n: slope(windows(points, needed)) for n, points in memory.items()}
    spread = {n: max(d) - min(d) for n, d in descriptors.items()}
    tenth = max(20, COMMITS // 10)
    first, last = quantile(times[:tenth], 0.99), quantile(times[-tenth:], 0.99)
    for n, points in memory.items():
        print(n, "KiB:", *(y for _, y in windows(points, needed)))
    what = f"{COMMITS} commits, {COMMITS * REQUESTS} requests, {COMMITS // SIGN_IN_EVERY} sign-ins, after {WARM} that are not counted"
    worst = max(slopes, key=slopes.get)
    record("R7", "memory that grows with 1,000 commits and 10,000 requests, the process that grows most", COMMITS, "KiB", round(slopes[worst], 1), SLOPE_KB,
           f"{what}: {worst}; {text_of(slopes)}")
    record("R7", "descriptors: greatest less least number, the process with the most", COMMITS, "descriptors", max(spread.values()), 0,
           ", ".join(f"{n} {s}" for n, s in spread.items() if s))
    record("R7", "p99 of a commit, last tenth to the first", COMMITS, "times", round(last / first, 2), 1.1, f"{first * 1000:.1f} and {last * 1000:.1f} ms")
    assert not judge(slopes, spread, first, last)


def test_nothing_more_is_held(lab):
    """Bytes and blocks that no free() has given back."""
    malloc = FailMalloc(lab)
    malloc.start()
    api, pids = begin(lab)
    allocators = {n: malloc.of(pid) for n, pid in pids.items() if n in DAEMONS}
    held, before = {n: [] for n in allocators}, {}
    for i, _ in live(lab, api, WARM_HELD, COMMITS_HELD):
        for _ in range(3):
            time.sleep(0.01)
            for n, a in allocators.items():
                held[n].append((i / 1000, a.look()["bytes"] / 1024))
        if i == COMMITS_HELD // 3:
            before = {n: a.sizes() for n, a in allocators.items()}
    # What is under way is held for a while (fwd stores a ruleset after the answer): the least in a third of the run is what stays.
    slopes = {n: slope(windows(points, min, 3)) for n, points in held.items()}
    worst = max(slopes, key=slopes.get)
    for n, points in held.items():
        print(n, "KiB:", *(round(y, 1) for _, y in windows(points, min)))
    record("R7", "memory that is held and grows with 1,000 commits and 10,000 requests, the process that grows most", COMMITS_HELD, "KiB",
           round(slopes[worst], 1), SLOPE_KB, f"{COMMITS_HELD} commits after {WARM_HELD} that are not counted: {worst}; {text_of(slopes)}")
    wrong = [f"{n} grows by {s:.1f} KiB in 1,000 commits; {holder(allocators[n], before[n])}" for n, s in slopes.items() if s >= GROSS_HELD_KB]
    assert not wrong, "\n".join(wrong)
