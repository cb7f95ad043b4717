# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: a box that knows how each configuration of the pool looks in the kernel."""
import sys
from pathlib import Path

import pytest

for name in ("lab", "lib"):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / name))

from contract import Box  # noqa: E402
from lab import Lab  # noqa: E402


@pytest.fixture(scope="module")
def box(request):
    lab = Lab("t")
    box = Box(lab)
    yield box
    if request.session.testsfailed:
        print("\n--- the suite's log ---\n" + lab.log()[-8000:])
    box.close()
    lab.close()
