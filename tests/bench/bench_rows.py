# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of 10,000 rules in Chromium against the running suite (row W5: usable within 500 ms): from the answer that has the rules to the first rows, and
from the press on the page's name, which the appliance's answer is a part of.  Wall clock, so the load of the machine stands beside it."""
import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))

import run  # noqa: E402
from bench import Lab, ROOT, document, load, row  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS", 9))
RULES = 10_000


def main():
    run.install_packages()
    with Lab("y") as lab:
        lab.start()
        lab.load(ROOT / "examples" / "lab.yaml")
        load(lab, document(lab, RULES))
        before = os.getloadavg()[0]
        env = dict(os.environ, BASE_URL=lab.url, CLAIM_CODE=lab.claim_code(), ROUNDS=str(ROUNDS))
        said = subprocess.run(["node", "rows.mjs"], cwd=run.HERE, env=env, capture_output=True, text=True, check=True).stdout
        rounds = [json.loads(line) for line in said.splitlines()]
        for what, key, goal in (("from the answer to the first rows", "answered", "goal 500"), ("from the press to the first rows", "pressed", "")):
            values = sorted(r[key] for r in rounds)
            row(f"W5: {rounds[0]['rows']} rules, {what}, median of {len(values)}", values[len(values) // 2], goal=goal)
            row("    the quickest", values[0])
            row("    the slowest", values[-1])
        print(f"    load of the machine {before:.1f} before, {os.getloadavg()[0]:.1f} after, {os.cpu_count()} processors", flush=True)


if __name__ == "__main__":
    main()
