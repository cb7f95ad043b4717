# SPDX-License-Identifier: GPL-3.0-or-later
"""R1: kill -9 of every process at random instants of commits."""
from contract import DAEMONS, SUITE
from figures import count, record
from trials import Trials

EACH = count(10, 1000)


def test_kills_at_random_instants(box):
    # A round is of one lane: thinned out by lanes, the same process would come again within two seconds.
    trials = Trials("kill_random", lane_of=lambda point: point[0])
    box.random.seed(len(trials.done))
    # In turn: one that dies again within two seconds of its start is started later and later.
    every = [(i, name) for i in range(EACH) for name in DAEMONS + SUITE]
    for i, name in trials.upcoming(every):
        k = box.another()
        before, usual_s = box.at, box.usual_s(k)
        with trials.trial(i, name) as seen:
            box.strike(k, name, box.random.uniform(0, 1.2 * usual_s))
            seen.update(new=box.at != before, settle_s=box.last_settle_s, answer_s=box.last_answer_s, look_s=box.last_look_s)
    box.finish()
    n, new, left = len(trials.done), sum(trials.seen("new")), len(trials.left(every))
    record("R1", f"kill -9 of each of {len(DAEMONS + SUITE)} processes at random instants of commits", n, "breaches", len(trials.breaches()), 0,
           f"{n - new} ended in the old configuration, {new} in the new one; privd and the spawner are started again by the test, as by "
           "systemd", left)
    slowest = max(trials.done.values(), key=lambda t: t["seen"].get("settle_s", 0))
    record("R1", "until all subsystems are at the stored configuration again, worst", n, "s", round(max(trials.seen("settle_s")), 2), 2,
           f"from the answer to the commit, or from the loss of its connection; after the end of {slowest['point'][1]}" +
           (f"; management answered after {max(trials.seen('answer_s')):.2f} s, the look at the kernel itself took {max(trials.seen('look_s')):.2f} s, worst"
            if trials.seen("look_s") else ""), left)
    assert new > 0 and not trials.breaches()
