# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall's compiler and the kernel against nft -f and nft replace rule in the same run: rows F1, F2, F3 and R1 of the goals."""
import os
import subprocess
import sys
from pathlib import Path

BUILD = Path(os.environ.get("PATRONUS_BUILD", Path(__file__).resolve().parents[2] / "build"))

sys.exit(subprocess.run([BUILD / "tests/bench/bench_firewall", "7"], check=False).returncode)
