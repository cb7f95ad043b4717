# SPDX-License-Identifier: GPL-3.0-or-later
"""The short form of test_web_soak.py: forty rounds over nine pages without rest on any, as half an hour of the long form has. What a round leaves behind,
beyond what the tab that stands still has gathered meanwhile."""
import json
import os
from pathlib import Path

import pytest

import test_web_soak as soak
from figures import record

ROUNDS, WARM_ROUNDS = 41, 2                             # measured after each tenth
EACH = {"heap": 1.5, "nodes": 1, "listeners": 0.2, "documents": 0.05}      # the most that a round may leave behind: KB and numbers


@pytest.fixture(scope="module", autouse=True)
def packages():
    soak.run.install_packages()
    if not list((Path(os.environ.get("PATRONUS_BUILD", soak.ROOT / "build")) / "web").glob("*/dist/index.html")):
        pytest.skip("the web app was left out of this build (-Dui=none)")


def each_round(rows, what, every=10):
    """How much one round left behind, from the first of the measured ones to the last. The rings of what arrives fill in the tab that stands still as well."""
    grew = {tab: rows[f"{what} of the {tab}"][-1] - rows[f"{what} of the {tab}"][0] for tab in ("roaming", "dashboard")}
    return (grew["roaming"] - max(0, grew["dashboard"])) / (every * (len(rows[f"{what} of the roaming"]) - 1))


def test_an_hour_of_rounds_leaves_nothing_behind():
    rounds, told = soak.watch(0, ROUNDS, quick=True)
    rows = soak.values(rounds, WARM_ROUNDS, 0)
    left = {what: each_round(rows, what) for what in EACH}
    print(json.dumps(left), json.dumps({what: [row[0], row[-1]] for what, row in rows.items()}), *told["more"], sep="\n")
    for what, name, unit in (("heap", "heap of the roaming tab", "KB"), ("nodes", "elements of the roaming tab", "elements"), ("listeners", "listeners of the roaming tab", "listeners")):
        record("U1", f"web admin, rounds without rest: {name} that a round leaves", ROUNDS, unit, round(left[what], 2), EACH[what], f"{rounds[-1]['at']} s; {told['events']} packets logged", 0)
    assert told["complaints"] == [] and told["lost"] == 0
    over = {what: value for what, value in left.items() if value > EACH[what]}
    assert over == {} and soak.judge(rows) == {}, (over, told["more"])
