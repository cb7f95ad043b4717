# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: a lab for a whole module (lab), one with examples/lab.yaml committed and servers running (box), and a fresh one (fresh_lab)."""
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab"))

from api import Api  # noqa: E402
from lab import Lab, ROOT  # noqa: E402
from prism import Prism  # noqa: E402


def _with_log(lab, request):
    yield lab
    if request.session.testsfailed:
        print("\n--- the suite's log ---\n" + lab.log()[-8000:])
    lab.close()


@pytest.fixture(scope="session")
def prism(tmp_path_factory):
    """Prism with the OpenAPI document of this build."""
    directory = tmp_path_factory.mktemp("prism")
    document = directory / "made.json"
    build = Path(os.environ.get("PATRONUS_BUILD", ROOT / "build"))
    modules = re.findall(r"'(patronus-\w+)'", re.search(r"yang_modules = \[(.*?)\]", (ROOT / "yang/meson.build").read_text(), re.S)[1])
    subprocess.run([build / "tools/yanggen/yanggen", ROOT / "yang", ROOT / "tools/yanggen/openapi-fixed.json", "openapi", document, *modules],
                   check=True, env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
    prism = Prism(document.read_bytes(), directory)
    prism.document = document
    yield prism
    prism.close()


@pytest.fixture(scope="module", autouse=True)
def judge(request):
    """Every JSON request of a module that speaks to the API goes through Prism."""
    if not hasattr(request.module, "Api"):
        yield None
        return
    Api.judge, Api.judged = request.getfixturevalue("prism"), 0
    yield Api.judge
    Api.judge = None


@pytest.fixture
def fresh_lab(request):
    """A lab of its own, network only: the test starts the suite."""
    yield from _with_log(Lab(), request)


@pytest.fixture(scope="module")
def lab(request):
    """The suite runs, nothing is configured."""
    yield from _with_log(Lab("m").start(), request)


@pytest.fixture(scope="module")
def box(request):
    """The suite runs examples/lab.yaml; the internet host serves 80 and 8080, the DMZ server 80, 443 and 2222."""
    lab = Lab("b").start()
    lab.load(ROOT / "examples" / "lab.yaml", comment="the lab")
    for host, port in (("inet", 80), ("inet", 8080), ("dmz", 80), ("dmz", 443), ("dmz", 2222), ("lan", 2222)):
        lab.serve(host, port)
    yield from _with_log(lab, request)
