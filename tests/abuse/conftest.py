# SPDX-License-Identifier: GPL-3.0-or-later
"""What strangers and low-privileged people try (classes A1 to A20 of docs/threat-model.md), each against the real suite in a lab."""
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
for name in ("lab", "lib", "integration", "browser", "abuse"):
    sys.path.insert(0, str(TESTS / name))

from lab import ROOT, Lab  # noqa: E402


@pytest.fixture(scope="module")
def box(request):
    """The suite runs examples/lab.yaml."""
    with Lab("a").start() as lab:
        lab.load(ROOT / "examples" / "lab.yaml")
        yield lab
        if request.session.testsfailed:
            print("\n--- the suite's log ---\n" + lab.log()[-8000:])
