# SPDX-License-Identifier: GPL-3.0-or-later
"""What the other tests here stand on: the state follows from the configuration alone, and no packet meets a policy that is not there yet."""
import copy
import itertools

from contract import differences
from oracle import digest, falls_through


def test_the_way_there_does_not_matter(box):
    """Each configuration is reached from each other one, and looks the same every time."""
    for a, b in itertools.permutations(range(len(box.documents)), 2):
        for k in (a, b):
            box.stage(k)
            box.lab.ctl("commit", check=False)
        state = box.oracle.state()
        assert state == box.states[b], f"{a}->{b}: {differences(state, box.states[b])}"
    box.at = b
    assert len({digest(s) for s in box.states.values()}) == len(box.documents)


def test_no_base_chain_relies_on_its_policy(box):
    for state in box.states.values():
        assert falls_through(state["firewall"]) == []
    planted = copy.deepcopy(box.states[0]["firewall"])
    planted["chains"]["unmatched"]["rules"].pop()
    assert sorted(falls_through(planted)) == ["forward", "input"]
