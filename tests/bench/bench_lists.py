# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of a million addresses against nft -f, nft add element and ipset restore in the same run: rows F4 to F7 of the goals."""
import os
import subprocess
import sys
from pathlib import Path

BUILD = Path(os.environ.get("PATRONUS_BUILD", Path(__file__).resolve().parents[2] / "build"))

sys.exit(subprocess.run([BUILD / "tests/bench/bench_lists", "1000000", "3"], check=False).returncode)
