# SPDX-License-Identifier: GPL-3.0-or-later
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import vm as machines  # noqa: E402

collect_ignore = ["inside"]     # its tests set the clock: test_product.py starts them in a machine


@pytest.fixture(scope="module")
def vm(tmp_path_factory):
    """One machine for the tests of a file."""
    box = machines.Vm(tmp_path_factory.mktemp("vm") / "job")
    yield box.wait_up()
    box.stop()


@pytest.fixture
def lab(tmp_path):
    lab = machines.Lab(tmp_path)
    yield lab
    lab.close()
