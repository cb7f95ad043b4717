# SPDX-License-Identifier: GPL-3.0-or-later
"""R1: kill -9 of every process at random instants of commits."""
from contract import DAEMONS, SUITE
from figures import count, record

EACH = count(10, 1000)


def test_kills_at_random_instants(box):
    victims = DAEMONS + SUITE
    new = 0
    # In turn: one that dies again within two seconds of its start is started later and later.
    for _ in range(EACH):
        for name in victims:
            k = box.another()
            before = box.at
            box.strike(k, name, box.random.uniform(0, 1.2 * box.usual_s(k)))
            new += box.at != before
    box.finish()
    n = EACH * len(victims)
    record("R1", f"kill -9 of each of {len(victims)} processes at random instants of commits", n, "breaches", 0, 0,
           f"{n - new} ended in the old configuration, {new} in the new one; privd and the spawner are started again by the test, as by "
           "systemd")
    record("R1", "until all subsystems are at the stored configuration again, worst", n, "s", round(box.worst_settle_s, 2), 2,
           "from the answer to the commit, or from the loss of its connection")
    assert new > 0
