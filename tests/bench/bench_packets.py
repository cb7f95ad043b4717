# SPDX-License-Identifier: GPL-3.0-or-later
"""What a packet costs through ten and through ten thousand rules, as look-ups and rule by rule: rows P1 and P2 of the goals."""
import os
import subprocess
import sys
from pathlib import Path

BUILD = Path(os.environ.get("PATRONUS_BUILD", Path(__file__).resolve().parents[2] / "build"))

sys.exit(subprocess.run([BUILD / "tests/bench/bench_packets", "7"], check=False).returncode)
