# SPDX-License-Identifier: GPL-3.0-or-later
"""./test soak: every full count is reached, what a test in C records is read, and a goal that was missed is a failure."""
import importlib.util
import json
import os
import re
import subprocess
import types
from pathlib import Path

import pytest

from lab import ROOT

BUILD = Path(os.environ.get("PATRONUS_BUILD", ROOT / "build"))


@pytest.fixture
def soak(tmp_path, monkeypatch):
    """The test command; its figures and its page are here."""
    spec = importlib.util.spec_from_file_location("test_command", ROOT / "tests" / "run.py")
    command = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(command)
    monkeypatch.setattr(command.figures, "FILE", tmp_path / "figures.jsonl")
    monkeypatch.setattr(command.figures, "PAGE", tmp_path / "page.md")
    return command


def run_file(soak, name, does):
    """The part after one file of the soak that does that, and whether it has been done."""
    part = soak.Part()
    soak.meson_suite = soak.pytest_dir = lambda *words, **options: does()
    return part, soak.soak_file(part, name, types.SimpleNamespace(lanes=1, k=None))


def test_every_full_count_is_reached(soak):
    meant = [p for kind in ("py", "c") for p in (ROOT / "tests").glob(f"*/test_*.{kind}")
             if re.search(r"PATRONUS_SOAK|import figures|from figures import", p.read_text())]
    names = {p.stem.removeprefix("test_") if p.suffix == ".c" else str(p.relative_to(ROOT)) for p in meant}
    assert len(names) > 60 and names <= set(soak.soak_files())
    tests = {t["name"] for t in json.loads(subprocess.run(["meson", "introspect", "--tests", BUILD], capture_output=True, text=True, check=True).stdout)}
    assert set(soak.soak_units()) <= tests


def test_what_c_records_is_read(soak):
    def does():
        env = dict(os.environ, PATRONUS_SOAK="300", PATRONUS_FIGURES=str(soak.figures.FILE))
        subprocess.run([BUILD / "tests" / "unit" / "test_confd_schedules"], env=env, capture_output=True, check=True, timeout=120)
        soak.figures.record("R0", "written in Python", 1, "times", 0, 0)
        of_c, of_python = soak.figures.measured()
        assert of_c.keys() == of_python.keys() and of_c["form"] == "short"
    part, is_done = run_file(soak, "confd_schedules", does)
    assert part.failed == 0 and not is_done, "three hundred are not the full count"
    assert ("R17", "300") in {(r["id"], r["trials"]) for r in soak.figures.read_page(soak.figures.PAGE).values()}


@pytest.mark.parametrize("value,goal,left,is_missed", [(2.5, 2, 0, True), (2, 2, 0, False), (2.5, 2, 7, False), (2.5, "> 1", 0, False), (2.5, "", 0, False)])
def test_a_missed_goal_is_a_failure(soak, monkeypatch, value, goal, left, is_missed):
    monkeypatch.setattr(soak.figures, "SOAK", True)
    part, is_done = run_file(soak, "tests/torture/test_x.py", lambda: soak.figures.record("R0", "settled after", 9, "s", value, goal, left=left))
    assert part.failed == is_missed and is_done == (not is_missed and not left)
    assert not is_missed or part.notes == [f"FAILED R0 settled after: {value} s, the goal is {goal}"]
    assert "R0" in soak.figures.PAGE.read_text(), "it is in the page all the same"
