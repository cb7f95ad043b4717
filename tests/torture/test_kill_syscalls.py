# SPDX-License-Identifier: GPL-3.0-or-later
"""R2: kill at every system call of a commit, enumerated: first a trace of each process, then a commit for each (name, k) in it."""
import collections
import time

from contract import DAEMONS, SUITE
from figures import SOAK, record
from trials import Trials

THERE, BACK = 1, 4          # two configurations of the pool that differ in everything
SHORT = 45                  # points, of all processes together
LEAST = 3                   # of each that has a part in every commit: a third of the calls is not reached again
PARTS = ("confd", "netd", "fwd", "privd")
LIFE_S = 2.1                # privd starts one that dies younger than that later and later


def traces(box):
    """{(from, to): {process: points}}; processes that a commit does not concern have only their timers."""
    box.settle_at(THERE)
    return {(THERE, BACK): box.calls(BACK, DAEMONS + SUITE), (BACK, THERE): box.calls(THERE, DAEMONS + SUITE)}


def sample(points, n, chance):
    """n points, evenly spread."""
    if n >= len(points):
        return list(points)
    step = len(points) / n
    return [points[int(i * step + chance.random() * step)] for i in range(n)]


def strata(found, chance, trials):
    lists = {(way, name): trials.left((*way, name, *p) for p in points) for way, of in found.items() for name, points in of.items()}
    total = sum(map(len, lists.values()))
    return {key: collections.deque(points if SOAK else sample(points, max(LEAST if key[1] in PARTS else 1, SHORT * len(points) // total), chance))
            for key, points in lists.items() if points}


def test_kill_at_each_system_call_of_a_commit(box):
    found, trials = traces(box), Trials("kill_syscalls")
    left, died = strata(found, box.random, trials), {}
    while any(left.values()) and not trials.is_time_up():
        k = THERE + BACK - box.at
        here = [name for (way, name), points in left.items() if way == (box.at, k) and points]
        if not here:
            box.settle_at(k)
            continue
        name = min(here, key=lambda n: died.get(n, 0))      # who has lived longest
        time.sleep(max(0, died.get(name, 0) + LIFE_S - time.monotonic()))
        point = left[(box.at, k), name].popleft()
        with trials.trial(*point) as seen:
            seen[name] = box.strike_at(k, name, point[-2:])
        died = {} if name in SUITE else {**died, name: time.monotonic()}
    box.finish()
    reached = {name: sum(trials.seen(name)) for name in DAEMONS + SUITE}
    n, every = sum(reached.values()), sum(len(p) for of in found.values() for p in of.values())
    record("R2", "kill at each system call of a commit, two ways, each process, by (name, k)", n, "breaches", len(trials.breaches()), 0,
           f"{every} calls were traced, {n} of them struck, {len(trials.done) - n} not reached again (timers): "
           + ", ".join(f"{name} {reached[name]}" for name in sorted(reached)), sum(map(len, left.values())))
    assert any(left.values()) or n > SHORT // 2 and all(reached[name] > 0 for name in PARTS)
    assert not trials.breaches()
