# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests that run in a VM only (test_product.py starts them there), with the lab of the integration tests."""
import importlib.util
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
for directory in ("lab", "integration"):
    sys.path.insert(0, str(ROOT / "tests" / directory))
spec = importlib.util.spec_from_file_location("integration", ROOT / "tests" / "integration" / "conftest.py")
integration = importlib.util.module_from_spec(spec)
spec.loader.exec_module(integration)
box = integration.box



def pytest_configure(config):
    if not os.environ.get("PATRONUS_IN_VM"):
        pytest.exit("these tests set the clock: they run in a VM only")
# Emulation is slow.
integration.Lab.wait_ready.__defaults__ = (90,)
