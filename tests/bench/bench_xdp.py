# SPDX-License-Identifier: GPL-3.0-or-later
"""What drops in drivers cost: rows X1 to X5 of the goals."""
import os
import subprocess
import sys
from pathlib import Path

BUILD = Path(os.environ.get("PATRONUS_BUILD", Path(__file__).resolve().parents[2] / "build"))

sys.exit(max(subprocess.run([BUILD / "tests/bench" / name, "7"], check=False).returncode for name in ("bench_xdp", "bench_veth")))
