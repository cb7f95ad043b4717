# SPDX-License-Identifier: GPL-3.0-or-later
"""R23: configurations and backups with something wrong in them are refused at a named place, or are valid and round-trip."""
import os
import re
import subprocess
import sys
from pathlib import Path

from lab import ROOT

sys.path.insert(0, str(ROOT / "tests" / "lib"))
from figures import count, record  # noqa: E402

BUILD = Path(os.environ.get("PATRONUS_BUILD", ROOT / "build"))


def test_mutated_configurations_and_backups():
    n = count(1000, 100_000)
    seed = str(int.from_bytes(os.urandom(4), "little"))
    r = subprocess.run([BUILD / "tests" / "unit" / "mutate", str(n), seed, ROOT / "examples" / "lab.yaml"], capture_output=True, text=True, timeout=7200)
    assert r.returncode == 0, f"seed {seed}\n{r.stderr[-4000:]}"
    m = re.search(r"configurations (\d+) refused (\d+); backups (\d+) refused (\d+); accepted (\d+); contents (\d+) refused (\d+)", r.stdout)
    assert int(m[2]) > n // 2 and int(m[4]) > n // 2 and int(m[5]) > n // 100 and int(m[7]) > n // 2, m[0]
    record("R23", "mutated configurations: neither refused at a named place nor valid and the same after a round trip", n, "breaches", 0, 0, f"{m[2]} refused")
    record("R23", "mutated backups: neither refused nor the same after a round trip", n, "breaches", 0, 0, f"{m[4]} refused")
    record("R23", "mutated lists and countries of a backup: neither refused at a named place nor the same after a round trip", n, "breaches", 0, 0,
           f"{m[7]} refused")
