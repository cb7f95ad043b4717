# SPDX-License-Identifier: GPL-3.0-or-later
"""R2: kill at every system call of a commit, enumerated: first a trace of each process, then a commit for each (name, k) in it."""
import collections
import time

from contract import DAEMONS, SUITE
from figures import SOAK, record

THERE, BACK = 1, 4          # two configurations of the pool that differ in everything
SHORT = 45                  # points, of all processes together
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


def strata(found, chance):
    lists = {(way, name): points for way, of in found.items() for name, points in of.items() if points}
    total = sum(map(len, lists.values()))
    return {key: collections.deque(points if SOAK else sample(points, max(1, SHORT * len(points) // total), chance))
            for key, points in lists.items()}


def test_kill_at_each_system_call_of_a_commit(box):
    found = traces(box)
    left = strata(found, box.random)
    died, reached, missed = {}, collections.Counter(), collections.Counter()
    while any(left.values()):
        k = THERE + BACK - box.at
        here = [name for (way, name), points in left.items() if way == (box.at, k) and points]
        if not here:
            box.settle_at(k)
            continue
        name = min(here, key=lambda n: died.get(n, 0))      # who has lived longest
        time.sleep(max(0, died.get(name, 0) + LIFE_S - time.monotonic()))
        is_there = box.strike_at(k, name, left[(box.at, k), name].popleft())
        died = {} if name in SUITE else {**died, name: time.monotonic()}
        (reached if is_there else missed)[name] += 1
    box.finish()
    n, every = sum(reached.values()), sum(len(p) for of in found.values() for p in of.values())
    record("R2", "kill at each system call of a commit, two ways, each process, by (name, k)", n, "breaches", 0, 0,
           f"{every} calls were traced, {n} of them struck, {sum(missed.values())} not reached again (timers): "
           + ", ".join(f"{name} {reached[name]}" for name in sorted(reached)))
    assert n > SHORT // 2 and all(reached[name] > 0 for name in ("confd", "netd", "fwd", "privd"))
