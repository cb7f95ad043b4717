# SPDX-License-Identifier: GPL-3.0-or-later
"""Blast radius: a commit touches what its plan said, all of it and nothing more."""
import json
import os
import random
import time

import pytest

import figures
from blast import Observer, Plan, compare, mutate
from lab import ROOT, WORLD4, Lab

SEED = int(os.environ.get("PATRONUS_SEED", "20261128"))


@pytest.fixture(scope="module")
def quiet():
    """The lab's box, watched; a client of the lan keeps its counters moving."""
    lab = Lab("z").start()
    lab.load(ROOT / "examples" / "lab.yaml")
    lab.spawn("lan", ["ping", "-n", "-q", "-i", "0.2", WORLD4])
    observer = Observer(lab)
    yield lab, observer
    lab.close()


def rehearse(lab, document):
    """Load and ask for the plan; None when the document is not valid, or nothing changes."""
    if lab.ctl("load", "-", input=json.dumps(document), check=False).returncode != 0:
        return None
    answer = lab.ctl("diff", "--as", "plan", "--json", check=False)
    if answer.returncode != 0:
        return None
    answer = json.loads(answer.stdout)
    return answer if answer["changes"] else None


def test_blast_radius(quiet):
    lab, observer = quiet
    chance, wanted = random.Random(SEED), figures.count(60, 1000)
    done = tried = touched = 0
    breaches = []
    while done < wanted and tried < 4 * wanted:
        tried += 1
        document = json.loads(lab.ctl("show", "configuration", "--json").stdout)
        mutate(document, chance, tried)
        answer = rehearse(lab, document)
        if answer is None:
            lab.ctl("discard", check=False)
            continue
        observer.before()
        lab.ctl("commit", "--comment", f"round {tried}")
        plan, happened = Plan(answer), observer.after()
        done += 1
        touched += bool(happened.rules or happened.network)
        if faults := compare(plan, happened):
            breaches.append((tried, faults, answer["plan"]))
            print(f"seed {SEED} round {tried}:", *faults, answer["plan"], sep="\n")
    figures.record("blast", "random commits: rules, elements, addresses, routes, links, settings, processes and sockets touched = those of the plan",
                   done, "breaches", len(breaches), "0", f"{touched} of them changed the kernel")
    assert done == wanted and touched > wanted / 3
    assert not breaches, breaches[0]


@pytest.mark.parametrize("what, meddle", [
    (["rules", "owners"], lambda lab: lab.nft("add", "rule", "inet", "patronus", "input", "counter")),
    (["network", "owners"], lambda lab: lab.ip("box", "route add 198.18.99.0/24 via 198.51.100.1 proto 158")),
    (["processes"], lambda lab: os.kill(lab.processes()["logd"]["pid"], 9)),
    (["the kernel did something"], lambda lab: lab.ip("box", "link set eth2 mtu 1450")),
])
def test_more_than_the_plan_is_found(quiet, what, meddle):
    """The comparison itself: something is done beside the commit, and it must be seen."""
    lab, observer = quiet
    document = json.loads(lab.ctl("show", "configuration", "--json").stdout)
    document["firewall"]["rules"][0]["description"] = f"beside {what[0]}"
    answer = rehearse(lab, document)
    observer.before(fresh=True)
    lab.ctl("commit")
    meddle(lab)
    faults = compare(Plan(answer), observer.after())
    assert all(any(word in f for f in faults) for word in what) or (faults and what == ["the kernel did something"]), faults
    time.sleep(0.3)     # whatever it was is repaired
    lab.wait_ready()


def candidate(lab):
    return json.loads(lab.ctl("show", "configuration", "--candidate", "--json").stdout)


def test_commands_make_the_same_change(quiet):
    """diff --as set, loaded into a new workspace, is the change that it was printed of."""
    lab, _ = quiet
    chance, done, wrong = random.Random(SEED + 1), 0, []
    for n in range(figures.count(15, 300)):
        document = json.loads(lab.ctl("show", "configuration", "--json").stdout)
        for _ in range(3):
            mutate(document, chance, 5000 + n)
        if lab.ctl("load", "-", input=json.dumps(document), check=False).returncode != 0:
            continue
        commands, wanted = lab.ctl("diff", "--as", "set").stdout, candidate(lab)
        lab.ctl("discard")
        if not commands:
            continue
        lab.ctl("load", "-", input=commands)
        done += 1
        if candidate(lab) != wanted:
            wrong.append(commands)
        lab.ctl("discard")
    figures.record("diff", "random changes printed as set-commands and loaded again: the same candidate", done, "differences", len(wrong), "0")
    assert done > 5 and not wrong, wrong[0]
