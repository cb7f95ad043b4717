# SPDX-License-Identifier: GPL-3.0-or-later
"""The product on kernel 6.1: the attacks from inside every jail, and the whole suite in namespaces with traffic."""
import os
import re
from pathlib import Path

import pytest

from figures import SOAK, record

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PATRONUS_BUILD", ROOT / "build"))
STAGE = Path(os.environ.get("PATRONUS_STAGE", BUILD / "stage"))


def test_attack_kit(vm):
    """Landlock is of ABI 2 here and seccomp of another age: no act succeeds all the same."""
    out = vm.run(f"{BUILD}/tests/sandbox/kit {BUILD}/tests/sandbox", 300)
    record("R30", "attack kit on kernel 6.1 in a VM", 1, "runs in which an act succeeded", 0, 0, out.strip().splitlines()[-1][:80])


@pytest.mark.skipif(not SOAK, reason="minutes under emulation: ./test soak")
def test_calls_and_malformed_messages(vm):
    vm.run(f"{BUILD}/tests/sandbox/calls && {BUILD}/tests/sandbox/malformed 20000", 900)


def pytest_inside(vm, *words):
    return vm.run(f"cd {ROOT} && PATRONUS_IN_VM=1 PATRONUS_STAGE={STAGE} PATRONUS_BUILD={BUILD} /usr/bin/python3 -m pytest -q "
                  f"-p no:cacheprovider {' '.join(words)}", 600)


def test_suite_with_traffic(vm):
    """./demo's lab as it stands, inside the VM: start, load, commit, traffic, verify."""
    words = "" if SOAK else "-k 'masqueraded or untranslated or hairpin or spoofed or outside'"
    out = pytest_inside(vm, "tests/integration/test_traffic.py", words)
    assert int(re.search(r"(\d+) passed", out)[1]) >= 5, out


def test_what_the_kernel_has_not_is_told(vm):
    pytest_inside(vm, "tests/vm/inside/check_kernel.py")


def test_clock_jumps(vm):
    """R12: ten years on and back, 1970, an hour back.  The last of this file: the VM's clock is wrong afterwards."""
    words = [] if SOAK else ["-k", "'1970 or log or sessions'"]
    out = pytest_inside(vm, "tests/vm/inside/check_clock.py", *words)
    record("R12", "jumps of the wall clock with a pending commit and traffic", int(re.search(r"(\d+) passed", out)[1]), "breaches", 0, 0)
