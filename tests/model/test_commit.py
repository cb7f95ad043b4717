# SPDX-License-Identifier: GPL-3.0-or-later
"""R18: the commit protocol, explored in every order of events by SPIN (commit.pml says what is modelled and what is not).

Each exploration is exhaustive or it fails: SPIN says itself when it had to cut a search short.
"""
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests" / "lib"))
from figures import SOAK, record  # noqa: E402

MODEL = HERE / "commit.pml"
CONFD = ROOT / "patronus-confd"

# FAULTS, COMMITS, REHEARSALS: the sizes of the worlds that are explored whole
WORLDS = [(0, 1, 1), (1, 1, 0)] + ([(0, 2, 0), (1, 1, 1), (1, 2, 0), (2, 1, 0)] if SOAK else [])

# What is planted, and the smallest world in which it shows.  Those from FAULT_PENDING_BOOTS to
# FAULT_CAUGHT_UP_WITH_PENDING were in the code until the model was asked.
PLANTED = {
    "FAULT_EARLY_ACKNOWLEDGEMENT": (1, 1), "FAULT_FORGOTTEN_JOURNAL": (0, 1), "FAULT_NO_READ_BACK": (1, 1),
    "FAULT_LOST_KICK": (0, 1), "FAULT_BOOT_KEEPS_PENDING": (1, 1), "FAULT_PENDING_BOOTS": (0, 1),
    "FAULT_STALE_FORGOTTEN": (1, 1), "FAULT_ROLL_BACK_NOT_STORED": (1, 1), "FAULT_KEPT_NOT_TOLD": (0, 1),
    "FAULT_CAUGHT_UP_WITH_PENDING": (1, 1), "FAULT_NOTHING_BESIDE": (0, 1), "FAULT_LEFT_BESIDE": (1, 1), "FAULT_ANYBODY_AT_REST": (1, 1),
    # The last two were in the code as well, until the model looked beyond the first success of fwd.
    "FAULT_BESIDE_NOT_READ": (1, 1), "FAULT_WAYS_TURN_ALONE": (1, 1), "FAULT_TURNED_APART": (1, 2), "FAULT_JUDGED_BY_ANOTHER": (1, 2),
}


def build(where, world, *defines, check="-DSAFETY", optimize="-O1"):
    flags = [f"-DFAULTS={world[0]}", f"-DCOMMITS={world[1]}", *([f"-DREHEARSALS={world[2]}"] if len(world) > 2 else []), *defines]
    subprocess.run(["spin", "-a", *flags, MODEL], cwd=where, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["gcc", optimize, "-w", "-DMEMLIM=12000", "-DCOLLAPSE", *check.split(), "-o", "pan", "pan.c"], cwd=where, check=True)
    return flags


def explore(where, *options):
    r = subprocess.run(["./pan", "-m60000", "-w26" if SOAK else "-w22", *options], cwd=where, stdout=subprocess.PIPE, text=True, timeout=3600)
    out = r.stdout
    assert "errors:" in out or "reached -DMEMLIM" in out, out
    return int(re.search(r"errors: (\d+)", out).group(1)), out


def story(where, flags):
    """The run that SPIN found, as the model tells it."""
    r = subprocess.run(["spin", "-t", "-k", "commit.pml.trail", *flags, MODEL], cwd=where, stdout=subprocess.PIPE, text=True)
    return r.stdout.split("#processes")[0]


def expect_none(where, flags, *options):
    errors, out = explore(where, *options)
    assert errors == 0, story(where, flags)
    for word in ("Search not completed", "max search depth too small", "reached -DMEMLIM"):
        assert word not in out, out
    return int(float(re.search(r"([\d.e+]+) states, stored", out).group(1)))


def test_no_run_breaks_a_promise(tmp_path):
    total, since = 0, time.monotonic()
    for world in WORLDS:
        total += expect_none(tmp_path, build(tmp_path, world))
    record("R18", "states of the commit protocol explored whole, safety and final states", total, "violations", 0, 0,
           f"{len(WORLDS)} worlds, the greatest of {WORLDS[-1][0]} faults in {time.monotonic() - since:.0f} s")


def test_every_run_ends(tmp_path):
    """No cycle at all, so no run goes on for ever; where it ends, the test above has looked.  Fair ones: who is away comes back some time."""
    world = (1, 1, 0) if SOAK else (0, 1, 0)
    flags = build(tmp_path, world, "-DPATIENT", check="-DNP -DNFAIR=3", optimize="-O0")
    states = expect_none(tmp_path, flags, "-l", "-f")
    record("R18", "states of the commit protocol searched for endless runs", states, "cycles", 0, 0)


@pytest.mark.parametrize("fault", PLANTED)
def test_finds_what_is_planted(tmp_path, fault):
    flags = build(tmp_path, PLANTED[fault], f"-D{fault}", optimize="-O0")
    errors, _ = explore(tmp_path)
    assert errors > 0, f"{fault} was not found"
    assert "assertion violated" in story(tmp_path, flags), "another fault was found"


def test_every_choice_begins_with_a_condition():
    """An `if` (or an inline that begins with one) at the head of an option is one with the `if` around it: its `else` is then taken only where no
    option of the outer one is open, so that whole worlds are missed without a word."""
    model = re.sub(r"/\*.*?\*/", "", MODEL.read_text(), flags=re.S)
    heads = re.findall(r"::\s*(?:atomic\s*\{\s*|d_step\s*\{\s*)?(if\b|do\b|\w+\()", model)
    bad = {"if", "do"} | {name + "(" for name in re.findall(r"^inline (\w+)", model, re.M)}
    assert len(re.findall("::", model)) > 200 and len(bad) > 20 and not bad & set(heads), bad & set(heads)


def test_model_has_the_names_of_the_code():
    model = MODEL.read_text()
    for prefix, source in (("TX", "transaction.c"), ("REVISION", "store.h"), ("ROLLOUT", "rollout.h")):
        enums = re.findall(rf"\b{prefix}_[A-Z_]+\b", " ".join(re.findall(r"enum \w+ \{(.*?)\};", (CONFD / source).read_text(), re.S)))
        names = {n for n in enums if not n.endswith(("_INVALID", "_STATE_MAX"))}
        declared = set(re.findall(rf"\b{prefix}_[A-Z_]+\b", " ".join(re.findall(r"^mtype:\w+ = \{(.*?)\};", model, re.M | re.S))))
        assert len(names) > 3 and names == declared, f"{source}: {names ^ declared}"


def test_model_has_the_stores_operations():
    changes = {"store_prepare", "store_finish", "store_discard", "store_confirm", "store_roll_back"}
    called = set(re.findall(r"\b(store_[a-z_]+)\(", (CONFD / "transaction.c").read_text()))
    reads = {"store_pointers", "store_last", "store_revision", "store_result"}
    assert called - reads == changes, f"unknown to the model: {called - reads - changes}"
    assert set(re.findall(r"^inline (store_\w+)", MODEL.read_text(), re.M)) == changes
